"""Which sentences of an answer do the passages carry, and which do they not, or even say otherwise?"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from weaklink.scoring.answer import abstains, is_abstention, states_nothing
from weaklink.scoring.claim import Claim, read_claim
from weaklink.scoring.features import Aligner, Alignment
from weaklink.scoring.index import ContextIndex, index_of
from weaklink.scoring.logistic import fitted, logit, probability
from weaklink.scoring.text.sentences import split_sentences

Label = Literal["supported", "unsupported", "contradicted", "abstention", "not_a_claim"]

_CONTRADICTED_AT_MOST = 0.3
_VERBATIM_AT_LEAST = 0.95
_MOST_DETAILS = 8


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

    @property
    def is_claim(self) -> bool:
        """The sentence states something that passages could carry."""
        return self.label not in ("abstention", "not_a_claim")


def assess(answer: str, passages: Sequence[str], question: str = "") -> list[SentenceVerdict]:
    """Judge each sentence of `answer` by `passages`; a bare value such as "25 days" is read together with `question`.

    One verdict per sentence, in order; empty for an answer without visible characters. Takes linear time in the length
    of the passages. The probability comes from a logistic regression over alignment features whose signs are fixed
    (`features.FEATURES`, `weights/groundedness.json`); explicit contradictions bound it from above, and a run of words
    that stands in a passage as it is bounds it from below. It reads English.
    """
    aligner = Aligner(index_of(tuple(passages)))
    whole_abstains = is_abstention(answer)
    return [
        _verdict(answer, start, end, aligner, question, whole_abstains=whole_abstains)
        for start, end in split_sentences(answer)
    ]


def answer_value(verdicts: Iterable[SentenceVerdict]) -> float | None:
    """Probability that the passages carry every claim of an answer, 0..1; None where it claims nothing.

    A noisy-or over the sentences, recalibrated because sentences of one answer fail together
    (`weights/groundedness.json`, "answer"), and never above the worst sentence: one unsupported sentence is enough.
    """
    values = [verdict.value for verdict in verdicts if verdict.is_claim]
    return calibrated_answer(values) if values else None


def calibrated_answer(values: Sequence[float]) -> float:
    """`answer_value` of the values of the sentences that claim something; at least one."""
    model = fitted("groundedness")["answer"]
    risk = -sum(math.log(min(max(value, 1e-6), 1 - 1e-6)) for value in values)
    odds = math.log(math.expm1(min(risk, 30.0)))
    return min(1 - probability(model["intercept"] + model["log_odds"] * odds), *values)


def sentence_value(claim: Claim, alignment: Alignment, index: ContextIndex) -> float:
    """Probability that the passages carry the claim, 0..1, before anything else is known of the answer."""
    model = fitted("groundedness")["sentence"]
    kind = "record" if index.is_record else "prose"
    risk = probability(logit(model[kind]["weights"], model[kind]["intercept"], alignment.features))
    return bounded(1 - risk, claim, alignment, index)


def bounded(value: float, claim: Claim, alignment: Alignment, index: ContextIndex) -> float:
    """`value`, below 0.3 for an explicit contradiction, at least 0.95 for words that stand in a passage as they are."""
    if alignment.contradictions:
        strength = max(item.strength for item in alignment.contradictions)
        return min(value, _CONTRADICTED_AT_MOST - 0.2 * strength)
    if _is_verbatim(claim, index):
        return max(value, _VERBATIM_AT_LEAST)
    return value


def _is_verbatim(claim: Claim, index: ContextIndex) -> bool:
    stream = [token.value for token in claim.tokens]
    if claim.denies or len(stream) < 4 or not claim.values:
        return False
    return all(gram in index.trigrams for gram in zip(stream, stream[1:], stream[2:], strict=False))


def _verdict(
    answer: str, start: int, end: int, aligner: Aligner, question: str, *, whole_abstains: bool
) -> SentenceVerdict:
    sentence = answer[start:end]
    if abstains(sentence) and (whole_abstains or len(sentence) < 200):
        return SentenceVerdict(start, end, 1.0, "abstention")
    claim = read_claim(sentence, question)
    if states_nothing(sentence) or not claim.tokens or (not claim.values and len(claim.tokens) < 2):
        return SentenceVerdict(start, end, 1.0, "not_a_claim")
    alignment = aligner.align(claim)
    value = sentence_value(claim, alignment, aligner.index)
    label = _label(value, alignment)
    unit = _unit_to_show(alignment)
    if unit is None:
        return SentenceVerdict(start, end, value, label, detail=_detail(claim, alignment, label))
    shown = aligner.index.units[unit]
    place = aligner.index.passage_of[unit]
    return SentenceVerdict(start, end, value, label, place, shown.start, shown.end, _detail(claim, alignment, label))


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
