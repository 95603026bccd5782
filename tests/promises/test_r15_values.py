"""R15: values that JSON, UTF-8 or a column cannot hold are stored, flagged, and exported as valid JSON."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from weaklink.model import Document, Score, Span, Trace
from weaklink.recorder import Recorder
from weaklink.settings import Settings
from weaklink.snapshot import Passage, Snapshotter
from weaklink.store import Feedback, SQLiteStore, open_store
from weaklink.store.codec import plain_dumps
from weaklink.testing.calls import step, trace_id

_FAR = timezone(timedelta(hours=-11, minutes=-59))
VALUES: dict[str, tuple[Any, Any]] = {
    "NaN": (float("nan"), {"$type": "float", "value": "nan"}),
    "infinity": (float("inf"), {"$type": "float", "value": "inf"}),
    "minus infinity": (float("-inf"), {"$type": "float", "value": "-inf"}),
    "lone surrogate": ("a\ud800b", "a\\ud800b"),
    "lone surrogate in a long text": ("\udfff" + "x" * 300, "\\udfff" + "x" * 300),
    "lone surrogate in a key": ({"\ud800": 1}, {"\\ud800": 1}),
    "surrogate pair": ("\U0001f642", "\U0001f642"),
    "NUL": ("a\x00b", "a\x00b"),
    "NUL in a long text": ("\x00" * 300, "\x00" * 300),
    "control characters": ("\x1b[31m\x07\u202e", "\x1b[31m\x07\u202e"),
    "big int": (1 << 70, {"$type": "int", "value": str(1 << 70)}),
    "largest int": ((1 << 63) - 1, (1 << 63) - 1),
    "smallest int": (-(1 << 63), -(1 << 63)),
    "huge int": (1 << 100_000, {"$type": "int", "value": "100001 bits"}),
    "bytes": (b"\x00\xff\xfe", {"$type": "bytes", "size": 3, "hex": "00fffe"}),
    "first datetime": (datetime.min, {"$type": "datetime", "value": "0001-01-01T00:00:00"}),
    "last datetime": (
        datetime.max.replace(tzinfo=UTC),
        {"$type": "datetime", "value": "9999-12-31T23:59:59.999999+00:00"},
    ),
    "odd time zone": (datetime(2026, 1, 1, tzinfo=_FAR), {"$type": "datetime", "value": "2026-01-01T00:00:00-11:59"}),
    "decimal": (Decimal("1E+1000"), {"$type": "decimal", "value": "1E+1000"}),
    "empty": ({"": [[], {}, "", None]}, {"": [[], {}, "", None]}),
    "minus zero": (-0.0, -0.0),
    "smallest float": (5e-324, 5e-324),
    "keys of every kind": ({1: "a", None: "b", 2.5: "c"}, {"1": "a", "None": "b", "2.5": "c"}),
}


def test_every_value_survives_the_way_into_the_store_and_out(recorder: Recorder, store_path: Path):
    take = Snapshotter().take
    keys = {}
    for name, (value, _) in VALUES.items():
        span = step(
            recorder, None, name, input=take({"v": value})[0], output=take([value])[0], metadata=take({"m": value})[0]
        )
        recorder.finish(span)
        keys[name] = span.key
    assert recorder.flush(10)
    assert recorder.counts() == (len(VALUES), len(VALUES), 0, {})
    store = open_store(store_path)
    for name, (_, expected) in VALUES.items():
        root = store.get(trace_id(keys[name])).root
        assert (root.input, root.output, root.metadata) == ({"v": expected}, [expected], {"m": expected}), name
        exported = root.model_dump_json()
        assert orjson.loads(exported) == json.loads(exported)
        assert Span.model_validate_json(exported) == root
    store.close()
    print(f"R15: {len(VALUES)} of {len(VALUES)} kinds of values stored, flagged and exported as valid JSON")


def test_names_tags_documents_and_errors_may_hold_anything(recorder: Recorder, store_path: Path):
    odd = "a\ud800\x00b"
    root = step(recorder, None, odd, "retriever", tags=[odd], notes=[odd])
    passages = [Passage(odd, odd, {odd: odd}), Passage(odd * 200, None, {})]
    passages[0].score, passages[1].score = float("nan"), float("-inf")
    root.documents = passages
    recorder.fail(root, ValueError(odd))
    assert recorder.flush(10)
    store = open_store(store_path)
    span = store.latest().root
    store.close()
    clean = "a\\ud800\x00b"
    assert (span.name, span.tags, span.notes, span.error and span.error.message) == (clean, (clean,), (clean,), clean)
    flags = [
        {clean: clean, "score": {"$type": "float", "value": "nan"}},
        {"score": {"$type": "float", "value": "-inf"}},
    ]
    assert [(d.content, d.id, d.score, d.metadata) for d in span.documents] == [
        (clean, clean, None, flags[0]), (clean * 200, None, None, flags[1]),
    ]  # fmt: skip


def test_a_trace_that_was_built_by_hand_may_hold_anything(store_path: Path):
    odd: list[Any] = [float("nan"), 1 << 80, "\ud800", float("inf")]
    span = Span(id="a", trace_id="a", name="\ud800", kind="retriever", status="ok", start_ns=1, duration_ns=1, input=odd,
                metadata={"m": odd}, documents=(Document(content="\ud800", score=float("nan")),))  # fmt: skip
    store = SQLiteStore(store_path, Settings())
    store.write([Trace(spans=(span,))])
    read = store.get("a").root
    flagged = [
        {"$type": "float", "value": "nan"},
        {"$type": "int", "value": str(1 << 80)},
        "\\ud800",
        {"$type": "float", "value": "inf"},
    ]
    assert (read.name, read.input, read.metadata) == ("\\ud800", flagged, {"m": flagged})
    assert read.documents[0].content == "\\ud800"
    assert (read.documents[0].score, read.documents[0].metadata) == (
        None,
        {"score": {"$type": "float", "value": "nan"}},
    )
    store.add_scores("a", [Score(span_id="a", name="n", value=1, reason="\ud800\x00")])
    store.add_feedback(Feedback(trace_id="a", name="thumbs", value=[float("nan")], comment="\ud800"))
    assert [score.reason for score in store.scores("a")] == ["\\ud800\x00"]
    assert [(said.value, said.comment) for said in store.feedback("a")] == [
        ([{"$type": "float", "value": "nan"}], "\\ud800")
    ]
    store.close()


def test_what_is_written_as_json_is_valid_json():
    text = plain_dumps([float("nan"), float("inf"), 1 << 90, "\ud800", None])
    assert json.loads(text, parse_constant=lambda name: 1 / 0) == [
        {"$type": "float", "value": "nan"}, {"$type": "float", "value": "inf"}, {"$type": "int", "value": str(1 << 90)}, "\\ud800", None,
    ]  # fmt: skip
