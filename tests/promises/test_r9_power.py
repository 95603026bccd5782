"""R9: a power cut, which forgets all that was not synced to the disk, leaves a store that is whole, and loses only the newest."""

import pickle
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from weaklink.settings import Settings
from weaklink.store import SQLiteStore
from weaklink.testing import build
from weaklink.testing.calls import STEPS

SECTOR = 512
_RECORDS = """
import pickle, sys
from pathlib import Path
import apsw
from weaklink.settings import Settings
from weaklink.recorder import recorder_for
from weaklink.store import SQLiteStore, connection
from weaklink.testing.calls import rag_call, trace_id

system = apsw.vfs_names()[0]
done = []                                     # everything that is asked of the disk, in order

class Noting(apsw.VFS):
    def __init__(self):
        super().__init__("noting", base=system, makedefault=True)
    def xOpen(self, name, flags):
        return NotingFile(name, flags)
    def xDelete(self, name, sync):
        done.append(("delete", Path(name).name))
        super().xDelete(name, sync)

class NotingFile(apsw.VFSFile):
    def __init__(self, name, flags):
        given = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.name = Path(given).name if given else None
        super().__init__(system, name, flags)
    def xWrite(self, data, offset):
        super().xWrite(data, offset)
        done.append(("write", self.name, offset, bytes(data)))
    def xTruncate(self, size):
        super().xTruncate(size)
        done.append(("truncate", self.name, size))
    def xSync(self, flags):
        super().xSync(flags)
        done.append(("sync", self.name))

noting = Noting()
connection.log_pages = lambda folder: 60      # a short log: it is copied into the file again and again
path, calls = Path(sys.argv[1]), int(sys.argv[2])
recorder = recorder_for(path)
pruner = SQLiteStore(path, Settings())
for number in range(calls):
    keys = [rag_call(recorder, f"question {number} " + "long " * (number % 90)) for _ in range(number % 5 + 1)]
    assert recorder.flush(60)
    done.append(("stored", [trace_id(key) for key in keys]))
    if number == calls * 2 // 3:
        done.append(("kept", [line.id for line in pruner.summaries(limit=calls // 4)]))
        pruner.prune(keep=calls // 4)
recorder.close(30)
Path(sys.argv[3]).write_bytes(pickle.dumps(done))
"""


class Disk:
    """The files as a disk has them that keeps what was synced, and some of the rest, sector by sector."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._synced: dict[str, bytearray] = {}
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}

    def does(self, event: tuple[Any, ...]) -> None:
        kind, name = event[0], event[1]
        if kind == "delete":
            self._synced.pop(name, None)
            self._waiting.pop(name, None)
        elif kind == "sync":
            self._synced[name] = _applied(self._synced.get(name, bytearray()), self._waiting.pop(name, []))
        elif kind in ("write", "truncate"):
            self._waiting.setdefault(name, []).append(event)

    def after_power_cut(self, kept: float) -> dict[str, bytes]:
        """What is found afterwards; `kept` is the share of what was not synced that is there all the same."""
        found = {name: bytes(data) for name, data in self._synced.items()}
        for name, waiting in self._waiting.items():
            pieces = [piece for event in waiting for piece in _sectors(event) if self._chance.random() < kept]
            if pieces or name in found:
                found[name] = bytes(_applied(bytearray(found.get(name, b"")), pieces))
        return found


def _sectors(event: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    """The pieces of a write that reach the disk whole or not at all."""
    if event[0] == "truncate":
        return [event]
    _, name, offset, data = event
    ends = [*range(offset - offset % SECTOR + SECTOR, offset + len(data), SECTOR), offset + len(data)]
    starts = [offset, *ends[:-1]]
    return [
        ("write", name, start, data[start - offset : end - offset]) for start, end in zip(starts, ends, strict=True)
    ]


def _applied(data: bytearray, events: Iterable[tuple[Any, ...]]) -> bytearray:
    for event in events:
        if event[0] == "truncate":
            del data[event[2] :]
            continue
        _, _, offset, written = event
        if len(data) < offset:
            data.extend(bytes(offset - len(data)))
        data[offset : offset + len(written)] = written
    return data


class Found(NamedTuple):
    """What a store says after a power cut."""

    is_whole: bool
    traces: set[str]


def opened(files: dict[str, bytes], folder: Path) -> Found:
    """Open what was left, as the next start does."""
    folder.mkdir()
    for name, data in files.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(data)
    path = folder / "traces.db"
    store = SQLiteStore(path, Settings())
    store.write([build("chain", "And now?", trace_id=0xFFFF)])  # goes on by itself
    store.close()
    connection = apsw.Connection(str(path))
    is_whole = connection.execute("PRAGMA integrity_check").get == "ok"
    rows = connection.execute("SELECT trace_id FROM spans GROUP BY 1 HAVING count(*) = ?", (STEPS,)).fetchall()
    connection.close()
    return Found(is_whole, {row[0] for row in rows})


def test_a_power_cut_damages_nothing_and_loses_what_came_after_the_last_sync(
    store_path: Path, tmp_path: Path, is_long: bool
):
    said, calls, cuts = tmp_path / "said", 600 if is_long else 120, 1_000 if is_long else 40
    subprocess.run([sys.executable, "-c", _RECORDS, str(store_path), str(calls), str(said)], check=True, timeout=600)
    events: list[tuple[Any, ...]] = pickle.loads(said.read_bytes())  # noqa: S301 - our own script wrote it
    chance = random.Random(9)
    points = set(chance.sample(range(len(events)), cuts))
    disk = Disk(chance)
    stored: set[str] = set()
    synced: set[str] = set()
    corrupt = lost_after_sync = lost_before = 0
    for number, event in enumerate(events):
        disk.does(event)
        if event[0] == "stored":
            stored |= set(event[1])
        elif event[0] == "kept":
            stored &= set(event[1])
            synced &= set(event[1])
        elif event[:2] == ("sync", "traces.db-wal"):
            synced |= stored
        if number in points:
            found = opened(disk.after_power_cut(chance.choice((0.0, 0.5, 0.95, 1.0))), tmp_path / str(number))
            corrupt += not found.is_whole
            lost_before += len(synced - found.traces)
            lost_after_sync = max(lost_after_sync, len(stored - found.traces))
    syncs = sum(event[:2] == ("sync", "traces.db-wal") for event in events)
    print(f"R9: {cuts} power cuts in {len(events):,} operations of the disk with {syncs} syncs: {corrupt} corrupt, {lost_before} of "
          f"{len(stored) * STEPS:,} synced spans lost, at most {lost_after_sync * STEPS} newer ones")  # fmt: skip
    assert (corrupt, lost_before) == (0, 0)
    assert syncs > 3
