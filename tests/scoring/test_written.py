"""Words of scripts without spaces, as a reader would write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklink.scoring import Groundedness, Sufficiency
from weaklink.scoring.question import read_question
from weaklink.scoring.text.tokens import tokenise
from weaklink.scoring.text.written import as_written, runs_of, with_marks
from weaklink.tracefrom import trace_from


def written(text: str, left_out: str = "") -> list[str]:
    tokens = [token for token in tokenise(text) if token.value not in tokenise_values(left_out)]
    return [as_written(run, text) for run in runs_of(tokens, text)]


def tokenise_values(text: str) -> set[str]:
    return {token.value for token in tokenise(text)}


@pytest.mark.parametrize(
    ("text", "left_out", "words"),
    [
        ("最大的会议室有多少座位", "的有", ["最大", "会议室", "多少座位"]),
        ("オストメアの会議室、ヘロン", "の", ["オストメア", "会議室", "ヘロン"]),
        ("주말 대기 수당은", "", ["주말", "대기", "수당은"]),
        ("ห้องประชุม ที่ใหญ่ที่สุด", "", ["ห้องประชุม", "ที่ใหญ่ที่สุด"]),
        ("कितनी छुट्टियाँ हैं", "", ["कितनी", "छुट्टियाँ", "हैं"]),
        ("مُدَّةُ الإجازة", "", ["مُدَّةُ", "الإجازة"]),
        ("cafe\u0301s de\u0301ja\u0300", "", ["cafe\u0301s", "de\u0301ja\u0300"]),
        ("GPT4模型 45欧元 每晚", "", ["GPT4", "模型", "45", "欧元", "每晚"]),
        ("The well-known 2GB model's fee", "", ["The", "well", "known", "2", "GB", "model's", "fee"]),
        ("due 2024-03-05", "", ["due", "2024-03-05", "2024-03-05", "2024-03-05"]),
    ],
)
def test_what_stands_together_is_one_word(text, left_out, words):
    assert written(text, left_out) == words


@given(text=st.text(max_size=60))
def test_every_token_is_in_one_run_and_every_run_stands_in_the_text(text: str):
    tokens = tokenise(text)
    runs = runs_of(tokens, text)
    assert [token for run in runs for token in run] == tokens
    for run in runs:
        assert as_written(run, text) in text
        assert run[-1].end <= with_marks(run[-1].end, text) <= len(text)


def test_words_of_a_question_come_once_and_the_rarest_first():
    asked = read_question("Is the pay of the engineers in Ostmere the pay of Ostmere?")
    assert asked.written({"pay", *tokenise_values("Ostmere"), "absent"}) == ["Ostmere", "pay"]
    again = read_question("会议室和会议室的座位")
    assert again.written(tokenise_values("会议室座位")) == ["会议室", "座位"]


def test_what_no_passage_has_is_said_in_words():
    trace = trace_from(
        question="最大的会议室有多少个座位?",
        documents=["员工每年有28天带薪假期。未使用的假期可以延期至三月底。"],
        answer="最大的会议室位于三楼,名叫苍鹭。",
    )
    (sufficiency, *_) = Sufficiency().score(trace)
    assert sufficiency.reason == "no passage has: 最大, 会议室, 多少个座位"
    said = next(score for score in Groundedness().score(trace) if score.sentence)
    assert said.detail == ("最大", "会议室位于", "楼", "名叫苍鹭")


def test_unsupported_characters_end_behind_their_marks():
    answer = "The pay is 45 euros. It is booked ออนไลน์ in the portal."
    trace = trace_from(question="How is it booked?", documents=["The pay is 45 euros."], answer=answer)
    last = [score for score in Groundedness().score(trace) if score.sentence][-1]
    assert [place.text for place in last.unsupported]
    assert all(not place.text.endswith("น") for place in last.unsupported)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("周末值班费是多少?", "周末值班费为每晚{}欧元。"),
        ("週末の待機手当はいくらですか?", "週末の待機手当は一晩{}ユーロです。"),
        ("주말 대기 수당은 얼마입니까?", "주말 대기 수당은 하룻밤 {}유로입니다."),
    ],
)
def test_a_number_that_touches_the_word_behind_it_is_a_number(question, said):
    def judged(answer: str) -> tuple[str, tuple[str, ...]]:
        trace = trace_from(question=question, documents=[said.format(45)], answer=answer)
        score = next(score for score in Groundedness().score(trace) if score.sentence)
        return score.label, score.detail

    assert judged(said.format(60)) == ("contradicted", ("60 (the passage says: 45)",))
    assert judged(said.format(45))[0] == "supported"
