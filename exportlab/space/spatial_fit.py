"""A spatial model of transformed rows: by likelihood, which is own, or by two stages and moments, which are PySAL's.

PySAL has likelihoods too (spreg 1.9.0), but its lag model sums a power series of the weights and stops where a term is
larger than the one before, as it may be where weights are not symmetric; its panels have effects of units alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import helmert
from scipy.optimize import minimize_scalar

from exportlab.errors import DataError, MissingDependency
from exportlab.frames import Array

PRECISION = 1e-10  # of the spatial parameter, over which the likelihood is searched
GRID = 81  # values of it that are tried first
END = 1e-6  # how far from its ends they stand
EDGE = 1e-4  # from the end of the spatial parameter's range
EXACT = 1e-10  # of the outcome's size: residuals below are rounding


@dataclass(frozen=True, eq=False)
class Rows:
    """Outcome (n,) and regressors (n, k), period by period, and the weights (m, m) of the rows of one period."""

    y: Array
    x: Array
    w: Array

    @property
    def periods(self) -> int:
        """How many periods the rows have."""
        return len(self.y) // len(self.w)

    def lag(self, values: Array) -> Array:
        """The mean of the neighbours in each period, of values (n, ...)."""
        cube = values.reshape(self.periods, len(self.w), -1)
        return np.asarray(np.einsum("ij,tjk->tik", self.w, cube).reshape(values.shape))


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients (k,), rho and lambda (zero where the model has none), covariance in that order, and the likelihood.

    `parameter` names the spatial parameter that stands last in the covariance: "rho", "lambda" or "".
    """

    beta: Array
    parameter: str
    spatial: float
    covariance: Array
    sigma2: float
    loglik: float

    @property
    def rho(self) -> float:
        """The coefficient of the spatial lag of the outcome."""
        return self.spatial if self.parameter == "rho" else 0.0


def transformed(rows: Rows, *, units: bool, periods: bool, orthonormal: bool) -> Rows:
    """The rows without their effects: means taken off, or (Lee and Yu 2010) multiplied by orthonormal contrasts.

    Contrasts of T periods are T - 1 and of N units N - 1; errors of rows so transformed stay independent. Contrasts of
    the units change the weights with them, which needs rows of weights that add to one.
    """
    T, N = rows.periods, len(rows.w)
    cube = np.column_stack([rows.y, rows.x]).reshape(T, N, -1)
    w = rows.w
    if units:
        cube = np.tensordot(helmert(T), cube, 1) if orthonormal else cube - cube.mean(axis=0)
    if periods and orthonormal:
        H = helmert(N)
        cube, w = np.einsum("mi,tik->tmk", H, cube), H @ w @ H.T
    elif periods:
        cube = cube - cube.mean(axis=1, keepdims=True)
    flat = cube.reshape(-1, cube.shape[2])
    return Rows(flat[:, 0], flat[:, 1:], w)


def fitted(rows: Rows, model: str, method: str) -> Fit:
    """Estimate a model of the rows; columns are brought to one size first and back again.

    Parameters
    ----------
    model : {"lag", "error", "none"}
        What depends on the neighbours.
    method : {"ml", "gmm"}

    Raises
    ------
    DataError
        Residuals that are rounding, a spatial parameter at the end of its range, instruments that do not identify it.
    MissingDependency
    """
    size = np.sqrt((rows.x**2).mean(axis=0))
    money = float(np.sqrt((rows.y**2).mean())) or 1.0
    one = Rows(rows.y / money, rows.x / size, rows.w)
    _refuse_exact(one)
    found = {
        ("lag", "ml"): _lag_ml,
        ("error", "ml"): _error_ml,
        ("lag", "gmm"): _lag_gmm,
        ("error", "gmm"): _error_gmm,
    }
    fit = least_squares(one) if model == "none" else found[model, method](one)
    if fit.parameter and not abs(fit.spatial) < 1 - EDGE:
        raise DataError(
            f"{fit.parameter} is {fit.spatial:.4g}, at or beyond the end of its range (-1, 1)",
            "The model does not describe these rows: look for a trend over space, other weights, fewer regressors.",
        )
    scale = np.append(money / size, [1.0] if fit.parameter else [])
    return Fit(
        fit.beta * money / size, fit.parameter, fit.spatial, fit.covariance * np.outer(scale, scale),
        fit.sigma2 * money**2, fit.loglik - len(rows.y) * float(np.log(money)),
    )  # fmt: skip


def least_squares(rows: Rows) -> Fit:
    """Ordinary least squares: s2 = e'e/(n - k) in the covariance, e'e/n in the likelihood."""
    n, k = rows.x.shape
    beta = np.asarray(np.linalg.lstsq(rows.x, rows.y, rcond=None)[0], float)
    e = rows.y - rows.x @ beta
    ss = float(e @ e)
    covariance = np.asarray(ss / (n - k) * np.linalg.inv(rows.x.T @ rows.x), float)
    loglik = -n / 2 * (np.log(2 * np.pi * ss / n) + 1)
    return Fit(beta, "", 0.0, covariance, ss / (n - k), float(loglik))


def _refuse_exact(rows: Rows) -> None:
    e = rows.y - rows.x @ np.linalg.lstsq(rows.x, rows.y, rcond=None)[0]
    if float(np.abs(e).max()) <= EXACT * float(np.abs(rows.y).max()):
        raise DataError(
            "The regressors fit every row exactly", "There are no residuals for neighbours to share."
        )


def _lag_ml(rows: Rows) -> Fit:
    """The outcome's lag by likelihood: coefficients are linear in rho, which is searched for (Ord 1975)."""
    x, lagged = rows.x, rows.lag(rows.y)
    inverse = np.linalg.inv(x.T @ x)
    first, second = inverse @ (x.T @ rows.y), inverse @ (x.T @ lagged)
    own, next_door = rows.y - x @ first, lagged - x @ second
    rho, loglik = _highest(rows, lambda r: float(((own - r * next_door) ** 2).sum()))
    beta, sigma2 = first - rho * second, float(((own - rho * next_door) ** 2).mean())
    G, n, k = _reach(rows, rho), len(rows.y), x.shape[1]
    reached = Rows(rows.y, x, G).lag(x @ beta)
    information = np.zeros((k + 2, k + 2))  # of beta, rho, sigma2
    information[:k, :k] = x.T @ x / sigma2
    information[:k, k] = information[k, :k] = x.T @ reached / sigma2
    information[k, k] = rows.periods * _squares(G) + float(reached @ reached) / sigma2
    information[k, k + 1] = information[k + 1, k] = rows.periods * float(np.trace(G)) / sigma2
    information[k + 1, k + 1] = n / (2 * sigma2**2)
    return Fit(beta, "rho", rho, np.linalg.inv(information)[:-1, :-1], sigma2, loglik)


def _error_ml(rows: Rows) -> Fit:
    """The errors' lag by likelihood: coefficients are those of the rows less lambda times their neighbours'."""
    y_lag, x_lag = rows.lag(rows.y), rows.lag(rows.x)

    def filtered(spatial: float) -> tuple[Array, Array, Array]:
        y, x = rows.y - spatial * y_lag, rows.x - spatial * x_lag
        beta = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], float)
        return x, beta, y - x @ beta

    spatial, loglik = _highest(rows, lambda s: float((filtered(s)[2] ** 2).sum()))
    x, beta, e = filtered(spatial)
    G, n, k, sigma2 = _reach(rows, spatial), len(rows.y), rows.x.shape[1], float((e**2).mean())
    trace = rows.periods * float(np.trace(G))
    covariance = np.zeros((k + 1, k + 1))
    covariance[:k, :k] = sigma2 * np.linalg.inv(x.T @ x)
    covariance[k, k] = 1 / (rows.periods * _squares(G) - 2 * trace**2 / n)  # sigma2 taken out
    return Fit(beta, "lambda", spatial, covariance, sigma2, loglik)


def _highest(rows: Rows, squares: Callable[[float], float]) -> tuple[float, float]:
    """The spatial parameter in (-1, 1) of the largest likelihood, and this; `squares` are of the residuals."""
    n, roots = len(rows.y), np.linalg.eigvals(rows.w)

    def loss(spatial: float) -> float:
        volume = rows.periods * float(np.log(1 - spatial * roots).sum().real)
        return float(n / 2 * (np.log(2 * np.pi * squares(spatial) / n) + 1) - volume)

    grid = np.linspace(-1 + END, 1 - END, GRID)
    best = int(np.argmin([loss(s) for s in grid]))
    bounds = (grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)])
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": PRECISION})
    return float(found.x), -float(found.fun)


def _reach(rows: Rows, spatial: float) -> Array:
    """G = W (I - rho W)^-1, of one period."""
    return np.asarray(np.linalg.solve((np.eye(len(rows.w)) - spatial * rows.w).T, rows.w.T).T, float)


def _squares(G: Array) -> float:
    """tr(GG + G'G)."""
    return float((G * G.T).sum() + (G * G).sum())


def _lag_gmm(rows: Rows) -> Fit:
    """Two-stage least squares: the outcome's lag by the first two lags of the regressors that these do not span."""
    y, x = _columns(rows)
    q = _new_columns(x, np.column_stack([rows.lag(x), rows.lag(rows.lag(x))]))
    if not q.shape[1]:
        raise DataError(
            "No lag of a regressor is left to stand for the outcome's lag",
            "Two stages need regressors that vary over space: take method='ml'.",
        )
    made = _pysal("twosls").BaseTSLS(y, x, yend=rows.lag(y), q=q, sig2n_k=True)
    return _of(made, "rho", np.asarray(made.vm), np.nan)


def _error_gmm(rows: Rows) -> Fit:
    """Kelejian and Prucha's moments, which give lambda no standard error."""
    y, x = _columns(rows)
    w = sparse.kron(sparse.identity(rows.periods), sparse.csc_matrix(rows.w), format="csc")
    made = _pysal("error_sp").BaseGM_Error(y, x, w)
    covariance = np.full((x.shape[1] + 1, x.shape[1] + 1), np.nan)
    covariance[:-1, :-1] = made.vm
    return _of(made, "lambda", covariance, np.nan)


def _new_columns(x: Array, more: Array) -> Array:
    """Those of `more` that neither x nor the ones before them span."""
    kept: list[Array] = []
    basis = np.linalg.qr(x)[0]
    for column in more.T:
        left = column - basis @ (basis.T @ column)
        left = left - basis @ (basis.T @ left)
        if np.linalg.norm(left) > 1e-8 * np.linalg.norm(column):
            kept.append(column)
            basis = np.column_stack([basis, left / np.linalg.norm(left)])
    return np.column_stack(kept) if kept else np.empty((len(x), 0))


def _of(made: Any, parameter: str, covariance: Array, loglik: float) -> Fit:
    coefficients = np.asarray(made.betas, float).ravel()
    return Fit(
        coefficients[:-1],
        parameter,
        float(coefficients[-1]),
        covariance,
        float(np.ravel(made.sig2)[0]),
        loglik,
    )


def _columns(rows: Rows) -> tuple[Array, Array]:
    return rows.y[:, None], rows.x


def _pysal(module: str) -> Any:
    """A module of PySAL's spreg."""
    try:
        import spreg
    except ImportError:
        raise MissingDependency("spreg", "space", "method='gmm'") from None
    return getattr(spreg, module)
