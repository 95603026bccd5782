"""A frozen copy of a value, taken on the caller's thread within a budget and without running the value's own code.

Strings are shared, containers are copied, and what JSON cannot say becomes a marked object (`weaklink.model.TYPE_KEY`).
Nothing here calls `repr`, `str`, `bool`, `len`, `isinstance` or an attribute of an unknown object: user code behind them may
hang, raise, or raise a BaseException that would end the host's chain.
"""

from weaklink.snapshot.budget import Budget, Encoder, Passage
from weaklink.snapshot.marks import LONG_TEXT, MARK, marked, type_name
from weaklink.snapshot.snapshotter import Snapshotter

__all__ = ["LONG_TEXT", "MARK", "Budget", "Encoder", "Passage", "Snapshotter", "marked", "type_name"]
