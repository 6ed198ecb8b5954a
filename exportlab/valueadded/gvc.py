"""Participation and position in global value chains, and the indicators of TiVA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from exportlab.errors import UnknownName, one_of
from exportlab.frames import Array
from exportlab.options import validated
from exportlab.threads import on_one_thread
from exportlab.valueadded import accounting as tri
from exportlab.valueadded.cells import ratio
from exportlab.valueadded.decompose import decompose
from exportlab.valueadded.leontief import Leontief

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable


@on_one_thread
def country_measures(t: InterCountryTable) -> pd.DataFrame:
    r"""Content of every country's exports, without the inverse of the table: one solve with G rows.

    Returns
    -------
    DataFrame
        One row a country, in the table's unit: exporter; EXGR gross exports; vs_hiy import content of
        Hummels, Ishii and Yi (also Borin-Mancini's GVCB); fc foreign content v_t B_ts E_s over t other than
        s (KWW and TiVA); dc domestic content v_s B_ss E_s; dva domestic value added v_s L_s E_s (Los,
        Timmer and de Vries); ddc = dc - dva; dvx own value added in other countries' exports v_s B_sr E_r
        (VS1, IV); vax value added absorbed abroad. Then shares of EXGR, NaN without exports: backward_kpww
        = fc, forward_kpww = dvx, participation_kpww their sum, position_kpww = ln(1 + forward) - ln(1 +
        backward), NaN where a share is -1 or less (negative final demand can outweigh small exports).

    Notes
    -----
    The indicators of Koopman, Powers, Wang and Wei (2010) count value added as often as it crosses borders:
    participation may exceed 1, and forward and backward overlap. GVC / EXGR of Borin and Mancini
    (`participation`) lies between 0 and 1.
    """
    q = t.leontief
    add = np.add.reduceat
    e = add(q.e, t.starts)
    abroad = np.where(t.own.T, 0.0, q.VB)
    dc, dva, fc = (add(m * q.e, t.starts) for m in (q.VBd, q.VL, q.VBf))
    dvx = abroad @ q.e
    vax = q.VB @ t.Y.sum(axis=1) - np.einsum("si,is->s", q.VB, t.Y)
    table = pd.DataFrame(
        {
            "exporter": t.countries,
            "EXGR": e,
            "vs_hiy": add(tri.import_content(q) * q.e, t.starts),
            "fc": fc,
            "dc": dc,
            "dva": dva,
            "ddc": dc - dva,
            "dvx": dvx,
            "vax": vax,
        }
    )
    back, forward = _share(fc, e), _share(dvx, e)
    return table.assign(
        backward_kpww=back,
        forward_kpww=forward,
        participation_kpww=back + forward,
        position_kpww=_log1p(forward) - _log1p(back),
    )


def origin_matrix(
    t: InterCountryTable, of: Literal["exports", "final", "output"] = "exports", *, by: str = "country"
) -> pd.DataFrame:
    """Where the value added in exports, final demand or output comes from: v̂B by user.

    Parameters
    ----------
    of : {"exports", "final", "output"}
        v̂ B Ê (users: exporting country-sectors), v̂ B Y (final demand by country), v̂ B x̂.
    by : {"country", "sector"}
        Origins and users by country, or by country-sector (final demand is by country either way).

    Returns
    -------
    DataFrame
        Origin down, user across, in the table's unit. Columns add up to exports, final demand or output,
        less taxes where value added was supplied.
    """
    one_of("of", of, ("exports", "final", "output"))
    one_of("by", by, ("country", "sector"))
    q = t.leontief
    names = t.rows.droplevel("country") if by == "sector" else t.countries
    across = names if of != "final" else t.countries.rename("absorbed in")
    use = t.x if of == "output" else q.e
    if by == "sector":
        flows = q.v[:, None] * (q.BY if of == "final" else q.B * use)
    else:
        flows = q.VB @ t.Y if of == "final" else np.add.reduceat(q.VB * use, t.starts, axis=1)
    return pd.DataFrame(flows, index=names, columns=across)


@validated
def value_added_exports(t: InterCountryTable) -> pd.DataFrame:
    """Value added of s absorbed in r, by sector: forward (where it is made) and backward (what exports it).

    Returns
    -------
    DataFrame
        exporter, part, sector, importer, vax_f = v_i (BY)_ir of Johnson and Noguera (2012), vax_b = the first
        five terms of Wang, Wei and Zhu. Both add up to one country total; by sector vax_f may exceed
        exports, also without end where a sector exports through others only.
    """
    parts = decompose(t, "wwz", by=("exporter", "part", "sector", "importer")).wide()
    absorbed = t.leontief.v[:, None] * t.leontief.BY
    table = parts[["exporter", "part", "sector", "importer"]].copy()
    table["vax_f"] = absorbed[~t.own]
    table["vax_b"] = parts[["DVA_FIN", "DVA_INT", "DVA_INTrexI1", "DVA_INTrexF", "DVA_INTrexI2"]].sum(axis=1)
    return table


@validated
def extraction(
    t: InterCountryTable, exporter: str, *, importer: str | None = None, sector: str | None = None
) -> float:
    """GDP that `exporter` would lose without the named exports (Los, Timmer and de Vries, 2016).

    The rows of A and Y with these exports are set to zero and the table is solved again:
    va_s 1 - v_s [(I - A*)⁻¹ Y* 1]_s. Without importer and sector this is v_s L_s E_s.
    """
    for kind, name, known in (
        ("country", exporter, t.countries),
        ("country", importer, t.countries),
        ("sector", sector, t.rows.get_level_values("sector").unique()),
    ):
        if name is not None and name not in known:
            raise UnknownName(kind, name, map(str, known))
    q, home = t.leontief, int(t.countries.get_loc(exporter))  # type: ignore[arg-type]
    down = (t.code == home) & (True if sector is None else t.rows.get_level_values("sector") == sector)
    to = ~np.eye(len(t.countries), dtype=bool)[home]
    if importer is not None:
        to &= np.asarray(t.countries == importer)
    A, Y = q.A.copy(), t.Y.copy()
    A[np.ix_(down, to[t.code])] = 0.0
    Y[np.ix_(down, to)] = 0.0
    x = np.linalg.solve(np.eye(len(A)) - A, Y.sum(axis=1))
    mine = t.blocks[home]
    return float(q.v[mine] @ (t.x[mine] - x[mine]))


def participation(t: InterCountryTable, *, by: tuple[str, ...] = ("exporter",)) -> pd.DataFrame:
    """Shares of exports that cross more than one border (Borin and Mancini; tripartite account).

    Returns
    -------
    DataFrame
        The axes of `by`, EXGR, and shares of it, NaN without exports: gvc = gvc_backward + gvc_forward, where
        gvc_backward = gvc_pure_backward + gvc_two_sided is the import content and gvc_forward = gvc_pure_forward;
        forwardness (PF - PB) / GVC between -1 and 1.

    Notes
    -----
    Where value added was supplied, taxes paid abroad are part of the price of imports, so of gvc_backward; taxes that
    the exporter levies are in no term: gvc, DAVAX and they add up to exports.
    """
    three = decompose(t, "tripartite", by=by).wide()
    e, gvc = three["EXGR"].to_numpy(), three["GVC"].to_numpy()
    PB, TS, PF = (three[term].to_numpy() for term in ("GVC_PB", "GVC_TS", "GVC_PF"))
    table = three[[*by, "EXGR"]].copy()
    named = {"": gvc, "_backward": PB + TS, "_forward": PF}
    named |= {"_pure_backward": PB, "_two_sided": TS, "_pure_forward": PF}
    for name, term in named.items():
        table[f"gvc{name}"] = _share(term, e)
    table["forwardness"] = _share(PF - PB, gvc)
    return table


@validated
def output_participation(t: InterCountryTable, *, by: str = "country") -> pd.DataFrame:
    """Output by its part in value chains (Borin, Mancini and Taglioni, 2025, as gvcAnalyzer codes it).

    With u = Σ_r A_sr L_r E_r: PF = v̂ L u; TSDom = v̂ L A_ss L u; DomX = v̂ L Y_ss. With g_s = Σ_t v_t L_t
    A_ts L_s and c the value added that crossed a border (foreign; for countries also domestic that came
    back): PB = c Y_s - g Y_ss; TSImp = c x - g A_ss L Y_ss - PB for countries, c x - g Y_ss - PB for
    sectors; TradX is the rest of x.

    Notes
    -----
    Sectors do not add up to countries: c and the last term of TSImp differ, as they do in gvcAnalyzer. It
    sets a negative TSImp to zero; here it stays what it is.
    """
    one_of("by", by, ("country", "sector"))
    q, v = t.leontief, t.leontief.v
    Lu = q.at_home(q.L, _sent(q, q.export_chain))
    g = q.VL @ q.A
    g = np.concatenate([(g[s] - q.VL[s] @ q.A[s, s]) @ L for s, L in zip(t.blocks, q.L, strict=True)])
    home, local = q.own_demand, [q.A[s, s] for s in t.blocks]
    c, once = q.VBf, home
    if by == "country":
        c, once = q.VBf + q.VBd - q.VL, q.at_home(local, q.final_chain)
    PB = c * t.Y.sum(axis=1) - g * home
    terms = {
        "X": t.x,
        "DomX": v * q.final_chain,
        "GVC_PF_X": v * Lu,
        "GVC_PB_X": PB,
        "GVC_TSImp": c * t.x - g * once - PB,
        "GVC_TSDom": v * q.at_home(q.L, q.at_home(local, Lu)),
    }
    if by == "country":
        labels = pd.DataFrame({"country": t.countries})
        terms = {name: np.add.reduceat(a, t.starts) for name, a in terms.items()}
    else:
        labels = t.rows.to_frame(index=False)
    table = labels.assign(**terms)
    table["GVC_TS_X"] = table["GVC_TSImp"] + table["GVC_TSDom"]
    table["GVC_X"] = table["GVC_PF_X"] + table["GVC_PB_X"] + table["GVC_TS_X"]
    return table.assign(TradX=table["X"] - table["DomX"] - table["GVC_X"])


@validated
def value_added_rca(t: InterCountryTable, *, content: Literal["dva", "dc"] = "dva") -> pd.DataFrame:
    """Balassa's index on value added by sector of origin: (f_si / f_s) / (f_wi / f_w).

    Parameters
    ----------
    content : {"dva", "dc"}
        f = v̂ L_s E_s, or v̂ B_ss E_s with what comes home between crossings, as gvc::nrca does.

    Returns
    -------
    DataFrame
        country, sector, exported (f), rca: NaN where a country or the world exports no such value added.
    """
    one_of("content", content, ("dva", "dc"))
    q = t.leontief
    M = q.L if content == "dva" else [q.B[s, s] for s in t.blocks]
    table = t.rows.to_frame(index=False).assign(exported=q.v * q.at_home(M, q.e))
    table = table.groupby(["country", "sector"], sort=False)[["exported"]].sum().reset_index()
    by = {k: table.groupby(k)["exported"].transform("sum").to_numpy() for k in ("country", "sector")}
    f = table["exported"].to_numpy()
    return table.assign(rca=_share(_share(f, by["country"]), by["sector"] / f.sum()))


def _sent(q: Leontief, w: Array) -> Array:
    return np.asarray(q.A @ w - np.concatenate([q.A[s, s] @ w[s] for s in q.t.blocks]))


def _log1p(share: Array) -> Array:
    return np.log1p(np.where(share > -1, share, np.nan))


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0)


# Length of production chains and the place in them.


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


# The OECD's TiVA indicators by country, sector and partner, under the OECD's names.


@validated
def tiva_indicators(t: InterCountryTable) -> pd.DataFrame:
    """Gross trade, value added in demand, and content of exports, as in OECD TiVA and exvatools.

    Returns
    -------
    DataFrame
        country, sector, partner (also the country itself, for DOM and DXD_DVA) and, in the table's unit:

        - EXGR, EXGR_INT, EXGR_FNL; IMGR, IMGR_INT, IMGR_FNL (of that sector's goods, from the partner); DOM,
          DOM_INT, DOM_FNL deliveries at home; BALGR = EXGR - IMGR;
        - FD_VA = v̂BY: own value added in the partner's final demand, FFD_DVA abroad and DXD_DVA at home;
          DFD_FVA the partner's in own final demand; BALVAFD = FFD_DVA - DFD_FVA;
        - EXGR_DVA, EXGR_DDC, EXGR_IDC, EXGR_RIM, EXGR_FVA: content of exports to the partner. EXGR_DVA is
          domestic content v_s B_ss E: it holds what Borin and Mancini count double;
        - DEXFVAP: the partner's value added in the sector's exports to all; FEXDVAP: the country's value
          added in the partner's exports of that sector to all; REF = EXGR_DDC + EXGR_IDC - FFD_DVA.
    """
    q, own = t.leontief, t.own
    final = np.where(own, 0.0, t.Y)
    fd, used = q.v[:, None] * q.BY, (q.VB * q.e).T
    direct = q.v * np.concatenate([np.diag(L) for L in q.L])
    rows = {
        "EXGR": t.E,
        "EXGR_INT": t.E - final,
        "EXGR_FNL": final,
        "DOM": np.where(own, t.deliveries + t.Y, 0.0),
        "DOM_INT": np.where(own, t.deliveries, 0.0),
        "DOM_FNL": np.where(own, t.Y, 0.0),
        "FD_VA": fd,
        "FFD_DVA": np.where(own, 0.0, fd),
        "DXD_DVA": np.where(own, fd, 0.0),
        "EXGR_DVA": q.VBd[:, None] * t.E,
        "EXGR_DDC": direct[:, None] * t.E,
        "EXGR_IDC": (q.VL - direct)[:, None] * t.E,
        "EXGR_RIM": (q.VBd - q.VL)[:, None] * t.E,
        "EXGR_FVA": q.VBf[:, None] * t.E,
        "DEXFVAP": np.where(own, 0.0, used),
    }
    sectors = pd.Index(t.rows.get_level_values("sector").unique())
    cube = {name: _cube(t, a, sectors) for name, a in rows.items()}
    mirrored = {
        "IMGR": "EXGR",
        "IMGR_INT": "EXGR_INT",
        "IMGR_FNL": "EXGR_FNL",
        "DFD_FVA": "FFD_DVA",
        "FEXDVAP": "DEXFVAP",
    }
    cube |= {name: cube[of].transpose(2, 1, 0) for name, of in mirrored.items()}
    cube["BALGR"], cube["BALVAFD"] = cube["EXGR"] - cube["IMGR"], cube["FFD_DVA"] - cube["DFD_FVA"]
    cube["REF"] = cube["EXGR_DDC"] + cube["EXGR_IDC"] - cube["FFD_DVA"]
    has = _cube(t, np.ones_like(t.E), sectors) > 0
    at = np.nonzero(has | (cube["IMGR"] != 0))
    labels = {"country": t.countries[at[0]], "sector": sectors[at[1]], "partner": t.countries[at[2]]}
    return pd.DataFrame(labels | {name: a[at] for name, a in cube.items()})


def _cube(t: InterCountryTable, a: Array, sectors: pd.Index) -> Array:
    """(n, G) as (country, sector label, partner), parts of a country added up."""
    cube = np.zeros((len(t.countries), len(sectors), len(t.countries)))
    np.add.at(cube, (t.code, sectors.get_indexer(t.rows.get_level_values("sector"))), a)
    return cube
