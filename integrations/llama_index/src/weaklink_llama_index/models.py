"""What is known of a model call: name, parameters, tokens and finish reason, in the words of each provider."""

from __future__ import annotations

from typing import Any

from weaklink_llama_index.shapes import as_dict, as_list, field, fields_of

# Fields of the LLM classes that say how a model was asked.
_PARAMETERS = ("temperature", "max_tokens", "top_p", "top_k", "seed", "stop", "n", "frequency_penalty", "presence_penalty",
               "reasoning_effort", "num_output", "max_new_tokens")  # fmt: skip
_MODEL_NAMES = ("model", "model_name", "model_id", "deployment_name", "engine")
_NOT_PARAMETERS = frozenset(
    ("tools", "functions", "formatted", "messages", "prompt", "stream", "stream_options", *_MODEL_NAMES)
)
# What each provider calls the same count.
_COUNTED = {
    **dict.fromkeys(
        ("prompt_tokens", "input_tokens", "prompt_token_count", "prompt_eval_count", "inputTokens"), "input_tokens"
    ),
    **dict.fromkeys(
        ("completion_tokens", "output_tokens", "candidates_token_count", "eval_count", "outputTokens"), "output_tokens"
    ),
    **dict.fromkeys(("cache_read_input_tokens", "cached_content_token_count"), "cached_input_tokens"),
    "thoughts_token_count": "reasoning_tokens",
}
_DETAILS = frozenset(
    ("prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details")
)
_PARTS = {"cached_tokens": "cached_input_tokens", "reasoning_tokens": "reasoning_tokens"}
_USAGE = ("usage", "usage_metadata", "token_usage")
_FINISH_REASONS = ("finish_reason", "stop_reason", "done_reason", "stopReason")


def model_of(llm: Any) -> dict[str, Any]:
    """The start of a ModelCall, from the fields of an LLM or embedding object."""
    fields = fields_of(llm)
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
    fields = fields_of(response)
    raw, beside = fields_of(fields.get("raw")), as_dict(fields.get("additional_kwargs"))
    if raw:
        usage = next((found for key in _USAGE if (found := raw.get(key)) is not None), raw)
        if counted := _usage(fields_of(usage)):
            model["usage"] = counted
        _add_finish_reason(model, raw)
        if not model.get("name") and type(name := raw.get("model")) is str:
            model["name"] = name
    if beside and "usage" not in model and (counted := _usage(beside)):
        model["usage"] = counted


def _add_finish_reason(model: dict[str, Any], raw: dict[str, Any]) -> None:
    choices = as_list(raw.get("choices")) or as_list(raw.get("candidates"))
    for known in (fields_of(choices[0]), raw) if choices else (raw,):
        for key in _FINISH_REASONS:
            if type(reason := known.get(key)) is str:
                model["finish_reason"] = reason
                return


def _usage(usage: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, value in usage.items():
        if (name := _COUNTED.get(key)) is not None:
            if type(value) is int and value >= 0:
                found.setdefault(name, value)
        elif key in _DETAILS and value is not None:
            for part, name in _PARTS.items():
                if type(count := field(value, part)) is int and count >= 0:
                    found[name] = count
    return found if "input_tokens" in found or "output_tokens" in found else {}
