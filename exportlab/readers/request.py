"""What is wanted of files, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exportlab import suggest
from exportlab.currencies import column_of
from exportlab.errors import DataError, RolesNeeded, UnknownName
from exportlab.files.delimited import HasHeader, same_columns
from exportlab.flow_table import ROLES
from exportlab.words import NOTHING, Said, after, said

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = frozenset({"", "NA"})
MONEY = ("value", "quantity")


@dataclass(frozen=True)
class Taken:
    """A table out of files, the rows set aside by reason, and how the files were read."""

    table: Any
    aside: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """What is wanted of which files; `said` names what may be a column: units, a nomenclature."""

    files: Sequence[Path]
    given: dict[str, str]
    keys: tuple[str, ...]
    said: tuple[str | None, ...]
    digits: int | None = None
    header: int | None = None
    decimal: str | None = None
    leave_out: Mapping[str, Collection[object] | str] = field(default_factory=dict)
    fill_down: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that the header must have."""
        others = [self.given.get(name, name) for name in (*self.leave_out, *self.fill_down)]
        return tuple(dict.fromkeys([*self.given.values(), *self.keys, *others])) or ("value",)

    def roles(self, header: Sequence[str]) -> dict[str, str]:
        """Role to column: as given, else the column of that very name."""
        found = suggest.with_plain(self.given, header, [*self.keys, *self.said])
        if "value" not in found:
            columns = [c for c in header if c]
            raise RolesNeeded(
                said("no column is named as the value"),
                said(
                    "Say value=...; the files have: {columns}.{hint}",
                    columns=columns,
                    hint=after(self._hint("value", columns)),
                ),
                roles=suggest.roles_of(columns),
            )
        return found

    def columns(self, tables: Sequence[HasHeader]) -> list[str]:
        """The columns to read, each of which every file must have."""
        header = [c for c in tables[0].header if c]
        further = [c for c in (*self.said, column_of(header)) if c in header]
        wanted = [*self.roles(header).values(), *self.keys, *self.outs(header), *further]
        return same_columns(tables, list(dict.fromkeys(wanted)), hint=self._hint)

    def _hint(self, name: str, columns: Sequence[str]) -> Said:
        path = str(self.files[0])
        told = suggest.hint(f"xl.read_flows({path!r}", name, columns)
        garbled = told == NOTHING and not all(map(str.isascii, columns))
        return said("If the names look garbled, say encoding=..., such as 'latin-1'.") if garbled else told

    def outs(self, header: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Column to the labels whose rows are left out; columns may be named by role."""
        roles = self.given | {r: r for r in ROLES if r not in self.given and r in header}
        listed = {k: (v,) if isinstance(v, str) else tuple(map(str, v)) for k, v in self.leave_out.items()}
        return {roles.get(name, name): labels for name, labels in listed.items()}

    def filled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame` with the empty cells of the columns to fill down as the cell above them."""
        columns = [self.given.get(name, name) for name in self.fill_down]
        made = {
            c: frame[c].where(frame[c].astype("str").str.strip() != "").ffill().fillna("") for c in columns
        }
        return frame.assign(**made)

    def set_aside(
        self, frame: pd.DataFrame, roles: Mapping[str, str], aside: list[tuple[str, pd.DataFrame]]
    ) -> pd.DataFrame:
        """`frame` without the rows to leave out, which join `aside` under their reason."""
        for column, labels in self.outs(list(frame.columns)).items():
            cells = frame[column].astype("str").str.strip()
            if (
                column == roles["value"] and frame[column].dtype.kind == "f"
            ):  # text for no number is NaN by now
                cells = cells.where(frame[column].notna(), labels[0])
            aside += [(f"{column} {x}", frame[cells == x]) for x in labels if (cells == x).any()]
            frame = frame[~cells.isin(labels)]
        return frame

    def taken(
        self,
        parts: Sequence[pd.DataFrame],
        aside: Sequence[tuple[str, pd.DataFrame]],
        notes: tuple[str, ...],
        header: Sequence[str] = (),
    ) -> Taken:
        """The parts one under the other; refuses labels to leave out that are nowhere."""
        import pandas as pd

        reasons = list(dict.fromkeys(why for why, _ in aside))
        found = {
            why: pd.concat([rows for reason, rows in aside if reason == why], ignore_index=True)
            for why in reasons
        }
        table = parts[0].reset_index(drop=True) if len(parts) == 1 else pd.concat(parts, ignore_index=True)
        for column, labels in self.outs(list(table.columns)).items():
            lacking = [x for x in labels if f"{column} {x}" not in found]
            if lacking and column != self.given.get("value", "value"):
                known = [*map(str, table[column].unique()), *(x for x in labels if x not in lacking)]
                raise UnknownName(
                    said("label in column {column} to leave out", column=repr(column)), lacking[0], known
                )
        return Taken(table, found, notes, tuple(c for c in header if c and c not in table.columns))

    def lazily(self, table: Any, roles: Mapping[str, str]) -> Taken:
        """A plan without the rows to leave out, which are not counted."""
        import narwhals.stable.v2 as nw

        frame, notes = nw.from_native(table), []
        for column, labels in self.outs(list(roles.values())).items():
            cells = nw.col(column).cast(nw.String).str.strip_chars()
            frame = frame.filter(~cells.is_in(list(labels)) | nw.col(column).is_null())
            notes.append(f"without {column} {', '.join(labels)}")
        return Taken(frame.to_native(), notes=tuple(notes))


def lost_zeros(path: Path, column: str, kind: str, first: object = None) -> DataError:
    """The refusal of product codes that were stored as numbers."""
    return DataError(
        said(
            "product codes in {column} of file {path} were stored as numbers ({kind})",
            column=repr(column),
            path=repr(str(path)),
            kind=kind,
        ),
        said(
            "Leading zeros are lost that way ('010121' became 10121): say how many digits the "
            "finest codes have, or write the file again with text codes."
        ),
        first=first,
        options=({"digits": 6},),
    )
