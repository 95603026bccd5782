"""`weaklink diagnose`, and what `weaklink list` says of traces that wait."""

import json
import signal
import subprocess
import sys
import time

import pytest

from weaklink import batch, open_store
from weaklink.examine import diagnosis_version
from weaklink.store import Feedback


def test_it_diagnoses_all_that_waits_and_says_how_it_went(filled):
    assert filled.ok("diagnose").split(" diagnosed in ")[0] == "3 traces"
    assert open_store(filled.store).waiting(diagnosis_version()) == []
    assert filled.ok("diagnose") == "Every finished trace has its verdict.\n"


def test_as_json(filled):
    data = filled.json("diagnose")
    assert (data["diagnosed"], data["verdicts"], data["problems"]) == (3, {"broken": 2, "ok": 1}, [])


def test_words_choose_among_those_that_wait_and_again_takes_the_others_too(filled):
    assert filled.json("diagnose", "standby")["verdicts"] == {"broken": 1}
    assert filled.json("diagnose", "standby")["diagnosed"] == 0
    assert filled.json("diagnose", "standby", "--again")["diagnosed"] == 1
    assert filled.json("diagnose", "--again")["diagnosed"] == 3


def test_it_is_a_failure_when_no_trace_could_be_diagnosed(filled, monkeypatch):
    def trips(trace, *_, **__):
        if trace.id.endswith(tripping):
            raise RecursionError("too deep")
        return original(trace, *_, **__)

    original = batch.examine
    monkeypatch.setattr(batch, "examine", trips)
    tripping = ("a1",)
    data = filled.json("diagnose")  # two of three have a verdict
    assert (data["diagnosed"], [problem["problem"] for problem in data["problems"]]) == (
        2,
        ["RecursionError: too deep"],
    )
    assert filled.json("diagnose", code=1)["diagnosed"] == 0
    shown = filled("diagnose")
    assert (shown.exit_code, shown.stdout.partition(" in ")[0]) == (1, "0 traces diagnosed")
    assert shown.stderr == "0000000000a1 could not be diagnosed: RecursionError: too deep\n"
    tripping = ("none",)
    assert filled.json("diagnose")["diagnosed"] == 1


def test_two_processes_do_the_same(filled):
    assert filled.json("diagnose", "--jobs", "2")["verdicts"] == {"broken": 2, "ok": 1}
    assert open_store(filled.store).waiting(diagnosis_version()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sample", "0"], "type: --sample 0.1"),
        (["--watch", "--jobs", "2"], "type: weaklink diagnose --watch"),
        (["--watch", "standby"], "type: weaklink diagnose --watch"),
        (["--watch", "--cpu-share", "7"], "give a number above 0 up to 1"),
        (["nothing like it"], "no trace fits"),
    ],
)
def test_a_wrong_use_says_what_to_type(filled, arguments, says):
    assert says in filled.fails("diagnose", *arguments)


def test_without_a_store_it_says_so(cli):
    assert "there is no store at" in cli.fails("diagnose")
    assert not cli.store.exists()


def test_watching_prints_each_verdict_as_it_comes_and_ends_at_ctrl_c(filled):
    command = [
        sys.executable,
        "-c",
        "from weaklink.cli.main import main; main()",
        "diagnose",
        "--watch",
        "--cpu-share",
        "1",
        "--json",
    ]
    watching = subprocess.Popen([*command, "--store", str(filled.store)], stdout=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    verdicts = [json.loads(watching.stdout.readline())["verdict"] for _ in range(3)]
    watching.send_signal(signal.SIGINT)
    assert (sorted(verdicts), watching.wait(20)) == (["broken", "broken", "ok"], 0)


def test_list_without_time_shows_what_waits_and_what_does_not(filled):
    filled.ok("diagnose", "standby")
    lines = filled.ok("list", "--wait", "0").splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["waiting", "broken", "waiting"]
    assert lines[-1] == "weaklink diagnose           2 wait for a verdict"
    waiting = [trace["waiting"] for trace in filled.json("list", "--wait", "0")["traces"]]
    assert waiting == [True, False, True]
    assert [trace["verdict"] for trace in filled.json("list")["traces"]] == ["broken", "broken", "ok"]


def test_a_stale_verdict_is_never_shown_as_current(filled):
    filled.ok("list")
    store = open_store(filled.store)
    trace = store.get("b2")
    store.add_feedback(Feedback(trace_id=trace.id, name="corrected_answer", value="45 euros"))
    listed = filled.json("list", "--wait", "0")["traces"]
    assert [(one["waiting"], one["verdict"]) for one in listed] == [(False, "broken"), (True, None), (False, "ok")]
    assert not any(one["waiting"] for one in filled.json("list")["traces"])


def test_list_gives_up_diagnosing_when_its_time_after_the_first_is_over(filled, monkeypatch):
    from weaklink import examine as module

    examine = module.examine

    def slow(*arguments):
        time.sleep(0.06)
        return examine(*arguments)

    monkeypatch.setattr(module, "examine", slow)
    assert [one["waiting"] for one in filled.json("list", "--wait", "0.05")["traces"]] == [False, False, True]


def test_a_corrected_answer_makes_the_next_diagnosis_exact(filled):
    store = open_store(filled.store)
    trace = store.get("b2")
    assert not filled.json("show", "b2")["diagnosis"]["funnel"]["exact"]
    store.add_feedback(Feedback(trace_id=trace.id, name="corrected_answer", value="45 euros"))
    shown = filled.json("show", "b2")["diagnosis"]
    assert shown["funnel"]["exact"]
    assert (shown["culprit"]["name"], shown["failure"]) == ("write", "contradicted")
    store.add_feedback(Feedback(trace_id=trace.id, name="corrected_answer", value="90 euros"))
    assert filled.json("show", "b2")["diagnosis"]["verdict"] == "ok"


def test_show_with_a_reference_says_where_it_was_lost_and_stores_nothing(filled):
    text = filled.ok("show", "b2", "--reference", "45 euros")
    assert "Evidence  exact: the claims of the reference answer" in text
    assert '"45 euros"' in text
    assert open_store(filled.store).diagnosis(open_store(filled.store).get("b2").id, diagnosis_version()) is None
