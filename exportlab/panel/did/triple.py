"""Triple differences: a group within each unit's surroundings that the policy does not reach."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.columns import real
from exportlab.errors import DataError, UnknownName, one_of
from exportlab.frames import Array, Codes
from exportlab.options import Level, validated
from exportlab.panel.did.imputation import imputable, imputed
from exportlab.panel.did.regress import (
    Account,
    Problem,
    Terms,
    drop_singletons,
    effects_of,
    from_fit,
    least_squares,
    refuse_no_variation,
)
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel


@validated
def triple_difference(
    panel: PolicyPanel,
    *,
    by: str,
    within: str | None = None,
    method: str | None = None,
    aggregate: str = "simple",
    level: Level = 0.95,
) -> Estimate:
    r"""Triple differences :math:`y_{it}=\alpha_i+\lambda_{s(i)t}+\mu_{b(i)t}+\beta D_{it}b_i+u_{it}`.

    Units are, say, sectors of cities: the city adopts, and the policy reaches only sectors with ``by ==
    1``. The other sectors of the same city carry the city's date of adoption.

    Parameters
    ----------
    by : str
        0/1 column, constant within units: whether the policy reaches the unit.
    within : str, optional
        Column of the surroundings s (the city); their periods are absorbed. By default units of one
        adoption date share theirs.
    method : {"regression", "imputation"}, optional
        The regression with one adoption date, imputation when adoption is staggered (robust to effects
        that differ).
    aggregate : {"simple", "event", "cohort", "calendar"}
        For imputation.

    References
    ----------
    Gruber (1994), AER 84, 622-641; Olden and Moen (2022), Econometrics Journal 25, 531-553.
    """
    refuse_no_variation(panel)
    used = drop_singletons(panel)
    reached = _reached(used, by)
    if not (used.D * reached).any() or not (used.D * (1 - reached)).any():
        raise DataError(
            f"after adoption {by!r} is {'1' if (used.D * reached).any() else '0'} in every row",
            "Triple differences need reached and unreached units where the policy was adopted.",
        )
    method = method or ("imputation" if used.staggered else "regression")
    one_of("method", method, ["regression", "imputation"])
    again = partial(triple_difference, by=by, within=within, method=method, aggregate=aggregate, level=level)
    comparison = f"units with {by} = 0 in the same {within or 'adoption group'}, and other groups"
    if method == "imputation":
        words = {
            "method": "Triple differences (imputation)",
            "comparison": comparison,
            "refit": again,
            "level": level,
        }
        return _by_imputation(used, by, within, aggregate, words)
    X = np.column_stack([used.D * reached, used.X])
    names = [f"treated x {by}", *used.covariates]
    effects = effects_of(
        {
            "unit": used.units,
            "surroundings-period": _cross(_surroundings(used, within), used.periods),
            "reached-period": _cross(reached.astype(np.int64), used.periods),
        }
    )
    account = Account(
        method="Triple differences",
        estimand="average effect on reached treated units",
        comparison=comparison,
        weighting="by treatment variance",
        refit=again,
    )
    problem = Problem.of(used, X, names, effects)
    fit = least_squares(problem)
    return from_fit(used, problem, fit, Terms.as_they_are(problem), account, level=level)


def _by_imputation(
    panel: PolicyPanel, by: str, within: str | None, aggregate: str, words: dict[str, Any]
) -> Estimate:
    used, made = imputable(
        panel,
        lambda p: _dummies(p, _surroundings(p, within), _reached(p, by)),
        lambda p: p.D * _reached(p, by),
    )
    return imputed(used, made, used.D * _reached(used, by) > 0, aggregate, **words)


def _reached(panel: PolicyPanel, by: str) -> Array:
    if by not in panel.data.columns:
        raise UnknownName("column", by, [str(c) for c in panel.data.columns])
    b = real(panel.data, by)
    if not np.isin(b, (0.0, 1.0)).all():
        bad = ~np.isin(b, (0.0, 1.0))
        raise DataError(
            f"{by!r} is neither 0 nor 1",
            "Mark reached units with 1.",
            rows=int(bad.sum()),
            first=str(b[bad.argmax()]),
        )
    changes = (panel.units[1:] == panel.units[:-1]) & (b[1:] != b[:-1])
    if changes.any():
        first = str(panel.unit_labels[panel.units[1:][changes.argmax()]])
        raise DataError(f"{by!r} changes within a {panel.unit}", "It marks units, not periods.", first=first)
    return b


def _surroundings(panel: PolicyPanel, within: str | None) -> Codes:
    if within is None:
        return np.asarray(np.unique(panel.first, return_inverse=True)[1], np.int64)
    if within not in panel.data.columns:
        raise UnknownName("column", within, [str(c) for c in panel.data.columns])
    return np.asarray(np.unique(panel.data[within].astype(str), return_inverse=True)[1], np.int64)


def _cross(a: Codes, b: Codes) -> Codes:
    joint: Codes = np.unique(a * (int(b.max()) + 1) + b, return_inverse=True)[1].astype(np.int64)
    return joint


def _dummies(panel: PolicyPanel, surroundings: Codes, reached: Array) -> Array:
    """Dummies of surroundings by period and of reached by period, and covariates."""
    pairs = (_cross(surroundings, panel.periods), _cross(reached.astype(np.int64), panel.periods))
    dummies = [(c[:, None] == np.arange(int(c.max()) + 1)[None, :]).astype(float) for c in pairs]
    return np.column_stack([*dummies, panel.X])
