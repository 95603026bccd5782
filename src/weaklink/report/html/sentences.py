"""What the model wrote, each sentence in the colour of what the passages say of it."""

from __future__ import annotations

from collections.abc import Iterator

from weaklink.report.figures import score_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.html.links import step_link
from weaklink.report.sentences import Sentence
from weaklink.report.view import Report

_BEFORE_PASSAGE = {"supported": "carried by ", "contradicted": "against "}


def answer_html(report: Report) -> Iterator[Html]:
    """The text with its sentences marked, then each claim with its passage; nothing where no sentence was judged."""
    sentences = report.sentences()
    if not sentences:
        return
    yield element("p", *(join(_marked(sentence), " ") for sentence in sentences), class_="answer")
    claims = [sentence for sentence in sentences if sentence.label not in ("", "not_a_claim")]
    yield element("ul", *map(_claim, claims), class_="claims")


def _marked(sentence: Sentence) -> Html:
    mark = element("mark", sentence.text, class_=sentence.label or "not_a_claim")
    support = sentence.support
    if support is None or sentence.label not in _BEFORE_PASSAGE:
        return mark
    return step_link(support.span_id, mark, at=support, class_="plain", title=f"{sentence.label}: show the passage")


def _claim(sentence: Sentence) -> Html:
    label = element("span", sentence.label, class_=f"label {sentence.label}")
    score = element("span", f" {score_text(sentence.value)}", class_="soft")
    detail = f": {', '.join(sentence.detail)}" if sentence.detail else ""
    passage = Html("")
    if sentence.passage and sentence.label != "abstention":
        source = element("span", f" ({sentence.source})", class_="soft")
        quoted = element("q", sentence.passage)
        if sentence.support is not None:
            quoted = step_link(sentence.support.span_id, quoted, at=sentence.support, class_="plain")
        word = _BEFORE_PASSAGE.get(sentence.label, "nearest passage: ")
        passage = join(Html("<br>"), element("span", word, class_="soft"), quoted, source)
    return element("li", sentence.text, " ", label, score, detail, passage)
