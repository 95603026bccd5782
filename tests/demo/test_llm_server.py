import importlib
import json
import urllib.request

import pytest

from weaklink.demo.llm_server import reading_threads, serve_model
from weaklink.demo.model import fetch_model
from weaklink.errors import WeaklinkError


def test_a_missing_xllamacpp_is_named_with_what_to_type(monkeypatch, tmp_path):
    def missing(name: str) -> object:
        raise ImportError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(WeaklinkError, match="pip install xllamacpp"), serve_model(tmp_path / "model.gguf"):
        pass


def test_a_file_that_is_no_model_is_named(tmp_path, capfd):
    pytest.importorskip("xllamacpp")
    (tmp_path / "model.gguf").write_bytes(b"not a model")
    with pytest.raises(WeaklinkError, match="could not load"), serve_model(tmp_path / "model.gguf"):
        pass
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("cores", "load", "threads"), [(2, 0.1, 2), (2, 1.2, 1), (2, 9.0, 1), (1, 0.0, 1), (16, 3.0, 4), (4, 1.6, 2)]
)
def test_as_many_threads_read_as_cores_are_idle(cores, load, threads):
    assert reading_threads(cores, load) == threads


@pytest.mark.slow
def test_the_real_model_answers_silently_and_stops(capfd):
    pytest.importorskip("xllamacpp")
    body = json.dumps(
        {
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
            "temperature": 0,
            "max_tokens": 20,
        }
    ).encode()
    with serve_model(fetch_model()) as model:
        request = urllib.request.Request(
            f"{model.base_url}/chat/completions", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)["choices"][0]["message"]["content"]
    assert answer
    assert capfd.readouterr() == ("", "")
    with pytest.raises(OSError):
        urllib.request.urlopen(request, timeout=5)
