"""Scores the steps of a trace offline: relevance, sufficiency, groundedness, answer relevance.

Nothing here calls a network.
"""

from weaklink.scoring.answer import answer_relevance, is_abstention
from weaklink.scoring.cost import Cost
from weaklink.scoring.embedding import embed
from weaklink.scoring.function import FunctionScorer
from weaklink.scoring.groundedness import SentenceVerdict, answer_value, assess
from weaklink.scoring.named import AnyScorer, as_scorer, scorer_named, scorers_named
from weaklink.scoring.recalibrate import Calibration, recalibrate
from weaklink.scoring.relevance import relevance
from weaklink.scoring.run import score_trace
from weaklink.scoring.scorer import (
    SCORERS,
    AnswerRelevance,
    Groundedness,
    Relevance,
    Scorer,
    Sufficiency,
    default_scorers,
)
from weaklink.scoring.sufficiency import SufficiencyVerdict, sufficiency

__all__ = [
    "SCORERS",
    "AnswerRelevance",
    "AnyScorer",
    "Calibration",
    "Cost",
    "FunctionScorer",
    "Groundedness",
    "Relevance",
    "Scorer",
    "SentenceVerdict",
    "Sufficiency",
    "SufficiencyVerdict",
    "answer_relevance",
    "answer_value",
    "as_scorer",
    "assess",
    "default_scorers",
    "embed",
    "is_abstention",
    "recalibrate",
    "relevance",
    "score_trace",
    "scorer_named",
    "scorers_named",
    "sufficiency",
]
