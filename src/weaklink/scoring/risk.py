"""How likely a sentence, or an answer, is not carried by its passages: the fitted model, applied."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.features import Alignment
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.logistic import fitted, logit, probability
from weaklink.scoring.trees import sum_of

Kind = Literal["record", "question", "text"]
"""What can be told of a case when it is scored: passages that are JSON records, a question, or neither."""

BASE_RATE = 0.2
"""Share of unsupported sentences that values assume.

RAGTruth, where the model was fitted, has .09; a user who looks at a trace has a reason to, and answers of small models
fail more often.
"""
WORDS_AT_MOST = 2.0
"""Log odds that the words of a claim that no passage has may add or take away by what they are."""
_CONTRADICTED_AT_LEAST = 0.4
_VERBATIM_AT_MOST = 0.02


class Interval(NamedTuple):
    """A 90 % interval of a value, 0..1."""

    low: float
    high: float

    def around(self, value: float) -> "Interval":
        """The interval, made wide enough to hold `value`."""
        return Interval(min(self.low, value), max(self.high, value))


def kind_of(index: ContextIndex, question: str) -> Kind:
    """The kind of a case."""
    if index.is_record:
        return "record"
    return "question" if question.strip() else "text"


def claim_risk(claim: Claim, alignment: Alignment, index: ContextIndex) -> float:
    """Probability that the passages do not carry the claim, 0..1, at the base rate of the data of the fit."""
    return bounded(probability(_log_odds(alignment, is_record=index.is_record)), claim, alignment, index)


def value_at(risk: float, kind: Kind, base_rate: float = BASE_RATE) -> float:
    """Probability that the passages do carry it, 0..1, where this share of sentences is unsupported.

    Bayes' rule: the odds change as the prior odds do (Saerens et al. 2002, eq. 4).
    """
    return 1 - _moved(risk, _odds(base_rate) - _odds(_fitted_rate(kind)))


def risk_at(value: float, kind: Kind, base_rate: float = BASE_RATE) -> float:
    """The other way round: the risk behind a value."""
    return _moved(1 - value, _odds(_fitted_rate(kind)) - _odds(base_rate))


def bounded(risk: float, claim: Claim, alignment: Alignment, index: ContextIndex) -> float:
    """`risk`, at least .5 for an explicit contradiction, at most .02 for words that stand in a passage as they are."""
    if alignment.contradictions:
        strength = max(item.strength for item in alignment.contradictions)
        return max(risk, _CONTRADICTED_AT_LEAST + 0.2 * strength)
    if alignment.conflicts.said and claim.is_short:
        return max(risk, _CONTRADICTED_AT_LEAST + 0.2)
    return min(risk, _VERBATIM_AT_MOST) if _is_verbatim(claim, index) else risk


def answer_risk(risks: Sequence[float], kind: Kind) -> float:
    """Probability that the passages leave some sentence of an answer uncarried, from the risks of its sentences.

    An answer of one sentence is as risky as that sentence. The more sentences, the more the fitted weights of two looks
    decide: one of them fails (noisy-or), and the mean of the worst third. Neither falls where a sentence gets worse.
    Never below the worst sentence: one is enough.
    """
    model = fitted("groundedness")["answer"][kind]
    looks = answer_features(risks)
    odds = looks["any"] + looks["many"] * (logit(model["weights"], model["intercept"], looks) - looks["any"])
    return max(probability(odds), *risks)


def answer_features(risks: Sequence[float]) -> dict[str, float]:
    """What `answer_risk` looks at: "any" and "worst_third" in log odds, and "many", 0 for one sentence, near 1 for many.

    At least one risk, each above 0 and below 1.
    """
    odds = sorted((_odds(risk) for risk in risks), reverse=True)
    third = odds[: math.ceil(len(odds) / 3)]
    none_fails = -math.fsum(math.log(1 - risk) for risk in risks)
    return {
        "any": math.log(math.expm1(min(max(none_fails, 1e-6), 30.0))),
        "worst_third": sum(third) / len(third),
        "many": 1 - 1 / math.sqrt(len(risks)),
    }


def words_said(words: Mapping[str, float], novel: Iterable[str]) -> float:
    """What the novel values of a claim weigh by themselves, in log odds, within `WORDS_AT_MOST` either way."""
    total = math.fsum(words.get(value, 0.0) for value in novel)
    return min(max(total, -WORDS_AT_MOST), WORDS_AT_MOST)


def interval_of(risk: float, what: Literal["sentence", "answer"], kind: Kind, base_rate: float = BASE_RATE) -> Interval:
    """A 90 % interval of `value_at`: between what bounds the share of carried ones lay among those with such a risk."""
    bins: list[list[float]] = fitted("groundedness")["reliability"][what][kind]
    _, low, high = next((row for row in bins if risk <= row[0]), bins[-1])
    found = Interval(value_at(high, kind, base_rate), value_at(low, kind, base_rate))
    return found.around(value_at(risk, kind, base_rate))


def _fitted_rate(kind: Kind) -> float:
    return fitted("groundedness")["base_rates"][kind]["sentence"]


def _odds(share: float) -> float:
    bounded_share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(bounded_share / (1 - bounded_share))


def _moved(risk: float, by: float) -> float:
    return probability(_odds(risk) + by)


def _log_odds(alignment: Alignment, *, is_record: bool) -> float:
    """The mean of two models of one meaning, and what the novel words weigh beside others.

    Weights carry far, trees fit better near by. "overall" may be new without harm, "gluten-free" may not.
    """
    model: dict[str, Any] = fitted("groundedness")["sentence"]
    features = alignment.features | {"is_record": float(is_record)}
    linear = model["linear"]["record" if is_record else "prose"]
    weighted = logit(linear["weights"], linear["intercept"], features)
    odds = (weighted + sum_of(model["trees"], features)) / 2 + words_said(model["words"], alignment.novel_values)
    return model["calibration"]["intercept"] + model["calibration"]["log_odds"] * odds


def _is_verbatim(claim: Claim, index: ContextIndex) -> bool:
    stream = [token.value for token in claim.tokens]
    if claim.denies or len(stream) < 4 or not claim.values:
        return False
    return all(gram in index.trigrams for gram in zip(stream, stream[1:], stream[2:], strict=False))
