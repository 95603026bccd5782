"""The overhead benchmark runs, counts right, and judges right. No timing is asserted."""

import json
from dataclasses import replace

import pytest

pytest.importorskip("langchain_core")
pytest.importorskip("psutil")

from benchmarks.overhead import bounds, imports, report, table
from benchmarks.overhead.__main__ import main
from benchmarks.overhead.contender import Counts, installed, missing
from benchmarks.overhead.machine import Machine
from benchmarks.overhead.memory import Burst, Mark, Soak
from benchmarks.overhead.result import Result
from benchmarks.overhead.sample import Sample
from benchmarks.overhead.sink import Body, Tally
from benchmarks.overhead.summary import Arrived, Spread, added, arrived, quantile, ratio, row, spread
from benchmarks.overhead.timing import Timing

MACHINE = Machine("2026-01-01", "a cpu", 2, 8.0, "Linux", "3.11.7", {"langchain-core": "1.0"})


def sample(cpu_us: float, call_us: float = 100, first_us: float | None = None) -> Sample:
    return Sample(10, call_us, call_us, call_us, cpu_us, call_us, 1.0, first_us, 0.5)


def result(cpu_us: float = 120, call_us: float = 108, lost: int = 0) -> Result:
    none, ours = [sample(100, 100)] * 3, [sample(cpu_us, call_us)] * 3
    rows = tuple(found for name, mine in (("none", none), ("weaklink", ours)) if (found := row(name, mine, none, 8, 8)))
    timings = tuple(Timing(workload, 10, 3, rows, (0.1, 0.2)) for workload in ("hooks", "invoke", "async50"))
    burst = Burst("weaklink", 100, 8, Arrived(800, 800 - lost, 0, 90.0), 100, 1, 0.1, 80, 90)
    return Result("langchain", MACHINE, "the command", timings, (burst,))


def test_the_harness_times_a_chain_and_counts_its_spans(tmp_path, capsys):
    out, markdown = tmp_path / "results.json", tmp_path / "results.md"
    sizes = ["--rounds", "2", "--calls", "3", "--burst", "20", "--marks", "5", "10"]
    chosen = ["--only", "noop", "append-inline", "--out", str(out), "--markdown", str(markdown)]

    assert main(["hooks", "async50", "burst", "soak", *sizes, *chosen]) == 0

    written = json.loads(out.read_text())
    assert [timing["workload"] for timing in written["timings"]] == ["hooks", "async50"]
    for timing in written["timings"]:
        assert [row["contender"] for row in timing["rows"]] == ["none", "noop", "append-inline"]
        appended = timing["rows"][2]
        assert (appended["runs_per_call"], appended["spans_per_call"]) == (8, 8)
        assert (appended["arrived"]["expected"], appended["arrived"]["recorded"]) == (48, 48)
    assert [burst["arrived"] and burst["arrived"]["recorded"] for burst in written["bursts"]] == [None, None, 160]
    assert [[mark["calls"] for mark in soak["marks"]] for soak in written["soaks"]] == [[0, 5, 10]] * 3
    assert written["verdicts"] == []
    shown = capsys.readouterr().out
    for heading in ("## hooks", "## async50", "## burst", "## soak"):
        assert heading in markdown.read_text()
        assert heading in shown


def test_an_unknown_workload_is_wrong_usage():
    with pytest.raises(SystemExit) as stopped:
        main(["breakfast"])
    assert stopped.value.code == 2


def test_a_contender_that_is_not_installed_is_named_with_its_pip_line(monkeypatch, capsys):
    monkeypatch.setattr(
        "benchmarks.overhead.__main__.missing", lambda packages: [p for p in packages if p == "langfuse"]
    )
    monkeypatch.setattr("benchmarks.overhead.__main__.run", lambda result, contenders, *rest: result)
    assert main(["hooks", "--only", "langfuse"]) == 0
    assert "langfuse is left out, not installed: pip install langfuse" in capsys.readouterr().out


def test_a_framework_that_is_not_installed_is_skipped_with_a_message(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.overhead.__main__.missing", list)
    assert main(["--framework", "llama_index"]) == 0
    assert "pip install llama-index-core" in capsys.readouterr().out


def test_a_spread_leaves_out_what_is_not_known():
    assert spread([3, None, 1, 2]) == Spread(2, 1, 3)
    assert spread([None]) is None


def test_a_quantile_is_one_of_the_values():
    assert quantile([5.0, 1.0, 3.0, 2.0, 4.0], 0.5) == 3
    assert quantile([2.0], 0.9) == 2


def test_ratios_and_differences_are_taken_within_the_round():
    base = [sample(100), sample(1000), None, sample(10)]
    mine = [sample(200), sample(2000), sample(7), None]
    assert ratio(mine, base, "cpu_us") == Spread(2, 2, 2)
    assert added(mine, base, "cpu_us") == Spread(550, 100, 1000)
    assert added(mine, base, "first_us") is None


def test_a_contender_without_a_round_beside_the_baseline_has_no_row():
    assert row("x", [sample(1), None], [None, sample(1)]) is None


def test_lost_unended_and_bytes_are_counted_between_two_counts():
    found = arrived(10, 8, Counts(5, 5), Counts(82, 80), bytes_written=770)
    assert found == Arrived(expected=80, recorded=77, unended=2, bytes_per_span=10.0)
    assert found.lost == 3


def test_the_growth_of_a_soak_leaves_out_the_start():
    marks = (Mark(0, 50, 50, 0), Mark(10, 80, 81, 1), Mark(30, 90, 91, 2))
    assert Soak("x", marks, None).growth_kb_per_call == 512
    assert Soak("x", marks[:2], None).growth_kb_per_call is None


def test_all_bounds_hold_at_their_limits():
    asked = ("hooks", "invoke", "async50", "burst")
    assert [verdict.status for verdict in bounds.verdicts(result(cpu_us=125, call_us=180), asked)] == ["holds"] * 5


@pytest.mark.parametrize(
    ("worse", "failing"),
    [
        ({"call_us": 181}, ["time on the caller's thread"]),
        ({"cpu_us": 128}, ["CPU of a RAG call"]),
        ({"cpu_us": 131}, ["CPU of a RAG call", "CPU of 50 concurrent calls"]),
        ({"cpu_us": 600}, ["all CPU, to the end of flush", "CPU of a RAG call", "CPU of 50 concurrent calls"]),
        ({"lost": 1}, ["spans lost in a burst"]),
        ({"lost": -1}, ["spans lost in a burst"]),
    ],
)
def test_each_bound_fails_beyond_its_limit(worse, failing):
    judged = bounds.verdicts(result(**worse), ("hooks", "invoke", "async50", "burst"))
    assert [verdict.name for verdict in judged if verdict.status == "FAILS"] == failing


def test_a_bound_without_a_figure_fails_and_one_that_was_not_asked_for_is_silent():
    (verdict,) = bounds.verdicts(replace(result(), bursts=()), ("burst",))
    assert (verdict.status, verdict.measured) == ("FAILS", None)


def test_the_report_shows_machine_spread_and_verdicts():
    text = report.whole(result(), bounds.verdicts(result(), ("hooks", "burst")))
    assert "2 cores (a cpu), 8 GB, Linux, Python 3.11.7; langchain-core 1.0" in text
    assert "3 rounds of n = 10 calls of 8 runs" in text
    assert "1.20 [1.20-1.20]" in text
    assert "Written by `the command`" in text
    assert text.count("| holds") + text.count(" holds |") == 3


def test_a_table_is_aligned_and_negative_spreads_say_to():
    assert table.table(["a", "number"], [["bb", "1"]]) == "| a  | number |\n| -- | -----: |\n| bb |      1 |"
    assert table.spread(Spread(1, -2, 3), 1) == "1.0 [-2.0 to 3.0]"
    assert table.spread(None) == "-"


def test_the_sink_counts_langsmith_runs_and_their_ends():
    one, two = b"0" * 36, b"1" * 36
    data = b'--x\r\nname="post.%b"\r\n{"end_time":"now"}\r\n--x\r\nname="post.%b"\r\n{}\r\n--x\r\nname="feedback"' % (
        one,
        two,
    )
    tally = Tally()
    tally.take(Body("me", "/me/runs/multipart", None, data))
    tally.take(Body("me", "/me/runs/multipart", "gzip", b"not gzip"))
    assert tally.summary() == {
        "me": {"requests": 2, "wire_bytes": len(data) + 8, "errors": 1, "ids": 2, "ended": 1},
    }


def test_what_is_not_installed_is_found_out():
    assert installed("no-such-distribution") is None
    assert missing(("pytest", "no-such-distribution")) == ["no-such-distribution"]


def test_an_import_is_timed_in_a_fresh_process_above_what_is_there_already():
    case = imports.Case("json above", "json", (), after="import json.decoder", limit_ms=1e6)
    (cost,) = imports.measure([case, imports.Case("broken", "no_such_module", ())], rounds=1)
    assert (cost.name, cost.modules, cost.verdict) == ("json above", 0, "holds")
