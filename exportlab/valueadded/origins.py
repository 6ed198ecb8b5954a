"""Where the products used in a province come from: shares mu (imports) and nu (other provinces)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from exportlab.arrays import Array
from exportlab.errors import DataError, OptionError
from exportlab.valueadded.cells import worst

if TYPE_CHECKING:
    from exportlab.valueadded.iotable import IOTable

Transit: TypeAlias = Literal["refuse", "total_supply", "remove"]


@dataclass(frozen=True)
class Origins:
    """Shares of intermediate use (mu, nu), and of shipments passing through (m, n), by product."""

    mu: Array
    nu: Array
    through_m: Array
    through_n: Array


def proportional(t: IOTable, F: Array, transit: Transit) -> Origins:
    """Imports and inflow supply every use in the same proportion."""
    q, m, n = t.Z.sum(axis=1) + F, t.m, t.inflow
    zero = np.zeros_like(q)
    if transit == "total_supply":
        supply = t.x + m + n
        mu, nu = per(m, supply), per(n, supply)
        return Origins(mu, nu, mu, nu)
    surplus = _surplus(t, m + n - q, q, transit)
    kept = 1 - per(surplus, m + n)
    gone = per(surplus, t.e + t.o)
    to_m = per(m, m + n)
    return Origins(
        per(m * kept, q, zero),
        per(n * kept, q, zero),
        gone * to_m,
        gone * np.where(m + n > 0, 1 - to_m, 0.0),
    )


def by_use(t: IOTable, F: Array, m_int: Array, transit: Transit) -> Origins:
    """Imports go to their use by BEC, inflow to what is left of all uses."""
    if transit == "total_supply":
        raise OptionError(
            "transit='total_supply' spreads imports over all uses in proportion, intermediate_imports= sorts "
            "them by use: give one of the two. Allowed with intermediate_imports=: 'refuse', 'remove'."
        )
    m_fin = t.m - m_int
    bad = (m_int < 0) | (m_fin < -1e-9 * t.m.max(initial=0.0))
    if bad.any():
        raise DataError(
            "Intermediate imports are negative or exceed all imports",
            "Sort the imports of the table itself: each product between 0 and its imports.",
            rows=int(bad.sum()), first=worst(np.where(bad, np.abs(m_fin), 0.0), t.sectors, 1),
        )  # fmt: skip
    use = t.Z.sum(axis=1)
    over = np.maximum(m_int - use, 0.0) + np.maximum(m_fin - np.maximum(F, 0.0), 0.0)
    in_use, in_final = np.minimum(m_int, use), np.minimum(m_fin, np.maximum(F, 0.0))
    left = use - in_use + F - in_final
    surplus_n = np.maximum(t.inflow - np.maximum(left, 0.0), 0.0)
    surplus = _surplus(t, over + surplus_n, use + F, transit)
    n_int = (t.inflow - surplus_n) * per(use - in_use, left)
    gone = per(surplus, t.e + t.o)
    to_m = per(over, surplus)
    return Origins(
        per(in_use, use), per(n_int, use), gone * to_m, gone * np.where(surplus > 0, 1 - to_m, 0.0)
    )


def _surplus(t: IOTable, over: Array, q: Array, transit: Transit) -> Array:
    """Imports and inflow beyond what the province absorbs, refused or returned."""
    scale = max(float(t.x.max(initial=0.0)), float(np.abs(q).max(initial=0.0)))
    if (q < -1e-9 * scale).any():
        raise DataError(
            "Absorption is negative, so shares of it mean nothing",
            "Check exports, outflow and the error column of these products.",
            rows=int((q < -1e-9 * scale).sum()), first=worst(-q, t.sectors, 1),
        )  # fmt: skip
    surplus: Array = np.where(over > 1e-9 * scale, over, 0.0)
    if transit == "refuse" and surplus.any():
        raise DataError(
            "Imports and inflow exceed what the province absorbs (mu + nu > 1): part of them is re-exported",
            "Choose transit='remove' (only the surplus passes through) or 'total_supply' (imports and inflow "
            "supply exports like every other use); the two can lie far apart, so say which one you report.",
            rows=int((surplus > 0).sum()), first=worst(surplus, t.sectors),
        )  # fmt: skip
    if (surplus > (t.e + t.o) * (1 + 1e-9)).any():
        raise DataError(
            "More passes through than the province ships out",
            "Check imports, inflow, exports, outflow and the error column of these products.",
            rows=int((surplus > t.e + t.o).sum()), first=worst(surplus - t.e - t.o, t.sectors, 1),
        )  # fmt: skip
    return surplus


def per(a: Array, b: Array, otherwise: Array | None = None) -> Array:
    """a / b, and 0 (or `otherwise`) where b is not positive."""
    return np.divide(a, b, out=np.zeros_like(a) if otherwise is None else otherwise.copy(), where=b > 0)
