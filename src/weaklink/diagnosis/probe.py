"""Asking the live store again, after the call: did the search miss the passage, or is it not in the corpus?

Opt-in, with a bound on calls and time; never during the user's call.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import numpy as np

from weaklink.diagnosis.finding import Finding, quote
from weaklink.diagnosis.funnel import claims_in
from weaklink.diagnosis.limits import Limits
from weaklink.diagnosis.live import Live, Search, Stored, live_of
from weaklink.errors import WeaklinkError
from weaklink.model import Document, Evidence, Span, Trace, text_of
from weaklink.model.roles import roles
from weaklink.muting import muted
from weaklink.scoring.question import bm25, frequencies, read_question
from weaklink.scoring.sufficiency import sufficiency

if TYPE_CHECKING:
    from weaklink.diagnosis.blame import Named

__all__ = ["Attempt", "NothingToProbe", "Probe", "Search", "missed", "probe"]

Way = Literal["deeper", "question", "exact", "keywords"]
_T = TypeVar("_T")

_MOST_K: Final = 50
_MOST_STORED: Final = 5_000
_BETTER: Final = 0.1
_AS_GOOD: Final = 0.05
_TOLD_APART: Final = ("missing_content", "off_topic", "no_results")
_ADVICE: Final[dict[Way, str]] = {
    "deeper": "raise k from {had} to {rank}, or rerank a list that long",
    "question": "search with the question as it was asked: that finds it at rank {rank}",
    "exact": "let the index search more exactly (Chroma: search_ef; HNSW: ef; IVF: nprobe) or build it anew: an exact search has "
    "it at rank {rank}",
    "keywords": "search for words too (hybrid search): BM25 has it at rank {rank}",
}


class NothingToProbe(WeaklinkError):
    """You probed a trace that is still running, has no retriever, or no question."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One other way of searching, and what it found."""

    way: Way
    """"deeper": the same query with a larger k; "question": the user's own question; "exact": every stored vector compared;
    "keywords": BM25 over the stored passages."""
    query: str
    searched: int
    """How many passages it looked at; 0 where the store does not allow it, or the time was up."""
    rank: int | None = None
    """From 1: where the first passage stands that answers better than what the retriever returned; None where there is none."""
    passage: str = ""
    value: float = 0.0
    """How well that passage answers, 0..1."""
    problem: str = ""
    """Why it could not be tried."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What other ways of searching found."""

    span_id: str
    """The retriever that was probed."""
    asked: tuple[str, ...]
    """The queries that were searched with."""
    depth: int
    """Down to which rank."""
    before: float
    """How well, 0..1, the passages that the retriever had returned answer."""
    after: float
    """The same of the best passage that was found; `before` where nothing better was."""
    rank: int | None
    """From 1: how deep the passage lies, which is the k that would have worked; None where nothing better was found."""
    query: str
    """The query that found it."""
    passage: str
    """Its text; "" where nothing better was found."""
    way: Way = "deeper"
    """How it was found; of several ways the one with the lowest rank."""
    had: int = 0
    """How many passages the retriever had returned."""
    attempts: tuple[Attempt, ...] = ()

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
        if named.finding.span_id != self.span_id or named.rule.__name__ not in _TOLD_APART:
            return named
        if not self.found_better:
            ways = [attempt.way for attempt in self.attempts if attempt.searched] or ["deeper"]
            says = f"{named.finding.says}; a search down to rank {self.depth} ({', '.join(ways)}) found nothing better"
            return replace(
                named, finding=replace(named.finding, says=says, advice="add the missing content to the corpus")
            )
        evidence = [Evidence(says=f"in the store: “{quote(self.passage)}”"), *named.finding.evidence]
        says = f"the store holds a passage that answers, {self._how()}, and the retriever did not return it"
        advice = _ADVICE[self.way].format(had=self.had, rank=self.rank)
        finding = Finding(self.span_id, max(named.finding.strength, 0.6), says, evidence, advice)
        return replace(named, rule=missed, finding=finding)

    def _how(self) -> str:
        return {
            "deeper": f"at rank {self.rank}",
            "question": f"at rank {self.rank} for “{quote(self.query, 60)}”",
            "exact": f"at rank {self.rank} of an exact search",
            "keywords": f"at rank {self.rank} of a search for words",
        }[self.way]


def missed(trace: object, scores: object, limits: Limits) -> tuple[Finding, ...]:
    """The store holds the passage, and the search did not return it. Only a probe can find this."""
    return ()


def probe(
    trace: Trace,
    live: Any,
    *,
    depth: int = _MOST_K,
    timeout: float = 5.0,
    reference: str | None = None,
    most_stored: int = _MOST_STORED,
) -> Probe:
    """Ask the live store in other ways than the chain did, and say which of them would have found a passage that answers.

    `live` is a LangChain vector store or a retriever over one, a LlamaIndex index, retriever or query engine, or a function
    (query, k) -> the k best passages. Four ways are tried: the retriever's query down to rank `depth`; the user's own question,
    where that is another one; an exact comparison with every stored vector, and BM25, where the store gives its passages away
    (at most `most_stored` of them). That is at most four calls of the live object, none after `timeout` seconds in all; one that
    hangs is left behind. With a `reference` answer a passage answers where it holds one of its claims.
    Raises NothingToProbe where the trace is still running or has nothing to probe, NothingToAsk for an object that cannot be asked.
    """
    span = _probed(trace)
    asked = _Asked(live_of(live), time.monotonic() + timeout, depth, most_stored)
    judge = _Judge(trace, span, reference)
    queries = tuple(dict.fromkeys(query for query in (text_of(span.input), trace.question) if query.strip()))
    attempts = tuple(
        judge.attempt(way, query, found, problem) for way, query, found, problem in asked.rankings(queries)
    )
    best = min((one for one in attempts if one.rank is not None), key=lambda one: one.rank or 0, default=None)
    found = (judge.before, None, "", "") if best is None else (best.value, best.rank, best.query, best.passage)
    return Probe(
        span.id, queries, depth, judge.before, *found, way=best.way if best else "deeper", had=len(span.documents),
        attempts=attempts,
    )  # fmt: skip


def _probed(trace: Trace) -> Span:
    if trace.duration_ns is None:
        raise NothingToProbe("this trace cannot be probed: its call is still running; wait until it has ended")
    retrievers = [span for span in trace.of_kind("retriever") if roles(trace).get(span.id) == "retrieve"]
    if not retrievers or not trace.question:
        raise NothingToProbe("this trace cannot be probed: it has no retriever, or no question; record the whole chain")
    return retrievers[-1]


class _Judge:
    """Says of a list of passages where the first one stands that answers better than what the retriever had returned."""

    def __init__(self, trace: Trace, span: Span, reference: str | None) -> None:
        self._question = trace.question
        self._reference = reference
        self._had = {document.content.strip() for document in span.documents}
        self.before = self._value([document.content for document in span.documents]) if span.documents else 0.0

    def attempt(self, way: Way, query: str, passages: Sequence[str], problem: str) -> Attempt:
        values = [0.0 if text.strip() in self._had else self._value([text]) for text in passages]
        best = max(values, default=0.0)
        if best <= self.before + _BETTER:
            return Attempt(way, query, len(passages), problem=problem)
        rank = next(number for number, value in enumerate(values) if value >= best - _AS_GOOD)
        return Attempt(way, query, len(passages), rank + 1, passages[rank], values[rank])

    def _value(self, passages: Sequence[str]) -> float:
        if self._reference is None:
            return sufficiency(self._question, passages).value or 0.0
        claims = claims_in(self._reference, passages, self._question)
        return sum(claim.state == "held" for claim in claims) / len(claims) if claims else 0.0


@dataclass(slots=True)
class _Asked:
    """The live object, and how long it may be asked."""

    live: Live
    deadline: float
    depth: int
    most_stored: int

    def rankings(self, queries: Sequence[str]) -> Iterator[tuple[Way, str, Sequence[str], str]]:
        """Way, query, the passages in the order found, and why there are none."""
        ways: tuple[Way, ...] = ("deeper", "question")
        for way, query in zip(ways, queries, strict=False):
            found, problem = self._call(lambda asked=query: self.live.search(asked, self.depth))
            texts = [one.content if isinstance(one, Document) else str(one) for one in (found or ())[: self.depth]]
            yield way, query, texts, problem
        fetch = self.live.stored
        if fetch is None:
            return
        stored, problem = self._call(lambda: fetch(self.most_stored))
        if stored is None:
            problem = problem or "the store does not give its passages away"
            yield "exact", queries[0], (), problem
            yield "keywords", queries[-1], (), problem
            return
        yield self._exact(stored, queries[0])
        yield "keywords", queries[-1], self._by_words(stored.texts, queries[-1]), ""

    def _exact(self, stored: Stored, query: str) -> tuple[Way, str, Sequence[str], str]:
        embed, vectors = self.live.embed, stored.vectors
        if embed is None or vectors is None:
            return "exact", query, (), "the store does not give its vectors away"
        vector, problem = self._call(lambda: embed(query))
        if vector is None or len(vector) != vectors.shape[1]:
            return "exact", query, (), problem or "the query's vector has another length than the stored ones"
        wanted = np.asarray(vector, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1) * (float(np.linalg.norm(wanted)) or 1.0)
        order = np.argsort(-(vectors @ wanted) / np.where(lengths == 0, 1, lengths), kind="stable")
        return "exact", query, [stored.texts[int(number)] for number in order[: self.depth]], ""

    def _by_words(self, texts: Sequence[str], query: str) -> list[str]:
        asked = read_question(query)
        found: list[tuple[float, int]] = []
        for number, text in enumerate(texts):
            if time.monotonic() > self.deadline:
                break
            counts = frequencies(text)
            if (value := bm25(asked, counts, counts.total())) > 0:
                found.append((-value, number))
        return [texts[number] for _, number in sorted(found)[: self.depth]]

    def _call(self, ask: Callable[[], _T]) -> tuple[_T | None, str]:
        """What the live object says within the time that is left; None and the reason where it says nothing."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            return None, "the time was up"
        said: list[_T] = []
        failed: list[str] = []

        def run() -> None:
            try:
                with muted():  # what we ask is no call of the user's
                    said.append(ask())
            except Exception as error:  # noqa: BLE001 - a store that fails is a result of the probe
                failed.append(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=copy_context().run, args=(run,), name="weaklink-probe", daemon=True)
        thread.start()
        thread.join(left)
        if said:
            return said[0], ""
        return None, failed[0] if failed else "the time was up"
