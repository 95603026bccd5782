"""Where a store lies: paths and URLs."""

from pathlib import Path

import pytest

from weaklink.errors import StoreError
from weaklink.settings import load_settings
from weaklink.store import SQLiteStore, open_store
from weaklink.store.location import resolve


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("traces.db", Path("traces.db")), ("/a/b.db", Path("/a/b.db")), (Path("/a/b.db"), Path("/a/b.db")),
        ("sqlite:///a/b.db", Path("a/b.db")), ("sqlite:////a/b.db", Path("/a/b.db")),
        ("a name with spaces.db", Path("a name with spaces.db")),
        ("C:\\traces.db", Path("C:\\traces.db")), ("~/x.db", Path.home() / "x.db"), ("sqlite:///~/x.db", Path.home() / "x.db"),
    ],
)  # fmt: skip
def test_a_path_or_url_names_a_file(given: str | Path, path: Path):
    assert resolve(given) == path


@pytest.mark.parametrize("url", ["postgres://host/db", "http://host/x", "clickhouse://x", "file:///a.db"])
def test_another_kind_of_url_says_what_to_give(url: str):
    with pytest.raises(StoreError) as raised:
        open_store(url)
    kind = url.split(":")[0]
    assert str(raised.value) == (
        f"the store {url!r} cannot be opened: {kind!r} is not a kind of store that is installed; "
        "give a path such as .weaklink/traces.db, or sqlite:///.weaklink/traces.db"
    )


@pytest.mark.parametrize("empty", ["", "sqlite://", "sqlite:///"])
def test_an_empty_path_is_an_error(empty: str):
    with pytest.raises(StoreError, match="its path is empty"):
        resolve(empty)


def test_the_environment_names_the_store_and_an_argument_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    default = open_store()
    assert isinstance(default, SQLiteStore)
    assert default.path == Path(".weaklink/traces.db")
    (tmp_path / "pyproject.toml").write_text('[tool.weaklink]\nstore = "project.db"\n')
    assert load_settings().store == "project.db"
    monkeypatch.setenv("WEAKLINK_STORE", "sqlite:///environment.db")
    from_environment = open_store()
    assert isinstance(from_environment, SQLiteStore)
    assert from_environment.path == Path("environment.db")
    assert load_settings(store="argument.db").store == "argument.db"
    assert not any(tmp_path.glob("*.db"))
