"""What the real SmolLM2-135M-Instruct says, asked once and recorded beside this file, so that a run needs no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded" / "smollm2.jsonl"
MAX_TOKENS = 64
CLOSED_BOOK = "Answer the question in one or two short sentences.\n\nQuestion: {question}"


def key_of(prompt: str) -> str:
    """Names a prompt in the recording, which holds no text of the data sets."""
    return hashlib.blake2b(prompt.encode(), digest_size=8).hexdigest()


class SmolLM:
    """Answers from the recording; with `live` it asks the model for what is not there, and records it."""

    def __init__(self, path: Path = RECORDED, *, live: bool = False) -> None:
        self.path, self.live = path, live
        self.stack = ExitStack()
        self._model: Any = None
        self.known: dict[str, str] = {}
        if path.is_file():
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                self.known[row["prompt"]] = row["answer"]

    def __enter__(self) -> SmolLM:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def says(self, prompt: str) -> str | None:
        """The model's answer at temperature 0; None where it is not recorded and the model is not asked."""
        key = key_of(prompt)
        if key not in self.known and self.live:
            self.known[key] = self._ask(prompt)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"prompt": key, "answer": self.known[key]}, ensure_ascii=False) + "\n")
        return self.known.get(key)

    def record(self, prompts: Sequence[str]) -> int:
        """Asks what is not recorded yet; returns how many prompts that were."""
        new = [prompt for prompt in dict.fromkeys(prompts) if key_of(prompt) not in self.known]
        for prompt in new:
            self.says(prompt)
        return len(new)

    def _ask(self, prompt: str) -> str:
        import httpx

        if self._model is None:
            from weaklink.demo.llm_server import serve_model
            from weaklink.demo.model import fetch_model

            self._model = self.stack.enter_context(serve_model(fetch_model()))
        body = {
            "model": self._model.name, "temperature": 0, "seed": 7, "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": prompt}],
        }  # fmt: skip
        with httpx.Client(trust_env=False, timeout=120) as client:
            reply = client.post(f"{self._model.base_url}/chat/completions", json=body)
        return str(reply.json()["choices"][0]["message"]["content"]).strip()
