"""Which sentences of an answer do the passages carry, and which do they not, or even say otherwise?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from weaklink.scoring.answer import abstains, is_abstention, states_nothing
from weaklink.scoring.claim import Claim, read_claim
from weaklink.scoring.features import Aligner, Alignment
from weaklink.scoring.index import index_of
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
from weaklink.scoring.text.tokens import tokenise

Label = Literal["supported", "unsupported", "contradicted", "abstention", "not_a_claim"]

NOT_ENGLISH = "the text does not read like English, which is what the scorer was fitted on"
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


def assess(
    answer: str, passages: Sequence[str], question: str = "", *, base_rate: float = BASE_RATE
) -> list[SentenceVerdict]:
    """Judge each sentence of `answer` by `passages`; a bare value such as "25 days" is read together with `question`.

    One verdict per sentence, in order; empty for an answer without visible characters. Takes linear time in the length
    of the passages. The probability comes from alignment features whose signs are fixed (`features.FEATURES`), in a
    logistic regression and in trees that are monotone in each of them (`weights/groundedness.json`); explicit
    contradictions bound it from above, and a run of words that stands in a passage as it is bounds it from below. It
    reads English; for another language the interval is wide and `note` says so. `base_rate` is the share of sentences
    that are unsupported where the answers come from.
    """
    index = index_of(tuple(passages))
    judge = _Judge(
        Aligner(index), question, kind_of(index, question), _note(answer, passages), is_abstention(answer), base_rate
    )
    places = split_sentences(answer)
    return [judge.verdict(answer, *place, follows=number > 0) for number, place in enumerate(places)]


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


def _note(answer: str, passages: Sequence[str]) -> str:
    texts = (answer, next((passage for passage in passages if passage.strip()), ""))
    return "" if all(reads_as_english(tokenise(text[:2000])) for text in texts) else NOT_ENGLISH


def _widened(interval: Interval, note: str) -> Interval:
    if not note:
        return interval
    return Interval(max(0.0, interval.low - _UNSURE), min(1.0, interval.high + _UNSURE))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges the sentences of one answer."""

    aligner: Aligner
    question: str
    kind: Kind
    note: str
    whole_abstains: bool
    base_rate: float

    def verdict(self, answer: str, start: int, end: int, *, follows: bool) -> SentenceVerdict:
        sentence = answer[start:end]
        if abstains(sentence) and (self.whole_abstains or len(sentence) < 200):
            return SentenceVerdict(start, end, 1.0, "abstention")
        claim = read_claim(sentence, self.question, follows=follows)
        if states_nothing(sentence) or not claim.tokens or (not claim.values and len(claim.tokens) < 2):
            return SentenceVerdict(start, end, 1.0, "not_a_claim")
        return self._claim(claim, start, end)

    def _claim(self, claim: Claim, start: int, end: int) -> SentenceVerdict:
        index = self.aligner.index
        alignment = self.aligner.align(claim)
        risk = claim_risk(claim, alignment, index)
        value = value_at(risk, self.kind, self.base_rate)
        label = _label(value, alignment)
        unit = _unit_to_show(alignment)
        shown = None if unit is None else index.units[unit]
        wrong = () if label == "supported" else unsupported_spans(claim, alignment, index, start, end)
        low, high = _widened(interval_of(risk, "sentence", self.kind, self.base_rate), self.note)
        return SentenceVerdict(
            start=start,
            end=end,
            value=value,
            label=label,
            passage=None if unit is None else index.passage_of[unit],
            passage_start=shown.start if shown else 0,
            passage_end=shown.end if shown else 0,
            detail=_detail(claim, alignment, label),
            unsupported=wrong,
            kind=self.kind,
            base_rate=self.base_rate,
            low=low,
            high=high,
            note=self.note,
        )


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
    return tuple(sorted(alignment.novel, key=lambda word: word not in values)[:_MOST_DETAILS])
