"""The reader by role: one table, whatever the kind of file and the engine; and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import pytest

from exportlab.errors import DataError, MissingDependency, OptionError
from exportlab.flow_table import Flows
from exportlab.readers import read_flows

ENGINES = ["pandas", "polars", "duckdb"]
TABLE = pd.DataFrame(
    {
        "year": ["2022", "2022", "2023", "2023"],
        "to": ["Japan", "Viet Nam", "Japan", "Viet Nam"],
        "hs": ["010121", "851712", "010121", "851712"],
        "regime": ["a", "a", "b", "a"],
        "usd": [1234.5, 0.0, 7.25, 40.0],
        "kg": [1.0, None, 3.0, 4.0],
    }
)
ROLES: dict[str, Any] = {
    "period": "year",
    "market": "to",
    "product": "hs",
    "value": "usd",
    "quantity": "kg",
    "keys": ["regime"],
}
EXTRA = {"polars": "polars", "duckdb": "duckdb", "pandas": "pyarrow"}


def write(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        table.to_parquet(path, index=False)
    elif path.suffix == ".xlsx":
        pytest.importorskip("openpyxl")
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False)
    return path


def rows(flows: Flows) -> list[tuple[Any, ...]]:
    native = flows.table
    frame = (
        native.collect() if hasattr(native, "collect") else native.df() if hasattr(native, "df") else native
    )
    frame = frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()
    found = frame[["year", "to", "hs", "usd", "kg", "regime"]].sort_values(["year", "to"])
    return [tuple(None if x != x else x for x in row) for row in found.itertuples(index=False)]


WANTED = [
    ("2022", "Japan", "010121", 1234.5, 1.0, "a"),
    ("2022", "Viet Nam", "851712", 0.0, None, "a"),
    ("2023", "Japan", "010121", 7.25, 3.0, "b"),
    ("2023", "Viet Nam", "851712", 40.0, 4.0, "a"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["csv", "csv.gz", "tsv", "parquet"])
def test_one_table_from_every_kind_on_every_engine(tmp_path, engine, kind):
    pytest.importorskip(EXTRA[engine])
    for year, part in TABLE.groupby("year"):
        path = tmp_path / f"{year}.{kind}"
        if kind == "tsv":
            part[part.columns[::-1]].to_csv(path, index=False, sep="\t")
        else:
            write(part[part.columns[::-1]] if year == "2023" else part, path)
    for paths in (tmp_path, str(tmp_path / f"*.{kind}")):
        flows = read_flows(paths, **ROLES, unit="USD", engine=engine)
        assert rows(flows) == WANTED
        assert flows.lazy == (engine != "pandas")
        assert flows.reading.rows == (None if flows.lazy else 4)
        assert len(flows.reading.files) == 2
        assert flows.members("market") == ("Japan", "Viet Nam")


def test_excel_and_defaults(tmp_path):
    path = write(TABLE, tmp_path / "a.xlsx")
    assert rows(read_flows(path, **ROLES)) == WANTED
    with pytest.raises(OptionError, match="engine='duckdb' does not read Excel"):
        read_flows(path, **ROLES, engine="duckdb")
    named = TABLE.rename(columns={"year": "period", "usd": "value"})
    flows = read_flows(write(named, tmp_path / "b.csv"), product="hs", keys="regime", market="to")
    assert flows.roles == {"period": "period", "market": "to", "product": "hs", "value": "value"}
    assert not flows.lazy
    pytest.importorskip("duckdb")
    assert read_flows(write(TABLE, tmp_path / "c.parquet"), **ROLES, engine="duckdb").lazy


def test_several_readings_meet_in_one_duckdb_query(tmp_path):
    pytest.importorskip("duckdb")
    path = write(TABLE, tmp_path / "a.parquet")
    one, two = (read_flows(path, **ROLES, engine="duckdb", memory="1GB").cells("period") for _ in range(2))
    assert len(one.join(two, on=["period"], how="inner").collect()) == 2


@pytest.mark.parametrize(("kind", "engine"), [*(("parquet", e) for e in ENGINES), ("xlsx", "pandas")])
def test_product_codes_stored_as_numbers_are_refused_or_padded_on_request(tmp_path, engine, kind):
    pytest.importorskip(EXTRA[engine])
    path = write(TABLE.astype({"hs": int}), tmp_path / f"a.{kind}")
    message = (
        r"product codes in 'hs' of file '.*' were stored as numbers \(.*\)\..*'010121' became 10121.*digits=6"
    )
    with pytest.raises(DataError, match=message):
        read_flows(path, **ROLES, engine=engine)
    assert rows(read_flows(path, **ROLES, engine=engine, digits=6)) == WANTED


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_missing_in_one_file_names_the_file(tmp_path, engine, kind):
    pytest.importorskip(EXTRA[engine])
    write(TABLE, tmp_path / f"a.{kind}")
    write(TABLE.drop(columns="to"), tmp_path / f"b.{kind}")
    with pytest.raises(
        DataError, match=rf"b\.{kind}' has no column 'to', though 1 other file has it\. It has: \['year'"
    ):
        read_flows(tmp_path, **ROLES, engine=engine)
    with pytest.raises(DataError, match=rf"a\.{kind}' has no column 'none'"):
        read_flows(tmp_path, value="none", engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"usd": [1.0, -2.0, 3.0, 4.0]}, "value 'usd' is negative in 1 row"),
        ({"usd": [1.0, float("inf"), 3.0, 4.0]}, "infinite in 1 row|no number. First: 'inf'"),
        ({"usd": [1.0, None, 3.0, 4.0]}, "value 'usd' is missing in 1 row|line 3, column 'usd': empty"),
        ({"usd": [0.0, 0.0, 0.0, 0.0]}, "all 4 values are zero"),
        (
            {"to": ["Japan", None, "Japan", "India"]},
            "market 'to' is missing in 1 row|line 3, column 'to': empty",
        ),
        (
            {"year": ["2022"] * 4, "regime": ["a"] * 4, "to": ["Japan"] * 4, "hs": ["010121"] * 4},
            "several rows have one cell .* in 4 rows",
        ),
        ({"year": ["2022", "2022", "2023-01", "2023"]}, "mixes years and months"),
        ({"to": ["Japan", "RCEP", "Japan", "RCEP"]}, "overlap: 1 pair"),
        ({"to": ["Japan", "World", "Japan", "World"]}, "totals"),
        ({"unit": ["USD", "USD", "CNY", "USD"]}, r"column 'unit' holds 2 units: \["),
    ],
)
def test_the_door_refuses_on_every_engine(tmp_path, engine, kind, change, message):
    pytest.importorskip(EXTRA[engine])
    path = write(TABLE.assign(**change), tmp_path / f"a.{kind}")
    with pytest.raises(DataError, match=message):
        read_flows(path, **ROLES, unit="unit" if "unit" in change else "USD", engine=engine).cells("period")


@pytest.mark.parametrize("engine", ENGINES)
def test_text_for_money_in_parquet_names_the_file(tmp_path, engine):
    pytest.importorskip(EXTRA[engine])
    write(TABLE, tmp_path / "a.parquet")
    write(TABLE.assign(usd="1,234"), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"value 'usd' in file '.*b\.parquet' is .*, not a number"):
        read_flows(tmp_path, **ROLES, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_empty_cut_and_garbage_files(tmp_path, engine):
    pytest.importorskip(EXTRA[engine])
    path = write(TABLE, tmp_path / "a.parquet")
    whole = path.read_bytes()
    for content in (whole[:-9], b"", bytes(range(256))):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"a\.parquet' is not a whole Parquet file\. First: .* again"):
            read_flows(path, **ROLES, engine=engine)
    write(TABLE.iloc[:0].astype({"usd": float, "kg": float}), path)
    with pytest.raises(DataError, match="the table has no rows"):
        read_flows(path, **ROLES, engine=engine).cells("period")
    text = tmp_path / "b.csv"
    text.write_bytes(b"")
    with pytest.raises(DataError, match="is empty"):
        read_flows(text, **ROLES, engine=engine)
    text.write_text("year,to,hs,regime,usd,kg\n")
    with pytest.raises(DataError, match=r"has a header and no rows|the table has no rows"):
        read_flows(text, **ROLES, engine=engine).cells("period")


def test_a_bad_number_in_text_names_its_line_or_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("year,to,hs,usd\n2022,Japan,010121,5\n2022,India,010121,12x\n")
    roles = {"period": "year", "market": "to", "product": "hs", "value": "usd"}
    with pytest.raises(DataError, match=r"a\.csv', line 3, column 'usd': no number\. First: '12x'"):
        read_flows(path, **roles)
    duckdb = pytest.importorskip("duckdb")
    with pytest.raises((DataError, duckdb.Error), match=r"(?s)Line: 3.*12x"):
        read_flows(path, **roles, engine="duckdb").cells("period")
    pytest.importorskip("polars")
    with pytest.raises((DataError, nw.exceptions.NarwhalsError), match=r"(?s)'usd'.*12x"):
        read_flows(path, **roles, engine="polars").cells("period")


def test_excel_names_row_and_column(tmp_path):
    pytest.importorskip("openpyxl")
    path = write(TABLE.astype({"usd": object}).replace({"usd": {7.25: "7,25"}}), tmp_path / "a.xlsx")
    assert 7.25 in read_flows(path, **ROLES).table["usd"].to_list()
    path = write(TABLE.astype({"usd": object}).replace({"usd": {7.25: "7 or 8"}}), tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"a\.xlsx', row 4, column 'usd': no number\. First: '7 or 8'"):
        read_flows(path, **ROLES)
    write(TABLE.replace({"to": {"Viet Nam": None}}), path)
    with pytest.raises(DataError, match=r"row 3, column 'to': empty"):
        read_flows(path, **ROLES)
    write(TABLE.iloc[:0], path)
    with pytest.raises(DataError, match="has a header and no rows"):
        read_flows(path, **ROLES)
    path.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
        read_flows(path, **ROLES)


def test_options_and_kinds(tmp_path, monkeypatch):
    path = write(TABLE, tmp_path / "a.csv")
    with pytest.raises(OptionError, match="engine='spark' is not allowed"):
        read_flows(path, **ROLES, engine="spark")  # type: ignore[arg-type]
    with pytest.raises(
        DataError, match=r"no column is named as the value\. Say value=\.\.\.; the files have: \['year'"
    ):
        read_flows(path)
    write(TABLE, tmp_path / "b.parquet")
    with pytest.raises(
        DataError, match=r"files of 2 kinds together\. First: '.*a\.csv' beside '.*b\.parquet'"
    ):
        read_flows(tmp_path, **ROLES)
    (tmp_path / "c.sav").write_bytes(b"x")
    with pytest.raises(DataError, match=r"c\.sav' is of no kind that can be read\. Files end in \.csv"):
        read_flows(tmp_path / "c.sav", **ROLES)
    pytest.importorskip("polars")
    with pytest.raises(OptionError, match="engine='polars' reads UTF-8 only"):
        read_flows(path, **ROLES, engine="polars", encoding="gb18030")
    TABLE.replace({"to": {"Japan": "日本"}}).to_csv(path, index=False, encoding="gb18030")
    assert read_flows(path, **ROLES).members("market") == ("Viet Nam", "日本")
    monkeypatch.setattr("exportlab.readers.lazy.find_spec", lambda name: None)
    with pytest.raises(
        MissingDependency, match=r"engine='duckdb' needs duckdb: pip install 'exportlab\[duckdb\]'"
    ):
        read_flows(path, **ROLES, engine="duckdb")


def test_cut_gzip(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode())[:-20])
    with pytest.raises(DataError, match="is not a whole gzip file"):
        read_flows(path, **ROLES)


def test_real_exports_give_chinas_share_of_the_world(shared):
    """CEPII BACI: China's share of world exports was 11.6 % in 2011, 14.1 % in 2017 and 15.8 % in 2020."""
    pytest.importorskip("duckdb")
    real = shared / "data" / "baci_hs92_hs2_exporter_2011_2020.parquet"
    flows = read_flows(
        real, period="t", exporter="i_iso3c", product="k", value="v", unit="million USD", validate="schema",
        engine="duckdb",
    )  # fmt: skip
    cells = flows.cells("period", "exporter").to_native().df().dropna()
    share = (
        cells[cells["exporter"] == "CHN"].set_index("period")["value"]
        / cells.groupby("period")["value"].sum()
    )
    assert [round(100 * share[year], 1) for year in (2011, 2017, 2020)] == [11.6, 14.1, 15.8]
