"""One two-by-two comparison with covariates: doubly robust, inverse probability, outcome regression."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError

OVERLAP = 1 - 1e-6  # propensity above which a comparison unit would count a million times
METHODS = ("dr", "ipw", "reg")


def two_by_two(
    change: Array, D: Array, X: Array, w: Array, *, adjust: str = "dr", where: str = ""
) -> tuple[float, Array]:
    r"""Effect on the treated from the change of the outcome, and its influence function.

    Parameters
    ----------
    change : (n,) outcome after less before
    D : (n,) 1.0 for the cohort, 0.0 for the comparison
    X : (n, k) covariates at the base period, a constant first
    w : (n,) weights
    adjust : {"dr", "ipw", "reg"}
        Doubly robust (logit and least squares), normalised inverse probability weights, outcome regression.
    where : str
        Named in errors.

    Returns
    -------
    effect : float
    influence : (n,) with mean zero; the variance of the effect is ``(influence**2).sum() / n**2``

    References
    ----------
    Sant'Anna and Zhao (2020), Journal of Econometrics 219, 101-122, equations 2.2, 2.4 and 3.1.
    """
    w = w / w.mean()
    if X.shape[1] == 1:
        return _means(change, D, w)
    X = _standard(X, w)
    if adjust == "reg":
        return _regression(change, D, X, w, where)
    if adjust == "ipw":
        return _weighting(change, D, X, w, where)
    return _doubly_robust(change, D, X, w, where)


def _standard(X: Array, w: Array) -> Array:
    """The constant and the covariates in standard deviations from their mean: neither unit nor origin counts."""
    centred = X[:, 1:] - np.average(X[:, 1:], axis=0, weights=w)
    size = np.sqrt(np.average(centred**2, axis=0, weights=w))
    moves = size > 1e-12 * np.abs(X[:, 1:]).max(axis=0)
    return np.column_stack([X[:, 0], centred / np.where(moves, size, 1.0)])


def _means(change: Array, D: Array, w: Array) -> tuple[float, Array]:
    treated, control = w * D, w * (1 - D)
    a, b = treated.sum() / len(w), control.sum() / len(w)
    high, low = (treated @ change) / treated.sum(), (control @ change) / control.sum()
    return float(high - low), treated * (change - high) / a - control * (change - low) / b


def propensity(D: Array, X: Array, w: Array, where: str) -> tuple[Array, Array]:
    """Logit of D on X by Newton steps: fitted probabilities (n,) and each row's part in the coefficients (n, k)."""
    beta = np.zeros(X.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(X @ beta, -40, 40)))
        hessian = (X * (w * p * (1 - p))[:, None]).T @ X
        if np.linalg.cond(hessian) > 1e13:
            break
        step = np.linalg.solve(hessian, X.T @ (w * (D - p)))
        beta += step
        if np.abs(step).max() < 1e-10:
            return p, (X * (w * (D - p))[:, None]) @ np.linalg.inv(hessian) * len(D)
    raise DataError(
        f"the covariates separate the treated from the comparison units{where}",
        "There is no overlap: use fewer covariates, or adjust='reg', which extrapolates.",
    )


def outcome(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[Array, Array]:
    """Least squares on the comparison: fitted change of all (n,) and each row's part in the coefficients (n, k)."""
    v = w * (1 - D)
    XtX = (X * v[:, None]).T @ X
    scale = np.sqrt(np.diag(XtX))
    if np.linalg.matrix_rank(XtX / np.outer(scale, scale), tol=1e-10) < X.shape[1]:
        raise DataError(
            f"the covariates are collinear among the comparison units{where}",
            "Leave out covariates that do not vary, or choose a larger comparison group.",
        )
    beta = np.linalg.solve(XtX, X.T @ (v * change))
    fitted = X @ beta
    return fitted, (X * (v * (change - fitted))[:, None]) @ np.linalg.inv(XtX) * len(D)


def _odds(p: Array, D: Array, w: Array, where: str) -> Array:
    extreme = (D == 0) & (p > OVERLAP)
    if extreme.any():
        raise DataError(
            f"comparison units have a propensity of one{where}", "There is no overlap: use fewer covariates.",
            rows=int(extreme.sum()),
        )  # fmt: skip
    odds: Array = w * (1 - D) * p / (1 - np.minimum(p, OVERLAP))
    return odds


def _weighting(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[float, Array]:
    p, linear = propensity(D, X, w, where)
    treated, control = w * D, _odds(p, D, w, where)
    high, low = (treated @ change) / treated.sum(), (control @ change) / control.sum()
    slope = (control * (change - low)) @ X / len(D)
    influence = treated * (change - high) / treated.mean()
    influence -= (control * (change - low) + linear @ slope) / control.mean()
    return float(high - low), influence


def _regression(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[float, Array]:
    fitted, linear = outcome(change, D, X, w, where)
    treated = w * D
    gap = change - fitted
    effect = (treated @ gap) / treated.sum()
    mean = treated @ X / len(D)
    return float(effect), (treated * (gap - effect) - linear @ mean) / treated.mean()


def _doubly_robust(change: Array, D: Array, X: Array, w: Array, where: str) -> tuple[float, Array]:
    p, from_p = propensity(D, X, w, where)
    fitted, from_fit = outcome(change, D, X, w, where)
    treated, control = w * D, _odds(p, D, w, where)
    gap = change - fitted
    high, low = (treated @ gap) / treated.sum(), (control @ gap) / control.sum()
    n = len(D)
    one = treated * (gap - high) - from_fit @ (treated @ X / n)
    two = control * (gap - low) + from_p @ ((control * (gap - low)) @ X / n) - from_fit @ (control @ X / n)
    return float(high - low), one / treated.mean() - two / control.mean()
