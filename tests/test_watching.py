"""Finished traces get their verdict off the caller's path, within a share of CPU."""

import subprocess
import sys
import time

import pytest

import weaklink
from weaklink import WeaklinkError, open_store
from weaklink.examine import diagnosis_version
from weaklink.testing import build
from weaklink.watching import Watch

PASSAGE = "Standby pay is 45 euros for a weekday night."


def answered(number: int):
    return build(
        "chain > retriever, llm",
        "How much is standby pay for a weekday night?",
        "It is 45 euros.",
        trace_id=number,
        retriever={"input": "standby pay", "documents": [PASSAGE]},
        llm={"input": PASSAGE, "output": "It is 45 euros."},
    )


@pytest.fixture
def store(store_path):
    opened = open_store(store_path)
    opened.write([answered(number) for number in range(1, 6)])
    yield opened
    opened.close()


def test_what_waits_is_scored_and_diagnosed_and_then_waits_no_more(store):
    seen = []
    watching = Watch(store, cpu_share=1.0, on_examined=seen.append)
    assert watching.examine_some()
    assert not watching.examine_some()
    assert watching.examined == len(seen) == 5
    assert {one.diagnosis.verdict for one in seen} == {"ok"}
    assert all(store.diagnosis(one.trace.id, diagnosis_version()) == one.diagnosis for one in seen)


def test_in_a_thread_it_takes_what_comes_and_ends_when_told(store, store_path):
    with weaklink.watch(store_path, cpu_share=1.0) as watching:
        _until(lambda: not store.waiting(diagnosis_version()))
        store.write([answered(9)])
        _until(lambda: not store.waiting(diagnosis_version()))
        assert watching.start() is watching
    store.write([answered(10)])
    time.sleep(1.2)
    assert store.waiting(diagnosis_version()) == [answered(10).id]


def test_it_rests_in_proportion_to_its_work(store):
    """Of a tenth of a core, each second of work is followed by nine of rest."""
    work = iter(range(10_000))
    rests = []
    watching = Watch(store, cpu_share=0.1, cpu_clock=lambda: next(work) / 1000)
    watching._stopping.wait = rests.append  # type: ignore[method-assign]
    watching.examine_some()
    assert rests == pytest.approx([0.009] * 6)  # one question to the store, five traces


def test_its_share_of_cpu_is_kept_on_the_clock(store, store_path):
    store.write([answered(number) for number in range(10, 60)])
    Watch(store, cpu_share=1.0)._examine(answered(1).id)  # what is loaded once is no part of the pace
    watching = Watch(open_store(store_path), cpu_share=0.2)
    began, cpu = time.monotonic(), time.process_time()
    watching.start()
    time.sleep(2.0)
    watching.stop()
    used = (time.process_time() - cpu) / (time.monotonic() - began)
    print(f"asked for .20 of a core, used {used:.2f}, {watching.examined} traces")
    assert watching.examined > 2
    assert used < 0.3


def test_a_trace_that_cannot_be_diagnosed_is_left_and_the_others_are_not(store, monkeypatch, caplog):
    bad = answered(3).id
    get = store.get

    def failing(trace_id):
        if trace_id == bad:
            raise RuntimeError("cannot be read")
        return get(trace_id)

    monkeypatch.setattr(store, "get", failing)
    watching = Watch(store, cpu_share=1.0)
    watching.examine_some()
    watching.examine_some()
    assert store.waiting(diagnosis_version()) == [bad]
    assert watching.examined == 4
    assert "could not be diagnosed: RuntimeError('cannot be read')" in caplog.text


def test_a_store_that_is_not_there_yet_is_waited_for(tmp_path, caplog):
    watching = Watch(open_store(tmp_path / "none.db"))
    assert not watching.examine_some()
    assert "there is no store at" in caplog.text
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("wrong", [{"cpu_share": 0.0}, {"cpu_share": 1.5}, {"sample": -1.0}, {"sample": float("nan")}])
def test_a_share_out_of_range_is_refused(store, wrong):
    with pytest.raises(WeaklinkError, match="give a number above 0 up to 1"):
        Watch(store, **wrong)


def test_a_process_that_watches_ends_at_once(store_path, store):
    store.write([answered(number) for number in range(10, 200)])
    code = f"""
import time, weaklink
weaklink.watch({str(store_path)!r}, cpu_share=1.0)
time.sleep(1.5)
print(time.time())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    took = time.time() - float(done.stdout)
    print(f"ended after {took:.2f} s")
    assert (done.returncode, done.stderr) == (0, "")
    assert took < 2


def _until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
