"""The evidence funnel and the origins of values, as the reports show them."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.report import render_html, render_markdown, render_text, report_of
from weaklink.scoring import score_trace
from weaklink.testing import build

QUESTION = "How many days of vacation does an employee have?"
VACATION = "Every employee has 28 days of vacation per year."
PARKING = "There are 60 parking places in Ostmere."


def report(answer: str, kept: str = PARKING, reference: str | None = None):
    trace = build(
        "chain > search:retriever, rank:reranker, write:llm", QUESTION, answer,
        search={"input": QUESTION, "documents": [VACATION, PARKING]},
        rank={"input": QUESTION, "candidates": [VACATION, PARKING], "documents": [kept]},
        write={"input": f"{kept}\n{QUESTION}", "output": answer},
    )  # fmt: skip
    scores = score_trace(trace)
    return report_of(trace, scores, diagnose(trace, scores, reference=reference))


def test_in_a_terminal_a_row_for_each_claim_and_a_cell_for_each_stage():
    text = render_text(report("It is 33 days, says Bob Stone.", reference="28 days"), width=100)
    assert (
        """
Evidence  exact: the claims of the reference answer
  piece      index  candidates  rerank  prompt  answer  last seen
  "28 days"  +      +           -       -       -       candidates
  + there  - not there

Values of the answer  what no step before the model had is written by the model itself
  value      is      comes from
  33         number  written by write
  Bob Stone  name    written by write
"""
        in text
    )


@pytest.mark.parametrize("width", [40, 60, 80, 160])
def test_it_keeps_to_the_width(width):
    text = render_text(report("It is 33 days.", reference=f"28 days. {VACATION * 3}"), width=width)
    assert max(map(len, text.split("\n"))) <= width


def test_a_right_answer_needs_neither_unless_all_is_asked_for():
    right = report("An employee has 28 days of vacation.", kept=VACATION)
    assert right.diagnosis.verdict == "ok"
    short, full = render_text(right), render_text(right, everything=True)
    assert "Evidence" not in short
    assert "Values of the answer" not in short
    assert "estimated from the words of the question" in full
    assert "search passage 1" in full


def test_on_the_page_each_cell_says_what_it_means_and_leads_to_its_step():
    page = render_html(report("It is <b>33</b> days.", reference="28 <i>days</i>"))
    assert "exact: the claims of the reference answer" in page
    assert 'class="lost"' in page
    assert 'title="rerank: not there"' in page
    assert "<b>33" not in page
    assert "<i>days" not in page


def test_in_markdown_it_is_a_table():
    text = render_markdown(report("It is 33 days.", reference="28 days"))
    assert "| 28 days | yes | yes | no | no | no | candidates |" in text
