"""S9: no escape, C1 or bidirectional control gets out of a trace into the terminal, whatever the verb."""

import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weaklink.cli.main import app
from weaklink.model import Diagnosis, Score, Trace
from weaklink.settings import Settings
from weaklink.store import Feedback, SQLiteStore
from weaklink.testing import build, document

CONTROLS = "".join(
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp") and chr(code) not in "\n\t"
)
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NASTY = f"\x1b]0;owned\x07\x1b[2J\x9b31m{CONTROLS}{BIDI}\ud800[bold red]x[/]"


def nasty_trace(number: int) -> Trace:
    trace = build(
        "chain > retriever, llm!", f"Who? {NASTY}", f"Ada. {NASTY}", trace_id=number,
        retriever={"documents": [document(f"A passage. {NASTY}", NASTY, id=NASTY)], "input": NASTY, "tags": (NASTY,), "notes": (NASTY,)},
        llm={"input": NASTY, "error": ValueError(NASTY), "attributes": {NASTY: NASTY}, "metadata": {NASTY: [NASTY]}},
    )  # fmt: skip
    return Trace.of(span.model_copy(update={"name": f"{span.name} {NASTY}"}) for span in trace.spans)


def nasty_in(text: str) -> set[str]:
    return {
        character
        for character in text
        if character in CONTROLS or character in BIDI or "\ud800" <= character <= "\udfff"
    }


def test_no_control_character_reaches_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore(Path(".weaklink/traces.db"), Settings())
    traces = [nasty_trace(1), nasty_trace(2)]
    store.write(traces)
    for trace in traces:
        store.add_scores(trace.id, [Score(span_id=trace.id, name=f"n{NASTY}", value=None, reason=NASTY)])
        store.add_feedback(Feedback(trace_id=trace.id, name=NASTY, comment=NASTY))
        store.add_diagnosis(
            Diagnosis(trace_id=trace.id, verdict="unknown", confidence=0, summary=NASTY, question=NASTY), "1"
        )
    ids = [trace.id[-12:] for trace in traces]
    verbs = [
        ["list"], ["list", "-n", "1", "--width", "160"], ["show", ids[0]], ["show", ids[0], "--width", "160"], ["diff", *ids], ["score"],
        ["doctor"], ["prune", "--keep", "5"], ["show", NASTY], ["export", ids[0], "-f", "txt"], ["export", ids[0], "-f", "md"],
        ["list", "--json"], ["show", ids[0], "--json"], ["export"], ["prune", "--size", NASTY],
    ]  # fmt: skip
    found: dict[str, set[str]] = {}
    for verb in verbs:
        result = CliRunner().invoke(app, verb)
        assert result.exit_code in (0, 1, 2), result.output
        if nasty := nasty_in(result.stdout + result.stderr):
            found[" ".join(verb)[:40]] = nasty
    store.close()
    count = len(CONTROLS) + len(BIDI) + 1
    print(
        f"S9: {count} control characters in each field of a trace, {len(verbs)} commands: {len(found)} let one through"
    )
    assert found == {}
