"""What there is to see of one step: first what its kind is about, then what went in and out, then the rest."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from pydantic import JsonValue

from weaklink.model import Score, Span, TextRange, main_text, messages_in, text_of
from weaklink.model.value import TYPE_KEY, is_message
from weaklink.report.figures import count_text, duration_text, score_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.html.links import level, step_link
from weaklink.report.html.marked import marked_text
from weaklink.report.html.passages import table_html
from weaklink.report.html.recorded import recorded, recorded_fact
from weaklink.report.html.sentences import answer_html
from weaklink.report.view import Report, StepRow

_MOST_MESSAGES = 1_000


def step_panel(report: Report, row: StepRow, *, at: TextRange | None = None, alone: bool = True) -> Iterator[Html]:
    """The step's panel; `at` is a piece of its text to mark. Not `alone`, the page shows passages and answer elsewhere."""
    span = row.span
    if at is not None and not at.field.startswith(("documents", "candidates")):
        yield from _marked(span, at)
    yield from _scores(row.scores)
    yield from _error(span)
    if alone and span.kind in ("retriever", "reranker"):
        yield from _retrieval(report, span, at)
    if span.kind == "prompt":
        yield from _prompt(report, span, alone=alone)
    elif span.kind in ("llm", "embedding"):
        yield from _model(report, span, alone=alone)
    else:
        yield from _values(report, span, fold=span.kind in ("retriever", "reranker"), alone=alone)
    yield from _rest(span, alone=alone)


def _marked(span: Span, at: TextRange) -> Iterator[Html]:
    """The whole text of a field with the piece that the evidence is about."""
    value = {"input": span.input, "output": span.output}.get(at.field)
    text = main_text(value) if at.field == "output" and text_of(value)[at.start : at.end] != at.text else text_of(value)
    if text:
        yield element("h3", f"Evidence in the {at.field}")
        yield element("pre", marked_text(text, [(at.start, at.end, "at")]))


def _scores(scores: tuple[Score, ...]) -> Iterator[Html]:
    if scores:
        yield element("ul", *(element("li", _score(score)) for score in scores), class_="scores")


def _score(score: Score) -> Html:
    name = element("span", score.name.replace("_", " "), class_="soft")
    if score.value is None:
        return join(name, " not scored", element("small", f" {score.reason}", class_="soft"))
    bounds = ""
    if score.low is not None and score.high is not None:
        bounds = element("small", f" {score_text(score.low)} to {score_text(score.high)}", class_="soft")
    reason = element("small", f" {score.reason}", class_="soft") if score.reason else ""
    return join(name, " ", element("strong", score_text(score.value), class_=level(score.value)), bounds, reason)


def _error(span: Span) -> Iterator[Html]:
    if span.error is None:
        return
    error = span.error
    lines = [f"{error.type}: {error.message}", *(f"caused by {cause}" for cause in error.causes)]
    yield element("h3", "Error")
    yield element("pre", "\n".join([*lines, *(f"at {frame}" for frame in reversed(error.stack))]), class_="error")


def _retrieval(report: Report, span: Span, at: TextRange | None) -> Iterator[Html]:
    for table in report.tables():
        if any(step.id == span.id for step in table.steps):
            if table.query:
                yield element(
                    "p", element("span", "searched for ", class_="soft"), element("q", table.query), class_="query"
                )
            yield table_html(report, table, at) if table.rows else element("p", "Nothing was found.", class_="empty")
            return


def _prompt(report: Report, span: Span, *, alone: bool) -> Iterator[Html]:
    template = text_of(span.attributes.get("template"))
    if template.strip():
        yield element("h3", "Template")
        yield element("pre", marked_text(template, _fields_of(template)))
    variables = span.attributes.get("variables") or span.input
    if isinstance(variables, dict) and variables:
        yield element("h3", "Variables")
        yield element("dl", *(_variable(name, value, alone=alone) for name, value in variables.items()), class_="facts")
    elif variables is not None:
        yield from _value(report, span, "input", variables, alone=alone)
    yield from _value(report, span, "output", span.output, title="Prompt", alone=alone)


def _fields_of(template: str) -> list[tuple[int, int, str]]:
    """Where {names} stand in a template; {{ is a brace."""
    found: list[tuple[int, int, str]] = []
    place = 0
    while (start := template.find("{", place)) >= 0:
        end = template.find("}", start)
        is_name = end > start + 1 and template[start + 1 : end].replace("_", "").replace(".", "").isalnum()
        if is_name and template[start - 1 : start] != "{":
            found.append((start, end + 1, "variable"))
        place = end + 1 if end > start and template[start : start + 2] != "{{" else start + 2
    return found


def _variable(name: str, value: JsonValue, *, alone: bool) -> Html:
    text = text_of(value)
    shown = recorded(text, in_file=not alone) if text else element("strong", "empty", class_="low")
    return join(element("dt", element("code", name)), element("dd", shown))


def _model(report: Report, span: Span, *, alone: bool) -> Iterator[Html]:
    facts = list(_model_facts(span, alone=alone))
    if facts:
        yield element(
            "dl", *(join(element("dt", name), element("dd", value)) for name, value in facts), class_="facts inline"
        )
    generator = report.trace.dataflow.generator
    if alone and generator is not None and generator.id == span.id and report.sentences():
        yield element("h3", "What the model wrote")
        yield from answer_html(report)
    elif span.kind == "llm":
        yield from _value(report, span, "output", span.output, alone=alone)
    yield from _value(report, span, "input", span.input, alone=alone)


def _model_facts(span: Span, *, alone: bool) -> Iterator[tuple[str, str]]:
    model = span.model
    if model is None:
        return
    yield "model", " ".join(filter(None, (model.name, f"({model.provider})" if model.provider else ""))) or "not known"
    usage = model.usage
    if usage is not None and usage.total_tokens is not None:
        parts = [f"{count_text(usage.input_tokens)} in", f"{count_text(usage.output_tokens)} out"]
        parts += [f"{count_text(usage.cached_input_tokens)} of the input cached"] if usage.cached_input_tokens else []
        parts += [f"{count_text(usage.reasoning_tokens)} of the output reasoning"] if usage.reasoning_tokens else []
        yield "tokens", ", ".join(part for part in parts if not part.startswith(" "))
    if model.time_to_first_token_ns is not None:
        yield "first token after", duration_text(model.time_to_first_token_ns)
    if model.finish_reason:
        yield "finished because", model.finish_reason
    if model.cached:
        yield "answered by", "the framework's cache"
    for name, value in model.parameters.items():
        yield name, recorded_fact(value if isinstance(value, str) else _json(value), in_file=not alone)


def _values(report: Report, span: Span, *, fold: bool, alone: bool) -> Iterator[Html]:
    yield from _value(report, span, "input", span.input, fold=fold, alone=alone)
    yield from _value(report, span, "output", span.output, fold=fold, alone=alone)


def _value(
    report: Report, span: Span, field: str, value: JsonValue, *, alone: bool, title: str = "", fold: bool = False
) -> Iterator[Html]:
    """A recorded value: chat messages one after the other, a text as it is, all else as JSON."""
    if value is None:
        return
    messages = messages_in(value)
    if messages and len(messages) <= _MOST_MESSAGES:
        shown = element("div", *_messages(report, span, field, messages, alone=alone), class_="messages")
        if rest := _beside_messages(value):
            shown = join(shown, recorded(_json(rest), in_file=not alone))
    else:
        shown = recorded(value if isinstance(value, str) else _json(value), in_file=not alone)
    title = title or field.capitalize()
    if fold:
        yield element("details", element("summary", title), shown, class_="more")
    else:
        yield join(element("h3", title), shown)


def _messages(
    report: Report, span: Span, field: str, messages: list[dict[str, JsonValue]], *, alone: bool
) -> Iterator[Html]:
    """The messages in a field; of a long history only the last, where another step shows all of it."""
    history = report.history
    known = history.shows(span, field, messages) if history is not None else 0
    if history is not None and known:
        where = step_link(history.span.id, f"the {history.field} of {history.span.name}")
        yield element("p", f"{known} messages before these: the first in ", where, ".", class_="soft")
    yield from (_message(message, alone=alone) for message in messages[known:])


def _beside_messages(value: JsonValue) -> dict[str, JsonValue]:
    """What else there is in the state of a graph."""
    if not isinstance(value, dict) or is_message(value):
        return {}
    return {name: item for name, item in value.items() if name != TYPE_KEY and not messages_in(item)}


def _message(message: dict[str, JsonValue], *, alone: bool) -> Html:
    role = text_of(message.get("role")) or "message"
    calls = message.get("tool_calls")
    parts: list[str] = [element("span", role, class_="who")]
    if text := text_of(message.get("content")):
        parts.append(recorded(text, in_file=not alone))
    if calls:
        parts.append(recorded(_json(calls), in_file=not alone, class_="calls"))
    return element("div", *parts, class_=f"message {role if role.isalpha() else ''}")


def _rest(span: Span, *, alone: bool) -> Iterator[Html]:
    if span.notes:
        yield element("p", f"Recorded with losses: {'; '.join(span.notes)}", class_="empty")
    facts: dict[str, JsonValue] = {
        "attributes": {name: value for name, value in span.attributes.items() if name not in ("template", "variables")},
        "metadata": span.metadata,
        "tags": [*span.tags],
    }
    left: JsonValue = {name: value for name, value in facts.items() if value}
    if left:
        yield element(
            "details", element("summary", "Metadata"), recorded(_json(left), in_file=not alone), class_="more"
        )


def _json(value: JsonValue) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # lone surrogates
        return str(value)
