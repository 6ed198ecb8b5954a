"""Slopes of covariates among rows that no policy has reached, as weights of their outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exportlab.errors import DataError
from exportlab.frames import Array, Codes

FLAT = 1e-10  # share of a covariate's size below which what effects leave of it is rounding
ALIKE = 1e10  # condition number beyond which covariates cannot be told apart


def net_of(values: Array, groups: Codes, w: Array) -> Array:
    """Values (n, ...) less their weighted means by group."""
    flat = values.reshape(len(values), -1)
    total = np.bincount(groups, w)
    mean = np.column_stack(
        [np.bincount(groups, w * column) / np.where(total > 0, total, 1.0) for column in flat.T]
    )
    return np.asarray((flat - mean[groups]).reshape(values.shape))


def levers(X: Array, groups: Codes, w: Array, *, names: Sequence[str], among: str) -> Array:
    """(n, k) weights of outcomes in the slopes of weighted least squares on X (n, k) and effects of groups.

    Raises
    ------
    DataError
        A covariate that the effects, or the other covariates, leave nothing of.
    """
    net = net_of(X, groups, w)
    size = np.sqrt(w @ net**2)
    flat = size <= FLAT * np.abs(X).max(0, initial=0.0) * np.sqrt(w.sum())
    if flat.any():
        raise DataError(
            f"covariate {names[int(flat.argmax())]!r} does not vary within periods among {among}",
            "Its slope is learnt there: leave it out, or ask for fewer periods after adoption.",
        )
    unit = net / size
    gram = unit.T @ (w[:, None] * unit)
    if np.linalg.cond(gram) > ALIKE:
        raise DataError(
            f"covariates cannot be told apart among {among}: {', '.join(names)}",
            "Their slopes are learnt there: leave some out, or ask for fewer periods after adoption.",
        )
    return np.asarray((w[:, None] * unit) @ np.linalg.inv(gram) / size)
