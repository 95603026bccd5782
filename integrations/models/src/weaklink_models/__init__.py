"""A cross-encoder of 22 million parameters for Weaklink's groundedness and sufficiency scores, as int8 ONNX."""

from weaklink_models.crossencoder import CrossEncoder, Reading, crossencoder
from weaklink_models.groundedness import assess
from weaklink_models.scorers import Groundedness, Sufficiency
from weaklink_models.sufficiency import sufficiency

__all__ = ["CrossEncoder", "Groundedness", "Reading", "Sufficiency", "assess", "crossencoder", "sufficiency"]
