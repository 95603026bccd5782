"""Nodes: ids, metadata, scores with their kind and direction, the order before and after each postprocessor."""

import pytest
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import HierarchicalNodeParser, NodeParser, SentenceSplitter
from llama_index.core.postprocessor import (
    LLMRerank,
    LongContextReorder,
    MetadataReplacementPostProcessor,
    SimilarityPostprocessor,
)
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import Document, ImageNode, NodeWithScore, QueryBundle, TextNode
from pydantic import Field

from weaklink.model.roles import roles


class Fixed(BaseRetriever):
    def __init__(self, nodes):
        super().__init__()
        self.nodes = nodes

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return list(self.nodes)


class Rescore(BaseNodePostprocessor):
    """Writes its scores into the nodes that it was given, as SentenceTransformerRerank does."""

    def _postprocess_nodes(self, nodes, query_bundle=None):
        for place, node in enumerate(nodes):
            node.score = float(place)
        return sorted(nodes, key=NodeWithScore.get_score, reverse=True)[:2]


def scored(*pairs):
    return [NodeWithScore(node=TextNode(id_=name, text=f"text of {name}", metadata={"source": f"{name}.md"}), score=score)
            for name, score in pairs]  # fmt: skip


def seen(documents):
    return [(d.id, d.score, d.score_kind, d.higher_is_better, d.rank) for d in documents]


def test_a_retriever_keeps_ids_scores_metadata_and_order(listening):
    Fixed(scored(("a", 0.9), ("b", 0.5))).retrieve("What?")
    (span,) = listening.last_trace().of_kind("retriever")
    assert seen(span.documents) == [("a", 0.9, "similarity", True, 1), ("b", 0.5, "similarity", True, 2)]
    assert [document.metadata for document in span.documents] == [{"source": "a.md"}, {"source": "b.md"}]
    assert [document.content for document in span.documents] == ["text of a", "text of b"]


def test_scores_that_rise_are_distances(listening):
    Fixed(scored(("a", 0.1), ("b", 0.5))).retrieve("What?")
    (span,) = listening.last_trace().of_kind("retriever")
    assert [(d.score_kind, d.higher_is_better) for d in span.documents] == [("distance", False)] * 2


def test_scores_that_are_no_numbers_are_left_out(listening):
    nodes = scored(("a", None), ("b", float("nan")))
    Fixed(nodes).retrieve("What?")
    (span,) = listening.last_trace().of_kind("retriever")
    assert [(d.score, d.score_kind) for d in span.documents] == [(None, ""), (None, "")]


def test_retrieval_and_rerank_scores_are_kept_apart_though_one_overwrites_the_other(listening, lab):
    nodes = scored(("a", 0.9), ("b", 0.5), ("c", 0.4))
    after = Rescore().postprocess_nodes(nodes, query_str="What?")
    assert after[0].score == 2.0
    (span,) = listening.last_trace().of_kind("reranker")
    assert seen(span.candidates) == [
        ("a", 0.9, "similarity", True, 1), ("b", 0.5, "similarity", True, 2), ("c", 0.4, "similarity", True, 3),
    ]  # fmt: skip
    assert seen(span.documents) == [("c", 2.0, "rerank", True, 1), ("b", 1.0, "rerank", True, 2)]
    assert span.input == "What?"
    assert roles(listening.last_trace())[span.id] == "rerank"


def test_a_filter_keeps_the_retrievers_scores(listening):
    SimilarityPostprocessor(similarity_cutoff=0.45).postprocess_nodes(scored(("a", 0.9), ("b", 0.4)), query_str="What?")
    (span,) = listening.last_trace().of_kind("reranker")
    assert seen(span.documents) == [("a", 0.9, "similarity", True, 1)]
    assert len(span.candidates) == 2


def test_a_reordering_shows_both_orders(listening):
    LongContextReorder().postprocess_nodes(scored(("a", 0.9), ("b", 0.5), ("c", 0.4)))
    (span,) = listening.last_trace().of_kind("reranker")
    assert [d.id for d in span.candidates] == ["a", "b", "c"]
    assert [d.id for d in span.documents] != ["a", "b", "c"]
    assert {d.score_kind for d in span.documents} == {"similarity"}


def test_a_postprocessor_that_replaces_the_text_shows_both_texts(listening):
    node = TextNode(id_="a", text="one sentence", metadata={"window": "all the sentences around"})
    MetadataReplacementPostProcessor("window").postprocess_nodes([NodeWithScore(node=node, score=0.9)])
    (span,) = listening.last_trace().of_kind("reranker")
    assert ([d.content for d in span.candidates], [d.content for d in span.documents]) == (
        ["one sentence"], ["all the sentences around"],
    )  # fmt: skip


def test_a_model_that_reranks_stands_below_its_reranker(listening, lab):
    model = lab.Say(script=["Doc: 2, Relevance: 9\nDoc: 1, Relevance: 3"])
    LLMRerank(llm=model, top_n=2).postprocess_nodes(scored(("a", 0.9), ("b", 0.5)), query_str="What?")
    trace = listening.last_trace()
    assert lab.tree(trace) == "LLMRerank reranker\n  choice_select_prompt prompt\n  Say llm"
    assert seen(trace.root.documents) == [("b", 9.0, "rerank", True, 1), ("a", 3.0, "rerank", True, 2)]


def test_postprocessors_in_a_query_follow_the_retriever(listening, lab):
    lab.index.as_query_engine(
        llm=lab.Say(script=["The answer is 1."]),
        similarity_top_k=3,
        node_postprocessors=[Rescore(), LongContextReorder()],
    ).query("What?")
    trace = listening.last_trace()
    assert [span.kind for span in trace.steps] == [
        "chain",
        "retriever",
        "reranker",
        "reranker",
        "chain",
        "prompt",
        "llm",
    ]
    assert [passage.share for passage in trace.dataflow.packed] == [1.0, 1.0]
    assert [span.name for span in trace.dataflow.last_stage] == ["LongContextReorder"]


def test_a_retriever_of_retrievers_leaves_the_role_to_those_inside(listening, lab):
    inner = [Fixed(scored(("a", 0.9), ("b", 0.5))), Fixed(scored(("b", 0.8), ("c", 0.1)))]
    QueryFusionRetriever(inner, llm=lab.Say(script=["x"]), num_queries=1, use_async=False).retrieve("What?")
    trace = listening.last_trace()
    assert lab.tree(trace) == "QueryFusionRetriever retriever\n  Fixed retriever\n  Fixed retriever"
    assert list(roles(trace).values()) == ["retrieve", "retrieve"]


def test_an_image_has_no_text_and_does_no_harm(listening):
    Fixed([NodeWithScore(node=ImageNode(image_path="a.png"), score=0.9)]).retrieve("What?")
    assert listening.last_trace().status == "ok"


def test_nodes_changed_after_the_call_are_recorded_as_they_were(listening):
    nodes = scored(("a", 0.9))
    Fixed(nodes).retrieve("What?")
    nodes[0].score = 0.0
    nodes[0].node.metadata["source"] = "changed"
    (document,) = listening.last_trace().of_kind("retriever")[0].documents
    assert (document.score, document.metadata) == (0.9, {"source": "a.md"})


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_ingestion_pipeline_shows_its_transformations(listening, lab, is_async):
    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(chunk_size=64, chunk_overlap=0), MockEmbedding(embed_dim=4)]
    )
    documents = [Document(text="One sentence. " * 40, id_="d1")]
    made = await pipeline.arun(documents=documents) if is_async else pipeline.run(documents=documents)
    trace = listening.last_trace()
    assert lab.tree(trace) == "IngestionPipeline chain\n  SentenceSplitter chain\n  MockEmbedding embedding"
    (embedding,) = trace.of_kind("embedding")
    assert embedding.output["vectors"] == len(made)


def test_embeddings_keep_texts_and_sizes_but_no_vectors(listening):
    MockEmbedding(embed_dim=4).get_text_embedding_batch(["one", "two"])
    (span,) = listening.last_trace().spans
    assert (span.kind, span.input, span.output) == (
        "embedding",
        ["one", "two"],
        {"$type": "embedding", "vectors": 2, "dimensions": 4},
    )


LONG = [Document(text="The canteen opens at noon. " * 200), Document(text="Standby pay is 45 euros. " * 200)]


class Twice(NodeParser):
    """A parser of somebody's own that cuts with another one, node by node."""

    inner: SentenceSplitter = Field(default_factory=lambda: SentenceSplitter(chunk_size=100, chunk_overlap=0))

    def get_nodes_from_documents(self, documents, show_progress=False, **kwargs):
        return [node for document in documents for node in self.inner.get_nodes_from_documents([document])]

    def _parse_nodes(self, nodes, show_progress=False, **kwargs):
        return list(nodes)


@pytest.mark.parametrize("parser", [HierarchicalNodeParser.from_defaults(chunk_sizes=[512, 128]), Twice()])
def test_a_parser_that_cuts_with_others_is_one_step_and_no_trace_for_each_node(listening, traces, parser):
    assert len(parser.get_nodes_from_documents(LONG)) > 10  # LlamaIndex opens no span for this
    SentenceSplitter(chunk_size=100, chunk_overlap=0).get_nodes_from_documents(LONG)
    IngestionPipeline(transformations=[parser]).run(documents=LONG)
    parser(LONG)
    found = traces()
    assert [trace.name for trace in found] == ["SentenceSplitter", "IngestionPipeline", type(parser).__name__]
    assert len(found[0].spans) == 1
    assert {span.name for span in found[1].spans} == {"IngestionPipeline", type(parser).__name__, "SentenceSplitter"}
    assert {trace.status for trace in found} == {"ok"}
