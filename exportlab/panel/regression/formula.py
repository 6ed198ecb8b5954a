"""From a table and a formula to checked arrays: outcome, regressors, effects, clusters, and the rows lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.arrays import Array, Codes, Mask
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import to_pandas
from exportlab.panel.algebra.levels import Effects, encode
from exportlab.panel.cells import real, refuse_no_ids
from exportlab.panel.regression.formula_text import variables

Columns = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays of a regression, one row an observation, and where the other rows went."""

    data: pd.DataFrame
    outcome: str
    y: Array
    x: Array
    names: tuple[str, ...]
    effects: Effects
    clusters: Mapping[str, Codes]
    offset: Array | None
    weights: Array | None
    rows: int
    lost: tuple[tuple[str, int], ...]
    cluster_columns: Mapping[str, Sequence[str]]

    def labels(self, cluster: str) -> tuple[Any, ...]:
        """What the clusters are called, in the order of their codes."""
        columns = list(self.cluster_columns[cluster])
        first = self.data[columns].iloc[np.unique(self.clusters[cluster], return_index=True)[1]]
        return tuple(first[columns[0]] if len(columns) == 1 else first.itertuples(index=False, name=None))

    def keep(self, rows: Mask, reason: str) -> Design:
        """The design on `rows`; the others are counted as lost for `reason`."""
        gone = int((~rows).sum())
        if not gone:
            return self
        lost = dict(self.lost)
        lost[reason] = lost.get(reason, 0) + gone
        return replace(
            self,
            data=self.data[rows],
            y=self.y[rows],
            x=self.x[rows],
            effects=self.effects.rows(rows),
            clusters={name: encode(c[rows]) for name, c in self.clusters.items()},
            offset=None if self.offset is None else self.offset[rows],
            weights=None if self.weights is None else self.weights[rows],
            lost=tuple(lost.items()),
        )


def _refuse_absent(data: pd.DataFrame, needed: Sequence[str]) -> None:
    for column in needed:
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    if data.empty:
        raise DataError("The table has no rows", "Give one row an observation.")


def design(
    table: Any,
    formula: str,
    *,
    effects: Columns,
    cluster: Columns,
    offset: str | None = None,
    exposure: str | None = None,
    weights: str | None = None,
    missing: str = "refuse",
    also: Sequence[str] = (),
) -> Design:
    """Read the formula's columns off the table, refusing what cannot be trusted.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
    formula : str
        ``"outcome ~ x1 + log(x2) + C(x3)"``. A constant is added when there are no effects.
    effects, cluster : mapping of name to the columns that define it
    offset, exposure, weights : str, optional
        Columns; the exposure enters as its logarithm, weights are positive.
    missing : {"refuse", "drop"}
    also : sequence of str
        More columns that must be there and complete.

    Raises
    ------
    DataError
        Missing values (unless dropped, and then counted), infinite values, weights or exposures that are
        not positive, an outcome that is not a number.
    UnknownName
        A column is not in the table.
    """
    one_of("missing", missing, ["refuse", "drop"])
    data = to_pandas(table).reset_index(drop=True)
    left, right = _sides(formula)
    extra = [c for c in (offset, exposure, weights) if c is not None]
    roles = [c for columns in [*effects.values(), *cluster.values()] for c in columns]
    needed = list(dict.fromkeys([*variables(left), *variables(right), *extra, *roles, *also]))
    _refuse_absent(data, needed)
    rows = len(data)
    lost: tuple[tuple[str, int], ...] = ()
    gaps = data[needed].isna()
    if gaps.to_numpy().any():
        data, lost = _without_gaps(data, gaps, missing)
    _refuse_cells(data, [*variables(left), *variables(right), *extra])
    refuse_no_ids(data, dict.fromkeys(roles))
    if left in data.columns and not pd.api.types.is_numeric_dtype(data[left]):
        raise DataError(f"The outcome {left!r} is {data[left].dtype}, not numbers", "Name a numeric column.")
    outcome = _matrix(data, left, "outcome")
    if outcome.shape[1] != 1:
        raise DataError(f"The outcome {left!r} is not one number a row", "Name a numeric column.")
    regressors = _matrix(data, right if effects else f"1 + {right}", "regressor")
    if effects:
        regressors = regressors.drop(columns="Intercept", errors="ignore")
    if regressors.shape[1] == 0:
        raise OptionError(f"formula={formula!r} has no regressor. Write 'outcome ~ x1 + x2'.")
    shift = _shift(data, offset, exposure)
    return Design(
        data=data,
        outcome=left,
        y=outcome.to_numpy(float)[:, 0],
        x=regressors.to_numpy(float),
        names=tuple(str(c) for c in regressors.columns),
        effects=Effects.encode({name: data[list(columns)] for name, columns in effects.items()}),
        clusters={name: encode(data[list(columns)]) for name, columns in cluster.items()},
        offset=shift,
        weights=None if weights is None else _positive(data, weights, "Weights"),
        rows=rows,
        lost=lost,
        cluster_columns=cluster,
    )


def named_columns(items: Sequence[str | Sequence[str]] | str | None) -> dict[str, list[str]]:
    """``["year", ("exporter", "year")]`` as ``{"year": ["year"], "exporter-year": ["exporter", "year"]}``."""
    if items is None:
        return {}
    listed = [items] if isinstance(items, str) else list(items)
    columns = [[item] if isinstance(item, str) else list(item) for item in listed]
    return {"-".join(c): c for c in columns}


def _sides(formula: str) -> tuple[str, str]:
    parts = formula.split("~") if isinstance(formula, str) else []
    if len(parts) != 2 or not all(p.strip() for p in parts) or "|" in formula:
        raise OptionError(
            f"formula={formula!r} is not allowed. Write 'outcome ~ x1 + x2'; "
            "effects and clusters are options."
        )
    return parts[0].strip(), parts[1].strip()


def _refuse_cells(data: pd.DataFrame, columns: Sequence[str]) -> None:
    """Columns of a formula hold numbers, or text that stands for categories; nothing is guessed of anything else."""
    for column in columns:
        cells = data[column]
        if pd.api.types.is_numeric_dtype(cells):
            real(data, column)
        elif pd.api.types.is_object_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
            other = [v for v in cells if not isinstance(v, str)]
            if other:
                raise DataError(
                    f"column {column!r} holds neither numbers nor text alone",
                    "Make it a column of numbers, or of text for categories.",
                    rows=len(other),
                    first=repr(other[0]),
                )


def _matrix(data: pd.DataFrame, side: str, role: str) -> pd.DataFrame:
    from formulaic import model_matrix
    from formulaic.errors import FormulaicError

    written = side if role == "regressor" else f"0 + {side}"
    try:
        with np.errstate(all="ignore"):
            made = pd.DataFrame(model_matrix(written, data, na_action="ignore"))
    except FormulaicError as error:
        raise OptionError(f"{side!r} cannot be computed: {' '.join(str(error).split())}") from None
    values = made.to_numpy(float)
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"The {role} {made.columns[column]!s} is not finite",
            "Infinite values and logarithms of zero are refused; with zeros in the outcome use PPML.",
            rows=int(bad.any(axis=1).sum()),
            first=f"row {data.index[row]}",
        )
    return made


def _without_gaps(
    data: pd.DataFrame, gaps: pd.DataFrame, missing: str
) -> tuple[pd.DataFrame, tuple[tuple[str, int], ...]]:
    bad = gaps.any(axis=1)
    columns = [str(c) for c in gaps.columns[gaps.any()]]
    if missing == "refuse":
        raise DataError(
            f"Missing values in {listed(columns)}",
            "Fill them, or pass missing='drop' to leave those rows out and have them counted.",
            rows=int(bad.sum()),
            first=f"row {bad.idxmax()}",
        )
    if bad.all():
        raise DataError(f"Every row has a missing value in {listed(columns)}", "No row is left to use.")
    return data[~bad], ((f"missing {', '.join(columns)}", int(bad.sum())),)


def _shift(data: pd.DataFrame, offset: str | None, exposure: str | None) -> Array | None:
    if offset is None and exposure is None:
        return None
    total = np.zeros(len(data))
    if offset is not None:
        total = total + _finite(data, offset, "The offset")
    if exposure is not None:
        total = total + np.log(_positive(data, exposure, "The exposure"))
    return total


def _finite(data: pd.DataFrame, column: str, role: str) -> Array:
    values = data[column].to_numpy(float)
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(
            f"{role} {column!r} is not finite",
            "Give finite numbers.",
            rows=int(bad.sum()),
            first=f"row {data.index[int(bad.argmax())]}",
        )
    return values


def _positive(data: pd.DataFrame, column: str, role: str) -> Array:
    values = _finite(data, column, role)
    if (values <= 0).any():
        raise DataError(
            f"{role} {column!r} must be above zero",
            "Leave rows without it out on purpose.",
            rows=int((values <= 0).sum()),
            first=f"row {data.index[int((values <= 0).argmax())]}",
        )
    return values


def listed(names: Sequence[str]) -> str:
    """'a', 'b' for a message."""
    return ", ".join(repr(n) for n in names)
