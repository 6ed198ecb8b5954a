"""Files as they lie: a path is one file on every engine, names come once, and what is gone is told so."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import exportlab as xl
from exportlab.errors import DataError, EngineError, MissingDependency
from exportlab.files.paths import refuse_twice
from exportlab.frames import engine_speaks
from exportlab.readers.lazy import exactly, parquet_schema

ENGINES = ("pandas", "polars", "duckdb")
TABLE = pd.DataFrame({"year": ["2021", "2021"], "m": ["Japan", "USA"], "v": [1.0, 3.0]})
OTHER = TABLE.assign(v=[100.0, 1.0])


def save(table: pd.DataFrame, path: Path) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    table.to_parquet(path, index=False) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return path


def values(path: Path, engine: str, **roles) -> dict[str, list]:
    flows = xl.read_flows(path, **{"market": "m", "value": "v", **roles}, engine=engine, progress=False)
    made = flows.table
    made = made.collect().to_pandas() if engine == "polars" else made.df() if engine == "duckdb" else made
    return made.sort_values("m").to_dict("list")


# ---- a path is a path ------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [".parquet", ".csv"])
@pytest.mark.parametrize(
    ("name", "neighbour"),
    [
        ("a[1]", "a1"),
        ("b*", "bb"),
        ("c?", "cc"),
        ("d{1,2}", "d1"),
        ("e[!x]", "ey"),
        ("**", "f"),
        ("it's", "its"),
        ("g[", "gg"),
        ("h]", "hh"),
    ],
)
def test_a_name_is_no_pattern(tmp_path, engine, kind, name, neighbour):
    save(OTHER, tmp_path / f"{neighbour}{kind}")
    path = save(TABLE, tmp_path / f"{name}{kind}")
    assert values(path, engine)["v"] == [1.0, 3.0]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_a_folder_is_no_column(tmp_path, engine, kind):
    """Where folders were called year=1999, DuckDB put 1999 in the place of the years in the file."""
    path = save(TABLE, tmp_path / "year=1999" / "m=World" / f"a{kind}")
    assert values(path, engine, period="year")["year"] == ["2021", "2021"]
    bare = save(TABLE.drop(columns="year"), tmp_path / "year=1999" / f"b{kind}")
    with pytest.raises(DataError, match="has no column 'year'"):
        values(bare, engine, period="year")


def test_a_pattern_is_written_so_that_it_is_none():
    assert exactly(Path("a/b*[1]?.csv")) == "'a/b[*][[]1][?].csv'"
    assert exactly(Path("it's")) == "'it''s'"


# ---- names come once -------------------------------------------------------------------------------------


def two(path: Path, first: str, second: str) -> Path:
    columns = [pa.array(["a"]), pa.array([5.0]), pa.array([6.0])]
    if path.suffix == ".parquet":
        parquet.write_table(pa.table(columns, names=["m", first, second]), path)
    elif path.suffix == ".json":
        path.write_text(f'{{"data": [{{"m": "a", "{first}": 5, "{second}": 6}}]}}')
    elif path.suffix == ".xlsx":
        pytest.importorskip("openpyxl", reason="needs openpyxl")
        pd.DataFrame([["a", 5.0, 6.0]], columns=["m", first, second]).to_excel(path, index=False)
    else:
        path.write_text(f"m,{first},{second}\na,5,6\n")
    return path


KINDS = [*((e, k) for e in ENGINES for k in (".parquet", ".csv")), ("pandas", ".xlsx")]


@pytest.mark.parametrize(("engine", "kind"), KINDS)
def test_two_columns_of_one_name_are_refused(tmp_path, engine, kind):
    path = two(tmp_path / f"a{kind}", "v", "v")
    with pytest.raises(
        DataError, match="has two columns (named 'v'|of one name).*Rename or remove one of them"
    ):
        values(path, engine)


@pytest.mark.parametrize(("engine", "kind"), KINDS)
def test_two_columns_that_differ_in_case(tmp_path, engine, kind):
    path = two(tmp_path / f"a{kind}", "v", "V")
    if engine != "duckdb":
        assert values(path, engine)["v"] == [5.0]
        assert values(path, engine, value="V")["V"] == [6.0]
        return
    with pytest.raises(
        DataError, match="differ in letter case alone: 'v', 'V'. DuckDB does not tell them apart"
    ):
        values(path, engine)


def test_two_fields_of_one_name_in_a_record(tmp_path):
    record = {"period": "2023", "reporterCode": 156, "partnerCode": 392, "flowCode": "X", "cmdCode": "0101"}
    text = json.dumps({"data": [record]}).replace("}]", ', "primaryValue": 5, "primaryValue": 6}]')
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match="has two columns named 'primaryValue'"):
        xl.read_comtrade(tmp_path / "a.json", progress=False)
    (tmp_path / "a.json").write_text(text.replace(', "primaryValue": 6', ""))
    assert xl.read_comtrade(tmp_path / "a.json", progress=False).table["primaryValue"].tolist() == [5.0]


def test_names_beneath_a_name_are_others(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="needs duckdb")
    nested = pa.array([{"v": 1, "w": {"v": 2}}])
    table = pa.table({"m": ["a"], "s": nested, "l": [[1]], "v": [5.0]})
    parquet.write_table(table, tmp_path / "a.parquet")
    for engine, link in (("pandas", None), ("polars", None), ("duckdb", duckdb.connect())):
        found = parquet_schema(tmp_path / "a.parquet", engine, link)
        assert found.header == ("m", "s", "l", "v")
        assert found.numeric("v")
        assert not found.numeric("s")


def test_empty_names_are_no_names():
    refuse_twice(Path("a"), ["", "", "v"])
    refuse_twice(Path("a"), ["v", "V"])
    with pytest.raises(DataError, match="two columns named 'v'"):
        refuse_twice(Path("a"), ["", "v", "", "v"])
    with pytest.raises(DataError, match="differ in letter case alone: 'v', 'V'"):
        refuse_twice(Path("a"), ["v", "", "V"], fold=True)


# ---- lines -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_lines_that_end_in_carriage_returns(tmp_path, engine):
    path = tmp_path / "a.csv"
    path.write_bytes(b"m,v\rJapan,5\rUSA,3\r")
    if engine == "pandas":
        assert values(path, engine)["v"] == [5.0, 3.0]
        return
    with pytest.raises(DataError, match="has carriage returns alone.*say engine='pandas'"):
        values(path, engine)
    path.write_bytes(b"m,v\r\nJapan,5\r\nUSA,3\r\n")
    assert values(path, engine)["v"] == [5.0, 3.0]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_header_that_cannot_be_parted(tmp_path, engine):
    (tmp_path / "a.csv").write_text('m,"v\nJapan,5\n')
    with pytest.raises(DataError, match="has no header that can be parted into names"):
        values(tmp_path / "a.csv", engine)


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_text_without_line_ends_and_text_that_is_none(tmp_path, monkeypatch, engine):
    path = tmp_path / "a.csv"
    path.write_bytes(b"m,v\nJa\0pan,5\n")
    with pytest.raises(DataError, match="it has zero bytes"):
        values(path, engine)
    monkeypatch.setattr("exportlab.files.paths.LINE", 1000)
    monkeypatch.setattr("exportlab.files.unpacking.BLOCK", 500)
    path.write_text("m,v\n" + "a" * 2000 + ",1\n")
    with pytest.raises(DataError, match="line 2 has more than 1,000 characters"):
        values(path, engine)


def bomb(path: Path, content: bytes = b"") -> Path:
    """A small file that unpacks to 60 MB, of which the last member says that it is small."""
    path.write_bytes(gzip.compress(content + b"a,1\n" * 15_000_000, 1) + gzip.compress(b"b,2\n"))
    return path


@pytest.mark.parametrize(
    "read",
    [
        lambda path: values(path, "pandas"),
        lambda path: values(path, "polars"),
        xl.valueadded.read_icio,
        lambda path: xl.read_comtrade(path.rename(path.with_name("a.json.gz")), progress=False),
    ],
    ids=["pandas", "polars", "input-output", "json"],
)
def test_archives_made_to_fill_the_memory(tmp_path, read):
    with pytest.raises(DataError, match="unpacks to more than 50,000,000. More than 100 times its size"):
        read(bomb(tmp_path / "a.csv.gz", b"m,v\n"))


# ---- files that go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_a_file_that_is_gone_is_no_fault_in_a_line(tmp_path, engine, kind):
    path = save(TABLE, tmp_path / f"a{kind}")
    flows = xl.read_flows(path, market="m", value="v", engine=engine, progress=False)
    path.unlink()
    with pytest.raises(DataError, match="what the table is read from is not there.*Look at the path"):
        xl.hhi(flows, over="market")


@pytest.mark.parametrize(
    "said",
    [
        "No such file or directory (os error 2): a.csv",
        'IO Error: No files found that match the pattern "a.csv"',
        "expanded paths were empty (path expansion input: 'nope/*.parquet')",
        "The system cannot find the path specified. (os error 3)",
    ],
)
def test_what_engines_say_of_files_that_are_gone(said):
    with (
        pytest.raises(DataError, match="what the table is read from is not there"),
        engine_speaks(file=True),
    ):
        raise ValueError(said)


def test_a_connection_in_use_is_no_fault_in_a_line():
    duckdb = pytest.importorskip("duckdb", reason="needs duckdb")
    with pytest.raises(EngineError, match=r"closed or busy.*connection.cursor\(\)"), engine_speaks():
        raise duckdb.Error("Resource In Use Error: connection is busy with another call")


# ---- concordances, which are files too -------------------------------------------------------------------


def test_a_concordance_that_cannot_be_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x00\x80")
    with pytest.raises(DataError, match="a.csv' is UTF-16 text. Save it as UTF-8, or say encoding='utf-16'"):
        xl.concordance(tmp_path / "a.csv")
    with pytest.raises(DataError, match="there is no file '.*none.csv'. The folder .* holds: a.csv"):
        xl.concordance(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_text("hs,sitc\n0101,001\n0102\n", encoding="utf-8")
    with pytest.raises(DataError, match="'.*b.csv' has 1 column in line 3, not 2|line 3"):  # pandas fills it
        xl.concordance(tmp_path / "b.csv")
    with pytest.raises(
        DataError, match="stands for 2 files. Name one of them. First: 'a.csv'|stands for 2 files"
    ):
        xl.concordance(tmp_path / "*.csv")
    (tmp_path / "c.csv").write_text("商品,类别\n0101,001\n", encoding="gb18030")
    assert xl.concordance(tmp_path / "c.csv").links == xl.concordance({"0101": "001"}).links
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises((DataError, MissingDependency), match="cannot be read as an Excel workbook|openpyxl"):
        xl.concordance(tmp_path / "a.xlsx")
