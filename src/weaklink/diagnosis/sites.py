"""All texts of a trace in the order in which they arose, to find the first ones that have a value."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from weaklink.diagnosis.values import Contents, Value, contents_of
from weaklink.model import TYPE_KEY, Span, SpanKind, Trace, text_of, type_of
from weaklink.model.origin import Source
from weaklink.scoring.text.tokens import tokenise

_ENDS = 64
"""How many texts at each end of a long run are read for another spelling of a value."""
_WRITERS: tuple[SpanKind, ...] = ("llm", "agent")


@dataclass(frozen=True, slots=True)
class Site:
    """One text that a step was given or gave."""

    span: Span
    field: str
    text: str

    @property
    def source(self) -> Source:
        """Whether the step was given the text, found it, or wrote it."""
        if self.field == "input":
            # A model writes the arguments of a tool, whether or not its own output was recorded with them.
            return "written" if self.span.kind == "tool" else "given"
        return "written" if self.span.kind in _WRITERS else "found"


class Sites:
    """The texts of one trace, each once, where it first arose; read only as far as a value that is looked up takes.

    The words and numbers of what was read are kept, so that looking up many values reads each text once.
    """

    def __init__(self, trace: Trace) -> None:
        """Look at `trace`, which is not changed."""
        self._trace = trace
        self._contents: list[Contents] = []
        self._stemmed = 0
        self._first_with: dict[str, int] = {}
        """Number of the first text with a word, by its stem; of as many texts as `_stemmed` says."""
        self._having: dict[str, list[int]] = defaultdict(list)
        """Numbers of the texts read so far that have a word or, after a "#", a number."""

    def having(self, value: Value) -> Iterator[Site]:
        """The texts that have the value, the earliest first."""
        known = len(self._contents)
        for number in self._candidates(value):
            if self._contents[number].has(value):
                yield self.all[number]
        for number in range(known, len(self.all)):
            if self._read(number).has(value):
                yield self.all[number]

    def was_said(self, stems: Iterable[str], span: Span) -> bool:
        """Whether a text that arose before the output of `span` has one of the words, given as tokens have them."""
        end = self._before_output[span.id]
        for number in range(self._stemmed, end):
            for token in tokenise(self.all[number].text):
                self._first_with.setdefault(token.value, number)
        self._stemmed = max(self._stemmed, end)
        return any(self._first_with.get(stem, end) < end for stem in stems)

    def said_before(self, span: Span) -> str:
        """What was asked, prompted and found before the output of `span`; of a long run, what came first and last."""
        end = self._before_output[span.id]
        sites = self.all[: min(end, _ENDS)] + self.all[max(end - _ENDS, _ENDS) : end]
        return "\n".join(site.text for site in sites if site.source != "written")

    @property
    def all(self) -> tuple[Site, ...]:
        """Each text once: what goes into a step before all below it, what comes out of it after."""
        return self._collected[0]

    @property
    def _before_output(self) -> dict[str, int]:
        """How many texts had arisen before the output of a span, by its id."""
        return self._collected[1]

    @cached_property
    def _collected(self) -> tuple[tuple[Site, ...], dict[str, int]]:
        sites: list[Site] = []
        before: dict[str, int] = {}
        seen: set[str] = set()
        pieces = _Pieces()
        for span, field in _in_order(self._trace):
            if field == "output":
                before[span.id] = len(sites)
            for part, text in pieces.of(span, field):
                if text not in seen:
                    seen.add(text)
                    sites.append(Site(span, part, text))
        return tuple(sites), before

    def _candidates(self, value: Value) -> Sequence[int]:
        """Those of the texts read so far that can have the value: they have its rarest word."""
        places = [self._having.get(word, []) for word in _words_of(value)]
        return [*min(places, key=len, default=range(len(self._contents)))]

    def _read(self, number: int) -> Contents:
        if number == len(self._contents):
            found = contents_of(self.all[number].text)
            self._contents.append(found)
            for word in found.words:
                self._having[word].append(number)
            for key in found.numbers:
                self._having[f"#{key}"].append(number)
        return self._contents[number]


def _words_of(value: Value) -> list[str]:
    """What a text must have to have the value: words, or numbers after a "#"."""
    if value.kind in ("number", "date", "time"):
        return [f"#{key}" for key in value.keys]
    if value.kind == "name":
        return list(value.keys)
    return [*contents_of(value.keys[0]).words]


def pieces_of(value: JsonValue) -> Iterator[str]:
    """The texts of a recorded value one by one: the same message stands in the prompt of every later call."""
    return _Pieces().inside(value)


class _Pieces:
    """Reads recorded values piece by piece, and of a list that begins as an earlier one does only what is new in it.

    The messages of a conversation pile up: without that, reading all prompts takes the square of their number.
    """

    def __init__(self) -> None:
        self._lists: dict[str, list[JsonValue]] = {}

    def of(self, span: Span, field: str) -> Iterator[tuple[str, str]]:
        """The texts of a step's "input", or of its documents and output, each with the field where it stands."""
        if field == "input":
            yield from (("input", text) for text in self.inside(span.input))
            return
        for index, document in enumerate(span.documents):
            yield f"documents.{index}", document.content
            yield from ((f"documents.{index}", text) for text in self.inside(document.metadata))
        if span.kind != "embedding":  # how many vectors there are, of how many numbers, is nobody's source
            yield from (("output", text) for text in self.inside(span.output))

    def inside(self, value: JsonValue) -> Iterator[str]:
        if isinstance(value, list):
            for item in self._new_in(value):
                yield from self.inside(item)
        elif isinstance(value, dict) and type_of(value) not in ("message", "document"):
            for key, item in value.items():
                if key != TYPE_KEY:
                    yield from self.inside(item)
        elif text := text_of(value):
            yield text

    def _new_in(self, items: list[JsonValue]) -> Iterable[JsonValue]:
        if not items:
            return items
        beginning = text_of(items[0])
        before = self._lists.get(beginning, [])
        self._lists[beginning] = items
        return items[len(before) :] if before and items[: len(before)] == before else items


def _in_order(trace: Trace) -> Iterator[tuple[Span, str]]:
    stack: list[tuple[Span, str]] = [(trace.root, "input")]
    seen: set[str] = set()
    while stack:
        span, field = stack.pop()
        yield span, field
        if field == "input" and span.id not in seen:
            seen.add(span.id)
            stack.append((span, "output"))
            stack.extend((child, "input") for child in reversed(trace.children(span)) if child.id not in seen)
