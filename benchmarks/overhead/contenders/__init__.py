"""The contenders by name: ours and the floors always, the peers on request. Add one here and in a file of its own."""

from benchmarks.overhead.contender import Contender
from benchmarks.overhead.contenders import append, langfuse, langsmith, none, noop, openinference, openllmetry, weaklink

OURS: dict[str, Contender] = {
    c.name: c for c in (none.NONE, noop.NOOP, append.APPEND, append.APPEND_INLINE, weaklink.WEAKLINK)
}
PEERS: dict[str, Contender] = {
    c.name: c
    for c in (
        openinference.MEMORY,
        openinference.OTLP,
        openllmetry.MEMORY,
        openllmetry.OTLP,
        langfuse.LANGFUSE,
        langsmith.LANGSMITH,
    )
}
ALL: dict[str, Contender] = OURS | PEERS
