"""Asking the judge: once per content, not too many at a time, not for ever, and again where it could not be understood."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from weaklink.errors import WeaklinkError
from weaklink.scoring import Cost
from weaklink_ragas.answers import Answers
from weaklink_ragas.fence import fence
from weaklink_ragas.judge_models import JudgeModel, Reply, tokens_in

_T = TypeVar("_T")
_FIRST_PAUSE_S = 0.5
_SHOWN = 200
NO_JSON = "the judge's answer was no JSON of the form that was asked for"
_CORRECTION = """{prompt}

Your answer before could not be used ({problem}):
{answer}

Answer again, with the JSON alone.
"""


class JudgeFailed(WeaklinkError):
    """The judge gave nothing that can be used, which says nothing about what it was to judge."""

    def __init__(self, reason: str, said: str = "") -> None:
        """`reason` is for people, `said` the beginning of what the judge wrote."""
        super().__init__(reason)
        self.said = said[:_SHOWN]


@dataclass(slots=True)
class Sitting:
    """What the judge was asked and said about one sample."""

    texts: tuple[str, ...] = ()
    """The sample's texts: what is data in a prompt."""
    replies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The answers that were understood, as JSON objects, in order."""
    cost: Cost = field(default_factory=Cost)
    failure: JudgeFailed | None = None
    """The last one: ragas swallows some."""
    asked: Counter[str] = field(default_factory=Counter[str])
    failed: dict[str, JudgeFailed] = field(default_factory=dict[str, JudgeFailed])
    """By prompt: some metrics ask five times for the same."""


sitting: ContextVar[Sitting] = ContextVar("weaklink_ragas_sitting")


class Asker:
    """Asks one judge."""

    def __init__(
        self, model: JudgeModel, *, answers: Answers, concurrency: int, timeout: float, retries: int, delimited: bool
    ) -> None:
        """`timeout` is in seconds a call; `retries` is how often a call that failed is made again, later each time."""
        self.model = model
        self.answers = answers
        self._at_once = asyncio.Semaphore(concurrency)
        self._timeout = timeout
        self._retries = retries
        self.delimited = delimited

    async def ask(self, prompt: str, understand: Callable[[str], _T], expected: type[Any] | None = None) -> _T:
        """What `understand` makes of the judge's answer; it raises ValueError where it cannot. Raises JudgeFailed."""
        current = sitting.get()
        if prompt in current.failed:
            raise current.failed[prompt]
        # A metric that asks for the same several times wants several answers.
        number = current.asked[prompt]
        current.asked[prompt] += 1
        sent = fence(prompt, current.texts) if self.delimited else prompt
        key = self.key(sent, number)
        with suppress(ValueError, sqlite3.Error):
            if (kept := self.answers.get(key)) is not None:
                return _noted(current, kept, understand)
        try:
            return await self._asked(sent, key, understand, expected)
        except JudgeFailed as failure:
            current.failed[prompt] = current.failure = failure
            raise

    def key(self, sent: str, number: int) -> str:
        """Under which an answer is kept: the judge, all that it is sent, and for which time."""
        content = f"{self.model.name}\0{number}\0{sent}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    async def _asked(self, sent: str, key: str, understand: Callable[[str], _T], expected: type[Any] | None) -> _T:
        prompt, failure = sent, JudgeFailed("the judge was not asked")
        for attempt in range(self._retries + 1):
            if attempt and not failure.said:  # it could not be reached: give it time
                await asyncio.sleep(_FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
            try:
                reply, seconds = await self._reply(prompt, expected)
            except JudgeFailed as raised:
                failure = raised
                continue
            try:
                understood = _noted(sitting.get(), reply.text, understand)
            except ValueError as error:
                failure = JudgeFailed(NO_JSON, reply.text or "(nothing)")
                prompt = _CORRECTION.format(prompt=sent, problem=_problem(error), answer=reply.text[:_SHOWN])
                continue
            with suppress(sqlite3.Error):  # an answer that cannot be kept is still an answer
                self.answers.put(key, self.model.name, reply.text, seconds)
            return understood
        raise failure

    async def _reply(self, prompt: str, expected: type[Any] | None) -> tuple[Reply, float]:
        """What the judge wrote, and how many seconds it took, without waiting for its turn. Raises JudgeFailed."""
        seconds = 0.0
        try:
            async with self._at_once:
                began = time.monotonic()
                reply = await asyncio.wait_for(self.model.ask(prompt, expected), self._timeout)
                seconds = time.monotonic() - began
        except TimeoutError:
            raise JudgeFailed(f"the judge did not answer within {self._timeout:g} s") from None
        except Exception as error:
            raise JudgeFailed(f"the judge failed: {type(error).__name__}: {error}"[:_SHOWN]) from error
        current = sitting.get()
        sent = tokens_in(prompt) if reply.input_tokens is None else reply.input_tokens
        written = tokens_in(reply.text) if reply.output_tokens is None else reply.output_tokens
        current.cost += Cost(1, sent, written, seconds)
        return reply, seconds


def _noted(current: Sitting, text: str, understand: Callable[[str], _T]) -> _T:
    understood = understand(text)
    with suppress(ValueError):  # a text may be understood and be no JSON
        found = json_in(text)
        if isinstance(found, dict):
            current.replies.append(cast(dict[str, Any], found))
    return understood


def json_in(text: str) -> Any:
    """The first JSON object or list in what a model wrote. Raises ValueError where there is none."""
    decoder = json.JSONDecoder()
    at = -1
    while (at := min((i for i in (text.find("{", at + 1), text.find("[", at + 1)) if i >= 0), default=-1)) >= 0:
        with suppress(ValueError, RecursionError):
            return decoder.raw_decode(text, at)[0]
    raise ValueError("there is no JSON in it")


def _problem(error: ValueError) -> str:
    """What is wrong with an answer, in one line."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    first = errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg'].lower()}" if place else str(first["msg"]).lower()
