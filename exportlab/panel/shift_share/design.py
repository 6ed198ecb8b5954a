"""The shift-share design: rows exposed by shares to shocks that many of them have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.columns import as_written, in_time, real, refuse_no_ids
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.flows import Flows
from exportlab.frames import Array, to_pandas
from exportlab.options import Count, Label, Level, validated
from exportlab.panel.regression.formula import Design, Roles, design
from exportlab.panel.regression.formula_text import parse
from exportlab.panel.regression.ols import Words
from exportlab.panel.shift_share.algebra import Moments
from exportlab.panel.shift_share.estimates import (
    FEW,
    NO_COMMON,
    OWN,
    WEAK,
    Errors,
    Regressed,
    ShiftShareEstimate,
    estimate,
    joint,
)
from exportlab.panel.shift_share.exposure import Exposure, Names, read_exposure
from exportlab.panel.shift_share.of_flows import Growth, LeaveOut, Span, Trade, flows_exposure
from exportlab.panel.shift_share.setup import Asked, Setup, Sums, settle
from exportlab.panel.shift_share.shocks import (
    Draw,
    Placebo,
    Rotemberg,
    beside,
    placebo,
    rotemberg,
    shock_table,
)
from exportlab.periods import Lag
from exportlab.results import Result

EXPOSURE = "shift-share exposure"
ROUNDED = 1e-3  # of its deviation: how far a published exposure may be from shares times shocks
LEVELS = 1e-6  # of a treatment's length: what shares may leave of it for it to be a sum of them


@dataclass(frozen=True, repr=False, eq=False)
class ShiftShareDesign(Result):
    """Rows (places, or places by period) exposed to shocks by shares; made by `shift_share_design`.

    Attributes
    ----------
    table : DataFrame
        ``fact, value``: rows, shocks, clusters, sums of shares, effective number, rank.
    exposure : DataFrame
        The ids of a row, its exposure and its sum of shares.
    shocks : DataFrame
        One row a shock that some row is exposed to, most important first: its columns, and ``importance``, the
        weighted mean share, adding up to one.
    """

    data: pd.DataFrame
    of: Exposure
    asked: Asked
    _memo: dict[bytes, Setup] = field(default_factory=dict)

    # ---- the design ----------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """One line that says what this is."""
        s = self._whole
        return f"Shift-share design: {len(s.w):,} rows, {len(s.g):,} shocks ({s.effective:.1f} effective)"

    @property
    def table(self) -> pd.DataFrame:
        """What the design rests on."""
        s = self._whole
        sums = s.shares.W.sum(axis=1)
        largest = int(np.argmax(s.s))
        facts: dict[str, object] = {
            "rows": len(s.w),
            "rows lost": s.d.rows - len(s.w),
            "shocks": len(s.g),
            "shocks without a share": len(self.of.g) - len(s.g),
            f"clusters of shocks, by {self.asked.cluster_name}": int(s.codes.max()) + 1,
            "effective number of shocks": float(1 / np.sum(s.s**2)),
            "effective number of clusters": s.effective,
            "largest importance": float(s.s[largest]),
            "lowest sum of shares": float(sums.min()),
            "highest sum of shares": float(sums.max()),
            "rank of the shares": s.shares.rank,
            "exposure spanned by the shares": s.spanned if s.shares.told_apart else np.nan,
        }
        return pd.DataFrame(facts.items(), columns=["fact", "value"])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know of the design."""
        s = self._whole
        said = []
        if s.vanishing:
            said.append(f"No AKM errors: {s.vanishing}. Errors by shock stand in their place.")
        if s.effective < FEW:
            said.append(
                f"Shocks count as {s.effective:.1f}: errors that count on many of them are too small."
            )
        if self.of.dated and self.asked.sector_cluster is None:
            said.append(
                f"Shocks of one {self.asked.names.sector} in several periods are taken as independent: "
                f"sector_cluster={self.asked.names.sector!r} joins them."
            )
        return tuple(said)

    @property
    def exposure(self) -> pd.DataFrame:
        """The ids of a row, its exposure (the sum of shares times shocks), and its sum of shares."""
        ids = self.data[self.asked.names.ids]
        return ids.assign(exposure=self.of.x, sum_of_shares=self.of.W.sum(axis=1))

    @property
    def shocks(self) -> pd.DataFrame:
        """One row a shock, most important first, with its importance; those without any share are left out."""
        s = self._whole
        made = beside(s.shocks, importance=s.s)
        return made.sort_values("importance", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def effective_shocks(self) -> float:
        """The effective number of shocks: 1 over the sum of their squared importance."""
        return float(1 / np.sum(self._whole.s**2))

    # ---- regressions ---------------------------------------------------------------------------------------------

    @validated
    def reduced_form(
        self, outcome: str, *, errors: Errors = "auto", level: Level = 0.95
    ) -> ShiftShareEstimate:
        """Least squares of the outcome on the exposure, controls beside it.

        Parameters
        ----------
        outcome : str
            A column, or an expression of a formula such as ``"log(exports)"``.
        errors : {"auto", "akm", "akm0", "shock", "robust", "cluster", "classical"}
            "auto": "akm", or "shock" where those vanish. See `shift_share_design`.
        level : float

        Returns
        -------
        ShiftShareEstimate
            One term, the exposure; ``parts["errors"]`` has every kind of error.

        Raises
        ------
        DataError
            AKM errors are asked for where they vanish; missing values; an exposure that the controls absorb.
        """
        return self._estimate([outcome], None, errors, level, f"effect of the exposure on {outcome}")

    @validated
    def first_stage(
        self, treatment: str, *, errors: Errors = "auto", level: Level = 0.95
    ) -> ShiftShareEstimate:
        """Least squares of the treatment on the exposure; ``fit["F"]`` is the square of its t statistic.

        Parameters
        ----------
        treatment : str
        errors, level : see `reduced_form`
        """
        made = self._estimate([treatment], None, errors, level, f"effect of the exposure on {treatment}")
        return replace(made, fit={**made.fit, "F": float(made.tstat().iloc[0] ** 2)})

    @validated
    def iv(
        self, outcome: str, treatment: str, *, errors: Errors = "auto", level: Level = 0.95
    ) -> ShiftShareEstimate:
        """Two-stage least squares of the outcome on the treatment, the exposure its instrument.

        Parameters
        ----------
        outcome, treatment : str
            Columns, or expressions of a formula.
        errors, level : see `reduced_form`

        Raises
        ------
        DataError
            As `reduced_form`; and an exposure that does not move the treatment at all.
        """
        made = self._estimate([outcome], treatment, errors, level, f"effect of {treatment} on {outcome}")
        first = self.first_stage(treatment, errors=errors, level=level)
        return replace(made, fit={**made.fit, "first_stage_F": first.fit["F"]})

    @validated
    def ols(
        self, outcome: str, treatment: str, *, errors: Errors = "auto", level: Level = 0.95
    ) -> ShiftShareEstimate:
        """Least squares of the outcome on the treatment itself, for comparison.

        Parameters
        ----------
        outcome, treatment : str
        errors : see `reduced_form`
            AKM errors are given where the treatment is itself a sum of these shares times some shocks; else "auto" is
            "cluster" where the design has clusters, and "robust" where not.
        level : float
        """
        rows = self._rows([outcome], treatment)
        s, (y,), d = rows.setup, rows.outcomes, rows.treatment
        left = s.partialled(d, f"the treatment {treatment}")
        loadings: Array | str = f"{treatment} is no sum of these shares times shocks"
        if s.shares.told_apart:
            rest = d - s.shares.W @ s.shares.loadings(d[:, None])[:, 0]
            if np.sum(s.w * rest**2) <= LEVELS**2 * np.sum(s.w * d**2):
                loadings = s.shares.loadings(left[:, None])[:, 0]
        m = Moments(s.controls.residual(y[:, None])[:, 0], left, left, s.w)
        r = Regressed(s, self.asked, [treatment], [m], False, loadings, "the treatment is not instrumented")
        words = self._words("Shift-share, OLS", f"effect of {treatment} on {outcome}")
        return estimate(r, words, errors, level)

    @validated
    def pretrends(
        self, outcomes: Sequence[str], *, errors: Errors = "auto", level: Level = 0.95
    ) -> ShiftShareEstimate:
        """Earlier outcomes on the later exposure: what should be zero if exposed rows were on no other path before.

        Parameters
        ----------
        outcomes : sequence of str
            Columns of outcomes of earlier periods, or of characteristics that the shocks should not go with.
        errors, level : see `reduced_form`

        Returns
        -------
        ShiftShareEstimate
            One term an outcome; ``parts["joint"]`` tests all together.
        """
        if not outcomes:
            raise OptionError("outcomes=[] is not allowed. Name at least one column.")
        twice = [o for o in dict.fromkeys(outcomes) if list(outcomes).count(o) > 1]
        if twice:
            raise OptionError(f"outcomes= names {twice[0]!r} twice.")
        what = f"earlier outcomes by exposure: {', '.join(outcomes)}"
        made = self._estimate(list(outcomes), None, errors, level, what)
        if made.nulls or len(outcomes) == 1:
            return made
        return replace(made, parts={**made.parts, "joint": joint(made)})

    # ---- by shock ------------------------------------------------------------------------------------------------

    @validated
    def shock_level(self, outcome: str, treatment: str | None = None) -> pd.DataFrame:
        r"""The table of the shock-level regression, which has the coefficient of `iv` or `reduced_form`.

        The regression of ``outcome_mean`` on ``treatment_mean`` (without a treatment, the exposure's), instrument the
        shock, weights ``importance`` and the columns ``control_1 ...`` as regressors gives the same coefficient; its
        errors by ``shock_cluster``, without a factor, are those of ``errors="shock"``.

        Parameters
        ----------
        outcome : str
        treatment : str, optional

        Returns
        -------
        DataFrame
            One row a shock: its columns, ``importance``, weighted means of outcome and treatment by share, controls
            partialled out, shock-level controls, and ``shock_cluster``.

        Raises
        ------
        DataError
            Units have shocks of their own.
        """
        rows = self._rows([outcome], treatment)
        self._refuse_own()
        s = rows.setup
        y, d = (s.controls.residual(v[:, None])[:, 0] for v in (rows.outcomes[0], rows.treatment))
        return shock_table(s, y, d)

    @validated
    def rotemberg(self, outcome: str, treatment: str | None = None, *, centre: bool = False) -> Rotemberg:
        """Rotemberg weights: which shocks the estimate rests on, and what each alone would say.

        Parameters
        ----------
        outcome : str
        treatment : str, optional
            Without one, of the reduced form.
        centre : bool
            Whether each shock is taken less the mean of all (of its period where the design sums shares by period).
            Weights depend on it while their sum does not, where the sum of shares is controlled or complete.

        Returns
        -------
        Rotemberg

        Raises
        ------
        DataError
            Units have shocks of their own, or centred shocks would be another instrument.
        """
        rows = self._rows([outcome], treatment)
        self._refuse_own()
        s = rows.setup
        y, d = (s.controls.residual(v[:, None])[:, 0] for v in (rows.outcomes[0], rows.treatment))
        return rotemberg(s, y, d, self.asked.names, centre=self.asked.sums(self.of.dated) if centre else None)

    @validated
    def placebo_shocks(
        self,
        outcome: str,
        *,
        draws: Count = 999,
        rng: int | np.random.Generator | None = None,
        kind: str = "permuted",
        level: Level = 0.95,
    ) -> Placebo:
        """The reduced form with shocks that cannot have done anything: how often each kind of error calls them real.

        Parameters
        ----------
        outcome : str
        draws : int
        rng : int or numpy Generator
        kind : {"permuted", "normal"}
            The shocks themselves in another order (within a period where they are by period; clusters of shocks are
            not kept together), or independent normal ones.
        level : float

        Returns
        -------
        Placebo

        References
        ----------
        Adao, Kolesar and Morales (2019), section II.
        """
        if rng is None:
            raise OptionError("Placebo shocks are drawn: say rng=, a seed (rng=7) or a numpy Generator.")
        rows = self._rows([outcome], None)
        self._refuse_own()
        y = rows.setup.controls.residual(rows.outcomes[0][:, None])[:, 0]
        return placebo(rows.setup, self.asked, y, outcome, Draw(draws, rng, kind, level, self.of.dated))

    # ---- from the table to arrays --------------------------------------------------------------------------------

    @property
    def _whole(self) -> Setup:
        """The setup of all rows that have what the controls need."""
        return self._rows([f"`{EXPOSURE}`"], None).setup

    def _refuse_own(self) -> None:
        if not self.of.common:
            raise DataError(OWN, NO_COMMON)

    def _rows(self, outcomes: Sequence[str], treatment: str | None) -> _Rows:
        """Arrays of the rows in which outcomes and treatment are there."""
        named = [c for text in (*outcomes, *([treatment] if treatment else [])) for c in parse(text).columns]
        roles = replace(self.asked.roles, also=list(dict.fromkeys([*self.asked.roles.also, *named])))
        of = [
            design(self.data, f"{o} ~ {self.asked.controls}", roles, missing=self.asked.missing)
            for o in outcomes
        ]
        first = of[0]
        key = first.data.index.to_numpy(np.int64).tobytes()
        if key not in self._memo:
            self._memo[key] = settle(first, self.of, self.asked)
        setup = self._memo[key]
        d = first.x[:, -1] if treatment is None else _variable(first, treatment)
        return _Rows(replace(setup, d=first), [o.y for o in of], d)

    def _estimate(
        self, outcomes: list[str], treatment: str | None, errors: Errors, level: float, estimand: str
    ) -> ShiftShareEstimate:
        rows = self._rows(outcomes, treatment)
        s = rows.setup
        d = s.x if treatment is None else s.partialled(rows.treatment, f"the treatment {treatment}")
        moments = [Moments(s.controls.residual(y[:, None])[:, 0], d, s.x, s.w) for y in rows.outcomes]
        size = np.sqrt(np.sum(s.w * d**2) * np.sum(s.w * s.x**2))
        if abs(moments[0].cross) <= WEAK * size:
            raise DataError(
                f"the exposure does not move {treatment}",
                "An instrument that goes with nothing identifies nothing.",
            )
        terms = outcomes if len(outcomes) > 1 else [treatment or "exposure"]
        method = "Shift-share, IV" if treatment else "Shift-share, reduced form"
        r = Regressed(
            s, self.asked, terms, moments, treatment is not None, s.vanishing or s.loadings,
            "" if self.of.common else OWN,
        )  # fmt: skip
        return estimate(r, self._words(method, estimand), errors, level)

    def _words(self, method: str, estimand: str) -> Words:
        held = f"the same {self.asked.controls}" if self.asked.controls.strip() != "1" else "all rows"
        names = [*self.asked.roles.effects]
        return Words(
            method,
            estimand,
            f"rows less exposed, {held}" + (f", within {', '.join(names)}" if names else ""),
            "every row weighs the same" if self.asked.roles.weights is None else "the given weights",
        )


@dataclass(frozen=True, eq=False)
class _Rows:
    """A setup with the outcomes and the treatment of its rows."""

    setup: Setup
    outcomes: list[Array]
    treatment: Array


def _variable(d: Design, text: str) -> Array:
    """One column of numbers, or an expression of some, on the rows of a design."""
    return design(d.data, f"{text} ~ 1", Roles()).y


@validated
def shift_share_design(
    table: Any,
    *,
    shares: Any,
    shocks: Any,
    unit: str,
    period: str | None = None,
    sector: str = "sector",
    share: str = "share",
    shock: str = "shock",
    controls: str = "1",
    effects: Sequence[str] = (),
    weights: str | None = None,
    cluster: str | None = None,
    sector_cluster: str | Mapping[Any, Any] | None = None,
    shock_controls: Sequence[str] = (),
    sum_of_shares: Sums = "auto",
    exposure: str | None = None,
    base: Label = None,
    until: Label = None,
    lag: Lag = 1,
    growth: Growth = "relative",
    leave_out: LeaveOut = "none",
    missing: str = "refuse",
) -> ShiftShareDesign:
    r"""A shift-share (Bartik) design: places exposed to common shocks by their shares of a base period.

    .. math:: x_{it} = \sum_n s_{in}\, g_{nt}

    Not to be confused with `exportlab.shift_share`, the accounting of growth by Dunn and Esteban-Marquillas.

    Parameters
    ----------
    table : pandas, Polars, PyArrow or DuckDB table
        One row a unit (and period): outcomes, treatments, controls.
    shares : table or Flows
        One row a unit and sector (and period): the share. Pairs without a row have none. Or flows of the units, of
        which shares at `base` are made.
    shocks : table or Flows
        One row a sector (and period): the shock. Or the world's flows, whose growth by sector is the shock.
    unit, period : str
        Columns that name a row, by the same names in all tables; of flows, `unit` is a role (``"exporter"``).
    sector, share, shock : str
        Columns; of flows, `sector` is the role over which the base is spread (``"product"`` or ``"market"``).
    controls : str
        The right side of a formula, ``"log(income) + C(division)"``; a constant is added where there are no effects.
    effects : sequence of str
        Columns whose levels are absorbed.
    weights : str, optional
        Column of positive weights.
    cluster : str, optional
        Column of clusters of rows, for errors that are given for comparison.
    sector_cluster : str or mapping, optional
        Column of the shocks, or a mapping of sectors, by which shocks are clustered: by default each is independent,
        and where they are by period each sector's in every period.
    shock_controls : sequence of str
        Numeric columns of the shocks. Their sums by share are controlled for, so that both levels agree.
    sum_of_shares : {"auto", "once", "by_period", "omit"}
        Whether the sum of shares is controlled for: with shares that do not add up to one the exposure says also how
        large their sum is, which no shock made random. "auto" is "by_period" where shocks are by period, else "once".
    exposure : str, optional
        Column of the exposure as it was published, where shares and shocks were rounded after it was made; it must be
        the sum of shares times shocks to a thousandth of its deviation.
    base, until, lag, growth, leave_out
        Of flows only. Shares are those of `base`. Without `period` the world's growth is from `base` to `until`; with
        `period`, into each period of the table from the one `lag` before. `growth` is "relative", "log" or "midpoint".
        `leave_out` takes out of the world's trade all units of `shares` ("units"), or for each unit itself ("own"),
        which gives units shocks of their own.
    missing : {"refuse", "drop"}

    Returns
    -------
    ShiftShareDesign

    Raises
    ------
    DataError
        A share that is negative, missing, doubled, or of no row; a row without shares; a sector with a share and no
        shock; an exposure that controls and effects absorb; no degree of freedom left.
    UnknownName, OptionError

    Notes
    -----
    With :math:`\ddot v` a variable less its weighted regression on the controls, w the weights and W the shares, the
    estimate is :math:`\beta=\sum w\ddot x\ddot y/\sum w\ddot x\ddot d` (d = x in the reduced form). Errors:

    - "akm": :math:`\sqrt{\sum_c(\sum_{n\in c} h_n\,(W'we)_n)^2}\,/\,|\sum w\ddot x\ddot d|`, h the coefficients of
      :math:`\ddot x` on the shares, c clusters of shocks;
    - "akm0": the values that a test with residuals under the null does not reject; the set may have no end. Its
      ``std_error`` is the interval's length over twice the normal quantile;
    - "shock": as "akm" with the shocks, less their regression on shock-level controls, in the place of h: the robust
      errors of the regression at the level of shocks (`ShiftShareDesign.shock_level`);
    - "robust", "cluster", "classical": of rows. With instruments they have no small-sample factor.

    AKM errors are refused, and "auto" gives those by shock, where shares cannot be told apart (more shocks than rows)
    or span less than nine tenths of what controls and effects leave of the exposure. All use the normal law.

    References
    ----------
    Adao, Kolesar and Morales (2019), Quarterly Journal of Economics 134(4); Borusyak, Hull and Jaravel (2022), Review
    of Economic Studies 89(1); Goldsmith-Pinkham, Sorkin and Swift (2020), American Economic Review 110(8). Numbers are
    those of R's ShiftShareSE.
    """
    names = Names(unit, period, sector, share, shock)
    data = _rows_of(table, names)
    exposed = _exposure(data, shares, shocks, names, Span(base, until, lag, growth, leave_out))
    if exposure is not None:
        exposed = replace(exposed, given=_published(data, exposure, exposed))
    if sum_of_shares == "by_period" and not exposed.dated:
        raise OptionError(
            "sum_of_shares='by_period' needs shocks by period: period=, a column of the shocks."
        )
    roles = Roles(
        {c: [c] for c in effects},
        {cluster: [cluster]} if cluster else {},
        weights=weights,
        also=names.ids,
        added=[EXPOSURE],
    )
    asked = Asked(names, controls, roles, sector_cluster, tuple(shock_controls), sum_of_shares, missing)
    made = ShiftShareDesign(data.assign(**{EXPOSURE: exposed.x}), exposed, asked)
    made._whole  # noqa: B018 (refuses what no regression could use)
    return made


def _published(data: pd.DataFrame, column: str, exposed: Exposure) -> Array:
    """The exposure (n,) as it was published, which shares and shocks must give but for rounding."""
    if column not in data.columns:
        raise UnknownName("column", column, [str(c) for c in data.columns])
    if not exposed.common:
        raise OptionError("exposure= and leave_out='own' both say the exposure: name one of them.")
    x = real(data, column)
    far = ~(np.abs(x - exposed.x) <= ROUNDED * np.std(exposed.x))
    if far.any():
        at = int(far.argmax())
        raise DataError(
            f"{column!r} is not the sum of shares times shocks",
            "Leave exposure= out, or give the shares and shocks that it was made of.",
            rows=int(far.sum()),
            first=f"row {at + 1}: {x[at]:g} beside {exposed.x[at]:g}",
        )
    return x


def _rows_of(table: Any, names: Names) -> pd.DataFrame:
    """The table with its ids complete, each row once."""
    data = as_written(to_pandas(table), names.period)
    for column in names.ids:
        if column not in data.columns:
            raise UnknownName("column", column, [str(c) for c in data.columns])
    if EXPOSURE in data.columns:
        raise OptionError(f"The table has a column {EXPOSURE!r} already: rename it.")
    refuse_no_ids(data, names.ids)
    bare = data[names.ids].isna().any(axis=1)
    if bare.any():
        raise DataError(
            f"{' or '.join(names.ids)} is missing", "Name every row.", rows=int(bare.sum()),
            first=f"row {int(bare.to_numpy().argmax()) + 1}",
        )  # fmt: skip
    if names.period is not None:
        in_time(data[names.period], names.period)
    again = data.duplicated(names.ids)
    if again.any():
        raise DuplicateCells(
            f"the same {' and '.join(names.ids)} twice",
            "Give one row a unit" + (" and period." if names.period else ", or name period=."),
            rows=int(again.sum()),
            first=", ".join(f"{c} {data.loc[again, c].iloc[0]}" for c in names.ids),
        )
    return data


def _exposure(data: pd.DataFrame, shares: Any, shocks: Any, names: Names, span: Span) -> Exposure:
    """Exposure from two tables, or from two tables of flows."""
    both = isinstance(shares, Flows), isinstance(shocks, Flows)
    if all(both):
        if span.base is None:
            raise OptionError("Flows need base=, the period of the shares.")
        return flows_exposure(data, Trade(shares, shocks, names, span))
    if any(both):
        raise OptionError("shares= and shocks= are both flows, or both tables.")
    said = replace(span, base=None) != Span(None, None, 1, "relative", "none") or span.base is not None
    if said:
        raise OptionError(
            "base=, until=, lag=, growth= and leave_out= belong to flows, not to tables of shares."
        )
    return read_exposure(data, shares, shocks, names)
