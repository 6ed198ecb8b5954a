"""Findings: measured once and read by report and judge; the one rule of what has risen; messages said at the end."""

from __future__ import annotations

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path
from typing import get_args

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.text import Text
from parsed import nodes_of, text_of

import exportlab as xl
from exportlab import words
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.findings import beside
from exportlab.findings import found as rooms
from exportlab.findings.parts import Figure, LeftOut, Moved
from exportlab.plots import structure as pictures
from exportlab.reporting.own import page as own
from exportlab.sides import side
from exportlab.tables.headings import HEADINGS
from exportlab.uncertainty.methods import EXACT, Kind, Note

NAN = float("nan")
PACKAGE = Path(xl.__file__).parent


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.2, "above"),
        (1e-300, 1.0, "above"),
        (0.0, 0.2, "cannot tell"),  # zero itself is an end
        (-0.2, 0.0, "cannot tell"),
        (-0.2, -1e-300, "below"),
        (-0.2, -0.1, "below"),
        (-0.1, 0.1, "cannot tell"),
        (0.0, 0.0, "cannot tell"),
        (0.2, 0.1, "cannot tell"),  # ends in the wrong order
        (-0.1, -0.2, "cannot tell"),
        (NAN, 0.1, "cannot tell"),
        (0.1, NAN, "cannot tell"),
        (NAN, NAN, "cannot tell"),
        (-np.inf, -1.0, "below"),
        (1.0, np.inf, "above"),
    ],
)
def test_the_side_of_zero(low, high, expected):
    assert side(low, high) == expected
    assert side(low + 3, high + 3, of=3.0) == expected or abs(low) < 1e-100 or abs(high) < 1e-100


def test_a_threshold_may_be_reached():
    assert side(0.5, 0.5, of=0.5, reached=True) == "above"
    assert side(0.5, 0.7, of=0.5, reached=True) == "above"
    assert side(0.5, 0.7, of=0.5) == "cannot tell"
    assert side(0.3, 0.5, of=0.5, reached=True) == "cannot tell"
    assert side(0.3, 0.4, of=0.5, reached=True) == "below"


@pytest.mark.parametrize(
    ("low", "high", "moved", "told"),
    [
        (
            0.01,
            0.02,
            "risen",
            "From 2021 to 2023 it has risen: the 95 % interval of the change is +0.0100 to",
        ),
        (
            -0.02,
            -0.01,
            "fallen",
            "From 2021 to 2023 it has fallen: the 95 % interval of the change is -0.0200",
        ),
        (
            0.0,
            0.02,
            "cannot tell",
            "Whether it has changed from 2021 to 2023 is not certain: the 95 % interval",
        ),
        (
            NAN,
            NAN,
            "",
            "From 2021 to 2023 it has moved by +0.0150. No interval: the figure does not depend on",
        ),
    ],
)
def test_what_a_change_is_said_to_have_done(low, high, moved, told):
    notes = (EXACT,) if np.isnan(low) else ()
    change = Figure(0.015, low, high, "delta", "product", 40, notes, between=("2021", "2023"))
    assert change.moved == moved
    found = of_markets()
    (said,) = own._verdict(found.basis, dataclasses.replace(found.market, change=change))
    assert said.startswith(told)
    assert set(own.MOVED) == set(get_args(Moved)) - {""}


MONTHS = [f"{y}-{m:02d}" for y in (2021, 2022) for m in range(1, 13)] + ["2023-01", "2023-02"]
RNG = np.random.default_rng(3)
TABLE = pd.DataFrame(
    [
        (p, e, m, k, RNG.lognormal(3 + 0.1 * i * (m == "Japan"), 1))
        for i, p in enumerate(MONTHS)
        for e in "AB"
        for m in ("Japan", "USA", "Germany", "Vietnam")
        for k in ("010121", "720810", "847130", "270112")
    ],
    columns=["period", "exporter", "market", "product", "value"],
)
FLOWS = xl.flows(TABLE, unit="USD", source="made up")


@cache
def of_markets():
    return xl.findings(FLOWS, parts=["market"])


@pytest.fixture(scope="module")
def found():
    return xl.findings(FLOWS, exporter="A")


def test_each_figure_is_the_library_s(found):
    year = FLOWS.annual().where(exporter="A")
    for role, other, part in (("market", "product", found.market), ("product", "market", found.product)):
        indices = xl.measure(year, ["hhi", "theil"], over=role, by="period").set_index("period")
        assert part.now("hhi") == pytest.approx(indices.loc["2022", "hhi"])
        assert part.now("theil") == pytest.approx(indices.loc["2022", "theil"])
        known = xl.interval(
            year.where(period="2022"), "hhi", over=role, by="period", resample=other, scale="logit"
        )
        row = known.table.iloc[0]
        assert (part.hhi.low, part.hhi.high) == pytest.approx((row["conf_low"], row["conf_high"]))
        assert part.hhi.notes == known.notes[0]
        change = xl.difference(
            year, "hhi", between=("2021", "2022"), over=role, by=[], resample=other, method="delta"
        ).table.iloc[0]
        assert part.change.between == ("2021", "2022")
        assert part.change.estimate == pytest.approx(change["estimate"])
        assert (part.change.low, part.change.high) == pytest.approx((change["conf_low"], change["conf_high"]))
        assert part.last["share"].sum() == pytest.approx(1)
        assert len(part.every) == len(MONTHS)
    assert found.market.change.moved == "risen"  # exports to Japan grow by a tenth a month
    assert found.product.change.moved == "cannot tell"
    share = xl.bloc_share(year, "RCEP", by="period").set_index("period")["bloc_share"]
    assert found.bloc.now == pytest.approx(share["2022"])
    assert found.bloc.share.low < found.bloc.now < found.bloc.share.high
    assert found.totals.last == pytest.approx(
        TABLE.query("exporter == 'A' and period.str.startswith('2022')")["value"].sum()
    )
    assert found.structure.table["share"].sum() == pytest.approx(1)
    index = xl.rca(FLOWS.annual().where(period="2022"), by=["period", "exporter"]).query("exporter == 'A'")
    assert found.advantage.above == (index["rca"] > 1).sum()


def test_the_table_has_every_figure_once(found):
    table = found.table
    assert not table.duplicated(["figure", "of", "first"]).any()
    assert table.loc[table["first"].isna(), "period"].eq("2022").all()
    changes = table[table["first"].notna()]
    assert changes["first"].eq("2021").all()
    assert changes["moved"].ne("").all()
    assert table.loc[table["first"].isna(), "moved"].eq("").all()
    assert {"total", "hhi", "theil", "bloc_share", "number_above"} <= set(table["figure"])


def test_how_findings_look(found):
    assert found.title == "Findings on exports of A, 2022"
    text = repr(found)
    assert text.splitlines()[0] == found.title
    assert text.endswith("complexity (few exporters).")
    html = found._repr_html_()
    assert "<strong>Findings on exports of A, 2022</strong>" in html
    assert "Left out: technology (no table of classes)" in html
    assert html.count("<tr>") == len(found.table) + 1
    drawn = found.plot()
    assert len(drawn.get_yticks()) == 3  # two HHI, one share
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.unit = "t"


def test_a_period_is_told_as_if_the_table_ended_there():
    ended = xl.flows(TABLE[TABLE["period"] < "2022"], unit="USD", source="made up")
    whole = xl.findings(ended, exporter="A")
    for asked in ("2021", 2021):
        one = xl.findings(FLOWS, exporter="A", period=asked)
        assert one.period == "2021"
        pd.testing.assert_frame_equal(one.table, whole.table)
        assert len(one.market.every) == 12
    last = xl.findings(FLOWS, exporter="A", period="2022", parts=["market"])
    assert last.market.change.between == ("2021", "2022")
    month = xl.findings(FLOWS, exporter="A", period="2022-03", parts=["market"])
    assert month.period == "2022-03"
    assert month.market.change.between == ("2021-03", "2022-03")
    alone = FLOWS.where(exporter="A", period="2022-03")
    assert month.market.now("hhi") == pytest.approx(xl.hhi(alone, over="market", by=[])["hhi"].item())
    with pytest.raises(UnknownName, match="There is no period named '2029-01'"):
        xl.findings(FLOWS, period="2029-01")
    with pytest.raises(
        DataError, match=r"no period '2029' that figures can be told of\. Allowed: 2021, 2022, 2021-01,"
    ):
        xl.findings(FLOWS, period="2029")
    with pytest.raises(DataError, match="the flows have no period"):
        xl.findings(xl.flows(TABLE[["market", "value"]], aggregate="sum"), period="2021")


@pytest.mark.parametrize(
    "engine", [lambda t: pl.from_pandas(t).lazy(), duckdb.from_df], ids=["polars", "duckdb"]
)
def test_lazy_tables_have_the_same_findings(engine):
    lazy = xl.flows(engine(TABLE))
    for period in (None, "2022-03"):
        pd.testing.assert_frame_equal(told(lazy, period), told_of_pandas(period), rtol=1e-9)


def told(flows, period):
    return xl.findings(flows, exporter="A", parts=["market", "bloc", "advantage"], period=period).table


@cache
def told_of_pandas(period):
    return told(FLOWS, period)


def test_incomes_are_told_of_the_last_year_whatever_the_order_of_a_plan():
    """DuckDB groups in an order of its own, so that the last row is not the last year."""
    rows = [
        (y, e, p, 1.0 + (y * k + len(e)) % 7)
        for y in range(1990, 2024)
        for e in "ab"
        for k, p in enumerate("xyz")
    ]
    table = pd.DataFrame(rows, columns=["period", "exporter", "product", "value"])
    asked = {"exporter": "a", "income": {"a": 1.0, "b": 3.0}, "parts": ["income_level"]}
    here = xl.findings(xl.flows(table), **asked).income_level
    relation = duckdb.from_df(table, connection=duckdb.connect())
    there = xl.findings(xl.flows(relation), **asked).income_level
    assert there.table["period"].tolist() == here.table["period"].tolist() == list(range(1990, 2024))
    assert there.last == pytest.approx(here.last, rel=1e-12)
    every = xl.expy(xl.flows(table), asked["income"], by=["period", "exporter"]).set_index(
        ["period", "exporter"]
    )
    assert here.last == pytest.approx(every.loc[(2023, "a"), "expy"])


def test_incomes_of_another_world_by_hand():
    """The own exports earn what the world's exporters of their products do, and lend no income."""
    world = xl.flows(
        pd.DataFrame(
            [("b", "x", 30.0), ("b", "y", 10.0), ("c", "x", 1.0), ("c", "y", 3.0)],
            columns=["exporter", "product", "value"],
        )
    )
    own = xl.flows(pd.DataFrame({"product": ["x", "y"], "value": [8.0, 2.0]}))
    asked = {"reference": world, "income": {"b": 10.0, "c": 50.0}, "parts": ["income_level"]}
    found = xl.findings(own, **asked).income_level
    x, y = 0.75 * 10 + 0.25 * 50, 0.25 * 10 + 0.75 * 50
    assert found.last == pytest.approx(0.8 * x + 0.2 * y)
    assert found.covered == pytest.approx(1)


def test_periods_without_an_order():
    fairs = xl.flows(TABLE.assign(period=["autumn fair", "spring fair"] * (len(TABLE) // 2)), aggregate="sum")
    with pytest.raises(DataError, match="shows the last period"):
        xl.findings(fairs)
    one = xl.findings(fairs, period="spring fair", parts=["market"])
    assert one.period == "spring fair"
    assert one.market.change is None
    assert not one.market.comparable


def test_the_reference_ends_with_the_period():
    nation = xl.flows(TABLE.groupby(["period", "product"], as_index=False)["value"].sum())
    asked = {"exporter": "A", "period": "2021", "parts": ["advantage"]}
    one = xl.findings(FLOWS, reference=nation, **asked)
    ended = xl.flows(
        TABLE.query("period < '2022'").groupby(["period", "product"], as_index=False)["value"].sum()
    )
    expected = xl.findings(FLOWS, reference=ended, **asked)
    pd.testing.assert_frame_equal(one.advantage.table, expected.advantage.table)
    later = xl.flows(
        TABLE.query("period > '2021-12'").groupby(["period", "product"], as_index=False)["value"].sum()
    )
    with pytest.raises(DataError, match=r"the reference has no period '2021' .* Allowed: 2022-01, "):
        xl.findings(FLOWS, reference=later, **asked)


def test_what_is_missing_says_why(found):
    plain = xl.findings(xl.flows(pd.DataFrame({"market": ["Japan", "Mars"], "value": [1.0, 2.0]})))
    why = {name: part.why for name, part in plain.left_out.items()}
    assert why == {
        "bloc": "refused",
        **dict.fromkeys(
            ("product", "structure", "advantage", "technology", "income_level", "complexity"), "no column"
        ),
    }
    assert "Mars" in str(plain.bloc.error)
    assert plain.period is None
    assert plain.market.hhi is None
    asked = xl.findings(FLOWS, exporter="A", parts=["product"])
    assert asked.left_out["market"] == LeftOut("not asked")
    assert isinstance(found.complexity, LeftOut)
    with pytest.raises(OptionError, match="parts"):
        xl.findings(FLOWS, parts=["markets"])
    with pytest.raises(UnknownName, match="There is no exporter named 'C'"):
        xl.findings(FLOWS, exporter="C")
    assert set(rooms.PARTS) == set(get_args(rooms.Part))


def test_judge_reads_what_the_report_says(found):
    table = xl.claims.judge(FLOWS, exporter="A").set_index("index")
    for role, part in (("market", found.market), ("product", found.product)):
        row = table.loc[f"HHI over {role}s"]
        assert (row["value"], row["conf_low"], row["conf_high"]) == (
            part.now("hhi"),
            part.hhi.low,
            part.hhi.high,
        )
    assert table.loc["HHI over markets", "peers"] == pytest.approx(of_markets().market.now("hhi"))
    assert table.loc["share of RCEP members in force", "value"] == found.bloc.now


def test_a_claim_without_anything_to_draw_is_undecided_and_one_at_its_end_is_not():
    one = pd.DataFrame({"market": ["Japan", "USA"], "product": "72081000", "value": [90.0, 10.0]})
    table = xl.claims.judge(xl.flows(one)).set_index("index")
    row = table.loc["HHI over markets"]
    assert (row["value"], row["verdict"]) == (pytest.approx(0.82), "undecided")
    assert np.isnan(row["conf_low"])
    assert row["note"] == "nothing to draw"
    row = table.loc["HHI over products"]  # one product, whichever markets are drawn
    assert (row["value"], row["verdict"]) == (1, "holds")
    assert row[["conf_low", "conf_high"]].isna().all()
    assert row["note"].endswith("the index does not vary with the units drawn")


def test_shares_are_judged_by_their_intervals():
    """The bloc's by products drawn, those of products by markets drawn; of nothing and of all, by the exact bound."""
    rng = np.random.default_rng(5)
    goods = {"72081000": 60.0, "270112": 0.0, "85171200": 40.0}
    cells = [
        (m, k, v * rng.lognormal(0, 0.3)) for m in ("Japan", "USA", "Peru", "India") for k, v in goods.items()
    ]
    flows = xl.flows(pd.DataFrame(cells, columns=["market", "product", "value"]))
    table = xl.claims.judge(flows).set_index("index")
    for index, over, name in (
        ("share of RCEP members in force", "market", "bloc_share"),
        ("share of HS 72-73", "product", "share"),
    ):
        options = {"bloc": "RCEP", "membership": "latest"} if name == "bloc_share" else {}
        drawn = "product" if over == "market" else "market"
        made = xl.interval(flows, name, over=over, by=[], resample=drawn, **options).table
        made = made if name == "bloc_share" else made[made["product"] == "72081000"]
        row = table.loc[index]
        assert [row["value"], row["conf_low"], row["conf_high"]] == pytest.approx(
            made[["estimate", "conf_low", "conf_high"]].iloc[0].tolist()
        )
        assert row["conf_low"] < row["value"] < row["conf_high"]
        assert row["note"] == made["note"].iloc[0]
    coal = table.loc["share of HS 2701-2704"]
    sizes = flows.frame.to_native().groupby("market")["value"].sum()
    effective = sizes.sum() ** 2 / (sizes**2).sum()
    assert (coal["value"], coal["conf_low"], coal["verdict"]) == (0, 0, "undecided")
    assert coal["conf_high"] == pytest.approx(1 - 0.05 ** (1 / effective))
    assert "one-sided: all 4 units are alike" in coal["note"]


def test_what_is_left_over_is_no_member_and_is_named():
    table = pd.DataFrame(
        [(m, k, v) for m, v in (("Japan", 5.0), ("USA", 3.0), ("Others", 2.0)) for k in ("010121", "847130")],
        columns=["market", "product", "value"],
    )
    flows = xl.flows(table, residual=["Others"])
    found = xl.findings(flows, outside=["Others"])
    assert found.market.now("hhi") == pytest.approx((5 / 8) ** 2 + (3 / 8) ** 2)
    assert found.market.left_over == ("Others",)
    assert (found.product.left_over, found.bloc.now, found.totals.last) == ((), 0.5, 20)
    assert "Over markets, of the named alone: without Others." in repr(found)
    assert "of the named alone: without Others" in found._repr_html_()
    judged = xl.claims.judge(flows, outside=["Others"]).set_index("index")
    assert judged.loc["share of RCEP members in force", "value"] == 0.5
    with pytest.raises(DataError, match=r"left over.*say outside=\['Others'\]"):
        xl.claims.judge(flows)


def test_limits_of_what_is_shown():
    rows = pd.DataFrame({"share": [0.001, 0.0011, *[0.04] * 24], "rca": [99.0, 50.0, *np.linspace(1, 3, 24)]})
    top = beside.largest(rows)
    assert top["rca"].iloc[0] == 50  # the largest of all is a trifle of exports
    assert len(top) == 20
    many = pd.DataFrame(
        {"period": [y for y in (2021, 2022) for _m in range(30)], "market": [f"M{m}" for m in range(30)] * 2}
    )
    found = xl.findings(xl.flows(many.assign(value=range(1, 61))), parts=["market", "bloc"])
    grown = found.market.growth
    assert len(grown.table) == 12
    assert {t.name: len(t.frame) for t in own.page(found, "RCEP").tables}["market_shares"] == 20
    assert (grown.first, grown.last) == (2021, 2022)


@pytest.mark.parametrize(("others", "read"), [(1, True), (2, False)])
def test_nine_codes_of_ten_make_a_table_of_the_hs(others, read):
    codes = [f"{chapter}01" for chapter in range(10, 20 - others)] + ["X9", "Y"][:others]
    flows = xl.flows(pd.DataFrame({"product": codes, "value": 1.0}))
    part = xl.findings(flows, parts=["structure"]).structure
    if read:
        assert part.table.set_index("hs_section").loc["", ["products", "share"]].tolist() == [1, 0.1]
        assert part.table["products"].sum() == 10
    else:
        assert part == LeftOut("no codes of the HS", of=(8, 10))


def test_an_index_of_one_is_no_advantage():
    even = pd.DataFrame([(e, p, 1.0) for e in "AB" for p in "xy"], columns=["exporter", "product", "value"])
    found = xl.findings(xl.flows(even), exporter="A", parts=["advantage"]).advantage
    assert found.table["rca"].tolist() == [1, 1]
    assert (found.above, found.surely_above, found.drawn, found.apart) == (0, 0, False, False)


@pytest.mark.parametrize(("n", "placed"), [(9, False), (10, True)])
def test_ten_exporters_make_a_product_space(n, placed):
    rng = np.random.default_rng(2)
    cells = [(f"E{e}", f"{p:04d}99", rng.lognormal(sigma=2)) for e in range(n) for p in range(1, 41)]
    flows = xl.flows(pd.DataFrame(cells, columns=["exporter", "product", "value"]))
    part = xl.findings(flows, exporter="E1", parts=["complexity"]).complexity
    if not placed:
        assert part == LeftOut("few exporters", of=(10,))
        return
    assert (part.products, part.exporters, len(part.near)) == (40, 10, 15)
    assert part.near["product"].str.len().eq(4).all()  # at the level of the Atlas
    assert part.near["density"].is_monotonic_decreasing
    solved = xl.complexity(flows.where(product=flows.members("product"))).exporters.set_index("exporter")
    assert part.eci == pytest.approx(solved.loc["E1", "eci"])
    assert part.diversity == solved.loc["E1", "diversity"]
    assert xl.findings(flows, parts=["complexity"]).complexity == LeftOut("no exporter named")


def test_as_little_processed_as_the_peers_is_not_less():
    goods = [("010121", 3.0), ("847130", 1.0)]
    table = pd.DataFrame(
        [(e, m, p, v) for e in "AB" for m in ("Japan", "USA") for p, v in goods],
        columns=["exporter", "market", "product", "value"],
    )
    row = (
        xl.claims.judge(xl.flows(table), exporter="A").set_index("index").loc["share of HS 84-90 (machinery)"]
    )
    assert (row["value"], row["peers"], row["verdict"]) == (0.25, 0.25, "does not hold")


def test_what_a_page_tells_of_one_and_of_two_periods():
    one = own.page(xl.findings(xl.flows(TABLE[TABLE["period"] == "2023-01"])), "RCEP")
    two = own.page(xl.findings(xl.flows(TABLE[TABLE["period"] > "2022-12"])), "RCEP")
    names = [{p.name for p in page.pictures} for page in (one, two)]
    texts = [" ".join(t for section in page.sections for t in section.text) for page in (one, two)]
    assert names[1] - names[0] == {"market_hhi", "product_hhi", "market_shares", "product_shares"}
    assert "totals" in names[0]
    assert "No change is told" not in texts[0]
    assert texts[1].count("No change is told: the table has no earlier year to compare 2023-02 with.") == 2
    assert texts[1].count("What growth was made of is left out") == 2
    assert "What growth was made of is left out" not in texts[0]


# Messages.


def modules():
    """Those that say something."""
    return [p for p in PACKAGE.rglob("*.py") if "exportlab.words" in text_of(p)]


def test_no_finished_sentence_is_looked_up_again():
    """What `_` is given is a message, or a name for one; the catalogue is read where messages are said, alone."""
    wrong = []
    for path in modules():
        for node in nodes_of(path):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name in ("_", "N_", "said") and node.args and path.name != "words.py":
                first = node.args[0]
                made = isinstance(first, (ast.JoinedStr, ast.BinOp, ast.Call))
                if made and not (name == "said" and numeric(first)):
                    wrong.append(f"{path.name}:{node.lineno} {name}({ast.unparse(first)[:60]})")
            reads = isinstance(node, ast.ImportFrom) and node.module == "exportlab.words"
            if reads and {"catalogue", "vocabulary", "_templated"} & {a.name for a in node.names}:
                wrong.append(f"{path.name}:{node.lineno} reads the catalogue")
    assert wrong == []


SHOWN = ("title", "x", "y", "note", "label", "unit")


def test_pictures_write_no_finished_sentence():
    """What a picture writes is a message (`said`, `_`), or a name that the caller gives."""
    finished = []
    for path in (PACKAGE / "plots").glob("*.py"):
        for call in nodes_of(path):
            for given in call.keywords if isinstance(call, ast.Call) else ():
                texts = [v for v in ast.walk(given.value) if isinstance(v, ast.JoinedStr)]
                texts += [given.value] if isinstance(given.value, ast.Constant) else []
                written = [
                    t for t in texts if re.search("[a-z]{3}", literal(t)) and not literal(t).startswith("_")
                ]
                if given.arg in SHOWN and written and not isinstance(given.value, ast.Call):
                    finished.append(f"{path.name}:{call.lineno} {given.arg}={ast.unparse(given.value)}")
    assert finished == []


def literal(node):
    """The text of a constant, or that between the values of an f-string."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(p.value) for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def numeric(node):
    """A figure that is formatted where it is made, with no word in it."""
    text = "".join(v.value for v in getattr(node, "values", []) if isinstance(v, ast.Constant))
    return isinstance(node, (ast.JoinedStr, ast.Call)) and not re.search("[A-Za-z]{2}", text)


def test_all_that_a_page_looks_up_is_a_message(found, monkeypatch):
    """A sentence that was finished in English would not be found in the catalogue."""
    asked, known = [], words.catalogue("zh")

    class Recorded(dict):
        def get(self, key, default=None):
            asked.append(key)
            return super().get(key, default)

    monkeypatch.setattr(words, "catalogue", lambda code: Recorded(known))
    with words.speaking("zh"):
        page = own.page(found, "RCEP")
    assert len(asked) > 100
    assert [message for message in asked if message not in known] == []
    texts = [t.get_text() for p in page.pictures for t in p.axes.findobj(Text)]
    finished = [t for t in texts if re.search(r"[a-z]{3} [a-z]{3}", t) and t != "来源：made up"]
    assert finished == []


def test_a_note_and_a_picture_are_messages():
    with words.speaking("zh"):
        axes = pictures.lorenz([1.0, 2.0], title="Herfindahl-Hirschman index", source="share of exports, %")
        assert axes.get_title(loc="left") == "Herfindahl-Hirschman index"  # the caller's own words stay
        assert axes.get_xlabel() == "市场或商品（由小到大），%"
        assert [t.get_text() for t in axes.texts] == ["基尼系数 0.167", "来源：share of exports, %"]
        assert words.term("Herfindahl-Hirschman index") == "Herfindahl-Hirschman index"
        assert words.term("South Korea") != "South Korea"
    note = Note("few units", words.said("few units: {n} {unit}", n=3, unit="product"))
    assert str(note) == "few units: 3 product"
    with words.speaking("zh"):
        assert words.spoken(note.sentence) == "单位少：product仅3个"
        assert words.spoken("few units: 3 product") == "few units: 3 product"
    assert "few units" in get_args(Kind)


def test_counts_and_things_are_two_messages():
    catalogue = words.catalogue("zh")
    assert catalogue["products"] == "商品"
    assert catalogue["number of products"] == "商品数"
    source = "".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py"))
    for column in ("products", "provinces"):
        assert HEADINGS[column] == f"number of {column}"
        assert source.count(f'"{HEADINGS[column]}"') == 1
