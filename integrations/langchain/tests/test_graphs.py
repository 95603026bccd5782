"""LangGraph: nodes, edges, and the ways in which a graph stops that are no failure."""

import asyncio
import operator
import time
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, RetryPolicy, Send, interrupt

import weaklink
from weaklink.testing import outline


class State(TypedDict):
    seen: Annotated[list[Any], operator.add]


EMPTY: State = {"seen": []}


def says(name: str) -> Any:
    return lambda state: {"seen": [name]}


def graph(*edges: tuple[str, str], checkpointer: Any = None, **nodes: Any) -> Any:
    breakpoints = {name: nodes.pop(name) for name in ("interrupt_before", "interrupt_after") if name in nodes}
    built = StateGraph(State)
    for name, node in nodes.items():
        built.add_node(name, node)
    for start, end in edges or zip((START, *nodes), (*nodes, END), strict=False):
        built.add_edge(start, end)
    return built.compile(checkpointer=checkpointer, **breakpoints)


def statuses(trace: Any) -> dict[str, str]:
    return {span.name: span.status for span in trace.steps}


def test_nodes_are_steps_and_know_their_place(handler, traces):
    graph(a=says("a"), b=says("b")).invoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > (a:chain, b:chain)"
    assert [(span.attributes["node"], span.attributes["step"]) for span in trace.spans[1:]] == [("a", 1), ("b", 2)]
    assert trace.root.output == {"seen": ["a", "b"]}
    assert trace.root.metadata == trace.spans[1].metadata == {}
    assert trace.spans[1].tags == ()


def test_a_function_that_decides_where_to_go_is_marked_and_what_a_node_consists_of_is_not(handler, traces):
    def where(state: State) -> str:
        return "b"

    def double(state: State) -> State:
        return {"seen": state["seen"] * 2}

    built = StateGraph(State)
    built.add_node("a", RunnableLambda(says("a")) | RunnableLambda(double))
    built.add_node("b", says("b"))
    built.add_node("c", says("c"))
    built.add_edge(START, "a")
    built.add_conditional_edges("a", where, ["b", "c"])
    built.compile().invoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > (a:chain > (RunnableLambda:chain, double:chain, where:chain), b:chain)"
    assert [span.name for span in trace.spans if span.attributes.get("branch")] == ["where"]
    (where_span,) = [span for span in trace.spans if span.name == "where"]
    assert (where_span.output, where_span.attributes["node"]) == ("b", "a")


def test_a_subgraph_is_no_decision(handler, traces):
    graph(outer=graph(inner=says("inner"))).invoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > outer:chain > LangGraph:chain > inner:chain"
    assert not [span for span in trace.spans if span.attributes.get("branch")]


def test_what_was_sent_runs_once_for_each(handler, traces):
    built = StateGraph(State)
    built.add_node("work", says("done"))
    built.add_conditional_edges(START, lambda state: [Send("work", {"seen": [n]}) for n in range(3)], ["work"])
    built.compile().invoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > (work:chain, work:chain, work:chain)"
    assert sorted(span.input["seen"][0] for span in trace.steps[1:]) == [0, 1, 2]


def test_a_node_that_searches_is_a_retriever_and_one_that_picks_a_reranker(handler, traces):
    found = [Document(text) for text in ("one", "two", "three")]

    class Search(TypedDict):
        question: str
        found: list[Document]

    built = StateGraph(Search)
    built.add_node("search", lambda state: {"found": found})
    built.add_node("pick", lambda state: {"found": state["found"][:1]})
    built.add_edge(START, "search")
    built.add_edge("search", "pick")
    built.compile().invoke({"question": "x", "found": []}, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > (search:retriever, pick:reranker)"
    assert [document.content for document in trace.steps[2].candidates] == ["one", "two", "three"]
    assert [document.content for document in trace.steps[2].documents] == ["one"]


def test_a_chain_that_a_node_runs_for_each_passage_is_no_edge(handler, traces):
    grade = ChatPromptTemplate.from_template("Relevant? {text}") | FakeListChatModel(responses=["no"])

    def grade_all(state: State) -> Any:
        return {"seen": [grade.invoke({"text": text}).content for text in "abc"]}

    graph(grade=grade_all).invoke(EMPTY, {"callbacks": [handler]})

    assert not [span for span in traces()[0].spans if span.attributes.get("branch")]


async def test_a_branch_that_fails_is_the_origin_and_its_sibling_is_cancelled(handler, recorder, traces):
    async def bad(state: State) -> State:
        await asyncio.sleep(0.02)
        raise ConnectionError("gone")

    async def slow(state: State) -> State:
        await asyncio.sleep(30)
        return state

    with pytest.raises(ConnectionError):
        await graph((START, "bad"), (START, "slow"), bad=bad, slow=slow).ainvoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert statuses(trace) == {"LangGraph": "error", "bad": "error", "slow": "cancelled"}
    (origin,) = {span.error.origin for span in trace.spans if span.failed}
    assert trace.get(origin).name == "bad"
    assert recorder.open_spans == 0


def ask(state: State) -> State:
    return {"seen": [interrupt("may I?")]}


STOPPING = {
    "node": lambda: graph(ask=ask, after=says("after"), checkpointer=InMemorySaver()),
    "subgraph": lambda: graph(inner=graph(ask=ask), after=says("after"), checkpointer=InMemorySaver()),
}


async def run(app: Any, mode: str, value: Any, config: Any) -> None:
    if mode == "invoke":
        app.invoke(value, config)
    elif mode == "ainvoke":
        await app.ainvoke(value, config)
    elif mode == "stream":
        list(app.stream(value, config))
    else:
        _ = [chunk async for chunk in app.astream(value, config)]


@pytest.mark.parametrize("where", STOPPING)
@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
async def test_a_graph_that_waits_for_a_person_is_interrupted_and_goes_on(mode, where, handler, recorder, traces):
    app = STOPPING[where]()
    config: Any = {"callbacks": [handler], "configurable": {"thread_id": "1"}}
    for value in (EMPTY, Command(resume="yes")):
        await run(app, mode, value, config)

    waiting, resumed = traces()
    assert set(statuses(waiting).values()) == {"interrupted"}
    assert set(statuses(resumed).values()) == {"ok"}
    assert "after" in statuses(resumed)
    assert resumed.root.metadata == {"thread_id": "1"}
    assert recorder.open_spans == 0


STEPS: Any = {"before": says("before"), "after": says("after")}
STOPPING_AT_A_BREAKPOINT = {
    "before": lambda: graph(**STEPS, checkpointer=InMemorySaver(), interrupt_before=["after"]),
    "after": lambda: graph(**STEPS, checkpointer=InMemorySaver(), interrupt_after=["before"]),
    "subgraph": lambda: graph(
        before=says("before"), inner=graph(after=says("after"), interrupt_before=["after"]), checkpointer=InMemorySaver()
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", STOPPING_AT_A_BREAKPOINT)
@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
async def test_a_graph_that_stops_at_a_breakpoint_is_interrupted_too(mode, where, handler, recorder, traces):
    app = STOPPING_AT_A_BREAKPOINT[where]()
    config: Any = {"callbacks": [handler], "configurable": {"thread_id": "1"}}
    for value in (EMPTY, None):
        await run(app, mode, value, config)

    waiting, resumed = traces()
    assert (waiting.status, statuses(waiting)["before"]) == ("interrupted", "ok")
    assert "after" not in statuses(waiting)
    assert weaklink.diagnose(waiting).summary == "The graph waits for a person; nothing failed."
    assert (resumed.status, statuses(resumed)["after"]) == ("ok", "ok")
    assert recorder.open_spans == 0


def test_a_breakpoint_of_one_call_and_one_that_is_not_reached(handler, traces):
    app = graph(**STEPS, checkpointer=InMemorySaver())
    for thread, stop in (("1", {"interrupt_before": ["after"]}), ("2", {"interrupt_after": ["absent"]}), ("3", {})):
        app.invoke(EMPTY, {"callbacks": [handler], "configurable": {"thread_id": thread}}, **stop)

    assert [trace.status for trace in traces()] == ["interrupted", "ok", "ok"]


def test_a_graph_inside_a_node_that_waits_does_not_stop_the_graph_around_it(handler, traces):
    inner = graph(ask=ask, checkpointer=InMemorySaver())

    def call(state: State) -> State:
        inner.invoke(EMPTY, {"configurable": {"thread_id": "inner"}})
        return {"seen": ["went on"]}

    RunnableLambda(call).invoke(EMPTY, {"callbacks": [handler]})

    assert outline(traces()[0]) == "call:chain > LangGraph:chain[interrupted] > ask:chain[interrupted]"


def test_a_command_to_the_graph_above_is_no_failure(handler, traces):
    def leave(state: State) -> Any:
        return Command(graph=Command.PARENT, goto="after", update={"seen": ["left"]})

    graph((START, "inner"), inner=graph(leave=leave), after=says("after")).invoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > (inner:chain > LangGraph:chain > leave:chain, after:chain)"
    assert [span.error for span in trace.spans if span.failed] == []


def test_a_node_that_is_tried_again_has_recovered(handler, traces):
    left = [2]

    def flaky(state: State) -> State:
        left[0] -= 1
        if left[0] >= 0:
            raise ConnectionError("gone")
        return {"seen": ["done"]}

    built = StateGraph(State)
    built.add_node("flaky", flaky, retry_policy=RetryPolicy(initial_interval=0.01, max_attempts=3))
    built.add_edge(START, "flaky")
    built.compile().invoke(EMPTY, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain > (flaky:chain[recovered], flaky:chain[recovered], flaky:chain)"
    assert len({span.attributes["namespace"] for span in trace.steps[1:]}) == 1


def test_too_many_steps_are_a_failure_of_the_graph_itself(handler, traces):
    with pytest.raises(GraphRecursionError):
        graph((START, "a"), ("a", "a"), a=says("a")).invoke(EMPTY, {"callbacks": [handler], "recursion_limit": 3})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain! > (a:chain, a:chain, a:chain)"
    assert (trace.root.error.type, trace.root.error.origin) == ("langgraph.errors.GraphRecursionError", trace.root.id)


async def test_a_step_that_takes_too_long_is_cancelled_and_the_graph_has_failed(handler, recorder, traces):
    async def slow(state: State) -> State:
        await asyncio.sleep(30)
        return state

    app = graph(slow=slow)
    app.step_timeout = 0.1
    with pytest.raises(TimeoutError):
        await app.ainvoke(EMPTY, {"callbacks": [handler]})

    assert statuses(traces()[0]) == {"LangGraph": "error", "slow": "cancelled"}
    assert recorder.open_spans == 0


def test_a_step_that_cannot_be_stopped_ends_after_its_graph_and_is_recorded(handler, recorder, traces):
    def slow(state: State) -> State:
        time.sleep(0.4)
        return {"seen": ["late"]}

    app = graph(slow=slow)
    app.step_timeout = 0.1
    with pytest.raises(TimeoutError):
        app.invoke(EMPTY, {"callbacks": [handler]})
    time.sleep(0.6)

    trace = traces()[0]
    assert statuses(trace) == {"LangGraph": "error", "slow": "ok"}
    assert trace.spans[1].output == {"seen": ["late"]}
    assert recorder.open_spans == 0


class Approved(TypedDict):
    question: str
    found: list[Document]
    approved: str
    answer: str


def approved_answer(answer: str) -> Any:
    """A graph that retrieves, asks a person, and answers once it is resumed."""
    passage = Document("The largest room in Ostmere is Heron, with 24 seats.")
    prompt = ChatPromptTemplate.from_template("{context}\n\nQuestion: {question}")
    chain = prompt | FakeListChatModel(responses=[answer])
    built = StateGraph(Approved)
    built.add_node("retrieve", lambda state: {"found": [passage]})
    built.add_node("approve", lambda state: {"approved": interrupt("may I?")})
    built.add_node("answer", lambda state: {"answer": chain.invoke({"context": passage.page_content, **state}).text})
    for start, end in ((START, "retrieve"), ("retrieve", "approve"), ("approve", "answer"), ("answer", END)):
        built.add_edge(start, end)
    return built.compile(checkpointer=InMemorySaver())


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("The largest room in Ostmere is Heron, with 24 seats.", ("ok", None)),
        ("The largest room in Ostmere is Heron, with 42 seats.", ("broken", "contradicted")),
    ],
)
def test_a_graph_that_goes_on_is_judged_by_its_first_question_not_by_what_the_person_said(
    answer, verdict, handler, traces
):
    asked, graph = "How many seats does the largest room in Ostmere have?", approved_answer(answer)
    config = {"configurable": {"thread_id": "1"}, "callbacks": [handler]}
    graph.invoke({"question": asked}, config)
    graph.invoke(Command(resume="yes"), config)

    resumed = traces()[-1]
    diagnosis = weaklink.diagnose(resumed)
    assert (resumed.question, resumed.root.kind, resumed.of_kind("retriever")) == (asked, "chain", [])
    assert (diagnosis.verdict, diagnosis.failure) == verdict


def test_a_graph_that_is_called_with_nothing_goes_on_too(handler, traces):
    asked = "How many seats does the largest room in Ostmere have?"
    built = StateGraph(Approved)
    built.add_node("answer", lambda state: {"answer": "24"})
    built.add_edge(START, "answer")
    graph = built.compile(checkpointer=InMemorySaver(), interrupt_before=["answer"])
    config = {"configurable": {"thread_id": "1"}, "callbacks": [handler]}
    graph.invoke({"question": asked}, config)
    graph.invoke(None, config)

    assert [trace.question for trace in traces()] == [asked, asked]
