"""Codes, levels, editions and quantities: each is what it says, or is refused with the option that mends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import exportlab as xl
from exportlab.classifications.nomenclatures import code_of, nomenclature, read_codes
from exportlab.errors import DataError, UnknownName
from exportlab.frames import to_pandas

ENGINES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda t: t,
    "polars": pl.from_pandas,
    "lazy": lambda t: pl.from_pandas(t).lazy(),
    "pyarrow": pa.Table.from_pandas,
    "duckdb": duckdb.from_df,
}
HEAD = "period,reporterCode,flowCode,partnerCode,classificationCode,cmdCode,primaryValue\n"


def rows(flows: xl.Flows, *columns: str) -> list[tuple[Any, ...]]:
    table = to_pandas(flows.table)
    return sorted(table[list(columns or table.columns)].itertuples(index=False, name=None))


def comtrade(folder: Path, *lines: str) -> str:
    path = folder / "comtrade.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return str(path)


def refused(call: Callable[..., Any], **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        call(**options).check()
    return caught.value


# What a code is.


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("010121", "010121"),
        ('="010121"', "010121"),
        ("'010121", "010121"),
        ("\uff10\uff11\uff10\uff11\uff12\uff11", "010121"),
        (" 0101 21", "010121"),
        ("10121.0", "10121"),
        ("0101.21", "010121"),
        ("1.0121E+04", "10121"),
        ("1.01E+05", None),
        ("9999AA", "9999AA"),
        ("machinery", None),
    ],
)
def test_the_digits_of_a_code_as_spreadsheets_disfigure_it(label, code):
    assert code_of(label) == code


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("HS", "HS"),
        ("H5", "HS2017"),
        ("hs 2017", "HS2017"),
        ("HS17", "HS2017"),
        ("S3", "SITC3"),
        ("SITC Rev.3", "SITC3"),
        ("own", "own"),
        ("B4", "BEC4"),
    ],
)
def test_names_of_nomenclatures(name, said):
    assert str(nomenclature(name)) == said


def test_a_name_of_no_nomenclature_is_refused():
    with pytest.raises(UnknownName, match="no nomenclature named 'HS1789'"):
        nomenclature("HS1789")


@pytest.mark.parametrize(
    ("labels", "family"),
    [
        (["01", "0101", "847130"], "HS"),
        (["8471", "847130", "TOTAL", "84 (rest)"], "HS"),
        (["001", "00", "7843"], "SITC"),
        (["1", "10", "11"], None),
        (["1", "11", "12"], None),
        (["84", "food"], None),
        (["00", "0001", "847130"], None),
    ],
)
def test_the_whole_column_says_what_its_codes_are(labels, family):
    found = read_codes(labels).nomenclature
    assert (found.family if found else None) == family


@pytest.mark.parametrize("engine", ENGINES)
def test_codes_that_lost_zeros_are_refused_and_mended_on_every_engine(engine):
    table = pd.DataFrame({"year": 2022, "hs": ["10121", "100199"], "usd": [40.0, 10.0]})
    roles = {"period": "year", "product": "hs", "value": "usd"}
    error = refused(lambda **more: xl.flows(ENGINES[engine](table), **roles, **more))
    assert "'10121' are product codes that have lost a zero in 1 row" in str(error)
    assert str(error).endswith("Say digits=6, or nomenclature='own'.")
    made = [rows(xl.flows(ENGINES[engine](table), **roles, **way), "hs", "usd") for way in error.options]
    assert made == [[("010121", 40.0), ("100199", 10.0)], [("100199", 10.0), ("10121", 40.0)]]


@pytest.mark.parametrize("engine", ENGINES)
def test_codes_stored_as_numbers_become_codes(engine):
    for codes in ([10121.0, 847130.0], [10121, 847130]):
        table = ENGINES[engine](pd.DataFrame({"hs": codes, "usd": [40.0, 10.0]}))
        error = refused(lambda table=table, **more: xl.flows(table, product="hs", value="usd", **more))
        assert "were read as numbers" in str(error)
        flows = xl.flows(table, product="hs", value="usd", **error.options[0])
        assert rows(flows) == [("010121", 40.0), ("847130", 10.0)]


@pytest.mark.parametrize("options", [{}, {"digits": 6}, {"nomenclature": "HS"}])
def test_digits_that_are_gone_are_never_made_up(options):
    table = pd.DataFrame({"hs": ["010121", "1.01E+05"], "usd": [40.0, 10.0]})
    error = refused(lambda: xl.flows(table, product="hs", value="usd", **options))
    assert "'1.01E+05' are product codes in scientific notation" in str(error)
    assert error.options == ()
    assert error.rows == 1


def test_disfigured_codes_are_refused_and_mended():
    labels = ['="010121"', "'010130", "\uff10\uff11\uff10\uff11\uff14\uff10", " 010150", "10190", "847130.0"]
    table = pd.DataFrame({"hs": labels, "usd": 1.0})
    error = refused(lambda: xl.flows(table, product="hs", value="usd"))
    assert "disfigured" in error.problem
    flows = xl.flows(table, product="hs", value="usd", **error.options[0])
    assert flows.members("product") == ("010121", "010130", "010140", "010150", "010190", "847130")


def test_short_codes_keep_their_level_in_the_hs_and_get_zeros_in_ones_own():
    table = pd.DataFrame({"hs": ["10121", "84"], "usd": 1.0})
    error = refused(lambda: xl.flows(table, product="hs", value="usd", digits=6))
    assert "'000084' got more than one zero" in str(error)
    made = [xl.flows(table, product="hs", value="usd", **way).members("product") for way in error.options]
    assert made == [("010121", "84"), ("000084", "010121")]


def test_a_code_is_checked_for_being_one_of_its_nomenclature():
    table = pd.DataFrame({"hs": ["010121", "0001", "84x"], "usd": 1.0})
    error = refused(lambda: xl.flows(table, product="hs", value="usd", nomenclature="HS2017"))
    assert "'0001', '84x' are no codes of HS2017 in 2 rows" in str(error)
    assert len(xl.flows(table, product="hs", value="usd", **error.options[0]).members("product")) == 3
    sitc = pd.DataFrame({"code": ["001", "101"], "usd": 1.0})
    assert "'101' are no codes of SITC3" in str(
        refused(lambda: xl.flows(sitc, product="code", value="usd", nomenclature="S3"))
    )


@pytest.mark.parametrize("codes", [["1", "10", "11"], ["10121", "20202"], ["a", "ab"], ["01", "1"]])
def test_codes_that_are_ones_own_stay_as_they_are(codes):
    table = pd.DataFrame({"hs": codes, "usd": [1.0] * len(codes)})
    assert xl.flows(table, product="hs", value="usd").members("product") == tuple(sorted(codes))


def test_a_chapter_that_lost_its_zero():
    assert xl.classifications.hs_chapter("10121").title == xl.classifications.hs_chapter("010121").title


# Levels beside each other.

NESTED = pd.DataFrame(
    {"hs": ["84", "8471", "847130", "847141", "85", "8517", "851712"], "usd": [100.0, 80, 60, 20, 50, 50, 50]}
)


@pytest.mark.parametrize("engine", ENGINES)
def test_levels_are_refused_and_the_finest_kept_on_every_engine(engine):
    table = ENGINES[engine](NESTED)
    error = refused(lambda: xl.flows(table, product="hs", value="usd"))
    assert "3 equal to the sum of their parts, 1 larger than the sum of its parts (HS) in 4 rows" in str(
        error
    )
    flows = xl.flows(table, product="hs", value="usd", **error.options[0])
    assert rows(flows) == [("84 (rest)", 20.0), ("847130", 60.0), ("847141", 20.0), ("851712", 50.0)]
    hhi = to_pandas(xl.hhi(flows, over="product"))["hhi"][0]
    assert hhi == pytest.approx((60**2 + 20**2 + 20**2 + 50**2) / 150**2, rel=1e-12)


def test_levels_of_different_exporters_are_not_beside_each_other():
    table = pd.DataFrame({"exporter": ["A", "B"], "product": ["84", "847130"], "value": [100.0, 60.0]})
    assert len(xl.flows(table).table) == 2
    both = pd.DataFrame({"exporter": ["A", "A"], "product": ["84", "847130"], "value": [100.0, 60.0]})
    assert "1 larger than" in str(refused(lambda: xl.flows(both)))


def test_a_parent_smaller_than_its_parts_is_refused_whatever_is_said():
    table = NESTED.assign(usd=[70.0, 80, 60, 20, 50, 50, 50])
    for options in ({}, {"levels": "finest"}):
        error = refused(lambda options=options: xl.flows(table, product="hs", value="usd", **options))
        assert "1 parents that are smaller than the sum of their parts" in str(error)
        assert error.first == "'84' 70 beside its parts 80"


@pytest.mark.parametrize(("whole", "kept"), [(10.1, 2), (10.2, 2), (10.4, 3)])
def test_a_difference_within_the_printed_digits_is_rounding(whole, kept):
    table = pd.DataFrame({"hs": ["84", "8471", "8472"], "usd": [whole, 5.1, 5.0]})
    assert len(xl.flows(table, product="hs", value="usd", levels="finest").table) == kept


def test_a_quantity_of_a_rest_is_unknown_and_other_columns_stay():
    table = NESTED.assign(year=2022, t=1.0, market="Japan")
    flows = xl.flows(table, period="year", product="hs", value="usd", quantity="t", levels="finest")
    assert flows.table["t"].isna().tolist() == [True, False, False, False]
    assert "3 equal to the sum of their parts" in flows.notes[0]


def test_a_door_passed_by_schema_alone_is_not_asked_for_rows():
    assert xl.flows(NESTED, product="hs", value="usd", nomenclature="own").table.shape == (7, 2)


# Readers choose by reporter, period and branch.


def test_comtrade_that_lost_zeros(tmp_path):
    path = comtrade(
        tmp_path,
        *(f"2022,156,X,392,H6,{c},{v}" for c, v in (("10121", 100), ("30212", 200), ("847130", 300))),
    )
    error = refused(lambda: xl.read_comtrade(path))
    assert "cmdCode: '10121', '30212' are product codes that have lost a zero in 2 rows" in str(error)
    flows = xl.read_comtrade(path, **error.options[0])
    assert flows.members("product") == ("010121", "030212", "847130")
    assert xl.hhi(flows, over="product", by=["period"])["hhi"][0] == pytest.approx(14 / 36)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (
            ["2022,156,X,0,H6,847130,60", "2022,276,X,0,H6,8471,500"],
            [("CHN", "847130", 60), ("DEU", "8471", 500)],
        ),
        (
            ["2021,156,X,0,H6,847130,900", "2022,156,X,392,H6,847130,60", "2022,156,X,0,H6,847130,60"],
            [("CHN", "JPN", 60), ("CHN", "World (rest)", 900)],
        ),
        (
            [
                f"2022,156,X,392,H6,{c},{v}"
                for c, v in (("84", 100), ("847130", 60), ("85", 500), ("TOTAL", 600))
            ],
            [("CHN", "84 (rest)", 40), ("CHN", "847130", 60), ("CHN", "85", 500)],
        ),
        (
            ["2022,156,X,392,H6,847130,60", "2022,156,X,0,H6,847130,100"],
            [("CHN", "JPN", 60), ("CHN", "World (rest)", 40)],
        ),
    ],
)
def test_comtrade_loses_no_reporter_year_or_chapter(tmp_path, lines, wanted):
    table = xl.read_comtrade(comtrade(tmp_path, *lines)).table
    last = "partnerCode" if "(rest)" in str(wanted) and "World" in str(wanted) else "cmdCode"
    assert sorted(table[["reporterCode", last, "primaryValue"]].itertuples(index=False, name=None)) == wanted


def test_comtrade_refuses_a_world_smaller_than_its_partners(tmp_path):
    path = comtrade(
        tmp_path, "2022,156,X,392,H6,847130,60", "2022,156,X,842,H6,847130,60", "2022,156,X,0,H6,847130,100"
    )
    error = refused(lambda: xl.read_comtrade(path))
    assert "partnerCode has 1 parents that are smaller" in str(error)
    assert "100 beside its parts 120" in str(error)


def test_customs_keep_the_rest_of_a_chapter(tmp_path):
    path = tmp_path / "g.csv"
    head = "数据年月,商品编码,商品名称,贸易伙伴编码,贸易伙伴名称,美元,\n"
    path.write_text(
        head + "202301,84,机器,116,日本,1000,\n202301,84713000,电脑,116,日本,500,\n", encoding="gb18030"
    )
    flows = xl.read_gacc(path, exporter="辽宁省")
    assert rows(flows, "商品编码", "美元") == [("84 (rest)", 500.0), ("84713000", 500.0)]
    path.write_text(
        head + "202301,84,机器,116,日本,500,\n202301,84713000,电脑,116,日本,500,\n", encoding="gb18030"
    )
    flows = xl.read_gacc(path, exporter="辽宁省")
    assert rows(flows, "商品编码") == [("84713000",)]
    assert flows.reading.rows_aside("products of 2 digits")["美元"].to_list() == [500.0]
    assert flows.reading.rows == 2


# Editions.


def test_editions_are_refused_until_one_is_said(tmp_path):
    lines = ["2016,156,X,392,H4,690890,1000", "2017,156,X,392,H5,690721,1000", "2017,276,X,392,H4,690890,900"]
    path = comtrade(tmp_path, *lines)
    error = refused(lambda: xl.read_comtrade(path))
    assert "2 editions: H4, H5. First: 'H4' beside 'H5' (2017, 156)" in str(error)
    sizes = [len(xl.read_comtrade(path, **way).table) for way in error.options]
    assert sizes == [2, 1, 3]
    assert len(xl.read_comtrade(path, revision="HS2017").table) == 1
    assert xl.read_comtrade(path, revision="H5").reading.table["reason"].to_list()[1] == "classification H4"


@pytest.mark.parametrize(
    ("lines", "options", "nomenclature"),
    [
        (["2022,156,X,392,H6,847130,60"], {}, "HS2022"),
        (["2022,156,X,392,S3,00150,60"], {}, "SITC3"),
        (["2022,156,X,392,H6,847130,60", "2021,156,X,392,H5,847130,60"], {"revision": "mixed"}, "HS"),
    ],
)
def test_files_say_their_edition_and_of_several_what_they_share(tmp_path, lines, options, nomenclature):
    flows = xl.read_comtrade(comtrade(tmp_path, *lines), **options)
    assert flows.goods.nomenclature == nomenclature


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_of_editions_at_the_door(engine):
    table = ENGINES[engine](
        pd.DataFrame({"hs": ["690890", "690721"], "usd": [1.0, 2.0], "nom": ["H4", "H5"]})
    )
    error = refused(lambda: xl.flows(table, product="hs", value="usd", nomenclature="nom"))
    assert "column 'nom' holds product codes of 2 editions: H4, H5" in str(error)
    flows = xl.flows(table, product="hs", value="usd", nomenclature="nom", **error.options[1])
    assert rows(flows) == [("690721", 2.0)]
    assert flows.goods.nomenclature == "H5"


# Quantities.


@pytest.mark.parametrize(("options", "wanted"), [({}, [None, 1.0]), ({"zero_quantity": "zero"}, [2.0, 0.5])])
def test_a_quantity_of_zero_is_unknown_after_summing_too(options, wanted):
    table = pd.DataFrame(
        {
            "exporter": list("AABB"),
            "market": list("JKJK"),
            "product": "x",
            "value": [100.0, 100, 50, 50],
            "quantity": [10.0, 0, 10, 10],
        }
    )
    flows = xl.flows(table, **options)
    made = xl.relative_unit_value(flows, by=["exporter"])["relative_unit_value"].tolist()
    if wanted[0] is None:
        assert made[0] != made[0]
        assert made[1] == 1.0
    else:
        assert made == wanted
    assert flows.table["quantity"].tolist() == [10.0, 0.0, 10.0, 10.0]


UNITS = pd.DataFrame(
    {
        "year": [2020, 2020, 2021, 2021] * 2,
        "exporter": list("AAAABBBB"),
        "product": list("xyxyxyxy"),
        "value": [100.0, 50, 110, 60, 50, 40, 60, 44],
        "quantity": [10.0, 5, 10, 6, 5, 4, 6, 4],
        "u": ["kg", "t", "kg", "t", "kg", "no", "kg", "t"],
    }
)


@pytest.mark.parametrize("engine", ENGINES)
def test_quantities_of_different_units_never_meet(engine):
    flows = xl.flows(ENGINES[engine](UNITS), period="year", quantity_unit="u")
    assert flows.quantity_keys == ("u",)
    prices = to_pandas(xl.relative_unit_value(flows)).set_index(["year", "exporter", "product", "u"])[
        "relative_unit_value"
    ]
    assert prices[2020, "A", "y", "t"] == 1.0  # alone in its unit: B counts pieces
    assert prices[2021, "A", "x", "kg"] == pytest.approx(11 / (170 / 16))
    summed = to_pandas(xl.price_quantity(flows)).set_index("exporter")
    assert summed.loc["A", "units"] == 2
    assert summed.loc["A", ["volume", "mix"]].isna().all()
    quality = to_pandas(xl.prody_quality(flows, {"A": 1.0, "B": 2.0})).set_index(
        ["year", "exporter", "product"]
    )
    assert pd.isna(quality.loc[(2020, "A", "y"), "prody_quality"])
    assert quality.loc[(2020, "A", "x"), "relative_price"] == pytest.approx(1.0)


def test_a_row_of_nothing_in_another_unit_is_no_second_unit():
    nothing = UNITS.iloc[[0]].assign(value=0.0, quantity=0.0, u="no")
    flows = xl.flows(pd.concat([UNITS, nothing]), period="year", quantity_unit="u")
    quality = xl.prody_quality(flows, {"A": 1.0, "B": 2.0}).set_index(["year", "exporter", "product"])
    assert quality.loc[(2020, "A", "x"), "relative_price"] == pytest.approx(1.0)


def test_one_unit_in_a_column_is_the_unit():
    flows = xl.flows(UNITS.assign(u="kg"), period="year", quantity_unit="u")
    assert (flows.quantity_unit, flows.quantity_keys, flows.keys) == ("kg", (), ())


# What was not observed is not zero.

HOLE = pd.DataFrame(
    [
        (y, e, p, v)
        for y in range(2010, 2016)
        for e in "AB"
        for p, v in (("x", 1.0), ("y", 2.0))
        if (e, y) != ("B", 2012)
    ],
    columns=["period", "exporter", "product", "value"],
)


def test_an_exporter_without_a_row_was_not_observed():
    flows = xl.flows(HOLE)
    found = xl.spells(flows, gap=0).query("exporter == 'B' and product == 'x'")
    assert found[["start", "end", "left_censored", "right_censored"]].to_numpy().tolist() == [
        [2010, 2011, True, True],
        [2013, 2015, True, True],
    ]
    growth = xl.growth_margins(flows).set_index(["period", "exporter"])["growth_margins"]
    assert growth[2012, "B"] != growth[2012, "B"]
    assert growth[2013, "B"] != growth[2013, "B"]
    assert growth[2012, "A"] == 0
    zeros = pd.concat(
        [HOLE, pd.DataFrame({"period": [2012], "exporter": ["B"], "product": ["x"], "value": [0.0]})]
    )
    assert (
        xl.growth_margins(xl.flows(zeros)).set_index(["period", "exporter"])["growth_margins"][2012, "B"]
        == -1
    )
    ends = xl.spells(xl.flows(zeros), gap=0).query("exporter == 'B' and product == 'x'")
    assert ends["right_censored"].tolist() == [False, True]


def test_one_exporter_alone_has_no_advantage():
    flows = xl.flows(HOLE.query("exporter == 'A'"))
    for index in (xl.rca, xl.location_quotient, xl.hachman):
        with pytest.raises(DataError, match=r"one exporter, 'A'.*reference=xl\.flows\(\.\.\.\)"):
            index(flows)
        assert len(index(flows, reference=xl.flows(HOLE)))
