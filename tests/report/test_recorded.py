"""Long recorded texts in a page: bounded, and whole where somebody asks."""

import re

import pytest

from weaklink.report import render_html, report_of
from weaklink.report.html.elements import join
from weaklink.report.html.panel import step_panel
from weaklink.report.html.recorded import recorded, recorded_fact
from weaklink.testing import build

WORDS = "lorem ipsum " * 3_000


def trace_with(**payload):
    return build("agent:chain > write:llm", "What?", "That.", write=payload)


def test_a_short_text_stands_there_as_it_is():
    assert recorded("a\nb", in_file=False, class_="calls") == '<pre class="calls">a\nb</pre>'
    assert recorded_fact("0.2", in_file=False) == "<span>0.2</span>"


@pytest.mark.parametrize("show", [recorded, recorded_fact])
def test_a_long_text_begins_and_is_there_to_be_opened(show):
    shown = show(WORDS, in_file=False)
    assert '<details class="whole"><summary>Show all (36 kB)</summary>' in shown
    assert WORDS in shown
    beginning = re.search(r'class="beginning">([^<]*)<', shown)
    assert beginning is not None
    assert len(beginning[1]) <= 1_502
    assert beginning[1].endswith(("lorem …", "ipsum …"))


def test_the_size_is_that_of_the_bytes_even_of_what_no_file_can_hold():
    assert "Show all (15 kB)" in recorded("語" * 5_000, in_file=False)
    assert "Show all (15 kB)" in recorded("\ud800" * 5_000, in_file=False)


@pytest.mark.parametrize(
    "payload",
    [
        {"input": WORDS},
        {"output": [{"text": WORDS}]},
        {"input": [{"$type": "message", "role": "user", "content": WORDS}]},
        {"model": {"name": "m", "parameters": {"tools": [{"description": WORDS}]}}},
        {"metadata": {"note": WORDS}},
    ],
)
def test_whatever_is_long_in_a_panel_is_folded_and_whole(payload):
    trace = trace_with(**payload)
    report = report_of(trace)
    row = next(row for row in report.steps(everything=True) if row.span.name == "write")
    panel = join(*step_panel(report, row))
    assert panel.count("Show all (36 kB)") == 1
    assert WORDS in panel
    folded = re.sub(r'<details class="whole">.*?</details>', "", panel, flags=re.DOTALL)
    assert len(folded) < 3_000


def test_a_file_to_send_holds_a_bounded_part():
    page = render_html(report_of(trace_with(input=WORDS)))
    assert "<summary>Show more (of 36 kB)</summary>" in page
    assert "\n... 16,000 more characters</pre>" in page
    assert "Show" not in render_html(report_of(trace_with(input="short")))
