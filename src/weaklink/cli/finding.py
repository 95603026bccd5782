"""Which traces the user means."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from weaklink.errors import AmbiguousTrace, UnknownTrace, WeaklinkError

if TYPE_CHECKING:
    from weaklink.model import Trace
    from weaklink.store import Store

ATTACH = """Attach Weaklink to your chain, run it, and look again:

  from weaklink_langchain import WeaklinkCallbackHandler
  chain.invoke(question, config={"callbacks": [WeaklinkCallbackHandler()]})

Or see it on a chain that is already there:

  weaklink demo --llm scripted"""
_SHORTEST_ID = 2
_MOST_S = 5.0


def reading(store: str | None) -> Store:
    """The store that is there, for reading; raises StoreError where there is none."""
    from weaklink.store import open_store

    return open_store(store)


def find_trace(store: Store, wanted: str) -> Trace:
    """The trace that `wanted` names: "last", or an id, or its end. Raises UnknownTrace or AmbiguousTrace."""
    return store.latest() if wanted.strip().lower() in ("last", "latest", "") else store.get(wanted)


def find_traces(store: Store, wanted: str | None, limit: int) -> list[Trace]:
    """The traces that `wanted` names: nothing for the newest, an id or its end, "last", or a query."""
    make_ready(store, wanted)
    if wanted is None:
        found = list(store.traces(limit=limit))
        if not found:
            store.latest()  # says that the store is empty
        return found
    if wanted.strip().lower() == "last":
        return [store.latest()]
    doubt: WeaklinkError | None = None
    if looks_like_id(wanted):
        try:
            return [store.get(wanted)]
        except AmbiguousTrace as error:
            doubt = error
        except UnknownTrace:
            pass
    found = list(store.traces(wanted, limit=limit))
    if not found:
        raise doubt or UnknownTrace(
            f"no trace fits {wanted!r}: neither does an id end so, nor does the query find one; type: weaklink list"
        )
    return found


def make_ready(store: Store, query: str | None) -> None:
    """See to it that traces are diagnosed before a query asks what the diagnosis says; raises BadQuery."""
    from weaklink.cli.screen import hint, waiting
    from weaklink.examine import diagnosis_version, examine

    if not query or not store.parse(query).asks_for_diagnosis:
        return
    deadline = time.monotonic() + _MOST_S
    left = store.waiting(diagnosis_version())
    with waiting("diagnosing"):
        while left and time.monotonic() < deadline:
            examine(store.get(left.pop(0)), store)
    if left:
        hint(
            "Not all traces are diagnosed yet, and a query for verdicts or scores cannot find those: weaklink diagnose"
        )


def looks_like_id(text: str) -> bool:
    """Whether `text` can be the end of an id: hex digits, and at least one of them no letter."""
    plain = text.strip().lower().replace("-", "")
    is_hex = len(plain) >= _SHORTEST_ID and all(character in "0123456789abcdef" for character in plain)
    return is_hex and any(character.isdigit() for character in plain)


def store_name(store: Store) -> str:
    """Where the store is, for people."""
    path: object = getattr(store, "path", None)
    return str(path) if path is not None else "the store"
