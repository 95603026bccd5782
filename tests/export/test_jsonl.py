"""JSON lines, there and back."""

import pytest

import weaklink
from weaklink.export import BadLine, Entry, entry_line, read_entries
from weaklink.testing import blame, build, document, scored


def entry(text: str = "Ada.") -> Entry:
    trace = build(
        "chain > retriever, llm", "Who?", text, retriever={"documents": [document("Ada did.", "a.md", distance=0.2)]}
    )
    return Entry(trace=trace, scores=(scored(trace, "llm", "x", 0.5),), diagnosis=blame(trace, "ok"), rules_version="1")


def test_a_line_is_read_as_it_was(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(entry_line(entry()) + "\n" + entry_line(entry("line\nbreak \u2028 \x1b ü")))
    assert list(read_entries(path)) == [entry(), entry("line\nbreak \u2028 \x1b ü")]
    assert [trace.answer for trace in weaklink.read(path)] == ["Ada.", "line\nbreak \u2028 \x1b ü"]


def test_a_byte_order_mark_that_an_editor_put_there_does_no_harm(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(entry_line(entry()) + "\n", encoding="utf-8-sig")
    assert list(read_entries(path)) == [entry()]


def test_lone_surrogates_are_written_out(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(entry_line(entry("\ud800")))
    assert [trace.answer for trace in weaklink.read(path)] == ["\\ud800"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "invalid json"),
        ("[]", "read a file that `weaklink export` wrote"),
        ('{"trace": {"spans": []}}', "trace"),
        ('{"trace": 1, "weaklink": 2}', "pip install --upgrade weaklink"),
        ("\x00\x1b[31m", "invalid json"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path, line, why):
    path = tmp_path / "t.jsonl"
    path.write_text(f"{entry_line(entry())}\n{line}\n")
    with pytest.raises(BadLine, match=r"line 3 of .*t\.jsonl") as caught:
        list(weaklink.read(path))
    assert why in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(weaklink.WeaklinkError, match=r"cannot read .*no such file"):
        list(weaklink.read(tmp_path / "none.jsonl"))


def test_reading_is_lazy(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(entry_line(entry()) + "broken\n")
    assert next(weaklink.read(path)).question == "Who?"
