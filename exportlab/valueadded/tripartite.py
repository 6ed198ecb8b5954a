"""Two accounts of global value chains built on Borin and Mancini, and Miroudot and Ye's general scheme."""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array
from exportlab.valueadded import borin_mancini as bm
from exportlab.valueadded.leontief import Leontief


def import_content(q: Leontief) -> Array:
    """Imported inputs per unit of export, direct and through domestic suppliers: 1'Aᵐ_s L_s, shape (n,)."""
    inputs = q.A.sum(axis=0)
    pairs = zip(q.t.blocks, q.L, strict=True)
    return np.concatenate([(inputs[s] - q.A[s, s].sum(axis=0)) @ L for s, L in pairs])


def domestic_taxes(q: Leontief) -> Array:
    """Taxes per unit of export, direct and through domestic suppliers: tau_s L_s, shape (n,)."""
    return np.concatenate([q.tau[s] @ L for s, L in zip(q.t.blocks, q.L, strict=True)])


def tripartite(q: Leontief) -> dict[str, Array]:
    """Traditional, pure backward, two-sided and pure forward exports of s to r by sector of s; (n, G).

    With δ = Y_sr + A_sr L_r Y_rr, which r absorbs, τ = A_sr L_r E_r, which r exports on, and ι the import
    content: DAVAX = v_s L_s∘δ, GVC_PB = ι∘δ, GVC_TS = ι∘τ, GVC_PF = v_s L_s∘τ.

    References
    ----------
    Borin, Mancini and Taglioni (2025), Measuring countries' and sectors' participation in global value
    chains, World Bank Economic Review.
    """
    t = q.t
    direct = bm.directly_absorbed(q)
    on = np.where(t.own, 0.0, np.concatenate([q.to_partners(s, q.export_chain) for s in t.blocks]))
    VL, iota = q.VL[:, None], import_content(q)[:, None]
    terms = {"DAVAX": VL * direct, "GVC_PB": iota * direct, "GVC_TS": iota * on, "GVC_PF": VL * on}
    return {"EXGR": t.E} | terms | {"GVC": terms["GVC_PB"] + terms["GVC_TS"] + terms["GVC_PF"]}


def miroudot_ye(q: Leontief, perimeter: str) -> dict[str, Array]:
    """Miroudot and Ye's scheme: a matrix A° without the flows of the perimeter says what counts once; (n, G).

    DVA = v_s B°_ss E, DDC = v_s (B - B°)_ss E, FVA and FDC likewise with the other countries' value added.
    For the exporter B°_·s = B_·s F_s⁻¹, which makes it Borin and Mancini's source account. For the world no
    border is crossed inside B°, so B°_ss = L_s and FVA = 0, as exvatools codes it.

    References
    ----------
    Miroudot and Ye (2021), Decomposing value added in gross exports, Economic Systems Research 33(1).
    """
    E = q.t.E
    DC, FC = q.VBd[:, None] * E, q.VBf[:, None] * E
    DVA = q.VL[:, None] * E
    FVA = bm.source(q)["FVA"] if perimeter == "exporter" else np.zeros_like(E)
    return {"EXGR": E, "DC": DC, "DVA": DVA, "DDC": DC - DVA, "FC": FC, "FVA": FVA, "FDC": FC - FVA}


def tiva(q: Leontief) -> dict[str, Array]:
    """OECD TiVA's content of exports: direct, indirect and re-imported domestic, and foreign; (n, G).

    EXGR_DVA is domestic content: it holds what BM call DDC. EXGR_DDC is *direct* domestic content v̂ diag(L)E.
    """
    E = q.t.E
    direct = q.v * np.concatenate([np.diag(L) for L in q.L])
    return {
        "EXGR": E,
        "EXGR_DDC": direct[:, None] * E,
        "EXGR_IDC": (q.VL - direct)[:, None] * E,
        "EXGR_RIM": (q.VBd - q.VL)[:, None] * E,
        "EXGR_DVA": q.VBd[:, None] * E,
        "EXGR_FVA": q.VBf[:, None] * E,
    }
