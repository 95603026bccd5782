"""A viewer over a store with a few traces, without a network: requests go to the application itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from weaklink import open_store
from weaklink.model import Trace
from weaklink.testing import build, document
from weaklink.viewer.app import create_app

TOKEN = "test-token-0123456789"
HOST = "127.0.0.1:8765"
STANDBY = "Standby pay is 45 euros for a weekday night."
OTHER = document("Laptops are new.", "it.md", score=0.3)
ROOMS = "The largest room in Ostmere is Heron, with 24 seats."


def answered(question: str, passage: str, answer: str, trace_id: int, second: int = 0) -> Trace:
    """A chain that retrieved a passage and another one, and answered."""
    trace = build(
        "handbook:chain > search:retriever, fill:prompt, (glue:chain* > write:llm)",
        question,
        answer,
        trace_id=trace_id,
        search={"input": question, "documents": [document(passage, "handbook.md", score=0.8), OTHER]},
        fill={
            "input": {"context": passage, "question": question},
            "output": f"{passage}\n{OTHER.content}\n{question}",
            "attributes": {"template": "Answer from {context}: {question}"},
        },
        write={"input": f"{passage}\n{OTHER.content}\n{question}", "output": answer,
               "model": {"name": "small-1", "parameters": {"temperature": 0.2}}},
    )  # fmt: skip
    return Trace.of(span.model_copy(update={"start_ns": span.start_ns + second * 10**9}) for span in trace.spans)


RIGHT = answered("How many seats does the largest room in Ostmere have?", ROOMS, "The largest room has 24 seats.", 0xA1)
WRONG = answered(
    "How much is standby pay for a weekday night?", STANDBY, "Standby pay is 60 euros for a weekday night.", 0xB2, 1
)


@pytest.fixture
def filled(store_path: Path) -> Path:
    """A store with two traces, one of them wrong."""
    store = open_store(store_path)
    store.write([RIGHT, WRONG])
    store.close()
    return store_path


@pytest.fixture
def client(filled: Path) -> Iterator[TestClient]:
    """Somebody who has the token."""
    app = create_app(filled, token=TOKEN, examine=False)
    with TestClient(app, base_url=f"http://{HOST}", follow_redirects=False) as made:  # type: ignore[arg-type]
        made.headers["Authorization"] = f"Bearer {TOKEN}"
        yield made
