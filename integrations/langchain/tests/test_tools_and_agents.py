"""Tools, tool nodes and agents: what failed, what was handled, which call it was."""

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import ToolException, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

from weaklink.testing import outline


@tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


@tool
def refuse(a: int) -> int:
    """Refuses."""
    raise ToolException("not today")


@tool
def broken(a: int) -> int:
    """Breaks."""
    raise ConnectionError("no line")


@tool
def says_no(a: int) -> ToolMessage:
    """Returns an error."""
    return ToolMessage("no", tool_call_id="call_1", status="error")


forgiving = refuse.model_copy(update={"name": "forgiving", "handle_tool_error": True})


class Calling(GenericFakeChatModel):
    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(each) for each in tools], **kwargs)


def call(name: str, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "call_1"}])


def agent(*answers: AIMessage, tools: Any = (add, forgiving, broken), **kwargs: Any) -> Any:
    return create_agent(Calling(messages=iter(answers)), list(tools), **kwargs)


def tool_graph(**kwargs: Any) -> Any:
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode([add, broken], **kwargs))
    graph.add_edge(START, "tools")
    return graph.compile()


ASK = {"messages": [("user", "1 + 2?")]}


def test_a_tool_has_its_arguments_its_result_and_the_id_of_its_call(handler, traces):
    result = add.invoke(
        {"name": "add", "args": {"a": 1, "b": 2}, "id": "call_9", "type": "tool_call"}, {"callbacks": [handler]}
    )

    (span,) = traces()[0].spans
    assert (span.kind, span.name, span.status, span.input) == ("tool", "add", "ok", {"a": 1, "b": 2})
    assert span.output["content"] == result.content == "3"
    assert span.attributes == {"tool_call_id": "call_9"}


def test_a_tool_that_raises_is_an_error(handler, traces):
    with pytest.raises(ConnectionError):
        broken.invoke({"a": 1}, {"callbacks": [handler]})

    (span,) = traces()[0].spans
    assert (span.status, span.error.type, span.error.message) == ("error", "ConnectionError", "no line")


@pytest.mark.parametrize("each", [forgiving, says_no])
def test_a_tool_that_answers_with_an_error_is_an_error(each, handler, traces):
    request = {"name": each.name, "args": {"a": 1}, "id": "call_1", "type": "tool_call"}
    assert each.invoke(request, {"callbacks": [handler]}).status == "error"

    (span,) = traces()[0].spans
    assert (span.status, span.error.type) == ("error", "ToolError")
    assert span.error.message in ("not today", "no")


def test_a_handled_error_of_a_tool_called_without_a_call_cannot_be_told_from_an_answer(handler, traces):
    assert forgiving.invoke({"a": 1}, {"callbacks": [handler]}) == "not today"

    assert traces()[0].status == "ok"  # LangChain returns the bare text (core 1.7)


def test_arguments_that_do_not_fit_are_an_error_of_the_tool(handler, traces):
    with pytest.raises(ValueError):
        add.invoke({"a": "one", "b": 2}, {"callbacks": [handler]})

    (span,) = traces()[0].spans
    assert (span.status, span.input) == ("error", {"a": "one", "b": 2})
    assert "unable to parse string as an integer" in span.error.message


def test_a_tool_node_that_handles_errors_has_recovered(handler, traces):
    tool_graph(handle_tool_errors=True).invoke({"messages": [call("broken", a=1)]}, {"callbacks": [handler]})

    assert outline(traces()[0]) == "LangGraph:chain > tools:chain > broken:tool[recovered]"


def test_a_tool_node_that_does_not_handle_errors_fails(handler, traces):
    with pytest.raises(ConnectionError):
        tool_graph(handle_tool_errors=False).invoke({"messages": [call("broken", a=1)]}, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:chain! > tools:chain! > broken:tool!"
    assert trace.root.error.origin == trace.of_kind("tool")[0].id


def test_a_tool_node_whose_tools_work_is_healthy(handler, traces):
    tool_graph(handle_tool_errors=True).invoke({"messages": [call("add", a=1, b=2)]}, {"callbacks": [handler]})

    assert outline(traces()[0]) == "LangGraph:chain > tools:chain > add:tool"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_an_agent_shows_its_turns_and_its_tools(is_async, handler, recorder, traces):
    calculator = agent(call("add", a=1, b=2), AIMessage("3"), name="calculator")

    config: Any = {"callbacks": [handler]}
    _ = await calculator.ainvoke(ASK, config) if is_async else calculator.invoke(ASK, config)

    trace = traces()[0]
    assert outline(trace) == (
        "calculator:agent > (model:chain > Calling:llm, tools:chain > add:tool, model:chain > Calling:llm)"
    )
    assert [span.attributes["tools"] for span in trace.of_kind("llm")] == [["add", "forgiving", "broken"]] * 2
    assert trace.of_kind("tool")[0].attributes == {"tool_call_id": "call_1"}
    assert [span.attributes["step"] for span in trace.of_kind("chain") if span.attributes.get("step")] == [1, 2, 3]
    assert recorder.open_spans == 0


def test_an_agent_that_was_not_named_is_an_agent_too(handler, traces):
    agent(AIMessage("3")).invoke(ASK, {"callbacks": [handler]})

    assert outline(traces()[0]) == "LangGraph:agent > model:chain > Calling:llm"


def test_an_agent_whose_tool_answers_with_an_error_recovers(handler, traces):
    agent(call("forgiving", a=1), AIMessage("sorry")).invoke(ASK, {"callbacks": [handler]})

    assert outline(traces()[0]) == (
        "LangGraph:agent > (model:chain > Calling:llm, tools:chain > forgiving:tool[recovered], model:chain > Calling:llm)"
    )


def test_an_agent_whose_tool_raises_fails_there(handler, traces):
    with pytest.raises(ConnectionError):
        agent(call("broken", a=1), AIMessage("sorry")).invoke(ASK, {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "LangGraph:agent! > (model:chain > Calling:llm, tools:chain! > broken:tool!)"
    assert {span.error.origin for span in trace.spans if span.failed} == {trace.of_kind("tool")[0].id}


def test_an_agent_that_is_a_tool_of_another_is_an_agent_inside_a_tool(handler, traces):
    inner = agent(AIMessage("3"), name="inner")

    @tool
    def ask_inner(question: str) -> str:
        """Asks."""
        return inner.invoke({"messages": [("user", question)]})["messages"][-1].content

    outer = agent(call("ask_inner", question="1 + 2?"), AIMessage("three"), tools=[ask_inner], name="outer")
    outer.invoke(ASK, {"callbacks": [handler]})

    assert outline(traces()[0]) == (
        "outer:agent > (model:chain > Calling:llm, tools:chain > ask_inner:tool > inner:agent > model:chain > Calling:llm, "
        "model:chain > Calling:llm)"
    )


def test_a_stream_of_an_agent_is_the_same(handler, recorder, traces):
    list(agent(call("add", a=1, b=2), AIMessage("3")).stream(ASK, {"callbacks": [handler]}, stream_mode="updates"))

    trace = traces()[0]
    assert outline(trace) == (
        "LangGraph:agent > (model:chain > Calling:llm, tools:chain > add:tool, model:chain > Calling:llm)"
    )
    assert recorder.open_spans == 0
