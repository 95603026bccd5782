"""Two traces step by step."""

from weaklink.report import Look, report_of
from weaklink.report.comparison import compare
from weaklink.report.text import draw
from weaklink.report.text.difference import difference_block
from weaklink.testing import blame, build, scored


def run(documents, answer, template="T {context}", retriever="retriever", trace_id=1, score=0.9):
    trace = build(
        f"chain > {retriever}:retriever, prompt, llm" if retriever != "tool" else "chain > tool, prompt, llm",
        "Who?",
        answer,
        trace_id=trace_id,
        prompt={"output": "p", "attributes": {"template": template}},
        llm={"output": answer},
        **({retriever: {"documents": documents}} if retriever != "tool" else {}),
    )
    return report_of(trace, [scored(trace, "llm", "groundedness", score)], blame(trace, "ok", summary="All is well."))


def test_a_trace_and_itself_do_not_differ():
    comparison = compare(run(["a", "b"], "x"), run(["a", "b"], "x", trace_id=2))
    assert comparison.changes == []
    assert len(comparison.steps) == 4


def test_lost_gained_and_moved_passages():
    comparison = compare(run(["a", "b", "c", "d"], "x"), run(["c", "b", "e", "d"], "x"))
    (change,) = comparison.changes
    assert change.row.span.name == "retriever"
    moves = [(passage.document.content, passage.before, passage.after) for passage in change.passages]
    assert moves == [("a", 1, None), ("c", 3, 1), ("e", None, 3)]


def test_a_passage_does_not_move_because_another_one_before_it_went():
    (change,) = compare(run(["a", "b", "c"], "x"), run(["b", "c"], "x")).changes
    assert [(passage.document.content, passage.before, passage.after) for passage in change.passages] == [
        ("a", 1, None)
    ]


def test_scores_templates_and_answers_that_changed():
    changes = {c.row.span.name: c for c in compare(run(["a"], "x"), run(["a"], "y", "T2 {context}", score=0.5)).changes}
    assert changes["prompt"].template == ("-T {context}", "+T2 {context}")
    assert changes["llm"].scores == (("groundedness", 0.9, 0.5),)
    assert changes["llm"].output == ("x", "y")


def test_steps_that_came_and_went():
    comparison = compare(run(["a"], "x"), run(["a"], "x", retriever="tool"))
    assert [(c.row.span.name, c.first is None, c.second is None) for c in comparison.changes] == [
        ("retriever", False, True), ("tool", True, False),
    ]  # fmt: skip


def test_a_step_with_another_name_that_does_the_same_is_the_same_step():
    second = run(["b"], "x", retriever="other")
    change = compare(run(["a"], "x"), second).changes[0]
    assert (change.first.span.name, change.second.span.name) == ("retriever", "other")


def test_the_difference_fits_the_terminal():
    first = run(["a long passage " * 20, "b"], "The answer. " * 20)
    second = run(["b", "another long passage " * 20], "Another answer. " * 20, "x" * 300, trace_id=2, score=None)
    for width in (40, 80, 160):
        text = draw(difference_block(compare(first, second), Look(width=width)), Look(width=width))
        assert max(map(len, text.split("\n"))) <= width
        assert "lost     1" in text
        assert "groundedness .90 -> none" in text
