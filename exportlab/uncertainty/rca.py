r"""Revealed advantage as a function of unit weights, in every form of `exportlab.rca` and against every reference.

All forms are functions of the two shares s and w and of the relative size a; the formula is the indicator's own.
Their influence functions follow by the chain rule from

.. math:: ds = \frac{dx - s\,dX}{X}, \quad dw = \frac{dx_r - w\,dX_r}{X_r}, \quad da = \frac{dX - a\,dX_r}{X_r},

with :math:`dx_r = dX_r = 0` where the reference is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from exportlab.errors import one_of
from exportlab.frames import Array
from exportlab.indices.advantage import FORMS, of_shares
from exportlab.uncertainty.sample import Sample, beside, summed
from exportlab.uncertainty.statistics import by_unit, over

# Derivatives by s, w and a of each form; the weighted one's are made of Balassa's.
SLOPES: dict[str, Callable[[Array, Array, Array], tuple[Any, Any, Any]]] = {
    "balassa": lambda s, w, a: (over(np.ones_like(w), w), -over(s, w**2), 0.0),
    "rsca": lambda s, w, a: (2 * over(w, (s + w) ** 2), -2 * over(s, (s + w) ** 2), 0.0),
    "log": lambda s, w, a: (over(np.ones_like(s), s), -over(np.ones_like(w), w), 0.0),
    "nrca": lambda s, w, a: (a, -a, s - w),
    "arca": lambda s, w, a: (1.0, -1.0, 0.0),
}


def advantage(
    own: Any, reference: Any, total: Any, *, form: str = "balassa", universe: float | None = None
) -> Sample:
    """The index of every product of one exporter.

    Parameters
    ----------
    own : array or sparse array, shape (U, K)
        What each unit adds to each product the exporter has.
    reference : array or sparse array, shape (U, K) or (K,)
        What each unit adds to the reference's; one value a product where the reference is not drawn.
    total : ndarray, shape (U,), or float
        The same for all the reference exports, the products that the exporter has not included.
    form : str
        As in `exportlab.rca`.
    universe : float, optional
        Over how many products the weighted form takes its mean; None for those active in each draw.
    """
    one_of("form", form, FORMS)
    known = np.ndim(reference) == 1
    k = own.shape[1]
    size, whole = by_unit(own)
    adds = own if known else beside(own, reference, np.asarray(total)[:, None])
    per = np.full(adds.shape[1], whole)
    per[k:] = np.sum(total)
    if form == "nrca":  # growth that the reference shares leaves it as it is
        per[:] = np.nan if known else np.sum(total)

    def shares(sums: Array) -> tuple[Array, Array, Array, Array, Array]:
        x = sums[..., :k]
        mine = x.sum(axis=-1, keepdims=True)
        theirs, all_ = (reference, np.asarray([total])) if known else (sums[..., k:-1], sums[..., -1:])
        return over(x, mine), over(theirs, all_), over(mine, all_), mine, all_

    def index(sums: Array) -> Array:
        s, w, a, _mine, _all = shares(sums)
        return of_shares(form, s, w, a, _mean(s, w, universe) if form == "weighted" else 1.0)  # type: ignore[arg-type]

    def influence(weights: Array) -> Array:
        s, w, a, mine, all_ = shares(weights @ adds)
        mine, all_ = mine[..., None], all_[..., None]
        by_s, by_w, by_a = (
            np.asarray(d)[..., None, :] if np.ndim(d) else d
            for d in SLOPES["balassa" if form == "weighted" else form](s, w, a)
        )
        found = by_s * over(_dense(own) - s[..., None, :] * size[:, None], mine)
        each = 0.0 if known else np.asarray(total)[:, None]
        if not known:
            found = found + by_w * over(_dense(reference) - w[..., None, :] * each, all_)
        if form == "nrca":
            found = found + by_a * over(size[:, None] - a[..., None, :] * each, all_)
        return _centred(found, s, w, universe) if form == "weighted" else np.asarray(found)

    return summed(adds, index, per, sizes=size, influence=influence)


def _mean(s: Array, w: Array, universe: float | None) -> Array:
    """The exporter's average Balassa index; a product that the reference has not counts for nothing in it."""
    r = np.where(w > 0, over(s, w), 0.0)
    return over(r.sum(axis=-1, keepdims=True), _count(s, universe))


def _count(s: Array, universe: float | None) -> Array:
    return (s > 0).sum(axis=-1, keepdims=True) * 1.0 if universe is None else np.asarray([universe])


def _centred(slopes: Array, s: Array, w: Array, universe: float | None) -> Array:
    """From the influences of R to those of R over its mean."""
    r, mean = over(s, w), _mean(s, w, universe)
    of_mean = over(
        np.where((w > 0)[..., None, :], slopes, 0.0).sum(axis=-1, keepdims=True),
        _count(s, universe)[..., None],
    )
    return over(slopes - over(r, mean)[..., None, :] * of_mean, mean[..., None])


def _dense(flows: Any) -> Array:
    return np.asarray(flows.toarray() if hasattr(flows, "toarray") else flows)
