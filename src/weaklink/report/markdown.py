"""The report as Markdown: for an issue, a pull request, a chat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from weaklink.report.clean import clean, one_line, shorten
from weaklink.report.figures import (
    count_text,
    duration_text,
    plain_number,
    score_text,
    share_text,
    sure_text,
)
from weaklink.report.lineage import LOST_WORDS, funnel_title, shown_funnel, shown_origins, source_text
from weaklink.report.passages import PassageRow, RetrievalTable
from weaklink.report.strip import Rounds, rounds_of
from weaklink.report.view import Report, why

# What Markdown, the HTML inside it, and a forge that links @names and #numbers would take for their own.
_SPECIAL = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*_[]|~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", "#": "&#35;"}
)
_LIKE_A_LIST = re.compile(r"^([+-]|\d+[.)])(?=\s)")
_EXCERPT = 160
_STATES = {"held": "yes", "partly": "in part", "lost": "no", "unknown": "?", "": ""}


def render_markdown(report: Report) -> str:
    """The report as GitHub-flavoured Markdown; every text of the trace is escaped."""
    parts = [*_verdict(report), *_evidence(report), *_error(report), *_sentences(report), *_lineage(report)]
    parts += [*_tables(report), *_steps(report), *_prompts(report)]
    parts += [*_more_scores(report), *_unscored(report)]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    """`text` on one line, so that Markdown and the HTML inside it show it as it is."""
    return _LIKE_A_LIST.sub(r"&#8203;\1", one_line(text).translate(_SPECIAL))


def _code(text: str) -> str:
    """`text` as a block of code, fenced so that nothing in it ends the block."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{clean(text).strip()}\n{fence}"


def _verdict(report: Report) -> Iterator[str]:
    diagnosis, trace = report.diagnosis, report.trace
    if diagnosis is None:
        yield f"## Not diagnosed: {_escaped(trace.name)}"
    else:
        step = diagnosis.culprit
        at = f" at {_escaped(step.role or step.kind)} ({_escaped(step.name)})" if step else ""
        failure = f": {_escaped(diagnosis.failure)}" if diagnosis.failure else ""
        yield f"## {diagnosis.verdict.upper()}{at}{failure}"
        yield f"**{_escaped(diagnosis.summary)}** ({_escaped(sure_text(diagnosis.verdict, diagnosis.confidence))})"
    if report.strip:
        yield _code(" > ".join(map(_round, rounds_of(report.strip))))
    figures = [f"trace {trace.id[-12:]}", duration_text(trace.duration_ns) or "never ended"]
    if trace.usage is not None:
        figures.append(f"{count_text(trace.usage.total_tokens)} tokens")
    said = (
        f"- **Question:** {_escaped(trace.question) or 'not found'}",
        f"- **Answer:** {_escaped(trace.answer) or 'none'}",
    )
    yield "\n".join((*(() if trace.asks_nothing else said), f"- {', '.join(map(_escaped, figures))}"))


def _round(rounds: Rounds) -> str:
    steps = " > ".join(
        one_line(f"{cell.role or cell.name} {score_text(cell.score)}".strip() + cell.mark) for cell in rounds.cells
    )
    if rounds.times == 1:
        return steps
    return f"({steps}) x{rounds.times}" if len(rounds.cells) > 1 else f"{steps} x{rounds.times}"


def _evidence(report: Report) -> Iterator[str]:
    diagnosis = report.diagnosis
    if diagnosis is None:
        return
    if diagnosis.evidence:
        yield "\n".join(["### Why", "", *(f"- {_escaped(item.says)}" for item in diagnosis.evidence)])
    if diagnosis.advice:
        yield f"**Try:** {_escaped(diagnosis.advice)}"
    if diagnosis.capture:
        yield "\n".join(["**To decide, record:**", "", *(f"- {_escaped(item)}" for item in diagnosis.capture)])
    others = report.suspects()
    if others:
        lines = (
            f"- {_escaped(s.step.name)}: {_escaped(s.failure)} ({_escaped(score_text(s.probability))})" for s in others
        )
        yield "\n".join(["**Other suspects:**", "", *lines])


def _error(report: Report) -> Iterator[str]:
    span = report.failed
    if span is None or span.error is None:
        return
    error = span.error
    lines = [f"{error.type}: {error.message}", *(f"caused by {cause}" for cause in error.causes)]
    lines += [f"at {frame}" for frame in reversed(error.stack)]
    yield f"### Error in {_escaped(span.name)}\n\n{_code(chr(10).join(lines))}"


def _sentences(report: Report) -> Iterator[str]:
    sentences = report.sentences()
    if not sentences:
        return
    lines = ["### What the model wrote", ""]
    for sentence in sentences:
        label = (
            f"**{sentence.label.replace('_', ' ')}** {_escaped(score_text(sentence.value))}" if sentence.label else ""
        )
        detail = f" ({_escaped(', '.join(sentence.detail))})" if sentence.detail else ""
        lines.append(f"- {_escaped(sentence.text)} {label}{detail}")
        if sentence.passage:
            lines.append(f"  > {_escaped(sentence.passage)} ({_escaped(sentence.source)})")
    yield "\n".join(lines)


def _lineage(report: Report) -> Iterator[str]:
    if (funnel := shown_funnel(report)) is not None:
        rows = [
            (row.piece, *(_STATES[cell.state] for cell in row.cells), row.last_seen or "nowhere") for row in funnel.rows
        ]
        yield f"### Evidence\n\n{funnel_title(funnel).capitalize()}."
        yield _table(["piece", *funnel.stages, "last seen"], rows)
    if origins := shown_origins(report):
        yield f"### Values of the answer\n\n{LOST_WORDS.capitalize()}."
        yield _table(
            ["value", "is", "comes from"],
            [(origin.text, origin.kind, source_text(report, origin)) for origin in origins],
        )


def _tables(report: Report) -> Iterator[str]:
    for table in report.tables():
        title = _escaped(table.title("›"))
        kept = "" if table.kept == table.found else f", {table.kept} kept"
        yield f"### {title}: {table.found} found{kept}"
        if table.rows:
            yield _passages(table)


def _passages(table: RetrievalTable) -> str:
    titles = [
        "#",
        "was",
        table.score_kind,
        "relevance",
        "in prompt",
        "used",
        "source",
        "text",
    ]
    return _table(titles, [_passage(row) for row in table.rows])


def _passage(row: PassageRow) -> Sequence[str]:
    better = {True: " (high is good)", False: " (low is good)", None: ""}[row.higher_is_better]
    return (
        "dropped" if row.rank is None else str(row.rank),
        "" if row.before is None else str(row.before),
        "" if row.store_score is None else plain_number(row.store_score) + better,
        score_text(row.relevance),
        share_text(row.share),
        row.used,
        row.document.source,
        shorten(row.document.content, _EXCERPT),
    )


def _steps(report: Report) -> Iterator[str]:
    rows = report.steps()
    shown = "" if len(rows) == len(report.trace.spans) else f" ({len(rows)} of {len(report.trace.spans)} shown)"
    yield f"### Steps{shown}"
    marks = {"!": "weak link", "?": "suspect", "~": "made good"}
    yield _table(
        ["step", "does", "score", "time", "tokens", "ended"],
        [
            (
                "· " * len(row.guides) + row.span.name, row.word, score_text(row.score), duration_text(row.span.duration_ns),
                count_text(row.tokens), ", ".join(filter(None, (row.span.status, marks.get(row.mark)))),
            )
            for row in rows
        ],
    )  # fmt: skip


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without the columns that say nothing."""
    cells = [[_escaped(cell) for cell in row] for row in rows]
    kept = [number for number in range(len(titles)) if any(row[number] for row in cells)]
    lines = [
        [titles[number] for number in kept],
        ["---"] * len(kept),
        *([row[number] for number in kept] for row in cells),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _prompts(report: Report) -> Iterator[str]:
    for name, template in report.templates():
        yield f"### Prompt template of {_escaped(name)}\n\n{_code(template)}"


def _more_scores(report: Report) -> Iterator[str]:
    scores = report.more_scores()
    if scores:
        rows = [
            (score.name, report.trace.get(score.span_id).name, score_text(score.value), why(score)) for score in scores
        ]
        yield "### More scores"
        yield _table(["score", "of", "value", "why"], rows)


def _unscored(report: Report) -> Iterator[str]:
    reasons = report.unscored()
    if reasons:
        yield "\n".join(["### Not scored", "", *(f"- {_escaped(reason)}" for reason in reasons)])
