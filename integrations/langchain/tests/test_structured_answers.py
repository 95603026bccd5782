"""Answers that a model fills into a form: judged as what they say, and no plan."""

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers.openai_tools import PydanticToolsParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnablePassthrough
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import BaseModel

import weaklink
from weaklink.model import Trace
from weaklink_langchain import WeaklinkCallbackHandler

QUESTION = "How many seats does the largest meeting room in Ostmere have?"
PASSAGE = "The largest meeting room in Ostmere is the Harbour room. It has 24 seats and a screen."


class Room(BaseModel):
    """A meeting room."""

    name: str
    seats: float
    has_screen: bool | None = None


class CitedAnswer(BaseModel):
    """An answer, and the numbers of the passages behind it."""

    answer: str
    citations: list[int]


class Scripted(GenericFakeChatModel):
    """A model that calls what it is told to."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:  # type: ignore[override]
        return self


@tool
def search(query: str) -> str:
    """Search the handbook."""
    return PASSAGE


def calls(name: str, /, **args: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": name}])


def chain(schema: type[BaseModel], /, **args: Any) -> Trace:
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    store.add_documents([Document(PASSAGE)])
    handler = WeaklinkCallbackHandler()
    asked = {"context": store.as_retriever(), "question": RunnablePassthrough()} | ChatPromptTemplate.from_template(
        "{context} {question}"
    )
    model = Scripted(messages=iter([calls(schema.__name__, **args)]))
    parser = PydanticToolsParser(tools=[schema], first_tool_only=True)
    (asked | model | parser).invoke(QUESTION, {"callbacks": [handler]})
    return handler.last_trace()


def agent(*messages: AIMessage) -> Trace:
    handler = WeaklinkCallbackHandler()
    graph = create_agent(Scripted(messages=iter(messages)), [search], response_format=ToolStrategy(Room))
    graph.invoke({"messages": [HumanMessage(QUESTION)]}, {"callbacks": [handler]})
    return handler.last_trace()


@pytest.mark.parametrize(
    ("seats", "verdict", "failure"), [(24, "ok", None), (42, "broken", "contradicted")], ids=["right", "wrong"]
)
def test_a_form_is_the_answer_of_a_chain(seats: int, verdict: str, failure: str | None):
    trace = chain(Room, name="Harbour room", seats=seats)
    diagnosis = weaklink.diagnose(trace)

    assert trace.answer == f"name: Harbour room\nseats: {seats}"
    assert [cell.role for cell in diagnosis.strip] == ["retrieve", "pack", "generate", "parse"]
    assert (diagnosis.verdict, diagnosis.failure) == (verdict, failure)


@pytest.mark.parametrize(("seats", "verdict"), [(24, "ok"), (42, "broken")], ids=["right", "wrong"])
def test_a_form_is_the_answer_of_an_agent(seats: int, verdict: str):
    trace = agent(
        calls("search", query="largest meeting room in Ostmere"), calls("Room", name="Harbour room", seats=seats)
    )
    diagnosis = weaklink.diagnose(trace)

    assert trace.answer == f"name: Harbour room\nseats: {seats}"
    assert [cell.role for cell in diagnosis.strip] == ["plan", "tool", "generate"]
    assert diagnosis.verdict == verdict
    assert verdict == "ok" or (diagnosis.culprit is not None and diagnosis.culprit.role == "generate")


@pytest.mark.parametrize(("seats", "verdict"), [(24, "ok"), (42, "broken")], ids=["right", "wrong"])
def test_of_a_cited_answer_the_answer_is_judged(seats: int, verdict: str):
    trace = chain(CitedAnswer, answer=f"The largest meeting room in Ostmere has {seats} seats.", citations=[3, 7])

    assert trace.answer == f"The largest meeting room in Ostmere has {seats} seats."
    assert weaklink.diagnose(trace).verdict == verdict


def test_a_tool_that_is_called_last_is_no_answer():
    handler = WeaklinkCallbackHandler()
    model = Scripted(messages=iter([calls("search", query="largest meeting room in Ostmere")]))
    (model | (lambda message: search.invoke(message.tool_calls[0]["args"]))).invoke(QUESTION, {"callbacks": [handler]})
    trace = handler.last_trace()

    assert trace.dataflow.form is None
    assert trace.answer == PASSAGE
