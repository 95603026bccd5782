"""What is known of a model call: name, parameters, tokens and finish reason, in the words of each provider."""

from __future__ import annotations

from typing import Any

from weaklink_llama_index.shapes import as_list, field

# Fields of the LLM classes that say how a model was asked.
_PARAMETERS = ("temperature", "max_tokens", "top_p", "top_k", "seed", "stop", "n", "frequency_penalty", "presence_penalty",
               "reasoning_effort", "num_output", "max_new_tokens")  # fmt: skip
_MODEL_NAMES = ("model", "model_name", "model_id", "deployment_name", "engine")
_NOT_PARAMETERS = frozenset(
    ("tools", "functions", "formatted", "messages", "prompt", "stream", "stream_options", *_MODEL_NAMES)
)
_INPUT = ("prompt_tokens", "input_tokens", "prompt_token_count", "prompt_eval_count", "inputTokens")
_OUTPUT = ("completion_tokens", "output_tokens", "candidates_token_count", "eval_count", "outputTokens")
_USAGE = ("usage", "usage_metadata", "token_usage")
_FINISH_REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason")


def model_of(llm: Any) -> dict[str, Any]:
    """The start of a ModelCall, from the fields of an LLM or embedding object."""
    fields: dict[str, Any] = getattr(llm, "__dict__", {})
    found: dict[str, Any] = {"name": next((name for key in _MODEL_NAMES if type(name := fields.get(key)) is str), "")}
    parameters = {
        key: value for key in _PARAMETERS if (value := fields.get(key)) is not None and type(value) in (int, float, str)
    }
    if parameters:
        found["parameters"] = parameters
    return found


def describe_call(model: dict[str, Any], described: dict[str, Any], extra: dict[str, Any]) -> None:
    """Add what the start event of a call tells: what LlamaIndex calls the model, and the arguments of this call."""
    if not model.get("name") and type(name := described.get("model_name") or described.get("model")) is str:
        model["name"] = "" if name == "unknown" else name
    own = {
        key: value
        for key, value in extra.items()
        if key not in _NOT_PARAMETERS and type(value) in (int, float, str, bool)
    }
    if own:
        model["parameters"] = {**model.get("parameters", {}), **own}


def tool_names(extra: dict[str, Any]) -> list[str]:
    """The names of the tools that a model was offered."""
    found: list[str] = []
    for tool in extra.get("tools") or ():
        name = field(field(tool, "function") or tool, "name")
        if type(name) is str:
            found.append(name)
    return found


def complete_model_call(model: dict[str, Any], response: Any) -> None:
    """Add usage, finish reason and the model's own name to `model`, from a ChatResponse or CompletionResponse."""
    raw = field(response, "raw")
    usage = next((found for key in _USAGE if (found := field(raw, key)) is not None), raw)
    counted = _usage(usage) or _usage(field(response, "additional_kwargs"))
    if counted:
        model["usage"] = counted
    choice = _first(field(raw, "choices")) or _first(field(raw, "candidates")) or raw
    for key in _FINISH_REASONS:
        reason = field(choice, key) or field(raw, key)
        if type(reason) is str:
            model["finish_reason"] = reason
            break
    if not model.get("name") and type(name := field(raw, "model")) is str:
        model["name"] = name


def _usage(usage: Any) -> dict[str, int]:
    found = {"input_tokens": _count(usage, _INPUT), "output_tokens": _count(usage, _OUTPUT)}
    found["cached_input_tokens"] = _count(field(usage, "prompt_tokens_details"), ("cached_tokens",))
    if found["cached_input_tokens"] is None:
        found["cached_input_tokens"] = _count(usage, ("cache_read_input_tokens", "cached_content_token_count"))
    found["reasoning_tokens"] = _count(field(usage, "completion_tokens_details"), ("reasoning_tokens",))
    known = {name: value for name, value in found.items() if value is not None}
    return known if "input_tokens" in known or "output_tokens" in known else {}


def _count(usage: Any, names: tuple[str, ...]) -> int | None:
    for name in names:
        value = field(usage, name)
        if type(value) is int and value >= 0:
            return value
    return None


def _first(values: Any) -> Any:
    found = as_list(values)
    return found[0] if found else None
