"""Models of the user's choice. Those of sentence-transformers and LettuceDetect are tiny ones, made here, through their own loading."""

import math
from pathlib import Path
from typing import Any

import pytest

import weaklink
from weaklink import Score, Trace, WeaklinkError, trace_from
from weaklink.errors import MissingPackage
from weaklink.scoring import scorer_named
from weaklink.scoring.neural import CrossEncoder, Embedder, LettuceDetect
from weaklink.testing import build

QUESTION = "how much is standby pay"
PASSAGES = ["standby pay is 45 euros", "the largest room is heron"]
ANSWER = "Standby pay is 45 euros. It is paid daily."
NEEDS = "needs torch, which is too large for the ordinary test run: pip install {}"


@pytest.fixture
def trace() -> Trace:
    return trace_from(QUESTION, PASSAGES, ANSWER)


def values(scores: list[Score]) -> list[tuple[int | None, float | None]]:
    return [(score.document, score.value) for score in scores]


# --- without any package: functions and objects stand in for models


def test_an_embedder_gives_the_cosine_and_never_less_than_zero(trace):
    vectors = {QUESTION: [2.0, 0.0], PASSAGES[0]: [3.0, 4.0], PASSAGES[1]: [-1.0, 0.0]}
    scores = Embedder(lambda texts: [vectors[text] for text in texts]).score(trace)
    assert values(scores) == [(None, pytest.approx(0.6)), (0, pytest.approx(0.6)), (1, 0.0)]
    assert (scores[0].name, scores[0].reason) == ("embedder", "the best of 2 documents is number 1")


def test_a_vector_without_length_is_no_score(trace):
    scores = Embedder(lambda texts: [[0.0, 0.0] if "heron" in text else [1.0, 0.0] for text in texts]).score(trace)
    assert values(scores) == [(None, 1.0), (0, 1.0), (1, None)]
    assert scores[2].reason == "the model gave nan, which is no number from 0 to 1"


def test_questions_and_documents_are_embedded_each_in_its_own_way(trace):
    class Model:
        def encode_query(self, texts: list[str]) -> list[list[float]]:
            return [[1.0, 0.0] for _ in texts]

        def encode_document(self, texts: list[str]) -> list[list[float]]:
            return [[0.0, 1.0] for _ in texts]

    assert values(Embedder(Model()).score(trace)) == [(None, 0.0), (0, 0.0), (1, 0.0)]


@pytest.mark.parametrize(
    ("given", "kept"), [([0.9, 0.2], 0.9), ([7.0, 0.2], 0.2), ([float("nan"), float("nan")], None)]
)
def test_a_cross_encoder_may_be_a_function(trace, given, kept):
    scores = CrossEncoder(lambda pairs: given if pairs[0] == (QUESTION, PASSAGES[0]) else [], name="relevance").score(
        trace
    )
    assert (scores[0].name, scores[0].value) == ("relevance", kept)


def test_what_cannot_be_judged_says_why():
    model = CrossEncoder(lambda pairs: [1.0 for _ in pairs])
    assert [s.reason for s in model.score(trace_from("", PASSAGES))] == ["the trace holds no question"]
    assert [s.reason for s in model.score(trace_from(QUESTION, []))] == ["the step returned no documents"]
    lettuce = LettuceDetect(object())
    assert [s.reason for s in lettuce.score(trace_from(QUESTION, PASSAGES))] == ["the model wrote no text"]
    assert lettuce.score(build("chain > tool", "Who?")) == []
    no_context = build("chain > llm", "Who?", "Ada.", llm={"input": "Who?", "output": "Ada."})
    assert [s.reason for s in lettuce.score(no_context)] == ["the model saw no context that the trace could find"]


class Marking:
    """Stands in for a HallucinationDetector: a token is a word, and "daily" is not supported."""

    class detector:
        @staticmethod
        def tokenizer(text: str, **kwargs: Any) -> dict[str, Any]:
            words, at = text.split(), 0
            offsets = [(at := text.index(word, at), at + len(word)) for word in words]
            return {"offset_mapping": offsets}

    def __init__(self, cut: int = 0) -> None:
        self._cut = cut

    def predict(self, *, answer: str, **kwargs: Any) -> list[dict[str, Any]]:
        risks = [{"paid": 0.5, "daily.": 0.75}.get(word, 0.125) for word in answer.split()]
        marked = [{"prob": risk} for risk in risks] + [{"prob": 1.0}]
        return marked[: len(marked) - self._cut]


def test_lettuce_marks_what_is_not_supported(trace):
    whole, first, second = LettuceDetect(Marking()).score(trace)
    assert [score.value for score in (whole, first, second)] == [0.25, 0.875, 0.25]
    assert (whole.reason, whole.label, whole.detail) == ("1 of 2 sentences supported", "unsupported", ("paid daily.",))
    (marked,) = second.unsupported
    assert (marked.text, ANSWER[marked.start : marked.end], first.unsupported) == ("paid daily.", "paid daily.", ())
    with pytest.raises(WeaklinkError, match="too long for the model"):
        LettuceDetect(Marking(cut=3)).score(trace)


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("embedder:x", "sentence-transformers"),
        ("cross-encoder:x", "sentence-transformers"),
        ("lettucedetect:x", "lettucedetect"),
    ],
)
def test_a_missing_package_is_named(name, package, monkeypatch):
    def missing(module: str) -> Any:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.setattr("weaklink.scoring.neural.import_module", missing)
    with pytest.raises(MissingPackage, match=f"pip install {package}"):
        scorer_named(name)


# --- real loading, real models, a few kilobytes each


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tokenizer and an untrained BERT of 2 layers and 16 dimensions, in three forms."""
    pytest.importorskip("torch", reason=NEEDS.format("sentence-transformers"))
    transformers = pytest.importorskip("transformers", reason=NEEDS.format("sentence-transformers"))
    import torch

    folder = tmp_path_factory.mktemp("tiny")
    words = " ".join([QUESTION, *PASSAGES, ANSWER.lower().replace(".", " .")]).split()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(words)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"), vocab_file=str(folder / "vocab.txt"))
    torch.manual_seed(3)
    size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = {"vocab_size": len(vocabulary), **size, "initializer_range": 1.0}
    forms = {"plain": (transformers.BertModel, {}), "pairs": (transformers.BertForSequenceClassification, {"num_labels": 1}),
             "three": (transformers.BertForSequenceClassification, {"num_labels": 3}),
             "tokens": (transformers.BertForTokenClassification, {"num_labels": 2})}  # fmt: skip
    for name, (kind, more) in forms.items():
        kind(transformers.BertConfig(**config, **more)).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder


@pytest.mark.slow
def test_a_sentence_transformer_is_loaded_and_gives_its_own_cosines(trace, tiny):
    library = pytest.importorskip("sentence_transformers", reason=NEEDS.format("sentence-transformers"))
    scores = weaklink.score(trace, [f"embedder:{tiny / 'plain'}"])
    model = library.SentenceTransformer(str(tiny / "plain"))
    question, *passages = model.encode([QUESTION, *PASSAGES])
    cosines = [float(library.util.cos_sim(question, passage)) for passage in passages]
    assert [score.value for score in scores[1:]] == pytest.approx([max(0.0, value) for value in cosines], abs=1e-5)
    assert scores[0].scorer == f"embedder:{tiny / 'plain'}/{library.__version__}"


@pytest.mark.slow
def test_a_cross_encoder_is_loaded_and_gives_the_sigmoid_of_its_logit(trace, tiny):
    library = pytest.importorskip("sentence_transformers", reason=NEEDS.format("sentence-transformers"))
    import torch

    scores = weaklink.score(trace, [f"cross-encoder:{tiny / 'pairs'}"])
    model = library.CrossEncoder(str(tiny / "pairs"))
    logits = model.predict([(QUESTION, text) for text in PASSAGES], activation_fn=torch.nn.Identity())
    assert [score.value for score in scores[1:]] == pytest.approx(
        [1 / (1 + math.exp(-value)) for value in logits], abs=1e-5
    )
    assert scores[1].value != scores[2].value
    (failed,) = weaklink.score(trace, [f"cross-encoder:{tiny / 'three'}"])
    assert "gives 3 labels for a pair, not one" in failed.reason


@pytest.mark.slow
def test_lettucedetect_is_loaded_and_its_spans_are_where_it_says(trace, tiny):
    pytest.importorskip("lettucedetect", reason=NEEDS.format("lettucedetect"))
    from lettucedetect.models.inference import HallucinationDetector

    whole, *sentences = weaklink.score(trace, [f"lettucedetect:{tiny / 'tokens'}"])
    asked = {"context": PASSAGES, "question": QUESTION, "answer": ANSWER}
    detector = HallucinationDetector(method="transformer", model_path=str(tiny / "tokens"))
    tokens = detector.predict(**asked, output_format="tokens")[:-1]
    assert whole.value == pytest.approx(1 - max(token["prob"] for token in tokens), abs=1e-6)
    spans = [(s["start"], s["end"]) for s in detector.predict(**asked, output_format="spans")]
    ours = [(place.start, place.end) for score in sentences for place in score.unsupported]
    assert {at for start, end in ours for at in range(start, end)} <= {
        at for start, end in spans for at in range(start, end)
    }
    assert len(sentences) == 2
