"""Files as people keep them: titles, totals and notes around the table, decimal commas, Stata, Chinese headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.readers import read_flows

ROLES: dict[str, Any] = {"period": "Year", "market": "Partner", "value": "Value"}
WANTED = [("2022", "Japan", 1234.5), ("2022", "USA", 2.0), ("2023", "Japan", 40.0)]


def text(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "own.csv"
    path.write_bytes(content.encode(encoding))
    return path


def rows(flows: xl.Flows) -> list[tuple[Any, ...]]:
    return list(flows.table.itertuples(index=False, name=None))


def test_semicolons_decimal_commas_a_mark_totals_and_notes(tmp_path):
    path = text(
        tmp_path,
        "Year;Partner ;Value;Weight (t)\r\n2022;Japan;1.234,5;1\r\n2022;USA;2,0;1\r\n2022;World;1.236,5;2\r\n"
        "2023;Japan;40;1\r\n;;;\r\nSource: yearbook.;;;\r\n* preliminary;;;\r\n",
        "utf-8-sig",
    )
    with pytest.raises(
        DataError, match=r"line 2, .*First: '1\.234,5'.*Where ',' is for decimals, say decimal=','"
    ):
        read_flows(path, **ROLES, decimal=".")
    with pytest.raises(DataError, match=r"in read_flows leave_out=\{'Partner': \['World'\]\}"):
        read_flows(path, **ROLES)
    flows = read_flows(path, **ROLES, leave_out={"market": "World"})
    assert (
        rows(flows) == WANTED == rows(read_flows(path, **ROLES, decimal=",", leave_out={"market": "World"}))
    )
    assert (
        flows.reading.title == "Read 6 rows from 1 file; UTF-8, semicolons between columns, ',' for decimals"
    )
    aside = flows.reading.table
    assert aside["reason"].to_list() == ["in the flows", "note below the table", "Partner World"]
    assert aside["rows"].to_list() == [3, 2, 1]
    assert flows.reading.rows_aside("Partner World")["Value"].to_list() == [1236.5]
    assert "3 rows set aside, see .reading" in repr(flows)


@pytest.mark.parametrize(
    "title", ["", "Exports by partner\nUnit: million USD, nominal\n\n", '"Exports, by partner"\n,,\n']
)
def test_the_header_is_the_first_row_with_all_the_names(tmp_path, title):
    body = '2022,Japan,"1,234.5"\n2022,USA,2\n2023,Japan,40\n'
    path = text(tmp_path, f"{title}Year,Partner,Value\n{body}\nNote: rounded\n")
    flows = read_flows(path, **ROLES)
    assert rows(flows) == WANTED
    line = 1 + title.count("\n")
    assert (f"header in line {line}" in flows.reading.title) == bool(title)
    broken = text(tmp_path, f"{title}Year,Partner,Value\n{body}2023,USA,x\n")
    with pytest.raises(DataError, match=rf"line {line + 4}, column 'Value': no number\. First: 'x'"):
        read_flows(broken, **ROLES)


def test_a_header_with_line_breaks_and_one_that_is_named(tmp_path):
    path = text(tmp_path, 'Year,Partner,"Value\n(million USD)"\n2022,Japan,5\n')
    assert rows(read_flows(path, **ROLES | {"value": "Value (million USD)"})) == [("2022", "Japan", 5.0)]
    twice = text(tmp_path, "Year,Partner,Value\nYear,Partner,Value\n2022,Japan,5\n")
    assert rows(read_flows(twice, **ROLES, header=2)) == [("2022", "Japan", 5.0)]
    with pytest.raises(OptionError, match="header=0 is not allowed. Rows are counted from 1"):
        read_flows(twice, **ROLES, header=0)
    with pytest.raises(OptionError, match="decimal='x' is not allowed"):
        read_flows(twice, **ROLES, decimal="x")  # type: ignore[arg-type]


def test_what_might_be_data_is_no_note(tmp_path):
    head = "Partner,Year,Value\nJapan,2022,5\n"
    with pytest.raises(DataError, match="ends after 1 of 3 columns"):
        read_flows(text(tmp_path, head + "Cuba\n"), **ROLES)
    with pytest.raises(DataError, match="has rows below the note 'Note: a'"):
        read_flows(text(tmp_path, head + "Note: a\nUSA,2022,6\n\nNote: a\n"), **ROLES)
    with pytest.raises(DataError, match=r"First: '\.\.'.*leave_out= of read_flows"):
        read_flows(text(tmp_path, head + "Cuba,2022,..\n"), **ROLES)
    flows = read_flows(text(tmp_path, head + "Cuba,2022,..\n"), **ROLES, leave_out={"value": ".."})
    assert flows.reading.rows_aside("Value ..")["Partner"].to_list() == ["Cuba"]


def test_labels_to_leave_out_that_are_nowhere(tmp_path):
    path = text(tmp_path, "Year,Partner,Value\n2022,Japan,5\n2022,Total,5\n")
    with pytest.raises(
        UnknownName, match=r"no label in column 'Partner' to leave out named 'Totl'. Did you mean 'Total'"
    ):
        read_flows(path, **ROLES, leave_out={"market": ["Total", "Totl"]})
    with pytest.raises(DataError, match=r"has no column 'Flow'"):
        read_flows(path, **ROLES, leave_out={"Flow": "Import"})


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_lazy_engines_leave_out_too_and_say_so(tmp_path, engine, kind):
    pytest.importorskip(engine)
    table = pd.DataFrame({"Year": ["2022", "2022"], "Partner": ["Japan", "World"], "Value": [5.0, 5.0]})
    path = tmp_path / f"own.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path, index=False)
    flows = read_flows(path, **ROLES, engine=engine, leave_out={"Partner": "World"})
    assert flows.members("market") == ("Japan",)
    assert flows.reading.title == "Read rows not counted from 1 file; without Partner World"
    if kind == "csv":
        with pytest.raises(OptionError, match="takes neither header= nor decimal="):
            read_flows(path, **ROLES, engine=engine, decimal=",")


def workbook(path: Path) -> Path:
    """A yearbook's table: notes on the first sheet, a title, two header rows, merged years, totals, a source."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "About"
    book.active["A1"] = "See the other sheet"
    sheet = book.create_sheet("Exports")
    for row in [
        ["Table 3.2 Exports"],
        [],
        ["Year", "Partner", "Value"],
        [None, None, "million USD"],
        [2022, "Japan", 1234.5],
        [None, "USA", 2],
        [2022, "Total", 1236.5],
        [2023, "Japan", 40],
        [],
        ["Source: yearbook"],
    ]:
        sheet.append(row)
    sheet.merge_cells("A5:A6")
    book.save(path)
    return path


def test_a_yearbook_in_excel(tmp_path):
    path = workbook(tmp_path / "own.xlsx")
    with pytest.raises(
        DataError, match=r"sheet 'About' .* has no row with .* Sheet 'Exports' has: say sheet='Exports'"
    ):
        read_flows(path, **ROLES)
    with pytest.raises(DataError, match=r"has no sheet 'Export'\. It has: \['About', 'Exports'\]"):
        read_flows(path, **ROLES, sheet="Export")
    with pytest.raises(DataError, match=r"row 6, column 'Year': empty.*say fill_down='Year'"):
        read_flows(path, **ROLES, sheet="Exports")
    with pytest.raises(DataError, match=r"leave_out=\{'Partner': \['Total'\]\}"):
        read_flows(path, **ROLES, sheet="Exports", fill_down="Year")
    flows = read_flows(path, **ROLES, sheet="Exports", fill_down="period", leave_out={"market": "Total"})
    assert rows(flows) == WANTED
    assert flows.reading.title == "Read 6 rows from 1 file; sheet 'Exports' of 2, header in row 3"
    assert set(flows.reading.aside) == {"note below the table", "second header row", "Partner Total"}
    assert flows.reading.table["value"].to_list()[-1] == 1236.5
    with pytest.raises(
        DataError, match=r"no column 'Worth'\. It has: \['Year', 'Partner', 'Value'\]\. Perhaps: xl\.read"
    ):
        read_flows(path, **ROLES | {"value": "Worth"}, sheet="Exports")


@pytest.mark.parametrize("header", [3, 4, 9])
def test_a_header_below_the_last_row_of_a_sheet(tmp_path, header):
    pytest.importorskip("openpyxl")
    path = tmp_path / "own.xlsx"
    pd.DataFrame({"Year": [2022, 2023], "Partner": ["Japan", "Cuba"], "Value": [5.0, 6]}).to_excel(
        path, index=False
    )
    with pytest.raises(DataError, match=r"no column 'Year'"):
        read_flows(path, **ROLES, header=header)


def test_text_among_the_numbers_of_a_sheet(tmp_path):
    pytest.importorskip("openpyxl")
    path = tmp_path / "own.xlsx"
    table = pd.DataFrame({"Year": [2022, 2022], "Partner": ["Japan", "Cuba"], "Value": [5.0, "n.a."]})
    table.to_excel(path, index=False)
    with pytest.raises(DataError, match=r"row 3, column 'Value'.*leave_out=\{'Value': \['n\.a\.'\]\}"):
        read_flows(path, **ROLES)
    assert len(read_flows(path, **ROLES, leave_out={"Value": "n.a."}).table) == 1


COLUMNS = {
    "year": "年份",
    "place": "省份",
    "partner": "贸易伙伴",
    "code": "商品编码",
    "value": "出口额（万美元）",
}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_chinese_headers_are_read_and_suggested(tmp_path, kind):
    table = pd.DataFrame([["2022", "辽宁省", "日本", "010121", 5.0]], columns=list(COLUMNS.values()))
    path = tmp_path / f"own.{kind}"
    if kind == "csv":
        table.to_csv(path, index=False, encoding="gb18030")
    else:
        pytest.importorskip("openpyxl")
        table.to_excel(path, index=False)
    with pytest.raises(DataError) as caught:
        read_flows(path)
    code = str(caught.value).partition("Perhaps: ")[2].removesuffix(".")
    flows = eval(code, {"xl": xl})
    assert flows.unit == "万美元"
    assert rows(flows) == [("2022", "辽宁省", "日本", "010121", 5.0)]


def test_stata_labels_become_text_and_float_years_whole(tmp_path):
    path = tmp_path / "own.dta"
    table = pd.DataFrame(
        {"year": [2022.0, 2022.0], "partner": [1, 2], "usd": [5.0, 3.0], "hs": [10121, 270900]}
    )
    table.to_stata(path, write_index=False, value_labels={"partner": {1: "Japan", 2: "USA"}})
    roles: dict[str, Any] = {"period": "year", "market": "partner", "value": "usd"}
    flows = read_flows(path, **roles)
    assert rows(flows) == [(2022, "Japan", 5.0), (2022, "USA", 3.0)]
    assert flows.reading.title == "Read 2 rows from 1 file; value labels of partner"
    assert read_flows(path, **roles, product="hs", digits=6).members("product") == ("010121", "270900")
    with pytest.raises(DataError, match=r"product codes in 'hs' of file '.*' were stored as numbers"):
        read_flows(path, **roles, product="hs")
    assert len(read_flows(path, **roles, leave_out={"partner": "USA"}).table) == 1
    with pytest.raises(OptionError, match="engine='polars' does not read Stata files"):
        read_flows(path, **roles, engine="polars")
    path.write_bytes(b"x")
    with pytest.raises(DataError, match="cannot be read as a Stata file"):
        read_flows(path, **roles)


def test_a_missing_code_of_stata_is_refused_with_its_row(tmp_path):
    path = tmp_path / "own.dta"
    pd.DataFrame({"year": [2022, 2023], "usd": [5.0, None]}).to_stata(path, write_index=False)
    with pytest.raises(
        DataError, match=r"value 'usd' is missing in 1 row\. First: row 2, .*dropna\(subset=\['usd'\]\)"
    ):
        read_flows(path, period="year", value="usd")


@pytest.mark.parametrize("kind", ["csv", "xlsx", "dta"])
def test_duplicates_name_the_columns_without_a_role(tmp_path, kind):
    table = pd.DataFrame(
        {"Year": ["2022", "2022"], "Partner": ["Japan", "Japan"], "Regime": ["a", "b"], "Value": [1.0, 2.0]}
    )
    path = tmp_path / f"own.{kind}"
    if kind == "xlsx":
        pytest.importorskip("openpyxl")
        table.to_excel(path, index=False)
    elif kind == "dta":
        table.to_stata(path, write_index=False)
    else:
        table.to_csv(path, index=False)
    words = r"several rows have one cell .* add them up\. Columns without a role: \['Regime'\]\.$"
    with pytest.raises(DataError, match=words):
        read_flows(path, **ROLES)
    with pytest.raises(DataError, match=words):
        xl.flows(table, **ROLES)
    assert read_flows(path, **ROLES, keys="Regime").keys == ("Regime",)


@pytest.mark.parametrize("engine", ["pandas", "polars", "duckdb"])
def test_two_columns_of_one_name_are_refused_whatever_reads_them(tmp_path, engine):
    """DuckDB calls the second one by another name, and would take the first without a word."""
    inner = pa.array([{"value": 1, "list": [1, 2]}] * 2)
    columns = [pa.array(["a", "b"]), inner, pa.array([1.0, 2.0]), pa.array([100.0, 2.0])]
    pq.write_table(pa.table(columns, names=["market", "part", "value", "value"]), tmp_path / "twice.parquet")
    with pytest.raises(DataError, match="has two columns named 'value'. Rename or remove one of them"):
        xl.read_flows(tmp_path / "twice.parquet", engine=engine)
    pq.write_table(pa.table(columns[:3], names=["market", "part", "value"]), tmp_path / "once.parquet")
    read = xl.read_flows(tmp_path / "once.parquet", engine=engine)  # the value inside a part is another's
    assert read.roles == {"market": "market", "value": "value"}
