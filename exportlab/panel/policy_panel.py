"""The third door: a panel of units, periods, an outcome and the dates of a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array, Codes, Mask
from exportlab.panel import contract
from exportlab.panel.estimate import Estimate
from exportlab.panel.sources import index_table, outcome_table
from exportlab.periods import Calendar, text
from exportlab.text import printable

if TYPE_CHECKING:
    from exportlab.flow_table import Flows
    from exportlab.panel.design import DesignCheck


@dataclass(frozen=True, repr=False, eq=False)
class PolicyPanel:
    """A panel of units over periods, with the date each unit joined a policy.

    Exactly one of `adopted`, `treated` and `policies` is given. The table is checked, never repaired.

    Parameters
    ----------
    table : DataFrame
        One row a unit and period (pandas, or anything Narwhals can turn into pandas).
    unit, period, outcome : str
        Column names. Periods are years, half-years, quarters, months or days that stand for one, in any usual
        spelling and of one kind; or whole numbers that count them (1, 2, 3).
    adopted : str, optional
        Column with the unit's first treated period, in any spelling; None, NaN or inf for never.
    treated : str, optional
        Column with 0/1 treatment status by period; it may only switch on, unless `reversible`.
    reversible : bool
        Whether `treated` may switch off again, switch repeatedly, or be a dose (any numbers) that changes over time.
        Only ``att("switching")``, ``att("interactive")`` and ``att("matrix_completion")`` take such a panel.
    policies : mapping of name to column, optional
        Several policies that stay on, each with its column of first treated periods; see `overlaps`, `policy` and
        `together`.
    covariates : sequence of str, optional
    cluster : str, optional
        Column of the level at which treatment was assigned; the unit by default, never finer.
    weights : str, optional
        Column of positive weights, as of a sample: a weight of two moves estimates and scores as a copy of the unit
        in its cluster would, while degrees of freedom count rows.
    transform : {None, "log", "asinh"}
        Taken of the outcome at the door; the log of a zero is refused.
    frequency : {"year", "half", "quarter", "month"}, optional
        What the periods are, where their column does not say; as in `exportlab.flows`.
    missing : {"refuse", "drop"}
        What happens to rows without outcome, covariate or weight; dropped rows are counted in every Estimate.

    Attributes
    ----------
    data : the checked rows, sorted by unit and period
    unit_labels, period_values : the N units and T periods, as numbers that count them (months as 12 * year + month - 1)
    calendar : what the periods mean and how they are written
    units, periods : (n,) codes into them
    y : (n,) outcome
    announced : (N,) first treated period value as given, inf for never
    adoption : (N,) the same, inf for never within the panel
    first : (n,) the adoption of the row's unit
    D : (n,) treatment status, 0.0 or 1.0; the dose as given where `reversible`
    clusters, cluster_labels : (n,) codes and the G labels
    w : (n,) weights or None
    X : (n, k) covariates
    lost : rows left out at the door and why
    undated : units whose `treated` switches on across missing periods, dated by the first period after them
    strata : (N,) the date of another policy within which units are compared (see `policy`), or None

    Of a `reversible` panel `announced`, `adoption` and `first` are the period of the first change of the dose; of one
    with `policies`, of the first of them.

    Raises
    ------
    DataError, UnknownName, OptionError
    """

    table: Any
    unit: str = field(kw_only=True)
    period: str = field(kw_only=True)
    outcome: str = field(kw_only=True)
    adopted: str | None = field(default=None, kw_only=True)
    treated: str | None = field(default=None, kw_only=True)
    reversible: bool = field(default=False, kw_only=True)
    policies: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    covariates: Sequence[str] = field(default=(), kw_only=True)
    cluster: str | None = field(default=None, kw_only=True)
    weights: str | None = field(default=None, kw_only=True)
    transform: str | None = field(default=None, kw_only=True)
    missing: str = field(default="refuse", kw_only=True)
    frequency: str | None = field(default=None, kw_only=True)

    data: pd.DataFrame = field(init=False)
    unit_labels: np.ndarray[Any, Any] = field(init=False)
    period_values: Array = field(init=False)
    units: Codes = field(init=False)
    periods: Codes = field(init=False)
    y: Array = field(init=False)
    announced: Array = field(init=False)
    adoption: Array = field(init=False)
    first: Array = field(init=False)
    D: Array = field(init=False)
    clusters: Codes = field(init=False)
    cluster_labels: np.ndarray[Any, Any] = field(init=False)
    w: Array | None = field(init=False)
    X: Array = field(init=False)
    lost: tuple[tuple[str, int], ...] = field(init=False)
    calendar: Calendar = field(init=False)
    undated: int = field(init=False)
    strata: Array | None = field(init=False)

    def __post_init__(self) -> None:
        for name, value in contract.admit(self).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_flows(
        cls,
        flows: Flows,
        index: str,
        *,
        over: Any,
        adopted: Any,
        unit: str = "exporter",
        period: str = "period",
        universe: Any = "observed",
        dates: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> PolicyPanel:
        """A panel whose outcome is an index of trade flows.

        Parameters
        ----------
        flows : Flows
        index : str
            An indicator of the catalogue, such as ``"hhi"``.
        over : str or sequence of str
            What the index is spread over: "market", "product".
        adopted : mapping of unit to first treated period, or DataFrame of policy dates
            Units left out of the mapping never adopt; a DataFrame goes to `attach_policy`.
        unit, period : str
            Roles that identify rows.
        universe : see `exportlab.measure`
        dates : mapping, optional
            Options of `attach_policy` (``first=``, ``dates_unit=``, ...).
        options : of `PolicyPanel` (cluster, transform, missing, ...)

        Raises
        ------
        DataError
            The mapping names units that have no flows; whatever the door refuses.
        """
        table = index_table(
            flows, index, adopted, over=over, unit=unit, period=period, universe=universe, dates=dates or {}
        )
        options = {"frequency": flows.calendar.told, **options}
        return cls(table, unit=unit, period=period, outcome=index, adopted="adopted", **options)

    @classmethod
    def from_table(
        cls,
        result: Any,
        *,
        adopted: Any,
        outcome: str = "",
        unit: str = "",
        period: str = "",
        dates: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> PolicyPanel:
        """A panel whose outcome is a column of a result, such as the score of `exportlab.composite`, or of any table.

        Parameters
        ----------
        result : Composite, Coupling, or a DataFrame
        adopted : mapping of unit to first treated period, or DataFrame of policy dates
            As in `from_flows`.
        outcome, unit, period : str
            Columns; those of a result are known: "score", or "coordination".
        dates : mapping, optional
            Options of `attach_policy` (``first=``, ``dates_unit=``, ...).
        options : of `PolicyPanel` (covariates, cluster, transform, missing, ...)

        Raises
        ------
        DataError
            Scores that are not comparable over time; the mapping names units that the table has not; what the door
            refuses.
        OptionError
            A table whose outcome, unit or period is not said.
        """
        table, unit, period, outcome = outcome_table(result, adopted, (unit, period, outcome), dates or {})
        return cls(table, unit=unit, period=period, outcome=outcome, adopted="adopted", **options)

    # ---- facts -------------------------------------------------------------------------------------

    @property
    def cohorts(self) -> Array:
        """Adoption periods of units first treated inside the panel, from its second period on."""
        g = self.adoption
        return np.unique(g[np.isfinite(g) & (g > self.period_values[0])])

    @property
    def always_treated(self) -> Mask:
        """(N,) units already treated in their first row."""
        first_row = np.searchsorted(self.units, np.arange(len(self.unit_labels)))
        return np.asarray(self.adoption <= self.period_values[self.periods[first_row]])

    @property
    def event_time(self) -> Array:
        """(n,) periods since adoption; -inf for never."""
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(self.first), self.period_values[self.periods] - self.first, -np.inf)

    @property
    def treated_clusters(self) -> int:
        """Clusters with a unit that switches into treatment; always-treated units do not count."""
        moves = (
            np.isfinite(self.first) if self.reversible else (self.D > 0) & ~self.always_treated[self.units]
        )
        return len(np.unique(self.clusters[moves]))

    @property
    def peers(self) -> Codes:
        """(N,) codes of the units that may be compared with each other: of the same first dose, and stratum."""
        N = len(self.unit_labels)
        start = self.D[np.searchsorted(self.units, np.arange(N))]
        strata = np.zeros(N) if self.strata is None else self.strata
        found = np.unique(np.column_stack([start, strata]), axis=0, return_inverse=True)[1]
        return np.asarray(found.reshape(-1), np.int64)

    @property
    def paths(self) -> Codes:
        """(N,) the first unit of the same peers with the same dose in every period and the same dates of `policies`."""
        N, T = len(self.unit_labels), len(self.period_values)
        D = np.full((N, T), np.inf)
        D[self.units, self.periods] = self.D
        dates = [contract.policy_dates(self, name) for name in self.policies]
        first_row = np.searchsorted(self.units, np.arange(N))
        same = np.column_stack([self.peers, D, *(date[first_row] for date in dates)])
        _, where, code = np.unique(same, axis=0, return_index=True, return_inverse=True)
        return np.asarray(where[code.reshape(-1)], np.int64)

    @property
    def by_path(self) -> bool:
        """Whether what is assigned to a unit is more than one date: a path of doses, or several policies."""
        return self.reversible or bool(self.policies)

    @property
    def late(self) -> int:
        """Number of units that adopt after the panel ends; they are in the comparison group."""
        return int((np.isfinite(self.announced) & np.isinf(self.adoption)).sum())

    @property
    def monthly(self) -> bool:
        """Whether the periods are months."""
        return self.calendar.frequency == "month"

    @property
    def steps(self) -> str:
        """What event times count: years, half-years, quarters, months; periods where their length is not known."""
        names = {"year": "years", "half": "half-years", "quarter": "quarters", "month": "months"}
        return names.get(str(self.calendar.frequency), "periods")

    @property
    def staggered(self) -> bool:
        """Whether units adopt at more than one date."""
        return len(self.cohorts) > 1

    def period_name(self, value: float) -> str:
        """A period as the user wrote it; ``never`` for infinity."""
        if np.isinf(value):
            return "never"
        return text(self.calendar.label(self.calendar.at(int(value))))

    def named(self, values: Any) -> np.ndarray[Any, Any]:
        """Periods as tables show them: years and counts as the numbers they are, others as the user writes them."""
        numbers = np.asarray(values, float)
        if self.calendar.frequency in ("year", "number"):
            return numbers
        names = ["always" if v == -np.inf else self.period_name(float(v)) for v in numbers]
        return np.array(names, dtype=object)

    def place(self, label: Any) -> float:
        """The number that counts a period, from its label in any spelling; infinity for never."""
        if isinstance(label, float | np.floating) and np.isinf(label):
            return float(label)
        return float(self.calendar.period(label).position)

    def check(self) -> DesignCheck:
        """The design facts with what each means for the analysis; see `exportlab.panel.design`."""
        from exportlab.panel.design import check

        return check(self)

    # ---- the same panel, changed ---------------------------------------------------------------------

    def where(self, keep: Any, why: str) -> PolicyPanel:
        """Only the rows with `keep`; the others are counted under `why`."""
        keep = np.asarray(keep, bool)
        if keep.shape != (len(self.y),):
            raise OptionError(
                f"keep has shape {keep.shape}; it needs one value for each of {len(self.y)} rows."
            )
        used, units = np.unique(self.units[keep], return_inverse=True)
        spells, periods = np.unique(self.periods[keep], return_inverse=True)
        groups, clusters = np.unique(self.clusters[keep], return_inverse=True)
        announced = self.announced[used]
        adoption = self._within(announced, self.period_values[spells])
        return self._with(
            data=self.data[keep].reset_index(drop=True),
            unit_labels=self.unit_labels[used],
            period_values=self.period_values[spells],
            units=units,
            periods=periods,
            y=self.y[keep],
            announced=announced,
            adoption=adoption,
            first=adoption[units],
            D=self.D[keep],
            clusters=clusters,
            cluster_labels=self.cluster_labels[groups],
            X=self.X[keep],
            w=None if self.w is None else self.w[keep],
            strata=None if self.strata is None else self.strata[used],
            lost=(*self.lost, (why, int((~keep).sum()))),
        )

    def reassigned(self, adoption: Any) -> PolicyPanel:
        """The same panel under other adoption periods, one a unit (inf for never)."""
        if self.by_path:
            raise OptionError(
                "This panel has no single adoption date a unit: whole paths move, see with_paths."
            )
        announced = np.asarray(adoption, float)
        adoption = self._within(announced, self.period_values)
        first = adoption[self.units]
        treated = (self.period_values[self.periods] >= first).astype(float)
        return self._with(announced=announced, adoption=adoption, first=first, D=treated)

    def with_paths(self, owner: Any) -> PolicyPanel:
        """The same panel where each unit takes the path of doses, and the dates of `policies`, of another.

        Parameters
        ----------
        owner : (N,) codes of the units whose paths they take
        """
        owner = np.asarray(owner, np.int64)
        N, T = len(self.unit_labels), len(self.period_values)
        if len(self.y) != N * T:
            raise DataError(
                f"paths move between units of a balanced panel; {N * T - len(self.y):,} unit-periods are missing",
                "Leave out units or periods with gaps before.",
            )
        D, announced = self.D.reshape(N, T)[owner].ravel(), self.announced[owner]
        adoption = self._within(announced, self.period_values)
        rows = (owner[:, None] * T + np.arange(T)).ravel()
        moved = {c: self.data[c].to_numpy()[rows] for c in self.policies.values()}
        data = self.data.assign(**moved) if moved else self.data
        return self._with(data=data, announced=announced, adoption=adoption, first=adoption[self.units], D=D)

    def respecified(self, *, covariates: Sequence[str], transform: str | None) -> PolicyPanel:
        """The same panel (dates, outcome and rows as they are here) with other covariates or another transform."""
        return contract.respecified(self, tuple(covariates), transform)

    @staticmethod
    def _within(announced: Array, periods: Array) -> Array:
        """Adoption within `periods`: inf for units that adopt after their end."""
        end = periods[-1] if len(periods) else -np.inf
        return np.where(announced > end, np.inf, announced)

    def with_outcome(self, y: Any) -> PolicyPanel:
        """The same panel with another outcome, one finite value a row."""
        y = np.asarray(y, float)
        if y.shape != self.y.shape or not np.isfinite(y).all():
            raise DataError("the new outcome is not one finite number a row", f"Give {len(self.y)} numbers.")
        return self._with(y=y)

    def _with(self, **changes: Any) -> PolicyPanel:
        made = object.__new__(PolicyPanel)
        for f in fields(self):
            object.__setattr__(made, f.name, changes.get(f.name, getattr(self, f.name)))
        return made

    # ---- estimators ------------------------------------------------------------------------------------

    def twfe(self, **options: Any) -> Estimate:
        """Two-way fixed effects, beside its diagnostics; see `exportlab.panel.did.twfe.twfe`."""
        from exportlab.panel.did.twfe import twfe

        return twfe(self, **options)

    def bacon(self) -> Any:
        """Goodman-Bacon decomposition of the two-way estimate; see `exportlab.panel.did.bacon`."""
        from exportlab.panel.did.bacon import bacon

        return bacon(self)

    def att(self, method: str = "callaway_santanna", **options: Any) -> Estimate:
        """Average effect on the treated by a method robust to staggered adoption.

        Parameters
        ----------
        method : {"callaway_santanna", "imputation", "etwfe", "sun_abraham", "stacked", "switching"}
        options : those of the method
        """
        from exportlab.panel.did import estimator

        return estimator(method, "att")(self, **options)

    def event_study(self, method: str = "callaway_santanna", **options: Any) -> Estimate:
        """Effects by time since adoption.

        Parameters
        ----------
        method : {"callaway_santanna", "imputation", "etwfe", "sun_abraham", "stacked", "switching", "twfe"}
        options : those of the method
        """
        from exportlab.panel.did import estimator

        return estimator(method, "event_study")(self, **options)

    def triple_difference(self, *, by: str, **options: Any) -> Estimate:
        """Triple differences over the 0/1 column `by`; see `exportlab.panel.did.triple`."""
        from exportlab.panel.did.triple import triple_difference

        return triple_difference(self, by=by, **options)

    def synthetic_control(self, **options: Any) -> Estimate:
        """Synthetic control with placebo inference; see `exportlab.panel.did.synthetic`."""
        from exportlab.panel.did.synthetic import synthetic_control

        return synthetic_control(self, **options)

    def synthetic_did(self, **options: Any) -> Estimate:
        """Synthetic difference in differences with placebo inference; see `exportlab.panel.did.synthetic`."""
        from exportlab.panel.did.synthetic import synthetic_did

        return synthetic_did(self, **options)

    def dose(self, *, dose: str, **options: Any) -> Estimate:
        """Continuous dose, two periods; see `exportlab.panel.did.dose`."""
        from exportlab.panel.did.dose import dose_response

        return dose_response(self, dose=dose, **options)

    def overlaps(self) -> Any:
        """How far the panel's `policies` can be told apart; see `exportlab.panel.did.several.overlaps`."""
        from exportlab.panel.did.several import overlaps

        return overlaps(self)

    def policy(self, name: str, *, given: str | None = None) -> PolicyPanel:
        """One of the panel's `policies` alone, or given another; see `exportlab.panel.did.several.policy`."""
        from exportlab.panel.did.several import policy

        return policy(self, name, given=given)

    def together(self, **options: Any) -> Estimate:
        """All of the panel's `policies` in one regression; see `exportlab.panel.did.several.together`."""
        from exportlab.panel.did.several import together

        return together(self, **options)

    def recommend(self) -> Any:
        """Which inference to believe for this design, and why; see `exportlab.panel.recommend`."""
        from exportlab.panel.inference.recommend import recommend

        return recommend(self)

    def shared_shocks(self, **options: Any) -> Any:
        """Whether the treated load apart on a common factor before adoption; see `exportlab.panel.shared_shocks`."""
        from exportlab.panel.inference.shared_shocks import shared_shocks

        return shared_shocks(self, **options)

    def heterogeneity(self, by: str, **options: Any) -> Any:
        """Effects by what units were before the first adoption; see `exportlab.panel.heterogeneity`."""
        from exportlab.panel.structure import heterogeneity

        return heterogeneity(self, by, **options)

    def power(self, **options: Any) -> Any:
        """Power by simulation on this panel; see `exportlab.panel.inference.power`."""
        from exportlab.panel.inference.power import power

        return power(self, **options)

    def __repr__(self) -> str:
        n, periods = len(self.unit_labels), len(self.period_values)
        joined = int(np.isfinite(self.adoption).sum())
        return printable(
            f"PolicyPanel: {self.outcome}, {n} units ({self.unit}) over {periods} periods ({len(self.y):,} "
            f"rows), {joined} treated in {len(self.cohorts)} cohort(s), {len(self.cluster_labels)} clusters"
        )
