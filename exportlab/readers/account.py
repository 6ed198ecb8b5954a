"""The account of a reading: which files, how many rows, and what was set aside, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab.errors import UnknownName
from exportlab.flow_table import Flows
from exportlab.results import Result
from exportlab.words import Said, said

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False, eq=False)
class Reading(Result):
    """What a reader read.

    Attributes
    ----------
    files : tuple of Path
        In the order read.
    rows : int or None
        Rows in the files; None where the files are read lazily and were not counted.
    value : str
        The money column, in `unit`.
    unit : str or None
    aside : mapping of str to DataFrame
        Reason to the rows kept out of the flows for it, with all columns that were read.
    labels : mapping of str to DataFrame
        Names that belong to codes ("product": code and name), as the files give them.
    notes : tuple of str
        What else is worth knowing about these files.
    source : Said or None
        Where the files are from, as a message that a report says in its language.
    """

    files: tuple[Path, ...]
    rows: int | None
    value: str
    unit: str | None
    aside: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    labels: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: Said | None = None

    @property
    def title(self) -> str:
        rows = "rows not counted" if self.rows is None else f"{self.rows:,} rows"
        files = f"{len(self.files):,} file{'s'[: len(self.files) != 1]}"
        return "; ".join((f"Read {rows} from {files}", *self.notes))

    @property
    def table(self) -> pd.DataFrame:
        """One row per reason: `reason`, `rows`, `value` (summed, in `unit`); "in the flows" is the first."""
        import pandas as pd

        out = sum(len(part) for part in self.aside.values())
        kept = [("in the flows", None if self.rows is None else self.rows - out, None)]
        sums = (pd.to_numeric(p[self.value], errors="coerce").sum(min_count=1) for p in self.aside.values())
        gone = [(why, len(p), float(s)) for (why, p), s in zip(self.aside.items(), sums, strict=True)]
        return pd.DataFrame([*kept, *gone], columns=["reason", "rows", "value"]).astype({"rows": "Int64"})

    def rows_aside(self, reason: str) -> pd.DataFrame:
        """The rows set aside for `reason`."""
        if reason not in self.aside:
            raise UnknownName(said("reason for rows set aside"), reason, self.aside)
        return self.aside[reason]


@dataclass(frozen=True, repr=False, eq=False)
class ReadFlows(Flows):
    """Flows that came from files; `reading` is the account of it."""

    reading: Reading | None = None

    def __repr__(self) -> str:
        out = {} if self.reading is None else self.reading.aside
        aside = sum(map(len, out.values()))
        return super().__repr__() + (f"; {aside:,} rows set aside, see .reading" if aside else "")


def with_account(made: Flows, reading: Reading) -> ReadFlows:
    """`made` with the account of where it came from."""
    return ReadFlows(**{f.name: getattr(made, f.name) for f in fields(Flows)}, reading=reading)


def stack_columns(parts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The columns of several files, one under the other; text stays text."""
    import numpy as np
    import pandas as pd

    frame = {}
    for name in parts[0]:
        pieces = [part[name] for part in parts]
        if isinstance(pieces[0], np.ndarray):
            frame[name] = pd.Series(np.concatenate(pieces))
        else:
            frame[name] = pd.concat([piece.series() for piece in pieces], ignore_index=True)
    return pd.DataFrame(frame)
