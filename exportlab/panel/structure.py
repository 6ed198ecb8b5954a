"""From structure to policy: an index of flows joined to a panel, and effects by what units were before adoption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from exportlab.columns import calendar_of, real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.frames import Array, Codes, to_pandas
from exportlab.options import Finite, Level, validated
from exportlab.panel.contract import refuse_other_designs
from exportlab.panel.did import estimator
from exportlab.panel.estimate import Estimate, Inference, inference_columns
from exportlab.periods import Calendar
from exportlab.results import Cautious

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.policy_panel import PolicyPanel

CHOSEN = (
    "Groups were not drawn: what else tells them apart may be why effects differ. A difference of effects is no effect "
    "of the moderator."
)
WITHIN = "The treated of a group are compared with the untreated of the same group alone."
SHOWN = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
MANY = "Other cuts, other moderators give other differences: say how many were tried."


@validated
def attach_index(
    table: Any,
    measured: Any,
    *,
    unit: str,
    period: str,
    value: str,
    measured_unit: str | None = None,
    measured_period: str | None = None,
    into: str | None = None,
    absent: Literal["refuse", "missing"] = "refuse",
) -> pd.DataFrame:
    """The table with an index of flows in a new column, joined by unit and period.

    Parameters
    ----------
    table : DataFrame
        One row a unit and period, such as what `PolicyPanel` takes.
    measured : DataFrame
        What `exportlab.measure`, `exportlab.location_quotient`, ``exportlab.complexity(flows).exporters`` or any other
        table gives, brought to one row a unit and period; it may have more of both than the table.
    unit, period : str
        Columns of the table.
    value : str
        The column of the index.
    measured_unit, measured_period : str, optional
        Columns of `measured`; by default those of the table.
    into : str, optional
        The new column; by default called as the index.
    absent : {"refuse", "missing"}
        What happens to rows of the table that have no index: NaN with "missing". An index that is not defined stays
        NaN.

    Returns
    -------
    DataFrame
        A copy; ``.attrs["index"]`` says how many rows found their index, and how many of `measured` the table has not.

    Raises
    ------
    DuplicateCells
        Several rows of `measured` for one unit and period, as where an index by product still has its products.
    DataError
        Rows without an index, no unit in common, periods of another length, labels that name nothing.
    UnknownName
    """
    left, right = to_pandas(table), to_pandas(measured)
    theirs = (measured_unit or unit, measured_period or period)
    for frame, columns in ((left, (unit, period)), (right, (*theirs, value))):
        for column in columns:
            if column not in frame.columns:
                raise UnknownName("column", column, [str(c) for c in frame.columns])
    new = into or value
    if new in left.columns:
        raise DataError(f"the table has a column {new!r} already", "Choose another name with into=.")
    refuse_no_ids(left, [unit])
    refuse_no_ids(right, [theirs[0]])
    here, there = _positions(left[period], period, right[theirs[1]], theirs[1])
    keys = pd.MultiIndex.from_arrays([right[theirs[0]], there])
    _refuse_several(right, keys, theirs)
    found = pd.Series(real(right, value), index=keys)
    wanted = pd.MultiIndex.from_arrays([left[unit], here])
    lacking = ~wanted.isin(keys)
    _refuse_absent(left, lacking, (unit, period), absent, right[theirs[0]])
    made = left.assign(**{new: found.reindex(wanted).to_numpy(float)})
    beyond = int((~keys.isin(wanted)).sum())
    made.attrs["index"] = (
        f"{int((~lacking).sum()):,} of {len(left):,} rows have {value!r}; {beyond:,} of its {len(right):,} rows are of "
        "other units or periods"
    )
    return made


def _positions(here: pd.Series[Any], name: str, there: pd.Series[Any], other: str) -> tuple[Codes, Codes]:
    """The numbers that count the periods of both columns, however each is written."""
    one, two = calendar_of(here, name), calendar_of(there, other)
    if one.frequency != two.frequency:
        raise DataError(
            f"the table has periods of kind {one.frequency!r}, the index of kind {two.frequency!r}",
            "Measure by the table's periods: flows.per('year'), for instance.",
            first=f"{here.iloc[0]!s} and {there.iloc[0]!s}",
        )
    return _counted(here, one), _counted(there, two)


def _counted(column: pd.Series[Any], calendar: Calendar) -> Codes:
    place = {label: calendar.period(label).position for label in column.drop_duplicates()}
    return column.map(place).to_numpy().astype(np.int64)


def _refuse_several(right: pd.DataFrame, keys: pd.MultiIndex, theirs: tuple[str, str]) -> None:
    again = np.asarray(keys.duplicated(keep=False))
    if again.any():
        more = [str(c) for c in right.columns if c not in theirs and right[c].dtype.kind not in "fc"]
        of = f" Its other labels: {', '.join(more[:5])}." if more else ""
        raise DuplicateCells(
            "a unit and period has several rows of the index",
            f"Choose one product, market or form.{of}",
            rows=int(again.sum()),
            first=str(tuple(right.loc[again, list(theirs)].iloc[0])),
        )


def _refuse_absent(
    left: pd.DataFrame, lacking: Any, named: tuple[str, str], absent: str, units: pd.Series[Any]
) -> None:
    if not lacking.any() or (absent == "missing" and not lacking.all()):
        return
    first = left.loc[lacking, list(named)].iloc[0]
    known = f" The index has units such as {units.iloc[0]!r}." if not left[named[0]].isin(units).any() else ""
    raise DataError(
        "no index for rows of the table",
        f"Measure it for all of them, spell the units alike, or say absent='missing'.{known}",
        rows=int(lacking.sum()),
        first=f"{named[0]} {first.iloc[0]}, {named[1]} {first.iloc[1]}",
    )


@dataclass(frozen=True, repr=False, eq=False)
class Heterogeneity(Cautious):
    """Effects of a policy by what units were before it.

    Attributes
    ----------
    table : DataFrame
        One row a group, from the lowest values of the moderator, and last the difference between the highest and the
        lowest: group, low and high (of the moderator), units, treated_units, estimate, std_error, conf_low, conf_high,
        p_value.
    moderator : Series
        Its value before the first adoption, by unit.
    estimates : mapping of group to Estimate
    cautions : tuple of str
    """

    table: pd.DataFrame
    moderator: pd.Series[float]
    estimates: dict[str, Estimate]
    cautions: tuple[str, ...]
    by: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        d = self.table.iloc[-1]
        return f"Effects by {self.by} before adoption: highest less lowest {d['estimate']:.3g} (p = {d['p_value']:.2g})"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the effect of each group with its interval."""
        from exportlab.plots.panel import coefficients

        return coefficients(self.estimates, ax=ax, **options)


@validated
def heterogeneity(
    panel: PolicyPanel,
    by: str,
    *,
    cuts: Sequence[Finite] | Literal["median", "terciles"] = "median",
    method: str = "callaway_santanna",
    level: Level = 0.95,
    **options: Any,
) -> Heterogeneity:
    r"""Does the effect differ with what units were before the policy, such as how concentrated their exports were?

    Parameters
    ----------
    panel : PolicyPanel
    by : str
        A column of the panel's table, such as one from `attach_index`. Each unit's moderator is its mean over the
        periods before the first adoption in the panel, which no unit's policy can have moved.
    cuts : "median", "terciles", or rising numbers
        Where the groups part, over all units; a value at a cut belongs above it.
    method, **options
        Of `PolicyPanel.att`, or "twfe".
    level : float

    Returns
    -------
    Heterogeneity

    Raises
    ------
    DataError
        No period before the first adoption; units without the moderator in them; a group without treated or without
        comparison units; clusters with units of two groups.
    OptionError, UnknownName
        Cuts that do not rise.

    Notes
    -----
    Within groups :math:`g` the policy's effect :math:`\hat\tau_g` is estimated alone, so that paths may differ between
    groups; the difference has :math:`\sqrt{se_1^2 + se_2^2}`, as groups share no cluster, and the smaller of their
    degrees of freedom. With one adoption date this is the interaction of the policy with the group in a regression
    whose effects of periods differ by group.
    """
    refuse_other_designs(panel)
    moderator = _before(panel, by)
    values = np.asarray(moderator, float)
    group = _grouped(values, cuts)
    _refuse_straddling(panel, group)
    found: dict[str, Estimate] = {}
    rows: list[dict[str, Any]] = []
    last = int(group.max()) + 1
    for g in range(last):
        mine = group == g
        name = f"{by} {g + 1} of {last}"
        part = panel.where(mine[panel.units], f"other groups of {by}")
        found[name] = _estimated(part, name, method, {**options, "level": level})
        treated = int((np.isfinite(part.adoption) & ~part.always_treated).sum())
        who = {"group": name, "low": values[mine].min(), "high": values[mine].max()}
        one = {c: found[name].table[c].iloc[0] for c in SHOWN}
        rows.append({**who, "units": int(mine.sum()), "treated_units": treated, **one})
    rows.append(_difference(rows, list(found.values()), level))
    made = pd.DataFrame(rows).astype({"units": "Int64", "treated_units": "Int64"})
    return Heterogeneity(made, moderator, found, (WITHIN, CHOSEN, MANY), by)


def _before(panel: PolicyPanel, by: str) -> pd.Series[float]:
    """The moderator of each unit: its mean over the periods before anyone's adoption."""
    if by not in panel.data.columns:
        raise UnknownName("column", by, [str(c) for c in panel.data.columns])
    moves = panel.adoption[~panel.always_treated]
    first = float(moves.min(initial=np.inf))
    early = panel.period_values[panel.periods] < first
    if not np.isfinite(first) or not early.any():
        raise DataError(
            "there is no period before the first adoption", "A moderator is measured before any unit adopts."
        )
    values = pd.Series(real(panel.data, by)[early], index=panel.units[early])
    means = values.groupby(level=0).mean().reindex(range(len(panel.unit_labels)))
    lacking = ~np.isfinite(means.to_numpy(float))
    if lacking.any():
        raise DataError(
            f"units without {by!r} before {panel.period_name(first)}",
            "Measure it for all units, or leave these out of the panel.",
            rows=int(lacking.sum()),
            first=str(panel.unit_labels[int(lacking.argmax())]),
        )
    return pd.Series(means.to_numpy(float), index=pd.Index(panel.unit_labels, name=panel.unit), name=by)


def _grouped(values: Array, cuts: Sequence[float] | str) -> Codes:
    """The group of each unit, 0 for the lowest values."""
    if isinstance(cuts, str):
        ends = np.quantile(values, [0.5] if cuts == "median" else [1 / 3, 2 / 3])
    else:
        ends = np.array(cuts, float)
        if not len(ends) or (np.diff(ends) <= 0).any():
            raise OptionError(
                f"cuts={cuts!r} is not allowed. Allowed: 'median', 'terciles', or rising numbers."
            )
    group = np.searchsorted(ends, values, side="right")
    empty = set(range(len(ends) + 1)) - set(group.tolist())
    if empty:
        raise DataError(
            f"{len(empty)} of {len(ends) + 1} groups have no unit",
            f"Values run from {values.min():g} to {values.max():g}: choose cuts between them.",
        )
    return np.asarray(group, np.int64)


def _refuse_straddling(panel: PolicyPanel, group: Codes) -> None:
    """Refuse clusters with units of two groups: their effects would not be independent."""
    pairs = pd.DataFrame({"cluster": panel.clusters, "group": group[panel.units]}).drop_duplicates()
    twice = pairs["cluster"].duplicated()
    if twice.any():
        raise DataError(
            "clusters have units of two groups, whose effects are then not independent",
            "Measure the moderator by cluster, or cluster by unit.",
            rows=int(twice.sum()),
            first=str(panel.cluster_labels[int(pairs.loc[twice, "cluster"].iloc[0])]),
        )


def _estimated(part: PolicyPanel, name: str, method: str, options: dict[str, Any]) -> Estimate:
    """The effect of one group; a refusal says which."""
    try:
        made = part.twfe(**options) if method == "twfe" else estimator(method, "att")(part, **options)
    except DataError as error:
        raise DataError(
            f"of the group {name}: {error.problem}", error.remedy, rows=error.rows, first=error.first
        ) from None
    estimate: Estimate = made
    return estimate


def _difference(rows: list[dict[str, Any]], estimates: list[Estimate], level: float) -> dict[str, Any]:
    """The highest group less the lowest."""
    low, high = rows[0], rows[-1]
    df = min(e.inference.df for e in (estimates[0], estimates[-1]))
    estimate = np.array([high["estimate"] - low["estimate"]])
    error = np.hypot(np.array([high["std_error"]], float), np.array([low["std_error"]], float))
    columns = inference_columns(estimate, error, Inference("difference of two groups", df=df, level=level))
    return {
        "group": "highest less lowest",
        "estimate": float(estimate[0]),
        **{k: float(v[0]) for k, v in columns.items()},
    }
