"""The passages of one answer, indexed: which unit holds which value, and where in the token stream it stands."""

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from weaklink.scoring.clauses import Clause, clauses_in
from weaklink.scoring.quantities import Quantity, counted, field_quantity, quantities_of
from weaklink.scoring.text.background import background_weight
from weaklink.scoring.text.tables import Table, fields_of, rows_across, tables_in
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit, is_record, units_of

_MAX_POSTINGS = 200
"""Units looked at per word; a word that stands in more tells nothing, and the bound keeps long contexts linear."""
_PRONOUNS = frozenset({"it", "its", "they", "their", "he", "she", "his", "her", "this", "these", "those"})


class ContextIndex:
    """Passages, cut into units, with inverted lists of their values."""

    def __init__(self, passages: Sequence[str]) -> None:
        """Index `passages`; costs linear time in their length."""
        self.units: list[Unit] = []
        self.passage_of: list[int] = []
        """For each unit, the index of its passage."""
        for number, passage in enumerate(passages):
            found = units_of(passage)
            self.units.extend(found)
            self.passage_of.extend([number] * len(found))
        self.is_record = any(is_record(passage) for passage in passages)
        self.stream: list[str] = [token.value for unit in self.units for token in unit.tokens]
        """The values of all tokens of all units, in order."""
        self.values: frozenset[str] = frozenset(self.stream).union(*(unit.values for unit in self.units if unit.key))
        self.passages: tuple[str, ...] = tuple(passages)
        self._clauses: dict[int, list[Clause]] = {}
        self.stated: dict[int, Sequence[Any]] = {}
        """For each unit that was looked at, its clauses with what they deny (`negation.Clause`)."""
        self._frequency = Counter(value for unit in self.units for value in unit.values)
        self._weights: dict[str, float] = {}

    @functools.cached_property
    def postings(self) -> dict[str, list[int]]:
        """Content value to the units that hold it, in order; the first 200."""
        lists: dict[str, list[int]] = defaultdict(list)
        for number, unit in enumerate(self.units):
            for value in unit.values:
                if len(found := lists[value]) < _MAX_POSTINGS:
                    found.append(number)
        return dict(lists)

    @functools.cached_property
    def positions(self) -> dict[str, list[int]]:
        """Value to its places in `stream`, in order."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, value in enumerate(self.stream):
            places[value].append(place)
        return dict(places)

    @functools.cached_property
    def bigrams(self) -> frozenset[tuple[str, str]]:
        """Neighbouring values of `stream`."""
        return frozenset(zip(self.stream, self.stream[1:], strict=False))

    @functools.cached_property
    def trigrams(self) -> frozenset[tuple[str, str, str]]:
        """Three values in a row of `stream`."""
        return frozenset(zip(self.stream, self.stream[1:], self.stream[2:], strict=False))

    @functools.cached_property
    def quantities(self) -> list[Quantity]:
        """The numbers with a unit of measure."""
        found = [quantity for unit in self.units for quantity in quantities_of(unit.tokens)]
        fields = (field_quantity(unit.tokens) for unit in self.units) if self.is_record else ()
        return found + [quantity for quantity in fields if quantity]

    @functools.cached_property
    def percents(self) -> list[Token]:
        """The numbers that are percentages."""
        return [token for unit in self.units for token in unit.tokens if token.unit == "%"]

    @functools.cached_property
    def tables(self) -> list[Table]:
        """The tables of the passages, and those that they are the rows of."""
        return [*(table for passage in self.passages for table in tables_in(passage)), *rows_across(self.passages)]

    def clauses(self, number: int) -> list[Clause]:
        """The clauses of a unit; those behind "it" or "they" also have the words of the unit before."""
        if number not in self._clauses:
            unit = self.units[number]
            meant = self.held_by(number) - unit.values
            found = clauses_in(unit.text, unit.tokens)
            self._clauses[number] = [clause._replace(values=clause.values | meant) for clause in found]
        return self._clauses[number]

    @functools.cached_property
    def _rows(self) -> dict[int, frozenset[str]]:
        """The content values of each passage that is a row of a table: its fields all speak of one thing."""
        held = {number: frozenset[str]() for number, passage in enumerate(self.passages) if fields_of(passage)}
        for unit, number in zip(self.units, self.passage_of, strict=True):
            if number in held:
                held[number] |= unit.values
        return held

    def counts(self, value: str) -> frozenset[str]:
        """What a number counts wherever it stands; "" where that cannot be told."""
        units = (self.units[place] for place in self.postings.get(value, ()))
        return frozenset(counted(unit.tokens, token) for unit in units for token in unit.tokens if token.value == value)

    def held_by(self, number: int) -> frozenset[str]:
        """The content values of a unit; after "it", "they" and the like also those of the unit before; of a row all its fields."""
        unit = self.units[number]
        if row := self._rows.get(self.passage_of[number]):
            return row
        if unit.tokens[0].surface.lower() not in _PRONOUNS or number == 0:
            return unit.values
        same_passage = self.passage_of[number - 1] == self.passage_of[number]
        return unit.values | self.units[number - 1].values if same_passage else unit.values

    def values_around(self, number: int) -> frozenset[str]:
        """The content values of a unit and of its neighbours in the same passage."""
        return frozenset[str]().union(*(self.units[place].values for place in self.around(number)))

    def around(self, number: int) -> list[int]:
        """A unit and its neighbours in the same passage."""
        near = (place for place in (number - 1, number, number + 1) if 0 <= place < len(self.units))
        return [place for place in near if self.passage_of[place] == self.passage_of[number]]

    def weight(self, value: str) -> float:
        """How much a value tells: half its rarity among these units, half its rarity in English."""
        if value not in self._weights:
            total = max(len(self.units), 1)
            local = math.log(1 + total / (1 + self._frequency.get(value, 0))) / math.log(1 + total)
            self._weights[value] = 0.5 * local + 0.5 * background_weight(value)
        return self._weights[value]

    def total_weight(self, values: Iterable[str]) -> float:
        """Sum of the weights of `values`."""
        return sum(map(self.weight, values))

    def shared_weights(self, values: Iterable[str]) -> dict[int, float]:
        """For each unit that holds any of `values`, the weight of those that it holds; each value counts once."""
        shared: dict[int, float] = defaultdict(float)
        for value in sorted(set(values)):
            weight = self.weight(value)
            for number in self.postings.get(value, ()):
                shared[number] += weight
        return dict(shared)

    def evidence(self, wanted: Iterable[str], most: int = 4) -> tuple[list[int], list[float]]:
        """The units that together cover `wanted` best, and the share of its weight covered after each.

        Greedy: each step takes the unit with the most weight not yet covered (what is covered counts a tenth; of
        two equal
        units the shorter wins). Both lists have at most `most` items; both are empty where no unit holds any wanted
        value.
        """
        left = {value: self.weight(value) for value in sorted(set(wanted))}
        total = sum(left.values()) or 1.0
        gain = self.shared_weights(left)
        chosen: list[int] = []
        covered: list[float] = []
        got = 0.0
        while gain and len(chosen) < most:
            best = max(gain, key=lambda number: (gain[number] - 0.002 * len(self.units[number].values), -number))
            if gain.pop(best) <= 0.01:
                break
            chosen.append(best)
            for value in self.units[best].values & left.keys():
                weight = left[value]
                got += weight
                left[value] = 0.0
                for number in self.postings.get(value, ()) if weight else ():
                    if number in gain:
                        gain[number] -= weight * 0.9
            covered.append(min(got / total, 1.0))
        return chosen, covered


@functools.lru_cache(maxsize=8)
def index_of(passages: tuple[str, ...]) -> ContextIndex:
    """The index of these passages; the last eight are kept, since every scorer of a trace looks at the same ones."""
    return ContextIndex(passages)
