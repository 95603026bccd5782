"""The end of a worker process of `multiprocessing`, which runs no `atexit` function."""

import sys
from collections.abc import Callable

# Below zero: after the worker's own finalizers, which may still record something.
_LAST = -100


def close_with_worker(close: Callable[[], None]) -> None:
    """Call `close` when this process ends, where it is a worker of multiprocessing (fork, forkserver); else do nothing."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, close, exitpriority=_LAST)
