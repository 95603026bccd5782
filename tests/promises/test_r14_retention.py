"""R14: deleting half of a store: writers hardly wait, the file shrinks, and what is kept is whole."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import apsw

from weaklink.settings import Settings
from weaklink.store import Retention, SQLiteStore

_FILL = """
import random, sys, time
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
recorder, calls, chance = recorder_for(sys.argv[1]), int(sys.argv[2]), random.Random(14)
words = "the pay of a standby week is paid with the next salary unless the team lead has agreed to time off instead".split()
for number in range(calls):
    rag_call(recorder, " ".join(chance.choices(words, k=120)))
    if number % 500 == 0:
        while recorder.counts().pending > 20_000:
            time.sleep(0.01)
recorder.close(300)
"""


def waits_while(work: threading.Thread, path: Path) -> tuple[list[float], float]:
    """How long each of many small writes had to wait for its turn while `work` ran, and how late a sleep ended at worst, in ms."""
    connection = apsw.Connection(str(path))
    waits: list[float] = []
    late = 0.0
    work.start()
    while work.is_alive():
        began = time.monotonic()
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                break
            except apsw.BusyError:
                time.sleep(random.uniform(0.0005, 0.004))
        waits.append((time.monotonic() - began) * 1_000)
        connection.execute("UPDATE prunings SET looked_ns = looked_ns")
        connection.execute("COMMIT")
        asked = time.monotonic()
        time.sleep(0.005)
        late = max(late, time.monotonic() - asked - 0.005)
    connection.close()
    return sorted(waits), late * 1_000


def test_half_of_a_store_is_deleted_beside_a_writer(store_path: Path, is_long: bool):
    calls = 666_667 if is_long else 2_500
    subprocess.run([sys.executable, "-c", _FILL, str(store_path), str(calls)], check=True, timeout=3_000)
    store = SQLiteStore(store_path, Settings())
    before = store_path.stat().st_size
    newest = {line.id for line in store.summaries(limit=calls // 2)}
    pruner = SQLiteStore(store_path, Settings())
    began = time.monotonic()
    waits, late = waits_while(
        threading.Thread(target=lambda: pruner.prune(keep=Retention(traces=calls // 2))), store_path
    )
    took = time.monotonic() - began
    pruner.close()
    left = {line.id for line in store.summaries(limit=calls)}
    store.close()
    connection = apsw.Connection(str(store_path))
    orphans = connection.execute(
        "SELECT (SELECT count(*) FROM texts WHERE id NOT IN (SELECT text_id FROM uses)) + (SELECT count(*) FROM uses WHERE text_id NOT IN "
        "(SELECT id FROM texts)) + (SELECT count(*) FROM spans WHERE trace_id NOT IN (SELECT id FROM traces))"
    ).get
    p99 = waits[int(len(waits) * 0.99)]
    after = store_path.stat().st_size
    print(
        f"R14: half of {calls * 3:,} spans deleted in {took:.1f} s: {len(waits):,} other writes waited {p99:.0f} ms at p99, "
        f"{waits[-1]:.0f} at most; the file went from {before / 1e6:.1f} to {after / 1e6:.1f} MB, {orphans} rows left over"
    )
    assert left == newest
    assert orphans == 0
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    assert after < 0.65 * before  # pages stay half full here and there
    assert p99 < 100 + 5 * late  # on a busy machine whoever holds the lock has to wait for a core
