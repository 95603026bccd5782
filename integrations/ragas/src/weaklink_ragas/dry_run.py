"""What a metric would ask, found out by letting it run with answers that are made up."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from weaklink.scoring import Cost
from weaklink_ragas.asking import Asker, sitting
from weaklink_ragas.fence import fence
from weaklink_ragas.judge_models import tokens_in

_T = TypeVar("_T")
_SCHEMA = re.compile(r"JSON Schema:\s*(?=\{)")
_SENTENCE_ENDS = re.compile(r"[.!?](?:\s|$)|\n+")
_REASON = "The passage states this in its second sentence, with the same number and the same name."
_MOST_STATEMENTS = 20


class DryAsker(Asker):
    """Asks nobody: it counts, and answers with what has the right form. What is known already costs nothing."""

    async def ask(self, prompt: str, understand: Callable[[str], _T], expected: type[Any] | None = None) -> _T:
        """An invented answer, whose cost is that of a real one of its length."""
        current = sitting.get()
        number = current.asked[prompt]
        current.asked[prompt] += 1
        sent = fence(prompt, current.texts) if self.delimited else prompt
        with suppress(ValueError, sqlite3.Error):
            if (kept := self.answers.get(self.key(sent, number))) is not None:
                return understand(kept)
        schema = expected.model_json_schema() if expected is not None else _schema_in(prompt)
        count = max(1, min(_MOST_STATEMENTS, len(_SENTENCE_ENDS.findall(max(current.texts, key=len, default="")))))
        text = "2" if schema is None else json.dumps(_invented(schema, schema, count))
        current.cost += Cost(1, tokens_in(sent), tokens_in(text), self.answers.seconds(self.model.name))
        return understand(text)


def _schema_in(prompt: str) -> dict[str, Any] | None:
    """The older metrics name the form of the answer in the prompt alone."""
    found = _SCHEMA.search(prompt)
    if found is None:
        return None
    with suppress(ValueError):
        return json.JSONDecoder().raw_decode(prompt, found.end())[0]
    return None


def _invented(schema: dict[str, Any], whole: dict[str, Any], count: int) -> Any:
    """A value that fits `schema`, with `count` items in each list."""
    if "$ref" in schema:
        return _invented(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, count)
    for choice in ("anyOf", "allOf", "oneOf"):
        if choice in schema:
            return _invented(schema[choice][0], whole, count)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: _invented(part, whole, count) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_invented(schema.get("items", {"type": "string"}), whole, count)] * count
    # 2 is true, and a rating that every scale has: 0 to 2; 0, 2 or 4; 1 to 5.
    return {"integer": 2, "number": 1.0, "boolean": True, "null": None}.get(str(kind), _REASON)
