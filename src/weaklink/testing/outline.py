"""A trace as one line: what `build` reads, the other way round."""

from weaklink.model import Span, Trace


def outline(trace: Trace, *, plumbing: bool = False) -> str:
    """The tree of `trace` as `build` would be told it, such as "chain > (retriever!, llm)"; children in the order they started.

    A step whose name is not its kind is `name:kind`. Steps of the framework are left out, and what is below them hangs on the
    next step above, unless `plumbing` asks for them; they are marked `*`. `!` is the status "error", `[status]` any other but "ok".
    """
    return _line(trace, trace.root, plumbing)


def _line(trace: Trace, span: Span, plumbing: bool) -> str:
    below = [_line(trace, child, plumbing) for child in _children(trace, span, plumbing)]
    if not below:
        return _step(span)
    return f"{_step(span)} > {below[0]}" if len(below) == 1 else f"{_step(span)} > ({', '.join(below)})"


def _children(trace: Trace, span: Span, plumbing: bool) -> list[Span]:
    found: list[Span] = []
    for child in trace.children(span):
        found += [child] if plumbing or not child.plumbing else _children(trace, child, plumbing)
    return found


def _step(span: Span) -> str:
    named = span.kind if span.name == span.kind else f"{span.name}:{span.kind}"
    status = {"ok": "", "error": "!"}.get(span.status, f"[{span.status}]")
    return f"{named}{status}{'*' if span.plumbing else ''}"
