"""The scorers of this package, by name: `weaklink score --with onnx:groundedness,onnx:sufficiency`."""

from collections.abc import Sequence

from weaklink import scoring
from weaklink.errors import UnknownScorer
from weaklink.scoring.scorer import Scorer
from weaklink.scoring.sufficiency import SufficiencyVerdict
from weaklink_models.groundedness import assess
from weaklink_models.sufficiency import sufficiency


class Groundedness(scoring.Groundedness):
    """Do the passages carry what the model wrote? With the cross-encoder as second reader."""

    version = f"{scoring.Groundedness.version}+crossencoder/1"

    def _assess(self, answer: str, passages: Sequence[str], question: str) -> list[scoring.SentenceVerdict]:
        return assess(answer, passages, question)


class Sufficiency(scoring.Sufficiency):
    """Do the documents hold what the question needs? With the cross-encoder as second reader."""

    _release = "sufficiency/2+crossencoder/1"

    def _judge(self, question: str, passages: Sequence[str]) -> SufficiencyVerdict:
        return sufficiency(question, passages)


_SCORERS: dict[str, type[Groundedness] | type[Sufficiency]] = {
    scorer.name: scorer for scorer in (Groundedness, Sufficiency)
}


def named(name: str) -> Scorer:
    """The scorer with this name: "groundedness" or "sufficiency".

    Raises UnknownScorer for any other.
    """
    if name not in _SCORERS:
        raise UnknownScorer(
            f"cannot score with onnx:{name}: use one of {', '.join(f'onnx:{known}' for known in _SCORERS)}"
        )
    return _SCORERS[name]()
