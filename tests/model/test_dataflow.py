"""Question, answer, context and sources of a trace, in the shapes that chains really have."""

import pytest
from pydantic import JsonValue

from weaklink.model import ContextPassage, Trace
from weaklink.model.payload import documents_in
from weaklink.model.sighting import visible_part
from weaklink.testing import build

ADA = "Ada Lovelace wrote the first published program, for the Analytical Engine, in 1843."
BABBAGE = "Charles Babbage designed the Analytical Engine and never finished building it."
MENU = "The canteen serves soup on Mondays, and on Fridays there is fish for everybody."


def message(role: str, content: JsonValue) -> JsonValue:
    return {"$type": "message", "role": role, "content": content}


def document(content: str) -> JsonValue:
    return {"$type": "document", "content": content, "metadata": {}}


@pytest.mark.parametrize(
    ("given", "question"),
    [
        ("  Who was Ada? ", "Who was Ada?"),
        ({"question": "Who?", "context": "x"}, "Who?"),
        ({"input": "Who?", "chat_history": [message("user", "Hello")]}, "Who?"),
        ({"anything": "Who?", "k": 4}, "Who?"),
        (
            {
                "messages": [
                    message("system", "Be kind."),
                    message("user", "Hi"),
                    message("ai", "Hi!"),
                    message("user", "Who?"),
                ]
            },
            "Who?",
        ),
        ({"messages": [["system", "Be kind."], ["user", "Who?"]]}, "Who?"),
        ({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Who?"}]}, "Who?"),
        ([{"role": "user", "content": [{"type": "text", "text": "Who?"}]}], "Who?"),
        ({"messages": [{"role": "engineer", "content": "Ada"}]}, "engineer\nAda"),
        ([message("human", [{"type": "text", "text": "Who?"}])], "Who?"),
        ({"question": "", "k": 4}, ""),
        (None, ""),
    ],
)
def test_the_question_is_found_in_the_input_of_the_root(given: JsonValue, question: str):
    assert build("chain", chain={"input": given}).question == question


def test_the_question_is_the_first_retrievers_where_the_root_holds_none():
    assert build("chain > (first:retriever), llm", first={"input": {"query": "Who?"}}).question == "Who?"


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (" Ada. ", "Ada."),
        ({"answer": "Ada.", "context": [document(MENU)]}, "Ada."),
        ({"messages": [message("user", "Who?"), message("assistant", "Ada.")]}, "Ada."),
        (message("ai", "Ada."), "Ada."),
        (
            message(
                "assistant",
                [{"type": "thinking", "thinking": "Babbage?"}, {"type": "text", "text": "Ada.", "annotations": []}],
            ),
            "Ada.",
        ),
        (
            message("assistant", [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}, "Ada."]),
            "Ada.",
        ),
        ({"verdict": "Ada.", "documents": [document(MENU)]}, "Ada."),
        (None, ""),
    ],
)
def test_the_answer_is_found_in_the_output_of_the_root(given: JsonValue, answer: str):
    assert build("chain", chain={"output": given}).answer == answer


def test_the_answer_is_what_the_model_wrote_where_the_root_has_none():
    assert build("chain > llm", llm={"output": message("assistant", " Ada. ")}).answer == "Ada."


def test_the_generator_is_the_model_call_whose_text_is_the_answer():
    trace = build("chain > first:llm, second:llm, third:llm", first={"output": "search words"}, second={"output": "Ada."},
                  third={"output": "A title"}, chain={"output": {"answer": "Ada."}})  # fmt: skip
    assert trace.dataflow.generator == trace.spans[2]


def rag(prompt: str, *documents: str, **fields: JsonValue) -> Trace:
    return build("chain > retriever, prompt, llm", "Who?", "Ada.", retriever={"documents": documents}, prompt=fields,
                 llm={"input": [message("user", prompt)], "output": "Ada."})  # fmt: skip


def test_the_context_is_what_the_generator_was_shown():
    trace = rag(f"Context: {ADA}\n\nWho?", ADA, MENU)
    retriever = trace.spans[1].id
    assert trace.dataflow.context == (ContextPassage(text=ADA, span_id=retriever, document=0, share=1.0),)
    assert trace.dataflow.packed[1] == ContextPassage(text="", span_id=retriever, document=1, share=0.0)


def test_a_truncated_context_is_seen_in_part():
    trace = rag(f"Context: {ADA[:40]}", ADA)
    (passage,) = trace.dataflow.context
    assert passage.text == ADA[:40].rstrip()
    assert passage.share == pytest.approx(40 / len(ADA), abs=0.02)


def test_white_space_that_a_template_changed_does_not_matter():
    assert visible_part(ADA, "Context:\n" + ADA.replace(" ", "\n  ")) == (1.0, ADA)


def test_single_sentences_that_a_compressor_kept_are_seen():
    share, part = visible_part(f"{ADA} {MENU} {BABBAGE}", f"{MENU}\n--\n{ADA}")
    assert part == f"{ADA}\n{MENU}"
    assert share == pytest.approx(len(part) / len(f"{ADA} {MENU} {BABBAGE}"), abs=0.01)


def test_a_short_coincidence_is_no_sighting():
    assert visible_part("The company was founded in 1920.", "The company we ask about is gone.") == (0.0, "")


@pytest.mark.parametrize(("text", "prompt"), [("", "x"), ("x", ""), ("  \n", "x")])
def test_nothing_is_seen_of_nothing(text: str, prompt: str):
    assert visible_part(text, prompt) == (0.0, "")


def test_a_very_long_passage_is_looked_for_quickly():
    long = " ".join(f"word{n}" for n in range(200_000))
    share, part = visible_part(long, f"Context: {long[:999_999]}")
    assert part == long[:999_999]
    assert share == pytest.approx(999_999 / len(long))


def test_the_context_falls_back_to_the_variable_of_the_prompt():
    trace = rag(f"Context: {ADA}", input={"context": ADA, "question": "Who?"})
    assert trace.dataflow.context == (ContextPassage(text=ADA, span_id=trace.spans[2].id, share=1.0),)


def test_the_output_of_a_tool_in_the_prompt_is_context():
    trace = build("agent > tool, llm", tool={"output": ADA}, llm={"input": f"Observation: {ADA}", "output": "Ada."})
    assert trace.dataflow.context == (ContextPassage(text=ADA, span_id=trace.spans[1].id, share=1.0),)


def test_a_reranker_takes_over_from_the_retriever_whose_documents_it_was_given():
    trace = build("chain > retriever, other:retriever, reranker, llm", retriever={"documents": [ADA, MENU]},
                  other={"documents": [BABBAGE]}, reranker={"candidates": [ADA, MENU], "documents": [ADA]},
                  llm={"output": "Ada."})  # fmt: skip
    assert [step.name for step in trace.dataflow.last_stage] == ["other", "reranker"]


def test_a_retriever_around_others_takes_over_from_them():
    trace = build("chain > (ensemble:retriever > bm25:retriever, dense:retriever), llm", ensemble={"documents": [ADA, MENU]},
                  bm25={"documents": [MENU]}, dense={"documents": [ADA]}, llm={"output": "Ada."})  # fmt: skip
    assert [step.name for step in trace.dataflow.last_stage] == ["ensemble"]


def test_a_retriever_that_reranks_what_it_finds_gives_what_was_kept():
    trace = build("chain > (compress:retriever > retriever, reranker), llm", compress={"documents": [ADA]},
                  retriever={"documents": [ADA, MENU]}, reranker={"candidates": [ADA, MENU], "documents": [ADA]},
                  llm={"input": ADA, "output": "Ada."})  # fmt: skip
    assert [step.name for step in trace.dataflow.last_stage] == ["compress"]
    assert [(passage.text, passage.share) for passage in trace.dataflow.packed] == [(ADA, 1.0)]


def test_a_retriever_whose_documents_a_reranker_takes_over_gives_none():
    trace = build("chain > (outer:retriever > retriever), reranker, llm", outer={"documents": [ADA, MENU]},
                  retriever={"documents": [ADA, MENU]}, reranker={"candidates": [ADA, MENU], "documents": [ADA]},
                  llm={"input": ADA, "output": "Ada."})  # fmt: skip
    assert [step.name for step in trace.dataflow.last_stage] == ["reranker"]


def test_sources_that_ran_after_the_answer_do_not_count():
    trace = build("chain > llm, retriever", llm={"output": "Ada."}, retriever={"documents": [ADA]})
    assert (trace.dataflow.sources, trace.dataflow.packed) == ((), ())


def test_a_document_that_two_sources_found_is_packed_once():
    trace = build("chain > a:retriever, b:retriever, llm", a={"documents": [ADA]}, b={"documents": [ADA, MENU]},
                  llm={"input": ADA + MENU, "output": "Ada."})  # fmt: skip
    assert [passage.text for passage in trace.dataflow.packed] == [ADA, MENU]


def test_documents_are_found_however_deep_they_lie():
    assert documents_in({"a": [{"b": document("one")}, document("two")], "c": "no document"}) == ["one", "two"]


def test_a_trace_without_anything_has_empty_texts():
    flow = build("chain").dataflow
    assert (flow.question, flow.answer, flow.prompt_text, flow.generator, flow.context) == ("", "", "", None, ())


def accumulated(*parts: str, answer: str) -> Trace:
    fields = {f"llm{n}": {"input": f"Context: {passage}", "output": part}
              for n, (passage, part) in enumerate(zip((ADA, MENU), parts, strict=True))}  # fmt: skip
    return build(
        "chain > retriever, llm0:llm, llm1:llm", "Who?", answer, retriever={"documents": [ADA, MENU]}, **fields
    )


def test_an_answer_put_together_from_several_calls_is_judged_by_what_all_of_them_were_shown():
    trace = accumulated("Ada wrote it.", "It does not say.", answer="1: Ada wrote it.\n---\n2: It does not say.")
    assert trace.dataflow.generator_text == "Ada wrote it.\n\nIt does not say."
    assert [passage.text for passage in trace.dataflow.context] == [ADA, MENU]


def test_parts_that_say_the_same_are_parts_all_the_same():
    trace = accumulated("It does not say.", "It does not say.", answer="1: It does not say. 2: It does not say.")
    assert [passage.text for passage in trace.dataflow.context] == [ADA, MENU]


def test_a_draft_that_stands_in_the_answer_is_no_part_of_it():
    trace = accumulated("Ada wrote it.", "Ada wrote it. She did.", answer="Ada wrote it. She did.")
    assert trace.dataflow.generator_text == "Ada wrote it. She did."


FILLED = {"author": "Ada", "year": 1843}


def run_as_a_tool(said: str, output: JsonValue = '{"author":"Ada","year":1843}') -> Trace:
    calls = [{"name": "Book", "args": FILLED, "id": "c"}]
    return build(
        "chain > llm, form:tool", "Who?", chain={"output": output},
        llm={"output": {"$type": "message", "role": "assistant", "content": "", "tool_calls": calls}},
        form={"name": "Book", "input": FILLED, "output": said},
    )  # fmt: skip


def test_a_form_that_a_program_runs_as_a_tool_is_the_answer():
    for output in ('{"author":"Ada","year":1843}', FILLED):
        trace = run_as_a_tool("author='Ada' year=1843", output)
        assert trace.answer == trace.dataflow.generator_text == "author: Ada\nyear: 1843"


def test_a_tool_that_says_more_than_it_was_given_is_no_form():
    assert run_as_a_tool("author='Ada' year=1843 stored=True").dataflow.generator_text == ""


JSON = '```json\n{"author": "Ada", "year": 1843}\n```'


def test_json_that_was_read_into_an_object_is_a_form():
    trace = build("chain > llm, parser", llm={"output": JSON}, chain={"output": {"author": "Ada", "year": 1843}})
    assert trace.answer == trace.dataflow.generator_text == "author: Ada\nyear: 1843"


@pytest.mark.parametrize("output", [JSON, {"author": "Bob", "year": 1}, "Ada, in 1843"])
def test_json_that_nobody_read_or_that_became_something_else_stays_a_text(output: JsonValue):
    trace = build("chain > llm, parser", llm={"output": JSON}, chain={"output": output})
    assert trace.dataflow.generator_text == JSON


@pytest.mark.parametrize("root", [{"kind": "embedding"}, {"attributes": {"ingests": True}}])
def test_filling_an_index_asks_and_answers_nothing(root: dict[str, JsonValue]):
    trace = build("fill:chain > llm", llm={"output": "tram, ticket"}, fill={"input": ["A text."], "output": 2, **root})
    assert (trace.asks_nothing, trace.question, trace.answer, trace.dataflow.generator) == (True, "", "", None)
    assert not build("chain > llm", "Who?").asks_nothing
