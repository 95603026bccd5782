"""`weaklink blame`: what the broken traces share."""

import pytest

from weaklink import open_store
from weaklink.model import Trace
from weaklink.testing import build, document

PASSAGE = "Standby pay is 45 euros for a weekday night."
QUESTION = "How much is standby pay for a weekday night?"


def run(number: int, *, template: str, answer: str) -> Trace:
    trace = build(
        "handbook:chain > search:retriever, fill:prompt, write:llm", QUESTION, answer, trace_id=number,
        search={"input": QUESTION, "documents": [document(PASSAGE, "pay.md")]},
        fill={"input": {"context": PASSAGE}, "output": PASSAGE, "attributes": {"template": template}},
        write={"input": PASSAGE, "output": answer},
    )  # fmt: skip
    return Trace.of(span.model_copy(update={"start_ns": span.start_ns + number * 10**9}) for span in trace.spans)


@pytest.fixture
def prompts(cli):
    """Twelve good answers with one prompt, then two good and eight wrong ones with the next."""
    store = open_store(cli.store)
    store.write(
        [run(number, template="Say what it says: {context}", answer="It is 45 euros.") for number in range(1, 13)]
    )
    store.write([run(number, template="Guess! {context}", answer="It is 45 euros.") for number in range(13, 15)])
    store.write([run(number, template="Guess! {context}", answer="It is 90 euros.") for number in range(15, 23)])
    store.close()
    return cli


def test_it_names_the_prompt_version_that_the_broken_traces_share(prompts):
    text = prompts.ok("blame", "--width", "100")
    lines = text.splitlines()
    assert lines[0] == "8 of 22 traces are broken."
    assert "    8  generate: contradicted" in lines
    assert "8 of 8 broken traces used prompt fill v2 (" in text
    assert "and 2 of 14 others." in text


def test_as_json(prompts):
    data = prompts.json("blame")
    assert (data["broken"], data["fine"], data["undecided"]) == (8, 14, 0)
    assert data["weak_links"] == [{"step": "generate", "failure": "contradicted", "traces": 8}]
    (shared,) = data["shared"]
    assert (shared["broken"], shared["fine"], shared["used"][0]["dimension"]) == (8, 2, "prompt")
    assert shared["suspicion"] == pytest.approx(0.8944, abs=1e-3)
    assert shared["chance"] < 0.01


def test_where_nothing_is_broken_it_says_so(prompts):
    assert prompts.ok("blame", "-n", "2").startswith("2 of 2 traces are broken.")
    assert "share nothing that could not be chance" in prompts.ok("blame", "-n", "2")


def test_healthy_traces_are_not_blamed_on_anything(cli):
    open_store(cli.store).write([run(number, template="x", answer="It is 45 euros.") for number in range(1, 5)])
    assert cli.ok("blame") == "0 of 4 traces are broken.\n"


@pytest.mark.parametrize("width", [40, 80, 160])
def test_it_keeps_to_the_width(prompts, width):
    assert max(map(len, prompts.ok("blame", "--width", str(width)).splitlines())) <= width


def test_without_a_store_and_without_a_match_it_says_so(cli, prompts):
    assert "no trace fits" in prompts.fails("blame", "zeppelin")
