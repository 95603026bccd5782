"""Agents that go round and round: the strip shows one round, and a long history is shown in one place."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from weaklink.model import StripCell, Trace
from weaklink.report import report_of
from weaklink.report.html.page import render_html
from weaklink.report.strip import rounds_of
from weaklink.report.text import render_text
from weaklink.testing import build, scored


def strip(words: str) -> list[StripCell]:
    cells: list[StripCell] = []
    for number, word in enumerate(words.split()):
        role, _, score = word.rstrip("!").partition(":")
        mark = "!" if word.endswith("!") else ""
        cells.append(
            StripCell(span_id=str(number), role=role, name="n", score=float(score) if score else None, mark=mark)
        )  # type: ignore[arg-type]
    return cells


def shown(words: str) -> list[tuple[str, int]]:
    return [(" ".join(cell.role + cell.mark for cell in cells), times) for cells, times in rounds_of(strip(words))]


def test_rounds_of_a_long_run_are_put_together():
    assert shown("plan! " + "route tool plan " * 9 + "generate") == [
        ("plan!", 1),
        ("route tool plan", 9),
        ("generate", 1),
    ]


def test_the_shortest_round_is_shown():
    assert shown("plan " * 20) == [("plan", 20)]
    assert shown("plan tool " * 10) == [("plan tool", 10)]


def test_a_marked_step_stands_alone():
    assert shown("plan tool " * 5 + "plan tool! " + "plan tool " * 5) == [
        ("plan tool", 5), ("plan", 1), ("tool!", 1), ("plan tool", 5)
    ]  # fmt: skip


def test_a_short_strip_and_two_rounds_stay_as_they_are():
    assert shown("plan tool " * 8) == [("plan", 1), ("tool", 1)] * 8
    assert all(
        times == 1 for _, times in shown("rewrite retrieve rerank pack generate parse plan tool " * 2 + "filter")
    )


def test_a_round_shows_the_lowest_score_of_its_steps():
    ((cells, times),) = rounds_of(strip("retrieve:0.9 generate " * 9 + "retrieve:0.2 generate"))
    assert (times, cells[0].score, cells[1].score, cells[0].span_id) == (10, 0.2, None, "0")


@given(words=st.lists(st.sampled_from(["plan", "tool", "tool!", "route"]), max_size=60))
def test_no_step_is_lost(words: list[str]):
    cells = strip(" ".join(words))
    again = [cell.role + cell.mark for cells_, times in rounds_of(cells) for _ in range(times) for cell in cells_]
    assert again == words


def message(number: int) -> dict[str, Any]:
    return {"$type": "message", "role": "user" if number % 2 else "assistant", "content": f"message {number}."}


def agent(turns: int, **more: Any) -> Trace:
    messages = [message(number) for number in range(turns)]
    names = [f"turn{number}" for number in range(3, turns)]
    payloads: dict[str, Any] = {name: {"input": messages[: 3 + number]} for number, name in enumerate(names)}
    tree = f"agent:chain > {', '.join(f'{name}:chain' for name in names)}"
    return build(tree, agent={"input": messages[:1], "output": {"messages": messages}}, **payloads, **more)


def test_a_long_history_is_shown_whole_in_one_place():
    page = render_html(report_of(agent(40)))
    assert page.count("message 0.") < 15
    assert page.count("message 39.") >= 1
    assert "35 messages before these: the first in" in page
    assert "the output of agent" in page


def test_a_history_that_was_trimmed_or_changed_is_shown_as_it_was():
    trimmed = [message(number) for number in range(20, 39)]
    page = render_html(
        report_of(build("agent:chain > llm", agent={"output": [message(n) for n in range(40)]}, llm={"input": trimmed}))
    )
    assert (page.count("message 20."), page.count("message 3.")) == (2, 1)


def test_a_short_history_is_shown_in_each_step():
    page = render_html(report_of(agent(8)))
    assert "messages before these" not in page


def test_what_a_graph_holds_beside_its_messages_is_shown():
    state = {"messages": [message(0)], "verdict": "relevant", "documents": ["d1"]}
    page = render_html(report_of(build("graph:chain > grade:chain", grade={"input": state})))
    assert all(text in page for text in ("message 0.", "verdict", "relevant", "d1"))


def test_a_long_question_and_a_long_answer_are_shown_in_part():
    question = "How many seats? " * 500
    answer = "The room has 24 seats. " * 500
    report = report_of(build("chain > llm", question, answer, llm={"output": answer}))
    text = " ".join(render_text(report).split())
    assert "6799 more characters, --all shows them" in text
    assert "10.3k more characters, --all shows them" in text
    assert "more characters" not in render_text(report, everything=True)


def test_of_many_sentences_the_wrong_ones_are_shown():
    said = [f"Room {number} has {number} seats." for number in range(60)]
    trace = build("chain > llm", "How many seats?", " ".join(said), llm={"output": " ".join(said)})
    scores = [
        scored(trace, "llm", "groundedness", 0.1 if n == 50 else 0.9, sentence=text, label="contradicted" if n == 50 else "supported")
        for n, text in enumerate(said)
    ]  # fmt: skip
    text = render_text(report_of(trace, scores))
    assert "x Room 50 has 50 seats." in text
    assert "+ Room 22 has 22 seats." in text
    assert "+ Room 23 has 23 seats." not in text
    assert "and 36 more sentences, --all shows them" in text
    assert "more sentences" not in render_text(report_of(trace, scores), everything=True)


def test_that_a_reader_left_is_no_error():
    left = {"status": "abandoned", "error": {"type": "GeneratorExit", "message": ""}}
    report = report_of(build("chain > llm", "Why?", llm={**left, "output": "Bec"}))
    assert "Error in" not in render_text(report)
