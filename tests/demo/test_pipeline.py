from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint

import pytest

from weaklink.demo import find_demos, load_cases, open_demo, pipeline
from weaklink.errors import WeaklinkError


class Parrot:
    """A pipeline that says what is scripted."""

    framework = "Parrot"
    steps = {"generate": ("say",)}

    def run(self, case, callbacks=()):
        return case.scripted


@contextmanager
def parrot(local) -> Iterator[Parrot]:
    assert local is None
    yield Parrot()


@pytest.fixture
def installed(monkeypatch):
    """Entry points of two integrations: one that works, and one whose framework is missing."""
    entries = [
        EntryPoint("parrot", f"{__name__}:parrot", pipeline.GROUP),
        EntryPoint("absent", "framework_that_is_not_there.demo:demo", pipeline.GROUP),
    ]

    def entry_points(group: str, name: str | None = None) -> list[EntryPoint]:
        assert group == "weaklink.demos"
        return [entry for entry in entries if name in (None, entry.name)]

    monkeypatch.setattr(pipeline, "entry_points", entry_points)
    monkeypatch.setattr(EntryPoint, "load", _load)


def _load(entry: EntryPoint) -> object:
    if entry.name == "parrot":
        return parrot
    raise ModuleNotFoundError("No module named 'framework_that_is_not_there'", name="framework_that_is_not_there")


def test_the_scripted_demo_needs_no_model(installed):
    case = load_cases()[0]
    with open_demo("parrot", "scripted") as opened:
        assert opened.run(case) == case.scripted


def test_demos_that_cannot_be_imported_are_left_out_of_the_list(installed):
    assert list(find_demos()) == ["parrot"]


def test_a_named_demo_whose_framework_is_missing_says_what_is_missing(installed):
    with pytest.raises(WeaklinkError, match=r"needs framework_that_is_not_there.*pip install"), open_demo("absent"):
        pass


def test_an_unknown_demo_says_how_to_get_one(installed):
    with pytest.raises(WeaklinkError, match=r"no demo in haystack.*pip install"), open_demo("haystack"):
        pass
