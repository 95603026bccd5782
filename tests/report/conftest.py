"""Reports made by hand: nothing is scored or diagnosed here, so only a change of the renderers changes the golden files."""

import pytest

from weaklink.model import Evidence, Score, SpanError, Suspect, TextRange
from weaklink.report import Report, report_of
from weaklink.testing import blame, build, document, scored

QUESTION = "How many seats does the largest meeting room in Ostmere have?"
ROOMS = "The largest room in Ostmere is Heron, with 24 seats; the largest in Calder Bay is Anvil, with 16 seats."
MENTORS = "Mentor and newcomer meet once a week for 30 minutes."
PARKING = "Ostmere has 60 parking places, Calder Bay has 110 and Veldhaven has none."
CANTEEN = "A meal costs 4.80 euros for employees, 7.20 for guests, and 5.10 in Veldhaven."


def dropped_by_reranker() -> Report:
    """A reranker that drops the passage with the answer."""
    found = [
        document(ROOMS, "offices.md", distance=0.3484),
        document(PARKING, "handbook/chapters/offices-and-parking.md", distance=0.7779),
        document(MENTORS, "joining-and-leaving.md", distance=0.8071),
        document(CANTEEN, "pay.md", distance=1.2),
    ]
    kept = [document(MENTORS, "joining-and-leaving.md", score=0.91), document(CANTEEN, "pay.md", score=0.88)]
    answer = "The largest room has 100 seats. I hope this helps!"
    context = f"{MENTORS}\n\n{CANTEEN[:40]}"
    trace = build(
        "handbook:chain > (RunnableMap:chain* > search:retriever), DistanceReranker:reranker, fill:prompt, write:llm, parse:parser",
        QUESTION,
        answer,
        search={"input": QUESTION, "documents": found},
        DistanceReranker={"input": QUESTION, "documents": kept, "candidates": found},
        fill={
            "output": context,
            "attributes": {"template": "Answer from the passages.\n{context}\n\nQuestion: {question}"},
        },
        write={"input": f"{context}\n{QUESTION}", "output": answer, "tokens": (812, 24)},
        parse={"output": answer},
    )
    scores = [
        scored(trace, "search", "relevance", 0.99, "the most relevant of 4 documents is number 1"),
        *(scored(trace, "search", "relevance", value, document=n) for n, value in enumerate((0.99, 0.41, 0.12, 0.05))),
        scored(trace, "DistanceReranker", "relevance", 0.12),
        scored(trace, "DistanceReranker", "relevance", 0.12, document=0),
        scored(trace, "DistanceReranker", "relevance", 0.05, document=1),
        scored(trace, "write", "groundedness", 0.12, "0 of 1 sentence supported"),
        scored(
            trace, "write", "groundedness", 0.12, sentence="The largest room has 100 seats.", label="unsupported",
            detail=("100", "seats"), support=("DistanceReranker", 0, "once a week for 30 minutes"),
        ),
        scored(trace, "write", "groundedness", 1.0, sentence="I hope this helps!", label="not_a_claim"),
    ]  # fmt: skip
    diagnosis = blame(
        trace, "broken", "DistanceReranker", "good_document_dropped",
        "DistanceReranker dropped the passage at rank 1 (relevance .99) and kept 2 whose best has .12.",
        confidence=0.93, cells={"search": 0.99, "DistanceReranker": 0.12, "write": 0.12},
        evidence=(
            Evidence(
                says="The dropped passage names what was asked for.",
                at=TextRange(span_id=trace.spans[2].id, field="documents.0", start=0, end=49, text=ROOMS[:49]),
            ),
        ),
        advice="Check the order of the scores (higher or lower is better), or keep more.",
    )  # fmt: skip
    writer = next(step for step in trace.spans if step.name == "write")
    other = Suspect(
        step={"span_id": writer.id, "name": "write", "kind": "llm", "role": "generate"},  # type: ignore[arg-type]
        failure="unsupported", probability=0.06, summary="Nothing that the model was shown supports its answer.",
    )  # fmt: skip
    return report_of(trace, scores, diagnosis.model_copy(update={"suspects": (*diagnosis.suspects, other)}))


def raised_in_a_tool() -> Report:
    """An agent whose tool raised, with a step of every status."""
    error = SpanError(
        type="httpx.ConnectTimeout", message="timed out after 5.0 s", origin="1",
        causes=("OSError: [Errno 110] Connection timed out",),
        stack=("app/agent.py:31 in plan", "app/tools.py:12 in balance", "httpx/_client.py:900 in send"),
    )  # fmt: skip
    trace = build(
        "agent > planner:llm, balance:tool!, retry:tool[recovered], slow:retriever[cancelled], ask_human:tool[interrupted], "
        "stream:llm[abandoned], lost:tool[incomplete], note:tool",
        "How many vacation days are left?",
        balance={"error": error},
    )
    diagnosis = blame(
        trace, "broken", "balance", "timed_out", "balance failed with ConnectTimeout: timed out after 5.0 s.",
        advice="Raise the timeout, or make the agent stop when the tool fails.",
    )  # fmt: skip
    return report_of(trace, (), diagnosis)


def well_answered() -> Report:
    """A chain that did its part, with one sentence contradicted."""
    answer = "A meal costs 4.80 euros. Guests pay 9.20 euros."
    trace = build(
        "chain > retriever, llm",
        "What does a meal cost?",
        answer,
        retriever={"input": "price of a meal", "documents": [document(CANTEEN, "pay.md", score=0.83)]},
        llm={"input": CANTEEN, "output": answer, "tokens": (310, 12)},
    )
    scores = [
        scored(trace, "retriever", "relevance", 0.97),
        scored(trace, "retriever", "relevance", 0.97, document=0),
        scored(
            trace, "llm", "groundedness", 0.95, sentence="A meal costs 4.80 euros.", label="supported",
            support=("retriever", 0, "A meal costs 4.80 euros for employees"),
        ),
        scored(
            trace, "llm", "groundedness", 0.08, sentence="Guests pay 9.20 euros.", label="contradicted",
            detail=("9.20 (the passage says: 7.20)",), support=("retriever", 0, "7.20 for guests"),
        ),
    ]  # fmt: skip
    return report_of(trace, scores, blame(trace, "degraded", summary="One of two claims is wrong.", confidence=0.999))


def not_known() -> Report:
    """A trace that does not say enough."""
    trace = build(
        "chain > llm",
        "Who wrote it?",
        "Somebody.",
        llm={"output": "Somebody.", "notes": ("input cut at 9 characters",)},
    )
    scores = [Score.unscored(trace.spans[1].id, "groundedness", "the model saw no context that the trace could find")]
    diagnosis = blame(
        trace, "unknown", summary="The trace holds no passages, so nobody can say whether the answer is right.", confidence=0.4,
        capture=("Record the retriever: attach the handler to the whole chain, not to the model alone.",),
    )  # fmt: skip
    return report_of(trace, scores, diagnosis)


EXAMPLES = {
    "dropped_by_reranker": dropped_by_reranker,
    "raised_in_a_tool": raised_in_a_tool,
    "well_answered": well_answered,
    "not_known": not_known,
}


@pytest.fixture(params=EXAMPLES, ids=list(EXAMPLES))
def example(request: pytest.FixtureRequest) -> tuple[str, Report]:
    """Each example with its name."""
    return request.param, EXAMPLES[request.param]()


@pytest.fixture
def dropped() -> Report:
    """The reranker's."""
    return dropped_by_reranker()
