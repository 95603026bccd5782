"""What the writer makes of recorded values."""

from weaklink.snapshot import LONG_TEXT, Passage
from weaklink.store.codec import TEXT_REF, Encoder, loads

LONG = "long " * LONG_TEXT


def encoder(texts: list[str]) -> Encoder:
    def text_id(text: str) -> int:
        if text not in texts:
            texts.append(text)
        return texts.index(text)

    return Encoder(text_id, text_id, redacted=True)


def test_long_strings_become_references_at_any_depth_and_short_ones_stay():
    texts: list[str] = []
    value = {"a": LONG, "b": ["short", {"c": LONG, "d": Passage(LONG, "7", {"note": LONG, "page": 1})}]}
    reference = {TEXT_REF: 0}
    document = {"$type": "document", "id": "7", "content": reference, "metadata": {"note": reference, "page": 1}}
    assert loads(encoder(texts)(value)) == {"a": reference, "b": ["short", {"c": reference, "d": document}]}
    assert texts == [LONG]


def test_a_value_is_not_changed_by_writing_it():
    value = {"a": LONG, "b": [{"c": LONG}], "d": {"e": "short"}}
    encoder([])(value)
    assert value == {"a": LONG, "b": [{"c": LONG}], "d": {"e": "short"}}


def test_what_may_still_change_is_written_anew_and_what_is_frozen_once():
    write = encoder([])
    model = {"name": "m"}
    assert loads(write(model)) == {"name": "m"}
    model["usage"] = "5"
    assert loads(write(model)) == {"name": "m", "usage": "5"}
    frozen = ["same"]
    assert write.frozen(frozen) is write.frozen(frozen)
