"""The demo in LlamaIndex: the same cases and sabotages as in LangChain, with the same strips and verdicts."""

from contextlib import ExitStack

import pytest

import weaklink
from weaklink.demo import fetch_model, load_cases, open_demo
from weaklink.demo.llm_server import serve_model
from weaklink_llama_index import WeaklinkCallbackHandler
from weaklink_llama_index.demo import demo
from weaklink_llama_index.demo.sabotages import SABOTAGES

CASES = {case.id: case for case in load_cases()}


def asked(pipeline, case, store):
    """What the chain answered, or raised, and the trace."""
    with weaklink.record(str(store)) as run:
        try:
            result = pipeline.run(case)
        except Exception as error:
            result = error
    return result, run.trace


def judged(trace):
    diagnosis = weaklink.diagnose(trace)
    culprit = diagnosis.culprit.role if diagnosis.culprit else None
    return [cell.role for cell in diagnosis.strip], diagnosis.verdict, culprit, diagnosis.failure


@pytest.fixture(scope="module")
def pipelines():
    pytest.importorskip("weaklink_langchain.demo")
    with ExitStack() as stack:
        yield {name: stack.enter_context(open_demo(name, llm="scripted")) for name in ("langchain", "llama_index")}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_strip_and_verdict_are_those_of_langchain(pipelines, case, store, recorder):
    ours, trace = asked(pipelines["llama_index"], case, store)
    _, theirs = asked(pipelines["langchain"], case, store)
    assert judged(trace) == judged(theirs)
    assert trace.question == theirs.question == case.question
    assert trace.answer == theirs.answer or case.pipeline == "amount"
    assert case.agrees(weaklink.diagnose(trace), ours)


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.pipeline != "agent"], ids=lambda case: case.id)
def test_the_same_passages_reach_the_same_prompt(pipelines, case, store, recorder):
    _, trace = asked(pipelines["llama_index"], case, store)
    _, theirs = asked(pipelines["langchain"], case, store)
    assert [[d.id for d in span.documents] for span in trace.of_kind("retriever", "reranker")] == [
        [d.id for d in span.documents] for span in theirs.of_kind("retriever", "reranker")
    ]
    assert trace.dataflow.prompt_text == theirs.dataflow.prompt_text
    assert [passage.share for passage in trace.dataflow.packed] == [passage.share for passage in theirs.dataflow.packed]


def test_the_steps_have_the_names_that_the_demo_says(pipelines, store, recorder):
    pipeline = pipelines["llama_index"]
    for case in CASES.values():
        _, trace = asked(pipeline, case, store)
        diagnosis = weaklink.diagnose(trace)
        if diagnosis.culprit is not None:
            assert diagnosis.culprit.name in pipeline.steps[diagnosis.culprit.role]


def test_every_sabotage_is_used_and_replaces_exactly_one_piece(pipelines):
    assert {case.sabotage for case in CASES.values() if case.sabotage} == set(SABOTAGES)
    pipeline = pipelines["llama_index"]
    healthy = pipeline.pieces(CASES["weekday-standby"])
    for case in CASES.values():
        if case.sabotage:
            broken = pipeline.pieces(case)
            changed = [
                name
                for name in vars(healthy)
                if name != "model" and getattr(broken, name) is not getattr(healthy, name)
            ]
            assert len(changed) == 1


@pytest.mark.parametrize("case_id", ["weekday-standby", "vacation-left"])
def test_the_frameworks_own_handlers_can_be_passed(pipelines, case_id, handler):
    pipelines["llama_index"].run(CASES[case_id], callbacks=[handler])
    assert handler.last_trace().question == CASES[case_id].question


def test_a_handler_without_a_case_records_nothing(pipelines, store, traces):
    WeaklinkCallbackHandler(store)
    pipelines["llama_index"].run(CASES["weekday-standby"])
    assert traces() == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_the_real_model_answers_strips_and_verdicts_are_those_of_langchain(store, recorder):
    pytest.importorskip("xllamacpp")
    from weaklink_langchain.demo import demo as langchain_demo

    with serve_model(fetch_model()) as local, demo(local) as ours, langchain_demo(local) as theirs:
        for case in CASES.values():
            result, trace = asked(ours, case, store)
            _, other = asked(theirs, case, store)
            print(case.id, "|", trace.answer, "|", *judged(trace)[1:])
            assert isinstance(result, Exception) == (case.id == "json-expected"), case.id
            assert trace.answer == other.answer or case.pipeline == "amount", case.id
            assert judged(trace) == judged(other), case.id
            assert case.agrees(weaklink.diagnose(trace), result), case.id
            (writer,) = (span for span in trace.leaf_llms if span.name == "OpenAILike")
            assert writer.model.name == local.name
            assert writer.model.usage.input_tokens > 20
            assert writer.model.finish_reason == "stop"
