"""Recording: the hot path on the caller's thread, and the writer's thread behind it."""

from weaklink.recorder.open_span import OpenSpan
from weaklink.recorder.queue import Counts
from weaklink.recorder.recorder import Recorder
from weaklink.recorder.registry import flush, recorder_for

__all__ = ["Counts", "OpenSpan", "Recorder", "flush", "recorder_for"]
