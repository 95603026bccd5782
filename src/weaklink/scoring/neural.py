"""Scorers with models of your choice: an embedder, a cross-encoder, LettuceDetect. Each needs a package of its own, with torch.

Their scores stand beside those of the default scorers and take no part in the diagnosis, whose limits are fitted to the default
ones; with `name="relevance"` or `name="groundedness"` one stands in for the default scorer of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

from weaklink.errors import MissingPackage, WeaklinkError
from weaklink.model import Score, Span, TextRange, Trace
from weaklink.scoring.text.sentences import split_sentences

_SHOWN = 300
_UNSUPPORTED = 0.5  # LettuceDetect takes the likelier of its two labels (arXiv 2502.17125, 3.2)


class Embedder:
    """How like the question is each document, by the cosine of their vectors: 0 for a right angle or more, 1 for the same.

    Likeness is not relevance: on one topic, what answers the question and what does not lie equally near.
    """

    def __init__(self, model: str | Any, *, name: str = "") -> None:
        """`model` is a folder or a name for SentenceTransformer, such a model, or a function from texts to vectors.

        Raises MissingPackage where sentence-transformers is needed and not installed.
        """
        self._model: Any = _sentence_transformers("SentenceTransformer", model)
        self.name = name or _name("embedder", model)
        self.version = _version(self.name, "sentence-transformers", model)

    def score(self, trace: Trace) -> list[Score]:
        """One score for each document of each retriever and reranker, and the best of them for the span."""
        import numpy as np

        def likeness(question: str, texts: Sequence[str]) -> list[float]:
            vectors = np.asarray(self._vectors(question, texts), dtype=np.float64)
            lengths = np.linalg.norm(vectors, axis=1)
            cosines = vectors[1:] @ vectors[0] / (lengths[1:] * lengths[0])  # of a vector without length: NaN
            return [min(1.0, max(0.0, float(value))) if value == value else value for value in cosines]

        with np.errstate(invalid="ignore", divide="ignore"):
            return _of_documents(self, trace, likeness)

    def _vectors(self, question: str, texts: Sequence[str]) -> list[Any]:
        """The question's first. Models that embed questions and documents differently have a method for each."""
        of_questions = getattr(self._model, "encode_query", None) or getattr(self._model, "encode", self._model)
        of_documents = getattr(self._model, "encode_document", None) or getattr(self._model, "encode", self._model)
        return [*of_questions([question]), *of_documents(list(texts))]


class CrossEncoder:
    """How probable is it that each document answers the question, by a model that reads both together."""

    def __init__(self, model: str | Any, *, name: str = "") -> None:
        """`model` is a folder or a name for sentence-transformers' CrossEncoder, such a model with one label, or a function from
        pairs of texts to probabilities. Raises MissingPackage where sentence-transformers is needed and not installed.
        """
        self._model: Any = _sentence_transformers("CrossEncoder", model)
        self.name = name or _name("cross-encoder", model)
        self.version = _version(self.name, "sentence-transformers", model)

    def score(self, trace: Trace) -> list[Score]:
        """One score for each document of each retriever and reranker, and the best of them for the span."""
        return _of_documents(self, trace, self._probabilities)

    def _probabilities(self, question: str, texts: Sequence[str]) -> list[float]:
        import numpy as np

        pairs = [(question, text) for text in texts]
        if not hasattr(self._model, "predict"):
            return [float(value) for value in self._model(pairs)]
        identity: Any = import_module("torch").nn.Identity()  # some models come with a sigmoid, some without
        logits = np.asarray(
            self._model.predict(pairs, activation_fn=identity, show_progress_bar=False), dtype=np.float64
        )
        if logits.ndim != 1:
            raise WeaklinkError(
                f"{self.name} gives {logits.shape[-1]} labels for a pair, not one; use a model made for reranking"
            )
        return [float(value) for value in 1.0 / (1.0 + np.exp(-np.clip(logits, -500, 500)))]


class LettuceDetect:
    """How probable is it that the passages carry the answer, by a model that marks the tokens which they do not."""

    def __init__(self, model: str | Any, *, name: str = "") -> None:
        """`model` is a folder or a name for LettuceDetect, or a `HallucinationDetector` with the method "transformer".

        Raises MissingPackage where lettucedetect is needed and not installed.
        """
        if isinstance(model, str):
            detector = _imported("lettucedetect.models.inference", "lettucedetect").HallucinationDetector
            self._model: Any = detector(method="transformer", model_path=model)
        else:
            self._model = model
        self.name = name or _name("lettucedetect", model)
        self.version = _version(self.name, "lettucedetect", model)

    def score(self, trace: Trace) -> list[Score]:
        """One score for each sentence of the generator, and the lowest of them for the whole."""
        generator, text = trace.dataflow.generator, trace.dataflow.generator_text
        if generator is None:
            return []
        passages = [passage.text for passage in trace.dataflow.context]
        if not text or not passages:
            reason = "the model saw no context that the trace could find" if text else "the model wrote no text"
            return [Score.unscored(generator.id, self.name, reason, scorer=self.version)]
        tokens = self._tokens(trace.question, passages, text)
        sentences = [self._sentence(generator, text, place, tokens) for place in split_sentences(text)]
        worst = min(sentences, key=lambda score: score.value or 0.0)
        carried = sum(score.label == "supported" for score in sentences)
        said = f"{carried} of {len(sentences)} {'sentence' if len(sentences) == 1 else 'sentences'} supported"
        whole = Score(
            span_id=generator.id, name=self.name, value=worst.value, reason=said, scorer=self.version, label=worst.label,
            detail=worst.detail,
        )  # fmt: skip
        return [whole, *sentences]

    def _tokens(self, question: str, passages: list[str], text: str) -> list[tuple[int, int, float]]:
        """Start, end and probability of being unsupported, of each token of the answer."""
        found = self._model.predict(context=passages, question=question or None, answer=text, output_format="tokens")
        tokenizer = self._model.detector.tokenizer
        offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        if not 0 <= len(found) - len(offsets) <= 1:  # the last one may be the end mark
            raise WeaklinkError(
                f"{self.name} marked {len(found)} tokens of {len(offsets)}: the answer is too long for the model"
            )
        return [(start, end, float(token["prob"])) for (start, end), token in zip(offsets, found, strict=False)]

    def _sentence(self, span: Span, text: str, place: tuple[int, int], tokens: list[tuple[int, int, float]]) -> Score:
        first, last = place
        inside = [token for token in tokens if token[1] > first and token[0] < last]
        marked = [_range(span, text, start, end) for start, end in _runs(inside)]
        return Score(
            span_id=span.id,
            name=self.name,
            value=1.0 - max((risk for _, _, risk in inside), default=0.0),
            scorer=self.version,
            sentence=_range(span, text, first, last),
            label="unsupported" if marked else "supported",
            detail=tuple(one.text for one in marked),
            unsupported=tuple(marked),
        )


def _of_documents(
    scorer: Embedder | CrossEncoder, trace: Trace, judge: Callable[[str, Sequence[str]], list[float]]
) -> list[Score]:
    scores: list[Score] = []
    for span in trace.of_kind("retriever", "reranker"):
        if not trace.question or not span.documents:
            reason = "the step returned no documents" if trace.question else "the trace holds no question"
            scores.append(Score.unscored(span.id, scorer.name, reason, scorer=scorer.version))
            continue
        values = judge(trace.question, [document.content for document in span.documents])
        single = [_document(scorer, span, number, value) for number, value in enumerate(values)]
        best = max(single, key=lambda score: -1.0 if score.value is None else score.value)
        reason = best.reason or f"the best of {len(values)} documents is number {(best.document or 0) + 1}"
        scores += [best.model_copy(update={"document": None, "reason": reason}), *single]
    return scores


def _document(scorer: Embedder | CrossEncoder, span: Span, number: int, value: float) -> Score:
    if not 0.0 <= value <= 1.0:
        reason = f"the model gave {value:g}, which is no number from 0 to 1"
        return Score.unscored(span.id, scorer.name, reason, scorer=scorer.version, document=number)
    return Score(span_id=span.id, name=scorer.name, value=value, scorer=scorer.version, document=number)


def _runs(tokens: Sequence[tuple[int, int, float]]) -> list[tuple[int, int]]:
    """Where unsupported tokens follow each other."""
    runs: list[tuple[int, int]] = []
    goes_on = False
    for start, end, risk in tokens:
        is_unsupported = risk >= _UNSUPPORTED
        if is_unsupported:
            runs = [*runs[:-1], (runs[-1][0], end)] if goes_on else [*runs, (start, end)]
        goes_on = is_unsupported
    return runs


def _range(span: Span, text: str, start: int, end: int) -> TextRange:
    return TextRange(span_id=span.id, field="output", start=start, end=end, text=text[start:end][:_SHOWN])


def _sentence_transformers(kind: str, model: str | Any) -> Any:
    if not isinstance(model, str):
        return model
    return getattr(_imported("sentence_transformers", "sentence-transformers"), kind)(model)


def _imported(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingPackage(
            f"this scorer needs {package}, which cannot be imported ({error}): pip install {package}"
        ) from error


def _name(kind: str, model: str | Any) -> str:
    return f"{kind}:{model}" if isinstance(model, str) else kind


def _version(name: str, package: str, model: str | Any) -> str:
    """Of a model that came as an object nobody knows the version: what it gave before is not taken for up to date."""
    return f"{name}/{version(package)}" if isinstance(model, str) else ""
