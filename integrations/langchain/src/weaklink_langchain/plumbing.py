"""Which steps the framework put in, so that the default view can fold them."""

import re
from functools import lru_cache

HIDDEN = "langsmith:hidden"
"""The tag of a run that is the framework's own whatever its name."""
# Names that LangChain and LangGraph give to what they make themselves; a step that a person named is never one of them.
_PLUMBING = re.compile(
    r"Runnable(?:Sequence|Parallel|Passthrough|Assign|Pick|Branch|Each|Map|Callable|WithFallbacks|Retry|Binding|"
    r"ConfigurableFields|ConfigurableAlternatives|WithMessageHistory|Generator)(?:<.*>)?|"
    r"(?:map|assign|parallel|chunk):.*|ChannelWrite<.*>|ChannelRead<.*>|Branch<.*>|__\w+__|_write|"
    r"(?:load|insert|enter|exit)_history|UnnamedChain",
    re.DOTALL,
)


@lru_cache(maxsize=4_096)
def is_plumbing_name(name: str) -> bool:
    """Whether a chain run of this name is the framework's own."""
    return _PLUMBING.fullmatch(name) is not None
