"""What a user can do wrong. Each message says what, why, and what to type."""


class WeaklinkError(Exception):
    """The base of every error that Weaklink raises on purpose."""


class UnknownScorer(WeaklinkError):
    """You named a scorer that no installed package provides."""


class UnknownTrace(WeaklinkError):
    """You asked for a trace that is not in the store."""


class AmbiguousTrace(WeaklinkError):
    """You shortened an id so far that several traces end in it."""


class StoreError(WeaklinkError):
    """The store cannot be opened, read or written."""


class NewerStore(StoreError):
    """You opened a store that a newer version of Weaklink wrote, for writing."""


class MissingPackage(WeaklinkError):
    """You asked for something that needs a package which is not installed."""
