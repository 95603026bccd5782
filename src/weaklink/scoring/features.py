"""How one claim lies in its passages, as numbers: what is new, what is apart, what conflicts."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.contradiction import Contradiction, contradictions
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.quantities import is_figure
from weaklink.scoring.records import Conflicts, Record
from weaklink.scoring.spelling import spelt_as
from weaklink.scoring.text.lexicon import DAYS
from weaklink.scoring.text.stems import stem

FEATURES: dict[str, int] = {
    "novel_weight": 1,
    "novel_total": 1,
    "novel_count": 1,
    "novel_clause": 1,
    "uncovered_1": 1,
    "uncovered_2": 1,
    "uncovered_near": 1,
    "uncovered_clause": 1,
    "novel_bigrams": 1,
    "novel_trigrams": 1,
    "longest_uncovered_run": 1,
    "novel_numbers": 1,
    "novel_figures": 1,
    "numbers_not_in_evidence": 1,
    "times_not_in_evidence": 1,
    "novel_months": 1,
    "novel_days": 1,
    "novel_names": 1,
    "novel_names_share": 1,
    "names_not_in_evidence": 1,
    "negation_differs": 1,
    "pairs_apart": 1,
    "pairs_not_together": 1,
    "word_alone": 1,
    "words_apart": 1,
    "no_antecedent": 1,
    "number_neighbours_missing": 1,
    "name_neighbours_missing": 1,
    "unlike_best_unit": 1,
    "contradicted": 1,
    "false_said": 1,
    "unknown_said": 1,
    "unknown_denied": 1,
    "true_denied": 1,
    "polarity": -1,
    "group_false": 1,
    "wrong_hours": 1,
    "missing_days": 1,
    "says_not_given": -1,
    "judges": 1,
}
"""Feature to its sign: with 1 more of it never lowers the risk of "unsupported", with -1 it never raises it.

None tells where in the answer a sentence stands or how long the answer is: such features fit one mixture of answering
models and nothing else.
"""

_CAP = 5.0
_DAYS = frozenset(map(stem, DAYS))
_FAR = 12
_NEAR = 14
_SAYS_NOT_GIVEN = re.compile(
    r"unable to (?:answer|provide)|cannot (?:answer|be)|can't answer"
    r"|not (?:provided?|mention(?:ed)?|contain|specif\w+|includ\w+|state[ds]?)|no (?:information|mention|specific)"
    r"|does(?:n't| not) (?:provide|mention|contain|specify|give|state)"
    r"|(?:based on|according to|in|from) the (?:provided|given|passages?|context|text|structured)|passage \d"
    r"|here (?:is|are|'s)",
    re.IGNORECASE,
)
_JUDGES = re.compile(
    r"\b(?:popular|well-known|renowned|known for|variety|wide range|great|perfect|ideal|unique|delicious|excellent"
    r"|friendly|cozy|reasonabl[ey]|affordable|overall|praised|mixed|positive|negative|important|essential|ensure|recommended|must)\b",
    re.IGNORECASE,
)


class Alignment(NamedTuple):
    """How a claim lies in its passages."""

    features: dict[str, float]
    """One value for each name of `FEATURES`, 0 or more (`polarity` may be negative), counts capped at 5."""
    evidence: list[int]
    """The units that cover the claim best, best first; at most 4."""
    novel_values: frozenset[str]
    """The values of the words, numbers and names of the claim that no passage has."""
    contradictions: list[Contradiction]
    conflicts: Conflicts


class Aligner:
    """Aligns claims with one set of passages."""

    def __init__(self, index: ContextIndex) -> None:
        """Keep `index`; what several claims need is computed once."""
        self.index = index
        self._record = Record(index)

    def align(self, claim: Claim) -> Alignment:
        """Compare `claim` with the passages."""
        index = self.index
        claim = spelt_as(claim, index)
        chosen, covered = index.evidence(claim.wanted)
        found = contradictions(claim, index)
        conflicts = self._record.conflicts(claim)
        features = {
            **self._novelty(claim),
            **self._coverage(claim, chosen, covered),
            **self._clauses(claim),
            **self._company(claim),
            **self._values(claim, chosen),
            **self._order(claim, chosen),
            **_manner(claim),
            "contradicted": max((item.strength for item in found), default=0.0),
            "false_said": conflicts.false_said,
            "unknown_said": conflicts.unknown_said,
            "unknown_denied": conflicts.unknown_denied,
            "true_denied": conflicts.true_denied,
            "polarity": max(conflicts.polarity, -_CAP),
            "group_false": conflicts.group_false,
            "wrong_hours": conflicts.wrong_hours,
            "missing_days": conflicts.missing_days,
        }
        capped = {name: min(features[name], _CAP) for name in FEATURES}
        return Alignment(capped, chosen, frozenset(claim.values) - index.values, found, conflicts)

    def _novelty(self, claim: Claim) -> dict[str, float]:
        """Words that no passage has; those of the question count a quarter, for the user brought them up."""
        index = self.index
        asked = frozenset(claim.asked)
        novel = [value for value in claim.values if value not in index.values]
        share = {value: 0.25 if value in asked else 1.0 for value in novel}
        total = index.total_weight(claim.values) or 1.0
        stream = [token.value for token in claim.tokens]
        return {
            "novel_weight": sum(index.weight(value) * share[value] for value in novel) / total,
            "novel_total": sum(index.weight(value) for value in set(novel) - asked),
            "novel_count": sum(share.values()),
            "novel_bigrams": _share_missing(list(pairwise(stream)), index.bigrams),
            "novel_trigrams": _share_missing(list(zip(stream, stream[1:], stream[2:], strict=False)), index.trigrams),
        }

    def _coverage(self, claim: Claim, chosen: Sequence[int], covered: Sequence[float]) -> dict[str, float]:
        held = frozenset[str]().union(*(self.index.units[number].values for number in chosen[:3]))
        run = longest = 0
        for value in claim.values:
            run = 0 if value in held else run + 1
            longest = max(longest, run)
        first = covered[0] if covered else 0.0
        second = covered[1] if len(covered) > 1 else first
        return {
            "uncovered_1": 1 - first,
            "uncovered_2": 1 - second,
            "uncovered_near": 1 - self._best_with_neighbours(claim),
            "longest_uncovered_run": float(longest),
        }

    def _best_with_neighbours(self, claim: Claim) -> float:
        """The best share, by weight, of the claim's words that a unit and its neighbours hold."""
        values = set(claim.values)
        total = self.index.total_weight(values) or 1.0
        shared = self.index.shared_weights(values)
        best = sorted(shared, key=lambda number: (-shared[number], number))[:4]
        covered = (self.index.total_weight(values & self.index.values_around(number)) for number in best)
        return min(max(covered, default=0.0) / total, 1.0)

    def _clauses(self, claim: Claim) -> dict[str, float]:
        """The clause that fares worst: its weight that no passage has, and that its own best unit has not."""
        index = self.index
        novel = uncovered = 0.0
        for clause in claim.clauses:
            values = {token.value for token in clause}
            total = index.total_weight(values) or 1.0
            novel = max(novel, index.total_weight(values - index.values) / total)
            uncovered = max(uncovered, 1 - max(index.shared_weights(values).values(), default=0.0) / total)
        return {"novel_clause": novel, "uncovered_clause": uncovered}

    def _company(self, claim: Claim) -> dict[str, float]:
        """Do the known words of the claim stand in one unit with the others?

        "word_alone" is the word that fares worst: the weight share of the other known words that its best unit lacks;
        "words_apart" the mean of these; "pairs_not_together" the weight share of pairs at most three words apart that
        no unit holds. A word out of another sentence of the passages shows here, and nowhere else.
        """
        index = self.index
        postings = index.postings
        known = [value for value in claim.values if value in postings]
        weights = {value: index.weight(value) for value in dict.fromkeys(known)}
        shared = index.shared_weights(weights)
        total = sum(weights.values())
        alone = [
            (1 - (max(shared[number] for number in postings[value]) - weight) / (total - weight), weight)
            for value, weight in weights.items()
            if total - weight > 1e-9
        ]
        pairs = [
            (min(weights[one], weights[other]), set(postings[one]).isdisjoint(postings[other]))
            for place, one in enumerate(known)
            for other in known[place + 1 : place + 4]
            if one != other
        ]
        return {
            "word_alone": max((share for share, _ in alone), default=0.0),
            "words_apart": sum(share * weight for share, weight in alone) / (sum(w for _, w in alone) or 1.0),
            "pairs_not_together": sum(w for w, apart in pairs if apart) / (sum(w for w, _ in pairs) or 1.0),
        }

    def _values(self, claim: Claim, chosen: Sequence[int]) -> dict[str, float]:
        known = self.index.values
        near = {token.value for number in chosen[:3] for token in self.index.units[number].tokens}
        numbers, times = claim.of_kind("number"), claim.of_kind("time")
        names = [token.value for token in claim.names]
        looked_up = [token for token in claim.tokens if token.kind == "time" or is_figure(token, claim.tokens)]
        top_negated = bool(chosen) and self.index.units[chosen[0]].negated
        return {
            "novel_numbers": _count_missing(numbers + times, known),
            "novel_figures": _count_missing((t.value for t in looked_up if t.value not in claim.asked), known),
            "numbers_not_in_evidence": _count_missing(numbers, near),
            "times_not_in_evidence": _count_missing(times, near),
            "novel_months": _count_missing(claim.of_kind("month"), known),
            "novel_days": _count_missing(_DAYS.intersection(claim.values), known),
            "novel_names": _count_missing(names, known),
            "novel_names_share": _count_missing(names, known) / (len(names) or 1),
            "names_not_in_evidence": _count_missing(names, near),
            "negation_differs": float(claim.negated != top_negated),
            "number_neighbours_missing": self._neighbours_missing(claim, numbers + times),
            "name_neighbours_missing": self._neighbours_missing(claim, names),
        }

    def _order(self, claim: Claim, chosen: Sequence[int]) -> dict[str, float]:
        stream = [token.value for token in claim.tokens][:200]
        best = [token.value for token in self.index.units[chosen[0]].tokens] if chosen else []
        alike = SequenceMatcher(None, stream, best, autojunk=False).ratio() if best and stream else 0.0
        return {"pairs_apart": self._pairs_apart(claim), "unlike_best_unit": 1 - alike}

    def _pairs_apart(self, claim: Claim) -> float:
        """Share of neighbouring known words of the claim that never come within 12 tokens of each other in the passages."""
        positions = self.index.positions
        known = [value for value in claim.values if value in positions]
        pairs = [(one, other) for one, other in pairwise(known) if one != other]
        if not pairs:
            return 0.0
        apart = sum(not _within(positions[one][:20], positions[other][:20], _FAR) for one, other in pairs)
        return apart / len(pairs)

    def _neighbours_missing(self, claim: Claim, values: Sequence[str]) -> float:
        """For the value that fares worst: weight share of the claim's other words that stand nowhere near it, 0..1."""
        worst = 0.0
        for value in values:
            places = self.index.positions.get(value)
            company = claim.topic - {value}
            others = company & self.index.values
            if not places or (company and not others):
                worst = 1.0
            elif others:
                worst = max(worst, 1 - self._best_neighbourhood(places[:25], others))
        return worst

    def _best_neighbourhood(self, places: Iterable[int], others: frozenset[str]) -> float:
        index = self.index
        total = index.total_weight(others) or 1.0
        return max(
            index.total_weight(others & set(index.stream[max(0, place - _NEAR) : place + _NEAR + 1])) / total
            for place in places
        )


def _manner(claim: Claim) -> dict[str, float]:
    return {
        "says_not_given": float(bool(_SAYS_NOT_GIVEN.search(claim.text))),
        "judges": float(len(_JUDGES.findall(claim.text))),
        "no_antecedent": float(claim.lacks_antecedent),
    }


def _count_missing(values: Iterable[str], known: frozenset[str] | set[str]) -> float:
    return float(sum(value not in known for value in values))


def _share_missing(grams: Sequence[tuple[str, ...]], known: frozenset[tuple[str, ...]]) -> float:
    return sum(gram not in known for gram in grams) / len(grams) if grams else 0.0


def _within(places: Sequence[int], others: Sequence[int], distance: int) -> bool:
    """Two sorted lists of places have members at most `distance` apart."""
    first = second = 0
    while first < len(places) and second < len(others):
        gap = places[first] - others[second]
        if abs(gap) <= distance:
            return True
        if gap < 0:
            first += 1
        else:
            second += 1
    return False
