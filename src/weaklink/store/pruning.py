# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Deleting traces, and the texts that nothing needs any more."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import apsw
import orjson

from weaklink.store.codec import TEXT_REF, VALUE_REF
from weaklink.store.protocol import Retention
from weaklink.store.texts import user_of

_REFERENCE: Final = re.compile(rf'"(?:{re.escape(TEXT_REF)}|({re.escape(VALUE_REF)}))":(\d+)')
_CELLS: Final = (
    "SELECT concat_ws(' ', input, output, model, error, metadata, attributes) FROM spans WHERE trace_id = ?",
    f"SELECT concat('\"{TEXT_REF}\":', text_id, ' ', metadata) FROM documents WHERE trace_id = ?",
)
_TABLES: Final = ("spans", "documents", "scores", "diagnoses", "feedback", "fates")

# A trace that somebody may want to come back to ages more slowly: broken, labelled by a person, or one of the sample. Ids of runs
# end in random digits, so those whose last four are low are a sample.
_IS_KEPT_LONGER: Final = """
    t.status = 'error' OR substr(t.id, -4) < :sample
    OR EXISTS (SELECT 1 FROM diagnoses d WHERE d.trace_id = t.id AND d.verdict = 'broken')
    OR EXISTS (SELECT 1 FROM feedback f WHERE f.trace_id = t.id)
"""
_AGED: Final = f"SELECT t.id, (:now - t.start_ns) / iif({_IS_KEPT_LONGER}, :longer, 1.0) AS age FROM traces t"
_OLDEST_FIRST: Final = "SELECT id FROM aged ORDER BY age DESC, id LIMIT :most"
# Steps whose root was never stored, as when a full queue dropped it. Those of the last hour may belong to a chain that runs.
_WITHOUT_TRACE: Final = """
SELECT trace_id FROM spans WHERE NOT EXISTS (SELECT 1 FROM traces WHERE id = trace_id)
GROUP BY trace_id HAVING max(start_ns) < :now - 3600000000000
"""
_DAY_NS: Final = 86_400_000_000_000
# How much below the limit a store is brought that has outgrown it, so that it does not do so again with the next trace.
_ROOM: Final = 0.9


def doomed(connection: apsw.Connection, keep: Retention, now_ns: int) -> list[str]:
    """Ids of the traces that `keep` does not keep, those first that are to go first. Only reads."""
    values = {"now": now_ns, "longer": keep.longer, "sample": _first_digits(keep.sample)}
    count = int(connection.execute("SELECT count(*) FROM traces").get)
    excess = 0 if keep.traces is None else count - keep.traces
    if keep.bytes is not None and (used := used_bytes(connection)) > keep.bytes:
        excess = max(excess, 1 + int(count * (1 - _ROOM * keep.bytes / used)))
    if keep.days is not None:
        oldest = int(keep.days * _DAY_NS)
        # Nothing that began since can be too old: this asks the index, and not each trace.
        aged = f"{_AGED} WHERE t.start_ns < :now - :oldest"
        too_old = f"SELECT count(*) FROM ({aged}) WHERE age > :oldest"
        excess = max(excess, connection.execute(too_old, {**values, "oldest": oldest}).get)
    if excess <= 0:
        return []
    rows = connection.execute(f"WITH aged AS ({_AGED}) {_OLDEST_FIRST}", {**values, "most": excess})
    return [str(row[0]) for row in rows]


def without_trace(connection: apsw.Connection, now_ns: int) -> list[str]:
    """Ids of traces of which steps are stored, but no root, and none will be. Only reads."""
    return [str(row[0]) for row in connection.execute(_WITHOUT_TRACE, {"now": now_ns})]


def used_bytes(connection: apsw.Connection) -> int:
    """What the store takes, without the room in its file that is free for new traces."""
    pages, free, size = (int(connection.pragma(name)) for name in ("page_count", "freelist_count", "page_size"))  # type: ignore[arg-type]
    return (pages - free) * size


def delete(connection: Any, trace_ids: Sequence[str]) -> int:
    """Delete these traces and all that belongs to them; the caller holds the transaction. Returns how many there were."""
    uses = {(text, user_of(trace_id)) for trace_id in trace_ids for text in texts_of(connection, [trace_id])}
    ids = [(trace_id,) for trace_id in trace_ids]
    connection.executemany("DELETE FROM search WHERE rowid = (SELECT seq FROM traces WHERE id = ?)", ids)
    for table in _TABLES:
        connection.executemany(f"DELETE FROM {table} WHERE trace_id = ?", ids)
    marks = ",".join("?" * len(ids))
    deleted = connection.execute(f"DELETE FROM traces WHERE id IN ({marks}) RETURNING 1", tuple(trace_ids)).fetchall()
    release(connection, uses)
    return len(deleted)


def texts_of(connection: Any, trace_ids: Iterable[str]) -> set[int]:
    """The ids of all texts that the steps of these traces refer to."""
    found: set[int] = set()
    values: set[int] = set()

    def look_into(rows: Iterable[tuple[str]]) -> None:
        for (text,) in rows:
            for is_value, number in _REFERENCE.findall(text):
                found.add(int(number))
                if is_value:
                    values.add(int(number))

    for trace_id in trace_ids:
        for cells in _CELLS:
            look_into(connection.execute(cells, (trace_id,)))
    seen: set[int] = set()
    while new := values - seen:  # a stored value may refer to texts and values in its turn
        seen |= new
        for number in new:
            look_into(connection.execute("SELECT content FROM texts WHERE id = ?", (number,)))
    return found


def release(connection: Any, uses: Iterable[tuple[int, bytes | int]]) -> None:
    """These users need these texts no more: delete each text that nobody needs now, and release the parts of it."""
    has_deleted = False
    left = list(uses)
    while left:
        connection.executemany("DELETE FROM uses WHERE text_id = ? AND user = ?", left)
        gone: list[tuple[int, Any]] = []
        for text in {text for text, _ in left}:
            sql = (
                "DELETE FROM texts WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM uses WHERE text_id = ?1) RETURNING parts"
            )
            gone += [(text, row[0]) for row in connection.execute(sql, (text,))]
        has_deleted = has_deleted or bool(gone)
        left = [(part, text) for text, parts in gone if parts for part in orjson.loads(parts) if type(part) is int]
    if has_deleted:  # writers remember the ids of texts; this tells them to forget
        connection.execute("UPDATE prunings SET count = count + 1")


def _first_digits(share: float) -> str:
    """The hexadecimal digits below which four random ones are with this probability."""
    return "g" if share >= 1 else f"{int(share * 0x10000):04x}"
