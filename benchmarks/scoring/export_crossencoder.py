"""Writes the trained cross-encoder as int8 ONNX: python benchmarks/scoring/export_crossencoder.py --model model.pt --base
MODEL_FOLDER.

Needs torch, transformers, onnx and onnxruntime, which weaklink itself does not.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from train_crossencoder import LONGEST, CrossEncoder

TARGET = Path(__file__).resolve().parents[2] / "integrations/models/src/weaklink_models/weights"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=TARGET)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    model = CrossEncoder(given.base)
    model.load_state_dict(torch.load(given.model, weights_only=True))
    model.eval()
    inputs = tuple(torch.ones((2, 12), dtype=torch.int64) for _ in range(4))
    names = ["ids", "attention", "segments", "marks"]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            model,
            inputs,
            str(plain),
            input_names=names,
            output_names=["tokens", "claim", "answers"],
            dynamic_axes={name: {0: "pairs", 1: "length"} for name in (*names, "tokens")}
            | {name: {0: "pairs"} for name in ("claim", "answers")},
            opset_version=17,
            dynamo=False,
        )
        target = given.out / "crossencoder.onnx"
        quantize_dynamic(plain, target, per_channel=True, weight_type=QuantType.QInt8)
    tokenizer = Tokenizer.from_file(str(given.base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(given.out / "tokenizer.json"), pretty=False)
    print(json.dumps({path.name: path.stat().st_size for path in given.out.iterdir()}), LONGEST)


if __name__ == "__main__":
    main()
