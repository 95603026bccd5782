"""What each step does in the pipeline."""

from pydantic import JsonValue

from weaklink.model import Step, Trace
from weaklink.model.roles import roles
from weaklink.testing import build

PASSAGE: JsonValue = {"$type": "document", "content": "Ada wrote it.", "metadata": {}}


def role_of(trace: Trace) -> dict[str, str]:
    found = roles(trace)
    return {span.name: found[span.id] for span in trace.spans if span.id in found}


def test_a_step_is_printed_as_people_call_it():
    assert str(Step(span_id="1", name="ChatOpenAI", kind="llm", role="generate")) == "generate (ChatOpenAI)"
    assert str(Step(span_id="1", name="retrieve", kind="chain", role="retrieve")) == "retrieve"
    assert str(Step(span_id="1", name="boom", kind="chain")) == "boom"


def test_kinds_have_roles():
    trace = build(
        "chain > embedding, retriever, reranker, prompt, llm, parser, tool, guardrail, vector_store",
        llm={"output": "Ada."},
    )
    assert role_of(trace) == {
        "embedding": "embed", "retriever": "retrieve", "reranker": "rerank", "prompt": "pack", "llm": "generate", "parser": "parse",
        "tool": "tool", "guardrail": "guard", "vector_store": "index",
    }  # fmt: skip


def test_a_model_call_whose_text_a_retriever_was_asked_is_a_rewrite():
    trace = build("chain > first:llm, retriever, second:llm", first={"output": "ada program"}, retriever={"input": "ada program"},
                  second={"output": "Ada."})  # fmt: skip
    assert role_of(trace) == {"first": "rewrite", "retriever": "retrieve", "second": "generate"}


def test_a_model_call_that_calls_a_tool_is_a_plan():
    call: JsonValue = {
        "$type": "message",
        "role": "assistant",
        "content": "",
        "tool_calls": [{"name": "search", "args": {}}],
    }
    trace = build("agent > first:llm, tool, second:llm", first={"output": call}, second={"output": "Ada."})
    assert role_of(trace) == {"first": "plan", "tool": "tool", "second": "generate"}


def test_a_retriever_around_others_leaves_the_role_to_them():
    assert role_of(build("chain > (multi:retriever > one:retriever, two:retriever)")) == {
        "one": "retrieve",
        "two": "retrieve",
    }


def test_a_reranker_that_is_called_a_filter_filters():
    assert role_of(build("chain > EmbeddingsFilter:reranker")) == {"EmbeddingsFilter": "filter"}


def test_a_function_that_turns_documents_into_text_packs():
    trace = build("app:chain > retriever, format:chain", format={"input": [PASSAGE], "output": "Ada wrote it."})
    assert role_of(trace) == {"retriever": "retrieve", "format": "pack"}


def test_a_function_that_makes_the_query_of_a_retriever_rewrites():
    trace = build("app:chain > condense:chain, retriever", condense={"input": "And who wrote it?", "output": "Who wrote the program?"},
                  retriever={"input": "Who wrote the program?"})  # fmt: skip
    assert role_of(trace) == {"condense": "rewrite", "retriever": "retrieve"}


def test_plumbing_and_the_root_have_no_role():
    assert role_of(build("app:chain > sequence:chain* > inner:chain")) == {}


def test_a_function_that_was_given_documents_and_returned_nothing_packs_nothing():
    trace = build("app:chain > retriever, gather:chain", gather={"input": [PASSAGE], "output": None})
    assert role_of(trace) == {"retriever": "retrieve"}


def test_a_model_inside_a_reranker_or_a_choice_writes_no_answer():
    trace = build(
        "app:chain > retriever, (reranker > ranking:prompt, judge:llm), synth:chain", answer="Empty Response",
        judge={"output": "I think document one is best."},
    )  # fmt: skip
    assert role_of(trace) == {"retriever": "retrieve", "reranker": "rerank"}
    assert trace.dataflow.generator is None
    chosen = build("app:chain > (choose:chain > judge:llm!)", choose={"attributes": {"branch": True}})
    assert role_of(chosen) == {"choose": "route"}


def test_the_prompts_of_a_refinement_all_pack():
    trace = build(
        "app:chain > retriever, first:prompt, draft:llm, second:prompt, llm", answer="Ada wrote it.",
        draft={"output": "Somebody wrote it."}, llm={"output": "Ada wrote it."},
    )  # fmt: skip
    assert role_of(trace) == {
        "retriever": "retrieve", "first": "pack", "draft": "generate", "second": "pack", "llm": "generate",
    }  # fmt: skip


def test_a_model_call_that_writes_down_which_tool_to_call_is_a_plan():
    action = 'Thought: I look it up.\nAction: search\nAction Input: {"input": "ada program"}'
    trace = build(
        "agent > first:llm, (tool > retriever, inner:llm), second:llm", answer="Ada.",
        first={"output": action}, retriever={"input": "ada program"}, inner={"output": "Ada."},
        second={"output": "Thought: I can answer.\nAnswer: Ada."},
    )  # fmt: skip
    assert role_of(trace) == {
        "first": "plan", "tool": "tool", "retriever": "retrieve", "inner": "generate", "second": "generate",
    }  # fmt: skip
    assert trace.dataflow.generator is not None
    assert (trace.dataflow.generator.name, trace.dataflow.generator_text) == ("second", "Ada.")


def test_an_answer_that_is_searched_for_to_be_checked_is_no_rewrite_and_the_check_no_answer():
    steps = "app:chain > search:retriever, llm, check:retriever, judge:llm"
    fields = {
        "search": {"input": "Who?", "documents": ["Ada wrote it."]},
        "llm": {"input": "Ada wrote it.\nWho?", "output": "Ada."},
        "check": {"input": "Question: Who? Response: Ada.", "documents": ["Ada wrote it."]},
        "judge": {"output": "YES"},
    }
    trace = build(steps, "Who?", "Ada.", **fields)
    assert role_of(trace) == {"search": "retrieve", "llm": "generate", "check": "retrieve"}
    guessed = build(steps, "Who?", **{**fields, "llm": {"input": "Who?", "output": "Ada."}})
    assert role_of(guessed)["llm"] == "rewrite"  # a guess that the passages are searched with
