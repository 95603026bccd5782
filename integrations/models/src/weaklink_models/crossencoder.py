"""Runs the cross-encoder: a claim beside its evidence in, how wrong the claim and each of its words look out."""

import functools
from collections.abc import Sequence
from importlib import import_module, resources
from pathlib import Path
from typing import Any, NamedTuple

from weaklink.errors import MissingPackage
from weaklink_models.pair import SHARED, Mark, Pair

_LONGEST = 224
"""Word pieces of a pair; training used up to 160 for a claim and 224 for a question."""
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
        onnxruntime, tokenizers = _imported("onnxruntime"), _imported("tokenizers")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep the largest batch in memory for good
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "crossencoder.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_LONGEST, strategy="longest_first")

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        """Judge each pair, one after the other.

        Not in batches: int8 scales what it computes by the largest number of a batch, so that a pair's result would depend
        on its neighbours; and on one core a batch is no faster.
        """
        return [self._run(self._encode(pair)) for pair in pairs]

    def _encode(self, pair: Pair) -> "_Encoded":
        encoding: Any = self._tokenizer.encode(_clean(pair.claim), _clean(pair.evidence))
        marks: list[int] = []
        for place, segment, special in zip(
            encoding.offsets, encoding.type_ids, encoding.special_tokens_mask, strict=True
        ):
            known = pair.evidence_marks if segment else pair.claim_marks
            marks.append(0 if special else _mark_at(known, *place))
        return _Encoded(encoding.ids, encoding.type_ids, marks, encoding.offsets)

    def _run(self, item: "_Encoded") -> Reading:
        import numpy as np

        columns = {"ids": item.ids, "attention": [1] * len(item.ids), "segments": item.segments, "marks": item.marks}
        fed = {name: np.array([column], dtype=np.int64) for name, column in columns.items()}
        tokens, claim, answers = self._session.run(["tokens", "claim", "answers"], fed)
        odds: list[float] = tokens[0].tolist()
        words = [(*item.offsets[place], odds[place]) for place, mark in enumerate(item.marks) if 0 < mark < SHARED]
        worst = max((value for _, _, value in words), default=_NO_TOKEN)
        return Reading(float(claim[0]), worst, float(answers[0]), words)


class _Encoded(NamedTuple):
    ids: list[int]
    segments: list[int]
    marks: list[int]
    offsets: list[tuple[int, int]]


def _mark_at(known: Sequence[Mark], start: int, end: int) -> int:
    return next((mark for first, last, mark in known if first < end and last > start), 0)


def _clean(text: str) -> str:
    """Without lone surrogates, which cannot be encoded; as many characters as before."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _imported(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingPackage(
            f"scoring with onnx needs {package}, which is not installed: pip install {package}"
        ) from error


@functools.lru_cache(maxsize=1)
def crossencoder() -> CrossEncoder:
    """The model of this package, loaded once."""
    return CrossEncoder(Path(str(resources.files("weaklink_models").joinpath("weights"))))
