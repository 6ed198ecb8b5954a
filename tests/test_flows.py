"""The door: what it takes, what it refuses, and the words it refuses with."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest
from engines import ENGINES, rows

import exportlab as xl
from exportlab import suggest
from exportlab.errors import DataError, OptionError, UnknownName

ROLES = {"period": "year", "exporter": "city", "market": "partner", "product": "hs", "value": "usd"}


def table(**changes):
    made = pd.DataFrame(
        {
            "year": [2022, 2022, 2023, 2023],
            "city": ["Dalian", "Shenyang", "Dalian", "Shenyang"],
            "partner": ["Japan", "USA", "Japan", "Germany"],
            "hs": ["010121", "270900", "010121", "270900"],
            "usd": [5.0, 3.0, 6.0, 2.0],
        }
    )
    return made.assign(**changes)


def refusal(made, **options):
    with pytest.raises(DataError) as caught:
        xl.flows(made, **{**ROLES, **options}).check()
    return str(caught.value)


def test_the_door_names_the_roles_and_keeps_the_users_names():
    flows = xl.flows(table(), **ROLES, unit="USD", source="made up")
    assert flows.roles == ROLES
    assert repr(flows) == (
        "Flows(period='year', exporter='city', market='partner', product='hs', value='usd'; "
        "rows: 4, pandas; unit: USD)"
    )
    assert list(flows.table.columns) == list(ROLES.values())


def test_a_column_of_the_roles_own_name_needs_no_naming():
    flows = xl.flows(pd.DataFrame({"market": ["a", "b"], "value": [1, 2]}))
    assert flows.identity == ("market",)
    assert xl.hhi(flows, over="market", by=[])["hhi"].tolist() == pytest.approx([5 / 9])


REFUSALS = {
    "missing column": (table(), {"value": "eur"}, "column 'eur' is not in the table. The table has: ['year', 'city',"),
    "text": (table(usd=["5", "1,234", "6", "2"]), {}, "value 'usd' holds text, not numbers. First: '5'. Remove"),
    "missing": (table(usd=[5.0, None, 6.0, 2.0]), {}, "value 'usd' is missing in 1 row. First: row 2, year=2022,"),
    "negative": (table(usd=[5.0, -3.0, -6.0, 2.0]), {}, "value 'usd' is negative in 2 rows. First: row 2, year=2022,"),
    "infinite": (table(usd=[5.0, float("inf"), 6.0, 2.0]), {}, "value 'usd' is infinite in 1 row. First: row 2,"),
    "missing key": (table(partner=["Japan", None, "Japan", "Germany"]), {}, "market 'partner' is missing in 1 row."),
    "duplicates": (
        pd.concat([table(), table()[:1]]), {},
        "several rows have one cell (year, city, partner, hs) in 2 rows. First: year=2022, city='Dalian', "
        "partner='Japan', hs='010121'. Name the columns that tell them apart in keys=[...]"),
    "zeros": (table(usd=0.0), {}, "all 4 values are zero. No index is defined on nothing"),
    "empty": (table()[:0], {}, "the table has no rows. Check the filter"),
    "total": (table(partner=["Japan", "World", "Japan", "Germany"]), {},
              "market 'partner' has totals among its members ('World') in 1 row. First: row 2, year=2022, "),
    "Chinese total": (table(partner=["Japan", "全部", "Japan", "Germany"]), {}, "('全部') in 1 row. First: row 2,"),
    "product total": (table(hs=["TOTAL", "270900", "010121", "270900"]), {}, "product 'hs' has totals among"),
    "exporter total": (table(city=["World", "Shenyang", "Dalian", "Shenyang"]), {}, "exporter 'city' has totals"),
    "RCEP": (table(partner=["Japan", "RCEP", "Japan", "Germany"]), {},
             "markets in 'partner' overlap: 1 pair. First: 'RCEP' beside 'Japan'. Keep either the bloc or its members"),
    "EU": (table(partner=["Japan", "EU", "Japan", "Germany"]), {}, "First: 'EU' beside 'Germany'."),
    "ASEAN": (table(partner=["Vietnam", "ASEAN", "Japan", "Germany"]), {}, "First: 'ASEAN' beside 'Vietnam'."),
    "one country twice": (table(partner=["South Korea", "Korea, Rep.", "Japan", "USA"]), {},
                          "market 'partner' writes 1 place in more than one way: KOR: 'Korea, Rep.', 'South Korea'"),
    "lost zeros": (table(hs=[10121, 270900, 10121, 270900]), {},
                   "product codes in 'hs' were read as numbers (Int64). Leading zeros are lost that way"),
    "mixed periods": (table(year=["2022", "2022-05", "2023", "2023"]), {},
                      "period 'year' mixes years and months ('2022' and '2022-05'; 1 of 3 labels) in 1 row. "
                      "First: row 2, year='2022-05'."),
    "decimal years": (table(year=[2022.0, 2022.0, 2023.0, 2023.0]), {}, "period 'year' is of type Float64"),
    "decimal codes": (table(city=[1.0, 2.0, 1.0, 2.0]), {}, "exporter 'city' holds decimal numbers, as codes do"),
    "two units": (table(unit=["CNY", "USD", "CNY", "USD"]), {"unit": "unit"}, "column 'unit' holds 2 units:"),
    "quantity": (table(t=[1.0, -2.0, None, 2.0]), {"quantity": "t"}, "quantity 't' is negative or infinite in 1 row."),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_say_what_how_many_the_first_and_what_to_do(case):
    made, options, words = REFUSALS[case]
    assert words in refusal(made, **options)


@pytest.mark.parametrize("engine", [e for e in ENGINES if e != "pandas"])
@pytest.mark.parametrize("case", [c for c in REFUSALS if c not in ("decimal codes", "text")])
def test_every_engine_refuses_with_the_same_count(engine, case):
    made, options, _ = REFUSALS[case]
    expected, got = refusal(made, **options), refusal(ENGINES[engine](made), **options)
    assert got.split(". First")[0].split(": ['")[0] == expected.split(". First")[0].split(": ['")[0]


def test_a_list_is_no_table():
    with pytest.raises(
        DataError, match=r"a builtins\.list is not a table that can be read\. Allowed: pandas, Polars"
    ):
        xl.flows([1, 2])


def test_no_value_column():
    with pytest.raises(DataError, match="no column is named as the value. Say value="):
        xl.flows(table(), market="partner")


def test_one_column_for_two_roles():
    with pytest.raises(OptionError, match="Column 'partner' is named for two roles"):
        xl.flows(table(), market="partner", exporter="partner", value="usd")


def test_keys_that_are_roles():
    with pytest.raises(OptionError, match="give it as market=... instead"):
        xl.flows(table().rename(columns={"partner": "market"}), value="usd", keys=["market"])


def test_raw_tables_do_not_pass_by_the_door():
    with pytest.raises(DataError, match="measure takes Flows, not DataFrame. Name the columns' roles first"):
        xl.measure(table(), ["hhi"], over="market")


def test_unknown_role_lists_what_is_there():
    flows = xl.flows(table(), **ROLES)
    with pytest.raises(
        UnknownName, match="There is no role or key column named 'markt'. Did you mean 'market'"
    ):
        xl.hhi(flows, over="markt")
    with pytest.raises(OptionError, match="'market' stands in both over= and by="):
        xl.hhi(flows, over="market", by=["market"])


def test_duplicates_are_added_only_when_asked():
    twice = pd.concat([table(), table()])
    flows = xl.flows(twice, **ROLES, aggregate="sum")
    assert xl.cells(flows, ["period"]).table["usd"].tolist() == [16.0, 16.0]


def test_keys_are_part_of_a_cells_identity_and_are_summed_over():
    twice = pd.concat([table(regime="general"), table(regime="processing")])
    flows = xl.flows(twice, **ROLES, keys=["regime"])
    assert flows.identity == ("period", "exporter", "market", "product", "regime")
    assert xl.share(flows, over="market", by=["year"])["share"].tolist() == [0.625, 0.375, 0.25, 0.75]
    by_regime = xl.hhi(flows, over="market", by=["regime"])
    assert by_regime["regime"].tolist() == ["general", "processing"]


@pytest.mark.parametrize("engine", ENGINES)
def test_cells_sum_and_are_flows_again(engine):
    flows = xl.flows(ENGINES[engine](table()), **ROLES)
    made = xl.cells(flows, ["period", "market"])
    assert made.unique
    found = {(r["year"], r["partner"]): r["usd"] for r in rows(made.table, ["year", "partner"])}
    assert found == {(2022, "Japan"): 5.0, (2022, "USA"): 3.0, (2023, "Japan"): 6.0, (2023, "Germany"): 2.0}
    assert rows(xl.hhi(made, over="market"), ["year"]) == rows(
        xl.hhi(flows, over="market", by="period"), ["year"]
    )


def test_lazy_tables_are_checked_when_first_needed():
    import polars as pl

    flows = xl.flows(pl.from_pandas(table(usd=[5.0, -3.0, 6.0, 2.0])).lazy(), **ROLES)
    with pytest.raises(DataError, match="value 'usd' is negative in 1 row"):
        xl.hhi(flows, over="market")
    trusted = xl.flows(pl.from_pandas(table(usd=[5.0, -3.0, 6.0, 2.0])).lazy(), **ROLES, validate="schema")
    assert xl.cells(trusted, "year").table.collect().height == 2


def test_nothing_is_summed_twice():
    flows = xl.flows(table(), **ROLES)
    assert flows.cells("period", "market") is flows.cells("market", "period")


@pytest.mark.parametrize("engine", ENGINES)
def test_kept_cells_serve_every_later_indicator(engine):
    flows = xl.flows(ENGINES[engine](table()), **ROLES, aggregate="sum")
    kept = flows.keep(["period", "market"], ["period", "exporter", "product"])
    assert type(kept.table) is type(flows.table)
    assert kept.cells("market", "period") is not flows.cells("market", "period") or not flows.lazy
    for call in (
        lambda f: xl.hhi(f, over="market", by="period"),
        lambda f: xl.hhi(f, over="product", by="period"),
    ):
        assert rows(call(kept), ["year"]) == rows(call(flows), ["year"])


def test_frozen():
    with pytest.raises(AttributeError):
        xl.flows(table(), **ROLES).unit = "EUR"


def test_an_engine_that_cannot_says_so_in_our_voice(monkeypatch):
    def refuse(*args, **options):
        raise NotImplementedError("`over` is not supported.\nMore.")

    monkeypatch.setattr(sys.modules["exportlab.indices.measure"], "_columns", refuse)
    flows = xl.flows(table(), **ROLES)
    words = r"measure: pandas cannot do an operation it needs \(`over` is not supported\.\) Bring the table, or its"
    with pytest.raises(xl.errors.EngineError, match=words):
        xl.hhi(flows, over="market")


def test_tables_of_two_engines_do_not_meet():
    import polars as pl

    here, there = xl.flows(table(), **ROLES), xl.flows(pl.from_pandas(table()), **ROLES)
    with pytest.raises(
        xl.errors.EngineError, match=r"A pandas table cannot be joined with a polars one \(join\)"
    ):
        xl.rca(here, reference=there)


@pytest.mark.parametrize("keys", [["exporter", "product"], ["exporter", "market", "product"]])
def test_repeated_cells_are_found_whatever_the_row_labels(keys):
    """Counted where the possible cells are few, hashed where they are many; row labels of the caller's own."""
    labels = {
        "exporter": [f"e{k % 5}" for k in range(40)],
        "product": [f"p{k}" for k in range(40)],
        "market": [f"m{k}" for k in range(40)],
    }
    once = pd.DataFrame(labels, index=range(100, 140))[keys].assign(value=1.0)
    assert len(xl.flows(once).table) == 40
    with pytest.raises(DataError, match=r"in 3 rows. First: .*exporter='e2', .*product='p7'"):
        xl.flows(pd.concat([once, once.iloc[[7]], once.iloc[[7]]]))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_line_that_leaves_totals_out_does_it_on_each_engine(engine):
    import polars as pl
    import pyarrow.compute as pc

    whole = table(partner=["Japan", "World", "Japan", "Germany"])
    said = refusal(ENGINES[engine](whole))
    line = re.search(
        r"counted twice: (table = .+); in read_flows leave_out=\{'partner': \['World'\]\}\.$", said
    )[1]
    names = {"table": ENGINES[engine](whole), "pl": pl, "pc": pc}
    exec(line, names)
    assert rows(xl.flows(names["table"], **ROLES).table, ["year", "partner"]) == rows(
        whole[whole["partner"] != "World"], ["year", "partner"]
    )


@pytest.mark.parametrize(
    ("name", "columns", "words"),
    [
        ("partner", ["year", "partner ", "usd"], "Did you mean 'partner '?"),
        (
            "Exports",
            ["Year", "Partner", "Exports (million USD)"],
            "Perhaps: xl.flows(table, period='Year', market='Partner', value='Exports (million USD)', "
            "unit='million USD').",
        ),
        (
            "value",
            ["年份", "省份", "贸易伙伴", "商品编码", "商品名称", "出口额（万美元）"],
            "Perhaps: xl.flows(table, period='年份', exporter='省份', market='贸易伙伴', product='商品编码', "
            "value='出口额（万美元）', unit='万美元').",
        ),
        (
            "usd",
            ["Partner", "2021", "2022"],
            "Its columns '2021' ... '2022' are periods; flows have one row a cell: "
            "table = table.melt(['Partner'], var_name='period', value_name='value').astype({'period': str}), "
            "then xl.flows(table, period='period', value='value', market='Partner').",
        ),
    ],
)
def test_a_column_that_is_not_there_gets_the_call_to_make(name, columns, words):
    with pytest.raises(DataError) as caught:
        xl.flows(pd.DataFrame(columns=columns), value=name)
    assert str(caught.value).endswith(words)


def test_what_column_names_suggest():
    customs = [
        "数据年月",
        "商品编码",
        "商品名称",
        "贸易伙伴编码",
        "贸易伙伴名称",
        "注册地编码",
        "注册地名称",
        "第一数量",
        "人民币",
    ]
    assert suggest.roles_of(customs) == {
        "period": "数据年月",
        "exporter": "注册地名称",
        "market": "贸易伙伴名称",
        "product": "商品编码",
        "value": "人民币",
    }
    comtrade = [
        "period",
        "reporterISO",
        "reporterDesc",
        "partnerISO",
        "partnerDesc",
        "cmdCode",
        "primaryValue",
    ]
    assert suggest.roles_of(comtrade) == {
        "period": "period",
        "exporter": "reporterDesc",
        "market": "partnerDesc",
        "product": "cmdCode",
        "value": "primaryValue",
    }
    assert suggest.call("xl.flows(table", ["a", "b"]) is None


def test_a_role_that_the_flows_do_not_have_is_named():
    flows = xl.flows(table(), period="year", market="partner", value="usd", aggregate="sum")
    with pytest.raises(DataError, match=r"the flows have no product\. Name its column at the door: product="):
        xl.rca(flows)


WHERE = pd.DataFrame(
    {
        "year": [2022, 2022, 2023, 2023, 2023],
        "partner": ["Japan", "USA", "Japan", "Korea", "USA"],
        "hs": ["8501", "8502", "8501", "2709", "8502"],
        "usd": [10.0, 20.0, 50.0, 30.0, 0.0],
    }
)
NAMED = {"period": "year", "market": "partner", "product": "hs", "value": "usd"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("members", "left"),
    [
        ({"period": 2023}, [2, 3, 4]),
        ({"market": ["Japan", "Korea"]}, [0, 2, 3]),
        ({"partner": {"Japan"}, "year": [2023]}, [2]),
        ({"product": lambda code: code.startswith("85")}, [0, 1, 2, 4]),
        ({"market": ("USA", "Japan"), "hs": lambda code: code == "8502"}, [1, 4]),
        ({}, [0, 1, 2, 3, 4]),
    ],
)
def test_where_keeps_the_rows_of_these_members_on_every_engine(engine, members, left):
    table = WHERE[["year", "partner", "hs", "usd"]]
    found = xl.flows(ENGINES[engine](table), **NAMED).where(**members)
    expected = sorted(table.iloc[left].itertuples(index=False, name=None), key=str)
    assert sorted((tuple(r.values()) for r in rows(found.table, ["hs"])), key=str) == expected
    assert found.lazy == xl.flows(ENGINES[engine](table), **NAMED).lazy


def test_where_forgets_what_was_summed_of_the_whole():
    flows = xl.flows(WHERE, **NAMED)
    xl.hhi(flows, over="market")
    part = flows.where(period=2023, market=["Japan", "USA", "Korea"])
    assert xl.hhi(part, over="market", by=[])["hhi"].to_list() == pytest.approx([(50**2 + 30**2) / 80**2])
    assert (part.unit, part.source, part.roles) == (flows.unit, flows.source, flows.roles)


@pytest.mark.parametrize(
    ("members", "error", "words"),
    [
        ({"market": "Japn"}, UnknownName, "no market named 'Japn'. Did you mean 'Japan'"),
        ({"market": ["Japan", "Jupiter"]}, UnknownName, "no market named 'Jupiter'"),
        ({"colour": "red"}, UnknownName, "no role or key column named 'colour'"),
        ({"exporter": "Liaoning"}, DataError, "the flows have no exporter"),
        ({"market": "Japan", "partner": "USA"}, OptionError, "named twice"),
        ({"market": []}, DataError, r"no row with a value above zero has market=\[\]"),
        ({"market": "USA", "period": 2023}, DataError, "has market='USA' and period=2023"),
        ({"market": "Korea", "period": 2022}, DataError, "has market='Korea' and period=2022"),
    ],
)
@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_where_refuses_members_that_are_not_there(engine, members, error, words):
    with pytest.raises(error, match=words):
        xl.flows(ENGINES[engine](WHERE), **NAMED).where(**members)


def test_where_runs_the_checks_that_a_lazy_table_put_off():
    twice = ENGINES["polars-lazy"](pd.concat([WHERE, WHERE.iloc[:1]]))
    with pytest.raises(DataError, match="in 1 row|in 2 rows"):
        xl.flows(twice, **NAMED).where(period=2023)
