"""Across traces: what do the broken ones share? Spectrum-based fault localisation over what each trace used."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from typing import Final, Literal

from pydantic import JsonValue

from weaklink.model import Span, Trace, Verdict, content_hash, text_of
from weaklink.model.roles import roles

Dimension = Literal["step", "prompt", "model", "index", "tool", "document source", "tag", "metadata"]

_INDEX_KEYS: Final = ("index", "index_name", "collection", "collection_name", "store", "embedding")
_LONGEST_LABEL: Final = 60
_LEAST_BROKEN: Final = 2
_BROKEN: Final[tuple[Verdict, ...]] = ("broken",)
_FINE: Final[tuple[Verdict, ...]] = ("ok", "recovered", "degraded")


@dataclass(frozen=True, slots=True, order=True)
class Used:
    """One thing that a trace used."""

    dimension: Dimension
    label: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A trace, as the ranking looks at it."""

    used: frozenset[Used]
    verdict: Verdict
    start_ns: int


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that broken traces have in common, more than the others."""

    used: tuple[Used, ...]
    """What it is; several things where they were always used together, so that nothing tells them apart."""
    broken: int
    """Broken traces that used it."""
    fine: int
    """Traces that went well and used it."""
    suspicion: float
    """Ochiai coefficient, 0..1 (Abreu, Zoeteweij, van Gemund 2007): 1 where all broken traces and no other used it."""
    chance: float
    """Probability that so many of the broken traces use it by chance (Fisher's exact test, one-sided), times the number of
    things that were compared (Bonferroni), at most 1."""


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What the broken traces share, the most suspicious first."""

    broken: int
    fine: int
    undecided: int
    """Traces whose verdict is unknown; they are left out."""
    shared: tuple[Shared, ...]


def observe(trace: Trace, verdict: Verdict) -> Observation:
    """What `trace` used: its steps, prompts, models, indexes, tools, sources of documents, tags and metadata."""
    found: set[Used] = set()
    role_of = roles(trace)
    for span in trace.steps:
        role = role_of.get(span.id)
        if role and span.id != trace.root.id:
            found.add(Used("step", f"{role} ({span.name})" if role != span.name else role))
        found.update(_of_span(span))
    found.update(Used("document source", document.source) for span in trace.dataflow.last_stage for document in span.documents
                 if _is_named(document.source, document.key))  # fmt: skip
    found.update(Used("tag", _label(tag)) for tag in trace.root.tags)
    found.update(Used("metadata", f"{key}={_label(value)}") for key, value in _plain(trace.root.metadata))
    return Observation(frozenset(found), verdict, trace.start_ns)


def spectrum(observations: Iterable[Observation], *, least_broken: int = _LEAST_BROKEN) -> Spectrum:
    """Rank what broken traces share, by Ochiai's coefficient.

    Left out is what fewer than `least_broken` broken traces used, and what is not more frequent among the broken ones than
    among the others: a step that every trace runs tells nothing.
    """
    seen = list(observations)
    decided = [one for one in seen if one.verdict in _BROKEN or one.verdict in _FINE]
    versions = _prompt_versions(decided)
    users: dict[Used, frozenset[int]] = _users(decided, versions)
    broken = frozenset(number for number, one in enumerate(decided) if one.verdict in _BROKEN)
    together: dict[frozenset[int], list[Used]] = defaultdict(list)
    for used, numbers in users.items():
        together[numbers].append(used)
    total, failed = len(decided), len(broken)
    found: list[Shared] = []
    for numbers, used in together.items():
        with_it = len(numbers & broken)
        if with_it < least_broken or with_it * total <= failed * len(numbers):
            continue
        chance = min(1.0, len(together) * _at_least(with_it, len(numbers), failed, total))
        suspicion = with_it / sqrt(failed * len(numbers))
        found.append(Shared(tuple(sorted(used)), with_it, len(numbers) - with_it, round(suspicion, 4), chance))
    found.sort(key=lambda shared: (-shared.suspicion, shared.chance, shared.used))
    return Spectrum(failed, total - failed, len(seen) - total, tuple(found))


def _users(decided: Sequence[Observation], versions: dict[str, str]) -> dict[Used, frozenset[int]]:
    """Each thing with the numbers of the traces that used it."""
    users: dict[Used, set[int]] = defaultdict(set)
    for number, one in enumerate(decided):
        for used in one.used:
            shown = Used("prompt", versions[used.label]) if used.dimension == "prompt" else used
            users[shown].add(number)
    return {used: frozenset(numbers) for used, numbers in users.items()}


def _prompt_versions(decided: Sequence[Observation]) -> dict[str, str]:
    """For each template of a prompt step its version, counted from v1 in the order in which they were first used."""
    versions: dict[str, str] = {}
    counts: dict[str, int] = defaultdict(int)
    for one in sorted(decided, key=lambda one: one.start_ns):
        for used in sorted(one.used):
            if used.dimension == "prompt" and used.label not in versions:
                name, _, digest = used.label.rpartition(" ")
                counts[name] += 1
                versions[used.label] = f"{name} v{counts[name]} ({digest})"
    return versions


def _of_span(span: Span) -> Iterable[Used]:
    if span.kind == "tool":
        yield Used("tool", span.name)
    if span.model is not None and span.model.name:
        yield Used("model", span.model.name)
    template = text_of(span.attributes.get("template")).strip()
    if template:
        yield Used("prompt", f"{span.name} {content_hash(template)[:6]}")
    if span.kind == "retriever":
        known = {**span.metadata, **span.attributes}
        yield from (Used("index", f"{key} {_label(known[key])}") for key in _INDEX_KEYS if _is_plain(known.get(key)))


def _plain(metadata: dict[str, JsonValue]) -> Iterable[tuple[str, JsonValue]]:
    return ((key, value) for key, value in sorted(metadata.items()) if _is_plain(value))


def _is_plain(value: JsonValue) -> bool:
    return isinstance(value, str | int | bool) and 0 < len(str(value)) <= _LONGEST_LABEL


def _is_named(source: str, key: str) -> bool:
    """A passage without any name of its own is called by its hash, which no other passage has."""
    return bool(source) and not key.startswith(source)


def _label(value: JsonValue) -> str:
    return text_of(value)[:_LONGEST_LABEL]


def _at_least(hits: int, drawn: int, marked: int, total: int) -> float:
    """Probability of `hits` or more marked ones among `drawn` of `total`, of which `marked` are (hypergeometric)."""
    ways = sum(comb(marked, k) * comb(total - marked, drawn - k) for k in range(hits, min(drawn, marked) + 1))
    return ways / comb(total, drawn)
