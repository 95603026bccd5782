"""Every word of the report is in a golden file. WEAKLINK_UPDATE_GOLDEN=1 pytest tests/report writes them again."""

import os
from pathlib import Path

import pytest
from rich.cells import cell_len

from weaklink.report import render_json, render_markdown, render_text

GOLDEN = Path(__file__).parent / "golden"


def check(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("WEAKLINK_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 160])
def test_the_text_report_is_the_golden_one_and_never_too_wide(example, width):
    name, report = example
    text = render_text(report, width=width)
    check(f"{name}.{width}.txt", text)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    assert text.isascii()


def test_in_colour_the_words_are_the_same_and_nothing_is_too_wide(example):
    _, report = example
    text = render_text(report, width=80, plain=False)
    assert "\x1b[" in text
    check(f"{example[0]}.80.ansi", text)


def test_everything_shows_the_plumbing_too(dropped):
    assert "RunnableMap" in render_text(dropped, everything=True)
    assert "RunnableMap" not in render_text(dropped)
    assert "6 of 7 steps shown" in render_text(dropped)


def test_the_markdown_report_is_the_golden_one(example):
    name, report = example
    check(f"{name}.md", render_markdown(report))


def test_the_json_report_is_the_golden_one(dropped):
    check("dropped_by_reranker.json", render_json(dropped))


@pytest.mark.parametrize("width", [40, 47, 60, 80, 99, 100, 109, 110, 133, 160, 240])
def test_no_line_is_wider_than_asked_for_and_the_verdict_is_whole(example, width):
    _, report = example
    text = render_text(report, width=width)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    flat = " ".join(text.replace("|", " ").split())
    assert " ".join(report.diagnosis.summary.split()) in flat
