"""The shift-share design: rows exposed by shares to shocks that many of them have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array
from exportlab.options import Count, Level, validated
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
from exportlab.panel.shift_share.exposure import Exposure
from exportlab.panel.shift_share.setup import Asked, Setup, settle
from exportlab.panel.shift_share.shocks import (
    Draw,
    Placebo,
    Rotemberg,
    beside,
    placebo,
    rotemberg,
    shock_table,
)
from exportlab.results import Result

EXPOSURE = "shift-share exposure"
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
        m = Moments(s.controls.residual(y[:, None])[:, 0], left, left, s.w, np.abs(y))
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

    def checked(self) -> ShiftShareDesign:
        """The design itself; refuses what no regression could use."""
        self._rows([f"`{EXPOSURE}`"], None)
        return self

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
        moments = [
            Moments(s.controls.residual(y[:, None])[:, 0], d, s.x, s.w, np.abs(y)) for y in rows.outcomes
        ]
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
