"""Gross exports accounted for: Koopman-Wang-Wei, Wang-Wei-Zhu, Borin-Mancini, and a split in three."""

from __future__ import annotations

import numpy as np

from exportlab.frames import Array
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
    country-sector of origin down and the importer across; columns add up to r's imports, with
    TAX = τ̂ B E_·r where value added was supplied.
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


# Koopman, Wang and Wei (2014): nine terms of a country's gross exports.

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


# Wang, Wei and Zhu (2013): sixteen terms of bilateral sector exports, also by third country.

# Term, and whose value added it is. The order is that of the paper.
WWZ_TERMS = {
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
    return dict(zip(WWZ_TERMS, values, strict=True))


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


# Two accounts of global value chains built on Borin and Mancini, and Miroudot and Ye's general scheme.


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
    direct = directly_absorbed(q)
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
    FVA = source(q)["FVA"] if perimeter == "exporter" else np.zeros_like(E)
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
