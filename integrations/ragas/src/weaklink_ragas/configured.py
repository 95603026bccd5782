"""`weaklink score --with ragas:faithfulness`: the judge out of the settings."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

from weaklink.errors import UnknownScorer, WeaklinkError
from weaklink.scoring.named import found_in_code
from weaklink.settings import load_settings
from weaklink_ragas.judge_models import UnusableJudge
from weaklink_ragas.scorer import RagasScorer

_HOW = (
    "WEAKLINK_JUDGE=openai:gpt-4o-mini (any provider that LangChain knows), "
    "WEAKLINK_JUDGE=http://127.0.0.1:8080/v1#model-name (a server that speaks as OpenAI's does), or "
    "WEAKLINK_JUDGE=my_judge.py:llm (yours: a LangChain or LlamaIndex model, or a function of a prompt)"
)


def scorer_named(metric: str) -> RagasScorer:
    """The scorer `ragas:METRIC`, with the judge, the embeddings and the references that the settings name."""
    settings = load_settings()
    cache = Path(settings.store).parent / "judge.db" if "://" not in settings.store else None
    try:
        return RagasScorer(
            metric,
            judge_named(settings.judge) if settings.judge else None,
            embeddings=_object(settings.judge_embeddings) if settings.judge_embeddings else None,
            references=references_in(settings.references) if settings.references else None,
            concurrency=settings.judge_concurrency,
            timeout=settings.judge_timeout,
            cache=cache,
        )
    except UnusableJudge as error:
        if settings.judge:
            raise
        raise UnusableJudge(
            f"cannot score with ragas:{metric}: it needs a judge, and none is set; set {_HOW}"
        ) from error


def judge_named(named: str) -> Any:
    """The language model that the setting names. Raises UnusableJudge where there is none."""
    if named.startswith(("http://", "https://")):
        from langchain_openai import ChatOpenAI

        address, _, model = named.partition("#")
        key: Any = os.environ.get("OPENAI_API_KEY") or "not-needed"
        return ChatOpenAI(base_url=address, model=model or "default", api_key=key, temperature=0, max_retries=0)
    if (found := _object(named)) is not None:
        return found
    from langchain.chat_models import init_chat_model

    try:
        return init_chat_model(named, temperature=0)
    except (ImportError, ValueError) as error:
        raise UnusableJudge(f"cannot judge with {named!r}: {error}; set {_HOW}") from error


def references_in(path: str) -> dict[str, Any]:
    """The right answers in a file: JSON lines or CSV with `question` and `reference`, and any of `reference_contexts`.

    Raises WeaklinkError where the file cannot be read.
    """
    file = Path(path).expanduser()
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = (
                list(csv.DictReader(lines))
                if file.suffix == ".csv"
                else [json.loads(one) for one in lines if one.strip()]
            )
        return {str(row["question"]): {key: value for key, value in row.items() if key != "question"} for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeaklinkError(
            f"cannot read references from {path}: {type(error).__name__}: {error}; "
            'write lines such as {"question": "How many days?", "reference": "28 days."}'
        ) from error


def _object(named: str) -> Any | None:
    """What `file.py:name` or `module:name` names; None where it names no Python code."""
    source, _, attribute = named.rpartition(":")
    if not source or not attribute.isidentifier():
        return None
    try:
        return found_in_code(source, attribute)
    except UnknownScorer:
        if source.endswith(".py"):
            raise
        return None  # "mistralai:magistral" is a provider and its model, and mistralai a module
