"""The JSON API, and `weaklink.feedback`, which does the same from Python."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import weaklink
from weaklink import open_store
from weaklink.errors import UnknownTrace
from weaklink.examine import examine
from weaklink.labels import BadFeedback
from weaklink.testing import build

from .conftest import RIGHT, WRONG


def test_the_list_is_filtered_and_paged(client: TestClient, filled: Path):
    store = open_store(filled)
    for trace in store.traces():
        examine(trace, store)
    found = client.get("/api/traces", params={"q": "verdict:broken"}).json()
    assert ([trace["id"] for trace in found["traces"]], found["next"]) == ([WRONG.id], None)
    assert found["traces"][0]["failure"] == "contradicted"
    first = client.get("/api/traces", params={"limit": 1}).json()
    second = client.get("/api/traces", params={"limit": 1, "before": first["next"]}).json()
    assert [first["traces"][0]["id"], second["traces"][0]["id"], second["next"]] == [WRONG.id, RIGHT.id, None]
    assert client.get("/api/breakdown").json() == [["broken", "generate", "contradicted", 1], ["ok", None, None, 1]]


def test_a_trace_its_steps_scores_and_diagnosis(client: TestClient):
    report = client.get(f"/api/traces/{WRONG.id}").json()
    assert report["diagnosis"]["culprit"]["name"] == "write"
    assert client.get("/api/traces/b2").json()["trace"]["id"] == WRONG.id
    spans = client.get(f"/api/traces/{WRONG.id}/spans").json()
    assert [span["name"] for span in spans] == [span.name for span in WRONG.spans]
    one = client.get(f"/api/traces/{WRONG.id}/spans/{WRONG.spans[1].id}").json()
    assert one == spans[1]
    assert {score["name"] for score in client.get(f"/api/traces/{WRONG.id}/scores").json()} >= {
        "relevance",
        "groundedness",
    }
    assert client.get(f"/api/traces/{WRONG.id}/diagnosis").json() == report["diagnosis"]
    assert client.get("/api/diff", params={"a": RIGHT.id, "b": WRONG.id}).json()["after"]["id"] == WRONG.id


@pytest.mark.parametrize(
    "path", ["/api/traces/ffff", f"/api/traces/{WRONG.id}/spans/ffff", "/api/nothing", "/api/diff?a=ffff&b=ffff"]
)
def test_what_is_not_there_is_404_with_a_reason(client: TestClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_the_api_describes_itself(client: TestClient):
    found = client.get("/api/openapi.json").json()
    assert found["info"]["title"] == "Weaklink"
    assert all(path.startswith("/api/") for path in found["paths"])
    assert len(found["paths"]) >= 9
    assert all(how.get("summary") for ways in found["paths"].values() for how in ways.values())


def test_feedback_is_replaced_and_checked(client: TestClient, filled: Path):
    path = f"/api/traces/{WRONG.id}/feedback"
    for value in ("up", "down"):
        answer = client.post(path, json={"name": "thumbs", "value": value, "comment": "why"})
        assert answer.status_code == 201
        assert answer.json()["made_ns"] > 0
    retriever = WRONG.spans[1].id
    assert (
        client.post(
            path, json={"name": "document", "value": "irrelevant", "span_id": retriever, "document": 1}
        ).status_code
        == 201
    )
    said = client.get(path).json()
    assert [(one["name"], one["value"], one["document"]) for one in said] == [
        ("thumbs", "down", None),
        ("document", "irrelevant", 1),
    ]
    for wrong in (
        {"name": "thumbs", "value": "sideways"}, {"name": "corrected_answer", "value": "  "}, {"name": "broken_step", "value": True},
        {"name": "broken_step", "value": True, "span_id": "ffff"},
        {"name": "document", "value": "relevant", "span_id": retriever, "document": 9},
        {"name": "document", "value": "relevant", "span_id": retriever},
    ):  # fmt: skip
        answer = client.post(path, json=wrong)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    for wrong in ({}, {"name": ""}, {"name": "x", "more": 1}, [], "x"):
        assert client.post(path, json=wrong).status_code == 422
    assert client.post("/api/traces/ffff/feedback", json={"name": "thumbs", "value": "up"}).status_code == 404
    assert len(open_store(filled).feedback(WRONG.id)) == 2


def test_a_step_is_named_by_its_role_in_feedback_where_one_alone_has_it(filled: Path):
    store = open_store(filled)
    (said,) = weaklink.feedback("b2", broken_step="generate", store=store)
    assert said.span_id == WRONG.spans[4].id
    with pytest.raises(BadFeedback, match=r"no step 'rewrite'; it has .*write \(generate\)"):
        weaklink.feedback("b2", broken_step="rewrite", store=store)


def test_feedback_from_python(filled: Path):
    store = open_store(filled)
    said = weaklink.feedback(
        "b2",
        thumbs="down",
        corrected_answer="45 euros.",
        broken_step="write",
        documents={("search", 0): "relevant"},
        store=store,
    )
    assert store.feedback(WRONG.id) == said
    assert [(one.name, one.value, one.span_id, one.document) for one in said] == [
        ("thumbs", "down", None, None), ("corrected_answer", "45 euros.", None, None),
        ("broken_step", True, WRONG.spans[4].id, None), ("document", "relevant", WRONG.spans[1].id, 0),
    ]  # fmt: skip
    for wrong in ({}, {"broken_step": "elsewhere"}, {"documents": {("search", 7): "relevant"}}, {"thumbs": "maybe"}):
        with pytest.raises(BadFeedback):
            weaklink.feedback("b2", store=store, **wrong)  # type: ignore[arg-type]
    with pytest.raises(UnknownTrace):
        weaklink.feedback("ffff", thumbs="up", store=store)
    assert len(store.feedback(WRONG.id)) == 4


def test_figures_over_time(client: TestClient, filled: Path):
    store = open_store(filled)
    store.write([build("chain > llm", "q", "a", trace_id=7, llm={"output": "a"})])
    for trace in store.traces():
        examine(trace, store)
    begin = RIGHT.start_ns
    found = store.figures(since_ns=None, until_ns=begin + 2_000_000_000, pieces=2)
    assert (found.since_ns, found.pieces) == (begin, 2)
    assert sum(count for *_, count in found.verdicts) == 3
    assert (1, "broken", 1) in found.verdicts
    assert (1, "generate", "contradicted", 1) in found.weak_links
    durations = sorted(trace.duration_ns or 0 for trace in store.traces() if trace.start_ns == begin)
    assert found.latencies[0] == (0, durations[0], durations[-1])
    assert sum(count for name, _, count in found.scores if name == "groundedness") >= 2
    page = client.get("/dashboard?span=all").text
    assert "generate" in page
    assert "since%3A" in page
    assert "did you mean verdict:?" in client.get("/dashboard", params={"q": "verdct:x"}).text
