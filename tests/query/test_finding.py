"""What each clause finds in a real store, against the same question asked of the traces themselves."""

from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from weaklink.errors import WeaklinkError
from weaklink.model import Score, Usage
from weaklink.query import BadQuery
from weaklink.settings import Settings
from weaklink.store import Feedback, page
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import blame, build

SECOND = 1_000_000_000


@pytest.fixture
def store(store_path: Path):
    """Four traces: broken at the retriever, broken at the model, fine, and not diagnosed."""
    made = SQLiteStore(store_path, Settings())
    lost = build("support:chain > search:retriever, write:llm", "How do refunds work?", "Ask us.", trace_id=1,
                 support={"tags": ("prod", "eu"), "duration_ns": 3 * SECOND},
                 write={"model": {"name": "gpt-4o-mini", "usage": Usage(input_tokens=900, output_tokens=100)}})  # fmt: skip
    wrong = build("support:chain > search:retriever, write:llm!", "What is the refund policy?", trace_id=2,
                  support={"tags": ("test",), "duration_ns": SECOND // 2}, write={"error": TimeoutError("slow")})  # fmt: skip
    fine = build("sales:chain > search:retriever", "What does it cost?", "Nothing.", trace_id=3)
    fresh = build("sales:chain > search:retriever", "And now?", "Later 100% [sic]?", trace_id=4)
    made.write([lost, wrong, fine, fresh])
    made.add_scores(lost.id, [Score(span_id=lost.spans[1].id, name="relevance", value=0.1),
                              Score(span_id=lost.spans[2].id, name="relevance", value=0.9),
                              Score(span_id=lost.spans[2].id, name="my:tone", value=0.4)])  # fmt: skip
    made.add_scores(fine.id, [Score(span_id=fine.spans[1].id, name="relevance", value=0.8),
                              Score(span_id=fine.spans[1].id, name="sufficiency", value=None, reason="no")])  # fmt: skip
    made.add_diagnosis(blame(lost, "broken", "search", "off_topic", confidence=0.8), "1")
    made.add_diagnosis(blame(wrong, "broken", "write", "raised", confidence=0.95), "1")
    made.add_diagnosis(blame(fine, "ok"), "1")
    made.add_feedback(Feedback(trace_id=lost.id, name="thumbs", value="up"))
    made.add_feedback(Feedback(trace_id=lost.id, name="thumbs", value="down"))
    made.add_feedback(Feedback(trace_id=fine.id, name="corrected_answer", value="A lot."))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "1234"), ("verdict:broken", "12"), ("-verdict:broken", "34"), ("verdict:none", "4"), ("verdict:ok,none", "34"),
        ("step:retriever", "1"), ("step:retrieve", "1"), ("step:search", "1"), ("step:generate,retrieve", "12"), ("step:s*", "1"),
        ("-step:retriever", "234"), ("step:none", "34"),
        ("failure:raised", "2"), ("failure:*_topic", "1"), ("-failure:raised", "134"),
        ("confidence:>0.9 verdict:broken", "2"), ("confidence:0.7..0.9 verdict:broken", "1"),
        ("relevance:<0.3", "1"), ("relevance:>0.5", "3"), ("-relevance:<0.3", "234"), ("relevance:none", "24"),
        ("sufficiency:none", "1234"),
        ("my:tone:<=0.4", "1"), ("latency:>2s", "1"), ("latency:400ms..1s", "2"), ("tokens:>=1000", "1"), ("tokens:none", "234"),
        ("steps:2", "34"), ("name:SALES", "34"), ("name:s*", "1234"), ("name:s[au]*", ""), ("model:gpt-4o*", "1"), ("model:none", "234"),
        ("error:*TimeoutError", "2"), ("error:none", "134"), ("tag:prod", "1"), ("tag:prod,test", "12"), ("-tag:prod", "234"),
        ("tag:none", "34"),
        ("feedback:down", "1"), ("feedback:up", ""), ("feedback:corrected", "3"), ("feedback:none", "24"),
        ("status:error", "2"), ("refund", "2"), ("refund*", "12"), ("policy refund", "2"), ('"policy refund"', ""),
        ('"refund policy"', "2"),
        ("-refund*", "34"), ("[sic]", "4"), ('"100%"', "4"), ("NOT", None), ("id:*3", "3"), ("since:1000w", "1234"),
        ("until:2000-01-01", ""),
        ("verdict:broken relevance:<0.3 latency:>2s refunds", "1"), ("verdict:broken relevance:>0.3", ""),
    ],
)  # fmt: skip
def test_a_query_finds(store: SQLiteStore, query: str, found: str | None):
    if found is None:
        with pytest.raises(WeaklinkError):
            store.summaries(query)
        return
    ids = sorted(summary.id[-1] for summary in store.summaries(query))
    assert "".join(ids) == found
    shown = store.page(query)
    assert shown.traces == store.summaries(query)
    assert sorted(map(repr, shown.counts)) == sorted(map(repr, store.breakdown(query)))
    assert (shown.older, shown.looked, shown.counted_all) == (None, None, True)
    assert sorted(trace.id[-1] for trace in store.traces(query)) == ids


def test_pages_follow_one_another_without_a_gap_also_where_traces_began_at_the_same_moment(store: SQLiteStore):
    seen: list[str] = []
    page = store.summaries(limit=1)
    while page:
        seen += [summary.id[-1] for summary in page]
        page = store.summaries(limit=1, before=page[-1].id)
    assert sorted(seen) == ["1", "2", "3", "4"]
    assert store.summaries(before="gone") == []


@pytest.mark.parametrize("query", ["", "verdict:broken", "relevance:<0.3", "tag:test", "nothing"])
def test_a_page_for_which_there_is_no_time_says_how_far_it_came_and_goes_on(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, query: str
):
    for name, value in (("_SECONDS", -1.0), ("_FIRST_STRETCH", 1), ("_STRETCH", 1)):
        monkeypatch.setattr(page, name, value)
    found: list[str] = []
    before, pages = None, 0
    while pages == 0 or before:
        shown = store.page(query, limit=2, before=before)
        assert shown.looked in (1, None)
        found += [summary.id for summary in shown.traces]
        before, pages = shown.older, pages + 1
    assert found == [summary.id for summary in store.summaries(query)]
    assert pages >= 4


def test_a_page_counts_the_newest_that_fit(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "MOST_COUNTED", 3)
    shown = store.page(limit=1)
    assert sum(alike.traces for alike in shown.counts) == 3
    assert not shown.counted_all
    assert shown.looked is None
    older = store.page(limit=1, before=shown.older)
    assert (older.counts, [one.id for one in older.traces]) == (shown.counts, [store.summaries(limit=2)[1].id])


def test_the_lowest_scores_are_those_of_the_traces_that_are_there(store: SQLiteStore):
    def lowest() -> list[tuple[object, ...]]:
        rows = apsw.Connection(str(store.path)).execute(
            "SELECT substr(id, -1), lowest_scores.name, value FROM lowest_scores JOIN traces USING (seq) ORDER BY 1, 2"
        )
        return rows.fetchall()

    assert lowest() == [("1", "my:tone", 0.4), ("1", "relevance", 0.1), ("3", "relevance", 0.8)]
    lost = store.get("1")
    store.add_scores(lost.id, [Score(span_id=lost.spans[2].id, name="relevance", value=0.3)], instead_of=["relevance"])
    store.write([lost])
    assert lowest() == [("1", "my:tone", 0.4), ("1", "relevance", 0.3), ("3", "relevance", 0.8)]
    store.prune(keep=1)
    assert lowest() == []
    assert apsw.Connection(str(store.path)).execute("SELECT count(*) FROM lowest_scores").get == 0


def test_what_a_list_needs_survives_that_the_trace_is_written_again(store: SQLiteStore):
    before = store.summaries()
    store.write([store.get(summary.id) for summary in before])
    stale = [summary.model_copy(update={"version": summary.version and ""}) for summary in before]
    assert sorted(map(repr, store.summaries())) == sorted(map(repr, stale))


HOSTILE = ["'; DROP TABLE traces; --", '" OR 1=1 --', "id:' OR '1'='1", "name:*' --", "step:%", "tag:{}", "model:\0", "x\0y",
           "my:tone:>0", "error:'||(SELECT 1)||'", "NEAR(a b)", "question:x", "a AND b", "(a", "a^b", "{a b}:c", "name:\ud800"]  # fmt: skip


def test_a_query_can_only_read(store: SQLiteStore):
    refused: list[tuple[object, ...]] = []

    def authorise(action: int, *about: object) -> int:
        is_reading = action in (apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE)
        if is_reading or (action == apsw.SQLITE_PRAGMA and about[0] == "data_version"):  # the word index looks at it
            return apsw.SQLITE_OK
        refused.append((action, *about))
        return apsw.SQLITE_DENY

    store.summaries()
    assert store._reader is not None
    store._reader.authorizer = authorise
    for text in HOSTILE:
        for wanted in (text, f'"{text.replace(chr(34), "")}"'):
            with suppress(BadQuery):
                store.summaries(wanted)
    print(f"S6: {2 * len(HOSTILE)} hostile queries, {len(refused)} that ask SQLite for more than to read")
    assert refused == []
    assert apsw.Connection(str(store.path)).execute("SELECT count(*) FROM traces").get == 4


@pytest.mark.parametrize(
    ("words", "count"),
    [("荷物", 1), ("何日かかり", 1), ("営業日", 1), ("14", 1), ("荷日", 0), ('"ブラジルへの荷物"', 1), ("ブラ*", 1)],
)
def test_words_of_scripts_without_spaces_are_found_inside_a_sentence(store_path: Path, words: str, count: int):
    made = SQLiteStore(store_path, Settings())
    made.write(
        [build("chain > llm", "ブラジルへの荷物は何日かかりますか？", "ブラジルへは9〜14営業日です。", trace_id=1)]
    )
    assert len(list(made.traces(words))) == count
    made.close()
