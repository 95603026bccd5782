"""What Jupyter and VS Code show of a trace and of a diagnosis."""

import re

from weaklink.report.html.notebook import notebook_html
from weaklink.testing import blame, build, document


def trace():
    return build("chain > search:retriever, write:llm", "Who <b>?", "Ada.", search={"documents": [document("Ada did it.", "a.md")]},
                 write={"output": "Ada."})  # fmt: skip


def test_a_diagnosis_shows_verdict_strip_and_why():
    diagnosis = blame(trace(), "broken", "search", "off_topic", "Nothing fits.", advice="look again")
    page = diagnosis._repr_html_()
    assert page == notebook_html(diagnosis)
    words = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())
    assert words.startswith("confidence .90 BROKEN at retrieve: search off_topic Nothing fits.")
    assert "Who &lt;b&gt;?" in words
    assert "Try look again" in words


def test_a_trace_shows_its_passages_and_steps_without_computing_anything():
    page = trace()._repr_html_()
    assert "Ada did it." in page
    assert page.count("<details") >= 3
    assert "<script" not in page


def test_the_style_stays_in_the_cell_and_follows_the_notebook():
    style = trace()._repr_html_().partition("<style>")[2].partition("</style>")[0]
    outside = style[: style.index(".weaklink-report.weaklink-report {")]
    assert all(
        "weaklink-report" in selector for selector in re.findall(r"([^{}]+)\{[^{}]*\}", outside) if "--" not in selector
    )
    assert "[data-jp-theme-light=false] .weaklink-report" in style
    assert ":root" not in style
    assert not re.search(r"(?m)^body \{", style)
