"""Outcomes of units and periods as effects of both and a matrix of low rank, fitted on some of the cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exportlab.errors import DataError
from exportlab.frames import Array, Mask

ROUNDS = 500  # of the search for factors; a rank that the data support takes some twenty
FILLINGS = 20_000  # of matrix completion
SETTLED = 1e-11  # share of the fit that a round may still move when it has settled


@dataclass(frozen=True, eq=False)
class LowRank:
    """What the cells would be: effects of units and periods, covariates and a low-rank part.

    Attributes
    ----------
    fitted : (N, T) the fit at every cell
    factors : (T, r) paths that units share, orthonormal; empty where the low-rank part is not of a given rank
    loadings : (N, r)
    slopes : (k,) of the covariates
    residual : (N, T), zero where a cell was not fitted on
    rounds : how many it took
    settled : whether it settled within the cap
    """

    fitted: Array
    factors: Array
    loadings: Array
    slopes: Array
    residual: Array
    rounds: int
    settled: bool


@dataclass(frozen=True, eq=False)
class Cells:
    """Outcomes (N, T) with anything where there is no row, covariates (N, T, k), and the cells to fit on (N, T)."""

    Y: Array
    X: Array
    known: Mask

    def without(self, units: Mask) -> Cells:
        """The same without some units."""
        return Cells(self.Y[~units], self.X[~units], self.known[~units])


def interactive(cells: Cells, rank: int, *, start: Array | None = None, cap: int = ROUNDS) -> LowRank:
    r"""Least squares of :math:`y_{it}=a_i+x_t+z_{it}'\beta+\lambda_i'f_t` on the known cells.

    Parameters
    ----------
    cells : Cells
        Every unit and period needs more known cells than `rank`.
    rank : int
    start : (T, rank) factors to start from
    cap : rounds after which the search ends, settled or not

    Notes
    -----
    For given paths of the periods the units' coefficients are least squares; the paths take damped Gauss-Newton steps
    with the units' coefficients projected out (variable projection: Golub and Pereyra 1973, with Kaufman's 1975
    approximation), which needs some twenty rounds where filling in missing cells (EM, as in fect) needs hundreds to
    reach the same optimum.
    """
    problem = _Problem.of(cells)
    paths, slopes = np.zeros((problem.periods, rank + 1)), np.zeros(problem.Z.shape[2])
    paths[:, 1:] = _first_factors(problem, rank) if start is None else start
    at, damping = problem.solved(paths, slopes), 1e-6
    settled, taken = False, 0
    while not settled and taken < cap:
        taken += 1
        step = problem.step(at, damping)
        new = problem.solved(at.paths + step[0], at.slopes + step[1])
        gain = at.loss - new.loss
        if gain < 0:
            damping *= 10
            settled = damping > 1e8
        else:
            moved = float(np.abs(new.fitted - at.fitted).max())
            at, damping = new, max(damping / 10, 1e-12)
            settled = moved <= SETTLED * 100
        settled = settled or at.loss <= 1e-26 * problem.n
    return problem.result(at, taken, settled)


@dataclass(frozen=True, eq=False)
class _At:
    """A point of the search: paths of the periods (T, 1 + r), slopes, units' coefficients, fit, residual and loss."""

    paths: Array
    slopes: Array
    units: Array
    inverse: Array
    fitted: Array
    residual: Array
    loss: float


@dataclass(frozen=True, eq=False)
class _Problem:
    """The cells in units of their own spread, so that nothing depends on the unit of measurement."""

    Y: Array
    Z: Array
    W: Array
    middle: float
    size: float
    scale: Array
    n: int

    @property
    def periods(self) -> int:
        return int(self.Y.shape[1])

    @classmethod
    def of(cls, cells: Cells) -> _Problem:
        W = cells.known.astype(float)
        inside = cells.Y[cells.known]
        middle, size = float(inside.mean()), float(inside.std()) or 1.0
        Y = np.where(cells.known, (np.where(cells.known, cells.Y, 0.0) - middle) / size, 0.0)
        Z = np.nan_to_num(cells.X)
        scale = np.array([Z[cells.known][:, j].std() or 1.0 for j in range(Z.shape[2])])
        return cls(Y, Z / scale, W, middle, size, scale, len(inside))

    def solved(self, paths: Array, slopes: Array) -> _At:
        """Least squares of every unit on a constant and the factors, at given paths and slopes."""
        design = np.column_stack([np.ones(self.periods), paths[:, 1:]])
        net = self.Y - paths[:, 0] - self.Z @ slopes
        q = design.shape[1]
        gram = (self.W @ (design[:, :, None] * design[:, None, :]).reshape(self.periods, q * q)).reshape(
            -1, q, q
        )
        try:
            inverse = np.linalg.inv(gram)
        except np.linalg.LinAlgError:  # factors that do not move over a unit's known cells
            inverse = np.linalg.pinv(gram, rcond=1e-12, hermitian=True)
        units = (inverse @ ((self.W * net) @ design)[:, :, None])[:, :, 0]
        fitted = units @ design.T + paths[:, 0] + self.Z @ slopes
        residual = self.W * (self.Y - fitted)
        return _At(paths, slopes, units, inverse, fitted, residual, float((residual**2).sum()))

    def step(self, at: _At, damping: float) -> tuple[Array, Array]:
        """A damped Gauss-Newton step of paths and slopes, the units' coefficients projected out."""
        design = np.column_stack([np.ones(self.periods), at.paths[:, 1:]])
        r1, k = at.paths.shape[1], len(at.slopes)
        loading = np.column_stack([np.ones(len(at.units)), at.units[:, 1:]])
        pulled = self.W[:, :, None] * design
        project = -(pulled @ at.inverse) @ pulled.transpose(0, 2, 1)
        diagonal = np.arange(self.periods)
        project[:, diagonal, diagonal] += self.W
        size, pairs = (
            self.periods * r1,
            (loading[:, :, None] * loading[:, None, :]).reshape(len(loading), r1 * r1),
        )
        H = (
            (project.reshape(len(project), -1).T @ pairs)
            .reshape(self.periods, self.periods, r1, r1)
            .transpose(0, 2, 1, 3)
        )
        full = np.zeros((size + k, size + k))
        full[:size, :size] = H.reshape(size, size)
        if k:
            PZ = project @ self.Z
            cross = np.einsum("ia,itk->tak", loading, PZ).reshape(size, k)
            full[:size, size:], full[size:, :size] = cross, cross.T
            full[size:, size:] = np.einsum("itj,itk->jk", self.Z, PZ)
        slope = np.concatenate(
            [(at.residual.T @ loading).ravel(), np.einsum("it,itk->k", at.residual, self.Z)]
        )
        full[np.arange(size + k), np.arange(size + k)] += damping * np.trace(full) / (size + k)
        move = np.linalg.solve(full, slope)
        return move[:size].reshape(self.periods, r1), move[size:]

    def result(self, at: _At, rounds: int, settled: bool) -> LowRank:
        """The point in the outcome's own unit, factors orthonormal and free of a constant."""
        F = at.paths[:, 1:] - at.paths[:, 1:].mean(0)
        left, size, right = np.linalg.svd(at.units[:, 1:] @ F.T, full_matrices=False)
        r = F.shape[1]
        return LowRank(
            self.middle + self.size * at.fitted,
            right[:r].T,
            self.size * left[:, :r] * size[:r],
            self.size * at.slopes / self.scale,
            self.size * at.residual,
            rounds,
            settled,
        )


def _first_factors(problem: _Problem, rank: int, rounds: int = 30) -> Array:
    """Factors to start from: a few rounds of filling cells that are not known with the fit."""
    fit = np.zeros_like(problem.Y)
    known = problem.W > 0
    factors = np.zeros((problem.periods, rank))
    for _ in range(rounds if rank else 0):
        full = np.where(known, problem.Y, fit)
        additive = full.mean(1, keepdims=True) + full.mean(0) - full.mean()
        left, size, right = np.linalg.svd(full - additive, full_matrices=False)
        fit = additive + (left[:, :rank] * size[:rank]) @ right[:rank]
        factors = right[:rank].T
    return factors


def completed(cells: Cells, penalty: float) -> LowRank:
    r"""Matrix completion with effects of units and periods that are not penalised.

    Minimises :math:`\tfrac12\sum_{known}(y_{it}-\mu-a_i-x_t-L_{it})^2+\theta\|L\|_*` by filling unknown cells with the
    fit, taking out means and shrinking singular values by :math:`\theta`, until it settles.

    Parameters
    ----------
    cells : Cells
        Without covariates.
    penalty : float
        :math:`\theta` as a share of the smallest one at which L vanishes, which leaves the two-way fit; fect's lambda
        is :math:`\theta/(NT)`.
    """
    plain = interactive(cells, 0)
    threshold = penalty * largest(plain)
    fit, low = plain.fitted, np.zeros_like(plain.fitted)
    rounds, settled, span = 0, penalty >= 1, float(np.ptp(plain.fitted)) or 1.0
    while not settled and rounds < FILLINGS:
        rounds += 1
        full = np.where(cells.known, cells.Y, fit)
        additive = full.mean(1, keepdims=True) + full.mean(0) - full.mean()
        left, size, right = np.linalg.svd(full - additive, full_matrices=False)
        low = (left * np.maximum(size - threshold, 0.0)) @ right
        settled = float(np.abs(additive + low - fit).max()) <= SETTLED * span
        fit = additive + low
    residual = np.where(cells.known, cells.Y - fit, 0.0)
    none = np.zeros((0,))
    return LowRank(
        fit, none.reshape(fit.shape[1], 0), none.reshape(len(fit), 0), none, residual, rounds, settled
    )


def largest(plain: LowRank) -> float:
    """The smallest penalty at which matrix completion is the two-way fit `plain`: its residual's singular value."""
    return float(np.linalg.svd(plain.residual, compute_uv=False)[0])


def refuse_unlinked(known: Mask) -> None:
    """Raise DataError where known cells do not link all units and periods: effects of both are not told apart."""
    units, periods = np.zeros(len(known), bool), np.zeros(known.shape[1], bool)
    units[0] = True
    for _ in range(known.shape[0] + known.shape[1]):
        more: Mask = np.any(known[units], axis=0)
        new: Mask = np.any(known[:, more], axis=1) | units
        if (more == periods).all() and (new == units).all():
            break
        units, periods = new, more
    if not units.all() or not periods.all():
        raise DataError(
            "untreated cells fall into parts that share no unit and no period",
            "Effects of units and periods cannot be told apart: keep one part.",
            rows=int((~units).sum()),
        )
