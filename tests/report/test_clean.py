"""Promise S9: nothing out of a trace steers the terminal, the page or the reader's eye."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from weaklink.model import Evidence, Score, SpanError, TextRange
from weaklink.report import render_html, render_json, render_markdown, render_text, report_of
from weaklink.report.clean import clean, one_line, shorten, shorten_middle
from weaklink.testing import blame, build, document

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe\u2066\x00\x08\x7f\r\u2028\ud800 [bold red]loud[/] <script>alert(1)</script>"
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# What the report itself writes to a colour terminal: colours and weights, nothing that moves or names anything.
COLOURS = re.compile(r"\x1b\[[0-9;]*m")

characters = (
    st.characters() | st.sampled_from(HOSTILE + BIDI) | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])
)
texts = st.text(characters, max_size=60)


def is_harmless(text: str) -> bool:
    return not any(
        (unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and character not in "\n\t") or character in BIDI
        for character in text
    )


@given(texts)
def test_clean_leaves_no_character_that_steers(text):
    assert is_harmless(clean(text))
    assert "\n" not in one_line(text)
    assert "\t" not in one_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]) | st.sampled_from(" \n\t"), max_size=60))
def test_clean_changes_nothing_that_people_write(text):
    assert clean(text) == text


@given(texts, st.integers(0, 40))
def test_a_shortened_text_fits(text, width):
    assert cell_len(shorten(text, width)) <= width
    assert cell_len(shorten_middle(text, width)) <= width


def test_what_was_there_can_still_be_read():
    assert clean("\x1b[31mred\u202e") == "\\x1b[31mred\\u202e"
    assert clean("line\r\nline") == "line\nline"
    assert shorten("handbook/chapters/offices.md", 12, "...") == "handbook/..."
    assert shorten_middle("handbook/chapters/offices.md", 14, "...") == "hand...ices.md"


def hostile_report(text: str):
    """A report in which every text that can come from outside is `text`."""
    trace = build(
        "root:chain > search:retriever, rank:reranker, fill:prompt, write:llm!",
        text,
        text,
        root={"name": text, "tags": (text,), "metadata": {"m": text}},
        search={"name": text, "input": text, "documents": [document(f"{text} one", text), document(text, text, score=0.5)]},
        rank={"name": text, "candidates": [document(f"{text} one", text)], "documents": []},
        fill={"name": text, "output": text, "attributes": {"template": text}},
        write={
            "name": text, "input": text, "output": text or "x", "notes": (text,),
            "error": SpanError(type=text, message=text, causes=(text,), stack=(text,)),
        },
    )  # fmt: skip
    writer = trace.spans[-1]
    place = TextRange(span_id=trace.spans[1].id, field="documents.0", start=0, end=1, text=text)
    scores = [
        Score(
            span_id=writer.id, name="groundedness", value=0.2, label="contradicted", detail=(text,), support=place,
            sentence=TextRange(span_id=writer.id, field="output", start=0, end=len(text), text=text),
        ),
        Score(span_id=writer.id, name=text, value=0.2, reason=text),
        Score(span_id=writer.id, name="relevance", value=None, reason=text),
    ]  # fmt: skip
    diagnosis = blame(
        trace, "broken", writer.name, text or "x", text, advice=text, capture=(text,), unscored=(text,),
        evidence=(Evidence(says=text, at=place), Evidence(says="quoted", at=place)),
    )  # fmt: skip
    return report_of(trace, scores, diagnosis)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_no_text_of_a_trace_steers_the_terminal(text):
    report = hostile_report(text)
    for width in (80, 160):
        assert is_harmless(render_text(report, width=width, everything=True))
        assert is_harmless(COLOURS.sub("", render_text(report, width=width, plain=False, everything=True)))
    assert is_harmless(render_markdown(report))
    assert is_harmless(render_html(report))


def test_the_hostile_report_is_drawn_in_every_form():
    report = hostile_report(HOSTILE)
    text = render_text(report, width=80, plain=False)
    assert is_harmless(COLOURS.sub("", text))
    assert "[bold red]loud[/]" in " ".join(COLOURS.sub("", text).split())
    assert "<script>" not in render_html(report)
    outside_of_code = re.sub(r"```text.*?```", "", render_markdown(report), flags=re.DOTALL)
    assert "<script>" not in outside_of_code
    assert "\\ud800" in render_json(report)


@pytest.mark.parametrize("text", ["[link=file:///etc/passwd]x[/link]", "[/]", "[red", ":smile:", "[@click=exit]x[/]"])
def test_markup_in_a_text_is_only_text(text):
    assert text in render_text(hostile_report(text), width=160, plain=False)
