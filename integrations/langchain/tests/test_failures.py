"""Errors: where they came from, and what was made good."""

from contextlib import suppress
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.tools import tool

from weaklink.testing import outline


class Down(Exception):
    pass


def fail(value: Any) -> Any:
    raise Down("the store is down")


def pass_on(value: Any) -> Any:
    return value


class Search(BaseRetriever):
    fails: bool = False

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return fail(query) if self.fails else [Document("found")]


class Chat(FakeListChatModel):
    responses: list[str] = ["fine"]
    fails: bool = False

    def _call(self, *args: Any, **kwargs: Any) -> str:
        return fail(args) if self.fails else super()._call(*args, **kwargs)


def failing_times(times: int) -> Any:
    left = [times]

    def flaky(value: Any) -> Any:
        left[0] -= 1
        return fail(value) if left[0] >= 0 else value

    return RunnableLambda(flaky)


def by_name(trace: Any) -> dict[str, Any]:
    return {span.name: span for span in trace.spans}


def chain_of(search: Search) -> Any:
    outer = RunnableLambda(lambda q: inner.invoke(q)).with_config(run_name="outer")
    inner = (RunnableLambda(pass_on) | search | RunnableLambda(len)).with_config(run_name="inner")
    return (RunnableLambda(pass_on) | outer).with_config(run_name="top")


def test_an_error_names_the_deepest_step_on_every_step_above(handler, recorder, traces):
    with pytest.raises(Down):
        chain_of(Search(fails=True)).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert (
        outline(trace)
        == "top:chain! > (pass_on:chain, outer:chain! > inner:chain! > (pass_on:chain, Search:retriever!))"
    )
    search = trace.of_kind("retriever")[0]
    failed = [span for span in trace.spans if span.failed]
    assert {span.error.origin for span in failed} == {search.id}
    assert {(span.error.type, span.error.message) for span in failed} == {(f"{__name__}.Down", "the store is down")}
    assert search.error.stack[-1].endswith("in fail")
    assert [span.name for span in failed if span.error.stack] == ["Search"]
    assert recorder.open_spans == 0


def test_the_same_chain_without_an_error_has_none(handler, recorder, traces):
    assert chain_of(Search()).invoke("x", {"callbacks": [handler]}) == 1

    trace = traces()[0]
    assert outline(trace) == (
        "top:chain > (pass_on:chain, outer:chain > inner:chain > (pass_on:chain, Search:retriever, len:chain))"
    )
    assert [span.error for span in trace.spans] == [None] * len(trace.spans)
    assert not recorder._late


async def test_an_error_in_an_async_chain_names_the_deepest_step(handler, traces):
    with pytest.raises(Down):
        await (RunnableLambda(pass_on) | Search(fails=True)).ainvoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert {span.error.origin for span in trace.spans if span.error} == {trace.of_kind("retriever")[0].id}


def test_an_error_raised_from_another_keeps_its_origin_and_names_its_cause(handler, traces):
    def answer(question: str) -> Any:
        try:
            return Search(fails=True).invoke(question)
        except Down as error:
            raise RuntimeError("no answer") from error

    with pytest.raises(RuntimeError):
        (RunnableLambda(answer) | pass_on).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    search, answered = trace.of_kind("retriever")[0], by_name(trace)["answer"]
    assert outline(trace) == "RunnableSequence:chain!* > answer:chain! > Search:retriever!"
    assert answered.error.type == "RuntimeError"
    assert answered.error.causes == (f"{__name__}.Down: the store is down",)
    assert {span.error.origin for span in trace.spans if span.failed} == {search.id}


def test_an_error_raised_from_none_is_the_step_s_own(handler, traces):
    def answer(question: str) -> Any:
        try:
            return Search(fails=True).invoke(question)
        except Down:
            raise RuntimeError("no answer") from None

    with pytest.raises(RuntimeError):
        RunnableLambda(answer).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert by_name(trace)["answer"].error.origin == by_name(trace)["answer"].id
    assert by_name(trace)["answer"].error.causes == ()


def test_a_step_that_swallows_an_error_is_healthy_and_the_one_below_recovered(handler, traces):
    def answer(question: str) -> Any:
        try:
            return Search(fails=True).invoke(question)
        except Down:
            return []

    (RunnableLambda(answer) | pass_on).invoke("x", {"callbacks": [handler]})

    assert (
        outline(traces()[0]) == "RunnableSequence:chain* > (answer:chain > Search:retriever[recovered], pass_on:chain)"
    )


def test_an_error_of_another_kind_after_a_swallowed_one_has_its_own_origin(handler, traces):
    def answer(question: str) -> Any:
        with suppress(Down):
            Search(fails=True).invoke(question)
        raise KeyError(question)

    with pytest.raises(KeyError):
        RunnableLambda(answer).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert by_name(trace)["answer"].error.origin == trace.root.id
    assert by_name(trace)["Search"].error.origin == by_name(trace)["Search"].id


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "batch"])
async def test_a_fallback_makes_good_what_failed(mode, handler, traces):
    prompt = ChatPromptTemplate.from_template("{q}")
    chain = (prompt | Chat(fails=True)).with_fallbacks([prompt | Chat()]) | StrOutputParser()

    config: Any = {"callbacks": [handler]}
    if mode == "ainvoke":
        assert await chain.ainvoke({"q": "x"}, config) == "fine"
    elif mode == "stream":
        assert "".join(chain.stream({"q": "x"}, config)) == "fine"
    elif mode == "batch":
        assert chain.batch([{"q": "x"}], config) == ["fine"]
    else:
        assert chain.invoke({"q": "x"}, config) == "fine"

    trace = traces()[0]
    models = trace.of_kind("llm")
    if mode == "stream":  # this fake has no stream of its own that fails
        assert {span.status for span in models} == {"ok"}
        return
    assert [span.status for span in models] == ["recovered", "ok"]
    assert trace.status == "ok"
    assert "error" not in {span.status for span in trace.spans}
    assert models[0].error.origin == models[0].id


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
async def test_what_fallbacks_try_belongs_to_them_where_nothing_is_above_them(mode, handler, traces):
    chain = Chat(fails=True).with_fallbacks([Chat()])

    config: Any = {"callbacks": [handler]}
    if mode == "invoke":
        chain.invoke("x", config)
    else:
        await chain.ainvoke("x", config)
    (trace,) = traces()
    assert [(span.name, span.status) for span in trace.spans] == [
        ("RunnableWithFallbacks", "ok"), ("Chat", "recovered"), ("Chat", "ok"),
    ]  # fmt: skip


def test_fallbacks_that_fail_too_are_a_failure(handler, traces):
    chain = Chat(fails=True).with_fallbacks([Chat(fails=True)]) | StrOutputParser()

    with pytest.raises(Down):
        chain.invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert [span.status for span in trace.of_kind("llm")] == ["error", "error"]
    assert trace.root.error.origin in {span.id for span in trace.of_kind("llm")}


def test_a_retry_makes_good_what_failed_and_numbers_its_attempts(handler, traces):
    chain = failing_times(2).with_retry(stop_after_attempt=3, wait_exponential_jitter=False)

    assert (chain | pass_on).invoke("x", {"callbacks": [handler]}) == "x"

    trace = traces()[0]
    retried, *attempts = [span for span in trace.spans if span.name == "flaky"]
    assert retried.status == "ok"
    assert [(span.status, span.attributes.get("attempt")) for span in attempts] == [
        ("recovered", None), ("recovered", 2), ("ok", 3),
    ]  # fmt: skip
    assert [span.tags for span in attempts] == [()] * 3
    assert trace.status == "ok"


async def test_a_retry_that_gives_up_is_a_failure_of_the_last_attempt(handler, traces):
    chain = failing_times(9).with_retry(stop_after_attempt=2, wait_exponential_jitter=False)

    with pytest.raises(Down):
        await chain.ainvoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    attempts = trace.children(trace.root)
    assert [span.status for span in attempts] == ["error", "error"]
    assert trace.root.error.origin == attempts[-1].id
    assert [span.error.origin for span in attempts] == [span.id for span in attempts]


def test_a_parallel_branch_that_fails_leaves_its_healthy_sibling_alone(handler, traces):
    chain = RunnableParallel(good=RunnableLambda(pass_on), bad=RunnableLambda(fail))

    with pytest.raises(Down):
        chain.invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert {name: span.status for name, span in by_name(trace).items() if name in ("pass_on", "fail")} == {
        "pass_on": "ok", "fail": "error",
    }  # fmt: skip
    assert trace.root.error.origin == by_name(trace)["fail"].id


def test_a_batch_that_returns_its_exceptions_has_one_failed_trace(handler, traces):
    def picky(number: int) -> int:
        return fail(number) if number == 1 else number

    found = RunnableLambda(picky).batch([0, 1, 2], {"callbacks": [handler]}, return_exceptions=True)

    assert [type(item) for item in found] == [int, Down, int]
    assert sorted((trace.root.input, trace.status) for trace in traces()) == [(0, "ok"), (1, "error"), (2, "ok")]


def test_a_parser_that_cannot_read_the_answer_is_the_origin(handler, traces):
    chain = Chat(responses=["no json"]) | JsonOutputParser()

    with pytest.raises(ValueError):
        chain.invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "RunnableSequence:chain!* > (Chat:llm, JsonOutputParser:parser!)"
    assert trace.root.error.origin == trace.of_kind("parser")[0].id


def test_a_tool_that_raises_is_the_origin(handler, traces):
    @tool
    def broken(word: str) -> str:
        """Breaks."""
        return fail(word)

    with pytest.raises(Down):
        (RunnableLambda(lambda w: {"word": w}) | broken).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert trace.root.error.origin == trace.of_kind("tool")[0].id


def test_an_exception_group_finds_its_origin_inside(handler, traces):
    def answer(question: str) -> Any:
        found: list[Exception] = []
        for search in (Search(fails=True), Search(fails=True)):
            try:
                search.invoke(question)
            except Down as error:
                found.append(error)
        raise ExceptionGroup("both", found)

    with pytest.raises(ExceptionGroup):
        RunnableLambda(answer).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert trace.root.error.origin in {span.id for span in trace.of_kind("retriever")}
