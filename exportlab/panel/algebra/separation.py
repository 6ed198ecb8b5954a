"""Separation in Poisson models: zero outcomes whose fitted mean would have to be exactly zero.

A row with a zero outcome is separated when some combination z of regressors and effects is zero wherever
the outcome is positive, nowhere negative where it is zero, and positive there: lowering the linear
predictor along z raises the likelihood for ever, and no estimate exists unless such rows are set aside.
They carry no information about the coefficients that remain (Correia, Guimaraes and Zylkin 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.optimize import linprog

from exportlab.errors import OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import validated
from exportlab.panel.algebra.absorb import Absorber, Projection
from exportlab.panel.algebra.levels import Effects, fitted

METHODS = ("fe", "simplex", "ir")
ZERO = 1e-7  # what counts as zero in a direction whose largest entry is about one
LARGEST = 4_000_000  # cells of the linear programme beyond which the iterative rectifier takes over


@dataclass(frozen=True, eq=False)
class Separated:
    """Rows (n,) that are separated, how many each method found, and the direction z (n,) that proves it.

    `direction` covers the rows found by "simplex" and "ir" (zero on the others).
    """

    rows: Mask
    found: dict[str, int]
    direction: Array


@validated
def find_separated(
    y: Array, x: Array, effects: Effects, *, methods: tuple[str, ...] = ("fe", "simplex")
) -> Separated:
    """Find the separated rows.

    Parameters
    ----------
    y : array of shape (n,)
        Outcome, zero or positive.
    x : array of shape (n, k)
        Regressors, with a constant where there are no effects.
    effects : Effects
    methods : tuple of {"fe", "simplex", "ir"}
        "fe": levels of an effect whose outcomes are all zero. "simplex": a linear programme over every
        direction that vanishes on the positive rows, effects included; exact. "ir": the iterative
        rectifier, least squares that pull z towards the non-negative, for problems of any size. When the
        programme of "simplex" would be too large, "ir" does its work.

    Returns
    -------
    Separated

    Raises
    ------
    OptionError
        A method has another name.

    References
    ----------
    Correia, Guimaraes and Zylkin (2019), Verifying the existence of maximum likelihood estimates for
    generalized linear models.
    """
    for method in methods:
        one_of("separation", method, METHODS)
    rows = np.zeros(y.shape[0], dtype=np.bool_)
    direction = np.zeros(y.shape[0])
    found: dict[str, int] = {}
    barren = _barren(y, effects)
    if "fe" in methods:
        rows |= barren
        found["fe"] = int(barren.sum())
    elif barren.any() and methods:
        raise OptionError(
            f"{int(barren.sum()):,} rows lie in levels whose outcomes are all zero: methods "
            f"{methods!r} need 'fe' before them."
        )
    if not (y > 0).any() or rows.all():
        return Separated(rows, found, direction)
    for method in ("simplex", "ir"):
        if method not in methods:
            continue
        left = ~rows
        rest = y[left], x[left], effects.rows(left)
        z = _simplex(*rest) if method == "simplex" else None
        used = method if z is not None else "ir"
        z = _rectify(*rest) if z is None else z
        direction[left] = np.where(z > ZERO, z, direction[left])
        rows[np.flatnonzero(left)[z > ZERO]] = True
        found[used] = found.get(used, 0) + int((z > ZERO).sum())
    return Separated(rows, found, direction)


def _barren(y: Array, effects: Effects) -> Mask:
    """Rows in a level of some effect without any positive outcome."""
    rows = np.zeros(y.shape[0], dtype=np.bool_)
    for codes, total in zip(effects.codes, effects.sums(y), strict=True):
        rows |= total[codes] == 0
    return rows


def _simplex(y: Array, x: Array, effects: Effects) -> Array | None:
    """The widest separating direction by linear programming, or None where it would be too large."""
    positive, zero = y > 0, y == 0
    nothing = np.zeros(y.shape[0])
    if not zero.any():
        return nothing
    scale = np.linalg.norm(x, axis=0)
    x = x / np.where(scale > 0, scale / np.sqrt(y.shape[0]), 1.0)
    null = _null_space(x, effects, positive, zero)
    if null is None:
        return None
    basis, candidates = null
    if basis.shape[1] == 0:
        return nothing
    v = basis[candidates]
    if v.size > LARGEST:
        return None
    z = nothing.copy()
    z[candidates] = basis[candidates] @ _widest(v)
    return z


def _widest(v: Array) -> Array:
    """The c for which v @ c is non-negative and positive in as many rows as possible."""
    n, r = v.shape
    rows = v / np.linalg.norm(v, axis=1, keepdims=True)
    cost = np.concatenate([np.zeros(r), -np.ones(n)])
    answer = linprog(
        cost,
        A_ub=np.hstack([-rows, np.eye(n)]),
        b_ub=np.zeros(n),
        bounds=[(None, None)] * r + [(0, 1)] * n,
        method="highs",
    )
    if answer.status != 0:
        raise ArithmeticError(f"The linear programme of the separation check failed: {answer.message}")
    return np.asarray(answer.x, float)[:r]


def _null_space(x: Array, effects: Effects, positive: Mask, zero: Mask) -> tuple[Array, Codes] | None:
    """Directions that vanish on the positive rows: their values (n, r), and the zero rows they reach.

    Regressors: partial the effects out on the positive rows; what is collinear there gives a direction.
    Effects alone: a random combination of dummies, less its best fit on the positive rows, is a random
    direction of the null space; draws are added until they no longer raise the rank.
    """
    above = Effects(effects.names, tuple(c[positive] for c in effects.codes), effects.sizes)
    projection = Absorber.of(above).weighted(np.ones(int(positive.sum()))) if len(effects) else None
    directions = [_collinear_directions(x, effects, projection, positive)]
    if projection is not None and len(effects) > 1:
        rng, draws, width = np.random.default_rng(20_191), np.empty((x.shape[0], 0)), 1
        while True:
            theta = [rng.standard_normal((k, width)) for k in effects.sizes]
            target = fitted(theta, above)
            a, met = projection.solve(target, tolerance=1e-12)
            if not met:
                return None
            fit = projection.levels(target, a)
            fresh = fitted([t - f for t, f in zip(theta, fit, strict=True)], effects)
            draws = np.hstack([draws, np.where(np.abs(fresh) > ZERO, fresh, 0.0)])
            if _rank(draws[zero]) < draws.shape[1]:
                break
            if draws.shape[1] > 500:
                return None
            width = 2 * draws.shape[1]
        directions.append(draws)
    every = np.hstack(directions)
    every[positive] = 0.0
    candidates = np.flatnonzero((np.abs(every) > ZERO).any(axis=1))
    left, size, _ = np.linalg.svd(every[candidates], full_matrices=False)
    rank = int((size > 1e-8 * size.max(initial=0)).sum())
    basis = np.zeros((x.shape[0], rank))
    basis[candidates] = left[:, :rank]
    reach = candidates[(np.abs(basis[candidates]) > 1e-9).any(axis=1)]
    return basis, reach


def _collinear_directions(x: Array, effects: Effects, projection: Projection | None, positive: Mask) -> Array:
    """Values (n, r) of the regressors' combinations that the effects fit exactly on the positive rows."""
    inside, everywhere = x[positive], x
    if projection is not None:
        a, _ = projection.solve(inside, tolerance=1e-12)
        levels = projection.levels(inside, a)
        everywhere = x - fitted(levels, effects)
        inside = everywhere[positive]
    if x.shape[1] == 0:
        return np.empty((x.shape[0], 0))
    gram_root = np.linalg.qr(inside, mode="r") if inside.shape[0] >= x.shape[1] else inside
    _, size, right = np.linalg.svd(gram_root, full_matrices=True)
    rank = int((size > 1e-8 * np.sqrt(max(inside.shape[0], 1))).sum())
    out: Array = everywhere @ right[rank:].T
    return out


def _rank(v: Array) -> int:
    size = np.linalg.svd(v[(v != 0).any(axis=1)], compute_uv=False) if v.any() else np.zeros(0)
    return int((size > 1e-8 * size.max(initial=0)).sum())


def _rectify(
    y: Array, x: Array, effects: Effects, *, tolerance: float = 1e-5, max_iterations: int = 5_000
) -> Array:
    """The iterative rectifier: regress, keep the non-negative part, until the fit is its own target.

    Positive rows weigh so much that the fit is zero there to within `tolerance`.
    """
    # Heavy weights stand for the constraint that z vanish where the outcome is positive; the target keeps what the fit
    # has above zero, so that a fixed point is a z that is nowhere negative.
    zero = y == 0
    u = zero.astype(float)
    w = np.where(zero, 1.0, zero.sum() / tolerance)
    scale = np.linalg.norm(x, axis=0)
    x = x / np.where(scale > 0, scale, 1.0)
    projection = Absorber.of(effects).weighted(w) if len(effects) else None
    left = x if projection is None else projection.absorb(x, tolerance=1e-12)[0]
    root = np.sqrt(w)[:, None]
    q, r, _ = linalg.qr(root * left, mode="economic", pivoting=True)
    rank = int((np.abs(np.diag(r)) > 1e-9 * max(1.0, float(np.abs(np.diag(r)).max(initial=0)))).sum())
    q = q[:, :rank]
    start: Array | None = None
    for _ in range(max_iterations):
        rest = u[:, None]
        if projection is not None:
            start, _ = projection.solve(rest, start=start, tolerance=1e-12)
            rest = projection.residual(rest, start)
        rest = (rest - (q @ (q.T @ (root * rest))) / root)[:, 0]
        fit = u - rest
        if np.abs(rest).max() < tolerance:
            break
        u = np.where(zero & (fit > tolerance), fit, 0.0)
    else:
        raise ArithmeticError(
            f"The iterative rectifier had not settled after {max_iterations:,} steps. "
            "Use separation=('fe', 'simplex')."
        )
    return np.where(zero & (u > 10 * tolerance), u, 0.0)
