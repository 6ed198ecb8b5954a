"""What speaks against a model of untreated outcomes: effects before adoption and after the end, held out and tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from exportlab.errors import DataError, OptionError
from exportlab.frames import Array, Mask
from exportlab.options import Count, Positive, validated
from exportlab.panel.algebra.factors import interactive
from exportlab.panel.did.completion import att as completion_att
from exportlab.panel.did.counterfactual import equivalence, wide
from exportlab.panel.did.interactive import att as interactive_att
from exportlab.panel.did.interactive import residual_spread
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate
    from exportlab.panel.policy_panel import PolicyPanel

MODELS = (interactive_att, completion_att)
BOUND = 0.36  # Hartman and Hidalgo (2018): standard deviations of the untreated outcome, two-way effects taken out


@dataclass(frozen=True, eq=False, repr=False)
class CounterfactualTests(Result):
    """Effects where there should be none.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a test: ``test``, ``estimate`` (of the effect that should be zero), ``std_error``, ``p_value`` (of no
        effect), ``bound`` and ``p_equivalence`` (of an effect beyond the bound), ``n`` cells, ``verdict``.
    bound : float
    """

    table: pd.DataFrame
    bound: float

    @property
    def title(self) -> str:
        """The verdicts, and what they are about."""
        found = "; ".join(f"{r.test}: {r.verdict}" for r in self.table.itertuples())
        return f"Effects where there should be none, held out of the fit, bound {self.bound:.3g}: {found}"


@validated
def counterfactual_tests(
    estimate: Estimate,
    *,
    periods: Count = 3,
    bound: Positive | None = None,
) -> CounterfactualTests:
    r"""Placebo, pre-trend and carry-over tests of interactive fixed effects or matrix completion.

    Cells in which there should be no effect are taken out of the fit and treated as if the policy were on:

    - ``placebo``: the last `periods` before adoption, at once;
    - ``trend -1``, ``trend -2``, ...: each of them alone;
    - ``carry-over``: the first `periods` after the treatment's end, where it ends.

    Each is tested against no effect, and for equivalence: whether an effect beyond the bound can be excluded by two
    one-sided tests at 5 per cent. A small p of the first speaks against the model; a small one of the second for it.

    Parameters
    ----------
    estimate : Estimate
        Of ``att("interactive")`` or ``att("matrix_completion")``; rank and penalty are kept.
    periods : int
    bound : float, optional
        In units of the outcome; .36 residual standard deviations of untreated outcomes beside two-way effects by
        default.

    Returns
    -------
    CounterfactualTests
        A verdict is ``"no effect"`` (the bound is excluded and zero is not), ``"an effect"`` (zero is excluded) or
        ``"not decided"``.

    Raises
    ------
    OptionError
        Another estimator.
    DataError
        No unit has untreated rows to spare.

    References
    ----------
    Liu, Wang and Xu (2024), American Journal of Political Science 68, 160-176; Hartman and Hidalgo (2018).
    """
    again: Any = estimate.refit
    panel = estimate.panel
    make = getattr(again, "func", None)
    if panel is None or make not in MODELS:
        raise OptionError(
            f"{estimate.method} is not tested this way. Allowed: att('interactive') and att('matrix_completion')."
        )
    options = {k: v for k, v in again.keywords.items() if k not in ("aggregate", "jackknife")}
    of = wide(panel)
    limit = BOUND * residual_spread(interactive(of.cells, 0), 0) if bound is None else float(bound)
    masks = _masks(of.spell, of.treated, of.cells.known, periods)
    if not masks:
        raise DataError(
            "no treated unit has rows before adoption or after the end", "There is nothing to hold out."
        )
    rows = []
    for name, hidden in masks.items():
        at = hidden[panel.units, panel.periods]
        if at.any():
            rows.append({"test": name, **_tested(panel, at, make, options, limit)})
    return CounterfactualTests(pd.DataFrame(rows), limit)


def _masks(spell: Array, treated: Mask, known: Mask, periods: int) -> dict[str, Mask]:
    """(N, T) cells of each test."""
    ever: Mask = np.any(treated, axis=1)[:, None] & known
    before = {f"trend {-k}": ever & (spell == -k) for k in range(1, periods + 1)}
    out: dict[str, Mask] = {"placebo": np.any(list(before.values()), axis=0), **before}
    after = np.zeros_like(treated)
    for i in np.flatnonzero(np.any(treated, axis=1)):
        ended = 0
        for t in range(1, treated.shape[1]):
            ended = 0 if treated[i, t] else ended + 1 if ended or treated[i, t - 1] else 0
            after[i, t] = 0 < ended <= periods and known[i, t]
    out["carry-over"] = after
    return {name: mask for name, mask in out.items() if mask.any()}


def _tested(
    panel: PolicyPanel, hidden: Mask, make: Any, options: dict[str, Any], bound: float
) -> dict[str, Any]:
    """The effect at hidden cells and both tests of it; treated cells themselves are left out."""
    kept = panel.D[~(panel.D > 0) | hidden]
    rows = panel.where(~(panel.D > 0) | hidden, "treated (not used for the test)")
    inside = hidden[~(panel.D > 0) | hidden]
    false = rows._with(reversible=True, D=np.where(inside, 1.0, np.where(kept > 0, 0.0, kept)))
    empty = {
        "estimate": np.nan,
        "std_error": np.nan,
        "p_value": np.nan,
        "bound": bound,
        "p_equivalence": np.nan,
    }
    try:
        made = make(false, **options)
    except DataError as reason:
        return {**empty, "n": 0, "verdict": f"not possible: {str(reason).split('. ')[0]}"}
    effect, error = made.table[["estimate", "std_error"]].to_numpy(float)[0]
    df = made.inference.df
    p = float(2 * stats.t.sf(abs(effect) / error, df)) if error > 0 else np.nan
    equal = equivalence(effect, error, bound, df) if error > 0 else np.nan
    verdict = "an effect" if p <= 0.05 else "no effect" if equal <= 0.05 else "not decided"
    return {
        "estimate": effect, "std_error": error, "p_value": p, "bound": bound, "p_equivalence": equal,
        "n": int(made.table["n"].iloc[0]), "verdict": verdict,
    }  # fmt: skip
