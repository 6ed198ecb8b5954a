"""Length of production chains and the place in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from exportlab.arrays import Array
from exportlab.options import validated
from exportlab.valueadded.cells import ratio

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable


def position(t: InterCountryTable) -> pd.DataFrame:
    """Upstreamness U = (I - x̂⁻¹Z)⁻¹ 1 and downstreamness D = (I - A')⁻¹ 1 of every country-sector.

    Returns
    -------
    DataFrame
        country, part, sector, upstreamness (steps to final use), downstreamness (steps from value added):
        1 at least. Without output U is NaN and D is 1. With negative final demand U may fall below 1.

    Notes
    -----
    gvc::upstream (6.4) divides the transposed matrix and returns other numbers; its D is this one.

    References
    ----------
    Antràs, Chor, Fally and Hillberry (2012), American Economic Review 102(3); Antràs and Chor (2018).
    """
    B, x = t.leontief.B, t.x
    return t.rows.to_frame(index=False).assign(upstreamness=ratio(B @ x, x), downstreamness=B.sum(axis=0))


@validated
def value_chain_accounts(t: InterCountryTable) -> pd.DataFrame:
    """Value added by where it goes and final output by where it comes from (Wang, Wei, Yu and Zhu, 2017).

    v̂BŶ = v̂LŶ_d + v̂LŶ_f + v̂LAᵐLŶ_d + v̂LAᵐ(BŶ - LŶ_d): pure domestic, traditional trade in final goods,
    simple and complex value chains. Rows give V_D, V_RT, V_GVC_S, V_GVC_C (they add up to value added),
    columns Y_D, Y_RT, Y_GVC_S, Y_GVC_C (they add up to final output where value added is the residual).

    Returns
    -------
    DataFrame
        country, part, sector, VA, the eight terms, and gvc_forward, gvc_backward: the share of both value
        chain terms, NaN where value added or final output is zero.
    """
    q = t.leontief
    yd, y = q.own_demand, t.Y.sum(axis=1)
    yf = y - yd
    home = q.at_home(q.L, np.stack([yd, yf], axis=1))
    down = _border(t, np.stack([home[:, 0], t.x], axis=1))
    simple, chains = q.at_home(q.L, down).T
    vf = {"V_D": home[:, 0], "V_RT": home[:, 1], "V_GVC_S": simple, "V_GVC_C": chains - simple}
    imported = _imported(t, q.VL)
    total = q.VB.sum(axis=0)
    yb = {"Y_D": q.VL * yd, "Y_RT": q.VL * yf, "Y_GVC_S": imported * yd}
    yb["Y_GVC_C"] = (total - q.VL) * y - yb["Y_GVC_S"]
    table = t.rows.to_frame(index=False).assign(VA=t.va, **{k: q.v * a for k, a in vf.items()}, **yb)
    return table.assign(
        gvc_forward=ratio((table["V_GVC_S"] + table["V_GVC_C"]).to_numpy(), t.va),
        gvc_backward=ratio((table["Y_GVC_S"] + table["Y_GVC_C"]).to_numpy(), y),
    )


@validated
def production_length(t: InterCountryTable) -> pd.DataFrame:
    """Average steps between value added and final output, in all and by kind of chain (WWYZ, 2017).

    Forward PLv = v̂BBŶ1 / v̂BŶ1, backward PLy = 1'v̂BBŶ / 1'v̂BŶ; for pure domestic chains LL takes the
    place of BB with Y_d, for traditional trade with Y_f, and value chains are what is left. gvc_position =
    PLv_GVC / PLy_GVC: above 1 nearer to the start.

    Returns
    -------
    DataFrame
        country, part, sector, PLv, PLv_D, PLv_RT, PLv_GVC, PLy, PLy_D, PLy_RT, PLy_GVC, gvc_position; NaN
        where there is no such value added or final output.
    """
    q = t.leontief
    yd, y = q.own_demand, t.Y.sum(axis=1)
    Y = np.stack([yd, y - yd], axis=1)
    one = q.at_home(q.L, Y)
    two = q.at_home(q.L, one)
    Bx = q.B @ t.x
    vB = q.VB.sum(axis=0)
    vBB = vB @ q.B
    VLL = np.concatenate([q.VL[s] @ L for s, L in zip(t.blocks, q.L, strict=True)])
    has = t.va != 0

    def forward(a: Array, b: Array) -> Array:
        return np.where(has, ratio(a, _clean(b, t.x)), np.nan)

    lengths = {
        "PLv": forward(Bx, t.x),
        "PLv_D": forward(two[:, 0], one[:, 0]),
        "PLv_RT": forward(two[:, 1], one[:, 1]),
        "PLv_GVC": forward(Bx - two.sum(axis=1), t.x - one.sum(axis=1)),
        "PLy": ratio(vBB * y, vB * y),
        "PLy_D": ratio(VLL * yd, q.VL * yd),
        "PLy_RT": ratio(VLL * (y - yd), q.VL * (y - yd)),
        "PLy_GVC": ratio((vBB - VLL) * y, _clean((vB - q.VL) * y, y)),
    }
    table = t.rows.to_frame(index=False).assign(**lengths)
    return table.assign(gvc_position=table["PLv_GVC"] / table["PLy_GVC"])


def _border(t: InterCountryTable, W: Array) -> Array:
    """Aᵐ W: what outputs W of other countries take."""
    A = t.leontief.A
    return np.asarray(A @ W - np.concatenate([A[s, s] @ W[s] for s in t.blocks]))


def _imported(t: InterCountryTable, m: Array) -> Array:
    """m Aᵐ L: multipliers m of imported inputs, direct and through domestic suppliers."""
    q = t.leontief
    g = m @ q.A
    return np.concatenate([(g[s] - m[s] @ q.A[s, s]) @ L for s, L in zip(t.blocks, q.L, strict=True)])


def _clean(part: Array, whole: Array) -> Array:
    """Zero where a difference is rounding of `whole`."""
    return np.where(np.abs(part) <= 1e-13 * np.abs(whole), 0.0, part)
