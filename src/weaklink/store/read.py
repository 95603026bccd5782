# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Rows back into traces and summaries."""

import json
import time
from collections.abc import Collection, Sequence
from typing import Any

import apsw

from weaklink.errors import AmbiguousTrace, UnknownTrace
from weaklink.model import Trace, Usage
from weaklink.query import Query, condition_of, parse_query
from weaklink.store.codec import loads
from weaklink.store.protocol import Breakdown, OutlineStep, TraceSummary
from weaklink.store.span_rows import MOST_A_QUERY, SPAN_COLUMNS, documents_of, spans_of

_SUMMARY_COLUMNS = (
    "id", "name", "status", "start_ns", "duration_ns", "spans", "input_tokens", "output_tokens", "verdict", "culprit", "role",
    "failure", "confidence", "diagnosed", "scores",
)  # fmt: skip
NEWEST = "ORDER BY t.start_ns DESC, t.seq DESC"
_MODEL_USAGE = (
    "SELECT model, input_tokens, output_tokens, cached_input_tokens FROM model_usage "
    "WHERE seq = (SELECT seq FROM traces WHERE id = ?)"
)
# One look into the index for each name.
_SCORE_NAMES = (
    "WITH RECURSIVE known(name) AS (VALUES ('') UNION ALL SELECT (SELECT name FROM lowest_scores WHERE name > known.name "
    "ORDER BY name LIMIT 1) FROM known WHERE known.name IS NOT NULL) SELECT name FROM known WHERE name > ''"
)
# As many ids as anybody asks for, in one parameter: SQLite takes no more than some thousands of these.
_LISTED = "SELECT value FROM json_each(?)"
_MOST_AMBIGUOUS = 5
# Knuth's multiplicative hash (The Art of Computer Programming 3, 6.4) spreads the numbers of traces evenly.
_SPREAD = 2_654_435_761
_SPREAD_OVER = 1 << 32


def full_id(connection: apsw.Connection, trace_id: str) -> str:
    """The whole id of the trace that `trace_id` names or ends; raises UnknownTrace or AmbiguousTrace."""
    wanted = trace_id.strip().lower().replace("-", "")
    if wanted and connection.execute("SELECT 1 FROM traces WHERE id = ?", (wanted,)).fetchone():
        return wanted
    found: list[str] = []
    if wanted and wanted.isalnum():
        rows = connection.execute(
            # The inner query looks at the index alone: 100,000 ids in 20 ms.
            "SELECT id FROM traces WHERE id IN (SELECT id FROM traces WHERE substr(id, ?) = ? LIMIT ?) ORDER BY start_ns DESC, id",
            (-len(wanted), wanted, _MOST_AMBIGUOUS + 1),
        )
        found = [row[0] for row in rows]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"…{name[-12:]}" for name in found[:_MOST_AMBIGUOUS])
        raise AmbiguousTrace(
            f"{trace_id!r} names several traces, because their ids all end so: {shown}; type more of the end"
        )
    raise UnknownTrace(f"there is no trace {trace_id!r} in this store; type: weaklink list")


def latest_id(connection: apsw.Connection) -> str:
    """The id of the trace that started last; raises UnknownTrace where there is none."""
    row = connection.execute("SELECT id FROM traces ORDER BY start_ns DESC LIMIT 1").fetchone()
    if row is None:
        raise UnknownTrace(
            "the store is empty: no chain has been recorded yet; attach a WeaklinkCallbackHandler and run one"
        )
    return row[0]


def read_trace(connection: apsw.Connection, trace_id: str) -> Trace:
    """The trace with this full id; raises UnknownTrace where no span of it is stored."""
    rows = connection.execute(f"SELECT {SPAN_COLUMNS} FROM spans WHERE trace_id = ?", (trace_id,)).fetchall()
    if not rows:
        raise UnknownTrace(
            f"the trace {trace_id!r} has no spans yet; wait until its chain has run, or type: weaklink list"
        )
    return Trace.of(spans_of(connection, rows, documents_of(connection, trace_id)))


def read_summaries(
    connection: apsw.Connection, query: str | None, limit: int, before: int | str | None
) -> list[TraceSummary]:
    """The newest `limit` traces that match, in short."""
    where, parameters = _where(connection, query, before)
    return _summaries(connection, f"{where} {NEWEST} LIMIT ?", (*parameters, limit))


def _listed(ids: Sequence[str]) -> str:
    return json.dumps(list(ids))


def summaries_of(connection: apsw.Connection, ids: Sequence[str]) -> list[TraceSummary]:
    """These traces in short, the newest first."""
    return _summaries(connection, f"WHERE t.id IN ({_LISTED}) {NEWEST}", [_listed(ids)])


def trace_ids(connection: apsw.Connection, query: str | None, limit: int, before: int | str | None) -> list[str]:
    """The ids of the newest `limit` traces that match."""
    where, parameters = _where(connection, query, before)
    rows = connection.execute(f"SELECT t.id FROM traces t {where} {NEWEST} LIMIT ?", (*parameters, limit))
    return [row[0] for row in rows]


def read_outline(connection: apsw.Connection, trace_id: str, most: int | None) -> list[OutlineStep]:
    """The steps of a trace without what went in and out."""
    rows = connection.execute(
        "SELECT id, parent_id, name, kind, status, start_ns, duration_ns, plumbing, CASE kind WHEN 'llm' THEN "
        "coalesce(json_extract(model, '$.usage.input_tokens') + json_extract(model, '$.usage.output_tokens'), "
        "json_extract(model, '$.usage.input_tokens'), json_extract(model, '$.usage.output_tokens')) END "
        "FROM spans WHERE trace_id = ?1 ORDER BY id <> ?1, start_ns LIMIT ?2",
        (trace_id, -1 if most is None else most),
    )
    return [*map(OutlineStep._make, rows)]


def read_part(connection: apsw.Connection, trace_id: str, span_ids: Collection[str]) -> Trace:
    """The root and these steps of a trace."""
    wanted = list(dict.fromkeys([trace_id, *span_ids]))[:MOST_A_QUERY]
    marks = ",".join("?" * len(wanted))
    rows = connection.execute(
        f"SELECT {SPAN_COLUMNS} FROM spans WHERE trace_id = ? AND id IN ({marks})", (trace_id, *wanted)
    ).fetchall()
    if not any(row[0] == trace_id for row in rows):
        raise UnknownTrace(f"there is no trace {trace_id!r} in this store; type: weaklink list")
    return Trace.of(spans_of(connection, rows, documents_of(connection, trace_id, wanted)))


def beside(connection: apsw.Connection, trace_id: str, query: str | None) -> tuple[str | None, str | None]:
    """The ids of the next newer and the next older trace that `query` finds."""
    found = condition_of(parsed(connection, query or ""))
    here = "(t.start_ns, t.seq) {} (SELECT start_ns, seq FROM traces WHERE id = ?)"
    ids: list[str | None] = []
    for sign, order in ((">", "ASC"), ("<", "DESC")):
        row = connection.execute(
            f"SELECT t.id FROM traces t WHERE {found.sql} AND {here.format(sign)} "
            f"ORDER BY t.start_ns {order}, t.seq {order} LIMIT 1",
            (*found.parameters, trace_id),
        ).fetchone()
        ids.append(None if row is None else row[0])
    return ids[0], ids[1]


def breakdown(connection: apsw.Connection, query: str | None) -> list[Breakdown]:
    """How many of the traces that `query` finds have which verdict, weak link and failure."""
    found = condition_of(parsed(connection, query or ""))
    rows = connection.execute(
        # Grouped as the index has it, and then by what is shown: a quarter of the time.
        "SELECT verdict, coalesce(nullif(role, ''), culprit), failure, sum(n) AS n FROM (SELECT t.verdict, t.role, t.culprit, "
        f"t.failure, count(*) AS n FROM traces t WHERE {found.sql} GROUP BY 1, 2, 3, 4) GROUP BY 1, 2, 3 ORDER BY n DESC, 1, 2, 3",
        found.parameters,
    )
    return [Breakdown(*row) for row in rows]  # type: ignore[arg-type]


def waiting_ids(connection: apsw.Connection, version: str, limit: int, sample: float) -> list[str]:
    """The ids of the newest `limit` finished traces of the sample without a diagnosis of this version."""
    rows = connection.execute(
        # Without the hint SQLite walks through all traces: 200 ms a million, each time a worker asks.
        "SELECT id FROM traces INDEXED BY traces_by_diagnosed "
        "WHERE (diagnosed IS NULL OR diagnosed < ?1 OR diagnosed > ?1) AND duration_ns IS NOT NULL "
        f"AND seq * {_SPREAD} % {_SPREAD_OVER} < ?2 ORDER BY start_ns DESC LIMIT ?3",
        (version, sample * _SPREAD_OVER, limit),
    )
    return [row[0] for row in rows]


def is_unchanged(connection: apsw.Connection, seen: Trace) -> bool:
    """Whether the stored steps of a trace have come and ended as `seen` shows them."""
    rows = connection.execute("SELECT id, status, duration_ns FROM spans WHERE trace_id = ?", (seen.id,))
    return set(rows) == {(span.id, span.status, span.duration_ns) for span in seen.spans}


def parsed(connection: apsw.Connection, query: str) -> Query:
    """What `query` says. Raises BadQuery."""

    def score_names() -> list[str]:
        return [row[0] for row in connection.execute(_SCORE_NAMES)]

    return parse_query(query, time.time_ns(), score_names)


def _where(
    connection: apsw.Connection, query: str | None, before: int | str | None
) -> tuple[str, list[str | int | float]]:
    found = condition_of(parsed(connection, query or ""))
    clauses, parameters = [found.sql], [*found.parameters]
    if isinstance(before, str):
        clauses.append("(t.start_ns, t.seq) < (SELECT start_ns, seq FROM traces WHERE id = ?)")
        parameters.append(before)
    elif before is not None:
        clauses.append("t.start_ns < ?")
        parameters.append(before)
    return "WHERE " + " AND ".join(clauses), parameters


def _summaries(connection: apsw.Connection, rest: str, parameters: Sequence[str | int | float]) -> list[TraceSummary]:
    columns = ", ".join(f"t.{column}" for column in _SUMMARY_COLUMNS)
    rows = connection.execute(f"SELECT {columns} FROM traces t {rest}", parameters).fetchall()
    roots = _roots(connection, [str(row[0]) for row in rows])
    return [_summary(row, roots.get(str(row[0])), _models(connection, str(row[0]))) for row in rows]


def _models(connection: apsw.Connection, trace_id: str) -> dict[str, Usage]:
    rows = connection.execute(_MODEL_USAGE, (trace_id,))
    return {
        name: Usage(input_tokens=given, output_tokens=got, cached_input_tokens=cached)
        for name, given, got, cached in rows
    }


def _summary(row: Sequence[Any], root: Trace | None, models: dict[str, Usage]) -> TraceSummary:
    values = dict(zip(_SUMMARY_COLUMNS, row, strict=True))
    version = values.pop("diagnosed")
    tokens = {name: values.pop(name) for name in ("input_tokens", "output_tokens")}
    return TraceSummary.model_validate(
        values
        | {
            "version": version,
            "scores": loads(values["scores"]) or {},
            "usage": None if set(tokens.values()) == {None} else Usage(**tokens),
            "question": "" if root is None else root.question,
            "answer": "" if root is None else root.answer,
            "tags": () if root is None else root.root.tags,
            "models": models,
        }
    )


def _roots(connection: apsw.Connection, ids: Sequence[str]) -> dict[str, Trace]:
    """Traces of their roots alone: a list must not read whole traces."""
    if not ids:
        return {}
    rows = connection.execute(
        f"SELECT {SPAN_COLUMNS} FROM spans WHERE trace_id IN ({_LISTED}) AND id = trace_id", [_listed(ids)]
    ).fetchall()
    return {span.trace_id: Trace(spans=(span,)) for span in spans_of(connection, rows, {})}
