"""Chains of runnables: the same trace in every mode."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from operator import itemgetter
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    RunnableBranch,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)

from weaklink.testing import outline

USAGE = {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}
ENDING = {"finish_reason": "stop", "model_name": "fluent-1"}


class Fluent(FakeListChatModel):
    responses: list[str] = ["Ada did."]

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        message = AIMessage("Ada did.", usage_metadata=USAGE, response_metadata=ENDING)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return self._generate()

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for text in ("Ada ", "did", "."):
            yield ChatGenerationChunk(message=AIMessageChunk(text))
        yield ChatGenerationChunk(message=AIMessageChunk("", usage_metadata=USAGE, response_metadata=ENDING))

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream():
            yield chunk


class Search(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document("Ada wrote it."), Document("Bob read it.")]


def join(found: list[Document]) -> str:
    return "\n".join(document.page_content for document in found)


async def ajoin(found: list[Document]) -> str:
    return join(found)


TEMPLATE = "{context}\n{q}"
RAG = (
    RunnablePassthrough.assign(found=itemgetter("q") | Search())
    | RunnableParallel(context=itemgetter("found") | RunnableLambda(join, ajoin), q=itemgetter("q"))
    | ChatPromptTemplate.from_template(TEMPLATE)
    | Fluent()
    | StrOutputParser()
).with_config(run_name="rag", tags=["mine"], metadata={"user": "ada"})
QUESTION = {"q": "Who?"}


def invoke(chain: Any, value: Any, config: Any) -> Any:
    return chain.invoke(value, config)


def ainvoke(chain: Any, value: Any, config: Any) -> Any:
    return asyncio.run(chain.ainvoke(value, config))


def stream(chain: Any, value: Any, config: Any) -> Any:
    return "".join(chain.stream(value, config))


def astream(chain: Any, value: Any, config: Any) -> Any:
    async def read() -> str:
        return "".join([chunk async for chunk in chain.astream(value, config)])

    return asyncio.run(read())


def events(chain: Any, value: Any, config: Any) -> Any:
    async def read() -> list[Any]:
        return [event async for event in chain.astream_events(value, config, version="v2")]

    return asyncio.run(read())[-1]["data"]["output"]


def batch(chain: Any, value: Any, config: Any) -> Any:
    return chain.batch([value], config)[0]


def abatch(chain: Any, value: Any, config: Any) -> Any:
    return asyncio.run(chain.abatch([value], config))[0]


def as_completed(chain: Any, value: Any, config: Any) -> Any:
    return next(iter(chain.batch_as_completed([value], config)))[1]


MODES = (invoke, ainvoke, stream, astream, events, batch, abatch, as_completed)
STREAMS = (stream, astream, events)
CONTEXT = "Ada wrote it.\nBob read it."
PROMPTED = [{"$type": "message", "role": "user", "content": f"{CONTEXT}\nWho?"}]
SAID = {"$type": "message", "role": "assistant", "content": "Ada did."}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_records_the_same_steps(mode, handler, recorder, traces):
    assert mode(RAG, QUESTION, {"callbacks": [handler]}) == "Ada did."

    (trace,) = traces()
    assert {span.status for span in trace.spans} == {"ok"}
    assert (trace.name, trace.question, trace.answer) == ("rag", "Who?", "Ada did.")
    named = {span.name: span for span in trace.steps if span.name != "RunnableLambda"}
    assert {name: span.kind for name, span in named.items()} == {
        "rag": "chain", "Search": "retriever", "join": "chain", "ChatPromptTemplate": "prompt", "Fluent": "llm",
        "StrOutputParser": "parser",
    }  # fmt: skip
    assert named["rag"].input == QUESTION
    assert named["rag"].output == named["StrOutputParser"].output == "Ada did."
    assert named["Search"].input == "Who?"
    assert [found.content for found in named["Search"].documents] == ["Ada wrote it.", "Bob read it."]
    assert [found["content"] for found in named["join"].input] == ["Ada wrote it.", "Bob read it."]
    assert named["join"].output == CONTEXT
    assert named["ChatPromptTemplate"].input == {"context": CONTEXT, "q": "Who?"}
    assert named["ChatPromptTemplate"].output == named["Fluent"].input == PROMPTED
    assert named["ChatPromptTemplate"].attributes == {"template": TEMPLATE}
    assert named["Fluent"].output == named["StrOutputParser"].input == SAID
    assert recorder.open_spans == 0
    assert not recorder._late


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_records_the_same_of_the_model(mode, handler, traces):
    mode(RAG, QUESTION, {"callbacks": [handler]})

    call = traces()[0].of_kind("llm")[0].model
    assert (call.name, call.provider, call.finish_reason, call.cached) == ("fluent-1", "fluent", "stop", False)
    assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.total_tokens) == (5, 3, 8)
    assert (call.time_to_first_token_ns is not None) == (mode in STREAMS)


@pytest.mark.parametrize("mode", MODES)
def test_what_the_user_tagged_is_kept_and_what_the_framework_adds_is_not(mode, handler, traces):
    mode(RAG, QUESTION, {"callbacks": [handler], "tags": ["run"], "metadata": {"session": 7, "ls_provider": "x"}})

    for span in traces()[0].spans:
        assert sorted(span.tags) == ["mine", "run"]
        assert span.metadata == {"user": "ada", "session": 7}


def test_plumbing_is_folded_and_nothing_else(handler, traces):
    RAG.invoke(QUESTION, {"callbacks": [handler]})

    trace = traces()[0]
    assert [span.name for span in trace.spans if span.plumbing] == [
        "RunnableAssign<found>", "RunnableParallel<found>", "RunnableSequence", "RunnableParallel<context,q>", "RunnableSequence",
    ]  # fmt: skip
    assert not any(span.plumbing for span in trace.spans if span.kind != "chain")


def test_a_step_that_a_person_named_is_never_plumbing(handler, traces):
    chain = RunnableParallel(a=RunnablePassthrough()).with_config(run_name="my branches") | RunnableLambda(len)

    chain.with_config(run_name="my chain").invoke("x", {"callbacks": [handler]})

    assert outline(traces()[0]) == "my chain:chain > (my branches:chain, len:chain)"


def test_parallel_branches_run_in_threads_and_stay_in_one_trace(handler, recorder, traces):
    gate = threading.Barrier(4, timeout=5)

    def meet(value: str) -> int:
        gate.wait()
        return threading.get_ident()

    branches = RunnableParallel({name: RunnableLambda(meet).with_config(run_name=name) for name in "abcd"})
    found = branches.invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert len(set(found.values())) == 4
    assert sorted(span.name for span in trace.children(trace.root)) == ["a", "b", "c", "d"]
    assert recorder.open_spans == 0


@pytest.mark.parametrize("mode", [invoke, ainvoke])
def test_a_branch_shows_the_way_that_was_taken(mode, handler, traces):
    def is_long(text: str) -> bool:
        return len(text) > 3

    def shout(text: str) -> str:
        return text.upper()

    def whisper(text: str) -> str:
        return text.lower()

    branch = RunnableBranch((is_long, RunnableLambda(shout)), RunnableLambda(whisper))
    assert mode(branch, "long text", {"callbacks": [handler]}) == "LONG TEXT"

    assert outline(traces()[0]) == "RunnableBranch:chain* > (is_long:chain, shout:chain)"


def test_pick_bind_and_configurable_fields_add_no_step_of_their_own_name(handler, traces):
    chain = RunnablePassthrough.assign(n=lambda value: len(value["q"])).pick("n") | RunnableLambda(str)

    assert chain.invoke(QUESTION, {"callbacks": [handler]}) == "4"

    trace = traces()[0]
    assert [span.name for span in trace.steps[1:]] == ["RunnableLambda", "str"]


def test_a_function_that_returns_a_chain_has_it_below(handler, traces):
    chain = RunnableLambda(lambda _: PromptTemplate.from_template("{q}") | Fluent()).with_config(run_name="route")

    chain.invoke(QUESTION, {"callbacks": [handler]})

    assert outline(traces()[0]) == "route:chain > (PromptTemplate:prompt, Fluent:llm)"
    assert traces()[0].of_kind("prompt")[0].output == "Who?"


def test_a_generator_in_a_chain_is_a_step(handler, traces):
    def spell(chunks: Iterator[Any]) -> Iterator[str]:
        for chunk in chunks:
            yield chunk.content.upper()

    chain = ChatPromptTemplate.from_template("{q}") | Fluent() | RunnableGenerator(spell)

    assert "".join(chain.stream(QUESTION, {"callbacks": [handler]})) == "ADA DID."

    trace = traces()[0]
    assert outline(trace) == "RunnableSequence:chain* > (ChatPromptTemplate:prompt, Fluent:llm, spell:chain)"
    assert trace.root.input == QUESTION
    assert trace.root.output == trace.spans[-1].output == "ADA DID."


def test_each_of_a_list_is_a_step(handler, traces):
    RunnableLambda(str).map().invoke([1, 2], {"callbacks": [handler]})

    assert outline(traces()[0], plumbing=True) == "RunnableEach<str>:chain* > (str:chain, str:chain)"


def test_what_a_step_changes_afterwards_is_not_what_was_recorded(handler, traces):
    def spoil(value: dict[str, Any]) -> str:
        value["q"] = "changed"
        return "done"

    (RunnablePassthrough() | RunnableLambda(spoil)).invoke({"q": "Who?"}, {"callbacks": [handler]})

    assert [span.input for span in traces()[0].spans] == [QUESTION, QUESTION, QUESTION]


def test_a_long_template_is_kept_whole(handler, traces):
    template = "word " * 200 + "{q}"

    ChatPromptTemplate.from_messages([("system", "short"), ("user", template)]).invoke(
        QUESTION, {"callbacks": [handler]}
    )

    assert traces()[0].root.attributes["template"] == f"short\n{template}"
