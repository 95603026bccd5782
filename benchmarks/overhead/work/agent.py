"""A LangGraph agent loop: the model asks for a tool so many times, then answers."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool

from benchmarks.overhead.work.rag import USAGE, FakeChat


class ToolChat(FakeChat):
    """Calls `lookup` until it has been called `turns` times."""

    turns: int

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        turn = sum(isinstance(message, AIMessage) for message in messages)
        message = AIMessage("done", usage_metadata=USAGE)
        if turn < self.turns:
            call = {"name": "lookup", "args": {"key": f"k{turn}"}, "id": f"call{turn}"}
            message = AIMessage("", tool_calls=[call], usage_metadata=USAGE)
        return ChatResult(generations=[ChatGeneration(message=message)])


@tool
def lookup(key: str) -> str:
    """Look a key up."""
    return "value of " + key


def agent_graph(turns: int) -> Any:
    """Think, then tools while the model asks for them."""
    from langgraph.graph import MessagesState, StateGraph
    from langgraph.prebuilt import ToolNode, tools_condition

    model = ToolChat(turns=turns)

    def think(state: dict[str, Any]) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("tools", ToolNode([lookup]))
    graph.set_entry_point("think")
    graph.add_conditional_edges("think", tools_condition)
    graph.add_edge("tools", "think")
    return graph.compile()
