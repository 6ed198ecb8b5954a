"""From a table and a formula to checked arrays: outcome, regressors, effects, clusters, and the rows lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import real, refuse_no_ids, regressor
from exportlab.errors import DataError, ExportlabError, OptionError, UnknownName, one_of, short
from exportlab.frames import Array, Codes, Mask, to_pandas
from exportlab.panel.algebra.levels import Effects, encode
from exportlab.panel.regression.formula_text import Side, evaluate, parse, sides

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

    def without(self, names: Sequence[str]) -> Design:
        """The design without the regressors `names`."""
        stay = [j for j, n in enumerate(self.names) if n not in names]
        if not stay:
            raise DataError(
                f"No regressor is left: {', '.join(names[:5])} cannot be estimated",
                "Use other regressors, or fewer effects.",
            )
        return replace(self, x=self.x[:, stay], names=tuple(self.names[j] for j in stay))


def _refuse_absent(data: pd.DataFrame, needed: Sequence[str]) -> None:
    for column in needed:
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    if data.empty:
        raise DataError("The table has no rows", "Give one row an observation.")


@dataclass(frozen=True)
class Roles:
    """What the columns beside the formula's do.

    Attributes
    ----------
    effects, cluster : mapping of name to the columns that define it
    offset, exposure, weights : str, optional
        Columns; the exposure enters as its logarithm, weights are positive.
    also : sequence of str
        More columns that must be there and complete.
    added : sequence of str
        Columns of numbers that are regressors beside those of the formula.
    whole : bool
        Whether every row must stay, whatever it lacks.
    """

    effects: Columns = field(default_factory=dict)
    cluster: Columns = field(default_factory=dict)
    offset: str | None = None
    exposure: str | None = None
    weights: str | None = None
    also: Sequence[str] = ()
    added: Sequence[str] = ()
    whole: bool = False

    def columns(self) -> list[str]:
        """All of them."""
        single = [c for c in (self.offset, self.exposure, self.weights) if c is not None]
        return [*single, *self.added, *self.codes(), *self.also]

    def codes(self) -> list[str]:
        """Columns that tell effects and clusters apart."""
        return [c for columns in [*self.effects.values(), *self.cluster.values()] for c in columns]


def design(table: Any, formula: str, roles: Roles, *, missing: str = "refuse") -> Design:
    """Read the formula's columns off the table, refusing what cannot be trusted.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
    formula : str
        ``"outcome ~ x1 + log(x2) + C(x3)"``. A constant is added when there are no effects.
    roles : Roles
    missing : {"refuse", "drop"}

    Raises
    ------
    DataError
        Missing values (unless dropped, and then counted), infinite values, weights or exposures that are
        not positive, an outcome that is not a number.
    UnknownName
        A column is not in the table.
    """
    one_of("missing", missing, ["refuse", "drop"])
    data = to_pandas(table)
    left, right = sides(formula)
    outcome, regressors = parse(left), parse(right, constant=True)
    named = list(dict.fromkeys([*outcome.columns, *regressors.columns]))
    needed = list(dict.fromkeys([*named, *roles.columns()]))
    _refuse_absent(data, needed)
    rows = len(data)
    lost: tuple[tuple[str, int], ...] = ()
    gaps = data[needed].isna()
    if gaps.to_numpy().any():
        data, lost = _without_gaps(data, gaps, missing, whole=roles.whole)
    refuse_no_ids(data, dict.fromkeys(roles.codes()))
    used = pd.DataFrame({c: regressor(data, c) for c in named}, index=data.index)
    y = _outcome(used, outcome)
    names, x = _regressors(used, regressors, data[list(roles.added)], keep_constant=not roles.effects)
    if not names:
        raise OptionError(f"formula={formula!r} has no regressor. Write 'outcome ~ x1 + x2'.")
    return Design(
        data=data,
        outcome=left,
        y=y,
        x=x,
        names=names,
        effects=Effects.encode({name: data[list(columns)] for name, columns in roles.effects.items()}),
        clusters={name: encode(data[list(columns)]) for name, columns in roles.cluster.items()},
        offset=_shift(data, roles.offset, roles.exposure),
        weights=None if roles.weights is None else _positive(data, roles.weights, "Weights"),
        rows=rows,
        lost=lost,
        cluster_columns=roles.cluster,
    )


def named_columns(items: Sequence[str | Sequence[str]] | str | None) -> dict[str, list[str]]:
    """``["year", ("exporter", "year")]`` as ``{"year": ["year"], "exporter-year": ["exporter", "year"]}``."""
    if items is None:
        return {}
    listed = [items] if isinstance(items, str) else list(items)
    columns = [[item] if isinstance(item, str) else list(item) for item in listed]
    return {"-".join(c): c for c in columns}


def _outcome(data: pd.DataFrame, side: Side) -> Array:
    """The one column of numbers that the left side makes."""
    labels = [c for c in side.plain if data[c].dtype == object]
    if labels:
        raise DataError(f"The outcome {labels[0]!r} is text, not numbers", "Name a numeric column.")
    made = _matrix(data, side, "outcome")
    if made.shape[1] != 1:
        raise DataError(f"The outcome {side.text!r} is not one number a row", "Name a numeric column.")
    return made.to_numpy(float)[:, 0]


def _regressors(
    data: pd.DataFrame, side: Side, added: pd.DataFrame, *, keep_constant: bool
) -> tuple[tuple[str, ...], Array]:
    """The columns that the right side makes, and those added to them."""
    made = _matrix(data, side, "regressor")
    if not keep_constant:
        made = made.drop(columns="Intercept", errors="ignore")
    more = [_finite(added, column, "The regressor") for column in added.columns]
    names = (*(str(c) for c in made.columns), *(str(c) for c in added.columns))
    return names, np.column_stack([made.to_numpy(float), *more])


def _matrix(data: pd.DataFrame, side: Side, role: str) -> pd.DataFrame:
    """One side's columns: its expressions are worked out here, and formulaic looks their values up."""
    try:
        values = {e.text: evaluate(e, data) for e in side.expressions}
        _refuse_wide(data, side, values)
        for factor in (f for term in side.terms for f in term.factors):
            if factor.expr in values:
                factor.eval_method = "lookup"
        with np.errstate(all="ignore"):
            made = side.terms.get_model_matrix(data[list(side.plain)], context=values, na_action="ignore")
    except ExportlabError:
        raise
    except Exception as error:  # what a formula asks of its columns is the user's; formulaic says what fails
        said = " ".join(str(error).split())
        raise OptionError(f"{side.text!r} cannot be computed: {said}") from None
    _refuse_twice([name for part in made.model_spec.structure for name in part.columns])
    made = pd.DataFrame(made)
    bad = ~np.isfinite(made.to_numpy(float))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"The {role} {made.columns[column]!s} is not finite",
            "Infinite values and logarithms of zero are refused; with zeros in the outcome use PPML.",
            rows=int(bad.any(axis=1).sum()),
            first=f"row {data.index[row]}",
        )
    return made


def _refuse_wide(data: pd.DataFrame, side: Side, values: Mapping[str, Any]) -> None:
    """Refuse more columns than rows before they are made: products of categories can be any number."""
    sizes = {c: max(data[c].nunique() - 1, 1) for c in side.plain if data[c].dtype == object}
    for text, made in values.items():
        if str(getattr(getattr(made, "__formulaic_metadata__", None), "kind", "")).endswith("CATEGORICAL"):
            sizes[text] = max(pd.Series(made.__wrapped__).nunique() - 1, 1)
    for term in side.terms:
        columns = prod(sizes.get(f.expr, 1) for f in term.factors)
        if columns > len(data):
            raise DataError(
                f"{short(str(term), 200)} makes {columns:,} columns, more than the {len(data):,} rows",
                "Absorb one of its factors as an effect, or use coarser categories.",
            )


def _refuse_twice(names: Sequence[str]) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise OptionError(f"Two regressors would be called {short(str(twice[0]), 200)!r}: rename the column.")


def _without_gaps(
    data: pd.DataFrame, gaps: pd.DataFrame, missing: str, *, whole: bool
) -> tuple[pd.DataFrame, tuple[tuple[str, int], ...]]:
    bad = gaps.any(axis=1)
    columns = [str(c) for c in gaps.columns[gaps.any()]]
    if missing == "refuse":
        raise DataError(
            f"Missing values in {listed(columns)}",
            "Fill them: every row is needed here."
            if whole
            else "Fill them, or pass missing='drop' to leave those rows out and have them counted.",
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
    values = real(data, column)
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
