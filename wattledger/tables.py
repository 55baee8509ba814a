"""A small result table: what a query behind a report hands to whoever prints it."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows with named columns. Column names carry their unit; missing values are None.

    ``notes`` are sentences that belong under the table: what is assumed, what is missing and why.
    ``is_detail``: a report prints it only when it is asked for by name.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    notes: Sequence[str] = field(default=())
    is_detail: bool = False
