import subprocess
import sys

import numpy as np
import pytest

from weaklink.scoring import embedding
from weaklink.scoring.embedding import DIMENSIONS, embed, similarity


def test_rows_have_length_one_and_odd_texts_give_no_nan():
    vectors = embed(["paid vacation", "", "\x00", "\ud800", "日本語", "word " * 30_000])
    assert vectors.shape == (6, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    lengths = np.linalg.norm(vectors, axis=1)
    assert all(abs(length - 1) < 1e-5 or length == 0 for length in lengths)


def test_no_texts_give_no_rows():
    assert embed([]).shape == (0, DIMENSIONS)


def test_similar_texts_are_alike():
    alike = similarity("How many vacation days do I get?", "Employees receive 25 days of paid vacation.")
    apart = similarity("How many vacation days do I get?", "The server runs Linux.")
    assert alike is not None
    assert apart is not None
    assert alike > apart + 0.2


def test_a_missing_model_is_said(monkeypatch):
    monkeypatch.setattr(embedding, "_model", lambda: None)
    assert similarity("a", "b") is None
    with pytest.raises(RuntimeError, match="pip install wordllama"):
        embed(["a"])


def test_loading_the_model_leaves_the_logging_of_the_host_alone():
    code = (
        "import logging; root = logging.getLogger(); before = (list(root.handlers), root.level);"
        "from weaklink.scoring.embedding import is_available; assert is_available();"
        "assert (list(root.handlers), root.level) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
