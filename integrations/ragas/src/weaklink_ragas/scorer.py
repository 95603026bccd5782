"""A metric of ragas as a scorer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from weaklink.model import Score, Trace
from weaklink.muting import muted
from weaklink.scoring import Cost
from weaklink_ragas.answers import Answers
from weaklink_ragas.asking import NO_JSON, Asker, JudgeFailed, Sitting, sitting
from weaklink_ragas.background import wait_for
from weaklink_ragas.dry_run import DryAsker
from weaklink_ragas.embeddings import embedder
from weaklink_ragas.judge_models import UnusableJudge, judge_model
from weaklink_ragas.library import ragas_module
from weaklink_ragas.metrics import Metric
from weaklink_ragas.samples import References, Sample, samples

_SHOWN = 300
_MOST_DETAILS = 5
_EXACT = 9  # decimals: ragas divides by (sum + 1e-10)


class RagasScorer:
    """Scores traces with a metric of ragas, which mostly means: with a language model as judge.

    A score is a number from 0 (bad) to 1 (good), or None with the reason: a judge that cannot be reached, takes too long or
    gives no usable answer is no bad score. Metrics where less is better (noise sensitivity) are turned round, and say so.
    """

    def __init__(
        self,
        metric: str | type[Any] | Any,
        llm: Any = None,
        *,
        embeddings: Any = None,
        references: References | None = None,
        concurrency: int = 8,
        timeout: float = 60.0,
        retries: int = 2,
        cache: str | Path | None = None,
        delimited: bool = True,
        **options: Any,
    ) -> None:
        """Score with `metric`: a name ("faithfulness"), a class or an object, of `ragas.metrics.collections` or older.

        `llm` is the judge: a LangChain or LlamaIndex model, one of ragas, or a function from a prompt to a text; by default that
        of the metric object. `embeddings`, of the same, are by default Weaklink's own, which run offline. `references` are right
        answers: a mapping by question, or a function of the trace; by default what the trace recorded as metadata `reference`.

        At most `concurrency` calls run at the same time, each for at most `timeout` seconds, and what fails is tried `retries`
        times again. `cache` is a file that keeps the judge's answers by content; without it they are kept in memory.
        `delimited` puts what is judged between marked lines, which ragas does not. `options` go to the class of the metric.

        Raises UnusableMetric, UnusableJudge, UnusableEmbeddings or MissingPackage, with what to type.
        """
        found = Metric(metric, **options)
        judge = llm if llm is not None else found.own_judge
        if found.needs_judge and judge is None:
            raise UnusableJudge(
                f"cannot score with ragas:{found.name}: it needs a judge, and none is given; "
                f"type: RagasScorer({found.name!r}, llm=ChatOpenAI(model=...))"
            )
        self._references = references
        model = judge_model(judge) if found.needs_judge else None
        embeds = (
            embedder(embeddings if embeddings is not None else found.own_embeddings) if found.needs_embeddings else None
        )
        limits: dict[str, Any] = {
            "concurrency": concurrency,
            "timeout": timeout,
            "retries": retries,
            "delimited": delimited,
        }
        limits["answers"] = Answers(None if cache is None else Path(cache).expanduser())
        self._metric = found.bound(Asker(model, **limits) if model else None, embeds)
        self._rehearsed = found.bound(DryAsker(model, **limits) if model else None, embeds)
        self.name = f"ragas:{metric if isinstance(metric, str) else self._metric.name}"
        self.concurrency = concurrency if found.needs_judge else 1
        self.version = f"{self.name}/{ragas_module('ragas').__version__}"
        self.version += f", judge {model.name}" if model else ""
        self.version += f", embeddings {embeds.name}" if embeds else ""
        self.version += f" ({self._fingerprint(delimited)})"
        self.spent = Cost()
        """What the judge was asked so far."""

    def score(self, trace: Trace) -> list[Score]:
        """One score for each retrieval that fed the answer, and for its documents, or one for the model call that wrote it."""
        return [score for scores in wait_for(self._scores(self._samples(trace))) for score in scores]

    def estimate(self, trace: Trace) -> Cost:
        """What `score(trace)` would ask the judge that it has not been asked before; the judge is not asked."""
        return wait_for(self._estimate(self._samples(trace)))

    def _samples(self, trace: Trace) -> list[Sample]:
        metric = self._metric
        return samples(
            trace, metric.required, metric.optional, of_retrieval=metric.of_retrieval, references=self._references
        )

    async def _scores(self, found: Sequence[Sample]) -> list[list[Score]]:
        with muted():
            return await asyncio.gather(*(self._judged(sample) for sample in found))

    async def _estimate(self, found: Sequence[Sample]) -> Cost:
        total = Cost()
        with muted():
            for sample in found:
                current = Sitting(sample.texts)
                sitting.set(current)
                try:
                    if not sample.missing:
                        await self._rehearsed.value(sample.values)
                except Exception:  # noqa: BLE001 - made-up answers need not fit together; what was asked up to there counts
                    pass
                total += current.cost
        return total

    async def _judged(self, sample: Sample) -> list[Score]:
        if sample.missing:
            return [self._unscored(sample, sample.missing)]
        current = Sitting(sample.texts)
        sitting.set(current)  # of this task alone: gather gives each its own context
        try:
            value, reason = await self._metric.value(sample.values)
        except JudgeFailed as failure:
            return [self._failed(sample, failure)]
        except Exception as error:  # noqa: BLE001 - whatever ragas raises says nothing about what was to be judged
            return [self._failed(sample, _failure_behind(error, current))]
        finally:
            self.spent += current.cost
        return [self._whole(sample, value, reason, current), *self._documents(sample, current)]

    def _whole(self, sample: Sample, value: Any, reason: str, current: Sitting) -> Score:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return self._unscored(sample, f"ragas gave {value!r:.80}, which is no number")
        if number != number:
            if current.failure is not None:
                return self._failed(sample, current.failure)
            return self._unscored(sample, "ragas gave no number: it found nothing in it to judge")
        scaled = round(self._metric.scaled(number), _EXACT)
        if -1 <= scaled < 0 and self._metric.needs_embeddings:
            scaled = 0.0  # a cosine of texts that have nothing to do with each other
        if not 0 <= scaled <= 1:
            return self._unscored(sample, f"ragas gave {number:g}, which is out of its range")
        if self._metric.lower_is_better:
            reason = f"ragas gave {number:.3g}, where less is better" + (f"; {reason}" if reason else "")
        return Score(
            span_id=sample.span_id, name=self.name, value=scaled, reason=reason[:_SHOWN], scorer=self.version,
            detail=_refuted(current),
        )  # fmt: skip

    def _documents(self, sample: Sample, current: Sitting) -> list[Score]:
        """A score for each document, where the judge was asked of each."""
        contexts: list[str] = sample.values.get("retrieved_contexts", [])
        verdicts = [reply for reply in current.replies if "verdict" in reply]
        if not self._metric.of_retrieval or len(verdicts) != len(contexts):
            return []
        return [
            Score(
                span_id=sample.span_id, name=self.name, value=1.0 if verdict["verdict"] else 0.0,
                reason=str(verdict.get("reason", ""))[:_SHOWN], scorer=self.version, document=number,
            )
            for number, verdict in enumerate(verdicts)
        ]  # fmt: skip

    def _failed(self, sample: Sample, failure: JudgeFailed) -> Score:
        score = self._unscored(sample, str(failure))
        return score.model_copy(update={"detail": (failure.said,)}) if failure.said else score

    def _unscored(self, sample: Sample, reason: str) -> Score:
        return Score.unscored(sample.span_id, self.name, reason[:_SHOWN], scorer=self.version)

    def _fingerprint(self, delimited: bool) -> str:
        """Six hex digits of all else that a value depends on."""
        references = self._references
        given = repr(references) if isinstance(references, Mapping) else getattr(references, "__qualname__", "")
        content = f"{self._metric.settings}\0{delimited}\0{given}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=3).hexdigest()


def _failure_behind(error: Exception, current: Sitting) -> JudgeFailed:
    """What went wrong, in words that are the same for the same thing, so that they can be counted."""
    if type(error).__name__ in ("RagasOutputParserException", "OutputParserException"):
        return JudgeFailed(NO_JSON)
    if current.failure is not None:
        return current.failure
    return JudgeFailed(f"ragas failed: {type(error).__name__}: {error}"[:_SHOWN])


def _refuted(current: Sitting) -> tuple[str, ...]:
    """The statements that the judge found no support for, of the last list of statements that it judged."""
    for reply in reversed(current.replies):
        lists = [cast(list[Any], value) for value in reply.values() if isinstance(value, list)]
        judged = [cast(dict[str, Any], item) for item in (lists or [[]])[0] if isinstance(item, dict)]
        judged = [item for item in judged if "statement" in item]
        if judged:
            refuted = [item for item in judged if not item.get("verdict", item.get("attributed"))]
            return tuple(str(item["statement"])[:_SHOWN] for item in refuted[:_MOST_DETAILS])
    return ()
