"""Ten thousand odd inputs: every value is a number in range, every place exists, and nothing raises."""

import random

import pytest

from weaklink.scoring import answer_relevance, answer_value, assess, relevance, sufficiency

PIECES = (
    "", " ", "\n", "\ud800", "\x00", "…", "日本語のテキストです。", "Ünïcödé wörds überall", "это русский текст", "نص عربي", "👍🏽",
    "{", "[", '{"a": null, "b": [true, {"c": "no"}]}', '{"hours": {"Monday": "9:0-17:0"}}', "| a | b |\n|---|---|\n| 1 | 2 |",
    "def f(x):\n    return x ** 2", "1" * 300, "a" * 300, "-" * 200, "10:00-" * 20, "1,200", "$1.2k", "5 PM", "17:00", "March 3",
    "2024-02-30", "99999999999999999999", "1e309", "NaN", "yes", "No.", "I don't know.", "- 1.", "[1]", "?", "e.g. Dr. X. Y.",
    "The cafe opens at 9 AM on Monday, but not on Sunday.", "Employees receive 25 days of paid vacation per year.",
)  # fmt: skip


@pytest.mark.slow
def test_ten_thousand_odd_inputs_give_numbers_in_range():
    chance = random.Random(11)

    def text(most: int) -> str:
        joined = "".join(chance.choice(PIECES) + chance.choice(("", " ", "\n")) for _ in range(chance.randint(0, most)))
        return joined if chance.random() < 0.8 else joined[: chance.randint(0, 20)]

    for number in range(10_000):
        answer, question, passages = text(3), text(2), [text(4) for _ in range(chance.randint(0, 3))]
        verdicts = assess(answer, passages, question)
        for verdict in verdicts:
            assert 0 <= verdict.low <= verdict.value <= verdict.high <= 1
            assert 0 <= verdict.start < verdict.end <= len(answer)
            assert all(verdict.start <= start < end <= verdict.end for start, end in verdict.unsupported)
        values = [answer_value(verdicts)]
        if number % 10 == 0:  # these embed
            values += [*relevance(question, passages), sufficiency(question, passages).value]
            values.append(answer_relevance(question, answer)[0])
        assert all(value is None or 0 <= value <= 1 for value in values)
