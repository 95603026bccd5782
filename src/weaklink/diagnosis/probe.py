"""Asking the live store again, after the call: did the search miss the passage, or is it not in the corpus?

Opt-in, with a bound on calls and time; never during the user's call.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weaklink.diagnosis.finding import Finding, quote
from weaklink.diagnosis.limits import Limits
from weaklink.errors import WeaklinkError
from weaklink.model import Document, Evidence, Trace, text_of
from weaklink.model.roles import roles

if TYPE_CHECKING:
    from weaklink.diagnosis.blame import Named

Search = Callable[[str, int], Sequence[str | Document]]
"""The live retriever: (query, k) -> the k best passages, the best first."""

_MOST_K = 50


class NothingToProbe(WeaklinkError):
    """You probed a trace without a retriever, or without a question."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a deeper search found."""

    span_id: str
    """The retriever that was probed."""
    asked: tuple[str, ...]
    """The queries, each searched down to `depth`."""
    depth: int
    before: float
    """Sufficiency, 0..1, of what the retriever had returned."""
    after: float
    """The best sufficiency that a deeper search reached."""
    rank: int | None
    """From 1: how deep the best new passage lies, which is the k that would have worked; None where nothing better was found."""
    query: str
    """The query that found it."""
    passage: str
    """Its text; "" where nothing better was found."""

    @property
    def found_better(self) -> bool:
        """The store holds what the retriever did not return."""
        return self.rank is not None

    @property
    def texts(self) -> tuple[str, ...]:
        """What the search found beyond what the retriever returned; empty where that is nothing better."""
        return (self.passage,) if self.found_better else ()

    def apply(self, found: "list[Named]") -> "list[Named]":
        """Findings about this retriever, told apart: missed by the search, or missing from the corpus."""
        return [self._tell_apart(named) for named in found]

    def _tell_apart(self, named: "Named") -> "Named":
        if named.finding.span_id != self.span_id or named.rule.__name__ not in (
            "missing_content",
            "off_topic",
            "no_results",
        ):
            return named
        if not self.found_better:
            says = f"{named.finding.says}; a search down to {self.depth} for {len(self.asked)} queries found nothing better"
            return replace(
                named, finding=replace(named.finding, says=says, advice="add the missing content to the corpus")
            )
        evidence = [Evidence(says=f"in the store: “{quote(self.passage)}”"), *named.finding.evidence]
        how = f"at rank {self.rank}" + ("" if self.query == self.asked[0] else f" for “{quote(self.query, 60)}”")
        says = f"the store holds a passage that answers, {how}, and the retriever did not return it"
        advice = (
            f"raise k to {self.rank}" if self.query == self.asked[0] else "search with the question as it was asked"
        )
        finding = Finding(
            self.span_id, max(named.finding.strength, 0.6), says, evidence, f"{advice}, or rerank a deeper list"
        )
        return replace(named, rule=missed, finding=finding)


def missed(trace: object, scores: object, limits: Limits) -> tuple[Finding, ...]:
    """The store holds the passage, and the search did not return it. Only a probe can find this."""
    return ()


def probe(trace: Trace, search: Search, *, depth: int = _MOST_K, timeout: float = 5.0) -> Probe:
    """Search the live store deeper, with the retriever's query and with the user's own question.

    `search(query, k)` returns the k best passages; it is called at most twice, and not again after `timeout` seconds.
    Raises NothingToProbe where the trace has no retriever or no question.
    """
    from weaklink.scoring.sufficiency import sufficiency

    retrievers = [span for span in trace.of_kind("retriever") if roles(trace).get(span.id) == "retrieve"]
    if not retrievers or not trace.question:
        raise NothingToProbe("this trace cannot be probed: it has no retriever, or no question; record the whole chain")
    span = retrievers[-1]
    had = [document.content for document in span.documents]
    before = sufficiency(trace.question, had).value or 0.0 if had else 0.0
    best = (before, None, "", "")
    queries = tuple(dict.fromkeys(query for query in (text_of(span.input), trace.question) if query.strip()))
    deadline = time.monotonic() + timeout
    for query in queries:
        if time.monotonic() > deadline:
            break
        for rank, passage in enumerate(search(query, depth)[:depth], start=1):
            text = passage.content if isinstance(passage, Document) else passage
            if text in had:
                continue
            value = sufficiency(trace.question, [text]).value or 0.0
            if value > best[0] + 0.1:
                best = (value, rank, query, text)
    return Probe(span.id, queries, depth, before, best[0], best[1], best[2], best[3])
