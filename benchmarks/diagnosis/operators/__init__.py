"""The ways in which a pipeline is broken: one table of operators for each step."""

from benchmarks.diagnosis.operators.agents import AGENTS
from benchmarks.diagnosis.operators.answers import ANSWERS
from benchmarks.diagnosis.operators.crashes import CRASHES
from benchmarks.diagnosis.operators.harmless import HARMLESS
from benchmarks.diagnosis.operators.later import LATER
from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.operators.packing import PACKING
from benchmarks.diagnosis.operators.search import SEARCH

OPERATORS: tuple[Operator, ...] = (*SEARCH, *PACKING, *ANSWERS, *AGENTS, *CRASHES)
"""Each breaks one step."""

__all__ = ["HARMLESS", "LATER", "OPERATORS", "Operator"]
