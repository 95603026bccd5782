"""Query engines: one step per thing that a person thinks of, with question, documents, prompt and answer."""

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.indices.query.query_transform import HyDEQueryTransform
from llama_index.core.program import LLMTextCompletionProgram
from llama_index.core.prompts import PromptTemplate
from llama_index.core.query_engine import (
    CitationQueryEngine,
    RouterQueryEngine,
    SubQuestionQueryEngine,
    TransformQueryEngine,
)
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.retrievers import RecursiveRetriever
from llama_index.core.schema import IndexNode
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.tools import QueryEngineTool
from pydantic import BaseModel

import weaklink
from weaklink.model.roles import roles

ANSWER = "The answer is 1."
PLAIN = """RetrieverQueryEngine chain
  VectorIndexRetriever retriever
  CompactAndRefine chain
    text_qa_prompt prompt
    Say llm"""


def role_of(trace, name):
    known = roles(trace)
    return [known.get(span.id, "") for span in trace.spans if span.name == name]


@pytest.fixture
def engine(lab):
    return lab.index.as_query_engine(llm=lab.Say(script=[ANSWER]), similarity_top_k=2)


def test_a_query_is_retriever_synthesizer_prompt_and_model(lab, listening, engine):
    engine.query("What is the answer?")
    trace = listening.last_trace()
    assert lab.tree(trace) == PLAIN
    assert [span.name for span in trace.steps] == [
        "RetrieverQueryEngine", "VectorIndexRetriever", "CompactAndRefine", "text_qa_prompt", "Say",
    ]  # fmt: skip


async def test_an_asynchronous_query_gives_the_same_steps(lab, listening, engine):
    await engine.aquery("What is the answer?")
    assert lab.tree(listening.last_trace()) == PLAIN


def test_question_answer_and_context_flow_through(listening, engine, lab):
    engine.query("What is the answer?")
    trace = listening.last_trace()
    assert (trace.question, trace.answer) == ("What is the answer?", ANSWER)
    assert [passage.share for passage in trace.dataflow.packed] == [1.0, 1.0]
    assert {passage.text for passage in trace.dataflow.context} <= {node.text for node in lab.nodes}
    assert trace.dataflow.generator.name == "Say"
    assert set(roles(trace).values()) == {"retrieve", "pack", "generate"}


def test_a_prompt_has_its_template_its_variables_and_what_the_model_got(listening, engine):
    engine.query("What is the answer?")
    trace = listening.last_trace()
    (prompt,), (model,) = trace.of_kind("prompt"), trace.of_kind("llm")
    assert "{context_str}" in prompt.attributes["template"]
    assert prompt.input["query_str"] == "What is the answer?"
    assert "Document 0 says" in prompt.input["context_str"] or "Document 1 says" in prompt.input["context_str"]
    assert prompt.output == model.input


def test_the_query_embedding_is_steps_the_retriever(listening, engine):
    engine.query("What is the answer?")
    (retriever,) = listening.last_trace().of_kind("retriever")
    assert retriever.attributes["query_embedding"]["dimensions"] == 8
    assert retriever.attributes["query_embedding"]["duration_ns"] > 0
    assert retriever.output is None


def test_a_query_embedding_that_fails_is_the_culprit(lab, listening, engine, monkeypatch):
    def fail(self, query):
        raise ConnectionError("no embeddings today")

    monkeypatch.setattr("llama_index.core.embeddings.MockEmbedding._get_query_embedding", fail)
    with pytest.raises(ConnectionError):
        engine.query("What is the answer?")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """RetrieverQueryEngine chain error
  VectorIndexRetriever retriever error
    query embedding embedding error"""
    )
    assert weaklink.diagnose(trace).culprit.name == "query embedding"


def test_a_router_shows_what_it_chose(lab, listening, engine):
    chosen = '[{"choice": 1, "reason": "because"}]'
    tool = QueryEngineTool.from_defaults(engine, name="docs", description="the documents")
    router = RouterQueryEngine(
        LLMSingleSelector.from_defaults(llm=lab.Say(script=[chosen])), [tool], llm=lab.Say(script=["x"])
    )
    router.query("What is the answer?")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """RouterQueryEngine chain
  LLMSingleSelector chain
    single_select_prompt prompt
    Say llm
    SelectionOutputParser parser
  RetrieverQueryEngine chain
    VectorIndexRetriever retriever
    CompactAndRefine chain
      text_qa_prompt prompt
      Say llm"""
    )
    assert role_of(trace, "LLMSingleSelector") == ["route"]
    assert (trace.question, trace.answer) == ("What is the answer?", ANSWER)


def test_sub_questions_are_queries_of_their_own(lab, listening, engine):
    wanted = '```json\n{"items": [{"sub_question": "What says document 1?", "tool_name": "docs"}]}\n```'
    tool = QueryEngineTool.from_defaults(engine, name="docs", description="the documents")
    SubQuestionQueryEngine.from_defaults(
        query_engine_tools=[tool],
        question_gen=LLMQuestionGenerator.from_defaults(llm=lab.Say(script=[wanted])),
        response_synthesizer=get_response_synthesizer(llm=lab.Say(script=["In all it is 1."])),
        use_async=False,
        verbose=False,
    ).query("What is the answer?")
    trace = listening.last_trace()
    assert [span.name for span in trace.children(trace.root)] == [
        "LLMQuestionGenerator", "RetrieverQueryEngine", "CompactAndRefine",
    ]  # fmt: skip
    inner = trace.children(trace.root)[1]
    assert inner.input == "What says document 1?"
    assert (trace.question, trace.answer) == ("What is the answer?", "In all it is 1.")


def test_sub_questions_asked_at_once_hang_below_the_query(lab, listening, engine):
    asked = [{"sub_question": f"What says document {n}?", "tool_name": "docs"} for n in range(3)]
    wanted = "```json\n" + str({"items": asked}).replace("'", '"') + "\n```"
    tool = QueryEngineTool.from_defaults(engine, name="docs", description="the documents")
    SubQuestionQueryEngine.from_defaults(
        query_engine_tools=[tool],
        question_gen=LLMQuestionGenerator.from_defaults(llm=lab.Say(script=[wanted])),
        response_synthesizer=get_response_synthesizer(llm=lab.Say(script=["In all it is 1."])),
        use_async=True,
        verbose=False,
    ).query("What is the answer?")
    trace = listening.last_trace()
    below = trace.children(trace.root)
    assert [span.name for span in below].count("RetrieverQueryEngine") == 3
    assert all(len(list(trace.descendants(span))) >= 4 for span in below if span.name == "RetrieverQueryEngine")


def test_citations_are_answered_from_the_cut_nodes(lab, listening):
    CitationQueryEngine.from_args(lab.index, llm=lab.Say(script=["It is 1 [1]."])).query("What is the answer?")
    trace = listening.last_trace()
    assert trace.answer == "It is 1 [1]."
    assert [span.kind for span in trace.steps] == ["chain", "retriever", "chain", "prompt", "llm"]


def test_hyde_is_a_rewrite(lab, listening, engine):
    TransformQueryEngine(engine, HyDEQueryTransform(llm=lab.Say(script=["A passage that says 1."]))).query(
        "What is it?"
    )
    trace = listening.last_trace()
    known = roles(trace)
    assert [known.get(span.id) for span in trace.of_kind("llm")] == ["rewrite", "generate"]
    assert trace.of_kind("retriever")[0].input == {
        "query": "What is it?", "embedded": ["A passage that says 1.", "What is it?"],
    }  # fmt: skip
    assert trace.question == "What is it?"


@pytest.mark.parametrize(
    ("mode", "calls"), [("compact", 1), ("refine", 2), ("tree_summarize", 1), ("simple_summarize", 1)]
)
def test_every_way_to_synthesize_counts_its_model_calls(lab, listening, mode, calls):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["One.", "Two."]), response_mode=mode, similarity_top_k=2)
    response = engine.query("What is the answer?")
    trace = listening.last_trace()
    assert len(trace.of_kind("llm")) == len(trace.leaf_llms) == calls
    assert trace.usage.input_tokens == 10 * calls
    assert trace.answer == str(response)


def test_a_refinement_shows_both_prompts(lab, listening):
    lab.index.as_query_engine(llm=lab.Say(script=["One.", "Two."]), response_mode="refine").query("What is it?")
    trace = listening.last_trace()
    assert [span.name for span in trace.of_kind("prompt")] == ["text_qa_prompt", "refine_prompt"]
    assert trace.of_kind("prompt")[1].input["existing_answer"] == "One."


class Amount(BaseModel):
    amount: float


def test_structured_prediction_is_prompt_model_and_parser(lab, listening):
    found = lab.Say(script=['{"amount": 3}']).structured_predict(Amount, PromptTemplate("How much is {x}?"), x="it")
    assert found == Amount(amount=3)
    trace = listening.last_trace()
    assert [(span.kind, span.status) for span in trace.steps[1:]] == [("prompt", "ok"), ("llm", "ok"), ("parser", "ok")]
    assert trace.of_kind("prompt")[0].input == {"x": "it"}


def test_structured_prediction_that_cannot_be_parsed_is_a_format_error(lab, listening):
    program = LLMTextCompletionProgram.from_defaults(
        output_cls=Amount, prompt_template_str="How much is {x}?", llm=lab.Say(script=["three"])
    )
    with pytest.raises(ValueError):
        program(x="it")
    diagnosis = weaklink.diagnose(listening.last_trace())
    assert (diagnosis.culprit.name, diagnosis.failure) == ("PydanticOutputParser", "format_error")


def test_structured_prediction_through_a_tool_call_counts_once(lab, listening):
    found = lab.Call(script=[[("Amount", {"amount": 3})]]).structured_predict(
        Amount, PromptTemplate("How much is {x}?"), x="it"
    )
    assert found == Amount(amount=3)
    trace = listening.last_trace()
    assert [span.kind for span in trace.steps[1:]] == ["prompt", "llm", "tool"]
    assert trace.usage.input_tokens == 10


def test_a_prompt_that_cannot_be_filled_is_the_culprit(lab, listening):
    def fail(**kwargs):
        raise KeyError("b")

    with pytest.raises(KeyError):
        lab.Say(script=["x"]).predict(PromptTemplate("{a} {b}", function_mappings={"b": fail}), a="only this")
    trace = listening.last_trace()
    (prompt,) = trace.of_kind("prompt")
    assert (prompt.status, prompt.error.origin) == ("error", prompt.id)
    assert weaklink.diagnose(trace).culprit.role == "pack"


def test_nothing_retrieved_is_seen(lab, listening):
    from llama_index.core import VectorStoreIndex
    from llama_index.core.embeddings import MockEmbedding

    empty = VectorStoreIndex([], embed_model=MockEmbedding(embed_dim=8))
    empty.as_query_engine(llm=lab.Say(script=[ANSWER])).query("What is the answer?")
    trace = listening.last_trace()
    (retriever,) = trace.of_kind("retriever")
    assert retriever.documents == ()
    assert trace.answer == "Empty Response"
    assert weaklink.diagnose(trace).failure == "no_results"


def routed(lab, choice):
    tools = [
        QueryEngineTool.from_defaults(
            lab.index.as_query_engine(llm=lab.Say(script=["It is 1."])), name=name, description=f"About {name}"
        )
        for name in ("numbers", "letters")
    ]
    llm = lab.Say(script=[choice])
    return RouterQueryEngine(LLMSingleSelector.from_defaults(llm=llm), tools, llm=llm)


def test_a_selector_tells_what_it_chose_from_and_what_it_chose(listening, lab):
    routed(lab, '[{"choice": 2, "reason": "so"}]').query("What is it?")
    selector = listening.last_trace().spans[1]
    assert selector.attributes["choices"] == [
        {"name": "numbers", "description": "About numbers"},
        {"name": "letters", "description": "About letters"},
    ]
    assert selector.attributes["chosen"] == [1]


def test_a_choice_that_cannot_be_read_is_no_answer(listening, lab):
    with pytest.raises(ValueError, match="JSON"):
        routed(lab, "The second one.").query("What is it?")
    trace = listening.last_trace()
    assert trace.dataflow.generator is None
    diagnosis = weaklink.diagnose(trace)
    assert (diagnosis.culprit.name, diagnosis.failure) == ("SelectionOutputParser", "format_error")


def test_a_node_that_leads_on_says_where_to(listening, lab):
    top = VectorStoreIndex([IndexNode(text="All about numbers.", index_id="below")], embed_model=MockEmbedding(8))
    RecursiveRetriever(
        "top", retriever_dict={"top": top.as_retriever(similarity_top_k=1), "below": lab.index.as_retriever()}
    ).retrieve("What is it?")
    links = [document.metadata.get("index_id") for document in listening.last_trace().of_kind("retriever")[1].documents]
    assert links == ["below"]
