"""Appends (run id, parent, time) tuples to a list and nothing else: the practical limit of a handler."""

from pathlib import Path
from time import perf_counter_ns
from typing import Any
from uuid import UUID

from benchmarks.overhead.contender import Contender, Counts, Tracing

Row = tuple[UUID, UUID | None, int]
KINDS = ("chain", "llm", "retriever", "tool")


def handler_appending_to(rows: list[Row], inline: bool) -> Any:
    """A LangChain handler; an end is a row with a negative time.

    With `inline`, LangChain's async path calls it directly; without, each event hops through an executor.
    """
    from langchain_core.callbacks import BaseCallbackHandler

    # Positional-only: LangChain passes a tool's `inputs` by keyword as well (core 1.7).
    def start(
        self: object, serialized: Any, given: Any, /, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        rows.append((run_id, parent_run_id, perf_counter_ns()))

    def end(self: object, returned: Any, /, *, run_id: UUID, **kwargs: Any) -> None:
        rows.append((run_id, None, -perf_counter_ns()))

    hooks: dict[str, Any] = {f"on_{kind}_start": start for kind in KINDS} | {"on_chat_model_start": start}
    hooks |= {f"on_{kind}_{how}": end for kind in KINDS for how in ("end", "error")}
    return type("Append", (BaseCallbackHandler,), hooks | {"run_inline": inline})()


def appending(inline: bool) -> Tracing:
    """Counts the ends and empties the list at each flush, so that the list does not grow for ever."""
    rows: list[Row] = []
    total = Counts(0, 0)

    def flush() -> None:
        nonlocal total
        ends = sum(1 for row in rows if row[2] < 0)
        total = Counts(total.spans + len(rows) - ends, total.ended + ends)
        rows.clear()

    handler = handler_appending_to(rows, inline)
    return Tracing(config=lambda: {"callbacks": [handler]}, flush=flush, count=lambda: total)


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """The handler as most are written."""
    return appending(inline=False)


def start_inline(framework: str, sink: str, tmp: Path) -> Tracing:
    """The same with run_inline = True."""
    return appending(inline=True)


APPEND = Contender("append", start)
APPEND_INLINE = Contender("append-inline", start_inline)
