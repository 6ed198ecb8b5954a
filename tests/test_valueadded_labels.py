"""Labels that would be read wrongly: separators, repeats, totals among their parts, coefficients, blanks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import io_files as files
import numpy as np
import pandas as pd
import pytest
from io_files import Made

from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.files import paths
from exportlab.valueadded import InterCountryTable, IOTable, read_icio, read_iot, read_nbs, read_wiod
from exportlab.valueadded.layout import numeric
from exportlab.valueadded.validate import _units

REFERENCE = Path(__file__).parent / "reference"


def between(labels: list[str], final: list[str], **options: object) -> InterCountryTable:
    n = len(labels)
    Z = pd.DataFrame(np.arange(1.0, n * n + 1).reshape(n, n), labels, labels)
    Y = pd.DataFrame(np.full((n, len(final)), 90.0), labels, final)
    return InterCountryTable.from_frames(Z, Y, **options)  # type: ignore[arg-type]


def test_the_whole_table_decides_which_separator_parts_the_labels() -> None:
    korea = ["NORTH_KOREA_a", "NORTH_MACEDONIA_a", "C_a"]
    for final in (["NORTH_KOREA", "NORTH_MACEDONIA", "C"], ["NORTH_KOREA_hh", "NORTH_MACEDONIA_hh", "C_hh"]):
        t = between(korea, final)
        assert list(t.countries) == ["NORTH_KOREA", "NORTH_MACEDONIA", "C"]
        assert list(t.rows.get_level_values("sector")) == ["a", "a", "a"]
    oecd = between(["AUS_A01_02", "USA_A01_02"], ["AUS_HFCE", "USA_HFCE"])
    assert list(oecd.rows) == [("AUS", "AUS", "A01_02"), ("USA", "USA", "A01_02")]
    with pytest.raises(DataError, match=r"may be \('A', 'x_a'\) or \('A_x', 'a'\).* MultiIndex") as told:
        between(["A_x_a", "B_x_a"], ["A_x_h", "B_x_h"])
    assert told.value.rows == 2


@pytest.mark.parametrize(
    ("labels", "final", "what"),
    [
        (["A_x", "World_x"], ["A", "World"], "countries.*'World'"),
        (["A_x", "合计_x"], ["A", "合计"], "countries.*'合计'"),
        (["A_x", "A_Total", "B_x", "B_Total"], ["A", "B"], "sectors.*'Total'"),
        (["A_x", "B_x"], ["A_hh", "A_total", "B_hh"], "categories of final demand.*'total'"),
    ],
)
def test_totals_among_the_labels_are_refused(labels: list[str], final: list[str], what: str) -> None:
    with pytest.raises(DataError, match=f"The {what}.*count .* twice"):
        between(labels, final)


def test_one_category_may_be_called_total() -> None:
    assert between(["A_x", "B_x"], ["A_total", "B_total"]).Y.sum() == 360.0


def test_a_row_that_is_the_sum_of_the_others_is_refused_whatever_its_name() -> None:
    D = pd.DataFrame([[1.0, 2, 3], [3, 4, 7], [4, 6, 10]], ["a", "b", "economy"], ["a", "b", "economy"])
    columns = {"final": pd.Series([5.0, 5, 10], D.index), "exports": [2.0, 2, 4], "imports": [1.0, 1, 2]}
    with pytest.raises(DataError, match=r"A sector is the sum of all the others.*First: 'economy'"):
        IOTable.from_frames(D, **columns)  # type: ignore[arg-type]
    D.loc["economy", "economy"] = 11
    IOTable.from_frames(D, **columns)  # type: ignore[arg-type]


def test_coefficients_given_for_flows_are_refused() -> None:
    t = between(["A_x", "A_y", "B_x"], ["A", "B"])
    A = pd.DataFrame(t.Z / t.x, t.satellites.columns, t.satellites.columns)
    Y = pd.DataFrame(1e3 * t.F, t.satellites.columns, list(t.countries))
    with pytest.raises(DataError, match="Z looks like input coefficients"):
        InterCountryTable.from_frames(A, Y)
    flows = InterCountryTable.from_frames(A * 1e3 * t.x, Y)
    with pytest.raises(DataError, match="Z looks like input coefficients"):
        IOTable.from_numpy(t.Z / t.x, sectors=list("abc"), final=1e4 * t.F, exports=1.0, imports=0.0)
    assert flows.Z.sum() > 0


def test_rounded_figures_may_miss_their_totals_by_their_rounding() -> None:
    rng = np.random.default_rng(2)
    Z, F = rng.uniform(0, 4, (40, 40)), rng.uniform(5, 9, (40, 1))
    x = Z.sum(axis=1) + F[:, 0] + 60
    F[:, 0] += 60
    options = {"sectors": [str(k) for k in range(40)], "countries": ["A"], "tolerance": 1e-6}
    t = InterCountryTable.from_numpy(Z.round(), F.round(), output=x.round(), **options)  # type: ignore[arg-type]
    assert 0.5 < np.abs(t.row_gap).max() < 10
    with pytest.raises(DataError, match="Rows do not balance"):
        InterCountryTable.from_numpy(Z.round(), F.round(), output=x.round() + 30, **options)  # type: ignore[arg-type]


def china(path: Path, columns: list[str], rows: list[list[object]]) -> Path:
    pd.DataFrame([["", "代码", *columns], *rows]).to_csv(path, header=False, index=False)
    return path


def test_repeated_lines_of_a_bureaus_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    rows = [["a", "01", 10, 20, 30, 8, 3, 7], ["b", "02", 15, 30, 40, 20, 5, 12]]
    with pytest.raises(
        DataError, match=r"columns of the table hold 'EX' more than once\. First: columns 4 and 5"
    ):
        read_nbs(china(path, ["01", "02", "FU101", "EX", "EX", "IM"], rows))
    apart = read_nbs(china(path, ["01", "02", "FU101", "export", "出口", "IM"], rows))
    assert apart.e.tolist() == [11, 25]  # two headings of one role are added up
    stacked = [[*r[:2], *[k * v for v in r[2:-1]]] for k in (1, 2) for r in rows]  # type: ignore[operator]
    with pytest.raises(DataError, match=r"rows of the table hold '01' more than once\. First: rows 1 and 3"):
        read_nbs(china(path, ["01", "02", "FU101", "EX", "IM"], stacked))


def test_a_sum_beside_its_parts_is_no_use_of_its_own(tmp_path: Path) -> None:
    heads = ["01", "02", "农村居民消费支出", "城镇居民消费支出", "居民消费支出", "出口", "进口"]
    rows = [["a", "01", 10, 20, 10, 20, 30, 8, 7], ["b", "02", 15, 30, 12, 22, 34, 20, 12]]
    t = read_nbs(china(tmp_path / "n.csv", heads, rows))
    assert t.x.tolist() == [61, 87]
    assert t.final == ("农村居民消费支出", "城镇居民消费支出")
    assert t.source == "n.csv; left out as sums of their parts: 居民消费支出"
    rows[1][-3] = 44  # now it is none
    assert len(read_nbs(china(tmp_path / "n.csv", heads, rows)).final) == 3
    heads[-3] = "居民消费支出合计"
    with pytest.raises(DataError, match="not the sum of its cells: column '居民消费支出合计'"):
        read_nbs(china(tmp_path / "n.csv", heads, rows))


def test_imports_stand_in_their_rows_or_in_their_column_but_count_once(tmp_path: Path) -> None:
    rows = [["a", "D01", 10, 20, 30, 8, 0, 68], ["b", "D02", 15, 30, 40, 20, 0, 105]]
    rows += [["a", "M01", 1, 2, 3, 0, 6, 0], ["b", "M02", 2, 3, 4, 0, 9, 0]]
    t = read_nbs(china(tmp_path / "n.csv", ["01", "02", "FU101", "EX", "IM", "GO"], rows))
    assert (t.kind, t.x.tolist(), t.m.tolist()) == ("noncompetitive", [68, 105], [6, 9])


def test_value_added_of_a_few_times_the_residual_looks_like_another_unit() -> None:
    one = np.array([1.0])
    assert str(_units(5 * one, one)).endswith("5 times the residual: it looks like another unit.")
    assert str(_units(3 * one, one)) == "Value added given is 3 times the residual."


def test_blanks_are_zero_only_where_that_is_said(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "01", 10, " ", 30, 8, 7], ["b", "02", 15, 30, 40, 20, 12]]
    path = china(tmp_path / "n.csv", ["01", "02", "FU101", "EX", "IM"], rows)
    with pytest.raises(
        DataError, match=r"Cells of Z are missing or infinite in 1 row\. First: row '01', column '02'"
    ):
        read_nbs(path)
    assert read_nbs(path, blanks="zero").Z[0, 1] == 0
    with pytest.raises(OptionError, match="blanks='none' is not allowed"):
        read_nbs(path, blanks="none")
    rows[0][3] = "n.a."
    china(path, ["01", "02", "FU101", "EX", "IM"], rows)
    with pytest.raises(DataError, match="Cells of Z hold text in 1 row"):
        read_nbs(path, blanks="zero")


SHEET = [
    ["Table, 2017"],
    [],
    ["", "code", *["01"] * 9],
    *([f"s{k}", f"0{k % 9}", *[f"{k}.25"] * 9] for k in range(20)),
]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: text.replace("Table, 2017", "Table,\n2017").replace("\n", "\r\n"),
        lambda text: text.replace("code", '"co\nde"').replace("s3,", "NA,"),
        lambda text: text.replace("s19,01,19.25,19.25", "s19,01,,19.25"),
        lambda text: text.replace("18.25\ns19", "18.25,\ns19"),
        lambda text: text.replace("17.25\ns18", "TRUE\ns18"),
        lambda text: text.replace("17.25\ns18", "n.a.\ns18").replace("16.25\n", " \n"),
        lambda text: text.replace("17.25\ns18", "0.1000000000000000055511151231257827\ns18"),
        lambda text: text.replace("s4", "农业"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_large_sheet_is_read_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str], encoding: str
) -> None:
    text = "\n".join(
        ",".join(f'"{v}"' if "," in v else v for v in [*row, *[""] * (11 - len(row))]) for row in SHEET
    )
    path = tmp_path / "n.csv"
    path.write_bytes(change(text + "\n").encode(encoding))

    def read() -> list[object]:
        try:
            cells = paths.cells_of(path)
        except DataError as error:
            return [str(error)]
        return [cells.iloc[:14].fillna(""), cells.iloc[:, :8].fillna(""), numeric(cells.iloc[14:, 8:])]

    small = read()
    monkeypatch.setattr(paths, "LARGE", 0)
    for one, other in zip(small, read(), strict=True):
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)
        else:
            assert one == other


def test_a_truth_in_a_workbook_is_no_number(tmp_path: Path) -> None:
    rows = [
        ["", "代码", "01", "02", "FU101", "EX", "IM"],
        ["a", "01", 10, True, 30, 8, 7],
        ["b", "02", 15, 30, 40, 20, 12],
    ]
    pd.DataFrame(rows).to_excel(tmp_path / "n.xlsx", header=False, index=False)
    with pytest.raises(
        DataError, match=r"Cells of Z are no numbers in 1 row\. First: row '01', column '02' is True"
    ):
        read_nbs(tmp_path / "n.xlsx")


def test_tables_parted_by_semicolons_or_tabs(tmp_path: Path) -> None:
    labels = ["AUS_A01", "USA_A01"]
    frame = pd.DataFrame(np.arange(1.0, 9).reshape(2, 4), labels, [*labels, "AUS_HFCE", "USA_HFCE"])
    for mark in (",", ";", "\t"):
        frame.to_csv(tmp_path / "i.csv", sep=mark)
        assert read_icio(tmp_path / "i.csv").Z.tolist() == [[1, 2], [5, 6]]


def wide(path: Path) -> pd.DataFrame:
    cells = pd.DataFrame(np.arange(1.0, 9).reshape(2, 4), columns=["vAUS1", "vUSA1", "vAUS57", "vUSA57"])
    labels = {
        "IndustryCode": "A01",
        "IndustryDescription": "Crops",
        "Country": ["AUS", "USA"],
        "RNr": 1,
        "Year": 2014,
    }
    return pd.concat([pd.DataFrame(labels), cells, cells.sum(axis=1).rename("TOT")], axis=1)


def test_a_stata_file_of_wiods_wide_table(tmp_path: Path) -> None:
    wide(tmp_path).to_stata(tmp_path / "WIOT2014_October16_ROW.dta", write_index=False)
    for read in (read_wiod, read_iot):
        t = read(tmp_path / "WIOT2014_October16_ROW.dta")
        assert isinstance(t, InterCountryTable)
        assert t.Z.tolist() == [[1, 2], [5, 6]]
        assert "WIOD" in t.source
        assert [c.what for c in t.controls] == ["column 'TOT'"]
    (tmp_path / "none.dta").write_bytes(b"no Stata file")
    with pytest.raises(DataError, match="cannot be read as a Stata file"):
        read_wiod(tmp_path / "none.dta")


def test_binary_workbooks_need_their_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: object, **options: object) -> None:
        raise ImportError("python-calamine")

    pytest.importorskip("openpyxl")
    wide(tmp_path).to_excel(tmp_path / "book.xlsx", index=False)
    (tmp_path / "book.xlsx").rename(tmp_path / "book.xlsb")
    monkeypatch.setattr(pd, "ExcelFile", missing)
    with pytest.raises(MissingDependency, match=r"exportlab\[xlsb\]"):
        read_wiod(tmp_path / "book.xlsb")


def test_a_binary_workbook_reads_as_the_sheet_it_was_made_of() -> None:
    t = read_iot(REFERENCE / "adb_made_up.xlsb")
    assert t.source == "ADB MRIO, adb_made_up.xlsb"
    np.testing.assert_array_equal(t.Z, Made().Z)


def test_a_head_of_two_rows_and_decimal_commas_are_named(tmp_path: Path) -> None:
    text = files.icio_2018(tmp_path, Made()).read_text()
    commas = tmp_path / "commas.csv"
    commas.write_text(text.replace(",", ";").replace(".", ","))
    with pytest.raises(DataError, match="in 36 rows.*is '1,34.*decimal comma: save"):
        read_icio(commas)
    raw = [line.split(",") for line in text.splitlines()]
    two = tmp_path / "two.csv"
    heads = [",".join(([*label.split("_"), ""])[k] for label in raw[0]) for k in (0, 1)]
    two.write_text("\n".join([*heads, *text.splitlines()[1:]]))
    with pytest.raises(DataError, match=r"no row that is also a column.*header=\[0, 1\].*from_frames"):
        read_icio(two)
