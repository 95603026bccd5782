"""Groundedness with a second reader: the lexical risk and the cross-encoder's, stacked."""

from collections.abc import Sequence
from itertools import pairwise

from weaklink.scoring.groundedness import AlignedClaim, Opinion, SentenceVerdict
from weaklink.scoring.groundedness import assess as assess_lexically
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.logistic import logit, probability
from weaklink.scoring.risk import BASE_RATE, bounded
from weaklink.scoring.spans import Span
from weaklink_models.crossencoder import Reading, crossencoder
from weaklink_models.pair import Pair, pair_of
from weaklink_models.stack import log_odds, stacked

_WRONG = 0.0
"""Log odds from which on a word is marked."""


def assess(
    answer: str, passages: Sequence[str], question: str = "", *, base_rate: float = BASE_RATE
) -> list[SentenceVerdict]:
    """As `weaklink.scoring.assess`, with the cross-encoder as second reader; about 15 ms per claim on one core."""
    return assess_lexically(answer, passages, question, base_rate=base_rate, second=second_opinions)


def second_opinions(claims: Sequence[AlignedClaim], index: ContextIndex) -> list[Opinion]:
    """The stacked risk of each claim, and the words that the cross-encoder finds wrong."""
    pairs = [pair_of(item.claim, index, item.alignment.evidence) for item in claims]
    readings = crossencoder().read(pairs)
    return [
        Opinion(
            bounded(stacked_risk(item.risk, reading), item.claim, item.alignment, index),
            unsupported(item, pair, reading),
        )
        for item, pair, reading in zip(claims, pairs, readings, strict=True)
    ]


def stacked_risk(lexical: float, reading: Reading) -> float:
    """Probability that nothing carries the claim: a logistic regression over both readers, no weight below 0."""
    model = stacked()["sentence"]
    seen = {"lexical": log_odds(lexical), "claim": reading.claim, "worst": reading.worst}
    return probability(logit(model["weights"], model["intercept"], seen))


def unsupported(item: AlignedClaim, pair: Pair, reading: Reading) -> tuple[Span, ...]:
    """The words with the highest log odds as characters of the answer; all of the claim where none stands out."""
    least = min(_WRONG, reading.worst - 1.0)
    spans = [(start, end) for start, end, odds in reading.words if odds >= least]
    if not spans or item.claim.text == item.claim.question:
        return ((item.start, item.end),)
    merged = [spans[0]]
    for (_, last), (start, end) in pairwise(spans):
        if len(pair.claim[last:start].split()) <= 1:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    by = item.start - pair.offset
    return tuple((start + by, end + by) for start, end in merged)
