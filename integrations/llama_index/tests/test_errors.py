"""One failing model call is one culprit, however it was asked; each has a healthy twin that names nobody."""

import asyncio
import time

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.workflow import StartEvent, StopEvent, Workflow, step

import weaklink

BROKEN = ConnectionError("the model is down")


class Asking(Workflow):
    def __init__(self, model):
        super().__init__(timeout=10)
        self.model = model

    @step
    async def ask(self, ev: StartEvent) -> StopEvent:
        return StopEvent(result=str(await self.model.acomplete(ev.question)))


def query(lab, script):
    return str(lab.index.as_query_engine(llm=lab.Say(script=script)).query("What?"))


def aquery(lab, script):
    return asyncio.run(_aquery(lab, script, streaming=False))


def stream(lab, script):
    return str(lab.index.as_query_engine(llm=lab.Say(script=script), streaming=True).query("What?"))


def astream(lab, script):
    return asyncio.run(_aquery(lab, script, streaming=True))


async def _aquery(lab, script, streaming):
    response = await lab.index.as_query_engine(llm=lab.Say(script=script), streaming=streaming).aquery("What?")
    if streaming:
        return "".join([piece async for piece in response.async_response_gen()])
    return str(response)


def chat(lab, script):
    return str(lab.index.as_chat_engine(chat_mode="context", llm=lab.Say(script=script)).chat("What?"))


def stream_chat(lab, script):
    return "".join(
        lab.index.as_chat_engine(chat_mode="context", llm=lab.Say(script=script)).stream_chat("What?").response_gen
    )


def function_agent(lab, script):
    return asyncio.run(_run(lambda: FunctionAgent(tools=[], llm=lab.Call(script=script)), user_msg="What?"))


def react_agent(lab, script):
    return asyncio.run(_run(lambda: ReActAgent(tools=[], llm=lab.Say(script=script)), user_msg="What?"))


def agent_workflow(lab, script):
    def make():
        agent = FunctionAgent(name="anna", description="answers", tools=[], llm=lab.Call(script=script))
        return AgentWorkflow(agents=[agent], root_agent="anna")

    return asyncio.run(_run(make, user_msg="What?"))


def workflow(lab, script):
    return asyncio.run(_run(lambda: Asking(lab.Say(script=script)), question="What?"))


async def _run(make, **kwargs):
    return str(await make().run(**kwargs))


WAYS = [query, aquery, stream, astream, chat, stream_chat, function_agent, react_agent, agent_workflow, workflow]


def settled(handler):
    deadline = time.monotonic() + 5
    while handler._recorder.open_spans and time.monotonic() < deadline:
        time.sleep(0.02)
    return handler.last_trace()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_one_failing_model_call_is_one_culprit(lab, listening, way):
    with pytest.raises(ConnectionError):
        way(lab, [BROKEN])
    trace = settled(listening)
    assert trace.status == "error"
    origins = {span.error.origin for span in trace.spans if span.error}
    assert len(origins) == 1
    (culprit,) = (span for span in trace.spans if span.id in origins)
    assert (culprit.kind, culprit.status, culprit.error.type) == ("llm", "error", "ConnectionError")
    diagnosis = weaklink.diagnose(trace)
    assert (diagnosis.verdict, diagnosis.culprit.span_id, diagnosis.failure) == ("broken", culprit.id, "raised")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_healthy_twin_has_no_error(lab, listening, way):
    assert "answer is 1" in way(lab, ["Thought: I know. Answer: The answer is 1."])
    trace = settled(listening)
    assert [span.name for span in trace.spans if span.status != "ok" or span.error] == []
    assert len(trace.leaf_llms) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", [stream, astream, stream_chat], ids=lambda way: way.__name__)
def test_a_stream_that_breaks_off_blames_the_model_and_keeps_what_it_wrote(lab, listening, way):
    with pytest.raises(ConnectionError):
        way(lab, ["a b BOOM"])
    trace = settled(listening)
    (model,) = trace.leaf_llms
    assert (model.status, model.output.strip()) == ("error", "a b")
    assert weaklink.diagnose(trace).culprit.span_id == model.id


def test_an_error_that_was_wrapped_is_still_blamed_on_the_model(lab, listening):
    class Wrapping(Asking):
        @step
        async def ask(self, ev: StartEvent) -> StopEvent:
            try:
                return StopEvent(result=str(await self.model.acomplete(ev.question)))
            except ConnectionError as error:
                raise RuntimeError("could not answer") from error

    with pytest.raises(RuntimeError):
        asyncio.run(_run(lambda: Wrapping(lab.Say(script=[BROKEN])), question="What?"))
    assert weaklink.diagnose(listening.last_trace()).culprit.kind == "llm"


def test_an_error_that_was_made_good_is_recovered(lab, listening):
    class Falling(Asking):
        @step
        async def ask(self, ev: StartEvent) -> StopEvent:
            try:
                return StopEvent(result=str(await self.model.acomplete(ev.question)))
            except ConnectionError:
                return StopEvent(result=str(await self.model.acomplete(ev.question)))

    asyncio.run(_run(lambda: Falling(lab.Say(script=[BROKEN, "The answer is 1."])), question="What?"))
    trace = listening.last_trace()
    assert [span.status for span in trace.of_kind("llm")] == ["recovered", "ok"]
    assert trace.status == "ok"


def test_a_failing_retriever_is_blamed_itself(lab, listening, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("no such index")

    monkeypatch.setattr("llama_index.core.vector_stores.SimpleVectorStore.query", fail)
    with pytest.raises(OSError):
        query(lab, ["x"])
    diagnosis = weaklink.diagnose(listening.last_trace())
    assert (diagnosis.culprit.role, diagnosis.culprit.name) == ("retrieve", "VectorIndexRetriever")
