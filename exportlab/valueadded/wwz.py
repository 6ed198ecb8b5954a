"""Wang, Wei and Zhu (2013): sixteen terms of bilateral sector exports, also by third country."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array
from exportlab.valueadded.leontief import Leontief

# Term, and whose value added it is. The order is that of the paper.
TERMS = {
    "DVA_FIN": "exporter",
    "DVA_INT": "exporter",
    "DVA_INTrexI1": "exporter",
    "DVA_INTrexF": "exporter",
    "DVA_INTrexI2": "exporter",
    "RDV_FIN": "exporter",
    "RDV_FIN2": "exporter",
    "RDV_INT": "exporter",
    "DDC_FIN": "exporter",
    "DDC_INT": "exporter",
    "MVA_FIN": "importer",
    "MVA_INT": "importer",
    "MDC": "importer",
    "OVA_FIN": "third",
    "OVA_INT": "third",
    "ODC": "third",
}
BY_THIRD = ("DVA_INTrexI1", "DVA_INTrexF", "DVA_INTrexI2", "RDV_FIN2", "OVA_FIN", "OVA_INT", "ODC")


def wwz(q: Leontief) -> dict[str, Array]:
    r"""The sixteen terms of exports from s to r by sector of s, each of shape (n, G).

    With a = (v_s L_s)', every domestic term but the first is a∘A_sr w, where w is output of r:
    B_rr Y_rr (2), Σ_t B_rt Y_tt (3), B_rr Σ_t Y_rt (4), Σ_t B_rt Σ_u Y_tu (5), B_rr Y_rs (6),
    Σ_t B_rt Y_ts (7), B_rs Y_ss (8), B_rs Σ_t Y_st (9), with t other than s and r, and u other than s and t.

    References
    ----------
    Wang, Wei and Zhu (2013), Quantifying International Production Sharing at the Bilateral and Sector
    Levels, NBER Working Paper 19677, equation 37.
    """
    t = q.t
    own, Y = t.own, t.Y
    B_rr = [q.B[r, r] for r in t.blocks]
    DY = q.at_home(B_rr, Y)
    dd = q.at_home(B_rr, q.own_demand)
    dm = q.at_home(B_rr, q.final_exports)
    sum_d, sum_m = q.BYd.sum(axis=1) - dd, q.BYm.sum(axis=1) - dm
    chain = np.empty((len(t.x), len(t.blocks), 11))
    for s, rows in q.exporters():
        through_t = q.BY[:, s] - DY[:, s] - q.BYd[:, s]  # the t-sum of B_rt Y_ts
        w = [dd, sum_d - q.BYd[:, s], dm - DY[:, s], sum_m - q.BYm[:, s] - through_t]
        w += [DY[:, s], through_t, q.BYd[:, s], q.BYm[:, s], t.x, q.final_chain, q.export_chain]
        chain[rows] = q.to_partners(rows, np.stack(w, axis=1))
    chain[own] = 0.0
    final = np.where(own, 0.0, Y)
    VL, VBd, VBr = q.VL[:, None], q.VBd[:, None], q.VBr
    VBo = np.where(own, 0.0, q.VBf[:, None] - VBr)
    values = [VBd * final, *(VL * chain[:, :, k] for k in range(8)), (VBd - VL) * chain[:, :, 8]]
    values += [c * z for c in (VBr, VBo) for z in (final, chain[:, :, 9], chain[:, :, 10])]
    return dict(zip(TERMS, values, strict=True))


def wwz_third(q: Leontief, s: int) -> dict[str, Array]:
    """The terms that pass a third country, for exporter number s: shape (N_s, importer r, third country t).

    t makes the final good (DVA_INTrexI1), consumes it (DVA_INTrexF), exports it on (DVA_INTrexI2), makes the
    final good that s buys back (RDV_FIN2), or is the origin of the value added (OVA_FIN, OVA_INT, ODC).
    Every one sums over t to its term in `wwz`.
    """
    t, rows, G = q.t, q.t.blocks[s], len(q.t.blocks)
    back = np.add.reduceat(q.B * t.Y[:, s], t.starts, axis=1)  # B_rt Y_ts
    W = np.stack([q.BYd, q.at_home([q.B[r, r] for r in t.blocks], t.Y), q.BYm - back, back], axis=2).reshape(
        len(t.x), 4 * G
    )
    chain = q.VL[rows, None, None, None] * q.to_partners(rows, W).reshape(-1, G, G, 4)
    final = t.Y[rows]
    v = q.VB.T[rows, None, :]
    values = [chain[..., k] for k in range(4)] + [
        v * z[:, :, None]
        for z in (final, q.to_partners(rows, q.final_chain), q.to_partners(rows, q.export_chain))
    ]
    eye = np.arange(G)
    for a in values:
        a[:, s, :] = 0.0
        a[:, :, s] = 0.0
        a[:, eye, eye] = 0.0
    return dict(zip(BY_THIRD, values, strict=True))
