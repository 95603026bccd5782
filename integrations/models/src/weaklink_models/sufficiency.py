"""Sufficiency with a second reader: the score by words and meaning, and the cross-encoder's, stacked."""

from collections.abc import Sequence
from dataclasses import replace

from weaklink.scoring.index import index_of
from weaklink.scoring.logistic import logit, probability
from weaklink.scoring.sufficiency import SufficiencyVerdict
from weaklink.scoring.sufficiency import sufficiency as by_words
from weaklink_models.crossencoder import crossencoder
from weaklink_models.stack import log_odds, stacked
from weaklink_models.window import window_of


def sufficiency(question: str, passages: Sequence[str]) -> SufficiencyVerdict:
    """As `weaklink.scoring.sufficiency`, with the cross-encoder's reading of the best 150 words."""
    verdict = by_words(question, passages)
    index = index_of(tuple(passages))
    if not index.units or not question.strip():
        return verdict
    (reading,) = crossencoder().read([window_of(question, index)])
    model = stacked()["sufficiency"]
    seen = {"words": log_odds(verdict.value), "answers": reading.answers}
    return replace(verdict, value=probability(logit(model["weights"], model["intercept"], seen)))
