"""The demo's agent in LangGraph: a planner picks a tool, the tool runs, and the model words its result."""

from typing import Annotated, Any, TypedDict

from langchain_core.messages import AnyMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs]
from langgraph.graph.message import add_messages  # pyright: ignore[reportMissingTypeStubs]
from langgraph.prebuilt import ToolNode

from weaklink_langchain.demo.chain import Pieces
from weaklink_langchain.demo.models import RuleBasedPlanner

ANSWER_PROMPT = ChatPromptTemplate.from_messages(
    [
        (
            "system",
            "You answer questions of employees. Answer in one short sentence, using only the result of the tool.",
        ),
        ("human", "Result of the tool:\n{result}\n\nQuestion: {question}"),
    ]
)


class AgentState(TypedDict):
    """What travels through the graph."""

    messages: Annotated[list[AnyMessage], add_messages]
    answer: str


def build_agent(pieces: Pieces) -> Runnable[str, Any]:
    """Question in, answer out; plan, tools and write_answer in between."""
    planner = RuleBasedPlanner().bind_tools(pieces.tools).with_config(run_name="choose_tool")
    write = (
        ANSWER_PROMPT.with_config(run_name="fill_prompt")
        | pieces.model.with_config(run_name="write_answer")
        | StrOutputParser().with_config(run_name="parse_answer")
    )

    def plan(state: AgentState) -> dict[str, Any]:
        return {"messages": [planner.invoke(state["messages"])]}

    def answer(state: AgentState) -> dict[str, Any]:
        question, result = state["messages"][0].content, state["messages"][-1].content
        return {"answer": write.invoke({"question": question, "result": result})}

    graph: Any = StateGraph(AgentState)  # typed in part only (langgraph 1.2)
    graph.add_node("plan", plan)
    # Like most agents in production: an error of a tool becomes a message that the model reads, and nothing is raised.
    graph.add_node("tools", ToolNode(list(pieces.tools), handle_tool_errors=True))
    graph.add_node("answer", answer)
    graph.add_edge(START, "plan")
    graph.add_edge("plan", "tools")
    graph.add_edge("tools", "answer")
    graph.add_edge("answer", END)
    compiled: Runnable[dict[str, Any], dict[str, Any]] = graph.compile(name="company_agent")
    agent = RunnableLambda(_ask) | compiled | RunnableLambda(_answer_of)
    return agent.with_config(run_name="company_assistant")


def _ask(question: str) -> dict[str, Any]:
    return {"messages": [("human", question)]}


def _answer_of(state: dict[str, Any]) -> str:
    return state["answer"]
