"""Reports as files."""

import os
import stat
import subprocess
import sys
import threading

import pytest

import weaklink
from weaklink.errors import UnknownTrace, WeaklinkError
from weaklink.export import write_file
from weaklink.testing import blame, build, scored


@pytest.fixture
def trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEAKLINK_STORE", raising=False)
    passage = "Standby pay is 45 euros for a weekday night."
    return build(
        "chain > retriever, llm", "How much is standby pay for a weekday night?", "It is 45 euros.",
        retriever={"input": "standby pay", "documents": [passage]}, llm={"input": passage, "output": "It is 45 euros."},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "begins"),
    [("r.html", "<!doctype html>"), ("R.HTML", "<!doctype"), ("r.md", "## OK"), ("r.json", "{"), ("r.txt", "| OK")],
)
def test_the_suffix_picks_the_form(trace, tmp_path, name, begins):
    path = weaklink.save(weaklink.diagnose(trace), tmp_path / name, trace=trace)
    assert path.read_text().startswith(begins)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["report.pdf", "report", ".html", "report.html.gz"])
def test_another_suffix_is_refused_before_anything_is_done(trace, tmp_path, name):
    with pytest.raises(WeaklinkError, match=r"use one of \.html, \.md, \.json, \.txt, such as report\.html"):
        weaklink.save(trace, tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_the_trace_of_a_diagnosis_comes_from_the_default_store(trace, tmp_path):
    diagnosis = weaklink.diagnose(trace)
    with pytest.raises(UnknownTrace, match="trace=trace"):
        weaklink.save(diagnosis, "report.txt")
    store = weaklink.open_store()
    store.write([trace])
    store.close()
    text = weaklink.save(diagnosis, "report.txt").read_text()
    assert "1 of 1 claim supported" in text


def test_a_trace_alone_is_scored_and_diagnosed(trace):
    assert weaklink.save(trace, "report.md").read_text().startswith("## OK")


def test_given_scores_and_a_given_diagnosis_are_what_is_shown(trace):
    diagnosis = blame(trace, "broken", "llm", "off_question", "Said by hand.")
    text = weaklink.save(
        diagnosis, "r.txt", trace=trace, scores=[scored(trace, "retriever", "relevance", 0.123)]
    ).read_text()
    assert "Said by hand." in text
    assert ".12" in text
    assert "supported" not in text


def test_writing_is_whole_or_not_at_all(tmp_path):
    target = tmp_path / "report.txt"
    target.write_text("as it was")

    def parts():
        yield "half"
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError):
        write_file(target, parts())
    assert target.read_text() == "as it was"
    assert os.listdir(tmp_path) == ["report.txt"]


@pytest.mark.parametrize("target", ["missing/folder/r.txt", "a-folder"])
def test_what_cannot_be_written_says_so(tmp_path, target):
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(WeaklinkError, match=r"cannot write .*; name a file"):
        write_file(tmp_path / target, ["x"])
    assert os.listdir(tmp_path) == ["a-folder"]


def test_a_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "secret").write_text("untouched")
    (tmp_path / "link.txt").symlink_to(tmp_path / "secret")
    write_file(tmp_path / "link.txt", ["report"])
    assert (tmp_path / "secret").read_text() == "untouched"
    assert not (tmp_path / "link.txt").is_symlink()


def test_a_pipe_is_written_into_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_file(pipe, ["one ", "two"])
    reader.join(10)
    assert read == ["one two"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_stdout_by_its_name_is_written_into_also_where_it_is_a_file(tmp_path):
    if not os.path.islink("/dev/stdout"):
        pytest.skip("needs /dev/stdout")
    code = "from weaklink.export import write_file; write_file('/dev/stdout', ['one ', 'two'])"
    with (tmp_path / "out.txt").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out.txt").read_text() == "one two"
    assert os.path.islink("/dev/stdout")
