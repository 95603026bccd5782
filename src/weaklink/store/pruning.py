# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Deleting all but the newest traces, and the texts that nothing refers to any more."""

import re
from typing import Final

import apsw

from weaklink.store.codec import TEXT_REF

_REFERENCE: Final = re.compile(rf'"{re.escape(TEXT_REF)}":(\d+)')
_CELLS: Final = (
    "SELECT concat_ws(' ', input, output, model, error, metadata, attributes) FROM spans",
    f"SELECT concat('\"{TEXT_REF}\":', text_id, ' ', metadata) FROM documents",
)
_DOOMED: Final = "trace_id IN (SELECT id FROM temp.doomed)"


def prune(connection: apsw.Connection, keep: int) -> int:
    """Delete all but the newest `keep` traces; the caller holds the transaction. Returns how many were deleted."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS doomed (id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM temp.doomed")
    connection.execute(
        "INSERT INTO temp.doomed SELECT id FROM traces ORDER BY start_ns DESC LIMIT -1 OFFSET ?", (keep,)
    )
    texts = _texts_in(connection, f"WHERE {_DOOMED}")
    connection.execute(
        "DELETE FROM search WHERE rowid IN (SELECT seq FROM traces WHERE id IN (SELECT id FROM temp.doomed))"
    )
    for table in ("spans", "documents", "scores", "diagnoses", "feedback", "fates"):
        connection.execute(f"DELETE FROM {table} WHERE {_DOOMED}")
    connection.execute("DELETE FROM traces WHERE id IN (SELECT id FROM temp.doomed)")
    deleted = connection.changes()
    if texts:
        texts -= _texts_in(connection, "")
        connection.executemany("DELETE FROM texts WHERE id = ?", [(text,) for text in texts])
        # Writers remember the ids of texts; this tells them to forget.
        connection.execute("UPDATE prunings SET count = count + 1")
    return deleted


def _texts_in(connection: apsw.Connection, where: str) -> set[int]:
    """The ids of all texts that spans and documents refer to."""
    found: set[str] = set()
    for cells in _CELLS:
        for (text,) in connection.execute(f"{cells} {where}"):
            found.update(_REFERENCE.findall(text))
    return set(map(int, found))
