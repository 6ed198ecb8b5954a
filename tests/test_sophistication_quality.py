"""Quality-adjusted PRODY and EXPY: hand cases, limits, outside numbers at equal prices, every engine."""

from __future__ import annotations

import math
from math import fsum

import pandas as pd
import pytest
from engines import ENGINES, rows

import exportlab as xl
from exportlab.errors import DataError, OptionError

COLUMNS = ["year", "country", "hs", "usd", "kg"]
ROLES = {"period": "year", "exporter": "country", "product": "hs", "value": "usd", "quantity": "kg"}
INCOME = {"a": 1000.0, "b": 3000.0}
# 01: prices 1 and 3, shares in its exports 1/4 and 3/4; 02: prices 2 and 2; 03: no quantity.
TRADE = pd.DataFrame(
    [
        (2020, "a", "01", 10.0, 10.0),
        (2020, "a", "02", 30.0, 15.0),
        (2020, "b", "01", 30.0, 10.0),
        (2020, "b", "02", 20.0, 10.0),
        (2020, "b", "03", 10.0, math.nan),
    ],
    columns=COLUMNS,
)


@pytest.mark.parametrize(("average", "q"), [("value", (0.4, 1.2)), ("quantity", (0.5, 1.5))])
def test_two_exporters_by_hand(average, q):
    flows = xl.flows(TRADE, **ROLES)
    found = xl.prody_quality(flows, INCOME, average=average).set_index(["country", "hs"])
    prody = (0.25 * 1000 + 0.5 * 3000) / 0.75
    for country, relative in zip("ab", q, strict=True):
        row = found.loc[(country, "01")]
        assert row["relative_price"] == pytest.approx(relative)
        assert row["prody"] == pytest.approx(prody)
        assert row["prody_quality"] == pytest.approx(relative**0.2 * prody)
        assert found.loc[(country, "02"), "prody_quality"] == found.loc[(country, "02"), "prody"]
    assert found.loc[("b", "03"), "prody"] == pytest.approx(3000)
    assert math.isnan(found.loc[("b", "03"), "prody_quality"])
    mean = xl.expy_quality(flows, INCOME, average=average).set_index("country")
    second = found.loc[("b", "02"), "prody"]
    assert mean.loc["b", "covered"] == pytest.approx(50 / 60)
    assert mean.loc["b", "expy"] == pytest.approx((30 * prody + 20 * second) / 50)
    assert mean.loc["b", "expy_quality"] == pytest.approx((30 * q[1] ** 0.2 * prody + 20 * second) / 50)


def test_at_equal_prices_it_is_what_r_prints(shared, reference):
    folder = shared / "reference" / "indices"
    trade = pd.read_parquet(folder / "economiccomplexity_world_trade_1998_2000.parquet")
    income = pd.read_csv(folder / "economiccomplexity_world_gdp_1998_2000.csv").set_index("country")["value"]
    roles = {"exporter": "country", "product": "product", "value": "value", "quantity": "kg"}
    flows = xl.flows(trade.assign(kg=trade["value"] / 7), **roles)
    found = {
        "prody": xl.prody_quality(flows, income, missing="leave out")
        .groupby("product")["prody_quality"]
        .first(),
        "expy": xl.expy_quality(flows, income, missing="leave out").set_index("country")["expy_quality"],
    }
    for row in pd.read_csv(reference / "sophistication.csv", dtype={"label": str}).itertuples():
        assert found[row.quantity][row.label] == pytest.approx(row.printed, abs=5e-4)


def test_without_elasticity_it_is_expy():
    flows = xl.flows(TRADE[TRADE["hs"] != "03"], **ROLES)
    found = xl.expy_quality(flows, INCOME, elasticity=0)
    plain = xl.expy(flows, INCOME)
    assert found["expy_quality"].tolist() == pytest.approx(plain["expy"].tolist(), rel=1e-12)
    assert found["expy"].tolist() == pytest.approx(plain["expy"].tolist(), rel=1e-12)
    assert found["covered"].tolist() == [1, 1]


def test_the_value_mean_is_never_below_the_price_of_the_whole():
    """Cauchy-Schwarz: sum(x p) / sum x >= sum x / sum q, with equality at one price."""
    flows = xl.flows(TRADE, **ROLES)
    high, low = (xl.prody_quality(flows, INCOME, average=a)["relative_price"] for a in ("value", "quantity"))
    assert (high[:2] <= low[:2] + 1e-12).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine(engine):
    later = TRADE.assign(year=2021, usd=TRADE["usd"] * [1, 2, 3, 1, 2])
    table = pd.concat([TRADE, later], ignore_index=True)
    found = rows(xl.expy_quality(xl.flows(ENGINES[engine](table), **ROLES), INCOME), ["year", "country"])
    assert len(found) == 4
    for row in found:
        part = [r for r in table.itertuples() if r.year == row["year"]]
        total = {c: fsum(r.usd for r in part if r.country == c) for c in "ab"}
        moved, known = [], []
        for mine in (r for r in part if r.country == row["country"] and r.kg == r.kg):
            same = [r for r in part if r.hs == mine.hs]
            weight = [r.usd / total[r.country] for r in same]
            prody = fsum(w * INCOME[r.country] for w, r in zip(weight, same, strict=True)) / fsum(weight)
            mean = fsum(r.usd * r.usd / r.kg for r in same) / fsum(r.usd for r in same)
            moved.append(mine.usd * (mine.usd / mine.kg / mean) ** 0.2 * prody)
            known.append(mine.usd)
        assert row["expy_quality"] == pytest.approx(fsum(moved) / fsum(known), rel=1e-12)
        assert row["covered"] == pytest.approx(fsum(known) / total[row["country"]], rel=1e-12)


def test_errors():
    flows = xl.flows(TRADE, **ROLES)
    with pytest.raises(OptionError, match=r"elasticity=-1 is not allowed. Allowed: a number from 0 to 10"):
        xl.prody_quality(flows, INCOME, elasticity=-1)
    with pytest.raises(OptionError, match="average='mean' is not allowed. Allowed: 'value', 'quantity'"):
        xl.expy_quality(flows, INCOME, average="mean")
    bare = xl.flows(TRADE.drop(columns="kg"), **{k: v for k, v in ROLES.items() if k != "quantity"})
    with pytest.raises(DataError, match="the flows have no quantity. expy_quality needs quantity="):
        xl.expy_quality(bare, INCOME)
