"""What people say of a trace: thumbs, the answer that would have been right, which step broke, which passage is of use."""

from __future__ import annotations

from collections.abc import Sequence

from weaklink.model import Span
from weaklink.report.html.elements import Html, element
from weaklink.store.protocol import Feedback


def feedback_html(trace_id: str, said: Sequence[Feedback]) -> Html:
    """Thumbs and the corrected answer; what was said before is shown."""
    thumbs = _value(said, "thumbs")
    corrected = _value(said, "corrected_answer")
    buttons = [
        element("button", sign, type="button", class_="thumb", data_feedback="thumbs", data_value=value, title=title,
                aria_label=title, aria_pressed="true" if thumbs == value else "false")
        for sign, value, title in (("Good", "up", "A good answer"), ("Bad", "down", "A bad answer"))
    ]  # fmt: skip
    text = element("textarea", corrected if isinstance(corrected, str) else "", name="answer", rows="3", id="corrected",
                   placeholder="What should the answer have been?", aria_label="Corrected answer", maxlength="20000")  # fmt: skip
    form = element(
        "form", text, element("button", "Save", type="submit"), class_="correct", data_feedback="corrected_answer"
    )
    summary = "Corrected answer" if corrected else "Correct the answer"
    return element(
        "div", element("span", *buttons, class_="thumbs", role="group", aria_label="Feedback"),
        element("details", element("summary", summary), form, class_="more", open="open" if corrected else ""),
        class_="feedback", data_trace=trace_id,
    )  # fmt: skip


def label_html(span: Span, said: Sequence[Feedback]) -> Html:
    """Labels of one step: it broke the answer; each of its passages is of use, or not."""
    is_named = any(one.name == "broken_step" and one.span_id == span.id for one in said)
    button = element("button", "This step broke the answer", type="button", class_="label-step", data_feedback="broken_step",
                     data_step=span.id, aria_pressed="true" if is_named else "false")  # fmt: skip
    labels = {one.document: one.value for one in said if one.name == "document" and one.span_id == span.id}
    rows = [_document(span, index, labels.get(index)) for index in range(min(len(span.documents), 50))]
    passages = (
        element("fieldset", element("legend", "Is the passage of use for the question?"), *rows) if rows else Html("")
    )
    return element("details", element("summary", "Label this step"), button, passages, class_="more labels")


def _document(span: Span, index: int, label: object) -> Html:
    source = span.documents[index].source
    buttons = [
        element("button", word, type="button", data_feedback="document", data_step=span.id, data_document=str(index),
                data_value=value, aria_pressed="true" if label == value else "false")
        for word, value in (("of use", "relevant"), ("not", "irrelevant"))
    ]  # fmt: skip
    return element("div", element("span", f"{index + 1}. {source}"), *buttons, class_="label-row")


def _value(said: Sequence[Feedback], name: str) -> object:
    return next((one.value for one in reversed(said) if one.name == name), None)
