# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Figures over many traces, in equal stretches of time."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import apsw

from weaklink.model import Usage
from weaklink.query import Query, condition_of

HISTOGRAM_BINS: Final = 10
_TOKENS: Final = ("input_tokens", "output_tokens", "cached_input_tokens")
_SUM: Final = "iif(count(used.input_tokens) < count(*), NULL, sum(used.{0}))"


class Figures(NamedTuple):
    """What the traces of a stretch of time have in common, cut into pieces of equal length, numbered from 0."""

    since_ns: int
    until_ns: int
    pieces: int
    verdicts: list[tuple[int, str | None, int]]
    """Piece, verdict (None: not diagnosed), number of traces."""
    weak_links: list[tuple[int, str, str, int]]
    """Piece, role or name of the weak link, failure class, number of traces."""
    latencies: list[tuple[int, int, int]]
    """Piece, p50 and p95 of the duration of the traces, in nanoseconds."""
    tokens: list[tuple[int, int, int]]
    """Piece, tokens in, tokens out."""
    models: dict[str, Usage]
    """Tokens by model, of the traces that have a diagnosis; where one call reported none, the sums are not known."""
    scores: list[tuple[str, int, int]]
    """Name, bin of width 0.1 from 0, number of traces whose lowest value of this score lies there."""


def read_figures(
    connection: apsw.Connection, query: Query, since_ns: int | None, until_ns: int, pieces: int
) -> Figures:
    """The figures of the traces that `query` finds; without `since_ns` from the first trace on."""
    found = condition_of(query)
    begin = since_ns
    if begin is None:
        begin = connection.execute("SELECT min(start_ns) FROM traces").get
    begin = until_ns - 1 if begin is None else min(int(begin), until_ns - 1)
    length = max(1, -(-(until_ns - begin) // pieces))
    chosen = f"traces t WHERE {found.sql} AND t.start_ns >= ? AND t.start_ns < ?"
    given = (*found.parameters, begin, until_ns)
    piece = f"((t.start_ns - {begin}) / {length})"

    def rows(sql: str) -> list[Any]:
        return connection.execute(sql, given).fetchall()

    return Figures(
        since_ns=begin,
        until_ns=until_ns,
        pieces=pieces,
        verdicts=rows(f"SELECT {piece}, t.verdict, count(*) FROM {chosen} GROUP BY 1, 2"),
        weak_links=rows(
            f"SELECT {piece}, coalesce(nullif(t.role, ''), t.culprit) AS step, t.failure, count(*) "
            f"FROM {chosen} AND t.failure IS NOT NULL GROUP BY 1, 2, 3"
        ),
        latencies=rows(
            # The nearest rank, as most tools define percentiles.
            "SELECT piece, max(took) FILTER (WHERE place <= (n + 1) / 2), max(took) FILTER (WHERE place <= (n * 95 + 99) / 100) FROM ("
            f"SELECT {piece} AS piece, t.duration_ns AS took, row_number() OVER (PARTITION BY {piece} ORDER BY t.duration_ns) AS place, "
            f"count(*) OVER (PARTITION BY {piece}) AS n FROM {chosen} AND t.duration_ns IS NOT NULL) GROUP BY 1"
        ),
        tokens=rows(
            f"SELECT {piece}, sum(coalesce(t.input_tokens, 0)), sum(coalesce(t.output_tokens, 0)) FROM {chosen} GROUP BY 1"
        ),
        models={
            model: Usage(**dict(zip(_TOKENS, sums, strict=True)))
            for model, *sums in rows(
                f"SELECT used.model, {', '.join(map(_SUM.format, _TOKENS))} "
                f"FROM {chosen.replace('traces t WHERE', 'traces t JOIN model_usage AS used USING (seq) WHERE')} GROUP BY 1"
            )
        },
        scores=rows(
            f"SELECT score.key, min({HISTOGRAM_BINS - 1}, CAST(score.value * {HISTOGRAM_BINS} AS INTEGER)), count(*) "
            f"FROM {chosen.replace('traces t WHERE', 'traces t, json_each(t.scores) AS score WHERE')} GROUP BY 1, 2"
        ),
    )
