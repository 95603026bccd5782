"""Runs the cross-encoder: a claim beside its evidence in, how wrong the claim and each of its words look out."""

import functools
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from weaklink.errors import MissingPackage
from weaklink_models.pair import SHARED, Mark, Pair

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LONGEST = 224
"""Word pieces of a pair; training used up to 160 for a claim and 224 for a question."""
_BATCH = 8
_NO_TOKEN = -30.0


class Reading(NamedTuple):
    """What the model says of one pair, as log odds."""

    claim: float
    """That the evidence does not carry the claim."""
    worst: float
    """The same of the word that fares worst; -30 where the claim has no word."""
    answers: float
    """That the evidence answers the question, where the claim is one."""
    words: list[tuple[int, int, float]]
    """First character, one past the last, and log odds of "wrong" of each piece of a word of the claim, in order."""


class CrossEncoder:
    """The model and its tokeniser, read from a folder; one thread, the same result every time on one machine."""

    def __init__(self, folder: Path) -> None:
        """Load `crossencoder.onnx` and `tokenizer.json` of `folder` (about 0.2 s, 70 MB of memory).

        Raises MissingPackage without onnxruntime or tokenizers.
        """
        try:
            import onnxruntime
            import tokenizers
        except ImportError as error:
            raise MissingPackage(
                f"scoring with onnx needs {error.name}, which is not installed: pip install {error.name}"
            ) from error
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep the largest batch in memory for good
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "crossencoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_LONGEST, strategy="longest_first")

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        """Judge each pair; in batches of like length, so that little of the work is padding."""
        encoded = [self._encode(pair) for pair in pairs]
        order = sorted(range(len(pairs)), key=lambda place: len(encoded[place].ids))
        found: dict[int, Reading] = {}
        for first in range(0, len(order), _BATCH):
            places = order[first : first + _BATCH]
            found.update(zip(places, self._run([encoded[place] for place in places]), strict=True))
        return [found[place] for place in range(len(pairs))]

    def _encode(self, pair: Pair) -> "_Encoded":
        encoding: Any = self._tokenizer.encode(_clean(pair.claim), _clean(pair.evidence))
        marks: list[int] = []
        for place, segment, special in zip(
            encoding.offsets, encoding.type_ids, encoding.special_tokens_mask, strict=True
        ):
            known = pair.evidence_marks if segment else pair.claim_marks
            marks.append(0 if special else _mark_at(known, *place))
        return _Encoded(encoding.ids, encoding.type_ids, marks, encoding.offsets)

    def _run(self, batch: "Sequence[_Encoded]") -> list[Reading]:
        import numpy as np

        longest = max(len(item.ids) for item in batch)

        def padded(rows: Sequence[Sequence[int]]) -> "NDArray[np.int64]":
            return np.array([[*row, *[0] * (longest - len(row))] for row in rows], dtype=np.int64)

        fed = {
            "ids": padded([item.ids for item in batch]),
            "attention": padded([[1] * len(item.ids) for item in batch]),
            "segments": padded([item.segments for item in batch]),
            "marks": padded([item.marks for item in batch]),
        }
        tokens, claims, answers = self._session.run(["tokens", "claim", "answers"], fed)
        return [
            _reading(item, row.tolist(), float(claim), float(answer))
            for item, row, claim, answer in zip(batch, tokens, claims, answers, strict=True)
        ]


class _Encoded(NamedTuple):
    ids: list[int]
    segments: list[int]
    marks: list[int]
    offsets: list[tuple[int, int]]


def _reading(item: _Encoded, tokens: list[float], claim: float, answers: float) -> Reading:
    words = [
        (*item.offsets[place], tokens[place]) for place, mark in enumerate(item.marks) if 0 < mark < SHARED
    ]
    return Reading(claim, max((odds for _, _, odds in words), default=_NO_TOKEN), answers, words)


def _mark_at(known: Sequence[Mark], start: int, end: int) -> int:
    return next((mark for first, last, mark in known if first < end and last > start), 0)


def _clean(text: str) -> str:
    """Without lone surrogates, which cannot be encoded; as many characters as before."""
    return text.encode("utf-8", "replace").decode("utf-8")


@functools.lru_cache(maxsize=1)
def crossencoder() -> CrossEncoder:
    """The model of this package, loaded once."""
    return CrossEncoder(Path(str(resources.files("weaklink_models").joinpath("weights"))))
