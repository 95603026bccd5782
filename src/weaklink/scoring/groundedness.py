"""Which sentences of an answer do the passages carry, and which do they not, or even say otherwise?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, NamedTuple

from weaklink.scoring.abstention import abstains, is_abstention
from weaklink.scoring.answer import heads_table, states_nothing
from weaklink.scoring.claim import Claim, read_claim
from weaklink.scoring.features import Aligner, Alignment
from weaklink.scoring.index import ContextIndex, index_of
from weaklink.scoring.risk import (
    BASE_RATE,
    Interval,
    Kind,
    answer_risk,
    claim_risk,
    interval_of,
    kind_of,
    risk_at,
    value_at,
)
from weaklink.scoring.spans import Span, unsupported_spans
from weaklink.scoring.text.language import reads_as_english
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.written import as_written, runs_of

Label = Literal["supported", "unsupported", "contradicted", "abstention", "not_a_claim"]

NOT_ENGLISH = "the text does not read like English prose, which is what the scorer was fitted on"
_MOST_DETAILS = 8
_UNSURE = 0.4
"""How far either way the interval of a value reaches where the text is not English."""


@dataclass(frozen=True, slots=True)
class SentenceVerdict:
    """What the passages say to one sentence of an answer."""

    start: int
    end: int
    """Where the sentence stands, in characters of the answer."""
    value: float
    """Probability that the passages carry the sentence, 0..1; 1.0 where it claims nothing."""
    label: Label
    """"supported" from 0.5 on, else "unsupported", or "contradicted" where a passage says otherwise; "abstention" and
    "not_a_claim" claim nothing."""

    passage: int | None = None
    """Index of the passage that supports the sentence best, or contradicts it; None where none shares a word with it."""
    passage_start: int = 0
    passage_end: int = 0
    """Where in that passage, in characters."""
    detail: tuple[str, ...] = ()
    """The words, numbers and names that no passage has; for a contradiction each as "30 (the passage says: 25)"."""
    unsupported: tuple[Span, ...] = ()
    """Which characters of the answer nothing carries, in order; empty for a supported sentence."""
    kind: Kind = "text"
    """What the case was taken for."""
    base_rate: float = BASE_RATE
    """The share of unsupported sentences that `value` assumes."""
    low: float = 0.0
    high: float = 1.0
    """A 90 % interval of `value`: how many sentences with such a value were carried in labelled data."""
    note: str = ""
    """Why the value deserves less trust than usual, or ""."""

    @property
    def is_claim(self) -> bool:
        """The sentence states something that passages could carry."""
        return self.label not in ("abstention", "not_a_claim")


class AlignedClaim(NamedTuple):
    """A sentence that claims something, beside the passages."""

    start: int
    end: int
    """Where it stands, in characters of the answer."""
    claim: Claim
    alignment: Alignment
    risk: float
    """Probability that the passages do not carry it (`risk.claim_risk`)."""


class Opinion(NamedTuple):
    """What a second reader says of a claim, having seen all that the first one saw."""

    risk: float
    unsupported: tuple[Span, ...]
    """Which characters of the answer nothing carries, should the claim turn out unsupported."""


SecondReader = Callable[[Sequence[AlignedClaim], ContextIndex], Sequence[Opinion]]
"""Judges the claims of one answer again, one opinion for each; `weaklink-models` has one."""


def assess(
    answer: str,
    passages: Sequence[str],
    question: str = "",
    *,
    base_rate: float = BASE_RATE,
    second: SecondReader | None = None,
) -> list[SentenceVerdict]:
    """Judge each sentence of `answer` by `passages`; a bare value such as "25 days" is read together with `question`.

    One verdict per sentence, in order; empty for an answer without visible characters. Takes linear time in the length
    of the passages. The probability comes from alignment features whose signs are fixed (`features.FEATURES`), in a
    logistic regression and in trees that are monotone in each of them (`weights/groundedness.json`); explicit
    contradictions bound it from above, and a run of words that stands in a passage as it is bounds it from below. It
    reads English; for another language the interval is wide and `note` says so. `base_rate` is the share of sentences
    that are unsupported where the answers come from.
    """
    aligner = Aligner(index_of(tuple(passages)))
    index = aligner.index
    whole_abstains = is_abstention(answer)
    found: list[SentenceVerdict | AlignedClaim] = []
    for place, (start, end) in enumerate(split_sentences(answer)):
        claim = read_claim(answer[start:end], question, follows=place > 0)
        nothing = claims_nothing(answer[start:end], claim, whole_abstains=whole_abstains)
        if nothing is None and heads_table(answer[start:end], answer, end):
            nothing = "not_a_claim"
        if nothing:
            found.append(SentenceVerdict(start, end, 1.0, nothing))
            continue
        alignment = aligner.align(claim)
        found.append(AlignedClaim(start, end, claim, alignment, claim_risk(claim, alignment, index)))
    claims = [item for item in found if isinstance(item, AlignedClaim)]
    judge = _Judge(index, kind_of(index, question), _note(claims, index), base_rate)
    opinions = iter(second(claims, index)) if second and claims else None
    return [
        judge.verdict(item, next(opinions) if opinions else None) if isinstance(item, AlignedClaim) else item
        for item in found
    ]


def answer_value(verdicts: Iterable[SentenceVerdict]) -> float | None:
    """Probability that the passages carry every claim of an answer, 0..1; None where it claims nothing."""
    claims = [verdict for verdict in verdicts if verdict.is_claim]
    return value_at(_answer_risk(claims), claims[0].kind, claims[0].base_rate) if claims else None


def answer_interval(verdicts: Iterable[SentenceVerdict]) -> Interval | None:
    """A 90 % interval of `answer_value`; None where the answer claims nothing."""
    claims = [verdict for verdict in verdicts if verdict.is_claim]
    if not claims:
        return None
    first = claims[0]
    return _widened(interval_of(_answer_risk(claims), "answer", first.kind, first.base_rate), first.note)


def _answer_risk(claims: Sequence[SentenceVerdict]) -> float:
    return answer_risk([risk_at(claim.value, claim.kind, claim.base_rate) for claim in claims], claims[0].kind)


def _note(claims: Sequence[AlignedClaim], index: ContextIndex) -> str:
    texts = (
        [item.claim.tokens for item in claims],
        [] if index.is_record else [unit.tokens for unit in index.units[:20]],
    )
    return "" if all(reads_as_english(chain.from_iterable(tokens)) for tokens in texts) else NOT_ENGLISH


def _widened(interval: Interval, note: str) -> Interval:
    if not note:
        return interval
    return Interval(max(0.0, interval.low - _UNSURE), min(1.0, interval.high + _UNSURE))


def claims_nothing(sentence: str, claim: Claim, *, whole_abstains: bool) -> Literal["abstention", "not_a_claim"] | None:
    """Why a sentence states nothing that passages could carry, or None where it does state something."""
    if abstains(sentence) and (whole_abstains or len(sentence) < 200):
        return "abstention"
    if states_nothing(sentence) or not claim.tokens or (not claim.values and len(claim.tokens) < 2):
        return "not_a_claim"
    return None


@dataclass(frozen=True, slots=True)
class _Judge:
    """Turns risks into verdicts for the sentences of one answer."""

    index: ContextIndex
    kind: Kind
    note: str
    base_rate: float

    def verdict(self, item: AlignedClaim, opinion: Opinion | None) -> SentenceVerdict:
        """The verdict on one claim; the risk is that of the second reader where there is one."""
        claim, alignment = item.claim, item.alignment
        risk = opinion.risk if opinion else item.risk
        value = value_at(risk, self.kind, self.base_rate)
        label = _label(value, alignment)
        unit = _unit_to_show(alignment)
        shown = None if unit is None else self.index.units[unit]
        low, high = _widened(interval_of(risk, "sentence", self.kind, self.base_rate), self.note)
        return SentenceVerdict(
            start=item.start,
            end=item.end,
            value=value,
            label=label,
            passage=None if unit is None else self.index.passage_of[unit],
            passage_start=shown.start if shown else 0,
            passage_end=shown.end if shown else 0,
            detail=_detail(claim, alignment, label),
            unsupported=() if label == "supported" else self._spans(item, opinion),
            kind=self.kind,
            base_rate=self.base_rate,
            low=low,
            high=high,
            note=self.note,
        )

    def _spans(self, item: AlignedClaim, opinion: Opinion | None) -> tuple[Span, ...]:
        if opinion:
            return opinion.unsupported
        return unsupported_spans(item.claim, item.alignment, self.index, item.start, item.end)


def _label(value: float, alignment: Alignment) -> Label:
    if value >= 0.5:
        return "supported"
    return "contradicted" if alignment.contradictions or alignment.conflicts.said else "unsupported"


def _unit_to_show(alignment: Alignment) -> int | None:
    if alignment.contradictions:
        return alignment.contradictions[0].unit
    return alignment.evidence[0] if alignment.evidence else None


def _detail(claim: Claim, alignment: Alignment, label: Label) -> tuple[str, ...]:
    if label == "contradicted":
        said = [f"{item.claimed} (the passage says: {item.instead})" for item in alignment.contradictions]
        return tuple(said or [f"the record says: {alignment.conflicts.said}"])[:_MOST_DETAILS]
    values = {token.surface for token in claim.tokens if token.is_value} | {token.surface for token in claim.names}
    novel = runs_of((token for token in claim.content if token.value in alignment.novel_values), claim.text)
    ordered = sorted(novel, key=lambda run: all(token.surface not in values for token in run))
    return tuple(dict.fromkeys(as_written(run, claim.text) for run in ordered))[:_MOST_DETAILS]
