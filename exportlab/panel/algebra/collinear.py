"""Regressors that cannot be told apart from the effects or from each other are refused by name."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from exportlab.arrays import Array
from exportlab.errors import DataError
from exportlab.panel.algebra.absorb import Absorber, absorb
from exportlab.panel.algebra.levels import absorbed_parameters
from exportlab.panel.algebra.sandwich import freedom
from exportlab.panel.regression.formula import Design, listed


def refuse_collinear(d: Design, weights: Array, pattern: Absorber | None = None) -> None:
    """Name the regressors that the effects absorb or the others span; refuse what fits every row exactly."""
    x = d.x
    scale = np.sqrt(np.average((x - np.average(x, axis=0, weights=weights)) ** 2, axis=0, weights=weights))
    size = np.sqrt(np.average(x**2, axis=0, weights=weights))
    constant = [n for n, s, m in zip(d.names, scale, size, strict=True) if s <= 1e-9 * m and n != "Intercept"]
    if constant:
        raise DataError(
            f"{listed(constant)} does not vary over the {len(d.y):,} rows that are left",
            f"Leave it out.{lost_rows(d)}",
        )
    left = absorb(x, d.effects, weights, pattern=pattern)
    root = np.sqrt(weights / weights.mean())[:, None]
    norm = np.linalg.norm(root * left, axis=0) / np.sqrt(x.shape[0])
    reference = scale if len(d.effects) else size
    gone = [n for n, a, b in zip(d.names, norm, reference, strict=True) if a <= 1e-7 * b]
    if gone:
        raise DataError(
            f"{listed(gone)} has no variation left within the effects {', '.join(d.effects.names)}",
            f"Leave it out, or drop the effect that absorbs it.{lost_rows(d)}",
        )
    r, order = linalg.qr(root * left / norm, mode="r", pivoting=True)[-2:]
    small = np.abs(np.diag(r)) <= 1e-8 * np.abs(r[0, 0])
    short = [d.names[j] for j in order[: small.size][small]] + [d.names[j] for j in order[small.size :]]
    if short:
        others = [n for n in d.names if n not in short]
        raise DataError(
            f"{listed(short)} is a linear combination of {listed(others)}"
            + (" and the effects" if len(d.effects) else ""),
            "Leave it out: its coefficient cannot be told from theirs.",
        )
    if (
        len(d.effects) <= 2
    ):  # beyond, the effects' own rank is not known; the sandwich counts by its convention
        freedom(len(d.y), x.shape[1] + absorbed_parameters(d.effects, count="reghdfe"))


def lost_rows(d: Design) -> str:
    """The rows lost so far, for the end of a message."""
    return "".join(f" {n:,} rows were set aside: {why}." for why, n in d.lost)
