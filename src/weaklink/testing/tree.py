"""A trace out of one line: "chain > retriever!, llm"."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weaklink.errors import WeaklinkError
from weaklink.model import KINDS, STATUSES, Document, ModelCall, Span, SpanError, SpanStatus, Trace, Usage
from weaklink.testing.builders import document

START_NS = 1_767_225_600_000_000_000
"""When built traces start: 2026-01-01, 00:00 UTC."""
LEAF_NS = 1_000_000
"""How long a step without children takes: one millisecond."""

_SIGNS = re.compile(r"([>,()])")
_STEP = re.compile(r"(?P<name>[\w. -]*\w)(?::(?P<kind>\w+))?(?P<marks>(?:[!*]|\[\w+\])*)")
_STATUS = re.compile(r"\[(\w+)\]")


@dataclass(slots=True)
class _Step:
    name: str
    kind: str
    status: SpanStatus = "ok"
    plumbing: bool = False
    children: list["_Step"] = field(default_factory=list["_Step"])


def build(tree: str, question: str = "", answer: str = "", *, trace_id: int = 1, **fields: Mapping[str, Any]) -> Trace:
    """The trace that `tree` describes: `>` goes to the children, `,` to the next sibling, parentheses keep a subtree together.

    A step is `kind` or `name:kind`. `!` after it: it raised, and so did all above it, as frameworks report it;
    `[recovered]`, `[cancelled]` and so on: it ended so; `*`: plumbing of the framework.
    `question` and `answer` go to the root. A keyword named after a step sets fields of its span: `input`, `output`,
    `documents` and `candidates` (texts, or what `document()` gives), `error` (an exception or a text), `tokens`
    (of input and output), or any other field of Span. Raises WeaklinkError where the line or a keyword makes no sense.

        build("chain > retriever, llm", "Who?", "Ada.", retriever={"documents": ["Ada did."]}, llm={"output": "Ada."})
        build("app:chain > (retriever > embedding), prompt, llm!, parser[incomplete]")
    """
    root = _parsed(tree)
    spans = [_span(step, number, parent, trace_id, span) for number, (step, parent, span) in enumerate(_placed(root))]
    names = {span.name for span in spans}
    unknown = [name for name in fields if name not in names]
    if unknown:
        raise WeaklinkError(
            f"cannot set fields of {unknown[0]!r}: the trace has no such step; use one of {', '.join(sorted(names))}"
        )
    given: dict[str, dict[str, Any]] = {name: dict(values) for name, values in fields.items()}
    if question:
        given.setdefault(root.name, {}).setdefault("input", question)
    if answer:
        given.setdefault(root.name, {}).setdefault("output", answer)
    return Trace.of(_filled(span, given.get(span.name, {})) for span in _with_errors(spans, given))


def _parsed(tree: str) -> _Step:
    stack: list[list[_Step]] = [[]]
    depths: list[int] = []
    for sign, step in _tokens(tree):
        if step is not None:
            stack[-1].append(step)
        elif sign == ">":
            if not stack[-1]:
                raise _nonsense(tree, "'>' has no step before it")
            stack.append(stack[-1][-1].children)
        elif sign == "(":
            depths.append(len(stack))
        elif sign == ")":
            if not depths:
                raise _nonsense(tree, "')' closes nothing")
            del stack[depths.pop() :]
    if len(stack[0]) != 1 or depths:
        raise _nonsense(tree, "'(' is never closed" if depths else f"it has {len(stack[0])} roots")
    return stack[0][0]


def _tokens(tree: str) -> Iterator[tuple[str, _Step | None]]:
    for token in filter(None, map(str.strip, _SIGNS.split(tree))):
        if token in ">,()":
            yield token, None
            continue
        match = _STEP.fullmatch(token)
        if match is None:
            raise _nonsense(tree, f"{token!r} is no step")
        yield "", _step(tree, match["name"], match["kind"], match["marks"])


def _step(tree: str, name: str, kind: str | None, marks: str) -> _Step:
    kind = kind or name
    if kind not in KINDS:
        raise _nonsense(tree, f"{kind!r} is no kind of step; write name:kind, with one of {', '.join(KINDS)}")
    named = _STATUS.search(marks)
    status = named[1] if named else "error" if "!" in marks else "ok"
    if status not in STATUSES:
        raise _nonsense(tree, f"{status!r} is no status; use one of {', '.join(STATUSES)}")
    return _Step(name, kind, status, "*" in marks)


def _nonsense(tree: str, why: str) -> WeaklinkError:
    return WeaklinkError(f"the tree {tree!r} cannot be built: {why}; write it like 'chain > retriever!, llm'")


def _placed(root: _Step) -> Iterator[tuple[_Step, int | None, tuple[int, int]]]:
    """Each step with its parent's number, its start and its duration, in the order they started."""
    order: list[tuple[_Step, int | None, tuple[int, int]]] = []

    def place(step: _Step, parent: int | None, start: int) -> int:
        number = len(order)
        order.append((step, parent, (start, 0)))
        now = start
        for child in step.children:
            now = place(child, number, now)
        duration = max(now - start, LEAF_NS)
        order[number] = (step, parent, (start, duration))
        return start + duration

    place(root, None, START_NS)
    # Children start with their parents, so a nanosecond for each keeps the order; all end when they would have.
    return ((step, parent, (start + n, duration - n)) for n, (step, parent, (start, duration)) in enumerate(order))


def _span(step: _Step, number: int, parent: int | None, trace_id: int, span: tuple[int, int]) -> Span:
    def name(of: int) -> str:
        return f"{of:016x}{trace_id:016x}"  # ids are told apart by their ends

    start, duration = span
    return Span.model_validate(
        {
            "id": name(number), "trace_id": name(0), "parent_id": None if parent is None else name(parent),
            "name": step.name, "kind": step.kind, "status": step.status, "start_ns": start, "plumbing": step.plumbing,
            "duration_ns": None if step.status == "incomplete" else duration,
        }
    )  # fmt: skip


def _with_errors(spans: Sequence[Span], given: Mapping[str, Mapping[str, Any]]) -> list[Span]:
    """An error on each failed step, and the same one on all above a step that raised."""
    found = {span.id: span for span in spans}
    for span in spans:
        if span.failed:
            error = _error(given.get(span.name, {}).get("error"), span.name, span.id)
            found[span.id] = span.model_copy(update={"error": error})
            above = found.get(span.parent_id or "") if span.status == "error" else None
            while above is not None:
                found[above.id] = above.model_copy(update={"status": "error", "error": error})
                above = found.get(above.parent_id or "")
    return list(found.values())


def _error(given: Any, name: str, origin: str) -> SpanError:
    if isinstance(given, SpanError):
        return given
    if isinstance(given, BaseException):
        return SpanError(type=type(given).__name__, message=str(given), origin=origin)
    return SpanError(type="RuntimeError", message=str(given or f"{name} failed"), origin=origin)


def _filled(span: Span, given: Mapping[str, Any]) -> Span:
    unknown = [name for name in given if name not in Span.model_fields and name != "tokens"]
    if unknown:
        raise WeaklinkError(
            f"cannot set {unknown[0]!r} of {span.name!r}: a span has no such field; use a field of weaklink.Span"
        )
    values = {name: value for name, value in given.items() if name not in ("error", "tokens")}
    for name in ("documents", "candidates"):
        if name in values:
            values[name] = tuple(_document(item, rank) for rank, item in enumerate(values[name], start=1))
    if "tokens" in given:
        usage = Usage(input_tokens=given["tokens"][0], output_tokens=given["tokens"][1])
        values.setdefault("model", ModelCall(name="model", usage=usage))
    return Span.model_validate(span.model_dump() | values) if values else span


def _document(item: Any, rank: int) -> Document:
    return (item if isinstance(item, Document) else document(str(item))).model_copy(update={"rank": rank})
