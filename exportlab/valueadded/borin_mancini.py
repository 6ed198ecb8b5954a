"""Borin and Mancini (2019, 2023): value added and double counting in exports, by approach and perimeter.

The perimeter is the border at which a second crossing counts as double: of the exporter, of the flow
itself (a bilateral flow, a sector's exports, a bilateral sector flow), of the importer, or of any country.
Source counts value added at its first crossing, sink at its last.

References
----------
Borin and Mancini (2019), World Bank Policy Research Working Paper 8804; (2023), Economic Systems Research
35(4). Equation numbers below are those of the 2019 paper.
"""

from __future__ import annotations

import numpy as np

from exportlab.arrays import Array
from exportlab.valueadded.leontief import Leontief

DOMESTIC = ("DC", "DVA", "VAX", "REF", "DDC", "DAVAX", "VAXIM", "GVCF")
FOREIGN = ("FC", "FVA", "FDC")


def _terms(q: Leontief, DVA: Array, FVA: Array, VAX: Array) -> dict[str, Array]:
    """The terms that follow from DVA, FVA and VAX, each of shape (n, G)."""
    E = q.t.E
    DC, FC = q.VBd[:, None] * E, q.VBf[:, None] * E
    terms = {"EXGR": E, "DC": DC, "DVA": DVA, "VAX": VAX, "REF": DVA - VAX, "DDC": DC - DVA}
    return terms | {"FC": FC, "FVA": FVA, "FDC": FC - FVA}


def absorbed_abroad(q: Leontief) -> Array:
    """Exports of s to r that are not absorbed in s: Y_sr + A_sr (x_r - (BY)_rs), shape (n, G)."""
    abroad = np.concatenate([q.to_partners(rows, q.t.x - q.BY[:, s]) for s, rows in q.exporters()])
    return np.where(q.t.own, 0.0, q.t.Y + abroad)


def directly_absorbed(q: Leontief) -> Array:
    """Exports of s that r itself absorbs: Y_sr + A_sr L_r Y_rr, shape (n, G)."""
    kept = np.concatenate([q.to_partners(rows, q.final_chain) for _, rows in q.exporters()])
    return np.where(q.t.own, 0.0, q.t.Y + kept)


def by_use(q: Leontief, approach: str) -> dict[str, Array]:
    """VAX, REF and FVA of the exporter perimeter by what r does with its imports; (n, G).

    1 final goods r buys; 2 inputs to r's own final demand; 3 inputs to r's final exports (those back to s in
    REF1); 4 inputs to r's exports of inputs (in the end absorbed in s: REF2).
    """
    t = q.t
    chain = q.at_home(q.L, t.Y)
    total = chain.sum(axis=1)
    w = (np.stack([q.final_chain, total, chain[:, s]], axis=1) for s in range(len(t.blocks)))
    used = np.concatenate([q.to_partners(rows, next(w)) for _, rows in q.exporters()])
    kept, all_final, back = np.where(t.own, 0.0, used.transpose(2, 0, 1))
    Y = np.where(t.own, 0.0, t.Y)
    terms, own, other = (
        (source(q), q.VL, _foreign_first(q)) if approach == "source" else (sink(q), q.VBd, q.VBf)
    )
    out = {"VAX1": own[:, None] * Y, "VAX2": own[:, None] * kept}
    out["VAX3"] = own[:, None] * (all_final - kept - back)
    out["VAX4"] = terms["VAX"] - out["VAX1"] - out["VAX2"] - out["VAX3"]
    out |= {"REF1": own[:, None] * back, "REF2": terms["REF"] - own[:, None] * back}
    out |= {"FVA1": other[:, None] * Y, "FVA2": other[:, None] * kept}
    out["FVA3"] = other[:, None] * (all_final - kept)
    return out | {"FVA4": terms["FVA"] - out["FVA1"] - out["FVA2"] - out["FVA3"]}


def first_crossing(q: Leontief) -> list[Array]:
    """F_s = (I - A_ss) B_ss: exports of s per unit that leaves it for the first time."""
    return [q.local(s) @ q.B[s, s] for s in q.t.blocks]


def _foreign_first(q: Leontief) -> Array:
    """Foreign value added before it crosses s a second time: VBf_s F_s⁻¹, shape (n,)."""
    pairs = zip(q.t.blocks, first_crossing(q), strict=True)
    return np.concatenate([np.linalg.solve(F.T, q.VBf[s]) for s, F in pairs])


def source(q: Leontief) -> dict[str, Array]:
    """Exporter perimeter, value added at its first crossing; terms by sector and importer, (n, G).

    DVA = v_s L_s∘E_sr; FVA = VBf_s [(I - A_ss) B_ss]⁻¹∘E_sr; DAVAX = v_s L_s∘(Y_sr + A_sr L_r Y_rr);
    GVC = E - DAVAX (less taxes), of which GVCB = FC + DDC and GVCF = DVA - DAVAX.
    """
    VL, E = q.VL[:, None], q.t.E
    terms = _terms(q, VL * E, _foreign_first(q)[:, None] * E, VL * absorbed_abroad(q))
    DAVAX = VL * directly_absorbed(q)
    GVCF, GVCB = terms["DVA"] - DAVAX, terms["FC"] + terms["DDC"]
    return terms | {"DAVAX": DAVAX, "GVC": GVCF + GVCB, "GVCB": GVCB, "GVCF": GVCF}


def sink(q: Leontief) -> dict[str, Array]:
    """Exporter perimeter, value added at its last crossing (equations 33 to 39); (n, G).

    The last crossings of s for the demand of d are F_s⁻¹ g_sd, g_sd = (I - A_ss)(BY)_sd less Y_ss for d = s.
    What r makes with no later crossing of s is (BY)_rd - B_rs F_s⁻¹ g_sd.
    """
    t = q.t
    F = first_crossing(q)
    last = np.empty((3, *t.E.shape))
    for s, rows in q.exporters():
        g = q.local(rows) @ q.BY[rows]
        g[:, s] -= q.own_demand[rows]
        h = np.linalg.solve(F[s], g)
        Bs = q.B[:, rows]
        importer = np.concatenate([q.BY[r, k] - Bs[r] @ h[:, k] for k, r in enumerate(t.blocks)])
        total = t.x - Bs @ h.sum(axis=1)
        returned = q.BY[:, s] - Bs @ h[:, s]
        sent = q.to_partners(rows, np.stack([total, returned, importer], axis=1))
        last[:, rows] = sent.transpose(2, 0, 1)
    total, returned, importer = np.where(t.own, 0.0, last)
    Y = np.where(t.own, 0.0, t.Y)
    VBd, VBf = q.VBd[:, None], q.VBf[:, None]
    DVA = VBd * (Y + total)
    return _terms(q, DVA, VBf * (Y + total), DVA - VBd * returned) | {"VAXIM": VBd * (Y + importer)}


def self_pairs(q: Leontief) -> dict[str, Array]:
    """Each bilateral sector flow its own perimeter (equations 47 to 49); (n, G).

    Only the flow itself is cut: its multipliers are v_s B_ss and VBf_s over 1 + diag(A_sr B_rs).
    """
    t = q.t
    cut = np.empty_like(t.E)
    for _, rows in q.exporters():
        loop = np.einsum("ij,ji->ij", q.A[rows], q.B[:, rows])
        cut[rows] = 1.0 + np.add.reduceat(loop, t.starts, axis=1)
    return _own_perimeter(q, q.VBd[:, None] / cut, q.VBf[:, None] / cut)


def self_sectors(q: Leontief) -> dict[str, Array]:
    """The exports of one sector to all countries as their own perimeter; (n, G)."""
    cut = 1.0 + np.concatenate([np.diag(F) - 1.0 for F in first_crossing(q)])
    return _own_perimeter(q, (q.VBd / cut)[:, None], (q.VBf / cut)[:, None])


def self_bilateral(q: Leontief) -> dict[str, Array]:
    """The exports of s to r of all sectors together as their own perimeter; (n, G).

    With A_sr cut, v_s B*_ss = v_s B_ss (I + A_sr B_rs)⁻¹ by Woodbury's identity, and likewise VBf: no
    inverse of the whole table is taken again.
    """
    t = q.t
    multipliers = np.zeros((2, *t.E.shape))
    for s, rows in q.exporters():
        content = np.stack([q.VBd[rows], q.VBf[rows]], axis=1)
        for r, there in q.exporters():
            if r != s:
                K = q.A[rows, there] @ q.B[there, rows]
                K[np.diag_indices(len(K))] += 1.0
                multipliers[:, rows, r] = np.linalg.solve(K.T, content).T
    return _own_perimeter(q, *multipliers)


def _own_perimeter(q: Leontief, domestic: Array, foreign: Array) -> dict[str, Array]:
    E = q.t.E
    return _terms(q, domestic * E, foreign * E, domestic * absorbed_abroad(q))


def world_source(q: Leontief) -> dict[str, Array]:
    """World perimeter at first crossing (equation 52): FVA is what its origin exports first to s; (n, G).

    FVA = Σ_t v_t L_t A_ts L_s∘E_sr with t other than s.
    """
    g = q.VL @ q.A
    g = np.concatenate([(g[s] - q.VL[s] @ q.A[s, s]) @ L for s, L in zip(q.t.blocks, q.L, strict=True)])
    return source(q) | _foreign(q, g[:, None] * q.t.E)


def world_sink(q: Leontief) -> dict[str, Array]:
    """World perimeter at last crossing (equation 54); (n, G).

    FVA = VBf_s∘(Y_sr + A_sr L_r Y_rr) + (v_r B_rs)'∘A_sr W_r: r's own value added come home for its final
    exports and what they take, W_r = L_r (Σ_u Y_ru + Σ_u A_ru L_u Y_uu).
    """
    sent = q.A @ q.final_chain - np.concatenate([q.A[s, s] @ q.final_chain[s] for s in q.t.blocks])
    W = q.at_home(q.L, q.final_exports + sent)
    onward = np.concatenate([q.to_partners(rows, W) for _, rows in q.exporters()])
    return sink(q) | _foreign(q, q.VBf[:, None] * directly_absorbed(q) + q.VBr * onward)


def _foreign(q: Leontief, FVA: Array) -> dict[str, Array]:
    return {"FVA": FVA, "FDC": q.VBf[:, None] * q.t.E - FVA}


def importer(q: Leontief) -> dict[str, Array]:
    """Imports of r by origin country-sector (equation 51): value added, and what crosses r's border again.

    With r's intermediate imports cut, VA = v̂ B̃ E_·r and DC = v̂ B̃ A_·r (B E_·r)_r. Arrays (n, G) have the
    country-sector of origin down and the importer across; columns add up to r's imports (less taxes).
    """
    t = q.t
    BE = q.B @ t.E
    VA, DC = np.empty_like(t.E), np.empty_like(t.E)
    for r, rows in q.exporters():
        BC = q.B[:, rows] @ q.local(rows)  # B times r's imported inputs, after adding the identity
        again = np.linalg.solve(BC[rows], BE[rows, r])
        BC[rows] -= np.eye(len(again))
        DC[:, r] = q.v * (BC @ again)
        VA[:, r] = q.v * BE[:, r] - DC[:, r]
    return {"VA": VA, "DC": DC}
