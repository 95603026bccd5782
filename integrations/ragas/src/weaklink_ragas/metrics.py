"""The metrics of ragas: found by name, bound to a judge, and asked in one way, whether of the collections or older."""

from __future__ import annotations

import copy
import difflib
import inspect
import re
import warnings
from typing import Any

from weaklink.errors import UnknownScorer
from weaklink_ragas.asking import Asker
from weaklink_ragas.embeddings import Embedder, NewEmbeddings, OlderEmbeddings
from weaklink_ragas.judges import StructuredJudge, TextJudge
from weaklink_ragas.library import ragas_module

_base: Any = ragas_module("ragas.metrics.base")
_collections: Any = ragas_module("ragas.metrics.collections")
_older: Any = ragas_module("ragas.metrics")
_schema: Any = ragas_module("ragas.dataset_schema")

_KNOWN_FIELDS = frozenset(
    {
        "user_input", "response", "retrieved_contexts", "reference", "reference_contexts", "retrieved_context_ids",
        "reference_context_ids",
    }
)  # fmt: skip
_LOWER_IS_BETTER = ("NoiseSensitivity",)
# SimpleBaseMetric is the base of the collections, and of the metrics that users make with ragas's decorators.
_NEW: Any = _base.SimpleBaseMetric


class UnusableMetric(UnknownScorer):
    """You named a metric that cannot score a trace."""


class Metric:
    """One metric of ragas."""

    def __init__(self, given: str | type[Any] | Any, **options: Any) -> None:
        """`given` is a name such as "faithfulness", a class, or an object, which is not changed. `options` go to the class.

        Raises UnusableMetric where it cannot score a trace, or where there is no such metric.
        """
        self._given = _class_named(given) if isinstance(given, str) else given
        self._options = options
        self.type: type[Any] = self._given if isinstance(self._given, type) else type(self._given)
        self.is_new = issubclass(self.type, _NEW)
        if not self.is_new and not issubclass(self.type, _base.SingleTurnMetric):
            raise UnusableMetric(
                f"cannot score with {self.type.__name__}: it is no metric of ragas that judges a single question; "
                "type: RagasScorer('faithfulness', llm=...)"
            )
        if "MultiModal" in self.type.__name__:
            raise UnusableMetric(
                f"cannot score with {self.type.__name__}: it judges pictures, and a trace holds text; "
                "use ragas:faithfulness or ragas:answer_relevancy"
            )
        self.needs_judge = self._has("llm", _base.MetricWithLLM)
        self.needs_embeddings = self._has("embeddings", _base.MetricWithEmbeddings)
        self.required, self.optional = self._fields()
        self.of_retrieval = "Context" in self.type.__name__
        self.lower_is_better = self.type.__name__.strip("_") in _LOWER_IS_BETTER
        self._bound: Any = None

    @property
    def name(self) -> str:
        """As ragas calls it."""
        return str(getattr(self._bound or self._given, "name", "")) or _snake(self.type.__name__)

    @property
    def own_judge(self) -> Any:
        """The language model that the object came with; None without one."""
        return None if isinstance(self._given, type) else getattr(self._given, "llm", None)

    @property
    def own_embeddings(self) -> Any:
        """The embedding model that the object came with; None without one."""
        return None if isinstance(self._given, type) else getattr(self._given, "embeddings", None)

    def bound(self, asker: Asker | None, embeddings: Embedder | None) -> Metric:
        """The same metric, which asks through `asker` and embeds with `embeddings`."""
        parts: dict[str, Any] = {}
        if asker is not None and self.needs_judge:
            parts["llm"] = StructuredJudge(asker) if self.is_new else TextJudge(asker)
        if embeddings is not None and self.needs_embeddings:
            parts["embeddings"] = NewEmbeddings(embeddings) if self.is_new else OlderEmbeddings(embeddings)
        found = copy.copy(self)
        if isinstance(self._given, type):
            found._bound = _made(self._given, parts, self._options)
        else:
            found._bound = copy.copy(self._given)
            for name, part in parts.items():
                setattr(found._bound, name, part)
        if not self.is_new:
            found._bound.init(ragas_module("ragas.run_config").RunConfig())
        return found

    async def value(self, values: dict[str, Any]) -> tuple[Any, str]:
        """What ragas makes of a sample, as it is, with its reason. Raises whatever ragas raises."""
        if not self.is_new:
            # Not `single_turn_ascore`: it makes an event of analytics for each sample, and with it a file in the user's home.
            return await self._bound._single_turn_ascore(sample=_schema.SingleTurnSample(**values), callbacks=[]), ""
        result = await self._bound.ascore(**values)
        return getattr(result, "value", result), str(getattr(result, "reason", None) or "")

    def scaled(self, value: float) -> float:
        """The value as 0 (bad) to 1 (good)."""
        low, high = self._range()
        share = (value - low) / (high - low)
        return 1.0 - share if self.lower_is_better else share

    @property
    def settings(self) -> str:
        """All that its values depend on beside the judge: its options and its prompts."""
        bound = self._bound or self._given
        shown = {key: _shown(value) for key, value in sorted(getattr(bound, "__dict__", {}).items())}
        return repr({key: value for key, value in shown.items() if value is not None})

    def _range(self) -> tuple[float, float]:
        allowed = getattr(self._bound, "allowed_values", None)
        if self.is_new and isinstance(allowed, tuple) and len(allowed) == 2:  # pyright: ignore[reportUnknownArgumentType]
            return float(allowed[0]), float(allowed[1])  # pyright: ignore[reportUnknownArgumentType]
        return 0.0, 1.0

    def _has(self, part: str, older_base: type[Any]) -> bool:
        if not self.is_new:
            return issubclass(self.type, older_base)
        is_asked_for = part in inspect.signature(self.type.__init__).parameters
        return is_asked_for if isinstance(self._given, type) else getattr(self._given, part, None) is not None

    def _fields(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names of what it must and what it may be given."""
        required, optional = self._new_fields() if self.is_new else self._older_fields()
        unknown = sorted(required - _KNOWN_FIELDS)
        if unknown:
            raise UnusableMetric(
                f"cannot score with {self.type.__name__}: it asks for {', '.join(unknown)}, which a trace does not hold; "
                "use a metric of single questions, such as ragas:faithfulness"
            )
        return required, optional & _KNOWN_FIELDS

    def _new_fields(self) -> tuple[frozenset[str], frozenset[str]]:
        parameters = [p for name, p in inspect.signature(self.type.ascore).parameters.items() if name != "self"]
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        conversations = {p.name for p in named if p.name == "user_input" and "list" in str(p.annotation).lower()}
        required = frozenset(p.name for p in named if p.default is p.empty)
        renamed = {f"{name} as a conversation" for name in conversations & required}
        return (required - conversations) | renamed, frozenset(p.name for p in named) - required

    def _older_fields(self) -> tuple[frozenset[str], frozenset[str]]:
        made = _made(self._given, {}, self._options) if isinstance(self._given, type) else self._given
        columns: set[str] = set(made._required_columns.get(_base.MetricType.SINGLE_TURN, ()))
        optional = {name.removesuffix(":optional") for name in columns if name.endswith(":optional")}
        return frozenset(name for name in columns if ":" not in name), frozenset(optional)


def metric_names() -> list[str]:
    """The names that `RagasScorer` takes, those of the collections first."""
    return list(_classes())


def _classes() -> dict[str, type[Any]]:
    """By name; where the collections and the older metrics have the same, that of the collections."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # ragas: "import it from collections"
        older = {
            name.strip("_"): getattr(_older, name) for name in dir(_older) if name[:1] == "_" and name[1:2].isupper()
        }
    older = {
        name: found for name, found in older.items() if isinstance(found, type) and issubclass(found, _base.Metric)
    }
    newer = {name: getattr(_collections, name) for name in _collections.__all__}
    newer = {name: found for name, found in newer.items() if isinstance(found, type) and issubclass(found, _NEW)}
    newer.pop("BaseMetric", None)
    return {_snake(name): found for name, found in (older | newer).items()}


def _class_named(name: str) -> type[Any]:
    classes = _classes()
    wanted = _snake(name).replace("-", "_")
    if wanted in classes:
        return classes[wanted]
    close = difflib.get_close_matches(wanted, classes, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(close)}?" if close else f"use one of {', '.join(classes)}"
    raise UnusableMetric(f"cannot score with ragas:{name}: ragas has no metric of that name; {meant}")


def _made(kind: type[Any], parts: dict[str, Any], options: dict[str, Any]) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return kind(**parts, **options)
    except ImportError as error:  # "rapidfuzz is required for ...: pip install rapidfuzz"
        from weaklink.errors import MissingPackage

        raise MissingPackage(f"cannot score with {kind.__name__}: {error}") from error
    except TypeError as error:
        raise UnusableMetric(
            f"cannot score with {kind.__name__}: it cannot be made without more options ({error}); "
            "make the metric yourself: RagasScorer(metric, llm=...)"
        ) from error


def _snake(name: str) -> str:
    """ "NonLLMStringSimilarity" is "non_llm_string_similarity"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _shown(value: Any) -> str | None:
    if isinstance(value, str | int | float | bool | list | tuple | dict):
        return repr(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(instruction := getattr(value, "instruction", None), str):
        return f"{instruction} {getattr(value, 'examples', '')!r}"
    return None
