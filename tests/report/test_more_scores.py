"""Scores that only a judge or a user gives are shown as well."""

from weaklink.report import render_json, render_markdown, render_text, report_of
from weaklink.testing import build, scored

TRACE = build("app:chain > retriever, write:llm", "Who?", "Ada.")


def test_a_judges_scores_and_the_users_own_stand_in_a_table_of_their_own():
    scores = [
        scored(TRACE, "write", "ragas:faithfulness", 0.5, "", detail=("It is paid monthly.",)),
        scored(TRACE, "app", "politeness", 0.9, "counts please"),
        scored(TRACE, "write", "groundedness", 0.8),
        scored(TRACE, "retriever", "ragas:context_utilization", None, "the judge failed"),
        scored(TRACE, "retriever", "ragas:context_utilization", 1.0, "useful", document=0),
    ]
    text = render_text(report_of(TRACE, scores))
    block = text[text.index("More scores") :]
    assert block.splitlines()[:4] == [
        "More scores",
        "  score               of          why",
        "  ragas:faithfulness  write  .50  It is paid monthly.",
        "  politeness          app    .90  counts please",
    ]
    assert "ragas:context_utilization of retriever: the judge failed" in text
    markdown = render_markdown(report_of(TRACE, scores))
    assert "### More scores\n\n| score | of | value | why |" in markdown
    assert "| politeness | app | .90 | counts please |" in markdown
    assert '"politeness"' in render_json(report_of(TRACE, scores))


def test_without_any_there_is_no_such_part():
    report = report_of(TRACE, [scored(TRACE, "write", "groundedness", 0.8)])
    assert "More scores" not in render_text(report) + render_markdown(report)
