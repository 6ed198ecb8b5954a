"""Value added without a table: formulae by hand, a published toy, the direction of each bias, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import given
from hypothesis import strategies as st

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.valueadded import IOTable
from exportlab.valueadded.processing import ProcessingSplit
from exportlab.valueadded.product_proxies import (
    BEC,
    export_upstreamness,
    expy_domestic,
    relative_unit_values,
    stage_shares,
    unit_value_change,
)
from exportlab.valueadded.proxies import export_quality, kee_tang, processing_margin, upward_wang_zheng


def customs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": [2019, 2020, 2021, 2019, 2020],
            "chapter": ["84", "84", "84", "85", "85"],
            "processing_exports": [100.0, 100.0, 200.0, 10.0, 10.0],
            "processing_imports": [60.0, 40.0, 50.0, 25.0, 5.0],
        }
    )


def firms() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "firm": ["a", "b", "c", "d"],
            "exports": [100.0, 200.0, 50.0, 80.0],
            "imports": [40.0, 100.0, 60.0, 40.0],
            "materials": [70.0, 150.0, 90.0, 30.0],
        }
    )


def test_processing_margin_by_hand() -> None:
    p = processing_margin(customs(), by=["chapter"])
    t = p.table.set_index(["chapter", "period"])["dvar"]
    assert t["84", 2020] == pytest.approx(1 - 100 / 200)
    assert t["84", 2021] == pytest.approx(1 - 90 / 300)
    assert t["85", 2020] == pytest.approx(1 - 30 / 20)
    assert len(t) == 3  # 2019 has no full window, chapter 85 no 2021
    assert p.table["outside"].sum() == 1
    assert p.bias == "upper bound"
    assert "bias: upper bound" in p.summary()
    year = processing_margin(customs(), by=["chapter"], window=1, foreign_content=0.1)
    assert year.table.set_index(["chapter", "period"])["dvar"]["84", 2019] == pytest.approx(0.3)
    assert year.bias == "either way"


@given(seed=st.integers(0, 10**6))
@tries.at_most(25)
def test_the_processing_margin_bounds_the_content_of_the_table_from_above(seed: int) -> None:
    """1 - M_P / X_P counts domestic inputs as all domestic: the Leontief content cannot be higher."""
    rng = np.random.default_rng(seed)
    n = 3
    cost = rng.dirichlet(np.ones(2 * n + 1), 2 * n).T  # columns: n sectors of D, n of P
    x = 5 + 10 * rng.random((2, n))
    dom, imp, va = cost[:n] * x.ravel(), cost[n : 2 * n] * x.ravel(), cost[2 * n] * x.ravel()
    labels = IOTable.from_numpy(
        np.zeros((n, n)),
        imported=np.zeros((n, n)),
        final=1.0 + np.zeros(n),
        exports=0.0,
        sectors=["a", "b", "c"],
    ).sectors
    s = ProcessingSplit(
        labels,
        dom[:, :n],
        dom[:, n:],
        imp[:, :n],
        imp[:, n:],
        va=va.reshape(2, n),
        tax=np.zeros((2, n)),
        x=x,
        e=np.array([0.3 * x[0], x[1]]),
        unit="CNY",
    )
    row = s.shares.set_index("regime").loc["processing"]
    flows = {"processing_exports": x[1].sum(), "processing_imports": imp[:, n:].sum()}
    margin = processing_margin(pd.DataFrame({"period": [2020], **flows}), window=1)
    assert row["domestic"] <= margin.aggregate + 1e-12


def test_kee_tang_by_hand() -> None:
    p = kee_tang(firms())
    assert p.table["dvar"].tolist() == pytest.approx([0.6, 0.5, -0.2, 0.5])
    assert p.table["excessive"].tolist() == ["", "", "exporter", "importer"]
    assert p.aggregate == pytest.approx((60 + 100) / 300)
    assert kee_tang(firms(), exclude=False).aggregate == pytest.approx((60 + 100 - 10 + 40) / 430)
    assert p.bias == "too high"
    corrected = kee_tang(firms().assign(df=0.1), foreign_in_domestic="df", domestic_in_imports=0.02)
    assert corrected.table["dvar"][0] == pytest.approx(0.6 - 0.1 + 0.02)
    assert corrected.bias == "either way"


def test_upward_wang_zheng_by_hand() -> None:
    f = pd.DataFrame(
        {
            "firm": ["a", "b"],
            "processing_imports": [30.0, 0.0],
            "ordinary_imports": [40.0, 20.0],
            "processing_exports": [50.0, 0.0],
            "ordinary_exports": [50.0, 100.0],
            "domestic_sales": [150.0, 0.0],
            "materials": [120.0, 60.0],
        }
    )
    p = upward_wang_zheng(f)
    assert p.table["fvar"].tolist() == pytest.approx([(30 + 50 * 40 / 200) / 100, 20 / 100])
    assert p.aggregate == pytest.approx(1 - 60 / 200)
    assert p.bias == "too high"
    deeper = upward_wang_zheng(f, theta=0.1)
    assert deeper.table["fvar"].tolist() == pytest.approx([(40 + 5) / 100, (20 + 4) / 100])
    with pytest.raises(DataError, match=r"Imports exceed materials in 1 row\. First: firm=b"):
        upward_wang_zheng(f.assign(materials=[120.0, 10.0]), theta=0.1)


def test_expy_of_a_known_toy(reference: Path) -> None:
    toy = pd.read_csv(reference / "valueadded_single_expy.csv")
    x = toy[toy["kind"] == "export"].pivot(index="product", columns="exporter", values="value")
    income = toy[toy["kind"] == "income"].set_index("exporter")["value"]
    known = toy[toy["kind"] == "expy"].set_index("exporter")["value"]
    p = expy_domestic(x, income)
    assert p.table.set_index("exporter")["expy"].to_dict() == pytest.approx(known.to_dict(), rel=1e-12)
    assert (p.table["expy"] == p.table["expy_domestic"]).all()
    half = expy_domestic(x, income, dvar=0.5)
    assert half.table["ratio"].to_numpy() == pytest.approx(0.5)
    by_product = expy_domestic(x, income, dvar=pd.Series({"P1": 1.0, "P2": 0.0, "P3": 1.0}))
    prody = toy[toy["kind"] == "prody"].set_index("product")["value"]
    s = x["R1"] / x["R1"].sum()
    assert by_product.table["expy_domestic"][0] == pytest.approx((s * prody)[["P1", "P3"]].sum())
    with pytest.raises(UnknownName, match="no exporter with an income named 'R4'"):
        expy_domestic(x, income.drop("R4"))
    with pytest.raises(UnknownName, match="no product with a DVAR named 'P3'"):
        expy_domestic(x, income, dvar=pd.Series({"P1": 1.0, "P2": 0.0}))
    with pytest.raises(DataError, match="'R1' is missing or negative in 3 rows"):
        expy_domestic(-x, income)


def shipments() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "period": 2020,
            "product": "840991",
            "market": "JP",
            "quantity_unit": "kg",
            "exporter": ["LN", "JS", "SD"],
            "value": [100.0, 300.0, 100.0],
            "quantity": [50.0, 100.0, 100.0],
        }
    )


def test_unit_values_by_hand() -> None:
    p = relative_unit_values(shipments())
    assert p.table["relative"].tolist() == pytest.approx([1.0, 1.5, 0.5])
    large = relative_unit_values(shipments(), min_quantity=60)
    assert large.table["used"].tolist() == [False, True, True]
    assert large.table["relative"].tolist()[1:] == pytest.approx([1.5, 0.5])
    assert relative_unit_values(shipments(), trim=0.34).table["used"].sum() == 1
    with pytest.raises(OptionError, match="quantity_unit"):
        relative_unit_values(shipments(), within=["product"])
    with pytest.raises(DataError, match="Quantities are zero in 1 row"):
        relative_unit_values(shipments().assign(quantity=[0.0, 1.0, 1.0]))


def test_price_quantity_and_composition_by_hand() -> None:
    t = pd.DataFrame(
        {
            "period": [1, 1, 1, 2, 2],
            "product": ["a", "b", "gone", "a", "b"],
            "market": "JP",
            "value": [100.0, 100.0, 50.0, 100.0, 300.0],
            "quantity": [100.0, 50.0, 9.0, 100.0, 150.0],
        }
    )
    p = unit_value_change(t, start=1, end=2)
    row = p.table.set_index("index").loc["fisher"]
    # prices stand still; more of the dearer product is sold: 400/200 = 1 x 250/150 x 1.2
    assert row[["value", "price", "quantity", "composition"]].tolist() == pytest.approx(
        [2.0, 1.0, 5 / 3, 1.2]
    )
    assert row["coverage_start"] == pytest.approx(200 / 250)
    doubled = t.assign(value=np.where(t["period"] == 2, 2 * t["value"], t["value"]))
    both = unit_value_change(doubled, start=1, end=2).table
    assert both["price"].to_numpy() == pytest.approx(2.0)
    assert (both["price"] * both["quantity"] * both["composition"]).to_numpy() == pytest.approx(both["value"])
    with pytest.raises(DataError, match="No cell is there in both 1 and 3"):
        unit_value_change(t, start=1, end=3)


@pytest.mark.parametrize("seed", range(3))
def test_quality_agrees_with_a_regression_on_dummies(seed: int) -> None:
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(seed)
    t = pd.DataFrame(
        {
            "exporter": rng.choice(["LN", "JS", "SD", "ZJ"], 60),
            "product": rng.choice(["a", "b", "c"], 60),
            "market": rng.choice(["JP", "KR"], 60),
            "period": rng.choice([2019, 2020], 60),
            "value": rng.gamma(2.0, 5.0, 60),
            "quantity": rng.gamma(2.0, 3.0, 60),
        }
    )
    y = np.log(t["quantity"]) + 4 * np.log(t["value"] / t["quantity"])
    peer = smf.ols("y ~ C(product) + C(market):C(period)", t.assign(y=y)).fit().resid / 3
    p = export_quality(t, sigma=4)
    assert p.table["quality"].to_numpy() == pytest.approx(peer.to_numpy(), abs=1e-9)
    assert (export_quality(t.assign(s=4.0), sigma="s").table["quality"] == p.table["quality"]).all()
    assert p.table["rivals"].min() >= 1
    with pytest.raises(OptionError, match="sigma has the value 1"):
        export_quality(t, sigma=1)
    with pytest.raises(DataError, match="Values or quantities are zero in 60 rows"):
        export_quality(t.assign(value=0.0), sigma=4)


def test_upstreamness_of_exports_by_hand() -> None:
    x = pd.DataFrame({"LN": [1.0, 3.0], "none": [0.0, 0.0]}, ["ores", "shirts"])
    p = export_upstreamness(x, pd.Series({"shirts": 1.0, "ores": 4.0})).table
    assert p["upstreamness"][0] == pytest.approx(1.75)
    assert np.isnan(p["upstreamness"][1])
    with pytest.raises(UnknownName, match="no product with an upstreamness named 'ores'"):
        export_upstreamness(x, pd.Series({"shirts": 1.0}))
    with pytest.raises(DataError, match="missing or negative in 2 rows"):
        export_upstreamness(-x, pd.Series({"shirts": 1.0, "ores": 4.0}))


def test_stages_by_hand() -> None:
    t = pd.DataFrame(
        {"city": ["DL", "DL", "SY", "SY"], "bec": ["22", "61", "51", "41"], "value": [30.0, 10.0, 5.0, 5.0]}
    )
    p = stage_shares(t, by=["city"]).table.set_index("city")
    assert p.loc["DL", ["intermediate", "consumption"]].tolist() == pytest.approx([0.75, 0.25])
    assert p.loc["SY", ["capital", "ambiguous"]].tolist() == pytest.approx([0.5, 0.5])
    whole = stage_shares(t).table
    assert whole[["intermediate", "capital", "consumption", "ambiguous"]].sum(
        axis=1
    ).tolist() == pytest.approx([1])
    assert len(BEC) == 19  # basic categories of revision 4
    with pytest.raises(UnknownName, match="no category of BEC revision 4 named '2'"):
        stage_shares(t.assign(bec="2"))


def test_refusals() -> None:
    with pytest.raises(UnknownName, match="no column named 'processing_exports'"):
        processing_margin(pd.DataFrame({"period": [2020]}))
    with pytest.raises(DataError, match=r"missing or negative in 1 row\. First: period=2019, chapter=84"):
        processing_margin(customs().assign(processing_imports=[-1.0, 1, 1, 1, 1]))
    with pytest.raises(DataError, match="not whole years"):
        processing_margin(customs().assign(period="2019-01"))
    with pytest.raises(DataError, match="period occur more than once in 2 rows"):
        processing_margin(customs())
    with pytest.raises(OptionError, match="window >= 1"):
        processing_margin(customs(), by=["chapter"], window=0)
    with pytest.raises(DataError, match="'exports' is str, not numbers"):
        kee_tang(firms().assign(exports="1"))
    with pytest.raises(OptionError, match="theta=2"):
        upward_wang_zheng(firms(), theta=2)
    with pytest.raises(OptionError, match=r"trim=0\.7"):
        relative_unit_values(shipments(), trim=0.7)
