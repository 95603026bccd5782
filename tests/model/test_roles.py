"""What each step does in the pipeline."""

from pydantic import JsonValue

from weaklink.model import Trace
from weaklink.model.roles import roles
from weaklink.testing import build

PASSAGE: JsonValue = {"$type": "document", "content": "Ada wrote it.", "metadata": {}}


def role_of(trace: Trace) -> dict[str, str]:
    found = roles(trace)
    return {span.name: found[span.id] for span in trace.spans if span.id in found}


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
