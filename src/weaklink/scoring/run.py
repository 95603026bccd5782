"""Scorers over one trace: a scorer that fails is not the step failing."""

from collections.abc import Iterable

from weaklink.model import Score, Trace
from weaklink.muting import muted
from weaklink.scoring.named import AnyScorer, as_scorer
from weaklink.scoring.scorer import default_scorers

_SHOWN = 300


def score_trace(trace: Trace, scorers: Iterable[AnyScorer] | None = None) -> list[Score]:
    """All scores of a trace, by `scorers` or the default ones: scorers, functions of a trace, or names.

    A scorer that raises leaves an unscored root, with the reason. Raises UnknownScorer where a name names none.
    """
    scores: list[Score] = []
    for scorer in default_scorers() if scorers is None else [as_scorer(given) for given in scorers]:
        try:
            with muted():  # what a judge is asked is no call of the user's
                found = scorer.score(trace)
        except Exception as error:  # noqa: BLE001 - a judge that fails is not the step failing, and must not break the host
            reason = f"the scorer failed: {type(error).__name__}: {error}"[:_SHOWN]
            found = [Score.unscored(trace.root.id, scorer.name, reason, scorer=getattr(scorer, "version", ""))]
        scores.extend(score.model_copy(update={"content": trace.content_hash}) for score in found)
    return scores
