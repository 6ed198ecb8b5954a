"""Readers on made-up tables in the shapes as published: right numbers, and every printed total compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import io_files as files
import numpy as np
import pandas as pd
import pytest
from io_files import Made, Writer

from exportlab.errors import DataError, OptionError
from exportlab.valueadded import (
    FORMATS,
    InterCountryTable,
    IOTable,
    read_adb,
    read_ceads,
    read_eora,
    read_eurostat,
    read_exiobase,
    read_figaro,
    read_gloria,
    read_icio,
    read_iot,
    read_nbs,
    read_oecd_iot,
    read_wiod,
)
from exportlab.valueadded.economies import _holds

Reader = Callable[..., InterCountryTable]
BETWEEN: list[tuple[Writer, Reader, str]] = [
    (files.icio_2016, read_icio, "OECD ICIO"),
    (files.icio_2018, read_icio, "OECD ICIO"),
    (files.icio_2023, read_icio, "OECD ICIO"),
    (files.icio_2025, read_icio, "OECD ICIO"),
    (files.figaro, read_figaro, "FIGARO"),
    (files.figaro_flat, read_figaro, "FIGARO"),
    (files.wiod_2013, read_wiod, "WIOD"),
    (files.wiod_2016, read_wiod, "WIOD"),
    (files.adb, read_adb, "ADB MRIO"),
    (files.adb_coded, read_adb, "ADB MRIO"),
    (files.adb_two_heads, read_adb, "ADB MRIO"),
    (files.eora, read_eora, "EORA26"),
    (files.exiobase, read_exiobase, "EXIOBASE 3"),
    (files.exiobase_coefficients, read_exiobase, "EXIOBASE 3"),
    (files.exiobase_zip, read_exiobase, "EXIOBASE 3"),
]
EACH = pytest.mark.parametrize(("write", "read", "name"), BETWEEN, ids=[w.__name__ for w, _, _ in BETWEEN])


@EACH
def test_the_layout_as_published_reads_to_the_right_numbers(
    tmp_path: Path, write: Writer, read: Reader, name: str
) -> None:
    m = Made()
    path = write(tmp_path, m)
    t = read(path)
    np.testing.assert_allclose(t.Z, m.Z)
    np.testing.assert_allclose(t.x, m.x)
    whole = m.F.reshape(6, 3, 2).sum(axis=2)
    np.testing.assert_allclose(t.Y, whole)
    assert name in t.source
    supplied = read(path, v="supplied")
    taxed = np.zeros(6) if write is files.icio_2016 else m.taxes
    np.testing.assert_allclose(supplied.taxes, taxed, atol=1e-12)
    np.testing.assert_allclose(supplied.va, m.va + m.taxes - taxed)
    again = read_iot(path)
    assert isinstance(again, InterCountryTable)
    assert name in again.source
    np.testing.assert_allclose(again.Z, m.Z)


@EACH
def test_a_cell_that_is_wrong_breaks_a_total(tmp_path: Path, write: Writer, read: Reader, name: str) -> None:
    m = Made()
    m.Z[0, 3] *= 100
    if write is files.exiobase_coefficients:  # it prints no output: the factor inputs tell
        with pytest.raises(DataError):
            read(write(tmp_path, m))
        return
    with pytest.raises(DataError, match="not the sum of its cells|do not balance|column balance fails"):
        read(write(tmp_path, m))


@EACH
def test_totals_are_reported_with_their_deviation(
    tmp_path: Path, write: Writer, read: Reader, name: str
) -> None:
    m = Made()
    m.x = m.x * (1 + 1e-5)
    if write in (
        files.figaro,
        files.figaro_flat,
        files.eora,
        files.exiobase_coefficients,
    ):  # they print no output
        m = Made()
        assert all(c.deviation < 1e-9 for c in read(write(tmp_path, m)).controls)
        return
    t = read(write(tmp_path, m))
    worst = max(c.deviation for c in t.controls) if t.controls else np.abs(t.row_gap / t.x).max()
    assert worst == pytest.approx(1e-5, rel=1e-3)
    with pytest.raises(DataError, match="tolerance="):
        read(write(tmp_path, m), tolerance=1e-7)
    report = t.validate().table.set_index("check")
    for c in t.controls:
        assert report.loc[f"printed total: {c.what}", "largest"] == c.deviation


def test_ceads_as_published(tmp_path: Path) -> None:
    m = Made()
    for heading in ("Errors", "Error", "Statistical discrepancy"):
        path = files.ceads(tmp_path, m, heading=heading)
        t = read_ceads(path)
        np.testing.assert_allclose(t.Z[:6, :6], m.Z)
        np.testing.assert_allclose(t.x[:6], 1.11 * m.x)
        np.testing.assert_allclose(t.va[6], 0.05 * (m.x.sum() + m.F.sum()))
        np.testing.assert_allclose(t.satellites.loc["CO2 (Mt)"], [*(0.5 * m.x), 0.0])
    assert list(t.countries) == ["Beijing", "Liaoning", "Yunnan", "ROW"]
    assert t.rows[1][2] == files.NAMES[1]
    assert {c.what for c in t.controls} >= {
        "column 'Gross Output GO'",
        "column 'Total Final Use TFU'",
        "column 'Total intermediate use TIU'",
        "row 'Total Intermediate Input TII'",
        "row 'Total Value Added TVA'",
        "row 'Total Input TI'",
    }
    again = read_iot(path)
    assert isinstance(again, InterCountryTable)
    assert again.source == "CEADs, China MRIO 2017.csv"
    bad = r"column 'Total intermediate use TIU' in 1 row\. First: 'Beijing Agriculture"
    with pytest.raises(DataError, match=bad):
        read_ceads(files.ceads(tmp_path, m, spoil=100.0))


def test_ceads_refuses_a_column_it_does_not_know(tmp_path: Path) -> None:
    frame = pd.read_csv(files.ceads(tmp_path, Made()), header=None)
    frame[99] = [None, None, "Mystery", "ERR2", *np.ones(len(frame) - 4)]
    frame.to_csv(tmp_path / "odd.csv", header=False, index=False)
    bad = r"columns that are neither sectors nor known uses in 1 row\. First: 'Mystery ERR2'"
    with pytest.raises(DataError, match=bad):
        read_ceads(tmp_path / "odd.csv")


@pytest.mark.parametrize("sectors", [3, 42, 149, 153])
def test_a_bureaus_table_as_published(tmp_path: Path, sectors: int) -> None:
    path = files.bureau(tmp_path, sectors=sectors)
    t = read_nbs(path)
    assert len(t.sectors) == sectors
    assert len(t.final) == 5
    assert t.validate().balanced
    assert "农村居民消费支出" in t.final[0]
    assert "居民消费支出小计" in t.source
    assert max(c.deviation for c in t.controls) < 1e-9
    assert len([c for c in t.controls if c.what.startswith("column")]) == 3
    again = read_iot(path)
    np.testing.assert_allclose(again.x, t.x)
    with pytest.raises(DataError, match="column '中间使用合计 TIU' in 1 row"):
        read_nbs(files.bureau(tmp_path, sectors=sectors, spoil=50.0))


@pytest.mark.parametrize("apart", [False, True])
def test_oecd_national_tables(tmp_path: Path, apart: bool) -> None:
    path = files.oecd_national(tmp_path, apart=apart)
    t = read_oecd_iot(path)
    assert t.kind == ("noncompetitive" if apart else "competitive")
    assert list(t.sectors) == ["A01T03", "C10T12", "G45T47"]
    assert (t.m > 0).all()
    assert t.validate().balanced
    np.testing.assert_allclose(t.taxes, 0.03 * t.x)
    assert "OECD IOT" in read_iot(path).source
    with pytest.raises(DataError, match="not the sum of its cells: column 'TOTAL'"):
        read_oecd_iot(files.oecd_national(tmp_path, apart=apart, spoil=7.0))


def test_oecd_domestic_rows_alone_are_refused(tmp_path: Path) -> None:
    frame = pd.read_csv(files.oecd_national(tmp_path, apart=True), index_col=0)
    frame[~frame.index.str.startswith("IMP_")].to_csv(tmp_path / "CZE2014dom.csv")
    with pytest.raises(DataError, match="imported block|not the sum of its cells"):
        read_oecd_iot(tmp_path / "CZE2014dom.csv")


@pytest.mark.parametrize("old", [False, True])
def test_eurostat_tsv(tmp_path: Path, old: bool) -> None:
    path = files.eurostat(tmp_path, old=old)
    t = read_eurostat(path)
    assert (t.kind, t.unit, list(t.sectors)) == ("noncompetitive", "million EUR", ["CPA_A01", "CPA_C10-12"])
    assert t.final == ("P3_S13", "P3_S14", "P51G", "P52", "P53")
    assert t.validate().balanced
    assert "AT 2015" in t.source
    assert isinstance(read_iot(path), IOTable)
    with pytest.raises(OptionError, match=r"period='2010' is not in the file. Allowed: \['2015'\]"):
        read_eurostat(path, period=2010)
    with pytest.raises(DataError, match="not the sum of its cells: column 'TU'"):
        read_eurostat(files.eurostat(tmp_path, old=old, spoil=4.0))


def test_eurostat_industries_with_sections_beside_their_divisions(tmp_path: Path) -> None:
    path = files.eurostat_industries(tmp_path)
    t = read_iot(path)
    assert isinstance(t, IOTable)
    assert tuple(t.sectors) == files.INDUSTRIES
    assert t.final == ("P3_S13", "P3_S14", "P51G", "P5M")
    assert t.unit == "million of the national currency"
    assert t.source.endswith("naio_10_cp1750.tsv; left out as sums of their parts: B, L68")
    assert t.validate().balanced
    np.testing.assert_allclose(t.Zm, 0.5 * t.Z)
    np.testing.assert_allclose(t.taxes, 0.25 * t.Z.sum(axis=0))
    np.testing.assert_allclose(t.x, t.Z.sum(axis=1) + t.F.sum(axis=1) + t.e)
    compared = {c.what for c in t.controls}
    assert {"column 'TFU'", "column 'TU'", "row 'IMP'", "row 'P2_ADJ'", "row 'B1G'", "row 'P1'"} <= compared


@pytest.mark.parametrize(
    ("code", "other", "holds"),
    [
        ("B", "B05", True),
        ("CPA_B", "CPA_B08", True),
        ("C10-12", "C11", True),
        ("C10-C12", "C12", True),
        ("C10-12", "C13", False),
        ("C10-12", "C10-12", False),
        ("C31_32", "C32", True),
        ("C31_33", "C32", False),
        ("E37-39", "E38_39", True),
        ("L68", "L68A", True),
        ("L68A", "L68", False),
        ("L68A", "L68B", False),
        ("C10", "C", False),
        ("B", "C10", False),
        ("B", "TOTAL", False),
    ],
)
def test_which_codes_take_in_others(code: str, other: str, holds: bool) -> None:
    assert _holds(code, other) is holds


def test_eurostat_files_with_more_than_one_figure_a_cell_or_another_head(tmp_path: Path) -> None:
    path = files.eurostat_industries(tmp_path)
    text = path.read_text()
    line = next(row for row in text.splitlines() if row.startswith("A,MIO_NAC,DOM,B05,A01,FI"))
    path.write_text(text + line.replace("A,", "Q,", 1) + "\n")
    with pytest.raises(DataError, match=r"more than once in 1 row\. First: DOM, A01 used by B05"):
        read_eurostat(path)
    path.write_text(text.replace(line, line.split("\t")[0] + "\t:"))
    with pytest.raises(DataError, match=r"column 'TOTAL' in 1 row\. First: 'DOM A01'"):
        read_eurostat(path)
    path.write_text(text.replace(line, line.split("\t")[0] + "\tc. 5"))
    with pytest.raises(DataError, match=r"neither figures nor ':' in 1 row\. First: 'c\. 5'"):
        read_eurostat(path)
    path.write_text(text.replace("stk_flow", "flow"))
    with pytest.raises(DataError, match="first column 'freq,unit,flow,.* is not of Eurostat's"):
        read_eurostat(path)
    path.write_text(text + line.replace("FI", "SE") + "\n")
    with pytest.raises(OptionError, match=r"The file has 2 values of geo: name one of \['FI', 'SE'\]"):
        read_eurostat(path)
    assert read_eurostat(path, geo="FI").x.sum() > 0
    places = [line.replace("FI", f"G{k:02d}") for k in range(30)]
    path.write_text("\n".join([text.splitlines()[0], *places]) + "\n")
    for option, said in (
        ({}, "has 30 values of geo: name one of"),
        ({"geo": "XX"}, "geo='XX' is not in the file. Allowed:"),
    ):
        with pytest.raises(OptionError, match=rf"{said} \['G00', .*, 'G11'\]\.$"):
            read_eurostat(path, **option)


def test_eurostats_totals_may_be_off_by_a_thousandth(tmp_path: Path) -> None:
    t = read_eurostat(files.eurostat(tmp_path))
    for off, passes in ((0.0007, True), (0.0015, False)):
        path = files.eurostat(tmp_path, spoil=1 + off * t.x[0] / t.Z[0, 1])
        if passes:
            assert max(c.deviation for c in read_eurostat(path).controls) == pytest.approx(off, rel=0.3)
            continue
        with pytest.raises(DataError, match="not the sum of its cells"):
            read_eurostat(path)
    path.write_text(path.read_text().replace("prd_ava", "good_ava"))
    with pytest.raises(DataError, match="prd_use, good_ava, geo.*One of prd_ava"):
        read_eurostat(path)


def test_eurostat_tables_that_do_not_tell_imports_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="products of the origin TOTAL. .*tells them apart"):
        read_eurostat(files.eurostat_industries(tmp_path, origins=("TOTAL",)))
    path = tmp_path / "total.tsv"
    head = "freq,unit,stk_flow,prd_use,prd_ava,geo\\TIME_PERIOD\t2020\n"
    path.write_text(f"{head}A,MIO_EUR,TOTAL,CPA_TOTAL,CPA_TOTAL,AT\t5\n")
    with pytest.raises(DataError, match="The file has no products. .*a total of all products is none"):
        read_eurostat(path)
    path.write_text(head.replace("prd", "good") + "A,MIO_EUR,TOTAL,A01,A01,AT\t5\n")
    with pytest.raises(
        DataError, match="dimensions freq, unit, stk_flow, good_use, good_ava, geo.*One of prd_ava"
    ):
        read_eurostat(path)


def test_an_unknown_format_is_refused_with_the_list(tmp_path: Path) -> None:
    pd.DataFrame(np.ones((8, 8))).to_csv(tmp_path / "x.csv", header=False, index=False)
    for path in (tmp_path / "x.csv", tmp_path):
        with pytest.raises(DataError, match="is of no input-output format that is known") as told:
            read_iot(path)
        assert all(name in str(told.value) for name in FORMATS)


def test_gloria_reads_region_by_region(tmp_path: Path) -> None:
    m = Made()
    path = files.gloria(tmp_path, m)
    t = read_iot(path, v="supplied")
    assert isinstance(t, InterCountryTable)
    np.testing.assert_allclose(t.Z, m.Z, rtol=1e-6)
    np.testing.assert_allclose(t.Y, m.F.reshape(6, 3, 2).sum(axis=2), rtol=1e-6)
    np.testing.assert_allclose(t.va, m.va, rtol=1e-6)
    np.testing.assert_allclose(t.taxes, m.taxes, rtol=1e-4)  # a difference of figures in single precision
    assert t.unit == "thousand USD"
    assert t.source == "GLORIA, GLORIA_MRIOs_59_2019"
    assert list(t.rows.get_level_values("sector")[:2]) == list(files.NAMES)
    archive = tmp_path / "GLORIA_MRIOs_59_2020.zip"
    with ZipFile(archive, "w") as parts:
        for file in path.iterdir():
            parts.write(file, file.name)
    np.testing.assert_array_equal(read_iot(archive).Z, t.Z)


def test_gloria_adds_up_the_regions_that_are_not_kept(tmp_path: Path) -> None:
    m = Made()
    path = files.gloria(tmp_path, m)
    t = read_gloria(path, regions=["USA", "AUS"], rest="others", labels=tmp_path / "GLORIA_ReadMe_059.xlsx")
    assert list(t.countries) == ["USA", "AUS", "others"]
    order = [2, 0, 1]
    moved = m.Z.reshape(3, 2, 3, 2)[order][:, :, order].reshape(6, 6)
    np.testing.assert_allclose(t.Z, moved, rtol=1e-6)
    two = read_gloria(path, regions=["CHN"])
    assert list(two.countries) == ["CHN", "ROW"]
    both = m.Z.reshape(3, 2, 3, 2)
    world = both[[0, 2]].sum(axis=0)[:, [0, 2]].sum(axis=1)
    np.testing.assert_allclose(two.Z[2:, 2:], world, rtol=1e-6)
    np.testing.assert_allclose(two.x[2:], m.x.reshape(3, 2)[[0, 2]].sum(axis=0), rtol=1e-6)
    with pytest.raises(OptionError, match="regions='CHM' is not allowed.*'CHN'"):
        read_gloria(path, regions=["CHM"])
    with pytest.raises(OptionError, match="regions= is empty"):
        read_gloria(path, regions=[])
    with pytest.raises(OptionError, match="rest='CHN'"):
        read_gloria(path, regions=["CHN"], rest="CHN")


def test_gloria_of_industries_that_make_several_products(tmp_path: Path) -> None:
    """The first industry makes all of the first product and a quarter of the second (Eurostat 2008, model D)."""
    m = Made()
    shares = np.array([[1.0, 0.25], [0.0, 0.75]])
    t = read_gloria(files.gloria(tmp_path, m, mixed=shares), v="supplied", accept=("column_sums",))
    by_product = m.Z.reshape(3, 2, 6)
    first = by_product[:, 0] + 0.25 * by_product[:, 1]
    np.testing.assert_allclose(t.Z.reshape(3, 2, 6)[:, 0], first, rtol=1e-6)
    np.testing.assert_allclose(t.Z.reshape(3, 2, 6)[:, 1], 0.75 * by_product[:, 1], rtol=1e-6)
    np.testing.assert_allclose(t.x.reshape(3, 2)[:, 1], 0.75 * m.x.reshape(3, 2)[:, 1], rtol=1e-6)


def spoilt(path: Path, part: str, change: Callable[[np.ndarray], np.ndarray]) -> Path:
    file = path / files.GLORIA.format(part)
    np.savetxt(file, change(np.loadtxt(file, delimiter=",")), delimiter=",", fmt="%.17g")
    return path


def put(row: int, column: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(cells: np.ndarray) -> np.ndarray:
        cells[row, column] = value
        return cells

    return change


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("T", lambda c: c[:-1], "from row 9: 3 rows and 12 columns where 4 and 12 should stand"),
        ("T", put(5, 7, np.nan), "cells without a number.*row 6, column 8"),
        ("T", put(4, 2, 1.0), "CHN, industry rows outside the region's own products"),
        ("T", put(6, 2, 1.0), "CHN, product rows in columns of products"),
        ("Y", put(0, 2, 1.0), "AUS, industry rows of final demand"),
        ("V", put(2, 0, 1.0), "CHN, value added outside the region's own industries"),
        ("T", put(0, 2, 0.0), "Products are used that no industry supplies.*AUS, product 1"),
        ("T", put(0, 2, 7.0), "'supply'.*not the sum of its cells|not the sum of its cells.*'supply'"),
    ],
)
def test_gloria_that_is_not_as_published_is_refused(
    tmp_path: Path, part: str, change: Callable[[np.ndarray], np.ndarray], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        read_gloria(spoilt(files.gloria(tmp_path, Made()), part, change))


def test_gloria_without_its_labels_or_with_others(tmp_path: Path) -> None:
    path = files.gloria(tmp_path, Made())
    pd.DataFrame({"Sector": ["a"] * 3, "x": 1, "y": 2}).to_excel(
        tmp_path / "other.xlsx", sheet_name="Regions"
    )
    with pytest.raises(DataError, match="no column 'Region_acronyms'"):
        read_gloria(path, labels=tmp_path / "other.xlsx")
    with pytest.raises(DataError, match="nowhere.xlsx"):
        read_gloria(path, labels=tmp_path / "nowhere.xlsx")
    (path / files.GLORIA.format("T")).write_text("1,2,x\n")
    with pytest.raises(DataError, match="cannot be read as figures separated by commas"):
        read_gloria(path)
    (tmp_path / "GLORIA_ReadMe_059.xlsx").unlink()
    with pytest.raises(DataError, match="GLORIA_ReadMe.*labels="):
        read_gloria(path)


def test_eora_labels_may_stand_in_an_archive_beside_the_figures(tmp_path: Path) -> None:
    m = Made()
    path = files.eora(tmp_path, m)
    with ZipFile(path / "indices.zip", "w") as parts:
        for label in sorted(path.glob("labels_*.txt")):
            parts.write(label, label.name)
            label.unlink()
    np.testing.assert_allclose(read_eora(path).Z, m.Z)
    archive = tmp_path / "Eora26_2015_bp.zip"
    with ZipFile(archive, "w") as parts:
        for file in sorted(path.glob("Eora26*.txt")):
            parts.write(file, file.name)
    (path / "indices.zip").rename(tmp_path / "indices.zip")
    np.testing.assert_allclose(read_eora(archive).Z, m.Z)


@pytest.mark.parametrize(("write", "read"), [(files.eora, read_eora), (files.gloria, read_gloria)])
def test_a_balance_may_be_off_by_a_thousandth(
    tmp_path: Path, write: Writer, read: Callable[..., InterCountryTable]
) -> None:
    for off, passes in ((0.0009, True), (0.0012, False)):
        m = Made()
        if write is files.eora:
            m.va = m.va + off * m.x
        else:
            m.x = m.x * (1 + off)
        if passes:
            assert len(read(write(tmp_path, m)).countries) == 3
            continue
        with pytest.raises(DataError, match="tolerance"):
            read(write(tmp_path, m))
