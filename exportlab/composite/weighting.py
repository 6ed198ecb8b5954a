r"""What each indicator counts for: equal, given, judged in pairs, or learned from the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.columns import real
from exportlab.composite.indicator_table import Indicators, first_bad
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array, Codes
from exportlab.options import Positive, validated
from exportlab.results import Result

Weighting: TypeAlias = Literal["equal", "entropy", "critic", "sd", "cv", "pca", "pca_vectors"]
LEARNED = ("entropy", "critic", "sd", "cv", "pca", "pca_vectors")
RANDOM = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)  # Saaty's random index, 1 to 10 items
DIGITS = 0.05  # how far a cell times its opposite may be from one: 0.33 beside 3, 0.13 beside 8
SUM = 1e-9  # how far from one the sum of given weights may be
RATIO = 3  # units for each indicator below which correlations are noise (OECD handbook, step 4)


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights (m,) that add to one, and what else is said of each indicator."""

    w: Array
    said: Mapping[str, Array]
    note: str = ""


def entropy_weights(r: Array) -> Weights:
    """p = r / sum r, e = -(1/ln n) sum p ln p with 0 ln 0 = 0, w = (1 - e)/sum (1 - e)."""
    p = r / r.sum(axis=0)
    e = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0).sum(axis=0) / np.log(len(r))
    return Weights(_shares(1 - e), {"entropy": e})


def critic_weights(r: Array) -> Weights:
    """c_j = s_j sum_k (1 - corr_jk), w = c / sum c (Diakoulaki and others 1995)."""
    information = r.std(axis=0, ddof=1) * (1 - np.corrcoef(r.T)).sum(axis=0)
    return Weights(_shares(information), {"information": information})


def sd_weights(r: Array) -> Weights:
    """s_j / sum s, of the scaled figures."""
    s = r.std(axis=0, ddof=1)
    return Weights(_shares(s), {"sd": s})


def cv_weights(x: Array) -> Weights:
    """(s_j / mean_j) over their sum, of the figures as they are."""
    cv = x.std(axis=0, ddof=1) / x.mean(axis=0)
    return Weights(_shares(cv), {"cv": cv})


def pca_weights(z: Array, components: int | None, *, squared: bool) -> Weights:
    """Weights from the correlation matrix of z-scores: squared loadings, or vectors weighted by their variance.

    Squared loadings l_k v_jk^2 over their sum are the handbook's (step 6); sum_k (l_k / sum l) |v_jk| is the habit of
    Chinese papers. Components with l > 1, or so many as are asked for.
    """
    values, vectors = np.linalg.eigh(np.corrcoef(z.T))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int((values > 1).sum()) if components is None else components
    vectors = vectors * np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    variance, v = values[:kept], vectors[:, :kept]
    raw = (variance * v**2).sum(axis=1) if squared else np.abs(v) @ (variance / values.sum())
    against = int((v[:, 0] < 0).sum())
    note = f"{kept} components explain {variance.sum() / values.sum():.0%} of the variance"
    if against:
        note += (
            f"; {against} of {len(v)} indicators run against the first component, which their weights hide"
        )
    return Weights(_shares(raw), {"loading": np.sqrt(variance[0]) * v[:, 0]}, note)


def _shares(raw: Array) -> Array:
    return np.asarray(raw / raw.sum())


def given_weights(table: Indicators, weights: Any, components: int | None) -> Array | None:
    """Weights that add to one, from a mapping or from judgements in pairs; None where a method is named."""
    if components is not None and not (isinstance(weights, str) and weights.startswith("pca")):
        raise OptionError("components= belongs to weights='pca' and 'pca_vectors'.")
    if components is not None and components > len(table.names):
        raise OptionError(f"components={components} is more than the {len(table.names)} indicators.")
    if isinstance(weights, str):
        return None
    if isinstance(weights, pd.DataFrame):
        weights = ahp(weights).weights
    unknown = [name for name in weights if name not in table.names]
    if unknown:
        raise UnknownName("indicator of weights=", unknown[0], table.names)
    lacking = [name for name in table.names if name not in weights]
    if lacking:
        raise OptionError(f"weights= has no weight for {len(lacking)} indicators: {lacking[0]!r}.")
    return whole(weights, table.names)


def whole(given: Mapping[str, float], names: Sequence[str]) -> Array:
    """Given weights in the order of the names; those that do not add to one are refused, not divided."""
    w = np.array([float(given[name]) for name in names])
    if (w <= 0).any() or not np.isfinite(w).all():
        name = names[int((~(w > 0) | ~np.isfinite(w)).argmax())]
        raise OptionError(f"weights={{{name!r}: {given[name]!r}}} is not allowed. Allowed: numbers above 0.")
    if abs(w.sum() - 1) > SUM:
        raise OptionError(
            f"weights= add to {w.sum():.6g}, not to 1. Divide them by their sum, if their ratios are what is meant."
        )
    return w


def learned(table: Indicators, rows: Codes, basis: Array, method: str, components: int | None) -> Weights:
    """The weights of one pool by a method's name."""
    if method.startswith("pca"):
        return pca_weights(table.signs * table.x[rows], components, squared=method == "pca")
    if method == "cv":
        _refuse_not_positive(table, rows)
        return cv_weights(table.x[rows])
    if method == "equal":
        return Weights(np.full(len(table.names), 1 / len(table.names)), {})
    return {"entropy": entropy_weights, "critic": critic_weights, "sd": sd_weights}[method](basis)


def _refuse_not_positive(table: Indicators, rows: Any) -> None:
    bad = np.zeros(table.x.shape, bool)
    bad[rows] = table.x[rows] <= 0
    if bad.any():
        count, first = first_bad(table, bad)
        raise DataError(
            f"{count:,} figures are zero or negative, and a coefficient of variation has no meaning there",
            "Take weights='sd' or 'entropy'.",
            first=first,
        )


# ---- judgements in pairs ---------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False, eq=False)
class Judgement(Result):
    """Weights from comparisons in pairs.

    Attributes
    ----------
    table : DataFrame
        item, weight.
    largest, index, ratio : float
        The largest eigenvalue, CI = (largest - m)/(m - 1) and CR = CI/RI.
    """

    table: pd.DataFrame
    largest: float
    index: float
    ratio: float
    method: str

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"Weights by comparison in pairs ({self.method}), consistency ratio {self.ratio:.3f}"

    @property
    def weights(self) -> dict[str, float]:
        """Each item to its weight, as `weights=` takes them."""
        return dict(zip(self.table["item"], self.table["weight"], strict=True))


@validated
def ahp(
    comparisons: pd.DataFrame,
    *,
    method: Literal["eigenvector", "geometric", "columns"] = "eigenvector",
    accept: Positive = 0.1,
) -> Judgement:
    r"""Weigh items by comparisons in pairs, and say how consistent these are (analytic hierarchy process).

    Parameters
    ----------
    comparisons : DataFrame
        Items in rows and columns, under the same names; a cell says how many times its row counts for its column.
    method : {"eigenvector", "geometric", "columns"}
        The principal eigenvector (Saaty); the geometric mean of rows; the mean of columns that add to one.
    accept : float
        Comparisons with this consistency ratio or more are refused.

    Returns
    -------
    Judgement

    Raises
    ------
    DataError
        A table that is not square, positive and reciprocal, of more than ten items, or inconsistent.

    Notes
    -----
    :math:`CR = CI/RI`, :math:`CI = (\lambda_{max} - m)/(m - 1)`, RI = 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49
    for m = 3 to 10 (Saaty 1980; other tables differ in the second digit). Weights add to 1.

    References
    ----------
    .. [1] Saaty (1980), The Analytic Hierarchy Process, McGraw-Hill.

    Examples
    --------
    >>> import pandas as pd, exportlab as xl
    >>> names = ["exports", "variety", "logistics"]
    >>> pairs = pd.DataFrame([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]], index=names, columns=names)
    >>> found = xl.ahp(pairs)
    >>> round(found.ratio, 4), [round(w, 3) for w in found.weights.values()]
    (0.0332, [0.637, 0.258, 0.105])
    """
    a = _pairs(comparisons)
    m = len(a)
    values, vectors = np.linalg.eig(a)
    first = int(np.argmax(values.real))
    largest = float(values[first].real)
    index = (largest - m) / (m - 1)
    ratio = index / RANDOM[m - 1] if m > 2 else 0.0
    if ratio >= accept:
        place = _worst(a, _shares(np.abs(vectors[:, first].real)))
        one, other = (str(comparisons.columns[k]) for k in place)
        raise DataError(
            f"the comparisons contradict each other: consistency ratio {ratio:.2f}, below {accept:g} is allowed",
            "Judge the pairs again, those first that fit the others worst; or say accept= and answer for it.",
            first=f"{one} over {other} = {a[place]:.3g}",
        )
    raw = {
        "eigenvector": lambda: np.abs(vectors[:, first].real),
        "geometric": lambda: np.exp(np.log(a).mean(axis=1)),
        "columns": lambda: (a / a.sum(axis=0)).mean(axis=1),
    }[method]()
    table = pd.DataFrame({"item": [str(c) for c in comparisons.columns], "weight": _shares(raw)})
    return Judgement(table, largest, index, ratio, method)


def _pairs(comparisons: pd.DataFrame) -> Array:
    """The matrix of comparisons, or what it lacks."""
    names = [str(c) for c in comparisons.columns]
    if [str(i) for i in comparisons.index] != names or len(set(names)) != len(names):
        raise DataError(
            "comparisons have other names in rows than in columns",
            "Name rows and columns alike, in one order.",
            first=f"rows {list(comparisons.index)[:3]}, columns {names[:3]}",
        )
    if not 2 <= len(names) <= len(RANDOM):
        raise DataError(
            f"there are {len(names)} items to compare", f"Two to {len(RANDOM)} can be judged in pairs."
        )
    a = np.column_stack([real(comparisons, name) for name in comparisons.columns])
    wrong = ~(a > 0) | np.isinf(a)
    if not wrong.any():
        wrong = np.abs(a * a.T - 1) > DIGITS
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise DataError(
            f"{int(wrong.sum())} comparisons are not positive, or not the inverse of their opposite",
            "A cell says how many times its row counts for its column; the cell across is one over it.",
            first=f"{names[i]} over {names[j]} = {a[i, j]:g}, {names[j]} over {names[i]} = {a[j, i]:g}",
        )
    upper = np.triu(a)
    return np.asarray(upper + np.tril(1 / a.T, -1))  # the half above the diagonal counts


def _worst(a: Array, w: Array) -> tuple[int, int]:
    """The pair above the diagonal that is farthest from what the weights say."""
    off = np.triu(np.abs(np.log(a * w[None] / w[:, None])), 1)
    i, j = np.unravel_index(int(off.argmax()), off.shape)
    return int(i), int(j)
