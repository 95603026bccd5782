"""S8: no secret reaches the store, its log files, the program's log, or an export."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from weaklink.cli.main import app
from weaklink.examine import examine
from weaklink.export import Entry, entry_line, rendered
from weaklink.export.save import FORMATS
from weaklink.model import Diagnosis, Score, Trace
from weaklink.recorder import Recorder
from weaklink.settings import Settings
from weaklink.snapshot import Passage, Snapshotter
from weaklink.store import Feedback, open_store
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing.calls import step
from weaklink.testing.secrets import SECRETS
from weaklink.tracefrom import trace_from

take = Snapshotter().take


def frozen(value: Any) -> Any:
    return take(value)[0]


def message(content: str) -> Any:
    return {"$type": "message", "role": "user", "content": content}


def document(content: str, **metadata: str) -> Any:
    passage = Passage(content, None, frozen(metadata))
    return [passage]


# Where a secret may stand: given the secret, fields of a span.
PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "value of a dict": lambda s: {"input": frozen({"q": {"deep": [s]}})},
    "key of a dict": lambda s: {"input": frozen({s: 1})},
    "in a sentence": lambda s: {"input": frozen(f"My key is {s}, is it valid?")},
    "in a URL": lambda s: {"input": frozen(f"https://host.example/v1/things?key={s}&page=2")},
    "in a header": lambda s: {"metadata": frozen({"headers": {"X-Api": f"Bearer {s}"}})},
    "in JSON in a string": lambda s: {"output": frozen(json.dumps({"a": json.dumps({"b": s})}))},
    "exception": lambda s: {"error": ValueError(f"Incorrect API key provided: {s}. You can find your key at ...")},
    "exception it came from": lambda s: {"error": _from(s)},
    "content of a document": lambda s: {"documents": document(f"Set it to {s} in the settings.")},
    "content of a long document": lambda s: {"documents": document(f"{'Long text. ' * 40}{s} in the settings.")},
    "metadata of a document": lambda s: {"documents": document("text", note=s)},
    "id of a document": lambda s: {"documents": [Passage("text", s, {})]},
    "content of a message": lambda s: {"input": frozen([message(f"use {s}")])},
    "arguments of a tool": lambda s: {
        "output": {**message(""), "tool_calls": frozen([{"name": "login", "args": {"with": s}}])}
    },
    "tag": lambda s: {"tags": [s]},
    "name of the step": lambda s: {"name": f"call {s}"},
    "attribute": lambda s: {"attributes": frozen({"template": f"Use {s}"})},
    "long text": lambda s: {"input": frozen(f"{'Some words before it. ' * 20}{s}{' and after.' * 20}")},
    "parameter of a model": lambda s: {"model": {"name": "m", "parameters": frozen({"extra": [s]})}},
    "note": lambda s: {"notes": [f"lost: {s}"]},
    "bytes": lambda s: {"input": frozen(s.encode())},
}
NAMED = ("hunter2-is-it", "correct horse")


def _from(secret: str) -> Exception:
    try:
        raise KeyError(secret)
    except KeyError as cause:
        error = RuntimeError("outer")
        error.__cause__ = cause
        return error


def record(recorder: Recorder, fields: dict[str, Any]) -> None:
    error = fields.pop("error", None)
    span = step(recorder, None, fields.pop("name", "step"), "retriever", **fields)
    if error is not None:
        recorder.fail(span, error)
    else:
        recorder.finish(span)


def leaks(folder: Path, exported: str, logged: str) -> list[tuple[str, str]]:
    """(name of the secret, where it is)."""
    places = {file.name: file.read_bytes().lower() for file in folder.iterdir()}
    places |= {"export": exported.encode().lower(), "log": logged.encode().lower()}
    found: list[tuple[str, str]] = []
    for name, secret in SECRETS:
        # The search index holds words, so the longest word of a secret is looked for too, and bytes are shown in hex.
        word = max("".join(c if c.isalnum() else " " for c in secret).split(), key=len)
        looked_for = {secret.lower().encode(), word.lower().encode(), secret.encode().hex().encode()}
        found += [(name, place) for place, data in places.items() if any(form in data for form in looked_for)]
    return found


def test_no_secret_reaches_store_log_or_export(recorder: Recorder, store_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    for _, secret in SECRETS:
        for place in PLACES.values():
            record(recorder, place(secret))
    assert recorder.flush(60)
    count = len(SECRETS) * len(PLACES)
    assert recorder.counts().stored >= count
    store = open_store(store_path)
    exported = "".join(trace.model_dump_json() for trace in store.traces(limit=count))
    assert exported.count('"trace_id"') == count
    found = leaks(store_path.parent, exported, caplog.text)
    store.close()
    print(f"S8: {len(SECRETS)} formats in {len(PLACES)} places: {len(found)} found in store, WAL, log or export")
    assert found == []
    assert exported.count("[redacted]") >= len(SECRETS) * (len(PLACES) - 1)  # that of bytes stands in hex


def test_no_secret_of_an_imported_trace_its_scores_or_feedback_reaches_the_store(store_path: Path):
    store = SQLiteStore(store_path, Settings())
    for number, (_, secret) in enumerate(SECRETS):
        span = {
            "id": f"{number:032x}", "trace_id": f"{number:032x}", "name": f"n {secret}", "kind": "retriever", "status": "ok", "start_ns": 1,
            "input": {"q": secret, secret: 1}, "output": f"{'long ' * 90} {secret}", "tags": [secret], "notes": [secret],
            "documents": [{"content": f"a {secret}", "id": secret, "metadata": {"m": secret}}], "metadata": {"m": [secret]},
            "error": {"type": "E", "message": secret, "causes": [secret]}, "model": {"name": secret, "parameters": {"p": secret}},
        }  # fmt: skip
        trace = Trace.model_validate({"spans": [span]})
        store.write([trace])
        store.add_scores(
            trace.id,
            [Score(span_id=trace.id, name="n", value=None, reason=f"the judge said {secret}", detail=(secret,))],
        )
        store.add_diagnosis(
            Diagnosis(trace_id=trace.id, verdict="unknown", confidence=0, summary=f"about {secret}", question=secret),
            version="1",
        )
        store.add_feedback(
            Feedback(trace_id=trace.id, name="thumbs", value={"said": secret}, comment=f"it showed {secret}!")
        )
    assert leaks(store_path.parent, "", "") == []
    store.close()
    assert leaks(store_path.parent, "", "") == []


def exits_of(trace: Trace) -> dict[str, str]:
    """Every text that a trace can become."""
    examined = examine(trace)
    entry = Entry(trace=trace, scores=examined.scores, diagnosis=examined.diagnosis, rules_version="1")
    texts = {form: rendered(examined, form) for form in FORMATS}
    return {**texts, "jsonl": entry_line(entry), "str": str(examined.diagnosis)}


def found_in(texts: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, place) for place, text in texts.items() for name, secret in SECRETS if secret in text]


def test_no_secret_gets_out_of_any_exit(recorder: Recorder, store_path: Path):
    for name, place in PLACES.items():
        if name not in ("name of the step", "key of a dict"):  # a trace has one name
            fields = [place(secret) for _, secret in SECRETS]
            top = step(recorder, None, name)
            for one in fields:
                error = one.pop("error", None)
                below = step(recorder, top, "step", "llm", **one)
                recorder.finish(below) if error is None else recorder.fail(below, error)
            recorder.finish(top)
    assert recorder.flush(60)
    store = open_store(store_path)
    traces = list(store.traces(limit=100))
    store.close()
    logged = [
        trace_from(f"Why does {secret} fail?", [f"Set {secret} first.", {"content": "x", "id": secret, "metadata": {"m": secret}}],
                   f"Use {secret}.", reference=secret, name=secret)
        for _, secret in SECRETS[::8]
    ]  # fmt: skip
    found = [leak for trace in [*traces, *logged] for leak in found_in(exits_of(trace))]
    for arguments in (
        ["list", "-n", "50"],
        ["list", "--json"],
        ["export"],
        *(["show", t.id[-12:], "--json"] for t in traces[:4]),
    ):
        result = CliRunner().invoke(app, [*arguments, "--store", str(store_path)])
        found += found_in({" ".join(arguments): result.stdout + result.stderr})
    print(
        f"S8: {len(SECRETS)} formats in {len(traces)} places, and {len(logged)} logged chains, through html, md, json, txt, jsonl "
        f"and the command line: {len(found)} found"
    )
    assert found == []


@pytest.mark.parametrize("secret", NAMED)
def test_what_stands_under_a_telling_name_is_masked_however_it_looks(recorder: Recorder, store_path: Path, secret: str):
    for fields in (
        {"input": frozen({"password": secret})}, {"metadata": frozen({"headers": {"Authorization": secret}})},
        {"model": {"name": "m", "parameters": frozen({"api_key": secret})}},
        {"attributes": frozen({"store": {"connection_string": secret}})},
        {"documents": [Passage("text", None, frozen({"db_password": secret}))]},
    ):  # fmt: skip
        record(recorder, fields)
    store = SQLiteStore(store_path, Settings())
    assert recorder.flush(10)
    span = {
        "id": "a" * 32,
        "trace_id": "a" * 32,
        "name": "n",
        "kind": "llm",
        "status": "ok",
        "start_ns": 1,
        "input": {"password": secret},
    }
    store.write([Trace.model_validate({"spans": [span]})])
    assert secret.encode() not in b"".join(file.read_bytes() for file in store_path.parent.iterdir())
    store.close()


def test_redaction_can_be_turned_off(new_recorder: Callable[..., Recorder], store_path: Path):
    recorder = new_recorder(redact=False)
    secret = SECRETS[0][1]
    record(recorder, {"input": secret, "name": secret})
    assert recorder.flush(10)
    store = open_store(store_path)
    root = store.latest().root
    store.close()
    assert (root.name, root.input) == (secret, secret)
