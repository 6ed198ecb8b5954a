"""Content of exports, participation in global value chains, and advantage in value added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from exportlab.arrays import Array
from exportlab.errors import UnknownName, one_of
from exportlab.options import validated
from exportlab.valueadded import tripartite as tri
from exportlab.valueadded.decompose import decompose
from exportlab.valueadded.leontief import Leontief

if TYPE_CHECKING:
    from exportlab.valueadded.intercountry import InterCountryTable


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
            "exporter": t.countries, "EXGR": e, "vs_hiy": add(tri.import_content(q) * q.e, t.starts),
            "fc": fc, "dc": dc, "dva": dva, "ddc": dc - dva, "dvx": dvx, "vax": vax,
        }
    )  # fmt: skip
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
        The axes of `by`, EXGR, and shares of it, NaN without exports: gvc = gvc_backward + gvc_forward, and
        gvc_pure_backward, gvc_two_sided, gvc_pure_forward; forwardness (PF - PB) / GVC between -1 and 1.
    """
    bm = decompose(t, "bm", by=by).wide()
    three = decompose(t, "tripartite", by=by).wide()
    e, gvc = bm["EXGR"].to_numpy(), three["GVC"].to_numpy()
    table = bm[[*by, "EXGR"]].copy()
    for name, column in (("gvc", bm["GVC"]), ("gvc_backward", bm["GVCB"]), ("gvc_forward", bm["GVCF"])):
        table[name] = _share(column.to_numpy(), e)
    for name, term in (("pure_backward", "GVC_PB"), ("two_sided", "GVC_TS"), ("pure_forward", "GVC_PF")):
        table[f"gvc_{name}"] = _share(three[term].to_numpy(), e)
    table["forwardness"] = _share((three["GVC_PF"] - three["GVC_PB"]).to_numpy(), gvc)
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
        "X": t.x, "DomX": v * q.final_chain, "GVC_PF_X": v * Lu, "GVC_PB_X": PB,
        "GVC_TSImp": c * t.x - g * once - PB, "GVC_TSDom": v * q.at_home(q.L, q.at_home(local, Lu)),
    }  # fmt: skip
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
