"""Users' own scorers: functions, by object or by name."""

from pathlib import Path

import pytest

import weaklink
from weaklink import Score, Trace, WeaklinkError, trace_from
from weaklink.errors import MissingPackage, UnknownScorer
from weaklink.scoring import FunctionScorer, Relevance, as_scorer, scorer_named, scorers_named

TRACE = trace_from("May I leave early?", ["Leave when you like."], "Yes, please do.")


def politeness(trace: Trace) -> float:
    return 1.0 if "please" in trace.answer else 0.0


def only(scores: list[Score]) -> Score:
    (score,) = scores
    return score


def test_a_function_scores_the_whole_call():
    score = only(weaklink.score(TRACE, [politeness]))
    assert (score.span_id, score.name, score.value, score.content) == (
        TRACE.id,
        "politeness",
        1.0,
        TRACE.content_hash,
    )
    assert score.scorer.startswith("function:politeness/")


@pytest.mark.parametrize(
    ("given", "value", "reason"),
    [
        (True, 1.0, ""),
        (0, 0.0, ""),
        ((0.25, "short"), 0.25, "short"),
        (None, None, "it cannot judge this"),
        ((None, "no answer"), None, "no answer"),
    ],
)
def test_what_a_function_may_give(given, value, reason):
    score = only(weaklink.score(TRACE, [FunctionScorer(lambda trace: given, "mine")]))
    assert (score.name, score.value, score.reason) == ("mine", value, reason)


@pytest.mark.parametrize(
    "given", [1.5, -0.1, float("nan"), float("inf"), "good", [0.5], object(), (1, 2, 3), "1" * 500]
)
def test_what_is_no_score_becomes_a_reason(given):
    score = only(weaklink.score(TRACE, [FunctionScorer(lambda trace: given, "mine")]))
    assert score.value is None
    assert "mine gave" in score.reason
    assert len(score.reason) <= 300


def test_a_function_may_point_to_steps():
    def per_document(trace: Trace) -> list[Score]:
        (span,) = trace.of_kind("retriever")
        return [Score(span_id=span.id, name="", value=0.5, document=number) for number in range(len(span.documents))]

    score = only(weaklink.score(TRACE, [per_document]))
    assert (score.name, score.document, score.scorer[:21]) == ("per_document", 0, "function:per_document")


def test_a_function_that_raises_is_a_reason_and_the_others_go_on():
    def broken(trace: Trace) -> float:
        raise ValueError("the model is asleep")

    failed, fine = weaklink.score(TRACE, [broken, politeness])
    assert (failed.value, failed.reason) == (None, "the scorer failed: ValueError: the model is asleep")
    assert fine.value == 1.0


def test_the_version_follows_the_source(tmp_path: Path):
    versions: list[str] = []
    for body in ("return 1.0", "return 0.0", "return 1.0"):
        path = tmp_path / f"mine{len(versions)}.py"
        path.write_text(f"def mine(trace):\n    {body}\n")
        versions.append(scorer_named(f"{path}:mine").version)  # type: ignore[attr-defined]
    assert versions[0] == versions[2] != versions[1]


def test_scorers_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("my_scorers.py").write_text(
        "def short(trace): return len(trace.answer) < 20\n"
        "class Long:\n    name = 'long'\n    def score(self, trace): return []\n"
    )
    names = ["relevance", "short", "long"]
    assert [scorer.name for scorer in scorers_named("relevance, my_scorers.py:short, my_scorers.py:Long,")] == names
    assert [scorer.name for scorer in scorers_named(["my_scorers:short", "my_scorers:short"])] == ["short"]
    assert only(weaklink.score(TRACE, ["my_scorers.py:short"])).value == 1.0


class Point:
    """An entry point, as an installed package offers one."""

    def __init__(self, name: str, found: object) -> None:
        self.name, self._found = name, found

    def load(self) -> object:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    points = [
        Point("politeness", politeness),
        Point("instance", Relevance()),
        Point("family", lambda rest: FunctionScorer(politeness, f"family:{rest}")),
        Point("lacking", ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")),
    ]
    monkeypatch.setattr(
        "weaklink.scoring.named.entry_points",
        lambda group, name=None: [point for point in points if name in (None, point.name)],
    )


@pytest.mark.usefixtures("installed")
def test_packages_offer_scorers_through_entry_points():
    found = scorers_named("politeness,instance,family:strict")
    assert [scorer.name for scorer in found] == ["politeness", "relevance", "family:strict"]
    with pytest.raises(MissingPackage, match=r"needs torch, which could not be imported .*: pip install torch"):
        scorer_named("lacking:model")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("groundednes", "did you mean 'groundedness'"),
        ("nowhere.py:mine", "there is no file nowhere.py"),
        ("no_such_module:mine", "no scorer has that name"),
        ("json:no_such_function", "json has nothing of that name"),
        ("json:decoder", "cannot score with a module"),
        ("family::", "no scorer has that name"),
    ],
)
def test_names_that_name_nothing(name: str, why: str):
    with pytest.raises(UnknownScorer, match=why):
        scorer_named(name)


def test_what_is_no_scorer_is_said():
    with pytest.raises(UnknownScorer, match="cannot score with a int"):
        as_scorer(3)  # type: ignore[arg-type]
    with pytest.raises(WeaklinkError, match="names no scorer"):
        scorers_named(" , ")
