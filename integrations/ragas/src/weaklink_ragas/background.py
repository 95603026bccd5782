"""One event loop for all judges, on a thread of its own: it works the same beside any loop of the host, and beside none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from functools import cache
from typing import Any, TypeVar

_T = TypeVar("_T")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    # One for the life of the process: clients of models keep connections that belong to a loop.
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="weaklink-judge", daemon=True).start()
    return loop


def wait_for(work: Coroutine[Any, Any, _T]) -> _T:
    """Run `work` on the loop, and wait for what it returns or raises. Whoever is interrupted while waiting cancels it."""
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def in_thread(function: Callable[..., _T], *arguments: Any) -> _T:
    """What `function` returns, called in a thread that keeps no process from leaving; that of asyncio.to_thread would."""
    context = copy_context()  # also there nothing is recorded
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def work() -> None:
        try:
            result, error = context.run(function, *arguments), None
        except Exception as raised:  # noqa: BLE001 - it is raised again where somebody waits
            result, error = None, raised
        loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="weaklink-judge-call", daemon=True).start()
    return await done
