"""Numbers, currencies, wide sheets and plain names as people write them; every remedy that is offered runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import exportlab as xl
from exportlab import read_flows, suggest
from exportlab.audit import series_kind
from exportlab.cli.commands import app
from exportlab.cli.explained import said, typed
from exportlab.currencies import column_of, unit_of
from exportlab.errors import DataError, OptionError, flags
from exportlab.files.numerals import decided, is_number
from exportlab.spelling import rekeyed

ROLES = {"period": "year", "market": "partner", "value": "sales"}


def written(folder: Path, text: str, name: str = "a.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def refused(call: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        call()
    return caught.value


# Numbers written as text.


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("0,123", False, True),
        ("0.123", True, False),
        ("1,500", True, True),
        ("1,234,567", True, False),
        ("1.234.567", False, True),
        ("1.234,5", False, True),
        ("12,5", False, True),
        ("-1,5", False, True),
        ("7", True, True),
        ("1,2,3", False, False),
        ("", False, False),
    ],
)
def test_which_readings_a_number_has(text, point, comma):
    assert (is_number(text, "."), is_number(text, ",")) == (point, comma)


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["1,500", "0,5"], ","),
        (["1,500", "1,234,567"], "."),
        (["1,500", "12"], None),
        (["1.500"], None),
        (["7"], "."),
    ],
)
def test_a_column_decides(texts, sign):
    assert decided(texts) == sign


@pytest.mark.parametrize(
    ("mark", "cells", "values"),
    [
        (";", ["0,123", "1,500", "12,345"], [0.123, 1.5, 12.345]),
        (";", ["1.500", "12"], [1500, 12]),
        (";", ["1234.5", "1.500"], [1234.5, 1.5]),
        (";", ["1,234,567", "1,500"], [1234567, 1500]),
        (",", ['"1,500"', "12"], [1500, 12]),
        (",", ['"1,500"', '"0,5"'], [1.5, 0.5]),
        ("\t", ["1,500", "0,5"], [1.5, 0.5]),
        ("\t", ["1,500", "1,234,567"], [1500, 1234567]),
        ("\t", ["1.500", "2"], [1.5, 2]),
    ],
)
def test_the_decimal_sign_is_what_the_evidence_says(tmp_path, mark, cells, values):
    lines = [
        mark.join(("year", "partner", "sales")),
        *(mark.join(("2023", f"M{i}", c)) for i, c in enumerate(cells)),
    ]
    flows = read_flows(written(tmp_path, "\n".join(lines) + "\n"), **ROLES)
    assert flows.table["sales"].to_list() == values


def test_numbers_that_can_be_read_in_two_ways_are_refused_with_both(tmp_path):
    path = written(tmp_path, "year\tpartner\tsales\n2023\tJapan\t1,500\n2023\tUSA\t12\n")
    error = refused(lambda: read_flows(path, **ROLES))
    assert "'1,500', which is 1,500 with a decimal point and 1.5 with a decimal comma" in str(error)
    assert [read_flows(path, **ROLES, **way).table["sales"][0] for way in error.options] == [1500.0, 1.5]


def test_numbers_of_both_kinds_are_refused(tmp_path):
    path = written(tmp_path, 'year,partner,sales\n2023,Japan,1.5\n2023,USA,"0,12"\n')
    assert "some numbers with decimal points and some with decimal commas" in str(
        refused(lambda: read_flows(path, **ROLES))
    )


def test_a_point_that_is_said_to_set_off_thousands_needs_a_group(tmp_path):
    path = written(tmp_path, "year;partner;sales\n2020;Japan;0.123\n")
    assert "no number. First: '0.123'" in str(refused(lambda: read_flows(path, **ROLES, decimal=",")))


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_lazy_engines_do_not_guess(tmp_path, engine):
    path = written(tmp_path, "year;partner;sales\n2020;Japan;1.500\n")
    with pytest.raises(OptionError, match="say decimal='.' where there are none, else engine='pandas'"):
        read_flows(path, **ROLES, engine=engine)
    assert read_flows(path, **ROLES, engine=engine, decimal=".").members("market") == ("Japan",)


def test_numbers_of_excel_that_are_text(tmp_path):
    path = tmp_path / "a.xlsx"
    table = pd.DataFrame({"year": "2023", "partner": ["Japan", "Korea"], "sales": ["1,234", "2,000"]})
    table.to_excel(path, index=False)
    error = refused(lambda: read_flows(path, **ROLES))
    assert "numbers as text that can be read in two ways in 2 rows" in str(error)
    assert [read_flows(path, **ROLES, **way).table["sales"][0] for way in error.options] == [1234.0, 1.234]
    table.assign(sales=["1,234", "1,234,567"]).to_excel(path, index=False)
    assert read_flows(path, **ROLES).table["sales"].to_list() == [1234.0, 1234567.0]


# The unit of money.


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("出口额（亿元）", "亿元"),
        ("金额(万美元)", "万美元"),
        ("金额_美元", "美元"),
        ("出口额(单位:亿美元)", "亿美元"),
        ("Exports (1000 USD)", "1000 USD"),
        ("Trade Value (US$)", "US$"),
        ("Liaoning exports by partner, 100 million CNY", "100 million CNY"),
        ("Weight (1000 kg)", None),
        ("value", None),
        ("usd", None),
    ],
)
def test_the_unit_in_a_heading(heading, unit):
    assert unit_of(heading) == unit


@pytest.mark.parametrize("name", ["currency", "Currency_Code", "币种", "货币"])
def test_columns_of_currencies(name):
    assert column_of(["year", name]) == name


def test_a_unit_in_the_heading_is_the_flows_own():
    table = pd.DataFrame({"年份": [2018], "国家（地区）": ["日本"], "出口额（亿元）": [1.0]})
    roles = {"period": "年份", "market": "国家（地区）", "value": "出口额（亿元）"}
    assert xl.flows(table, **roles).unit == "亿元"
    assert xl.flows(table, **roles, unit="CNY").unit == "CNY"


MIXED = pd.DataFrame(
    {"year": [2022, 2023], "partner": "Japan", "value": [5.0, 36.0], "currency": ["USD", "CNY"]}
)


@pytest.mark.parametrize("make", [lambda t: t, pl.from_pandas, pa.Table.from_pandas, duckdb.from_df])
def test_two_currencies_are_never_ignored(make):
    roles = {"period": "year", "market": "partner"}
    error = refused(lambda: xl.flows(make(MIXED), **roles))
    assert "column 'currency' holds 2 units: ['CNY', 'USD']" in str(error)
    table = make(MIXED)
    names = {"table": table, "pl": pl, "pc": pa.compute}
    exec(re.search(r"(table = .*?); in read_flows", str(error))[1], names)
    assert xl.flows(names["table"], **roles).unit == "CNY"
    assert "unit='EUR' is said, and column 'currency' holds 'CNY'" in str(
        refused(lambda: xl.flows(names["table"], **roles, unit="EUR"))
    )


# Wide sheets.

WIDE = (
    "Exports by partner, million USD\nPartner,2021,2022,2023\nJapan,50,60,70\nKorea,30,,20\nTotal,80,60,90\n"
    "Source: yearbook\n"
)


def test_a_wide_sheet_is_read_as_one_row_a_cell(tmp_path):
    flows = read_flows(written(tmp_path, WIDE))
    assert sorted(flows.table.itertuples(index=False, name=None)) == [
        ("2021", "Japan", 50.0),
        ("2021", "Korea", 30.0),
        ("2022", "Japan", 60.0),
        ("2023", "Japan", 70.0),
        ("2023", "Korea", 20.0),
    ]
    assert flows.unit == "million USD"
    assert flows.reading.table["reason"].to_list() == [
        "in the flows",
        "Partner Total",
        "note below the table",
    ]
    assert "1 empty cells are not observed" in flows.reading.title


@pytest.mark.parametrize(("whole", "kept"), [("95", ["Japan", "Korea", "Total (rest)"]), ("70", None)])
def test_totals_of_wide_sheets_keep_their_rest_or_contradict(tmp_path, whole, kept):
    path = written(tmp_path, WIDE.replace("90\n", f"{whole}\n"))
    if kept is None:
        assert "smaller than the sum of their parts" in str(refused(lambda: read_flows(path)))
    else:
        assert sorted(read_flows(path).table["Partner"].unique()) == kept


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_wide_tables_of_other_kinds(tmp_path, kind):
    table = pd.DataFrame(
        {"Partner": ["Japan", "Korea"], "2021": [50.0, 30], "2022": [60.0, None], "2023": [70.0, 20]}
    )
    path = tmp_path / f"wide.{kind}"
    table.to_excel(path, index=False, startrow=2) if kind == "xlsx" else table.to_parquet(path)
    assert len(read_flows(path).table) == 5
    assert len(read_flows(path, wide=True, market="Partner").table) == 5


def test_what_is_not_unmistakably_wide_needs_to_be_said(tmp_path):
    path = written(tmp_path, "Economy,2021,2022\nJapan,50,60\n")
    error = refused(lambda: read_flows(path))
    assert f"xl.read_flows({path!r}, wide=True" in str(error)
    error = refused(lambda: read_flows(path, wide=True))
    assert "whose role is not known: ['Economy']" in str(error)
    assert read_flows(path, **error.options[0]).members("market") == ("Japan",)
    assert refused(lambda: read_flows(written(tmp_path, "a,b\n1,2\n", "b.csv"), wide=True)).remedy.startswith(
        "wide=True"
    )


@pytest.mark.parametrize(
    ("text", "said", "value"),
    [
        ("Country;2020;2021;2022\nJapan;1.500;0.25;7\n", {}, 1.5),  # 0.25 is no number with a decimal comma
        ("Country;2020;2021;2022\nJapan;1.500;2;7\n", {}, 1500.0),  # semicolons go with decimal commas
        ('Country,2020,2021,2022\nJapan,"1,500",2,7\n', {}, 1500.0),
        ("Country;2020;2021;2022\nJapan;1.500;2;7\n", {"decimal": "."}, 1.5),
        ('Country,2020,2021,2022\nJapan,"1,500",2,7\n', {"decimal": ","}, 1.5),
        ("Country\t2020\t2021\t2022\nJapan\t1.500\t2\t7\n", {}, None),
        ("Country\t2020\t2021\t2022\nJapan\t1.500\t2\t7\n", {"decimal": ","}, 1500.0),
    ],
)
def test_the_decimal_sign_of_a_wide_sheet(tmp_path, text, said, value):
    """What is said, else what the numbers leave open no longer, else the usual one beside such delimiters."""
    path = written(tmp_path, text)
    if value is None:
        assert "read in two ways" in str(refused(lambda: read_flows(path, **said)))
    else:
        assert read_flows(path, **said).table["value"].max() == max(value, 7.0)


def test_a_wide_sheet_that_names_a_period_twice(tmp_path):
    path = written(tmp_path, "Country,2020,2021,2022,2022\nJapan,1,2,3,4\n")
    assert "two columns named '2022'" in str(refused(lambda: read_flows(path)))


def test_a_column_more_than_there_are_roles_is_a_key(tmp_path):
    head = "Exporter,Market,Product,Regime,2020,2021,2022\n"
    path = written(tmp_path, f"{head}China,Japan,01,a,1,2,3\nChina,Japan,01,b,1,2,3\n")
    error = refused(lambda: read_flows(path))
    assert "role is not known: ['Regime']" in str(error)
    assert "product='Product', keys='Regime')" in error.remedy
    assert len(read_flows(path, **error.options[0]).table) == 6


def test_marks_in_wide_sheets_are_left_out_when_said(tmp_path):
    path = written(tmp_path, "Country;2020;2021;2022\nJapan;1,5;2;..\nUSA;3;4;1.234,5\n")
    error = refused(lambda: read_flows(path))
    assert "no numbers in 1 row. First: '..'" in str(error)
    flows = read_flows(path, **error.options[0])
    assert sorted(flows.table["value"]) == [1.5, 2.0, 3.0, 4.0, 1234.5]


ENGINES = [
    lambda t: t,
    pl.from_pandas,
    lambda t: pl.from_pandas(t).lazy(),
    pa.Table.from_pandas,
    duckdb.from_df,
]


@pytest.mark.parametrize("make", ENGINES)
def test_the_line_that_makes_a_table_long_runs_as_printed(make):
    table = make(pd.DataFrame({"Partner": ["Japan", "Korea"], "2022": [60.0, 20.0], "2023": [70.0, 20.0]}))
    message = str(refused(lambda: xl.flows(table)))
    names = {"table": table, "xl": xl}
    exec(re.search(r"(table = .*?), then xl", message)[1], names)
    made = eval(re.search(r"then (xl\.flows\(.*?\))\.", message)[1], names)
    assert made.members("period") == ("2022", "2023")
    assert made.members("market") == ("Japan", "Korea")


def test_years_that_melting_leaves_as_objects():
    table = pd.DataFrame({"Partner": ["Japan"], 2022: [60.0], 2023: [70.0]}).melt(
        ["Partner"], var_name="period"
    )
    flows = xl.flows(table, market="Partner")
    assert flows.members("period") == (2022, 2023)


# Plain names.


@pytest.mark.parametrize("make", ENGINES)
def test_plain_names_get_their_roles(make):
    table = make(
        pd.DataFrame(
            {"year": [2021, 2021, 2022, 2022], "partner": ["Japan", "USA"] * 2, "value": [1.0, 2, 3, 4]}
        )
    )
    assert xl.flows(table).roles == {"period": "year", "market": "partner", "value": "value"}


def test_plain_names_in_files_and_other_names_with_the_call(tmp_path):
    path = written(tmp_path, "year,partner,value\n2021,Japan,1\n2022,Japan,3\n")
    assert read_flows(path).roles == {"period": "year", "market": "partner", "value": "value"}
    other = written(
        tmp_path, "统计年份,最终目的国（地区）名称,贸易类型,金额_美元\n2023,日本,出口,5\n", "b.csv"
    )
    message = str(refused(lambda: read_flows(other)))
    flows = eval(re.search(r"Perhaps: (xl\..*)\.", message)[1], {"xl": xl})
    assert flows.roles == {"period": "统计年份", "market": "最终目的国（地区）名称", "value": "金额_美元"}
    assert flows.unit == "美元"


def test_two_columns_for_one_role_have_none():
    assert suggest.plain(["year", "month", "partner"]) == {"market": "partner"}


# From a path: pandas, and DuckDB from a size on.


def test_large_files_stay_where_they_are(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    MIXED[["year", "partner", "value"]].to_parquet(path)
    assert "pandas" in repr(read_flows(path))
    text = written(tmp_path, "year,partner,value\n2021,Japan,1\n")
    semicolons = written(tmp_path, "year;partner;value\n2021;Japan;1,5\n", "b.csv")
    monkeypatch.setattr("exportlab.readers.lazy.LARGE", 1)
    assert "duckdb" in repr(read_flows(path))
    assert "duckdb" in repr(read_flows(text))
    assert "pandas" in repr(read_flows(semicolons))
    assert "pandas" in repr(read_flows(path, engine="pandas"))


# The command line: its remedies are typed, and run.


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"digits": 6, "nomenclature": "HS"}, "--digits 6 --nomenclature HS"),
        (
            {"leave_out": {"partner": ["World", "All countries"]}},
            "--leave-out partner=World --leave-out 'partner=All countries'",
        ),
        ({"wide": True, "market": "Economy"}, "--wide --market Economy"),
        ({"decimal": ",", "leave_out": {"value": [".."]}}, "--decimal ',' --leave-out 'value=..'"),
        ({"aggregate": "sum"}, "--sum"),
        ({"zero_quantity": "zero", "keys": ["regime"]}, "--zero-quantity zero --keys regime"),
    ],
)
def test_options_as_flags(options, line):
    assert flags(options) == line


def test_messages_as_one_types_them():
    text = "refused: table = table[~table['p'].isin(['World'])]; in read_flows leave_out={'p': ['World']}."
    assert typed(f"{text} Or aggregate='sum'.") == "refused: --leave-out p=World. Or --sum."
    assert (
        typed("Perhaps: xl.read_flows('a.csv', period='year', value='usd').")
        == "Perhaps: --period year --value usd."
    )


def command(*words: str) -> str:
    result = CliRunner().invoke(app, ["measure", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return said(result.exception) or repr(result.exception)
    return result.output


MARKETS = ["--period", "year", "--market", "partner", "--value", "usd"]
NAMED = ["--period", "year", "--product", "hs", "--value", "usd"]


@pytest.mark.parametrize(
    ("text", "roles", "over"),
    [
        ("year,hs,usd\n2022,10121,40\n2022,100199,10\n", NAMED, "product"),
        ("year,hs,usd\n2022,84,100\n2022,847130,60\n2022,847141,20\n", NAMED, "product"),
        ("year,partner,usd\n2022,Japan,40\n2022,World,40\n", MARKETS, "market"),
        ("year\tpartner\tusd\n2022\tJapan\t1,500\n2022\tUSA\t40\n", MARKETS, "market"),
        ("year,partner,value,currency\n2022,Japan,5,USD\n2023,Japan,36,CNY\n", [], "market"),
        ("Economy,2021,2022,2023\nJapan,50,60,..\nUSA,5,6,7\n", ["--wide", "--market", "Economy"], "market"),
        ("Economy,2021,2022\nJapan,50,60\nUSA,5,6\n", ["--wide"], "market"),
        ("year,partner,usd\n2022,Japan,40\n2022,Korea,40\n", [], "market"),
    ],
)  # fmt: skip
def test_every_remedy_of_the_command_line_runs(tmp_path, text, roles, over):
    path = written(tmp_path, text)
    call = [path, "--over", over, "-i", "hhi"]
    message = command(*call, *roles)
    remedy = message[message.index(" --") :].rstrip().removesuffix(".").removesuffix(". Say")
    ways = [way.strip().rstrip(".") for way in re.split(r", or |\. |(?<=\.)\Z", remedy) if "--" in way]
    assert ways, message
    for way in ways:
        words = shlex.split(way[way.index("--") :])
        assert "hhi" in command(*call, *roles, *words), (way, message)


def test_the_command_line_knows_downloads_by_their_header(tmp_path):
    head = "period,reporterCode,flowCode,partnerCode,classificationCode,cmdCode,primaryValue\n"
    parts = (
        ("84", 100),
        ("8471", 80),
        ("847130", 60),
        ("847141", 20),
        ("85", 50),
        ("8517", 50),
        ("851712", 50),
    )
    path = written(tmp_path, head + "".join(f"2022,156,X,392,H6,{c},{v}\n" for c, v in parts))
    assert "0.306667" in command(path, "--over", "product", "-i", "hhi")
    two = head + "2016,156,X,392,H4,690890,1\n2017,156,X,392,H5,690721,1\n"
    message = command(written(tmp_path, two), "--over", "product", "-i", "hhi")
    assert "Say --revision H4, or --revision H5, or --revision mixed." in message
    assert "2017" in command(written(tmp_path, two), "--over", "product", "-i", "hhi", "--revision", "H5")
    baci = written(
        tmp_path,
        "t,i,j,k,v,q\n2022,156,392,10121,3,1\n2022,156,392,847130,1,NA\n",
        "BACI_HS92_Y2022_V202501.csv",
    )
    assert "0.625" in command(baci, "--over", "product", "-i", "hhi")


def test_of_many_totals_five_are_named():
    labels = ["World", "Total", "TOTAL", "合计", "总计", "All countries"]
    table = pd.DataFrame({"market": ["Japan", *labels], "value": 1.0})
    with pytest.raises(DataError, match=r"has totals among its members \(('[^']+', ){4}'[^']+'\) in 6 rows"):
        xl.flows(table)


def test_keys_of_periods_move_also_where_some_stay():
    """Keys of one type that differ are moved as those of another type are."""
    frame = nw.from_native(pl.DataFrame({"period": ["2021", "2022"], "value": [1.0, 2.0]}))
    moved = rekeyed(frame, {"2021": "2021-01", "2022": "2022"}, frame)
    assert moved["period"].to_list() == ["2021-01", "2022"]
    assert rekeyed(frame, {"2021": "2021", "2022": "2022"}, frame) is frame
    assert rekeyed(frame, {"2021": 2021, "2022": 2022}, frame)["period"].to_list() == [2021, 2022]


def test_what_a_pandas_column_of_objects_or_categories_holds():
    """Whole numbers as far as they have 64 bits; categories count as what they are categories of."""
    assert series_kind(pd.Series([2**63 - 1, None], dtype=object)) == "whole"
    assert series_kind(pd.Series([2**63, 1], dtype=object)) == "other"
    assert series_kind(pd.Series(["a", "b"]).astype("category")) == "category"
    assert series_kind(pd.cut(pd.Series([1.0, 2.0]), 2)) == "other"  # of intervals
