"""What the pages say, as the server writes them."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from weaklink import open_store
from weaklink.examine import diagnosis_version, examine
from weaklink.testing import build
from weaklink.viewer.app import create_app

from .conftest import HOST, RIGHT, STANDBY, TOKEN, WRONG


def text_of(page: str) -> str:
    """The page without its tags, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<dialog")[0]).split())


def diagnosed(client: TestClient, path: Path) -> TestClient:
    """The same, with all traces diagnosed."""
    store = open_store(path)
    for trace in store.traces():
        examine(trace, store)
    return client


def test_the_list_shows_verdict_weak_link_question_and_strip(client: TestClient, filled: Path):
    page = diagnosed(client, filled).get("/").text
    assert re.findall(r'class="pill (\w+)"', page) == ["broken", "ok"]
    text = text_of(page)
    assert "How much is standby pay for a weekday night?" in text
    assert "generate contradicted" in text
    assert 'aria-label="retrieve' in page
    assert "diagnosing" not in text


def test_what_is_not_diagnosed_yet_says_so(client: TestClient):
    page = client.get("/").text
    assert re.findall(r'class="pill (\w+)"', page) == ["waiting", "waiting"]
    assert "diagnosing traces" not in page  # nobody does


def test_the_list_is_filtered_by_the_query_of_the_url(client: TestClient, filled: Path):
    text = text_of(diagnosed(client, filled).get("/", params={"q": 'verdict:broken "standby pay"'}).text)
    assert "standby pay" in text
    assert "largest room" not in text
    assert "No trace fits" in client.get("/", params={"q": "verdict:degraded"}).text


def test_a_query_that_cannot_be_read_says_what_was_meant_and_keeps_what_was_typed(client: TestClient):
    page = client.get("/", params={"q": "verdct:broken"}).text
    assert "did you mean verdict:?" in page
    assert 'value="verdct:broken"' in page
    assert client.get("/api/traces", params={"q": "verdct:broken"}).status_code == 400


def test_facets_add_and_remove_their_clause(client: TestClient, filled: Path):
    page = diagnosed(client, filled).get("/", params={"q": 'verdict:broken "standby pay"'}).text
    assert 'href="/?q=%22standby+pay%22" aria-current="true"' in page
    assert 'href="/?q=verdict%3Abroken+%22standby+pay%22+failure%3Acontradicted"' in page


def test_an_empty_store_tells_how_to_attach(store_path: Path):
    app = create_app(store_path, token=TOKEN, examine=False)
    with TestClient(app, base_url=f"http://{HOST}", headers={"authorization": f"Bearer {TOKEN}"}) as client:  # type: ignore[arg-type]
        page = client.get("/").text
        assert "Nothing is recorded yet" in page
        assert "WeaklinkCallbackHandler" in page
        assert client.get("/dashboard").status_code == 200
    assert not store_path.exists()


def test_pages_of_the_list(client: TestClient, filled: Path):
    store = open_store(filled)
    store.write(build("chain > llm", f"question {number}", trace_id=1000 + number) for number in range(60))
    first = client.get("/").text
    older = re.search(r'href="(/\?before=\w+)"[^>]*id="older"', first)
    assert older
    second = client.get(older[1]).text
    ids = re.findall(r'data-id="(\w+)"', first + second)
    assert (len(ids), len(set(ids))) == (62, 62)
    assert 'id="older"' not in second


def test_the_page_of_a_trace_has_verdict_strip_evidence_and_the_panel_of_the_weak_link(client: TestClient):
    page = client.get(f"/traces/{WRONG.id}").text
    text = text_of(page)
    assert "BROKEN at generate: write contradicted" in text
    assert "Standby pay is 60 euros for a weekday night." in text
    assert 'class="panel-head" data-step="' + WRONG.spans[4].id in page
    assert "temperature 0.2" in text
    assert f'data-step="{WRONG.spans[1].id}" data-at="documents.0:' in page
    assert f"/traces/{RIGHT.id}" in page


def test_a_shortened_id_leads_to_the_trace(client: TestClient):
    answer = client.get("/traces/b2")
    assert (answer.status_code, answer.headers["location"]) == (307, f"/traces/{WRONG.id}")
    assert client.get("/traces/ffff").status_code == 404
    missing = client.get("/traces/ffff").text
    assert "there is no trace" in missing
    assert '<a href="/">Show all traces</a>' in missing


def test_the_outline_has_all_steps(client: TestClient):
    data = client.get(f"/traces/{WRONG.id}/outline").json()
    steps = [(data["words"][step[2]], step[1], step[7]) for step in data["steps"]]
    assert steps == [("handbook", -1, 0), ("search", 0, 0), ("fill", 0, 0), ("glue", 0, 1), ("write", 3, 0)]
    assert data["rows"][WRONG.spans[4].id][::2] == ["generate", "!"]


def panel(client: TestClient, number: int, at: str | None = None) -> str:
    """The panel of a step of WRONG."""
    answer = client.get(f"/traces/{WRONG.id}/steps/{WRONG.spans[number].id}", params={"at": at} if at else {})
    assert answer.status_code == 200
    return answer.text


def test_a_retrievers_panel_is_a_table_with_the_place_of_the_evidence_marked(client: TestClient):
    text = text_of(panel(client, 1))
    assert "# similarity ↑ relevance in prompt used source" in text
    assert "handbook.md" in text
    assert "it.md" in text
    assert '<mark class="at">45 euros</mark>' in panel(
        client, 1, f"documents.0:{STANDBY.index('45')}:{STANDBY.index(' for')}"
    )


def test_a_prompts_panel_shows_template_and_variables(client: TestClient):
    page = panel(client, 2)
    assert 'Answer from <mark class="variable">{context}</mark>' in page
    assert "<dt><code>question</code></dt>" in page


def test_evidence_in_an_output_is_marked(client: TestClient):
    assert '<pre><mark class="at">Standby</mark> pay is 60' in panel(client, 4, "output:0:7")


@pytest.mark.parametrize(
    "at", ["x:0:1", "documents.0:1", "documents.9999:0:5", "output:5:2", "output:0:99999999", "a" * 300]
)
def test_a_place_that_makes_no_sense_does_no_harm(client: TestClient, at: str):
    answer = client.get(f"/traces/{WRONG.id}/steps/{WRONG.spans[1].id}", params={"at": at})
    assert answer.status_code in (200, 422)


def test_the_diff_shows_both_sides_and_what_changed(client: TestClient):
    text = text_of(client.get("/diff", params={"a": RIGHT.id, "b": WRONG.id}).text)
    assert "What changed" in text
    assert "lost 1 – handbook.md" in text
    assert "gained – 1 handbook.md" in text
    assert "Nothing: both did the same" in client.get("/diff", params={"a": RIGHT.id, "b": RIGHT.id}).text
    assert client.get("/diff", params={"a": RIGHT.id}).status_code == 422


def test_what_is_recorded_meanwhile_is_diagnosed(filled: Path):
    app = create_app(filled, token=TOKEN)
    with TestClient(app, base_url=f"http://{HOST}", headers={"authorization": f"Bearer {TOKEN}"}) as client:  # type: ignore[arg-type]
        for _ in range(200):
            if 'class="pill broken"' in client.get("/").text:
                break
    store = open_store(filled)
    assert store.diagnosis(WRONG.id, diagnosis_version()) is not None
