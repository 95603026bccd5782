"""A judge whose verdicts are known, and a trace to judge."""

import pytest

from weaklink import Trace, trace_from
from weaklink_ragas.testing import ScriptedJudge


@pytest.fixture
def judge() -> ScriptedJudge:
    return ScriptedJudge()


@pytest.fixture
def trace() -> Trace:
    """One of two passages is right, and one of two sentences."""
    return trace_from(
        "What?",
        ["The largest room in Ostmere is Heron.", "Standby pay is 45 euros."],
        "Standby pay is 45 euros. It is paid monthly.",
    )
