"""A claim about one row of a table that gives the cell of another row."""

from collections.abc import Iterator

from weaklink.scoring.claim import Claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.tables import Cell, Table


def misplaced(claim: Claim, index: ContextIndex) -> Iterator[tuple[int, str, str]]:
    """Cells that the claim says of a row and that stand in another one: the unit, what is said, what the row has instead."""
    topic = frozenset(claim.topic)
    for table in index.tables:
        found = _named(table, topic)
        if found is None:
            continue
        key, row = found
        held = frozenset[str]().union(*(cell.values for cell in row))
        for other in table:
            for column, cell in enumerate(other):
                if other is row or column == key or not cell.values or not cell.values <= topic - row[key].values:
                    continue
                if cell.values <= held or not row[column].values:
                    continue
                unit = index.postings.get(next(iter(sorted(row[key].values))), [0])[0]
                yield unit, cell.text, row[column].text


def _named(table: Table, topic: frozenset[str]) -> tuple[int, list[Cell]] | None:
    """The one row that a claim names, and the column where its name stands; None where it names none, or compares several."""
    for key in _key_columns(table):
        rows = [row for row in table if row[key].values and row[key].values <= topic]
        longest = [row for row in rows if not any(row[key].values < other[key].values for other in rows)]
        if rows:  # "Trail Runner Pro" is not also "Trail Runner"
            return (key, longest[0]) if len(longest) == 1 else None
    return None


def _key_columns(table: Table) -> Iterator[int]:
    """The columns whose cells all differ: the first one, and of the others those of names, since values are alike by chance."""
    first = True
    for column in range(len(table[0])):
        cells = [row[column].values for row in table]
        if all(cells) and len(set(cells)) == len(cells):
            if first or all(row[column].text[:1].isalpha() for row in table):
                yield column
            first = False
