"""Decompositions of exports against decompr, exvatools, gvcAnalyzer and published tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exportlab.valueadded import InterCountryTable
from exportlab.valueadded.names import names

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / "shared" / "reference" / "valueadded"
SPLITS = {"MX1": "MEX", "MX2": "MEX", "CN1": "CHN", "CN2": "CHN"}
TABLES = ("kwwC1", "kwwC2a", "kwwC2b", "kwwD", "leather", "pymriotest", "rand5x6", "wiodtest", "iciotest")


def produced(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of table and kind; exvatools printed its common terms only for the table with split countries."""
    return [(n, k) for n in TABLES for k in kinds if n != "iciotest" or k.endswith("standard")]


def lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").split()


@cache
def load(name: str) -> InterCountryTable:
    """A reference table; the common sector names of R keep their dots."""
    Z = np.loadtxt(FOLDER / f"{name}_Z.csv", delimiter=",", ndmin=2)
    Y = np.loadtxt(FOLDER / f"{name}_Y.csv", delimiter=",", ndmin=2)
    if (FOLDER / f"{name}_rows.csv").exists():
        rows, final = lines(f"{name}_rows.csv"), lines(f"{name}_fdcountries.csv")
        splits = SPLITS if name == "iciotest" else {}
    else:
        countries, sectors = lines(f"{name}_countries.csv"), lines(f"{name}_sectors.csv")
        rows, final, splits = [f"{c}_{s}" for c in countries for s in sectors], countries, {}
        if Y.shape[1] > len(countries):
            k = Y.shape[1] // len(countries)
            final = [f"{c}_{i}" for c in countries for i in range(k)]
    return InterCountryTable.from_frames(
        pd.DataFrame(Z, rows, rows), pd.DataFrame(Y, rows, final), splits=splits
    )


def close(got: pd.Series, want: pd.Series, scale: float) -> None:
    """Equal to 1e-9 of the value; below 1e-13 of the largest flow both are rounding of zero."""
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-13 * scale, err_msg=str(got.name))


def bilateral(name: str, method: str, **options: object) -> pd.DataFrame:
    wide = load(name).decompose(method, by=("exporter", "sector", "importer"), **options).wide()
    if method == "wwz":
        wide = wide.assign(**{k: wide[list(v)].sum(axis=1) for k, v in STANDARD.items()})
        wide = wide.assign(DVA=wide["VAX"] + wide["REF"], DC=wide[["VAX", "REF", "DDC"]].sum(axis=1))
        wide = wide.assign(FC=wide["FVA"] + wide["FDC"])
    return wide.set_index(["exporter", "sector", "importer"])


# exvatools' common terms as sums of the sixteen.
STANDARD = {
    "VAX": ("DVA_FIN", "DVA_INT", "DVA_INTrexI1", "DVA_INTrexF", "DVA_INTrexI2"),
    "REF": ("RDV_FIN", "RDV_FIN2", "RDV_INT"),
    "DDC": ("DDC_FIN", "DDC_INT"),
    "FVA": ("MVA_FIN", "MVA_INT", "OVA_FIN", "OVA_INT"),
    "FDC": ("MDC", "ODC"),
}
# Their name -> ours. exvatools numbers the value added of the importer 1, of third countries 2.
EXVA_WWZ = {
    "DVA_FIN": "DVA_FIN", "DVA_INT": "DVA_INT", "DVA_INTrex1": "DVA_INTrexI1", "DVA_INTrex2": "DVA_INTrexF",
    "DVA_INTrex3": "DVA_INTrexI2", "RDV_INT": "RDV_INT", "RDV_FIN1": "RDV_FIN", "RDV_FIN2": "RDV_FIN2",
    "DDC_FIN": "DDC_FIN", "DDC_INT": "DDC_INT", "MDC": "MDC", "ODC": "ODC",
    "FVA_FIN1": "MVA_FIN", "FVA_INT1": "MVA_INT", "FVA_FIN2": "OVA_FIN", "FVA_INT2": "OVA_INT",
}  # fmt: skip
EXVATOOLS = {
    "wwz_terms": ("wwz", {}, EXVA_WWZ),
    "wwz_standard": ("wwz", {}, {}),
    "bm_src_standard": ("bm", {}, {}),
    "bm_snk_standard": ("bm", {"approach": "sink"}, {}),
    "bm_src_terms": ("bm", {"detail": True}, {}),
    "bm_snk_terms": ("bm", {"detail": True, "approach": "sink"}, {}),
    "my_standard": ("my", {}, {}),
    "my_terms": ("my", {}, {}),
    "my_world": ("my", {"perimeter": "world"}, {}),
    "oecd_terms": ("tiva", {}, {}),
}


def exvatools(name: str, kind: str) -> pd.DataFrame:
    raw = pd.read_csv(FOLDER / f"{name}_exvatools_{kind}.csv", keep_default_na=False, na_values=["NA"])
    raw[["exporter", "sector"]] = raw["row"].str.split("_", n=1, expand=True)
    if name == "wiodtest":
        raw["sector"] = raw["sector"].str.removeprefix("D")
    if name == "leather":
        raw["sector"] = raw["sector"].str.replace(".", "_", regex=False)
    wide = raw.pivot_table(index=["exporter", "sector", "importer"], columns="term", values="value")
    return wide[wide.index.get_level_values(0) != wide.index.get_level_values(2)]


@pytest.mark.parametrize(("name", "kind"), produced(EXVATOOLS))
def test_exvatools(name: str, kind: str, shared: Path) -> None:
    method, options, renamed = EXVATOOLS[kind]
    ours, theirs = bilateral(name, method, **options), exvatools(name, kind)
    assert len(theirs) == len(ours)
    for term in theirs:
        got = ours[renamed.get(str(term), str(term))]
        want = theirs[term]
        if (name, kind, term) == ("iciotest", "bm_snk_standard", "VAXIM"):
            # Where the importer's rows are split exvatools departs from the equation: see the test below.
            want = want[~want.index.get_level_values("importer").isin(["MEX", "CHN"])]
        close(got.reindex(want.index), want, ours["EXGR"].abs().max())


def test_vaxim_of_split_importers_follows_the_equation(shared: Path) -> None:
    """Equation 39 evaluated as it stands, for importers whose rows are split, where exvatools departs."""
    t = load("iciotest")
    A, Y, n = t.leontief.A, t.Y, len(t.x)
    B = np.linalg.inv(np.eye(n) - A)
    ours = t.decompose("bm", approach="sink", by=("exporter", "importer")).wide()
    for s, r in ((0, 2), (4, 2), (1, 4)):
        S, R = t.blocks[s], t.blocks[r]
        F = (np.eye(len(B[S, S])) - A[S, S]) @ B[S, S]
        g = (A @ B @ Y)[S, r] - A[S, S] @ (B @ Y)[S, r] + Y[S, r]
        X = (B @ Y)[:, r] - B[:, S] @ np.linalg.solve(F, g)
        L = np.linalg.inv(np.eye(len(B[R, R])) - A[R, R])
        last = Y[S, r] + A[S, R] @ L @ (Y[R, r] + (A @ X)[R] - A[R, R] @ X[R])
        cell = ours[(ours["exporter"] == t.countries[s]) & (ours["importer"] == t.countries[r])]
        assert cell["VAXIM"].item() == pytest.approx(t.leontief.v[S] @ B[S, S] @ last, rel=1e-12)


@pytest.mark.parametrize("name", [t for t in TABLES if t != "iciotest"])
def test_decompr_wwz(name: str, shared: Path) -> None:
    ref = pd.read_csv(FOLDER / f"{name}_decompr_wwz.csv").replace(
        {"Exporting_Industry": {r"^D(\d)": r"\1"}}, regex=True
    )
    ref = ref.set_index(["Exporting_Country", "Exporting_Industry", "Importing_Country"])
    ours = bilateral(name, "wwz")
    for term in EXVA_WWZ.values():
        close(ours[term], ref[term].reindex(ours.index), ours["EXGR"].max())


@pytest.mark.parametrize("kind", ["kww", "wwz2kww"])
@pytest.mark.parametrize("name", [t for t in TABLES if t != "iciotest"])
def test_decompr_kww(name: str, kind: str, shared: Path) -> None:
    ref = pd.read_csv(FOLDER / f"{name}_decompr_{kind}.csv").set_index("Country")
    ours = load(name).decompose("kww").wide().set_index("exporter")
    for term in ref:
        close(ours[term], ref[term].reindex(ours.index), ours["EXGR"].max())


KWW_EXVATOOLS = {
    "VAX1": "DVA_FIN", "VAX2": "DVA_INT", "VAX3": "DVA_INTrex", "REF1": "RDV_FIN", "REF2": "RDV_INT",
    "DDC": "DDC", "FVA1": "FVA_FIN", "FVA2": "FVA_INT", "FDC": "FDC", "EXGR": "EXGR",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), produced(["kww_terms", "kww_standard"]))
def test_exvatools_kww_by_country(name: str, kind: str, shared: Path) -> None:
    raw = pd.read_csv(FOLDER / f"{name}_exvatools_{kind}.csv")
    raw["exporter"] = raw["row"].str.split("_").str[0]
    theirs = raw.pivot_table(index="exporter", columns="term", values="value", aggfunc="sum")
    ours = load(name).decompose("kww").wide().set_index("exporter")
    if kind == "kww_terms":
        ours = ours.rename(columns={v: k for k, v in KWW_EXVATOOLS.items()})
    else:
        ours["VAX"] = ours[["DVA_FIN", "DVA_INT", "DVA_INTrex"]].sum(axis=1)
        ours["REF"], ours["FVA"] = ours["RDV_FIN"] + ours["RDV_INT"], ours["FVA_FIN"] + ours["FVA_INT"]
        ours["DVA"] = ours["VAX"] + ours["REF"]
        ours["DC"], ours["FC"] = ours["DVA"] + ours["DDC"], ours["FVA"] + ours["FDC"]
    for term in theirs:
        close(ours[term].reindex(theirs.index), theirs[term], ours["EXGR"].max())


GVCANALYZER = {
    "bm_2023_bilateral_source_all": ("bm", {}, "source"),
    "bm_2023_bilateral_sink_all": ("bm", {"approach": "sink"}, "sink"),
    "bm_2023_bilateral_pure_all": ("bm", {"perimeter": "self"}, "_star"),
}


@pytest.mark.parametrize("kind", GVCANALYZER)
@pytest.mark.parametrize("name", [t for t in TABLES if t != "iciotest"])
def test_gvcanalyzer_bilateral(name: str, kind: str, shared: Path) -> None:
    method, options, tag = GVCANALYZER[kind]
    ref = pd.read_csv(FOLDER / f"{name}_gvcAnalyzer_{kind}.csv").set_index(["exporter", "importer"])
    ours = load(name).decompose(method, by=("exporter", "importer"), **options).wide()
    ours = ours.set_index(["exporter", "importer"])
    for term in ("DVA", "DDC", "FVA", "FDC"):
        want = ref[f"{term}{tag}_sr"]
        close(ours[term].reindex(want.index), want, ours["EXGR"].max())


@pytest.mark.parametrize("name", [t for t in TABLES if t != "iciotest"])
def test_gvcanalyzer_exporter_total_and_tripartite(name: str, shared: Path) -> None:
    t = load(name)
    total = pd.read_csv(FOLDER / f"{name}_gvcAnalyzer_bm_2023_exporter_total_all.csv").set_index("country")
    ours = t.decompose("bm", by="exporter").wide().set_index("exporter")
    for term in ("DVA", "DDC", "FVA", "FDC"):
        close(ours[term].reindex(total.index), total[f"{term}_s"], ours["EXGR"].max())
    ref = pd.read_csv(FOLDER / f"{name}_gvcAnalyzer_bm_2025_tripartite_trade_all.csv")
    ref = ref.set_index(["exporter", "importer"])
    three = t.decompose("tripartite", by=("exporter", "importer")).wide().set_index(["exporter", "importer"])
    for term, theirs in {
        "DAVAX": "DAVAX_sr",
        "GVC": "GVC_sr",
        "GVC_PF": "GVC_PF",
        "GVC_TS": "GVC_TS",
        "GVC_PB": "GVC_PB",
    }.items():
        close(three[term].reindex(ref.index), ref[theirs], three["EXGR"].max())


@pytest.mark.parametrize("name", ["leather", "rand5x6"])
def test_formula_reference_bilateral(name: str, shared: Path) -> None:
    t, raw = load(name), pd.read_csv(FOLDER / f"{name}_gvcref_bilateral.csv")
    raw[["method", "term"]] = raw["measure"].str.split(".", n=1, expand=True).fillna("")
    raw["exporter"] = t.countries.to_numpy()[raw["country"]]
    raw["importer"] = t.countries.to_numpy()[raw["partner"]]
    raw["sector"] = t.rows.get_level_values("sector")[: len(t.x) // len(t.countries)].to_numpy()[
        raw["sector"]
    ]
    options = {
        "bm_source": ("bm", {}), "bm_sink": ("bm", {"approach": "sink"}),
        "bm_self": ("bm", {"perimeter": "self"}), "wwz": ("wwz", {}), "tripartite": ("tripartite", {}),
    }  # fmt: skip
    names = {"GEXP": "EXGR", "E": "EXGR", "PB": "GVC_PB", "PF": "GVC_PF", "TS": "GVC_TS"}
    axes = ["exporter", "sector", "importer"]
    for (method, term), part in raw[raw["method"].isin(options)].groupby(["method", "term"]):
        kind, opts = options[str(method)]
        ours = bilateral(name, kind, **opts)
        want = part.set_index(axes)["value"]
        close(ours[names.get(str(term), str(term))].reindex(want.index), want, ours["EXGR"].max())
    imports = t.decompose("bm", perimeter="importer", by=("origin", "sector", "importer")).wide()
    imports = imports.set_index(["origin", "sector", "importer"])
    for term in ("VA", "DC"):
        want = raw[raw["term"] == f"{term}_by_origin_sector"].set_index(axes)["value"]
        close(imports[term].reindex(want.index), want, t.E.max())


PUBLISHED = {
    "country_source": ("exporter", {}),
    "country_world_sink": ("exporter", {"approach": "sink", "perimeter": "world"}),
    "sector_source": ("exporter sector", {}),
    "bilateral_sink": ("exporter sector importer", {"approach": "sink"}),
    "bilateral_self": ("exporter sector importer", {"perimeter": "self"}),
    "imports": ("importer", {"perimeter": "importer"}),
}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_icio_published_on_leather(kind: str, shared: Path) -> None:
    axes, options = PUBLISHED[kind]
    by = axes.split()
    ref = pd.read_csv(FOLDER / f"published_leather_icioR_{kind}.csv").rename(
        columns={"country": by[0], "GEXP": "EXGR"}
    )
    ours = load("leather").decompose("bm", by=by, **options).wide().set_index(by)
    for term in ref.columns.drop([*by, "GIMP"], errors="ignore"):
        want = ref.set_index(by)[term]
        printed = 1.1e-5 if kind != "country_source" else 1.1e-4  # half a unit of the last digit printed
        assert np.abs(ours[term].reindex(want.index) - want).max() <= printed


def test_koopman_wang_wei_published(shared: Path) -> None:
    # With two countries nothing passes a third: the appendix prints eight terms.
    usa = load("kwwC1").decompose("kww").wide().set_index("exporter").loc["USA"]
    assert usa[["DVA_FIN", "DVA_INT"]].to_list() == pytest.approx([20.0, 26.7], abs=0.051)
    for name, file, columns in (
        ("kwwC1", "published_kwwC1.csv", {"USA": "USA", "CHN": "CHN"}),
        ("kwwD", "published_kwwD_tableD4.csv", {"C1": "E12", "C2": "E21"}),
    ):
        table = pd.read_csv(FOLDER / file).set_index("term")
        ours = load(name).decompose("kww").wide().set_index("exporter")
        assert (ours["DVA_INTrex"].abs() < 1e-12).all()
        for country, column in columns.items():
            got = ours.loc[country].drop(["EXGR", "DVA_INTrex"]).to_numpy(float)
            want = table.loc[[f"v{k}" for k in range(1, 9)], column].to_numpy()
            np.testing.assert_allclose(got, want, atol=0.051)
    table = pd.read_csv(FOLDER / "published_kwwC2.csv")
    for _, row in table.iterrows():
        name, country = row["example"].split()
        ours = load(name).decompose("kww").wide().set_index("exporter").drop(columns="EXGR")
        want = row[[f"v{k}" for k in range(1, 10)]].to_numpy(float)
        np.testing.assert_allclose(ours.loc[country].to_numpy(), want, atol=1e-9)


def test_copied_figures(reference: Path) -> None:
    """The numbers that prove each account, without the reference folder."""
    figures = pd.read_csv(reference / "valueadded_decompositions.csv", keep_default_na=False)
    kept: dict[str, InterCountryTable] = {}
    for name in ("leather", "kwwD"):
        frame = pd.read_csv(reference / f"valueadded_{name}.csv", index_col="row").drop(columns="source")
        kept[name] = InterCountryTable.from_frames(
            frame[frame.index], frame.drop(columns=frame.index), sep="_"
        )
    axes = ["exporter", "sector", "importer"]
    for (name, method, approach, perimeter), part in figures.groupby(
        ["table", "method", "approach", "perimeter"]
    ):
        for _, row in part.iterrows():
            by = [a for a in axes if row[a]]
            ours = kept[str(name)].decompose(
                str(method), approach=str(approach), perimeter=str(perimeter), by=by
            )
            wide = ours.wide()
            cell = wide[np.logical_and.reduce([wide[a] == row[a] for a in by])]
            assert abs(cell[row["term"]].item() - row["value"]) <= 1.1 * float(row["digits"]), dict(row)


def test_names_cover_every_term() -> None:
    known = set(names()["term"])
    t = InterCountryTable.from_numpy(
        [[1.0, 2.0], [2.0, 1.0]], [[9.0, 3.0], [4.0, 8.0]], countries=["A", "B"], sectors=["s"],
        value_added=[10.0, 10.0], taxes="remainder", v="supplied",
    )  # fmt: skip
    for method in ("wwz", "kww", "bm", "tripartite", "my", "tiva"):
        assert set(t.decompose(method).terms) <= known
    assert set(t.decompose("bm", approach="sink").terms) <= known
