"""The live store tells a bad search from a gap in the corpus."""

import pytest

from weaklink.diagnosis import diagnose, probe
from weaklink.diagnosis.probe import NothingToProbe
from weaklink.testing import build

from .conftest import PARKING, QUESTION, SICK, VACATION

CORPUS = [PARKING, SICK, "Canteen: A meal costs 4.80 euros.", "Badges are returned on the last day.", VACATION]


def searching(corpus):
    calls = []

    def search(query, k):
        calls.append((query, k))
        return corpus[:k]

    search.calls = calls
    return search


def test_a_deeper_search_that_finds_the_passage_says_missed_and_names_the_k(chain):
    trace = chain(found=(PARKING, SICK), answer="An employee has 60 days of vacation.")
    probed = probe(trace, searching(CORPUS))
    diagnosis = diagnose(trace, probed=probed)
    assert (diagnosis.verdict, diagnosis.culprit.name, diagnosis.failure) == ("broken", "retriever", "missed")
    assert probed.rank == 5
    assert "raise k to 5" in diagnosis.advice
    assert "28 days" in diagnosis.evidence[0].says


def test_a_deeper_search_that_finds_nothing_keeps_the_finding_and_says_so(chain):
    trace = chain(found=(PARKING, SICK), answer="An employee has 60 days of vacation.")
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


def test_a_trace_without_a_retriever_cannot_be_probed():
    with pytest.raises(NothingToProbe, match="no retriever"):
        probe(build("chain > llm", "Why?"), searching(CORPUS))
