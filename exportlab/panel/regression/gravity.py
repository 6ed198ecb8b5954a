"""Structural gravity: PPML with exporter-period, importer-period and pair effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import as_written, calendar_of, refuse_no_ids, same
from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import Codes, Mask, to_pandas
from exportlab.options import Level, Positive, validated
from exportlab.panel.algebra.levels import encode
from exportlab.panel.estimate import Estimate
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.panel.regression.gravity_estimate import GravityEstimate, GravityModel
from exportlab.panel.regression.ols import Words, least_squares_estimate
from exportlab.panel.regression.ppml import Asked, poisson_estimate, settled_fit, without_singletons

NO_LOGARITHM = "zero flow, which has no logarithm"
THREE_WAY = (
    "Three-way PPML with few periods: estimates have a bias of order 1/(number of countries) and clustered "
    "standard errors are somewhat too small (Weidner and Zylkin 2021): correct_bias() corrects both."
)


@validated
def gravity(
    table: Any,
    formula: str,
    *,
    exporter: str,
    importer: str,
    period: str | None = None,
    product: str | None = None,
    effects: Sequence[str] | None = None,
    domestic: str | None = None,
    cluster: str | Sequence[str] | None = "pair",
    estimator: str = "ppml",
    weights: str | None = None,
    separation: str | Sequence[str] = ("fe", "simplex"),
    singletons: str = "drop",
    unidentified: str = "refuse",
    small_sample: str = "fixest",
    missing: str = "refuse",
    level: Level = 0.95,
    engine: str = "core",
) -> GravityEstimate:
    r"""Gravity equation of bilateral trade.

    .. math:: X_{ijt} = \exp(\pi_{it} + \chi_{jt} + \mu_{ij} + \beta' z_{ijt})\,\varepsilon_{ijt}

    Exporter-period and importer-period effects stand for the multilateral resistances and sizes of theory,
    pair effects for every lasting trade cost and for the choice of partners in agreements.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row an exporter, importer (, product) and period.
    formula : str
        ``"value ~ rta"``; see `agreement` for the dummy.
    exporter, importer, period, product : str
        Columns; period and product where the data have them.
    effects : sequence of str, optional
        Joined from "exporter", "importer", "period", "product", "pair" (directed) and "dyad" (both
        directions), as in "exporter-period". Default: exporter-period, importer-period and pair, each by
        product where there are products; without a period, exporter and importer.
    domestic : {None, "keep", "border", "drop"}
        What to do with rows whose exporter is the importer; must be said where there are such rows. "keep":
        policies are measured against domestic trade too. "border": also adds border dummies by period (the
        first left out beside pair effects), so that globalisation is not taken for policy. "drop": counted.
    cluster : str or sequence, optional
        Effects' names as above (which a column of the same name does not change), or columns; several for multi-way
        clustering; None for HC1.
    estimator : {"ppml", "log-linear"}
        "log-linear" is least squares of the logarithm; rows with zero trade are lost, and counted.
    weights, separation, singletons, unidentified, small_sample, missing, level, engine : see `ppml`

    Returns
    -------
    GravityEstimate
        An `Estimate` that also tells its ``fixed_effects()``, ``multilateral_resistances()``, ``predictions()`` and
        residual ``potential()``, and that ``correct_bias()`` corrects for the bias that Weidner and Zylkin found.

    Raises
    ------
    DataError, OptionError, UnknownName
        As `ppml`; also duplicate rows of a pair and period, and domestic rows without an instruction.

    References
    ----------
    Anderson and van Wincoop (2003); Santos Silva and Tenreyro (2006); Baier and Bergstrand (2007);
    Yotov, Piermartini, Monteiro and Larch (2016); Weidner and Zylkin (2021).
    """
    one_of("estimator", estimator, ["ppml", "log-linear"])
    flows = bilateral(
        table, exporter=exporter, importer=importer, period=period, product=product, effects=effects,
        domestic=domestic, missing=missing,
    )  # fmt: skip
    of = flows.columns
    roles = Roles(of(flows.effects), of(cluster), weights=weights, added=flows.borders)
    d = design(flows.data, formula, roles, missing=missing)
    d = replace(d, rows=flows.rows, lost=(*flows.lost, *d.lost))
    units = encode(d.data[[exporter, importer]])
    periods = encode(d.data[[period]]) if period else np.zeros(len(d.y), dtype=np.int64)
    if estimator == "log-linear":
        return GravityEstimate.of(_log_linear(d, level, units, periods, singletons), None)
    words = Words(
        "Gravity by PPML",
        f"effect on the log of expected {d.outcome}",
        f"same {', '.join(flows.effects)}" if flows.effects else "all flows",
        notes=(THREE_WAY,) if len(flows.effects) >= 3 else (),
    )
    ask = Asked(separation, singletons, unidentified, small_sample, level=level, engine=engine)
    made = settled_fit(d, ask)
    estimate = poisson_estimate(made, words, ask, units=units, periods=periods)
    return GravityEstimate.of(estimate, GravityModel(made, flows.given, ask))


def _log_linear(d: Design, level: float, units: Codes, periods: Codes, singletons: str) -> Estimate:
    positive = d.y > 0
    kept = np.flatnonzero(positive)
    words = Words(
        "Gravity, log-linear least squares",
        f"effect on the mean of log {d.outcome} of positive flows",
        f"same {', '.join(d.effects.names)}" if d.effects.names else "all flows",
        weighting="every positive flow weighs the same",
        notes=(
            "Least squares of logarithms loses the zeros and is inconsistent for the mean under "
            "heteroskedasticity (Santos Silva and Tenreyro 2006); compare PPML.",
        ),
    )
    d = d.keep(positive, NO_LOGARITHM)
    d = replace(d, y=np.log(d.y), outcome=f"log {d.outcome}")
    if singletons == "drop":
        d, alone = without_singletons(d)
        kept = kept[alone]
    return least_squares_estimate(d, words, level=level, units=units[kept], periods=periods[kept])


# Bilateral flows made ready for gravity: roles, effects by name, domestic trade, borders.

DOMESTIC = "domestic flow (exporter is importer)"
DYAD = ("one end of the dyad", "other end of the dyad")


@dataclass(frozen=True, eq=False)
class Bilateral:
    """Checked flows, their columns by role, the names of effects and border dummies, and the rows lost so far."""

    data: pd.DataFrame
    given: Mapping[str, str]
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
    return Bilateral(data, present, roles, names, borders, rows, lost)


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


# What gravity coefficients mean: percent of trade, and the tariff that would do the same.


@validated
def trade_cost_equivalents(
    estimate: Estimate, *, elasticity: Positive, terms: Sequence[str] | None = None
) -> pd.DataFrame:
    r"""Percent change of trade and ad valorem tariff equivalent of each coefficient.

    .. math:: 100\,(e^{\beta} - 1), \qquad 100\,(e^{-\beta/\theta} - 1)

    Parameters
    ----------
    estimate : Estimate
        Of `gravity` or `ppml`.
    elasticity : float
        The trade elasticity :math:`\theta = \sigma - 1 > 0` with respect to trade costs. It must be said:
        it is not estimated here (Head and Mayer 2014 find a median of about 5).
    terms : sequence of str, optional
        Default: every term.

    Returns
    -------
    pandas.DataFrame
        ``term, trade_percent, trade_low, trade_high, tariff_percent, tariff_low, tariff_high``. Both are
        monotone in the coefficient, so their limits are those of its confidence interval; the elasticity
        is taken as known. A negative tariff equivalent is a cut.

    References
    ----------
    Yotov, Piermartini, Monteiro and Larch (2016), An Advanced Guide to Trade Policy Analysis.
    """
    chosen = list(estimate.table["term"]) if terms is None else list(terms)
    rows = estimate.table.iloc[[estimate.index(term) for term in chosen]]
    low, middle, high = (rows[c].to_numpy(float) for c in ("conf_low", "estimate", "conf_high"))
    return pd.DataFrame(
        {
            "term": chosen,
            "trade_percent": 100 * np.expm1(middle),
            "trade_low": 100 * np.expm1(low),
            "trade_high": 100 * np.expm1(high),
            "tariff_percent": 100 * np.expm1(-middle / elasticity),
            "tariff_low": 100 * np.expm1(-high / elasticity),
            "tariff_high": 100 * np.expm1(-low / elasticity),
        }
    )
