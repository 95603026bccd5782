"""A claim about one row of a table that gives the cell of another row."""

from collections.abc import Iterator

from weaklink.scoring.claim import Claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.tables import Table


def misplaced(claim: Claim, index: ContextIndex) -> Iterator[tuple[int, str, str]]:
    """Cells that the claim says of a row and that stand in another one: the unit, what is said, what the row has instead."""
    topic = frozenset(claim.topic)
    for table in index.tables:
        key = _key_column(table)
        named = [row for row in table if key is not None and row[key].values and row[key].values <= topic]
        if key is None or len(named) != 1:
            continue
        row = named[0]
        held = frozenset[str]().union(*(cell.values for cell in row))
        for other in table:
            for column, cell in enumerate(other):
                if other is row or column == key or not cell.values or not cell.values <= topic - row[key].values:
                    continue
                if cell.values <= held or not row[column].values:
                    continue
                unit = index.postings.get(next(iter(sorted(row[key].values))), [0])[0]
                yield unit, cell.text, row[column].text


def _key_column(table: Table) -> int | None:
    """The first column whose cells all differ: names or numbers of what the rows are about."""
    for column in range(len(table[0])):
        cells = [row[column].values for row in table]
        if all(cells) and len(set(cells)) == len(cells):
            return column
    return None
