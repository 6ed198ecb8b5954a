"""Koopman, Wang and Wei (2014): nine terms of a country's gross exports."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array
from exportlab.valueadded.leontief import Leontief

TERMS = {
    "DVA_FIN": "exporter",
    "DVA_INT": "exporter",
    "DVA_INTrex": "exporter",
    "RDV_FIN": "exporter",
    "RDV_INT": "exporter",
    "DDC": "exporter",
    "FVA_FIN": "foreign",
    "FVA_INT": "foreign",
    "FDC": "foreign",
}


def kww(q: Leontief) -> dict[str, Array]:
    """The nine terms, each of shape (G,). They hold for a country only: sector rows would not add up.

    T1 v_s B_ss Σ Y_sr; T2 v_s Σ B_sr Y_rr; T3 v_s Σ B_sr Σ_t Y_rt; T4 v_s Σ B_sr Y_rs;
    T5 v_s Σ B_sr A_rs L_s Y_ss; T6 v_s Σ B_sr A_rs L_s E_s; T7 to T9 the
    foreign content of final exports, of intermediates that r
    absorbs, and of those it exports on. Needs v_t B_t only: no inverse is formed.

    References
    ----------
    Koopman, Wang and Wei (2014), American Economic Review 104(2), equation 36.
    """
    t, own = q.t, q.t.own
    by_country = np.add.reduceat
    Yf = np.where(own, 0.0, t.Y)
    abroad = np.where(own.T, 0.0, q.VB)  # v_s B_sr, r other than s
    T1 = by_country(q.VBd * q.final_exports, t.starts)
    T2 = abroad @ q.own_demand
    T4 = np.einsum("sr,rs->s", abroad, Yf)
    T3 = abroad @ q.final_exports - T4
    back = q.VBd - q.VL  # v_s Σ B_sr A_rs L_s, as v_s (B_ss - L_s)
    T5 = by_country(back * q.own_demand, t.starts)
    T6 = by_country(back * q.e, t.starts)
    T7 = by_country(q.VBf * q.final_exports, t.starts)
    sent = np.stack([_sent(q, q.final_chain), _sent(q, q.export_chain)])
    T8, T9 = by_country(q.VBf * sent, t.starts, axis=1)
    return dict(zip(TERMS, (T1, T2, T3, T4, T5, T6, T7, T8, T9), strict=True))


def _sent(q: Leontief, w: Array) -> Array:
    """Intermediate exports that outputs w of all other countries take: the r-sum of A_sr w_r, shape (n,)."""
    return np.asarray(q.A @ w - np.concatenate([q.A[s, s] @ w[s] for s in q.t.blocks]))
