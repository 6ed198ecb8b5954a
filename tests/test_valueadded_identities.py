"""Identities of the decompositions on random tables: to 1e-12 of exports, whatever the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st

from exportlab.valueadded import InterCountryTable, gvc
from exportlab.valueadded import gvc as position
from exportlab.valueadded.leontief import inverse, solve_rows

TOLERANCE = 1e-12


@st.composite
def tables(draw: st.DrawFn) -> InterCountryTable:
    """Negative final demand, sectors without output, categories, taxes, countries of different size."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    kinds = draw(st.integers(1, 3))
    G, n = len(sizes), sum(sizes)
    Z = rng.lognormal(sigma=1.0, size=(n, n)) * (rng.uniform(size=(n, n)) < 0.8)
    F = rng.lognormal(mean=1.5, sigma=1.0, size=(n, G * kinds))
    F[rng.uniform(size=F.shape) < draw(st.sampled_from([0.0, 0.1]))] *= -0.4
    dead = rng.uniform(size=n) < draw(st.sampled_from([0.0, 0.15]))
    Z[dead], Z[:, dead], F[dead] = 0.0, 0.0, 0.0
    short = (F.sum(axis=1) <= 0) & ~dead
    F[short, 0] += 1.0 - F[short].sum(axis=1)
    x = Z.sum(axis=1) + F.sum(axis=1)
    over = np.where(x > 0, Z.sum(axis=0) / np.where(x > 0, x, 1.0), 0.0)
    F[:, 0] += np.where(dead, 0.0, x * np.maximum(over.max() / 0.85 - 1.0, 0.0))
    Z /= max(1.0, over.max())
    x = Z.sum(axis=1) + F.sum(axis=1)
    rest = x - Z.sum(axis=0)
    options = {}
    if draw(st.booleans()):
        options = {"v": "supplied", "value_added": rest * rng.uniform(0.8, 1.0, n), "taxes": "remainder"}
    return InterCountryTable.from_numpy(
        Z,
        F,
        countries=[f"C{k}" for k in range(G)],
        sectors=[[f"s{i}" for i in range(size)] for size in sizes],
        final=[(f"C{g}", f"f{k}") for g in range(G) for k in range(kinds)],
        **options,
    )


def adds_up(t: InterCountryTable, wide: pd.DataFrame, terms: tuple[str, ...], total: str = "EXGR") -> None:
    gap = wide[[*terms, *(["TAX"] if "TAX" in wide else [])]].sum(axis=1) - wide[total]
    assert gap.abs().max() <= TOLERANCE * np.abs(t.E).sum()


def equal(t: InterCountryTable, a: object, b: object) -> None:
    assert np.abs(np.asarray(a) - np.asarray(b)).max() <= TOLERANCE * np.abs(t.E).sum()


@tries.at_most(12)
@given(tables())
def test_every_decomposition_adds_up_to_gross_exports(t: InterCountryTable) -> None:
    cases = [("wwz", {}), ("tripartite", {}), ("my", {}), ("my", {"perimeter": "world"}), ("tiva", {})]
    cases += [("kww", {})]
    cases += [
        ("bm", {"approach": a, "perimeter": p}) for a in ("source", "sink") for p in ("exporter", "world")
    ]
    flows = (
        ("exporter", "sector", "importer"),
        ("exporter", "sector"),
        ("exporter", "importer"),
        ("exporter",),
    )
    cases += [("bm", {"perimeter": "self", "by": by}) for by in flows]
    for method, options in cases:
        d = t.decompose(method, **options)
        adds_up(t, d.wide(), d.additive)
    bm = t.decompose("bm", detail=True).wide()
    for whole, k in (("VAX", 4), ("REF", 2), ("FVA", 4)):
        equal(t, bm[[f"{whole}{i}" for i in range(1, k + 1)]].sum(axis=1), bm[whole])
    equal(t, bm["GVCB"] + bm["GVCF"], bm["GVC"])
    part = t.participation()
    shares = part.dropna()
    scale = np.abs(t.E).sum() / np.abs(shares["EXGR"])  # of an exporter whose flows cancel, shares are large
    for parts in (["backward", "forward"], ["pure_backward", "two_sided", "pure_forward"]):
        gap = shares["gvc"] - shares[[f"gvc_{p}" for p in parts]].sum(axis=1)
        assert (gap.abs() <= TOLERANCE * scale).all()
    three = t.decompose("tripartite", by="exporter").wide()
    taxes = three.get("TAX", 0.0)
    equal(t, part["gvc"].fillna(0.0) * three["EXGR"] + three["DAVAX"] + taxes, three["EXGR"])


@tries.at_most(16)
@given(tables())
def test_accounts_of_different_authors_agree_where_they_must(t: InterCountryTable) -> None:
    source, sink = (t.decompose("bm", approach=a, by="exporter").wide() for a in ("source", "sink"))
    for term in ("DVA", "VAX", "REF", "DDC", "FVA", "FDC"):
        equal(t, source[term], sink[term])
    world = [
        t.decompose("bm", approach=a, perimeter="world", by="exporter").wide() for a in ("source", "sink")
    ]
    if not t.taxes.any():  # with taxes paid on the way, what crosses first and last differs by them
        equal(t, world[0]["FVA"].sum(), world[1]["FVA"].sum())
    kww, wwz = t.decompose("kww").wide(), t.decompose("wwz", by="exporter").wide()
    equal(t, kww["DVA_FIN"], wwz["DVA_FIN"])
    equal(t, kww["DVA_INT"] + kww["DVA_INTrex"], wwz.filter(regex="^DVA_INT").sum(axis=1))
    equal(t, kww["RDV_FIN"] + kww["RDV_INT"], wwz.filter(regex="^RDV").sum(axis=1))
    equal(t, kww["DDC"], wwz["DDC_FIN"] + wwz["DDC_INT"])
    equal(t, kww["FVA_FIN"], wwz["MVA_FIN"] + wwz["OVA_FIN"])
    equal(t, kww["FDC"], wwz["MDC"] + wwz["ODC"])
    m = gvc.country_measures(t)
    equal(t, m["dva"], source["DVA"])
    equal(t, m["vax"], source["VAX"])
    equal(t, m["fc"] + m["dc"], m["EXGR"] - (source["TAX"] if t.taxes.any() else 0.0))
    equal(t, m["dvx"].sum(), m["fc"].sum())
    three = t.decompose("tripartite", by="exporter").wide()
    equal(t, three["DAVAX"], source["DAVAX"])
    if not t.taxes.any():
        equal(t, m["vs_hiy"], source["GVCB"])
        equal(t, three["GVC"], source["GVC"])


@tries.at_most(12)
@given(tables())
def test_imports_origins_and_chains_add_up(t: InterCountryTable) -> None:
    by_origin = t.decompose("bm", perimeter="importer", by="importer")
    imports = by_origin.wide()
    equal(t, imports[[c for c in ("VA", "DC", "TAX") if c in imports]].sum(axis=1), t.E.sum(axis=0))
    if not t.taxes.any():
        equal(t, t.origin_matrix("exports").sum(axis=0), np.add.reduceat(t.leontief.e, t.starts))
    chains = position.value_chain_accounts(t)
    scale = np.abs(t.x).sum()
    forward = chains[["V_D", "V_RT", "V_GVC_S", "V_GVC_C"]].sum(axis=1)
    assert np.abs(forward - t.va).max() <= TOLERANCE * scale
    backward = chains[["Y_D", "Y_RT", "Y_GVC_S", "Y_GVC_C"]].sum(axis=1)
    assert np.abs(backward - (1 - t.leontief.TB) * t.Y.sum(axis=1) * (t.x != 0)).max() <= TOLERANCE * scale
    place = position.position(t)
    assert place["upstreamness"].isna().sum() == (t.x == 0).sum()
    assert (place["downstreamness"] >= 1 - 1e-12).all()
    out = gvc.output_participation(t, by="sector")
    assert np.abs(out["DomX"] + out["TradX"] + out["GVC_X"] - t.x).max() <= TOLERANCE * scale


@tries.at_most(10)
@given(tables())
def test_extraction_is_the_perimeter_of_the_flow(t: InterCountryTable) -> None:
    s, r = str(t.countries[0]), str(t.countries[-1])
    pairs = t.decompose("bm", perimeter="self", by=("exporter", "importer")).wide()
    pair = pairs[(pairs["exporter"] == s) & (pairs["importer"] == r)]
    assert abs(gvc.extraction(t, s, importer=r) - pair["DVA"].item()) <= TOLERANCE * t.x.sum()
    dva = t.decompose("bm", by="exporter").wide()["DVA"].iloc[0]
    assert abs(gvc.extraction(t, s) - dva) <= TOLERANCE * t.x.sum()


@tries.at_most(8)
@given(tables())
def test_third_countries_add_up_to_the_sixteen(t: InterCountryTable) -> None:
    by = ["exporter", "sector", "importer"]
    whole = t.decompose("wwz").wide().set_index(by)
    split = t.decompose("wwz", third=True).wide().groupby(by, observed=True).sum(numeric_only=True)
    for term in whole:
        equal(t, split[term].reindex(whole.index), whole[term])


@pytest.mark.parametrize("n", [5, 224, 500])
@pytest.mark.parametrize("most", [0.5, 0.99, 1.1])
def test_inverse_and_solve_agree_with_lapack(n: int, most: float) -> None:
    rng = np.random.default_rng(n)
    A = rng.lognormal(sigma=2.0, size=(n, n))
    A *= most / A.sum(axis=0).max()
    want = np.linalg.inv(np.eye(n) - A)
    np.testing.assert_allclose(inverse(A), want, rtol=1e-11, atol=1e-13)
    V = rng.uniform(size=(3, n))
    np.testing.assert_allclose(solve_rows(A, V), V @ want, rtol=1e-11, atol=1e-13)
