"""The command as a process: what it costs to start, and how it ends."""

import json
import os
import resource
import signal
import subprocess
import sys

import pytest

WEAKLINK = [sys.executable, "-c", "from weaklink.cli.main import main; main()"]


def run(*arguments, environment=None, **options):
    return subprocess.run(
        [*WEAKLINK, *arguments], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **(environment or {})}, **options,
    )  # fmt: skip


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_it_starts_fast(cli, argument):
    best = 9.0
    for _ in range(5):
        began = _cpu_of_children()
        assert run(argument).returncode == 0
        best = min(best, _cpu_of_children() - began)
    print(f"weaklink {argument}: {best:.2f} s of CPU")
    assert best < 0.4


def test_help_loads_nothing_heavy():
    code = "import sys, weaklink.cli.main; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "apsw", "rich.console", "langchain_core", "wordllama", "pydantic"} & set(loaded)


def test_help_of_every_verb_has_examples(cli):
    for verb in ("demo", "list", "show", "diff", "score", "export", "import", "doctor"):
        text = cli.ok(verb, "--help")
        assert f"weaklink {verb}" in text
        assert "--json" in text
        assert verb == "demo" or "--store" in text
        assert all(len(line) <= 80 for line in text.splitlines())


def test_the_overview_shows_each_verb_in_one_whole_line(cli):
    text = cli.ok("--help")
    assert "Exit codes: 0 fine" in text
    verbs = text.split("Commands:")[1].splitlines()[1:]
    assert len([line for line in verbs if line.strip()]) == 13
    assert all(len(line) <= 80 and "..." not in line for line in verbs)


def test_a_pipe_that_is_closed_is_no_error(filled):
    command = f"{sys.executable} -c 'from weaklink.cli.main import main; main()' export | head -c 10"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("verb", ["show", "list --json", "export", "doctor"])
def test_a_full_disk_behind_stdout_is_one_line_on_stderr(filled, verb):
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*WEAKLINK, *verb.split()], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert result.returncode == 1
    assert result.stderr == "weaklink: cannot write what there is to say: no space left on device\n"


@pytest.mark.parametrize(("closed", "verb", "code"), [(">&-", "list", 0), ("2>&-", "show nothing", 2)])
def test_a_stream_that_the_shell_closed_is_no_error(filled, closed, verb, code):
    command = f"{sys.executable} -c 'from weaklink.cli.main import main; main()' {verb} {closed}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (code, "", "")


def test_a_failure_is_one_line_on_stderr(cli):
    result = run("show")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("weaklink: there is no store at")


def test_a_pipe_gets_plain_ascii_drawing(filled):
    result = run("show", "a1")
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_without_unicode_gets_something(filled, encoding):
    from weaklink import open_store
    from weaklink.testing import build

    open_store(filled.store).write([build("chain > llm", "Wie spät ist es in 東京?", "七時", trace_id=0xD4)])
    result = run("show", "d4", environment={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, encoding=encoding)
    assert result.returncode == 0
    assert "\\u6771" in result.stdout


def test_json_is_all_there_is_on_stdout(filled):
    for arguments in (
        ["list"],
        ["show"],
        ["diff", "a1", "b2"],
        ["score"],
        ["doctor"],
        ["demo", "--list"],
        ["export", "-o", "x.jsonl"],
    ):
        result = run(*arguments, "--json")
        assert result.returncode == 0, result.stderr
        assert isinstance(json.loads(result.stdout), dict)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_is_quiet(filled):
    code = "import sys, time, weaklink.store as s\ns.open_store = lambda *_: (print('ready', flush=True), time.sleep(30))\n"
    code += "from weaklink.cli.main import main; sys.argv = ['weaklink', 'list']; main()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error.strip()) == (130, "", "")
