"""S7: what was recorded is readable by its owner alone, and git does not see it."""

import os
import stat
from pathlib import Path

import pytest

from weaklink.recorder import Recorder
from weaklink.settings import Settings
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import build
from weaklink.testing.calls import rag_call

pytestmark = pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")


def modes(folder: Path) -> dict[str, str]:
    return {entry.name: oct(stat.S_IMODE(entry.stat().st_mode)) for entry in [folder, *folder.iterdir()]}


def test_folder_and_files_are_the_owners_alone_whatever_the_umask(tmp_path: Path):
    folder = tmp_path / ".weaklink"
    before = os.umask(0o000)
    try:
        recorder = Recorder(folder / "traces.db", Settings())
        rag_call(recorder)
        assert recorder.flush(10)
        found = modes(folder)
        recorder.close()
    finally:
        os.umask(before)
    print(f"S7: {found}")
    expected = dict.fromkeys(("traces.db", "traces.db-wal", "traces.db-shm", "traces.db-reserve"), "0o600")
    found.pop(".gitignore")
    assert found == {".weaklink": "0o700", **expected}
    assert (folder / ".gitignore").read_text() == "*\n"


def test_folders_in_between_are_private_too(tmp_path: Path):
    before = os.umask(0o022)
    try:
        store = SQLiteStore(tmp_path / "a" / "b" / "traces.db", Settings())
        store.write([build("chain")])
        store.close()
    finally:
        os.umask(before)
    assert oct(stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode)) == "0o700"
    assert not (tmp_path / "a" / "b" / ".gitignore").exists()


def test_a_folder_that_was_there_keeps_its_mode_and_its_files(tmp_path: Path):
    tmp_path.chmod(0o755)
    (tmp_path / "mine.txt").write_text("mine")
    store = SQLiteStore(tmp_path / "traces.db", Settings())
    store.write([build("chain")])
    store.close()
    assert oct(stat.S_IMODE(tmp_path.stat().st_mode)) == "0o755"
    assert oct(stat.S_IMODE((tmp_path / "traces.db").stat().st_mode)) == "0o600"
    assert not (tmp_path / ".gitignore").exists()
