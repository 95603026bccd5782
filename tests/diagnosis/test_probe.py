"""The live store tells a bad search from a gap in the corpus, and which other search would have worked."""

import time

import numpy as np
import pytest

import weaklink
from weaklink.demo.handbook import load_handbook
from weaklink.diagnosis import diagnose, probe
from weaklink.diagnosis.live import NothingToAsk
from weaklink.diagnosis.probe import NothingToProbe
from weaklink.testing import build

from .conftest import PARKING, QUESTION, SICK, VACATION

CORPUS = [PARKING, SICK, "Canteen: A meal costs 4.80 euros.", "Badges are returned on the last day.", VACATION]
WRONG = "An employee has 40 days of vacation."


def searching(corpus):
    calls = []

    def search(query, k):
        calls.append((query, k))
        return corpus[:k]

    search.calls = calls
    return search


def failed(chain, **retriever):
    return chain(found=(PARKING, SICK), answer=WRONG, retriever=retriever)


def test_a_deeper_search_that_finds_the_passage_says_missed_and_names_the_k(chain):
    trace = failed(chain)
    probed = probe(trace, searching(CORPUS))
    diagnosis = diagnose(trace, probed=probed)
    assert (diagnosis.verdict, diagnosis.culprit.name, diagnosis.failure) == ("broken", "retriever", "missed")
    assert (probed.rank, probed.way, probed.had) == (5, "deeper", 2)
    assert "raise k from 2 to 5" in diagnosis.advice
    assert "28 days" in diagnosis.evidence[0].says


def test_a_deeper_search_that_finds_nothing_keeps_the_finding_and_says_so(chain):
    trace = failed(chain)
    diagnosis = diagnose(trace, probed=probe(trace, searching(CORPUS[:-1])))
    assert diagnosis.failure in ("missing_content", "off_topic")
    assert "found nothing better" in diagnosis.summary


def test_a_healthy_chain_stays_ok_when_probed(chain):
    trace = chain()
    assert diagnose(trace, probed=probe(trace, searching(CORPUS))).verdict == "ok"


def test_a_probe_asks_twice_at_most_and_as_deep_as_told(chain):
    trace = chain(retriever={"input": "vacation days"})
    search = searching(CORPUS)
    probe(trace, search, depth=7)
    assert search.calls == [("vacation days", 7), (QUESTION, 7)]


def test_the_question_as_it_was_asked_can_find_what_the_rewritten_query_does_not(chain):
    trace = failed(chain, input="parking places")
    probed = probe(trace, lambda query, k: [VACATION] if query == QUESTION else [PARKING, SICK])
    assert (probed.way, probed.rank, probed.query) == ("question", 1, QUESTION)
    assert "search with the question as it was asked" in diagnose(trace, probed=probed).advice


def test_of_several_ways_the_one_with_the_lowest_rank_is_named(chain):
    trace = failed(chain, input="parking places")
    probed = probe(trace, lambda query, k: CORPUS if query == QUESTION else [VACATION])
    assert (probed.way, probed.rank) == ("deeper", 1)
    assert [(attempt.way, attempt.rank) for attempt in probed.attempts] == [("deeper", 1), ("question", 5)]


def test_the_first_passage_that_answers_counts_and_not_the_best(chain):
    again = VACATION.replace("Every", "Indeed every")
    probed = probe(failed(chain), searching([PARKING, again, SICK, VACATION]))
    assert probed.rank == 2


def test_with_a_reference_only_a_passage_that_holds_it_counts(chain):
    near = "Vacation: whether an employee has paid vacation days per year is said in the contract."
    trace = failed(chain)
    assert probe(trace, searching([near, VACATION]), reference="28 days").rank == 2
    assert not probe(trace, searching([near]), reference="28 days").found_better


def test_a_store_that_hangs_is_left_after_the_time_is_up(chain):
    began = time.monotonic()
    probed = probe(failed(chain, input="parking"), lambda query, k: time.sleep(30) or [], timeout=0.3)
    assert time.monotonic() - began < 3
    assert [attempt.problem for attempt in probed.attempts] == ["the time was up", "the time was up"]


def test_a_store_that_fails_is_no_failure_of_the_probe(chain):
    def search(query, k):
        raise ConnectionError("no route")

    (attempt,) = probe(failed(chain), search).attempts
    assert (attempt.problem, attempt.searched) == ("ConnectionError: no route", 0)


@pytest.mark.parametrize("trace", [build("chain > llm", "Why?"), build("chain > retriever, llm")])
def test_a_trace_without_a_retriever_or_a_question_cannot_be_probed(trace):
    with pytest.raises(NothingToProbe, match="no retriever, or no question"):
        probe(trace, searching(CORPUS))


def test_a_call_that_is_still_running_is_not_probed():
    with pytest.raises(NothingToProbe, match="wait until it has ended"):
        probe(build("chain[incomplete] > retriever", "Why?"), searching(CORPUS))


def test_what_cannot_be_asked_is_refused_with_what_to_give_instead(chain):
    with pytest.raises(NothingToAsk, match="give a function instead"):
        probe(failed(chain), 42)


# --- real stores, both frameworks

HANDBOOK = [passage.content for passage in load_handbook()]
ASKED = "How many euros is standby pay for a weekday night?"
HOLDS = next(text for text in HANDBOOK if "45 euros" in text)


def langchain_store(kind: str):
    from weaklink_langchain.demo.index import HandbookEmbeddings, index_passages, new_name

    if kind == "chroma":
        return index_passages(new_name(), load_handbook(), HandbookEmbeddings())
    from langchain_core.vectorstores import InMemoryVectorStore

    return InMemoryVectorStore.from_texts(HANDBOOK, HandbookEmbeddings())


def llama_index(kind: str):
    from weaklink_llama_index.demo.index import HandbookEmbeddings, as_node, index_passages, new_name

    if kind == "chroma":
        return index_passages(new_name(), load_handbook(), HandbookEmbeddings())
    from llama_index.core import VectorStoreIndex

    return VectorStoreIndex([as_node(passage) for passage in load_handbook()], embed_model=HandbookEmbeddings())


def lives():
    return {
        "langchain chroma": lambda: langchain_store("chroma"),
        "langchain retriever": lambda: langchain_store("chroma").as_retriever(search_kwargs={"k": 1}),
        "langchain memory": lambda: langchain_store("memory"),
        "llama_index chroma": lambda: llama_index("chroma"),
        "llama_index retriever": lambda: llama_index("chroma").as_retriever(similarity_top_k=1),
        "llama_index memory": lambda: llama_index("memory"),
    }


def badly_retrieved(query: str = ASKED):
    shown = [text for text in HANDBOOK if "standby" not in text.lower()][:2]
    return build(
        "chain > retriever, llm", ASKED, "Standby pay is 90 euros.",
        retriever={"input": query, "documents": shown},
        llm={"input": "\n".join([*shown, ASKED]), "output": "Standby pay is 90 euros."},
    )  # fmt: skip


@pytest.mark.parametrize("name", lives())
def test_a_real_store_is_searched_in_four_ways(name):
    trace = badly_retrieved("parking places")
    probed = probe(trace, lives()[name](), reference="45 euros")
    assert [attempt.way for attempt in probed.attempts] == ["deeper", "question", "exact", "keywords"]
    assert [attempt.problem for attempt in probed.attempts] == [""] * 4
    assert all(attempt.searched > 5 for attempt in probed.attempts)
    assert probed.found_better
    assert "45 euros" in probed.passage
    assert diagnose(trace, probed=probed).failure == "missed"


def test_an_exact_search_ranks_as_the_vectors_do():
    from weaklink.scoring.embedding import embed

    store = langchain_store("chroma")
    probed = probe(badly_retrieved(), store, reference="45 euros")
    exact = next(attempt for attempt in probed.attempts if attempt.way == "exact")
    order = np.argsort(-(embed(HANDBOOK) @ embed([ASKED])[0]))
    assert HANDBOOK[order[exact.rank - 1]] == exact.passage


def test_a_corpus_without_the_passage_is_told_from_a_bad_search():
    from langchain_core.vectorstores import InMemoryVectorStore

    from weaklink_langchain.demo.index import HandbookEmbeddings

    rest = [text for text in HANDBOOK if "standby" not in text.lower()]
    trace = badly_retrieved()
    probed = probe(trace, InMemoryVectorStore.from_texts(rest, HandbookEmbeddings()), reference="45 euros")
    assert not probed.found_better
    diagnosis = diagnose(trace, probed=probed, reference="45 euros")
    assert diagnosis.failure in ("missing_content", "off_topic")
    assert diagnosis.advice == "add the missing content to the corpus"
    assert next(cell.state for cell in diagnosis.funnel.rows[0].cells if cell.stage == "index") == "lost"


@pytest.mark.parametrize("name", ["langchain retriever", "llama_index retriever"])
def test_what_a_probe_asks_is_not_recorded(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    live = lives()[name]()
    with weaklink.record() as run:
        probe(badly_retrieved(), live)
    assert run.traces == []
