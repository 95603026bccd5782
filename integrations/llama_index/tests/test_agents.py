"""Agents and workflows: model calls, tools and a person's own steps show; what LlamaIndex does around them is folded."""

import asyncio

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.core.tools import FunctionTool, QueryEngineTool
from llama_index.core.workflow import (
    Context,
    Event,
    HumanResponseEvent,
    InputRequiredEvent,
    StartEvent,
    StopEvent,
    Workflow,
    step,
)
from workflows.retry_policy import ConstantDelayRetryPolicy

import weaklink
from weaklink.model.roles import roles
from weaklink_llama_index.control import status_of


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def fail(a: int) -> int:
    """Never works."""
    raise ValueError("no such thing")


ADD, FAIL = FunctionTool.from_defaults(add), FunctionTool.from_defaults(fail)
ONE_CALL = [[("add", {"a": 1, "b": 2})], "It is 3."]


def strip(trace):
    known = roles(trace)
    return [known[span.id] for span in trace.spans if span.id in known]


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_function_agent_plans_calls_and_answers(lab, listening, streaming):
    agent = FunctionAgent(tools=[ADD], llm=lab.Call(script=ONE_CALL), streaming=streaming)
    await agent.run("What is 1 and 2?")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """FunctionAgent agent
  Call llm
  add tool
  Call llm"""
    )
    assert strip(trace) == ["plan", "tool", "generate"]
    assert (trace.question, trace.answer) == ("What is 1 and 2?", "It is 3.")
    (tool,) = trace.of_kind("tool")
    assert (tool.input, tool.output) == ({"a": 1, "b": 2}, "3")
    assert trace.usage.input_tokens == 20
    assert trace.leaf_llms[0].attributes["tools"] == ["add"]


async def test_the_frameworks_own_steps_are_plumbing(listening, lab):
    await FunctionAgent(tools=[ADD], llm=lab.Call(script=ONE_CALL)).run("What is 1 and 2?")
    folded = {span.name for span in listening.last_trace().spans if span.plumbing}
    assert folded == {
        "init_run",
        "setup_agent",
        "run_agent_step",
        "parse_agent_output",
        "call_tool",
        "aggregate_tool_results",
    }


async def test_a_question_with_a_history_is_the_new_message(listening, lab):
    history = [ChatMessage("Earlier?", role="user"), ChatMessage("Yes.", role="assistant")]
    await FunctionAgent(tools=[], llm=lab.Call(script=["It is 3."])).run("And now?", chat_history=history)
    assert listening.last_trace().question == "And now?"


async def test_a_failing_tool_is_recovered_and_named(listening, lab):
    agent = FunctionAgent(tools=[FAIL], llm=lab.Call(script=[[("fail", {"a": 1})], "Sorry."]))
    await agent.run("What is 1?")
    trace = listening.last_trace()
    (tool,) = trace.of_kind("tool")
    assert (tool.status, tool.error.type, tool.error.message) == ("recovered", "ValueError", "no such thing")
    assert trace.status == "ok"
    diagnosis = weaklink.diagnose(trace)
    assert (diagnosis.culprit.name, diagnosis.failure) == ("fail", "tool_error")


async def test_a_tool_that_there_is_not_is_a_failing_tool(listening, lab):
    await FunctionAgent(tools=[ADD], llm=lab.Call(script=[[("nope", {"x": 1})], "Sorry."])).run("What is 1?")
    (tool,) = listening.last_trace().of_kind("tool")
    assert (tool.name, tool.status, tool.input, tool.plumbing) == ("nope", "recovered", {"x": 1}, False)
    assert "nope" in tool.error.message


async def test_a_retried_tool_call_that_works_makes_good(listening, lab):
    calls = [[("add", {"a": 1})], [("add", {"a": 1, "b": 2})], "It is 3."]
    await FunctionAgent(tools=[ADD], llm=lab.Call(script=calls)).run("What is 1 and 2?")
    trace = listening.last_trace()
    assert [span.status for span in trace.of_kind("tool")] == ["recovered", "ok"]
    assert weaklink.diagnose(trace).culprit is None or weaklink.diagnose(trace).verdict != "broken"


async def test_a_query_engine_as_a_tool_keeps_its_steps(listening, lab):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."]))
    tool = QueryEngineTool.from_defaults(engine, name="docs", description="the documents")
    agent = FunctionAgent(tools=[tool], llm=lab.Call(script=[[("docs", {"input": "What is 1?"})], "It is 1."]))
    await agent.run("What is it?")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """FunctionAgent agent
  Call llm
  docs tool
    RetrieverQueryEngine chain
      VectorIndexRetriever retriever
      CompactAndRefine chain
        text_qa_prompt prompt
        Say llm
  Call llm"""
    )
    assert trace.of_kind("tool")[0].documents == ()


async def test_a_react_agent_counts_one_call_for_three_nested_spans(listening, lab):
    await ReActAgent(tools=[], llm=lab.Say(script=["Thought: I know. Answer: It is 3."])).run("What is it?")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """ReActAgent agent
  Say llm
  ReActOutputParser parser"""
    )
    assert (len(trace.of_kind("llm")), trace.usage.output_tokens) == (1, 3)
    assert trace.leaf_llms[0].model.time_to_first_token_ns > 0


async def test_agents_that_hand_over_are_one_trace(listening, lab):
    first = FunctionAgent(
        name="anna", description="first", tools=[ADD], can_handoff_to=["bert"],
        llm=lab.Call(script=[[("handoff", {"to_agent": "bert", "reason": "better"})]]),
    )  # fmt: skip
    second = FunctionAgent(name="bert", description="second", tools=[ADD], llm=lab.Call(script=["Done."]))
    await AgentWorkflow(agents=[first, second], root_agent="anna").run("Go")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """AgentWorkflow agent
  Call llm
  handoff tool
  Call llm"""
    )
    assert trace.of_kind("tool")[0].input == {"to_agent": "bert", "reason": "better"}


# --- workflows that a person wrote


class Asked(Event):
    query: str


class Plain(Workflow):
    @step
    async def rewrite(self, ev: StartEvent) -> Asked:
        return Asked(query=f"better: {ev.question}")

    @step
    async def answer(self, ev: Asked) -> StopEvent:
        await asyncio.sleep(ev.get("wait", 0))
        return StopEvent(result="It is 3.")


class Slow(Plain):
    @step
    async def answer(self, ev: Asked) -> StopEvent:
        await asyncio.sleep(30)
        return StopEvent(result="too late")


async def test_a_persons_steps_show_with_what_went_in_and_out(listening, lab):
    await Plain().run(question="What is it?")
    trace = listening.last_trace()
    assert lab.tree(trace) == "Plain chain\n  rewrite chain\n  answer chain"
    rewrite, answer = trace.children(trace.root)
    assert (rewrite.input, rewrite.output) == ({"question": "What is it?"}, "better: What is it?")
    assert (answer.input, answer.output) == ({"query": "better: What is it?"}, "It is 3.")
    assert answer.attributes == {"event": "Asked", "returned": "StopEvent"}
    assert (trace.question, trace.answer) == ("What is it?", "It is 3.")


async def test_a_step_that_rewrites_and_one_that_retrieves_are_seen_as_such(listening, lab):
    class Rag(Workflow):
        @step
        async def better_query(self, ev: StartEvent) -> Asked:
            return Asked(query=f"better: {ev.question}")

        @step
        async def search(self, ev: Asked) -> StopEvent:
            response = await lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."])).aquery(ev.query)
            return StopEvent(result=str(response))

    await Rag().run(question="What is it?")
    assert strip(listening.last_trace()) == ["rewrite", "retrieve", "pack", "generate"]


async def test_a_step_that_makes_nodes_by_itself_is_a_retriever(listening, lab):
    class Found(Event):
        nodes: list

    class Own(Workflow):
        @step
        async def search(self, ev: StartEvent) -> Found:
            return Found(nodes=lab.nodes)

        @step
        async def answer(self, ev: Found) -> StopEvent:
            return StopEvent(result=(await lab.Say(script=["It is 1."]).acomplete(ev.nodes[1].text)).text)

    await Own().run(question="What is it?")
    trace = listening.last_trace()
    (search,) = trace.of_kind("retriever")
    assert (search.name, [document.id for document in search.documents]) == ("search", ["n0", "n1", "n2"])


async def test_a_step_that_ran_out_of_time_is_cancelled_and_blamed(listening):
    with pytest.raises(Exception, match="timed out"):
        await Slow(timeout=0.1).run(question="What is it?")
    trace = listening.last_trace()
    assert {span.name: span.status for span in trace.spans} == {"Slow": "error", "rewrite": "ok", "answer": "cancelled"}
    diagnosis = weaklink.diagnose(trace)
    assert (diagnosis.culprit.name, diagnosis.failure) == ("answer", "timed_out")


async def test_a_run_that_a_person_cancelled_is_no_failure(listening):
    running = Slow(timeout=30).run(question="What is it?")
    await asyncio.sleep(0.05)
    await running.cancel_run()
    with pytest.raises(Exception):  # noqa: B017 - the class has moved between versions
        await running
    trace = listening.last_trace()
    assert {span.name: span.status for span in trace.spans} == {
        "Slow": "cancelled",
        "rewrite": "ok",
        "answer": "cancelled",
    }
    assert weaklink.diagnose(trace).verdict == "unknown"


async def test_a_model_call_inside_a_cancelled_step_is_cancelled(listening, lab):
    class Calling(Workflow):
        @step
        async def ask(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=str(await lab.Say(script=["x"], wait=30).acomplete("Hi")))

    with pytest.raises(Exception, match="timed out"):
        await Calling(timeout=0.1).run()
    trace = listening.last_trace()
    assert [span.status for span in trace.spans] == ["error", "cancelled", "cancelled"]


async def test_waiting_for_a_person_is_no_failure(listening):
    class Human(Workflow):
        @step
        async def ask(self, ctx: Context, ev: StartEvent) -> StopEvent:
            said = await ctx.wait_for_event(HumanResponseEvent, waiter_event=InputRequiredEvent(prefix="Name?"))
            return StopEvent(result=said.response)

    running = Human().run()
    async for event in running.stream_events():
        if isinstance(event, InputRequiredEvent):
            running.ctx.send_event(HumanResponseEvent(response="Mira"))
    assert await running == "Mira"
    trace = listening.last_trace()
    assert not any(span.failed for span in trace.spans)
    assert (trace.status, trace.answer) == ("ok", "Mira")


async def test_a_step_that_is_retried_is_recovered(listening):
    class Flaky(Workflow):
        tries = 0

        @step(retry_policy=ConstantDelayRetryPolicy(delay=0.01, maximum_attempts=3))
        async def flaky(self, ev: StartEvent) -> StopEvent:
            self.tries += 1
            if self.tries == 1:
                raise ConnectionError("once")
            return StopEvent(result="fine")

    await Flaky().run()
    trace = listening.last_trace()
    assert [(span.name, span.status) for span in trace.spans[1:]] == [("flaky", "recovered"), ("flaky", "ok")]


async def test_a_workflow_in_a_workflow_is_one_tree(listening, lab):
    class Outer(Workflow):
        @step
        async def delegate(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=await Plain().run(question="inner?"))

    await Outer().run(question="outer?")
    trace = listening.last_trace()
    assert (
        lab.tree(trace)
        == """Outer chain
  delegate chain
    Plain chain
      rewrite chain
      answer chain"""
    )
    assert trace.question == "outer?"


async def test_a_synchronous_step_is_recorded_as_well(listening, lab):
    class Sync(Workflow):
        @step
        def only(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=str(lab.Say(script=["It is 1."]).complete("Hi")))

    await Sync().run()
    assert lab.tree(listening.last_trace()) == "Sync chain\n  only chain\n    Say llm"


def test_control_flow_is_known_by_name_and_home():
    from workflows.errors import WorkflowCancelledByUser, WorkflowDone

    class WaitingForEvent(Exception):  # a user's own class of that name is a failure
        pass

    assert (status_of(WorkflowDone()), status_of(WorkflowCancelledByUser())) == ("ok", "cancelled")
    assert status_of(GeneratorExit()) == "abandoned"
    assert status_of(WaitingForEvent()) is None
    assert status_of(ValueError()) is None


async def gathered(lab, keep):
    """Two searches at once, and a step that gathers what they found and keeps some of it."""

    class Part(Event):
        at: int

    class Found(Event):
        nodes: list

    class Gathered(Event):
        nodes: list

    class FanOut(Workflow):
        @step
        async def ask(self, ctx: Context, ev: StartEvent) -> Part | None:
            for at in range(2):
                ctx.send_event(Part(at=at))

        @step
        async def search(self, ev: Part) -> Found:
            ranked = await lab.index.as_retriever(similarity_top_k=3).aretrieve("What is it?")
            by_id = {node.node.id_: node for node in ranked}
            return Found(nodes=[by_id["n0"]] if ev.at == 0 else [by_id["n1"], by_id["n2"]])

        @step
        async def gather(self, ctx: Context, ev: Found) -> Gathered | None:
            both = ctx.collect_events(ev, [Found] * 2)
            if both is None:
                return None
            nodes = sorted((node for one in both for node in one.nodes), key=lambda node: node.node.id_)
            return Gathered(nodes=keep(nodes))

        @step
        async def answer(self, ev: Gathered) -> StopEvent:
            text = "\n".join(node.node.text for node in ev.nodes)
            return StopEvent(result=(await lab.Say(script=["It is 1."]).acomplete(text)).text)

    await FanOut().run(question="What is it?")


async def test_a_step_that_keeps_some_of_what_others_found_is_a_reranker(listening, lab):
    await gathered(lab, lambda nodes: nodes[:2])
    (gather,) = listening.last_trace().of_kind("reranker")
    assert (gather.name, [document.id for document in gather.documents]) == ("gather", ["n0", "n1"])
    assert {document.id for document in gather.candidates} == {"n0", "n1", "n2"}


async def test_a_step_that_makes_nodes_of_its_own_of_what_others_found_is_a_retriever(listening, lab):
    own = NodeWithScore(node=TextNode(id_="own", text="Something that nobody found."), score=1.0)
    await gathered(lab, lambda nodes: [own])
    gather = listening.last_trace().of_kind("retriever")[-1]
    assert (gather.name, [document.id for document in gather.documents]) == ("gather", ["own"])
