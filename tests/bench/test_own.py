"""Stores and retrievers that the user already has, and where their time goes."""

import time

import numpy as np
import pytest
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.schema import TextNode

from weaklink.bench import Passage, compare
from weaklink.bench.corpus import UnusableCorpus
from weaklink.bench.exact import unit
from weaklink.bench.measure import Task
from weaklink.bench.recipes import UnknownStore
from weaklink.bench.worker import Job, Variant, perform
from weaklink.bench.workload import Workload

from .conftest import WordVectors, passages

DELAY_S = 0.005


class LangChainWordVectors(WordVectors, Embeddings):
    """The same embedder, of the type that LangChain wants."""


class SlowEmbedder(LangChainWordVectors):
    def embed_query(self, text: str) -> list[float]:
        time.sleep(DELAY_S)
        return super().embed_query(text)


class SlowFramework(InMemoryVectorStore):
    def similarity_search(self, query, k=4, **more):
        time.sleep(DELAY_S)
        return super().similarity_search(query, k, **more)


class SlowStore(InMemoryVectorStore):
    def _similarity_search_with_score_by_vector(self, *args, **more):
        time.sleep(DELAY_S)
        return super()._similarity_search_with_score_by_vector(*args, **more)


class Nothing(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return []


def filled(cls=InMemoryVectorStore, embedder=None):
    store = cls(embedder or LangChainWordVectors())
    store.add_documents([Document(passage.text, id=passage.id) for passage in passages(60)])
    return store


@pytest.fixture
def own(tmp_path):
    return lambda stores, **more: compare(stores, **{"repeats": 1, "rounds": 1, "folder": tmp_path, **more})


def test_a_store_is_read_out_and_measured_as_it_is(own):
    store = filled()
    before = dict(store.store)
    result = own({"mine": store})
    mine = result.store("mine")
    assert (mine.status, mine.recall.value, result.corpus.passages) == ("ok", 1.0, 60)
    assert result.corpus.embedder.startswith("LangChainWordVectors")
    assert store.store == before


@pytest.mark.parametrize(
    ("slow", "part"),
    [
        (lambda: filled(SlowFramework), "framework_ns"),
        (lambda: filled(SlowStore), "store_ns"),
        (lambda: filled(embedder=SlowEmbedder()), "embedding_ns"),
    ],
)
def test_a_planted_delay_is_attributed_to_the_part_that_has_it(own, slow, part):
    result = own({"plain": filled(), "slow": slow()}, embedder=LangChainWordVectors())
    plain, delayed = result.store("plain").split, result.store("slow").split
    grown = {
        name: getattr(delayed, name) - getattr(plain, name) for name in ("embedding_ns", "framework_ns", "store_ns")
    }
    print(grown)
    planted = grown.pop(part)
    assert planted >= 0.95 * DELAY_S * 1e9  # a busy machine sleeps longer, never shorter
    assert all(abs(rest) < 0.15 * planted for rest in grown.values())


def test_the_clocks_are_gone_afterwards(own):
    before = InMemoryVectorStore._similarity_search_with_score_by_vector, LangChainWordVectors.embed_query
    own({"mine": filled()})
    assert (InMemoryVectorStore._similarity_search_with_score_by_vector, LangChainWordVectors.embed_query) == before


def test_an_index_of_llama_index_and_its_retriever_are_measured(own):
    embedder = MockEmbedding(embed_dim=8)
    rng = np.random.default_rng(0)
    nodes = [TextNode(id_=p.id, text=p.text, embedding=list(rng.standard_normal(8))) for p in passages(30)]
    index = VectorStoreIndex(nodes, embed_model=embedder)
    result = own(
        {"index": index, "retriever": index.as_retriever(similarity_top_k=10)}, corpus=passages(30), embedder=embedder
    )
    # All texts have one vector in this embedder, so every passage is as near as any other.
    assert [store.status for store in result.stores] == ["ok", "ok"]
    assert all(store.split.store_ns > 0 for store in result.stores)


def test_a_retriever_that_finds_nothing_is_invalid(own):
    result = own({"empty": Nothing(), "mine": filled()}, corpus=passages(60))
    assert result.store("empty").status == "invalid"
    assert result.store("empty").recall is None
    assert result.store("mine").status == "ok"


def test_a_store_of_other_vectors_is_invalid(own):
    class Reversed(LangChainWordVectors):
        def embed_query(self, text):
            return [-value for value in super().embed_query(text)]

        def embed_documents(self, texts):
            return [[-value for value in self.embed_query(text)] for text in texts]

    assert (
        own({"odd": filled(embedder=Reversed())}, corpus=passages(60), embedder=LangChainWordVectors())
        .store("odd")
        .status
        == "invalid"
    )


def test_what_is_no_store_is_refused(own):
    with pytest.raises(UnknownStore, match="mine is a dict, which no installed integration knows"):
        own({"mine": {}})
    with pytest.raises(UnusableCorpus, match="none of the stores can be read out"):
        own({"mine": Nothing()})


def clustered(count: int, dimensions: int, seed: int = 0) -> np.ndarray:
    """Unit vectors in clusters, as embeddings of real texts are; independent Gaussian ones have no near neighbours to find."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((count // 50, dimensions))
    return unit(
        (centres[rng.integers(0, len(centres), count)] + 0.7 * rng.standard_normal((count, dimensions))).astype(
            np.float32
        )
    )


def test_a_lower_ef_finds_less(tmp_path):
    pytest.importorskip("faiss", reason="pip install faiss-cpu")
    vectors = clustered(4_000, 64)
    found = passages(3_900)
    queries = [query.model_copy(update={"id": f"q{n}"}) for n, query in enumerate(_as_queries(100))]
    Workload(found, queries, vectors[:3_900], vectors[3_900:]).save(tmp_path / "workload")
    efs = (1, 4, 16, 64, 256)
    variants = tuple(Variant(label=f"ef={ef}", parameters={"m": 8, "ef_construction": 40, "ef": ef}) for ef in efs)
    (tmp_path / "store").mkdir()
    job = Job(
        recipe="langchain.faiss-hnsw", variants=variants, repeat=0, workload=tmp_path / "workload", folder=tmp_path / "store",
        output=tmp_path / "out.json", task=Task(rounds=1),
    )  # fmt: skip
    runs = perform(job)
    from weaklink.bench.summary import Judge

    judge = Judge(Workload.load(tmp_path / "workload"), 10)
    recalls = [np.mean([row.recall for row in judge.rows(run.found)]) for run in runs]
    print(dict(zip(efs, recalls, strict=True)))
    assert recalls == sorted(recalls)
    assert recalls[0] < 0.8 < 0.97 < recalls[-1]


def _as_queries(count):
    from weaklink.bench.data import Query

    return [Query(id=str(n), text=f"question number {n}") for n in range(count)]


def _chain(store, question):
    found = store.similarity_search(question, k=1)
    return found[0].page_content.split(":")[1], found


def test_the_answer_effect_is_nothing_for_the_same_store_and_something_for_a_broken_one(own):
    whole, poor = filled(), InMemoryVectorStore(LangChainWordVectors())
    poor.add_documents([Document(passage.text, id=passage.id) for passage in passages(60)[:3]])
    questions = [f"What says note{n}?" for n in range(0, 60, 6)]
    result = own({"whole": whole, "same": filled(), "poor": poor}, corpus=passages(60), queries=questions, chain=_chain)
    same, other = result.answers
    assert (same.changed, same.changed_by_itself, same.changed_questions) == (0, 0, ())
    assert same.groundedness is None or not same.groundedness.is_measurable
    assert other.changed > 0.8
    assert other.changed_questions[0] in questions
    assert any(line.startswith("Answers: with same no answer is another than with whole") for line in result.verdict)


def test_labels_come_from_the_passages_that_an_answer_was_made_of():
    from weaklink import trace_from
    from weaklink.bench.labels import with_labels
    from weaklink.bench.mined import queries_from

    used, unused = (
        "Standby pay is 45 euros for a weekday night.",
        "The largest room in Ostmere is Heron, with 24 seats.",
    )
    trace = trace_from(
        "How much is standby pay for a weekday night?", [unused, used], "Standby pay is 45 euros for a weekday night."
    )
    (query,) = queries_from([trace, trace])
    assert (query.relevant_texts, query.count, query.traces, query.origin) == ((used,), 2, (trace.id,), "traces")
    corpus = [Passage(id="a", text=unused), Passage(id="b", text=f"Pay. {used}")]
    assert with_labels([query], corpus).queries[0].relevant == {"b": 1.0}
    assert queries_from([trace], lambda trace_id: True)[0].relevant_texts == ()
