"""What the door refuses, step by step, from columns to weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.audit import NUMBERS, series_kind
from exportlab.columns import calendar_of, real, refuse_nested, refuse_no_ids
from exportlab.errors import DataError, OptionError, UnknownName, one_of, short
from exportlab.frames import Array, Codes, Mask, to_pandas
from exportlab.options import check
from exportlab.periods import Calendar

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

CONSTANT = 1e-12  # of a covariate's size: a range that is rounding


def admit(panel: PolicyPanel) -> dict[str, Any]:
    """Every derived attribute of `panel`, or the error that says why not."""
    one_of("transform", panel.transform, [None, "log", "asinh"])  # type: ignore[list-item]
    one_of("missing", panel.missing, ["refuse", "drop"])
    data = _columns(panel, to_pandas(panel.table))
    _ids(panel, data)
    value, calendar = period_values(data[panel.period], panel.period, panel.frequency)
    order = np.lexsort((value, pd.factorize(data[panel.unit], sort=True)[0]))
    data, value = data.iloc[order].reset_index(drop=True), value[order]
    keep, lost = _rows(panel, data)
    first = _first_treated(panel, data, keep, value=value, calendar=calendar)
    undated = _undated(panel, data, first, value)
    first = first[keep]
    data, value = data[keep].reset_index(drop=True), value[keep]
    units, labels = pd.factorize(data[panel.unit])
    values, periods = np.unique(value, return_inverse=True)
    _duplicates(panel, data, units, periods)
    announced = first[np.searchsorted(units, np.arange(len(labels)))]
    adoption = np.where(announced > values[-1], np.inf, announced)
    clusters, cluster_labels = _clusters(panel, data, units)
    first = adoption[units]
    return {
        "data": data,
        "unit_labels": np.asarray(labels),
        "period_values": values,
        "units": units.astype(np.int64),
        "periods": periods.astype(np.int64),
        "y": _outcome(panel, data),
        "announced": announced,
        "adoption": adoption,
        "first": first,
        "D": real(data, str(panel.treated)) if panel.reversible else (value >= first).astype(float),
        "clusters": clusters,
        "cluster_labels": cluster_labels,
        "w": _weights(panel, data),
        "X": _covariates(panel, data),
        "lost": lost,
        "calendar": calendar,
        "undated": undated,
        "strata": None,
    }


def _columns(panel: PolicyPanel, table: pd.DataFrame) -> pd.DataFrame:
    if sum((panel.adopted is not None, panel.treated is not None, bool(panel.policies))) != 1:
        raise OptionError(
            "Give exactly one of adopted= (first treated period), treated= (0/1 status) and policies= (several columns "
            "of first treated periods by name)."
        )
    check("covariates", panel.covariates, Sequence[str | int])
    check("policies", panel.policies, Mapping[str, str])
    check("reversible", panel.reversible, bool)
    if panel.reversible and panel.treated is None:
        raise OptionError("reversible=True is for treated=, whose status or dose is given in every period.")
    for role in ("unit", "period", "outcome"):
        check(role, getattr(panel, role), str | int)
    for role in ("adopted", "treated", "cluster", "weights"):
        check(role, getattr(panel, role), str | int | None)
    roles = [panel.unit, panel.period, panel.outcome, panel.adopted, panel.treated, panel.weights]
    named = [c for c in [*roles, *panel.policies.values(), *panel.covariates] if c is not None]
    for column in [*named, panel.cluster]:
        if column is not None and column not in table.columns:
            raise UnknownName("column", column, [str(c) for c in table.columns])
    twice = sorted({c for c in named if named.count(c) > 1})
    if twice:
        raise OptionError(f"column {twice[0]!r} has two roles. Each role needs its own column.")
    if table.empty:
        raise DataError("the table has no rows", "Give one row a unit and period.")
    return table


def _say(panel: PolicyPanel, data: pd.DataFrame, row: int) -> str:
    return f"{panel.unit} {data[panel.unit].iloc[row]!s}, {panel.period} {data[panel.period].iloc[row]!s}"


def _refuse(
    panel: PolicyPanel, data: pd.DataFrame, bad: Any, problem: str, remedy: str, *, show: str | None = None
) -> None:
    bad = np.asarray(bad, bool)
    if bad.any():
        row = int(bad.argmax())
        shown = "" if show is None else f", {show} = {data[show].iloc[row]!s}"
        raise DataError(problem, remedy, rows=int(bad.sum()), first=_say(panel, data, row) + shown)


def _ids(panel: PolicyPanel, data: pd.DataFrame) -> None:
    for role in ("unit", "period", "cluster"):
        column = getattr(panel, role)
        if column is not None:
            _refuse(
                panel,
                data,
                data[column].isna(),
                f"the {role} column {column!r} is missing",
                "Every row needs its ids: fill them in or leave the rows out before.",
            )
            if role != "period":
                refuse_no_ids(data, [column])


def period_values(column: pd.Series[Any], name: str, frequency: str | None = None) -> tuple[Array, Calendar]:
    """Periods as the numbers that count them, and what they mean."""
    calendar = calendar_of(column, name, frequency)
    calendar.require_order("time since adoption")
    place = {label: float(period.position) for label, period in calendar.periods.items()}
    return np.asarray(column.map(place), np.float64), calendar


def _rows(panel: PolicyPanel, data: pd.DataFrame) -> tuple[Mask, tuple[tuple[str, int], ...]]:
    """(n,) rows with outcome, covariates and weight, and how many lack which."""
    needed = [panel.outcome, *panel.covariates, *([panel.weights] if panel.weights else [])]
    keep, lost = np.ones(len(data), bool), []
    for column in needed:
        real(data, column)
        gone = data[column].isna().to_numpy()
        if panel.missing == "refuse":
            _refuse(
                panel,
                data,
                gone,
                f"{column!r} is missing",
                "Fill it in, leave the rows out, or say missing='drop' to have them counted.",
            )
        elif (gone & keep).any():
            lost.append((f"{column} missing", int((gone & keep).sum())))
            keep &= ~gone
    if not keep.any():
        raise DataError("no row is complete", f"Look at {', '.join(needed)}.")
    return keep, tuple(lost)


def _duplicates(panel: PolicyPanel, data: pd.DataFrame, units: Any, periods: Codes) -> None:
    again = np.zeros(len(data), bool)
    again[1:] = (units[1:] == units[:-1]) & (periods[1:] == periods[:-1])
    _refuse(
        panel,
        data,
        again,
        f"a {panel.unit} appears more than once in a {panel.period}",
        "One row a unit and period: add the rows up, or choose a finer unit.",
    )


def _outcome(panel: PolicyPanel, data: pd.DataFrame) -> Array:
    y = data[panel.outcome].to_numpy(float)
    _refuse(
        panel,
        data,
        ~np.isfinite(y),
        f"the outcome {panel.outcome!r} is infinite",
        "Is it the log of zero? Give the outcome itself and use a Poisson model (family='poisson'), "
        "or transform='asinh' knowing that its scale depends on the unit of measurement.",
        show=panel.outcome,
    )
    if panel.transform == "log":
        _refuse(
            panel,
            data,
            y <= 0,
            f"the log of {panel.outcome!r} does not exist: it is zero or negative",
            "Keep the zeros with a Poisson model (etwfe with family='poisson', or gravity's PPML); "
            "transform='asinh' is defined but its effect depends on the unit of measurement; "
            "log(1 + y) does so too.",
            show=panel.outcome,
        )
        y = np.log(y)
    elif panel.transform == "asinh":
        y = np.arcsinh(y)
    return np.asarray(y, np.float64)


def _first_treated(
    panel: PolicyPanel, data: pd.DataFrame, keep: Mask, *, value: Array, calendar: Calendar
) -> Array:
    """(n,) first treated period of each row's unit as given, infinity for never.

    Rows that are left out for a missing outcome date the policy too, where they say something about it.
    """
    units = pd.factorize(data[panel.unit])[0]
    if panel.policies:
        return np.asarray(
            np.min([_dates(panel, data, c, value, calendar) for c in panel.policies.values()], axis=0)
        )
    if panel.treated is None:
        return _dates(panel, data, panel.adopted, value, calendar)  # type: ignore[arg-type]
    said = keep | data[panel.treated].notna().to_numpy()
    _status(panel, data[said].reset_index(drop=True), units[said])
    status = data[panel.treated].to_numpy(float, na_value=np.nan)
    start = np.zeros(units.max() + 1)
    if panel.reversible:  # the first change of the dose, up or down
        start[units[said][::-1]] = status[said][::-1]
    on = said & (status != start[units]) if panel.reversible else said & (status > 0)
    when = np.full(units.max() + 1, np.inf)
    np.minimum.at(when, units[on], value[on])
    return np.asarray(when[units], np.float64)


def policy_dates(panel: PolicyPanel, name: str) -> Array:
    """(n,) first period of one of the panel's policies, infinity for never."""
    value = panel.period_values[panel.periods]
    return _dates(panel, panel.data, panel.policies[name], value, panel.calendar)


def _dates(panel: PolicyPanel, data: pd.DataFrame, column: str, value: Array, calendar: Calendar) -> Array:
    """First treated period of each row by a column of dates, which may not change within a unit."""
    rows = _adopted_rows(panel, data, column, calendar, value)
    units = pd.factorize(data[panel.unit])[0]
    changed = np.zeros(len(data), bool)
    changed[1:] = (units[1:] == units[:-1]) & (rows[1:] != rows[:-1])
    _refuse(
        panel,
        data,
        changed,
        f"{column!r} changes within a {panel.unit}",
        "A unit adopts once: give the first date in every row, or use treated= for a status that varies.",
        show=column,
    )
    return rows


def _undated(panel: PolicyPanel, data: pd.DataFrame, first: Array, value: Array) -> int:
    """Units whose status switches on across a gap: the period in which it did is not in the table."""
    if panel.treated is None:
        return 0
    place = np.unique(value, return_inverse=True)[1]
    units = pd.factorize(data[panel.unit])[0]
    gap = (units[1:] == units[:-1]) & (np.diff(place) > 1)
    return int((gap & (value[1:] == first[1:])).sum())


def _adopted_rows(
    panel: PolicyPanel, data: pd.DataFrame, name: str, calendar: Calendar, value: Array
) -> Array:
    """First treated period of each row, as the periods are counted; infinity for never."""
    column = data[name]
    refuse_nested(column, name)
    places: dict[Any, float] = {}
    strange: dict[Any, DataError] = {}
    for label in column.dropna().unique().tolist():
        try:
            places[label] = np.inf if label == np.inf else float(calendar.period(label).position)
        except DataError as error:
            strange[label] = error
    if 0 in strange or places.get(0, np.inf) < value.min():
        raise DataError(
            f"{name!r} is 0",
            "Some programs write 0 for never; here never is NaN, None or inf (a unit treated from "
            f"the start adopts in the first period): table[{name!r}] = table[{name!r}].replace(0, float('nan')).",
            rows=int((column == 0).sum()),
            first=_say(panel, data, int((column == 0).to_numpy().argmax())),
        )
    if strange:
        raise DataError(
            f"{name!r} is not written like the periods of {panel.period!r}",
            f"{next(iter(strange.values())).problem}. Give the first treated period, such as "
            f"{calendar.labels[0]!r}; NaN for never. Where text or Stata's missing codes mean never: "
            f"table[{name!r}] = pd.to_numeric(table[{name!r}].astype(str), errors='coerce').",
            rows=int(column.isin(list(strange)).sum()),
            first=short(repr(next(iter(strange))), 200),
        )
    placed = np.asarray(column.map(places), np.float64)  # of categories as of other columns
    return np.where(np.isnan(placed), np.inf, placed)


def _status(panel: PolicyPanel, data: pd.DataFrame, units: Any) -> None:
    assert panel.treated is not None
    column = panel.treated
    if panel.reversible:  # a dose: any numbers, in every row
        dose = real(data, column)
        _refuse(panel, data, np.isnan(dose), f"{column!r} is missing", "Write the dose in every row.")
        _refuse(panel, data, np.isinf(dose), f"{column!r} is infinite", "A dose is a finite number.")
        return
    if data[column].dtype == object or series_kind(data[column]) not in (*NUMBERS, "truth"):
        raise DataError(
            f"{column!r} is {data[column].dtype}, not 0/1", "Write 0 before and 1 from adoption on."
        )
    _refuse(panel, data, data[column].isna(), f"{column!r} is missing", "Write 0 or 1 in every row.")
    status = data[column].to_numpy(float)
    _refuse(
        panel,
        data,
        ~np.isin(status, (0.0, 1.0)),
        f"{column!r} is neither 0 nor 1",
        "For an intensity that is one number a unit use PolicyPanel.dose, for one that changes over time say "
        "reversible=True and use att('switching').",
        show=column,
    )
    same = units[1:] == units[:-1]
    off = np.zeros(len(data), bool)
    off[1:] = same & (status[1:] < status[:-1])
    _refuse(
        panel,
        data,
        off,
        f"treatment {column!r} switches off",
        "Most estimators need a policy that stays on. Say reversible=True for those that do not (att('switching')), "
        "define it as 'ever adopted' (carry 1 forward), or end those units' rows when the policy ends.",
    )
    if status.any() and not (same & (status[1:] != status[:-1])).any() and not status.all():
        raise DataError(
            f"{column!r} never switches within a {panel.unit}: it marks a group, not treated periods",
            "Multiply it by an after-adoption dummy, or give adopted=.",
        )


def _clusters(panel: PolicyPanel, data: pd.DataFrame, units: Any) -> tuple[Codes, np.ndarray[Any, Any]]:
    codes, labels = pd.factorize(data[panel.cluster or panel.unit], sort=True)
    finer = np.zeros(len(data), bool)
    finer[1:] = (units[1:] == units[:-1]) & (codes[1:] != codes[:-1])
    _refuse(
        panel,
        data,
        finer,
        f"cluster {panel.cluster!r} changes within a {panel.unit}: it is finer than the unit",
        "Cluster at the unit or at a coarser level, where the policy was assigned.",
        show=panel.cluster,
    )
    return codes.astype(np.int64), np.asarray(labels)


def _weights(panel: PolicyPanel, data: pd.DataFrame) -> Array | None:
    if panel.weights is None:
        return None
    w = data[panel.weights].to_numpy(float)
    _refuse(
        panel,
        data,
        ~(np.isfinite(w) & (w > 0)),
        f"weight {panel.weights!r} is not positive",
        "Weights are positive numbers; leave out rows that should not count.",
        show=panel.weights,
    )
    return w


def _covariates(panel: PolicyPanel, data: pd.DataFrame) -> Array:
    X = data[list(panel.covariates)].to_numpy(float)
    for j, name in enumerate(panel.covariates):
        _refuse(
            panel,
            data,
            ~np.isfinite(X[:, j]),
            f"covariate {name!r} is infinite",
            "Covariates are finite.",
            show=name,
        )
        if np.ptp(X[:, j]) <= CONSTANT * np.abs(X[:, j]).max():
            raise DataError(
                f"covariate {name!r} does not vary",
                "What is the same in all rows explains no outcome: leave it out.",
                first=f"{X[0, j]:g}",
            )
    return X


def respecified(panel: PolicyPanel, covariates: tuple[str, ...], transform: str | None) -> PolicyPanel:
    """`panel` with other covariates or another transform, checked as at the door; everything else stays."""
    one_of("transform", transform, [None, "log", "asinh"])  # type: ignore[list-item]
    for column in covariates:
        if column not in panel.data.columns:
            raise UnknownName("column", column, [str(c) for c in panel.data.columns])
        gone = np.isnan(real(panel.data, column))
        if panel.missing == "drop" and gone.any():
            panel = panel.where(~gone, f"{column} missing")
        _refuse(
            panel,
            panel.data,
            np.isnan(real(panel.data, column)),
            f"{column!r} is missing",
            "Fill it in, leave the rows out, or say missing='drop' to have them counted.",
        )
    made = panel._with(covariates=covariates, transform=transform)
    changes = {"X": _covariates(made, panel.data)}
    if transform != panel.transform:
        if not np.array_equal(panel.y, _outcome(panel, panel.data)):
            raise OptionError(
                f"transform={transform!r}: this panel's outcome was replaced (with_outcome), so it has no other scale."
            )
        changes["y"] = _outcome(made, panel.data)
    return made._with(**changes)


def refuse_other_designs(panel: PolicyPanel, *, reversible: bool = False) -> None:
    """Raise DataError where the panel is not of one policy that stays on (unless `reversible`), over all units."""
    if panel.policies:
        raise DataError(
            f"the panel has {len(panel.policies)} policies: {', '.join(panel.policies)}",
            "Look at overlaps(), then take one: panel.policy(name), policy(name, given=other); or together().",
        )
    if panel.reversible and not reversible:
        raise DataError(
            f"the treatment {panel.treated!r} may switch off or be a dose, and this needs one that stays on",
            "Use att('switching') or event_study('switching'); or give adopted=.",
        )
    if panel.strata is not None:
        raise DataError(
            "units are to be compared within the date of another policy, which this does not do",
            "Use att('switching') or event_study('switching').",
        )


def refuse_given(panel: PolicyPanel, name: str, *roles: str) -> None:
    """Raise OptionError where the panel has weights or covariates that a method would pass over."""
    given = {"weights": panel.w is not None, "covariates": bool(panel.covariates)}
    for role in roles or given:
        if given[role]:
            raise OptionError(f"{name} takes no {role}: build the panel without them.")


def refuse_uneven(panel: PolicyPanel) -> None:
    """Raise DataError where the panel's periods are not evenly spaced, and horizons would not be of one length."""
    steps = np.diff(panel.period_values)
    if len(steps) and (steps != steps[0]).any():
        gap = int((steps != steps.min()).argmax())
        raise DataError(
            "the panel's periods are not evenly spaced",
            "Event times count periods: bring the missing ones, or leave out those before or after.",
            first=panel.period_name(panel.period_values[gap + 1]),
        )
