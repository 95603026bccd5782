"""Structured data of the company that does not exist, and the two tools that the demo's agent reads it with."""

from llama_index.core.tools import BaseTool, FunctionTool

_VACATION = {
    "Mira Solvane": {"entitled": 28, "taken": 11, "left": 17},
    "Jonas Tellwick": {"entitled": 28, "taken": 22, "left": 6},
    "Oda Brennmark": {"entitled": 14, "taken": 5, "left": 9},
}
_ROOMS = {
    "Heron": {"site": "Ostmere", "seats": 24, "next_free": "14:30"},
    "Anvil": {"site": "Calder Bay", "seats": 16, "next_free": "11:00"},
    "Gable": {"site": "Veldhaven", "seats": 8, "next_free": "16:15"},
}


def vacation_balance(employee: str) -> str:
    """Look up how many vacation days an employee has this year, has taken, and has left."""
    left, entitled, taken = (_VACATION[employee][key] for key in ("left", "entitled", "taken"))
    return f"{employee} has {left} vacation days left this year ({entitled} in all, {taken} taken)."


def room_status(room: str) -> str:
    """Look up where a meeting room is, how many seats it has, and when it is next free today."""
    status = _ROOMS[room]
    return f"The room {room} in {status['site']} has {status['seats']} seats and is next free at {status['next_free']}."


TOOLS: tuple[BaseTool, ...] = (FunctionTool.from_defaults(vacation_balance), FunctionTool.from_defaults(room_status))
EMPLOYEES = tuple(_VACATION)
ROOMS = tuple(_ROOMS)
