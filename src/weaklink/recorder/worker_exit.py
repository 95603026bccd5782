"""The end of a worker process, which runs no `atexit` function: those of multiprocessing, and of Celery's pool."""

import sys
from collections.abc import Callable
from typing import Any

# Below zero: after the worker's own finalizers, which may still record something.
_LAST = -100


def close_with_worker(close: Callable[[], None]) -> None:
    """Call `close` when this process ends, where it is a worker: of multiprocessing (fork, forkserver), of Celery (prefork).

    In other processes it does nothing.
    """
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, close, exitpriority=_LAST)
    # Celery's workers leave through os._exit, right after this signal (billiard 4.3); only they send it.
    signals = sys.modules.get("celery.signals")
    if signals is not None:

        def at_shutdown(**told: Any) -> None:
            close()

        signals.worker_process_shutdown.connect(at_shutdown, weak=False)
