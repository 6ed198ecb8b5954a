"""Bilateral flows made ready for gravity: roles, effects by name, domestic trade, borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exportlab.arrays import Mask
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import to_pandas
from exportlab.panel.cells import as_written, calendar_of, refuse_no_ids, same

DOMESTIC = "domestic flow (exporter is importer)"
DYAD = ("one end of the dyad", "other end of the dyad")


@dataclass(frozen=True, eq=False)
class Bilateral:
    """Checked flows, the names of effects and border dummies, and the rows lost so far."""

    data: pd.DataFrame
    roles: Mapping[str, list[str]]
    effects: tuple[str, ...]
    borders: tuple[str, ...]
    rows: int
    lost: tuple[tuple[str, int], ...]

    def columns(self, names: Sequence[str] | str | None) -> dict[str, list[str]]:
        """The columns behind each name: roles joined by hyphens, or else a column of the table."""
        if names is None:
            return {}
        listed = [names] if isinstance(names, str) else list(names)
        return {name: self._columns_of(name) for name in listed}

    def _columns_of(self, name: str) -> list[str]:
        if name not in self.roles and name in self.data.columns:
            return [name]
        columns: list[str] = []
        for part in name.split("-"):
            if part not in self.roles:
                raise UnknownName("effect or cluster", name, [*self.roles, *map(str, self.data.columns)])
            columns += self.roles[part]
        return list(dict.fromkeys(columns))


def bilateral(
    table: Any,
    *,
    exporter: str,
    importer: str,
    period: str | None,
    product: str | None,
    effects: Sequence[str] | None,
    domestic: str | None,
    missing: str,
) -> Bilateral:
    """Check the flows, settle domestic trade, and name the effects; see `exportlab.gravity`."""
    given = {"exporter": exporter, "importer": importer, "period": period, "product": product}
    present = {role: column for role, column in given.items() if column is not None}
    data = as_written(to_pandas(table), period)
    data, rows, lost = _identified(data, list(present.values()), missing)
    _refuse_duplicates(data, list(present.values()))
    if period is not None:
        calendar_of(data[period], period)  # refuses years beside months, one period written in two ways
    names = _default(period, product) if effects is None else tuple(effects)
    roles = {role: [column] for role, column in present.items()}
    roles["pair"] = [exporter, importer]
    data = data.assign(**dict(zip(DYAD, _dyad(data, exporter, importer), strict=True)))
    roles["dyad"] = list(DYAD)
    home = same(data, exporter, importer)
    _refuse_unsaid(home, f"{exporter} is {importer}", domestic)
    borders: tuple[str, ...] = ()
    if domestic == "drop" and home.any():
        data, lost = data[~home].reset_index(drop=True), (*lost, (DOMESTIC, int(home.sum())))
    elif domestic == "border":
        data, borders = _borders(data, home, period, names)
    return Bilateral(data, roles, names, borders, rows, lost)


def _default(period: str | None, product: str | None) -> tuple[str, ...]:
    """Exporter-period, importer-period and pair effects, by product where there are products."""
    by = "-product" if product else ""
    if period is None:
        return f"exporter{by}", f"importer{by}"
    return f"exporter{by}-period", f"importer{by}-period", f"pair{by}"


def _identified(
    data: pd.DataFrame, columns: list[str], missing: str
) -> tuple[pd.DataFrame, int, tuple[tuple[str, int], ...]]:
    one_of("missing", missing, ["refuse", "drop"])
    for column in columns:
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    refuse_no_ids(data, columns)
    bad = data[columns].isna().any(axis=1)
    if not bad.any():
        return data, len(data), ()
    if missing == "refuse":
        raise DataError(
            f"Missing {', '.join(c for c in columns if data[c].isna().any())}",
            "Fill them, or pass missing='drop' to leave those rows out and have them counted.",
            rows=int(bad.sum()),
            first=f"row {bad.idxmax()}",
        )
    return data[~bad].reset_index(drop=True), len(data), (("missing ids", int(bad.sum())),)


def _refuse_duplicates(data: pd.DataFrame, columns: list[str]) -> None:
    again = data.duplicated(columns)
    if again.any():
        first = data[columns][again].iloc[0]
        raise DataError(
            f"The same {', '.join(columns)} twice",
            "Name the column that tells the rows apart (product=, period=), or add them up first.",
            rows=int(again.sum()),
            first=", ".join(f"{c} {first[c]}" for c in columns),
        )


def _dyad(data: pd.DataFrame, exporter: str, importer: str) -> tuple[Any, Any]:
    """The two ends of each row's dyad, in one order whichever exports: labels, not their text."""
    both = [data[column].astype(object) for column in (exporter, importer)]
    codes, labels = pd.factorize(pd.concat(both, ignore_index=True))
    one, other = codes[: len(data)], codes[len(data) :]
    return labels.take(np.minimum(one, other)), labels.take(np.maximum(one, other))


def _refuse_unsaid(home: Mask, where: str, domestic: str | None) -> None:
    if domestic is not None:
        one_of("domestic", domestic, ["keep", "border", "drop"])
    elif home.any():
        raise OptionError(
            f"{int(home.sum()):,} rows are domestic flows ({where}). Say domestic='keep', "
            "'border' (keep, with border dummies by period) or 'drop'."
        )


def _borders(
    data: pd.DataFrame, home: Mask, period: str | None, effects: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Dummies for international flows by period; the first period is the base beside lasting pair effects."""
    if not home.any():
        raise OptionError("domestic='border' needs domestic flows, and no exporter is its own importer.")
    lasting = any(part in ("pair", "dyad") for name in effects for part in name.split("-"))
    if period is None:
        made = {"border": (~home).astype(float)}
    else:
        periods = calendar_of(data[period], period).labels[int(lasting) :]
        made = {f"border[{p}]": np.where(home, 0.0, (data[period] == p).to_numpy(float)) for p in periods}
    taken = [name for name in made if name in data.columns]
    if taken:
        raise DataError(
            f"the table has a column {taken[0]!r}, as a border dummy is called", "Rename the column first."
        )
    return data.assign(**made), tuple(made)
