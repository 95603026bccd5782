"""Where a store lies."""

import os
from pathlib import Path

from weaklink.errors import StoreError


def resolve(url_or_path: str | os.PathLike[str]) -> Path:
    """The file behind a path or a `sqlite:///` URL. Raises StoreError for another kind of URL."""
    text = os.fspath(url_or_path)
    scheme, separator, rest = text.partition("://")
    if separator:
        if scheme != "sqlite":
            raise StoreError(
                f"the store {text!r} cannot be opened: {scheme!r} is not a kind of store that is installed; "
                "give a path such as .weaklink/traces.db, or sqlite:///.weaklink/traces.db"
            )
        text = rest.removeprefix("/") if not rest.startswith("//") else rest[1:]
    if not text:
        raise StoreError("the store cannot be opened: its path is empty; give one such as .weaklink/traces.db")
    return Path(text).expanduser()
