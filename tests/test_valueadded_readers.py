"""Readers on small files in the publishers' layouts, and on China's national tables where at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.errors import DataError
from exportlab.files.bundle import bundle
from exportlab.valueadded import (
    InterCountryTable,
    folders,
    read_adb,
    read_ceads,
    read_icio,
    read_nbs,
    read_wiod,
)

COUNTRIES, SECTORS, FINAL = ("AUS", "CHN", "USA"), (1, 2), 2


def made_up(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Z, F (two categories a country), value added and taxes of a balanced three-country table."""
    rng = np.random.default_rng(seed)
    Z = rng.uniform(1, 5, size=(6, 6))
    F = rng.uniform(10, 30, size=(6, 6))
    x = Z.sum(axis=1) + F.sum(axis=1)
    taxes = 0.02 * x
    return Z, F, x - Z.sum(axis=0) - taxes, taxes


def plain() -> InterCountryTable:
    Z, F, *_ = made_up()
    return InterCountryTable.from_numpy(
        Z, F, countries=COUNTRIES, sectors=["c1", "c2"], final=[(c, k) for c in COUNTRIES for k in "ab"]
    )


def same(t: InterCountryTable) -> None:
    want = plain()
    np.testing.assert_allclose(t.Z, want.Z)
    np.testing.assert_allclose(t.Y, want.Y)
    assert list(t.countries) == list(COUNTRIES)
    got = t.decompose("bm", by="exporter").wide()["DVA"]
    np.testing.assert_allclose(got, want.decompose("bm", by="exporter").wide()["DVA"])


def test_oecd_icio(tmp_path: Path) -> None:
    Z, F, va, taxes = made_up()
    rows = [f"{c}_A0{s}" for c in COUNTRIES for s in SECTORS]
    final = [f"{c}_{k}" for c in COUNTRIES for k in ("HFCE", "GFCF")]
    frame = pd.DataFrame(np.hstack([Z, F]), rows, rows + final)
    frame["OUT"] = frame.sum(axis=1)
    x = frame["OUT"].to_numpy()
    below = {"TLS": taxes, "VA": va, "OUT": x}
    for label, values in below.items():
        frame.loc[label] = [*values, *np.zeros(7)]
    frame.to_csv(tmp_path / "2018_SML.csv", index_label="V1")
    t = read_icio(tmp_path / "2018_SML.csv")
    same(t)
    assert t.unit == "million USD"
    assert "2018_SML.csv" in t.source
    supplied = read_icio(tmp_path / "2018_SML.csv", v="supplied")
    np.testing.assert_allclose(supplied.taxes, taxes)
    frame.loc["NOTES"] = 0.0
    frame.to_csv(tmp_path / "odd.csv", index_label="V1")
    with pytest.raises(DataError, match=r"neither sectors nor known margins in 1 row\. First: 'NOTES'"):
        read_icio(tmp_path / "odd.csv")


@pytest.mark.parametrize(
    ("land", "first", "second"), [("CHN", "CN1", "CN2"), ("CHN", "CN3", "CN4"), ("MEX", "MX2", "MX3")]
)
def test_oecd_icio_keeps_processing_rows_as_parts_of_one_country(tmp_path: Path, land, first, second) -> None:
    Z, F, va, taxes = made_up()
    rows = ["AUS_A01", "AUS_A02", f"{first}_A01", f"{second}_A01", "USA_A01", "USA_A02"]
    final = [f"{c}_{k}" for c in ("AUS", land, "USA") for k in ("HFCE", "GFCF")]
    frame = pd.DataFrame(np.hstack([Z, F]), rows, rows + final)
    frame["TOTAL"] = frame.sum(axis=1)
    x = frame["TOTAL"].to_numpy()
    for label, values in {"AUS_TAXSUB": taxes / 2, "USA_TAXSUB": taxes / 2, "VALU": va, "OUTPUT": x}.items():
        frame.loc[label] = [*values, *np.zeros(7)]
    frame.to_csv(tmp_path / "ICIO2018_2015.csv")
    t = read_icio(tmp_path / "ICIO2018_2015.csv")
    assert list(t.countries) == ["AUS", land, "USA"]
    assert list(t.rows[2:4]) == [(land, first, "A01"), (land, second, "A01")]
    whole = plain().decompose("bm", by="exporter").wide()  # two rows of one country are two sectors of it
    np.testing.assert_allclose(t.decompose("bm", by="exporter").wide()["DVA"], whole["DVA"])
    parts = t.decompose("bm").wide()
    assert set(parts["part"]) == {"AUS", first, second, "USA"}
    np.testing.assert_allclose(parts.groupby("exporter", observed=True)["DVA"].sum(), whole["DVA"])


def numbered(path: Path, first_final: str, land: tuple[str, ...], corner: int = 2) -> None:
    """A sheet with country and number in header rows and label columns, as in WIOD 2013 and ADB MRIO."""
    Z, F, va, taxes = made_up()
    letter, start = first_final[0], int(first_final[1:])
    keys = [(c, f"c{s}") for c in land for s in SECTORS]
    final = [(c, f"{letter}{start + k}") for c in land for k in range(FINAL)]
    total = np.hstack([Z, F]).sum(axis=1)
    grid: list[list[object]] = [[None] * 4 + [""] * 13 for _ in range(corner)]
    grid += [[None] * 4 + [f"name {b}" for _, b in keys + final] + ["Total output"]]
    grid += [[None] * 4 + [a for a, _ in keys + final] + ["TOT"]]
    grid += [[None] * 4 + [b for _, b in keys + final] + ["c43"]]
    for k, (c, s) in enumerate(keys):
        grid.append([s, f"Industry {s}", c, s, *Z[k], *F[k], total[k]])
    zero = [0.0] * 7
    grid += [
        ["", "Total intermediate consumption", "TOT", "r60", *Z.sum(axis=0), *zero],
        ["", "taxes less subsidies on products", "TOT", "r99", *taxes, *zero],
        ["", "Value added at basic prices", "TOT", "r64", *va, *zero],
        ["", "Output at basic prices", "TOT", "r69", *total, *zero],
    ]
    pd.DataFrame(grid).to_csv(path, header=False, index=False)


def test_wiod_2013_and_adb_sheets(tmp_path: Path) -> None:
    numbered(tmp_path / "wiot11.csv", "c37", COUNTRIES)
    t = read_wiod(tmp_path / "wiot11.csv")
    same(t)
    np.testing.assert_allclose(read_wiod(tmp_path / "wiot11.csv", v="supplied").taxes, made_up()[3])
    numbered(tmp_path / "adb.csv", "F1", ("AUS", "PRC", "RoW"), corner=4)
    t = read_adb(tmp_path / "adb.csv")
    assert list(t.countries) == ["AUS", "PRC", "RoW"]
    np.testing.assert_allclose(t.Y, plain().Y)
    assert "ADB" in t.source
    pytest.importorskip("openpyxl")
    pd.read_csv(tmp_path / "wiot11.csv", header=None).to_excel(tmp_path / "w.xlsx", header=False, index=False)
    same(read_wiod(tmp_path / "w.xlsx"))


def test_wiod_2016_wide(tmp_path: Path) -> None:
    Z, F, va, taxes = made_up()
    keys = [(c, s) for c in COUNTRIES for s in SECTORS]
    final = [(c, 57 + k) for c in COUNTRIES for k in range(FINAL)]
    frame = pd.DataFrame(np.hstack([Z, F]), columns=[f"v{c}{s}" for c, s in keys + final])
    x = frame.sum(axis=1).to_numpy()
    frame["TOT"] = x
    labels = pd.DataFrame(
        [(f"A{s}", f"Industry {s}", c, s, 2014) for c, s in keys],
        columns=["IndustryCode", "IndustryDescription", "Country", "RNr", "Year"],
    )
    wide = pd.concat([labels, frame], axis=1)
    for code, number, values in (("TXSP", 66, taxes), ("VA", 70, va), ("GO", 73, x)):
        name = {"VA": "Value added at basic prices", "GO": "Output at basic prices"}.get(code, code)
        wide.loc[len(wide)] = [code, name, "TOT", number, 2014, *values, *np.zeros(7)]
    wide.to_csv(tmp_path / "WIOT2014.csv", index=False)
    same(read_wiod(tmp_path / "WIOT2014.csv"))


def test_wiod_refuses_a_sheet_without_labels(tmp_path: Path) -> None:
    pd.DataFrame(np.ones((8, 8))).to_csv(tmp_path / "x.csv", header=False, index=False)
    with pytest.raises(DataError, match="No head row and label column share regions and labels of sectors"):
        read_wiod(tmp_path / "x.csv")


def test_ceads_closes_the_table_with_the_rest_of_the_world(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    provinces, sectors, uses = ("Beijing", "Liaoning"), ("Farming", "Industry"), ("Household", "GFCF")
    keys = [(p, s) for p in provinces for s in sectors]
    Z, F = rng.uniform(1, 5, (4, 4)), rng.uniform(10, 20, (4, 4))
    e, m, err = rng.uniform(5, 9, 4), rng.uniform(1, 2, 8), rng.uniform(-1, 1, 4)
    x = Z.sum(axis=1) + F.sum(axis=1) + e + err
    va = x - Z.sum(axis=0) - m[:4]
    top = [None, None, "Beijing", None, "Liaoning", None, "TIU", "Beijing", None, "Liaoning", None]
    grid = [[*top, "Export", "TFU", "Others", "Total output"]]
    grid += [[None, None, *sectors, *sectors, "TIU", *uses, *uses, "EX", "TFU", "ERR", "GO"]]
    for k, (p, s) in enumerate(keys):
        head = p if k % 2 == 0 else None
        sums = (Z[k].sum(), F[k].sum() + e[k])
        grid.append([head, s, *Z[k], sums[0], *F[k], e[k], sums[1], err[k], x[k]])
    grid.append(["Import", "IM", *m[:4], m[:4].sum(), *m[4:], 0.0, 0.0, 0.0, m.sum()])
    grid.append(["Value added", "TVA", *va, *np.zeros(9)])
    pd.DataFrame(grid).to_csv(tmp_path / "mrio.csv", header=False, index=False)
    t = read_ceads(tmp_path / "mrio.csv")
    assert list(t.countries) == ["Beijing", "Liaoning", "ROW"]
    np.testing.assert_allclose(t.x, [*x, m.sum()])
    np.testing.assert_allclose(t.va[:4], va)
    exports = t.exports(by=("exporter", "importer")).set_index(["exporter", "importer"])["EXGR"]
    assert exports["Liaoning", "ROW"] == pytest.approx(e[2:].sum())
    assert exports["ROW", "Beijing"] == pytest.approx(m[:2].sum() + m[4:6].sum())
    bm = t.decompose("bm", by="exporter").wide().set_index("exporter")
    assert bm.loc["Liaoning", ["DC", "FC"]].sum() == pytest.approx(bm.loc["Liaoning", "EXGR"])


def test_nbs_national_tables(shared: Path) -> None:
    """VS shares of the published non-competitive tables: 21.0, 21.2 and 19.5 % of exports."""
    for year, share in ((2017, 0.210), (2018, 0.212), (2020, 0.195)):
        t = read_nbs(shared / "data" / f"china_io_{year}_42.csv")
        assert (t.kind, len(t.sectors), t.final) == ("noncompetitive", 42, ("TC", "FU201", "FU202"))
        assert t.validate().balanced
        foreign = 1 - (t.v @ np.linalg.solve(np.eye(42) - t.A, t.e)) / t.e.sum()
        assert foreign == pytest.approx(share, abs=5e-4)


def china(tmp_path: Path, headings: list[str], *, codes: bool = True, prefix: bool = False) -> Path:
    """A two-sector table in a bureau's layout, balanced: Z, two final uses, trade columns, output."""
    Z = np.array([[10.0, 20.0], [15.0, 30.0]])
    F = np.array([[30.0, 5.0], [40.0, 10.0]])
    trade = np.array([[8.0, 6.0, 7.0, 4.0], [20.0, 10.0, 12.0, 9.0]])  # exports, outflow, imports, inflow
    err = np.array([0.5, -0.25])
    x = Z.sum(axis=1) + F.sum(axis=1) + trade @ [1, 1, -1, -1] + err
    va = x - Z.sum(axis=0)
    names = ["01", "02"] if codes else ["农业", "工业"]
    cells = [[*Z[k], Z[k].sum(), *F[k], F[k].sum(), *trade[k], err[k], x[k]] for k in range(2)]
    grid: list[list[object]] = [["某省2017年投入产出表"] + [None] * 13, [None, "代码", *names, *headings]]
    grid += [[label, code, *row] for label, code, row in zip(["农产品", "工业品"], names, cells, strict=True)]
    grid += [["中间投入合计", "TII", *Z.sum(axis=0), *[None] * 10], ["增加值合计", "TVA", *va, *[None] * 10]]
    grid += [["总投入", "TI", *x, *[None] * 10]]
    path = tmp_path / f"t{codes}{prefix}.csv"
    pd.DataFrame(grid).to_csv(path, header=False, index=False)
    return path


def test_provincial_competitive_tables_by_codes_and_by_headings(tmp_path: Path) -> None:
    coded = ["TIU", "FU101", "FU201", "TFU", "EX", "OF", "IM", "IF", "ERR", "GO"]
    printed = ["中间使用合计", "居民消费支出", "存货增加", "最终使用合计"]
    printed += ["出口", "国内省外流出", "进口", "国内省外流入", "误差", "总产出"]
    a = read_nbs(china(tmp_path, coded))
    b = read_nbs(china(tmp_path, printed, codes=False))
    for t in (a, b):
        assert t.kind == "competitive"
        np.testing.assert_allclose(t.e, [8, 20])
        np.testing.assert_allclose(t.o, [6, 10])
        np.testing.assert_allclose(t.m, [7, 12])
        np.testing.assert_allclose(t.inflow, [4, 9])
        np.testing.assert_allclose(t.error, [0.5, -0.25])
        np.testing.assert_allclose(t.F.sum(axis=1), [35, 50])
        assert t.validate().balanced
    assert list(b.sectors) == ["农业", "工业"]
    coded[4] = "ABROAD"
    with pytest.raises(DataError, match=r"neither sectors nor known uses in 1 row\. First: 'ABROAD'"):
        read_nbs(china(tmp_path, coded))


def test_nbs_rows_with_prefixes_make_a_noncompetitive_table(tmp_path: Path) -> None:
    D, M = np.array([[10.0, 20.0], [15.0, 30.0]]), np.array([[2.0, 3.0], [4.0, 5.0]])
    f, fm, e = np.array([30.0, 40.0]), np.array([1.0, 2.0]), np.array([8.0, 20.0])
    x = D.sum(axis=1) + f + e
    va = x - D.sum(axis=0) - M.sum(axis=0)
    grid: list[list[object]] = [["", "代码", "01", "02", "TIU", "TC", "EX", "GO"]]
    grid += [["农", f"D0{k + 1}", *D[k], D[k].sum(), f[k], e[k], x[k]] for k in range(2)]
    grid += [["农", f"M0{k + 1}", *M[k], M[k].sum(), fm[k], 0.0, M[k].sum() + fm[k]] for k in range(2)]
    grid += [["增加值合计", "TVA", *va, None, None, None, None]]
    pd.DataFrame(grid).to_csv(tmp_path / "d.csv", header=False, index=False)
    t = read_nbs(tmp_path / "d.csv")
    assert t.kind == "noncompetitive"
    np.testing.assert_allclose(t.Zm, M)
    np.testing.assert_allclose(t.m, M.sum(axis=1) + fm)
    np.testing.assert_allclose(t.va, va)


def test_nbs_refuses_a_sheet_without_codes(tmp_path: Path) -> None:
    pd.DataFrame(np.ones((5, 5))).to_csv(tmp_path / "x.csv", header=False, index=False)
    with pytest.raises(DataError, match="No head row and label column share labels of sectors"):
        read_nbs(tmp_path / "x.csv")


def test_a_table_with_english_headings_and_a_unit_of_its_own(tmp_path):
    sheet = pd.DataFrame(
        [
            ["Agriculture", 10, 30, 40, 10, 5, 10, 5, 90],
            ["Industry", 20, 80, 100, 50, 60, 90, 15, 285],
            ["Total intermediate", 30, 110, None, None, None, None, None, None],
            ["Value added", 60, 175, None, None, None, None, None, None],
            ["Total output", 90, 285, None, None, None, None, None, None],
        ],
        columns=[
            "Sector",
            "Agriculture",
            "Industry",
            "Total intermediate use",
            "Household consumption",
            "Investment",
            "Exports",
            "Imports",
            "Total output",
        ],
    )
    sheet.loc[0, "Exports"], sheet.loc[1, "Exports"] = 40.0, 90.0
    sheet.loc[0, "Total intermediate use"] = 40
    path = tmp_path / "own.csv"
    sheet.to_csv(path, index=False)
    t = read_nbs(path, unit="million EUR")
    assert t.unit == "million EUR"
    assert t.final == ("Household consumption", "Investment")
    assert list(t.sectors) == ["Agriculture", "Industry"]
    assert t.e.tolist() == [40.0, 90.0]
    assert t.m.tolist() == [5.0, 15.0]
    sheet.rename(columns={"Investment": "Mystery"}).to_csv(path, index=False)
    with pytest.raises(DataError, match=r"First: 'Mystery'\. .*Rename them in the file, or build the table"):
        read_nbs(path)


def a_table(tolerance: float, *, output: float = 100.0, value_added: float = 75.0) -> xl.valueadded.IOTable:
    """Three sectors in whole numbers, all balanced; the first one's output or value added as told."""
    names = ["a", "b", "c"]
    Z = pd.DataFrame([[10.0, 20, 30], [5, 15, 20], [10, 5, 10]], names, names)
    return xl.valueadded.IOTable.from_frames(
        Z,
        final=pd.DataFrame({"C": [30.0, 70, 55]}, names),
        exports=[10.0, 10, 10],
        imported=0 * Z,
        output=[output, 120, 90],
        value_added=[value_added, 80, 30],
        tolerance=tolerance,
    )


def test_what_does_not_balance_is_counted_by_sector():
    """A table that is exact is taken with no tolerance at all; of one that is not, the sectors that are off are told.

    Four whole numbers added up may be 2 off by their rounding: of 50 that leaves 48, of 20 it leaves 18.
    """
    assert a_table(0.0).va.tolist() == [75, 80, 30]
    with pytest.raises(DataError, match=r"column balance fails by 50 .* in 1 row\. First: 'a' \(0\.48\)"):
        a_table(0.0, value_added=125.0)
    with pytest.raises(DataError, match=r"Rows do not balance: uses differ from output by 18 .* in 1 row"):
        a_table(0.0, output=120.0, value_added=95.0)


def test_labels_of_eora_end_in_tabs(tmp_path):
    """An empty field is no part of a name."""
    (tmp_path / "labels_VA.txt").write_text(
        "Primary Inputs\t Taxes on production \t\nPrimary Inputs\t\tRents\n"
    )
    labels = folders._eora_labels(bundle(tmp_path), "VA")
    assert folders._eora_names(labels) == ["Primary Inputs Taxes on production", "Primary Inputs Rents"]


def test_bars_of_a_decomposition_are_named_by_its_axes() -> None:
    made = plain().decompose("wwz", by=["exporter", "importer"])
    ax = made.plot()
    by_exports = made.wide().assign(x=lambda w: w[[*made.additive]].sum(axis=1)).sort_values("x")
    names = (by_exports["exporter"].astype(str) + " " + by_exports["importer"].astype(str)).to_list()
    assert [t.get_text() for t in ax.get_yticklabels()] in (names, names[::-1])
