"""Every step that begins ends: by itself, by an ancestor, by the garbage collector, or when the recorder is closed."""

import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from weaklink.model import Trace
from weaklink.recorder import Recorder
from weaklink.store import open_store
from weaklink.testing import outline
from weaklink.testing.calls import new_key, rag_call, step, trace_id


class Run:
    """What lives as long as a run does."""


def stored(recorder: Recorder, key: int) -> Trace:
    assert recorder.flush(5)
    store = open_store(recorder.path)
    try:
        return store.get(trace_id(key))
    finally:
        store.close()


def eventually(holds: Callable[[], bool], seconds: float = 3.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_call_is_stored_as_it_ran(recorder: Recorder):
    trace = stored(recorder, rag_call(recorder, "Who?"))
    assert outline(trace) == "rag:chain > (retriever, llm)"
    assert (trace.question, trace.answer, recorder.open_spans) == ("Who?", "Ada.", 0)
    assert trace.spans[1].documents[0].model_dump() == {
        "content": "A passage about: Who?", "id": None, "score": 0.5, "higher_is_better": None, "score_kind": "", "rank": 1,
        "metadata": {"source": "book.md"},
    }  # fmt: skip


def test_steps_that_never_ended_are_closed_by_the_end_of_an_ancestor(recorder: Recorder):
    root = step(recorder, None, "root")
    child = step(recorder, root, "child")
    step(recorder, child, "grandchild", "retriever")
    recorder.finish(root)
    assert (
        outline(stored(recorder, root.key)) == "root:chain > child:chain[incomplete] > grandchild:retriever[incomplete]"
    )
    assert recorder.open_spans == 0


def test_steps_that_an_ancestor_closed_have_its_error_and_share_its_fate(recorder: Recorder):
    root = step(recorder, None, "root")
    step(recorder, root, "retriever", "retriever")
    recorder.fail(root, TimeoutError("30 s"))
    trace = stored(recorder, root.key)
    assert outline(trace) == "root:chain! > retriever[cancelled]"
    assert trace.spans[1].error == trace.root.error
    assert trace.root.error is not None
    assert (trace.root.error.type, trace.root.error.message) == ("TimeoutError", "30 s")


@pytest.mark.parametrize(("error", "status"), [
    (KeyboardInterrupt(), "cancelled"), (SystemExit(), "cancelled"), (GeneratorExit(), "abandoned"), (ValueError("x"), "error"),
])  # fmt: skip
def test_control_flow_is_no_failure(recorder: Recorder, error: BaseException, status: str):
    root = step(recorder, None, "root")
    recorder.fail(root, error)
    assert stored(recorder, root.key).status == status


def test_an_end_that_comes_late_knows_better(recorder: Recorder):
    root = step(recorder, None, "root")
    child = step(recorder, root, "llm", "llm")
    recorder.finish(root)
    assert stored(recorder, root.key).spans[1].status == "incomplete"
    child.output = "late answer"
    recorder.finish(child)
    late = stored(recorder, root.key).spans[1]
    assert (late.status, late.output) == ("ok", "late answer")


def test_a_stream_that_its_reader_left_marks_the_steps_above_it(recorder: Recorder):
    root = step(recorder, None, "root")
    middle = step(recorder, root, "middle")
    child = step(recorder, middle, "llm", "llm")
    recorder.finish(root)
    recorder.fail(child, GeneratorExit())
    assert outline(stored(recorder, root.key)) == "root:chain[abandoned] > middle:chain[abandoned] > llm[abandoned]"


def test_a_failure_under_a_step_that_ended_well_was_made_good(recorder: Recorder):
    root = step(recorder, None, "root")
    for error in (ValueError("first"), ValueError("second")):
        recorder.fail(step(recorder, root, "llm", "llm"), error)
    recorder.finish(step(recorder, root, "llm", "llm"))
    recorder.finish(root)
    assert outline(stored(recorder, root.key)) == "root:chain > (llm[recovered], llm[recovered], llm)"


def test_the_origin_of_an_error_is_the_deepest_step_that_raised_it(recorder: Recorder):
    root = step(recorder, None, "root")
    child = step(recorder, root, "tool", "tool")
    try:
        try:
            raise KeyError("deep")
        except KeyError as error:
            recorder.fail(child, error)
            raise RuntimeError("wrapped") from error
    except RuntimeError as error:
        recorder.fail(root, error)
    trace = stored(recorder, root.key)
    assert [span.error and span.error.origin for span in trace.spans] == [trace.spans[1].id] * 2
    assert trace.root.error is not None
    assert trace.root.error.causes == ("KeyError: deep",)


def test_a_run_whose_object_was_collected_has_ended(recorder: Recorder):
    run = Run()
    root = recorder.start(new_key(), None, "stream", "chain", watch=run)
    model = recorder.start(new_key(), root.key, "llm", "llm", watch=run)
    del run
    gc.collect()
    assert eventually(lambda: recorder.open_spans == 0, 1.0)
    assert {span.name: span.status for span in stored(recorder, root.key).spans} == {
        "stream": "abandoned",
        "llm": "cancelled",
    }
    assert model.duration_ns is not None


def test_what_is_open_when_the_recorder_is_closed_is_incomplete(recorder: Recorder, store_path: Path):
    root = step(recorder, None, "root")
    step(recorder, root, "child")
    recorder.close()
    store = open_store(store_path)
    assert outline(store.get(trace_id(root.key))) == "root:chain[incomplete] > child:chain[incomplete]"
    store.close()
    assert recorder.open_spans == 0


def test_an_open_step_is_shown_before_it_ends_and_ends_as_usual(recorder: Recorder):
    root = step(recorder, None, "root", input={"question": "Who?"})

    def is_shown() -> bool:
        return recorder.counts().stored > 0

    assert eventually(is_shown)
    shown = stored(recorder, root.key)
    assert (shown.status, shown.duration_ns, shown.question) == ("incomplete", None, "Who?")
    root.output = "Ada."
    recorder.finish(root)
    ended = stored(recorder, root.key)
    assert (ended.status, ended.question, ended.answer) == ("ok", "Who?", "Ada.")


def test_a_step_that_ends_twice_ends_once(recorder: Recorder):
    root = step(recorder, None, "root")
    recorder.finish(root)
    recorder.finish(root, "error")
    recorder.fail(root, ValueError())
    assert stored(recorder, root.key).status == "ok"
    assert recorder.counts().emitted == 1


def test_an_end_without_a_start_is_nothing(recorder: Recorder):
    assert recorder.find(new_key()) is None


def test_a_step_whose_parent_is_not_known_begins_a_trace_of_its_own(recorder: Recorder):
    span = recorder.start(new_key(), new_key(), "orphan", "llm")
    recorder.finish(span)
    assert outline(stored(recorder, span.key)) == "orphan:llm"


def test_steps_of_many_threads_keep_to_their_traces(recorder: Recorder):
    keys: list[int] = []

    def work() -> None:
        keys.extend(rag_call(recorder) for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.flush(10)
    store = open_store(recorder.path)
    assert [outline(store.get(trace_id(key))) for key in keys] == ["rag:chain > (retriever, llm)"] * 200
    store.close()


def test_tokens_of_a_call_inside_a_call_are_counted_once(recorder: Recorder):
    root = step(recorder, None, "root")
    outer = step(recorder, root, "chat", "llm")
    inner = step(recorder, outer, "complete", "llm")
    for call in (inner, outer):
        call.model = {"name": "m", "usage": {"input_tokens": 10, "output_tokens": 3}}
        recorder.finish(call)
    second = step(recorder, root, "chat", "llm")
    second.model = {"name": "m", "usage": {"input_tokens": 1, "output_tokens": 1}}
    recorder.finish(second)
    recorder.finish(root)
    trace = stored(recorder, root.key)
    (summary,) = open_store(recorder.path).page().traces
    for usage in (trace.usage, summary.usage):
        assert usage is not None
        assert (usage.input_tokens, usage.output_tokens) == (11, 4)
