"""The charts of a report, as SVG that stands alone or in a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from weaklink.bench.axis import Axis
from weaklink.bench.result import Result, StoreResult
from weaklink.report.html.elements import Html, element, join, text

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 64, 190, 18, 46
_HEIGHT = 420
_ROW = 26
_LETTER = 6.8
"""Width of a letter, about."""
_STYLE = """
.wl{font:12px system-ui,sans-serif;fill:#1c2128}.wl .soft{fill:#57606a}.wl line,.wl polyline{stroke:#57606a;fill:none}
.wl .grid{stroke:#8b949e;stroke-opacity:.25}.wl .front{stroke:#0a5c8a;stroke-width:1.5;stroke-dasharray:5 4}
.wl circle{fill:#57606a}.wl circle.best{fill:#0a5c8a}.wl .good{fill:#2f9e52}.wl .same{fill:#8b949e;fill-opacity:.35}.wl .bad{fill:#c93c4c}
.wl .span{stroke:#0a5c8a;stroke-width:7;stroke-opacity:.45}.wl .tail{stroke:#0a5c8a;stroke-opacity:.6}
@media (prefers-color-scheme:dark){.wl{fill:#e8ebef}.wl .soft{fill:#a3adb8}.wl circle{fill:#a3adb8}.wl circle.best{fill:#86cbf3}
.wl line,.wl polyline{stroke:#a3adb8}.wl .span,.wl .tail,.wl .front{stroke:#86cbf3}}
"""


def pareto_chart(result: Result) -> str:
    """Recall over time of a search: the best are at the top left; whiskers are 95 % (recall) and the repeats (time)."""
    stores = [store for store in result.measured if store.latency and store.recall]
    if not stores:
        return ""
    times = [time for store in stores if store.latency for time in store.latency.repeats_p50_ms]
    x = Axis.around(times, _LEFT, _WIDTH - _RIGHT, is_log=True)
    recalls = [value for store in stores if store.recall for value in (store.recall.low or 0, store.recall.high or 1)]
    y = Axis.around([*recalls, 0.95, 1.0], _HEIGHT - _BOTTOM, _TOP)._replace(high=1.005)
    front = sorted((_x(store, x), _y(store, y)) for store in stores if store.on_pareto_front)
    line = Html(f'<polyline class="front" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in front)}"/>')
    parts = [
        *_x_axis(x, "p50 of a search, ms", _HEIGHT - _BOTTOM),
        *_y_axis(y, f"recall@{result.k}"),
        line,
        *_points(result, stores, x, y),
    ]
    return _svg(_HEIGHT, "Recall and time of each store", parts)


def _x(store: StoreResult, axis: Axis) -> float:
    return axis.place(store.latency.p50_ms) if store.latency else 0.0


def _y(store: StoreResult, axis: Axis) -> float:
    return axis.place(store.recall.value) if store.recall else 0.0


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _points(result: Result, stores: Sequence[StoreResult], x: Axis, y: Axis) -> Iterator[Html]:
    for store in stores:
        if store.latency is None or store.recall is None:
            continue
        at_x, at_y = _x(store, x), _y(store, y)
        spread = store.latency.repeats_p50_ms
        yield _line(x.place(min(spread)), at_y, x.place(max(spread)), at_y)
        if store.recall.low is not None and store.recall.high is not None:
            yield _line(at_x, y.place(store.recall.low), at_x, y.place(store.recall.high))
        says = f"{store.name}: recall {store.recall.value:.3f}, {store.latency.p50_ms:.3g} ms"
        best = ' class="best"' if store.on_pareto_front else ""
        yield Html(f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="4.5"{best}><title>{text(says)}</title></circle>')
    yield from _names(result, stores, x, y)


def _names(result: Result, stores: Sequence[StoreResult], x: Axis, y: Axis) -> Iterator[Html]:
    """A name beside its dot, where there is room: first for the front, then for those that find least."""
    taken = [_Box(a - 4, b - 4, a + 4, b + 4) for a, b in ((_x(store, x), _y(store, y)) for store in stores)]
    for store in sorted(stores, key=lambda store: (not store.on_pareto_front, -_y(store, y))):
        name = result.short(store.name)
        at_x, at_y, wide = _x(store, x), _y(store, y), _LETTER * len(name)
        for dx, dy in ((9, 4), (-9, 4), (9, -8), (9, 16), (-9, 16), (-9, -8)):
            left = at_x + dx if dx > 0 else at_x + dx - wide
            box = _Box(left, at_y + dy - 10, left + wide, at_y + dy + 3)
            if left > _LEFT and box.right < _WIDTH and not any(box.meets(other) for other in taken):
                taken.append(box)
                yield _label(at_x + dx, at_y + dy, name, end=dx < 0)
                break


def latency_chart(result: Result) -> str:
    """For each store the median (dot), up to the 95th (bar) and the 99th percentile (line)."""
    stores = [store for store in result.measured if store.latency]
    if not stores:
        return ""
    values = [value for s in stores if s.latency for value in (s.latency.p50_ms, s.latency.p99_ms)]
    x = Axis.around(values, 190, _WIDTH - 24, is_log=True)
    bottom = _TOP + _ROW * len(stores)
    parts = list(_x_axis(x, "ms of a search: median (dot), 95th percentile (bar), 99th (line)", bottom))
    for place, store in enumerate(stores):
        if store.latency is None:
            continue
        y = _TOP + _ROW * (place + 0.5)
        p50, p95, p99 = (x.place(value) for value in (store.latency.p50_ms, store.latency.p95_ms, store.latency.p99_ms))
        parts += [
            _label(180, y + 4, result.short(store.name), end=True),
            _line(p50, y, p99, y, "tail"),
            _line(p50, y, p95, y, "span"),
        ]
        parts.append(Html(f'<circle cx="{p50:.1f}" cy="{y:.1f}" r="4.5" class="best"/>'))
    return _svg(bottom + _BOTTOM, "Distribution of the time of a search", parts)


def wins_chart(result: Result) -> str:
    """For each store the share of queries on which it is better, alike and worse than exact search; "" without any to compare."""
    stores = [store for store in result.measured if store.against_exact]
    if not stores:
        return ""
    left, right = 190.0, _WIDTH - 24.0
    parts: list[Html] = []
    for place, store in enumerate(stores):
        counts = store.against_exact
        if counts is None:
            continue
        y, at = _TOP + _ROW * place, left
        parts.append(_label(180, y + 17, result.short(store.name), end=True))
        for kind, count in (("good", counts.better), ("same", counts.same), ("bad", counts.worse)):
            width = (right - left) * count / counts.total
            parts.append(
                Html(f'<rect x="{at:.1f}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" class="{kind}"/>')
            )
            if width > 26:
                parts.append(_label(at + width / 2, y + 17, str(count), middle=True))
            at += width
    bottom = _TOP + _ROW * len(stores)
    parts.append(
        _label(
            (left + right) / 2,
            bottom + 22,
            "queries better (green), alike (grey), worse (red) than with exact search",
            middle=True,
        )
    )
    return _svg(bottom + 34, "Queries won and lost against exact search", parts)


def _x_axis(axis: Axis, title: str, bottom: float) -> Iterator[Html]:
    for tick in axis.ticks():
        at = axis.place(tick)
        yield _line(at, _TOP, at, bottom, "grid")
        yield _label(at, bottom + 16, f"{tick:g}", middle=True)
    yield _label((axis.begin + axis.end) / 2, bottom + 36, title, middle=True)


def _y_axis(axis: Axis, title: str) -> Iterator[Html]:
    for tick in axis.ticks():
        if tick <= 1 + 1e-9:
            at = axis.place(tick)
            yield _line(_LEFT, at, _WIDTH - _RIGHT, at, "grid")
            yield _label(_LEFT - 8, at + 4, f"{tick:.3g}", end=True)
    yield Html(
        f'<text transform="translate(16 {(axis.begin + axis.end) / 2:.0f}) rotate(-90)" text-anchor="middle">{text(title)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> Html:
    given = f' class="{kind}"' if kind else ""
    return Html(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{given}/>')


def _label(x: float, y: float, says: str, *, middle: bool = False, end: bool = False) -> Html:
    anchor = ' text-anchor="middle"' if middle else ' text-anchor="end"' if end else ""
    return Html(f'<text x="{x:.1f}" y="{y:.1f}"{anchor}>{text(says)}</text>')


def _svg(height: float, title: str, parts: Sequence[Html]) -> str:
    drawn = join(element("title", title), Html(f"<style>{_STYLE}</style>"), *parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wl" role="img" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'width="100%" style="max-width:{_WIDTH}px">{drawn}</svg>\n'
    )
