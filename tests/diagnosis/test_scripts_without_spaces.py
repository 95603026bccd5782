"""Chinese, Japanese and Thai: the diagnosis speaks in words, and a full stop of theirs is one."""

import pytest

from weaklink import diagnose, score
from weaklink.diagnosis import funnel
from weaklink.diagnosis.index import is_cut
from weaklink.report import render_text, report_of
from weaklink.tracefrom import trace_from


def pieces(question: str, passage: str, answer: str) -> list[tuple[str, str | None]]:
    trace = trace_from(question=question, documents=[passage], answer=answer)
    return [(row.piece, row.last_seen) for row in funnel(trace).rows]


def test_the_pieces_of_evidence_are_words():
    assert pieces("周末值班费是多少?", "周末夜间值班费为每晚45欧元。", "周末值班费是每晚45欧元。") == [
        ("周末值班费", "prompt"), ("是多少", None)
    ]  # fmt: skip
    assert pieces("一番大きい会議室は?", "会議室は三階です。", "三階です。") == [
        ("一番大きい", None), ("会議室は", "prompt")
    ]  # fmt: skip
    assert pieces("ค่าเวรวันเสาร์เท่าไร", "ค่าเวรวันเสาร์คืนละ 45 ยูโร", "45") == [
        ("ค่าเวรวันเสาร์", "prompt"), ("เท่าไร", None)
    ]  # fmt: skip


def test_words_of_english_are_pieces_of_their_own():
    found = pieces("What is the standby pay in Calder Bay?", "Standby pay in Calder Bay is 45 euros.", "45 euros.")
    assert sorted(piece for piece, _ in found) == ["Calder Bay", "pay", "standby"]


def test_a_report_names_what_is_missing_in_words():
    trace = trace_from(
        question="最大的会议室有多少个座位?",
        documents=["员工每年有28天带薪假期。未使用的假期可以延期至三月底。"],
        answer="最大的会议室有24个座位。",
    )
    scores = score(trace)
    text = render_text(report_of(trace, scores, diagnose(trace, scores)), plain=True, everything=True)
    assert 'none has "最大", "会议室" and "多少个座位"' in " ".join(text.split())
    assert '"最", "大"' not in text


THAI = "ค่าเวรวันหยุดสุดสัปดาห์คืนละ 45 ยูโร วันธรรมดาคืนละ 30 ยูโร"
CHINESE = "员工每年有二十八天带薪假期,未使用的假期可以延期至次年三月底,逾期作废,不予补偿。每年的年底由各个部门统一向人事部门申报。"


@pytest.mark.parametrize(
    "whole",
    [
        THAI,
        CHINESE,
        CHINESE + "」",
        "यह एक पूरा वाक्य है जो यहाँ पर समाप्त होता है।",
        "هل هذه جملة كاملة تنتهي هنا بعلامة استفهام؟",
    ],
)
def test_a_sentence_of_another_script_that_is_whole_is_not_cut(whole):
    assert len(whole) >= 40
    assert not is_cut(whole)


@pytest.mark.parametrize("cut", [CHINESE[:50], "Every employee has 28 days of paid vacation per year, and"])
def test_one_that_is_cut_is(cut):
    assert is_cut(cut)
