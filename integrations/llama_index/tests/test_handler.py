"""The handler's life: attached, passed on, installed, thrown away; and never in the host's way."""

import asyncio
import gc
import inspect
import logging
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
from llama_index.core import Settings
from llama_index.core.callbacks import CallbackManager, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.workflow import StartEvent, StopEvent, Workflow, step
from llama_index_instrumentation import DispatcherSpanMixin
from llama_index_instrumentation.span_handlers.base import Thread

import weaklink
from weaklink.errors import UnknownTrace
from weaklink.integrations import integrations
from weaklink_llama_index import WeaklinkCallbackHandler
from weaklink_llama_index.context import attached
from weaklink_llama_index.listeners import WeaklinkSpanHandler
from weaklink_llama_index.tracing import key_of

ANSWER = "The answer is 1."


@pytest.fixture
def engine(lab):
    return lab.index.as_query_engine(llm=lab.Say(script=[ANSWER]))


def listeners():
    return [found for found in get_dispatcher().span_handlers if isinstance(found, WeaklinkSpanHandler)]


# --- attaching


def test_nothing_is_recorded_before_and_after(handler, engine, traces):
    engine.query("before")
    with handler.attached():
        engine.query("inside")
    engine.query("after")
    assert [trace.question for trace in traces()] == ["inside"]


def test_attach_counts(handler, engine, traces):
    handler.attach()
    handler.attach()
    handler.detach()
    engine.query("still")
    handler.detach()
    handler.detach()
    engine.query("no more")
    assert [trace.question for trace in traces()] == ["still"]


def test_a_run_that_began_while_attached_is_recorded_to_its_end(handler, lab, traces):
    with handler.attached():
        response = lab.index.as_query_engine(llm=lab.Say(script=[ANSWER]), streaming=True).query("What?")
    assert str(response).strip() == ANSWER
    (trace,) = traces()
    assert (trace.status, len(trace.leaf_llms)) == ("ok", 1)


def test_attach_keeps_the_handler_alive_and_detach_lets_it_go(store, recorder, engine, traces):
    handler = WeaklinkCallbackHandler(store)
    handler.attach()
    known = weakref.ref(handler)
    del handler
    engine.query("What?")
    assert len(traces()) == 1
    known().detach()
    gc.collect()
    assert known() is None


def test_a_handler_that_is_thrown_away_leaves_the_dispatcher(store, recorder):
    gc.collect()
    before = len(listeners())
    handlers = [WeaklinkCallbackHandler(store) for _ in range(100)]
    assert len(listeners()) == before + 1
    del handlers
    gc.collect()
    assert len(listeners()) == before


def test_last_trace_without_one_says_what_to_type(handler):
    with pytest.raises(UnknownTrace, match=r"with handler\.attached"):
        handler.last_trace()


def test_each_thread_has_its_own_last_trace(listening, engine):
    def ask(number):
        engine.query(f"What is {number}?")
        return listening.last_trace().question

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(12))) == [f"What is {number}?" for number in range(12)]


async def test_each_task_has_its_own_last_trace(listening, engine):
    async def ask(number):
        await engine.aquery(f"What is {number}?")
        await asyncio.sleep(0.01)
        return await asyncio.to_thread(lambda: None) or listening.last_trace().question

    assert await asyncio.gather(*(ask(n) for n in range(5))) == [f"What is {n}?" for n in range(5)]


# --- once, however it is passed


def shape(trace):
    return [(span.name, span.kind, span.status, span.plumbing) for span in trace.spans]


def test_in_a_callback_manager_it_records_the_same(handler, lab, traces):
    model, retriever = lab.Say(script=[ANSWER]), lab.index.as_retriever()
    with handler.attached():
        RetrieverQueryEngine.from_args(retriever, llm=model).query("What?")
    managed = RetrieverQueryEngine.from_args(retriever, llm=model, callback_manager=CallbackManager([handler]))
    managed.query("What?")
    one, other = traces()
    assert shape(one) == shape(other)
    assert handler.last_trace().id == other.id


def test_in_the_settings_it_records_engines_and_workflows(handler, lab, traces, monkeypatch):
    class Plain(Workflow):
        @step
        async def only(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result="x")

    async def run():
        await Plain().run()

    monkeypatch.setattr(Settings, "_callback_manager", CallbackManager([handler]))
    lab.index.as_query_engine(llm=lab.Say(script=[ANSWER])).query("What?")
    asyncio.run(run())
    assert [trace.name for trace in traces()] == ["RetrieverQueryEngine", "Plain"]


def test_a_component_with_another_manager_is_not_recorded(handler, lab, traces):
    manager = CallbackManager([LlamaDebugHandler(print_trace_on_end=False)])
    RetrieverQueryEngine.from_args(
        lab.index.as_retriever(), llm=lab.Say(script=[ANSWER]), callback_manager=manager
    ).query("What?")
    assert traces() == []


def test_attached_and_in_a_manager_and_installed_it_records_once(handler, store, lab, traces):
    engine = RetrieverQueryEngine.from_args(
        lab.index.as_retriever(), llm=lab.Say(script=[ANSWER]), callback_manager=CallbackManager([handler])
    )
    weaklink.install(str(store))
    try:
        with handler.attached(), WeaklinkCallbackHandler(store).attached(), weaklink.record(str(store)) as run:
            engine.query("What?")
            assert run.trace.question == "What?"
    finally:
        weaklink.uninstall()
    (trace,) = traces()
    assert len(trace.of_kind("llm")) == len(trace.of_kind("prompt")) == 1
    assert handler.last_trace().id == trace.id


def test_two_stores_get_a_trace_each_also_of_a_stream(handler, tmp_path, lab):
    other = WeaklinkCallbackHandler(tmp_path / "other.db", strict=True)
    with handler.attached(), other.attached():
        engine = lab.index.as_query_engine(llm=lab.Say(script=["a b"]), streaming=True)
        assert str(engine.query("What?")) == "a b "
    assert shape(handler.last_trace()) == shape(other.last_trace())
    assert other.last_trace().answer == "a b"
    other._recorder.close()


# --- weaklink.record() and weaklink.install()


def test_it_is_found_as_an_integration():
    assert "llama_index" in [found.name for found in integrations()]


def test_record_takes_what_runs_inside_and_in_what_that_starts(store, recorder, engine):
    with weaklink.record(str(store)) as run:
        engine.query("inside")
        inner = Thread(target=engine.query, args=("in a thread",))
        inner.start()
        inner.join()
        outside = threading.Thread(target=engine.query, args=("elsewhere",))
        outside.start()
        outside.join()
    engine.query("after")
    assert [trace.question for trace in run.traces] == ["inside", "in a thread"]
    assert run.diagnose().verdict in ("ok", "broken", "unknown", "degraded", "recovered")


async def test_record_takes_tasks(store, recorder, engine):
    with weaklink.record(str(store)) as run:
        await asyncio.gather(*(engine.aquery(f"{number}?") for number in range(3)))
    assert sorted(trace.question for trace in run.traces) == ["0?", "1?", "2?"]


def test_install_takes_every_thread_and_uninstall_ends_it(store, recorder, engine, traces):
    weaklink.install(str(store))
    weaklink.install(str(store))
    try:
        worker = threading.Thread(target=engine.query, args=("in a thread",))
        worker.start()
        worker.join()
    finally:
        weaklink.uninstall()
    engine.query("after")
    assert [trace.question for trace in traces()] == ["in a thread"]
    assert attached == []


# --- the contract with the dispatcher


def test_open_spans_stays_empty_whatever_happens(listening, engine, lab):
    engine.query("What?")
    with pytest.raises(ConnectionError):
        lab.index.as_query_engine(llm=lab.Say(script=[ConnectionError("x")])).query("What?")
    for found in listeners():
        assert (found.open_spans, found.completed_spans, found.dropped_spans) == ({}, [], [])
        assert found._lock is None


def test_the_base_class_hooks_do_the_same(listening, recorder):
    (mine,) = (found for found in listeners() if found.tracing.recorder is recorder)
    bound = inspect.signature(lambda: None).bind()
    id_ = "some_function-00000000-0000-4000-8000-000000000001"
    assert mine.new_span(id_, bound) is None
    assert recorder.open_spans == 1
    assert mine.prepare_to_exit_span(id_, bound, result="x") is None
    assert listening.last_trace().name == "some_function"
    id_ = "some_function-00000000-0000-4000-8000-000000000002"
    mine.new_span(id_, bound)
    mine.prepare_to_drop_span(id_, bound, err=ValueError("x"))
    assert listening.last_trace().status == "error"
    assert mine.capture_propagation_context() == {}


def test_shutting_the_dispatcher_down_stores_what_has_ended(engine, listening, traces):
    engine.query("What?")
    get_dispatcher().shutdown()
    assert len(traces()) == 1


def test_an_end_without_a_start_does_nothing(listening, recorder):
    (mine,) = (found for found in listeners() if found.tracing.recorder is recorder)
    mine.span_exit("X.query-00000000-0000-4000-8000-000000000003", None, result="x")
    mine.span_drop("X.query-00000000-0000-4000-8000-000000000003", None, err=ValueError())
    listening.flush()
    assert recorder.open_spans == 0


def test_ids_without_a_uuid_get_a_key_of_their_own():
    assert key_of("X.query-00000000-0000-4000-8000-00000000000a") == 0x00000000_0000_4000_8000_00000000000A
    assert key_of("odd") != key_of("even")
    assert 0 <= key_of("odd\ud800") < 1 << 128


def test_a_function_of_ones_own_is_a_step(listening, lab):
    span = get_dispatcher("mine").span

    @span
    def pack(nodes, limit=10):
        return "\n".join(node.text for node in nodes)[:limit]

    class Helper(DispatcherSpanMixin):
        @span
        def outer(self):
            return self.inner()

        @span
        def inner(self):
            return pack(lab.nodes)

    Helper().outer()
    trace = listening.last_trace()
    assert lab.tree(trace) == "Helper.outer chain\n  Helper.inner chain\n    pack chain"
    assert trace.spans[2].output == "Document 0"


# --- never in the way


def test_the_result_is_the_frameworks_own_object(listening, lab):
    class Odd:
        def __repr__(self):
            raise SystemExit

        __str__ = __bool__ = __len__ = __eq__ = __hash__ = __repr__

    thing = Odd()

    @get_dispatcher("mine").span
    def identity(value):
        return value

    assert identity(thing) is thing
    trace = listening.last_trace()
    assert trace.root.output["$type"].endswith("Odd")


@pytest.mark.parametrize("strict", [False, True])
def test_an_error_of_our_own_is_told_and_never_reaches_the_host(store, recorder, engine, monkeypatch, caplog, strict):
    def fail(*args, **kwargs):
        raise ValueError("ours")

    handler = WeaklinkCallbackHandler(store, strict=strict)
    monkeypatch.setattr("weaklink_llama_index.steps.end", fail)
    with caplog.at_level(logging.WARNING, "weaklink"):
        handler.attach()
        assert str(engine.query("What?")) == ANSWER
        assert str(engine.query("What?")) == ANSWER
    assert len([record for record in caplog.records if "ours" in record.getMessage()]) == 1
    if strict:
        with pytest.raises(ValueError, match="ours"):
            handler.detach()
    else:
        handler.detach()
    recorder.close()


def test_secrets_in_arguments_are_masked(listening):
    @get_dispatcher("mine").span
    def call(api_key, text):
        return text

    call(api_key="sk-secret", text="x")
    assert "sk-secret" not in str(listening.last_trace().model_dump())


def test_recording_another_framework_does_not_import_this_one(tmp_path):
    code = (
        "import sys, weaklink\n"
        "with weaklink.record('traces.db') as run:\n"
        "    assert 'llama_index.core' not in sys.modules\n"
        "    from llama_index.core.llms import MockLLM\n"
        "    MockLLM(max_tokens=2).complete('Hi there')\n"
        "print(run.trace.name, len(run.trace.spans))\n"
        "weaklink.install('traces.db')\n"
        "MockLLM(max_tokens=2).complete('Hi again')\n"
        "weaklink.uninstall()\n"
        "weaklink.flush()\n"
        "print([trace.question for trace in weaklink.open_store('traces.db').traces()])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["MockLLM 1", "['Hi again', 'Hi there']"], done.stderr
