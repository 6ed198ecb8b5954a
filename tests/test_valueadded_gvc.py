"""Content, participation, position, length and origin of value added against other programs and papers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from io_reference import (
    LARGER,
    SHIPPED,
    close,
    decompr_leontief,
    exvatools,
    figures,
    gvcanalyzer,
    load,
    outside,
    shipped,
)

from exportlab.errors import OptionError, UnknownName
from exportlab.valueadded import gvc
from exportlab.valueadded import gvc as position
from exportlab.valueadded import gvc as tiva


@pytest.mark.parametrize("name", ["leather", "rand5x6"])
def test_country_measures(name: str) -> None:
    t, ref = load(name), figures(name, "formula_country")
    ours = gvc.country_measures(t)
    names = {
        "E": "EXGR",
        "VS_hiy": "vs_hiy",
        "FC_vs_kww": "fc",
        "VS1_DVX": "dvx",
        "LTdV_DVA": "dva",
        "backward_KPWW": "backward_kpww",
        "forward_KPWW": "forward_kpww",
        "position_KPWW": "position_kpww",
    }
    for theirs, mine in names.items():
        np.testing.assert_allclose(ours[mine], ref[theirs], rtol=1e-9)
    kww = t.decompose("kww").wide()
    for k, term in enumerate(kww.columns.drop(["exporter", "EXGR"]), 1):
        np.testing.assert_allclose(kww[term], ref[f"KWW_{k}"], rtol=1e-9)
    for approach in ("source", "sink"):
        world = t.decompose("bm", approach=approach, perimeter="world", by="exporter").wide()
        np.testing.assert_allclose(world["FVA"], ref[f"FVA_world_{approach}"], rtol=1e-9)
    np.testing.assert_allclose(ours["vax"], kww.iloc[:, 2:5].sum(axis=1), rtol=1e-9)


def check_origin_matrix(name: str, of: str) -> None:
    ref = decompr_leontief(name, of)
    t = load(name)
    ours = gvc.origin_matrix(t, {"final_demand": "final"}.get(of, of), by="sector")
    countries = ref["country"].drop_duplicates()
    assert list(countries) == list(t.countries)
    want = ref.iloc[:, -1].to_numpy().reshape(ours.shape)  # both lists are in the table's order
    np.testing.assert_allclose(ours.to_numpy(), want, rtol=1e-9, atol=1e-13 * np.abs(want).max())
    by_country = gvc.origin_matrix(t, {"final_demand": "final"}.get(of, of))
    total = want.sum() if of != "final_demand" else t.va.sum()
    assert by_country.to_numpy().sum() == pytest.approx(total, rel=1e-9)


OF = ("exports", "final_demand", "output")
KEPT = [(name, of) for name in SHIPPED for of in OF if name != "rand5x6" or of == "final_demand"]


@pytest.mark.parametrize(("name", "of"), KEPT)
def test_origin_matrix_is_decompr_leontief(name: str, of: str) -> None:
    check_origin_matrix(name, of)


def check_exvatools_oecd(name: str) -> None:
    """Its partner is the market for exports, but the origin in GVCB and the re-exporter in GVCF."""
    t, ref = load(name), exvatools(name, "oecd_standard")
    q = t.leontief
    sector = t.rows.get_level_values("sector")
    keys = pd.DataFrame({"exporter": t.rows.get_level_values("country"), "sector": sector})
    absorbed = q.v[:, None] * q.BY
    used = (q.VB * q.e).T  # by country-sector of export, origin across
    flows = {
        "EXGR": t.E,
        "VAX": absorbed,
        "DVA": q.VBd[:, None] * t.E - (q.VBd - q.VL)[:, None] * t.E,
        "DC": q.VBd[:, None] * t.E,
        "FC": q.VBf[:, None] * t.E,
        "GVCB": used,
    }
    for term, a in flows.items():
        wide = pd.DataFrame(a, columns=t.countries).groupby([keys["exporter"], keys["sector"]]).sum()
        got = wide.rename_axis(columns="importer").stack().rename(term)
        close(got.reindex(ref.index), ref[term], t.E.max())
    close((ref["DVA"] - ref["VAX"]).rename("REF"), ref["REF"], t.E.max())
    by_user = pd.DataFrame(used, columns=t.countries).groupby([keys["exporter"], keys["sector"]]).sum()
    for exporter, sec, importer in ref.index[:: max(1, len(ref) // 50)]:
        want = ref.loc[(exporter, sec, importer), "GVCF"]
        assert by_user.loc[(importer, sec), exporter] == pytest.approx(want, rel=1e-9, abs=1e-13 * t.E.max())


@pytest.mark.parametrize("name", SHIPPED)
def test_exvatools_oecd_standard(name: str) -> None:
    check_exvatools_oecd(name)


def check_gvc_package(name: str) -> None:
    """gvc::i2e, e2r, nrca, downstream; gvc::upstream as shipped is wrong, its corrected run is matched."""
    t, q = load(name), load(name).leontief
    ref = figures(name, "gvc")
    scale = t.E.sum(axis=1).max()
    np.testing.assert_allclose(q.VBf * q.e, ref["i2e"], rtol=1e-9, atol=1e-12 * scale)
    abroad = gvc.origin_matrix(t, by="sector").to_numpy()
    abroad = np.where(t.own[:, t.code], 0.0, abroad).sum(axis=1)
    np.testing.assert_allclose(abroad, ref["e2r"], rtol=1e-9, atol=1e-12 * scale)
    ours = gvc.value_added_rca(t, content="dc")["rca"]
    np.testing.assert_allclose(ours, ref["nrca"], rtol=1e-9)
    place = figures(name, "gvc_updown")
    mine = position.position(t)
    np.testing.assert_allclose(mine["downstreamness"], place["downstream_trueA"], rtol=1e-9)
    if name == "kwwD":  # a sector without output makes gvc's matrix singular; only that sector is undefined
        assert mine["upstreamness"].isna().sum() == 1
    else:
        np.testing.assert_allclose(mine["upstreamness"], place["upstream_trueA"], rtol=1e-9)
        assert not np.allclose(mine["upstreamness"], place["upstream_as_shipped"], rtol=1e-3)


@pytest.mark.parametrize("name", ["kwwD", "leather", "rand5x6"])
def test_gvc_package(name: str) -> None:
    check_gvc_package(name)


@pytest.mark.parametrize("name", ["leather", "rand5x6"])
def test_sector_multipliers(name: str) -> None:
    t, ref = load(name), figures(name, "formula_sector")
    q = t.leontief
    for column, ours in {"VL": q.VL, "VB_dom": q.VBd, "VB_for": q.VBf}.items():
        np.testing.assert_allclose(ours, ref[column], rtol=1e-9)
    place = position.position(t)
    for column in ("upstreamness", "downstreamness"):
        np.testing.assert_allclose(place[column], ref[column], rtol=1e-9)


def test_value_chain_accounts() -> None:
    t = load("leather")
    ours, ref = position.value_chain_accounts(t), shipped("formula_wwyz2017")
    for column in ref.columns.drop(["country", "sector"]):
        np.testing.assert_allclose(ours[column], ref[column], rtol=1e-9)
    printed = shipped("published_leather_MeasureGVC")
    np.testing.assert_allclose(ours["gvc_forward"], printed["wwyz_forward"], atol=6e-8)
    np.testing.assert_allclose(ours["gvc_backward"], printed["wwyz_backward"], atol=6e-8)


def test_production_length_adds_up() -> None:
    t = load("rand5x6")
    length, parts = position.production_length(t), position.value_chain_accounts(t)
    steps = (
        length["PLv_D"] * parts["V_D"]
        + length["PLv_RT"] * parts["V_RT"]
        + length["PLv_GVC"] * (parts["V_GVC_S"] + parts["V_GVC_C"])
    )
    np.testing.assert_allclose(steps, length["PLv"] * parts["VA"], rtol=1e-10)
    # Length from value added to all output is upstreamness, and to it from all inputs downstreamness.
    place = position.position(t)
    np.testing.assert_allclose(length["PLv"], place["upstreamness"], rtol=1e-12)
    np.testing.assert_allclose(length["PLy"], place["downstreamness"], rtol=1e-12)


def check_gvcanalyzer_measures(name: str) -> None:
    """gvcAnalyzer sets a negative TSImp to zero (and the residual TradX with it): ours keeps the sign."""
    t = load(name)
    for by, tag, file in (("country", "_X", "output_measures"), ("sector", "_Xi", "output_measures_sector")):
        ref = gvcanalyzer(name, f"bm_2025_{file}")
        ours = gvc.output_participation(t, by=by)
        if by == "country":
            ours = ours.set_index("country").loc[ref["country"]].reset_index()
        ts = ref["GVC_TSImp" if by == "country" else "GVC_TSImp_i"].to_numpy()
        np.testing.assert_allclose(np.maximum(ours["GVC_TSImp"], 0.0), ts, rtol=1e-9, atol=1e-13 * t.x.max())
        for term in ("GVC_PF", "GVC_PB"):
            np.testing.assert_allclose(
                ours[f"{term}_X"], ref[f"{term}{tag}"], rtol=1e-9, atol=1e-13 * t.x.max()
            )
        kept = ours["GVC_TSImp"].to_numpy() >= 0
        trad = ref["TradX" if by == "country" else "TradX_i"].to_numpy()
        np.testing.assert_allclose(ours["TradX"][kept], trad[kept], rtol=1e-9, atol=1e-13 * t.x.max())
    ref = gvcanalyzer(name, "bm_2025_trade_measures").set_index("exporter")
    shares = gvc.participation(t).set_index("exporter").loc[ref.index]
    np.testing.assert_allclose(shares["gvc"], ref["share_GVC_trade"], rtol=1e-9)
    np.testing.assert_allclose(shares["forwardness"], ref["forward_trade"], rtol=1e-9, atol=1e-12)
    for ours_name, theirs in (("pure_forward", "PF"), ("two_sided", "TS"), ("pure_backward", "PB")):
        want = ref[f"share_{theirs}_trade"] * ref["share_GVC_trade"]
        np.testing.assert_allclose(shares[f"gvc_{ours_name}"], want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SHIPPED)
def test_gvcanalyzer_output_and_trade_measures(name: str) -> None:
    check_gvcanalyzer_measures(name)


@pytest.mark.parametrize("name", LARGER)
def test_larger_tables(name: str, shared: Path) -> None:
    """The same on tables of other programs, of which exvatools alone splits countries."""
    check_exvatools_oecd(name)
    if name == "iciotest":
        return
    for of in OF:
        check_origin_matrix(name, of)
    check_gvc_package(name)
    check_gvcanalyzer_measures(name)


def test_larger_matrices(shared: Path) -> None:
    """Those of five countries as decompr prints them, and those of six regions as pymrio does."""
    for of in ("exports", "output"):
        check_origin_matrix("rand5x6", of)
    t = load("pymriotest")
    L = pd.read_csv(outside("pymriotest_pymrio_L.csv"), header=[0, 1], index_col=[0, 1])
    np.testing.assert_allclose(t.leontief.B, L.to_numpy(float), rtol=1e-9, atol=1e-12)
    trade = pd.read_csv(outside("pymriotest_pymrio_bilat.csv")).iloc[:, 2:].to_numpy()
    np.testing.assert_allclose(t.E, trade, rtol=1e-9, atol=1e-6)
    assert t.E.sum(axis=1)[0] == pytest.approx(19726.889, abs=5e-4)  # reg1, food
    totals = pd.read_csv(outside("pymriotest_pymrio_gross_trade_totals.csv"))
    np.testing.assert_allclose(t.E.sum(axis=1), totals["exports"], rtol=1e-9)


@pytest.mark.parametrize("name", ["leather", "rand5x6"])
def test_extraction_is_the_decomposition(name: str) -> None:
    t = load(name)
    dva = t.decompose("bm", by="exporter").wide().set_index("exporter")["DVA"]
    pair = t.decompose("bm", perimeter="self", by=("exporter", "importer")).wide()
    flow = t.decompose("bm", perimeter="self", by=("exporter", "sector", "importer")).wide()
    sector = t.decompose("bm", perimeter="self", by=("exporter", "sector")).wide()
    s, i = str(t.countries[1]), str(t.rows.get_level_values("sector")[2])
    r = str(t.countries[2])
    assert gvc.extraction(t, s) == pytest.approx(dva[s], rel=1e-12)

    def cell(table: pd.DataFrame, **at: str) -> float:
        return float(table.loc[np.logical_and.reduce([table[k] == v for k, v in at.items()]), "DVA"].iloc[0])

    assert gvc.extraction(t, s, importer=r) == pytest.approx(cell(pair, exporter=s, importer=r), rel=1e-12)
    assert gvc.extraction(t, s, sector=i) == pytest.approx(cell(sector, exporter=s, sector=i), rel=1e-12)
    got = gvc.extraction(t, s, importer=r, sector=i)
    assert got == pytest.approx(cell(flow, exporter=s, sector=i, importer=r), rel=1e-12)


def test_value_added_exports() -> None:
    t = load("leather")
    table = gvc.value_added_exports(t)
    by = table.groupby("exporter", observed=True)[["vax_f", "vax_b"]].sum()
    np.testing.assert_allclose(by["vax_f"], by["vax_b"], rtol=1e-12)
    want = shipped("formula_bilateral")["vax_forward"].dropna()
    np.testing.assert_allclose(np.sort(table["vax_f"]), np.sort(want), rtol=1e-9)


def test_options_are_refused_with_what_is_allowed() -> None:
    t = load("leather")
    with pytest.raises(OptionError, match=r"method='wzw' is not allowed.*Did you mean 'wwz'"):
        t.decompose("wzw")
    with pytest.raises(OptionError, match="total exports only"):
        t.decompose("kww", by=("exporter", "sector"))
    with pytest.raises(OptionError, match="perimeter='self' does not go with 'wwz'"):
        t.decompose("wwz", perimeter="self")
    with pytest.raises(OptionError, match="source and sink are one"):
        t.decompose("bm", approach="sink", perimeter="self")
    with pytest.raises(OptionError, match="third=True"):
        t.decompose("bm", third=True)
    with pytest.raises(UnknownName, match="Germany"):
        t.decompose("wwz", exporters=["Germny"])
    with pytest.raises(UnknownName, match="no country named 'France'"):
        gvc.extraction(t, "France")


def test_tiva_indicators_of_exvatools() -> None:
    ref = shipped("exvatools_oecd_tiva").melt(["row", "col"], var_name="term").dropna()
    t = load("rand5x6")
    totals = ref[ref["col"].isin(["VA", "X"])].set_index(["term", "row"])["value"]
    names = [f"{c}_{s}" for c, _, s in t.rows]
    np.testing.assert_allclose(totals["PROD"].loc[names], t.x, rtol=1e-9)
    np.testing.assert_allclose(totals["VA"].loc[names], t.va, rtol=1e-9)
    flows = ref[~ref["col"].isin(["VA", "X"])]
    ours = tiva.tiva_indicators(t)
    ours.index = pd.MultiIndex.from_arrays([ours["country"] + "_" + ours["sector"], ours["partner"]])
    for term, part in flows.groupby("term"):
        want = part.set_index(["row", "col"])["value"]
        got = ours[str(term)].reindex(want.index)
        abroad = got.index.get_level_values(0).str[:2] != got.index.get_level_values(1)
        if term == "REF":
            got, want = got[abroad], want[abroad]
        close(got, want.fillna(0.0), t.E.max())
