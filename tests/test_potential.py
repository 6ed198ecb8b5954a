"""Export potential and diversification: the worked example, adding up, further tables, engines, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from family_engines import indexed

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName

CELL = ["exporter", "market", "product"]


@pytest.fixture(scope="module")
def figures(reference) -> pd.DataFrame:
    return pd.read_csv(reference / "potential.csv")


def made(seed: int = 0) -> pd.DataFrame:
    """Four places that trade with each other and themselves, five products, two years, a third of the cells empty."""
    rng = np.random.default_rng(seed)
    cells = [(y, e, m, k) for y in (2020, 2021) for e in "ABCD" for m in "ABCD" for k in "pqrst"]
    table = pd.DataFrame(cells, columns=["period", *CELL])
    return table.assign(value=rng.gamma(0.8, 10, len(table)) * (rng.random(len(table)) < 0.67))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_worked_example_on_every_engine(engine, figures):
    flows = xl.flows(ENGINES[engine](figures[[*CELL, "value"]]), unit="USD")
    found = indexed(xl.export_potential(flows), *CELL)
    assert len(found) == 27
    for row in figures.itertuples():
        got = found[row.exporter, row.market, row.product]
        wanted = (row.value, row.potential, row.ease, min(row.value, row.potential), row.unrealised)
        names = ("actual", "potential", "ease", "realised", "unrealised")
        np.testing.assert_allclose([got[n] for n in names], wanted, rtol=1e-9, atol=1e-9)
    assert found["L", "JPN", "k1"]["potential"] == pytest.approx(27.674475, abs=5e-7)
    assert found["L", "JPN", "k3"]["potential"] == pytest.approx(2.443181, abs=5e-7)


def test_expected_supply_and_demand_keep_the_ease_of_today(figures):
    flows = xl.flows(figures[[*CELL, "value"]], unit="USD")
    grown = figures.assign(
        sold=figures["value"] * figures["supply_factor"], bought=figures["value"] * figures["demand_factor"]
    )
    sold = grown.groupby(["exporter", "product"])["sold"].sum().rename("value").reset_index()
    bought = grown.groupby(["market", "product"])["bought"].sum().rename("value").reset_index()
    bought = xl.flows(bought.rename(columns={"market": "exporter"}), unit="USD")
    found = indexed(xl.export_potential(flows, bought, supply=xl.flows(sold)), *CELL)
    for row in figures.itertuples():
        got = found[row.exporter, row.market, row.product]
        assert got["potential"] == pytest.approx(row.projected_potential, rel=1e-9)
        assert got["ease"] == pytest.approx(row.ease, rel=1e-9)
    with pytest.raises(OptionError, match="imports in 'EUR'"):
        xl.export_potential(
            flows, xl.flows(grown[["exporter", "product", "value"]], aggregate="sum", unit="EUR")
        )


def test_potential_adds_up_to_what_each_pair_trades():
    flows = xl.flows(made())
    pairs = xl.export_potential(flows, by=["period", "exporter", "market"])
    np.testing.assert_allclose(pairs["potential"], pairs["actual"], rtol=1e-12)
    np.testing.assert_allclose(pairs["realised"] + pairs["unrealised"], pairs["potential"], rtol=1e-12)
    trade = made().query("exporter != market").groupby(["period", "exporter", "market"])["value"].sum()
    wanted = trade.loc[list(map(tuple, pairs[["period", "exporter", "market"]].to_numpy()))]
    np.testing.assert_allclose(pairs["actual"], wanted, rtol=1e-12)
    assert (pairs["exporter"] != pairs["market"]).all()
    detail = xl.export_potential(flows)
    for by in (["exporter", "product"], ["period"], "market"):
        sums = xl.export_potential(flows, by=by)
        again = detail.groupby(by)[["actual", "potential", "realised", "unrealised"]].sum().reset_index()
        for column in ("actual", "potential", "realised", "unrealised"):
            np.testing.assert_allclose(sums[column], again[column], rtol=1e-12)
        weighted = (
            detail.assign(plain=detail["potential"] / detail["ease"])
            .groupby(by)[["potential", "plain"]]
            .sum()
        )
        np.testing.assert_allclose(sums["ease"], weighted["potential"] / weighted["plain"], rtol=1e-12)


def test_one_product_and_equal_ease_leave_nothing_unrealised():
    """With proportional trade every ease is one, and potential is trade itself, without rounding left over."""
    sold, bought, size = {"A": 2.0, "B": 3.1}, {"X": 0.7, "Y": 5.0}, {"p": 1.1, "q": 9.3}
    rows = [(e, m, k, sold[e] * bought[m] * size[k]) for e in sold for m in bought for k in size]
    found = xl.export_potential(xl.flows(pd.DataFrame(rows, columns=[*CELL, "value"])))
    np.testing.assert_allclose(found["ease"], 1.0)
    assert (found["unrealised"] == 0).all()
    one = xl.export_potential(xl.flows(made().query("product == 'p'")))
    assert (one["unrealised"] == 0).all()


def test_a_pair_that_trades_nothing_has_no_potential():
    rows = [
        ("A", "X", "p", 4.0),
        ("A", "Y", "q", 1.0),
        ("B", "X", "q", 3.0),
        ("B", "Y", "p", 2.0),
        ("C", "X", "p", 5.0),
    ]
    found = indexed(xl.export_potential(xl.flows(pd.DataFrame(rows, columns=[*CELL, "value"]))), *CELL)
    nothing = found["C", "Y", "p"]
    assert [nothing[c] for c in ("actual", "potential", "ease", "realised", "unrealised")] == [0] * 5
    # A sells 4 of 11 of p and 1 of 4 of q; X buys 9 of p and 3 of q.
    ease = 4 / (4 / 11 * 9 + 1 / 4 * 3)
    assert found["A", "X", "q"]["potential"] == pytest.approx(ease * 1 / 4 * 3)
    assert found["A", "X", "p"]["realised"] == pytest.approx(ease * 4 / 11 * 9)


@pytest.mark.parametrize("engine", ENGINES)
def test_diversification_by_hand(engine):
    """Density and ease taken from the complexity and the potential of the same trade."""
    table = made(4)
    found = indexed(
        xl.diversification_potential(xl.flows(ENGINES[engine](table))), "period", "exporter", "product"
    )
    trade = xl.flows(table.query("exporter != market"))
    pairs = xl.complexity(trade).pairs
    options = pairs[pairs["present"] == 0]
    assert len(found) == len(options)
    ease = xl.export_potential(trade, by=["period", "exporter", "market"])
    bought = table.query("exporter != market").groupby(["period", "market", "product"])["value"].sum()
    for row in options.itertuples():
        mine = ease[(ease["period"] == row.period) & (ease["exporter"] == row.exporter)]
        reach = sum(
            e * bought[row.period, m, row.product] for m, e in zip(mine["market"], mine["ease"], strict=True)
        )
        got = found[row.period, row.exporter, row.product]
        assert got["demand"] == pytest.approx(reach, rel=1e-9)
        assert got["density"] == pytest.approx(row.density, rel=1e-9)
        assert got["relative_density"] == pytest.approx(row.relative_density, rel=1e-9, nan_ok=True)
        assert got["score"] == pytest.approx(row.density * reach, rel=1e-9)


def test_detail_adds_up_and_advantage_chooses_the_options():
    flows = xl.flows(made(4))
    whole = xl.diversification_potential(flows)
    parts = xl.diversification_potential(flows, detail=True)
    keys = ["period", "exporter", "product"]
    sums = parts.groupby(keys)[["demand", "score"]].sum()
    wanted = whole.set_index(keys).loc[sums.index, ["demand", "score"]]
    np.testing.assert_allclose(sums, wanted, rtol=1e-10)
    assert (parts["exporter"] != parts["market"]).all()
    table = made(4)
    bought = (table[["market", "product"]] == table[["market", "product"]].iloc[0]).all(axis=1)
    assert (xl.diversification_potential(xl.flows(table[~bought]), detail=True)["demand"] > 0).all()
    fewer = xl.diversification_potential(flows, advantage=0.3)
    assert len(fewer) < len(whole)
    undated = xl.diversification_potential(xl.flows(made(4).query("period == 2020").drop(columns="period")))
    this = whole[whole["period"] == 2020]
    np.testing.assert_allclose(undated["score"], this["score"], rtol=1e-12)
    assert list(undated.columns) == ["exporter", "product", "density", "relative_density", "demand", "score"]


def test_density_of_other_programs(reference):
    """Python econcomplex 1.0.1 on a made-up panel of 14 regions and 22 products; it has those without advantage."""
    panel = pd.read_csv(reference / "density.csv").assign(year=2010)
    wanted = panel.dropna(subset="density_hidalgo")
    panel = panel[["region", "product", "year", "value"]]
    both = pd.concat(
        [panel.assign(market=m, value=panel["value"] * share) for m, share in (("A", 0.4), ("B", 0.6))]
    )
    flows = xl.flows(both, exporter="region", period="year")
    found = xl.diversification_potential(flows)
    merged = wanted.merge(found, on=["region", "product"], suffixes=("_x", ""))
    assert len(merged) == len(wanted) == len(found) == 169
    np.testing.assert_allclose(merged["density"], merged["density_hidalgo"], rtol=1e-9)
    np.testing.assert_allclose(merged["relative_density"], merged["relative_density_x"], rtol=1e-8)


def test_what_is_refused():
    flows = xl.flows(made())
    for call in (xl.export_potential, xl.diversification_potential):
        with pytest.raises(DataError, match="no market"):
            call(xl.flows(made().drop(columns="market"), aggregate="sum"))
    with pytest.raises(UnknownName, match="no role or key column named 'colour'"):
        xl.export_potential(flows, by=["colour"])
    with pytest.raises(OptionError, match=r"advantage=0 is not allowed\. Allowed: a number above 0"):
        xl.diversification_potential(flows, advantage=0)
    with pytest.raises(DataError, match="supply|the imports have no product"):
        xl.export_potential(flows, supply=xl.flows(made().drop(columns="product"), aggregate="sum"))
