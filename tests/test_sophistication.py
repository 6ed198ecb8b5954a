"""PRODY, EXPY and unit values: outside numbers, hand cases, exact identities, errors, every engine."""

from __future__ import annotations

import math
from math import fsum, log, prod

import pandas as pd
import pytest
import tries
from engines import ENGINES, rows
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.indices.sophistication import expy, prody
from exportlab.indices.unit_values import price_quantity, relative_unit_value

COLUMNS = ["year", "country", "hs", "usd"]
TRADE = pd.DataFrame(
    [
        (2020, "a", "01", 60.0),
        (2020, "a", "02", 40.0),
        (2020, "b", "01", 20.0),
        (2020, "b", "02", 80.0),
        (2020, "c", "02", 5.0),
        (2021, "a", "01", 10.0),
        (2021, "a", "03", 90.0),
        (2021, "b", "02", 50.0),
        (2021, "b", "01", 50.0),
        (2021, "c", "02", 9.0),
    ],
    columns=COLUMNS,
)
INCOME = {"a": 1000.0, "b": 3000.0, "c": 20000.0}
ROLES = {"period": "year", "exporter": "country", "product": "hs", "value": "usd"}


def shares(table, year):
    part = table[table["year"] == year]
    totals = part.groupby("country")["usd"].sum()
    return {(r.country, r.hs): r.usd / totals[r.country] for r in part.itertuples() if r.usd > 0}


def prody_by_hand(s, k, income, without=None):
    weights = {c: v for (c, p), v in s.items() if p == k and c in income and c != without}
    return fsum(v * income[c] for c, v in weights.items()) / fsum(weights.values()) if weights else math.nan


def expy_by_hand(s, base, i, income, leave_out=False):
    worth = {k: prody_by_hand(base, k, income, i if leave_out else None) for (c, k) in s if c == i}
    known = {k: v for k, v in worth.items() if v == v}
    covered = fsum(s[i, k] for k in known)
    return covered, fsum(s[i, k] * v for k, v in known.items()) / covered if covered else math.nan


def test_world_of_1998_2000(shared, reference):
    folder = shared / "reference" / "indices"
    trade = pd.read_parquet(folder / "economiccomplexity_world_trade_1998_2000.parquet")
    income = pd.read_csv(folder / "economiccomplexity_world_gdp_1998_2000.csv").set_index("country")["value"]
    flows = xl.flows(trade, exporter="country", product="product", value="value")
    assert len(set(income.index) & set(trade["country"])) == 185
    found = {
        "prody": prody(flows, income, missing="leave out").set_index("product")["prody"],
        "expy": expy(flows, income, missing="leave out").set_index("country")["expy"],
    }
    for row in pd.read_csv(reference / "sophistication.csv", dtype={"label": str}).itertuples():
        assert found[row.quantity][row.label] == pytest.approx(row.printed, abs=5e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine(engine):
    flows = xl.flows(ENGINES[engine](TRADE), **ROLES)
    for row in rows(prody(flows, INCOME), ["year", "hs"]):
        s = shares(TRADE, row["year"])
        assert row["prody"] == pytest.approx(prody_by_hand(s, row["hs"], INCOME), rel=1e-12)
        assert row["exporters"] == sum(1 for c, k in s if k == row["hs"])
    for leave_out in (False, True):
        for base in (None, 2020):
            for row in rows(expy(flows, INCOME, base=base, leave_out=leave_out), ["year", "country"]):
                s = shares(TRADE, row["year"])
                before = s if base is None else shares(TRADE, base)
                covered, value = expy_by_hand(s, before, row["country"], INCOME, leave_out)
                assert row["covered"] == pytest.approx(covered, abs=1e-12)
                assert row["expy"] == pytest.approx(value, rel=1e-12, nan_ok=True)


def test_nobody_else_exports_it():
    """03 is new in 2021 and a's alone: without a it has no PRODY, and a's EXPY rests on the tenth left."""
    found = expy(xl.flows(TRADE, **ROLES), INCOME, leave_out=True).set_index(["year", "country"])
    assert found.loc[(2021, "a"), "covered"] == pytest.approx(0.1)
    assert found.loc[(2021, "a"), "expy"] == pytest.approx(3000)
    alone = xl.flows(TRADE[TRADE["country"] == "c"], **ROLES)
    assert math.isnan(expy(alone, INCOME, leave_out=True)["expy"].iloc[0])


def test_income_by_period_and_from_a_table():
    flows = xl.flows(TRADE, **ROLES)
    dated = {(y, c): v * (1 if y == 2020 else 2) for y in (2020, 2021) for c, v in INCOME.items()}
    plain, twice = prody(flows, INCOME), prody(flows, dated)
    factor = plain["year"].map({2020: 1, 2021: 2})
    assert twice["prody"].tolist() == pytest.approx((plain["prody"] * factor).tolist())
    table = pd.DataFrame([(y, c, v) for (y, c), v in dated.items()], columns=["year", "country", "gdp"])
    joined = prody(flows, xl.flows(table, period="year", exporter="country", value="gdp"))
    assert joined["prody"].tolist() == pytest.approx(twice["prody"].tolist())
    assert prody(flows, INCOME, base=2020)["hs"].tolist() == ["01", "02"]


def test_income_errors():
    flows = xl.flows(TRADE, **ROLES)
    with pytest.raises(
        DataError, match="2 exporters have no income. First: country='c', year=2020. Give it, or say"
    ):
        prody(flows, {"a": 1.0, "b": 2.0})
    left = prody(flows, {"a": 1.0, "b": 2.0}, missing="leave out")
    assert left.loc[left["hs"] == "02", "exporters"].tolist() == [2, 1]
    with pytest.raises(DataError, match="the income of 2 exporters is not above zero. First: country='b'"):
        prody(flows, INCOME | {"b": -1.0})
    with pytest.raises(UnknownName, match="There is no period named 1999. Known: '2020', '2021'"):
        expy(flows, INCOME, base=1999)
    with pytest.raises(OptionError, match="missing='skip' is not allowed. Allowed: 'refuse', 'leave out'"):
        prody(flows, INCOME, missing="skip")
    with pytest.raises(DataError, match="the flows have no exporter"):
        prody(xl.cells(flows, ["period", "product"]), INCOME)
    with pytest.raises(DataError, match="income is empty"):
        prody(flows, {})


PRICED = pd.DataFrame(
    [
        (2020, "a", "01", 10.0, 10.0),
        (2020, "a", "02", 30.0, 5.0),
        (2020, "a", "03", 4.0, 1.0),
        (2020, "b", "01", 30.0, 10.0),
        (2020, "b", "02", 8.0, 2.0),
        (2021, "a", "01", 24.0, 12.0),
        (2021, "a", "02", 28.0, 4.0),
        (2021, "a", "04", 6.0, 2.0),
        (2021, "b", "01", 9.0, 4.0),
        (2021, "b", "02", 9.0, math.nan),
    ],
    columns=[*COLUMNS, "kg"],
)
PRICED_ROLES = ROLES | {"quantity": "kg"}


@pytest.mark.parametrize("engine", ENGINES)
def test_dispersion_of_unit_values(engine):
    """Deviations of the logarithms about each product's weighted mean; what has one price is left out of it."""
    table = pd.DataFrame(
        [
            ("x", "p", 30.0, 10.0),
            ("x", "q", 10.0, 10.0),
            ("y", "p", 8.0, 1.0),
            ("y", "q", 2.0, 2.0),
            ("z", "p", 50.0, 1.0),
            ("u", "p", 1.0, None),
            ("u", "q", 0.0, 0.0),
        ],
        columns=["product", "market", "value", "kg"],
    )
    flows = xl.flows(ENGINES[engine](table), quantity="kg")
    by_value = rows(xl.unit_value_dispersion(flows), [])[0]
    x, y = log(3) ** 2 * 30 * 10 / 40, log(8) ** 2 * 8 * 2 / 10
    assert by_value["unit_value_dispersion"] == pytest.approx(((x + y) / 50) ** 0.5)
    assert by_value["covered"] == pytest.approx(50 / 101)
    equal = rows(xl.unit_value_dispersion(flows, weights="equal"), [])[0]
    assert equal["unit_value_dispersion"] == pytest.approx(((log(3) ** 2 / 2 + log(8) ** 2 / 2) / 4) ** 0.5)
    with pytest.raises(OptionError, match="market"):
        xl.unit_value_dispersion(flows, by=["market"])
    with pytest.raises(OptionError, match=r"weights='cost'.*value"):
        xl.unit_value_dispersion(flows, weights="cost")


@pytest.mark.parametrize("engine", ENGINES)
def test_relative_unit_values(engine):
    flows = xl.flows(ENGINES[engine](PRICED), **PRICED_ROLES)
    found = {
        (r["year"], r["country"], r["hs"]): r["relative_unit_value"]
        for r in rows(relative_unit_value(flows), ["year"])
    }
    assert found[2020, "a", "01"] == pytest.approx(1.0 / 2.0)
    assert found[2020, "b", "02"] == pytest.approx(4.0 / (38 / 7))
    assert math.isnan(found[2021, "b", "02"])
    assert found[2021, "a", "02"] == pytest.approx(1)  # b's quantity is missing: a alone is the reference
    rest = {
        (r["year"], r["country"], r["hs"]): r["relative_unit_value"]
        for r in rows(relative_unit_value(flows, reference="rest"), ["year"])
    }
    assert rest[2020, "a", "01"] == pytest.approx(1 / 3)
    assert math.isnan(rest[2020, "a", "03"])
    mean = rows(relative_unit_value(flows, reference="rest", summary=True), ["year", "country"])
    assert mean[0]["covered"] == pytest.approx(40 / 44)
    assert mean[0]["relative_unit_value"] == pytest.approx(math.exp((10 * log(1 / 3) + 30 * log(6 / 4)) / 40))
    world = PRICED[PRICED["country"] == "b"].drop(columns="country")
    own = xl.flows(ENGINES[engine](world), **{k: v for k, v in PRICED_ROLES.items() if k != "exporter"})
    against = {
        (r["year"], r["country"], r["hs"]): r["relative_unit_value"]
        for r in rows(relative_unit_value(flows, reference=own), ["year"])
    }
    assert against[2020, "a", "02"] == pytest.approx(6 / 4)
    assert math.isnan(against[2021, "a", "02"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("method", ["fisher", "tornqvist", "laspeyres", "paasche"])
def test_price_indices_on_every_engine(engine, method):
    flows = xl.flows(ENGINES[engine](PRICED), **PRICED_ROLES)
    a, b = rows(price_quantity(flows, method=method), ["country"])
    v0, v1, p, q = (10, 30), (24, 28), (2 / 1, 7 / 6), (12 / 10, 4 / 5)
    laspeyres = fsum(v * r for v, r in zip(v0, p, strict=True)) / 40
    paasche = 52 / fsum(v * r for v, r in zip(v0, q, strict=True))
    weights = [(x / 40 + y / 52) / 2 for x, y in zip(v0, v1, strict=True)]
    expected = {
        "laspeyres": laspeyres,
        "paasche": paasche,
        "fisher": math.sqrt(laspeyres * paasche),
        "tornqvist": prod(r**w for r, w in zip(p, weights, strict=True)),
    }[method]
    assert a["price"] == pytest.approx(expected, rel=1e-12)
    assert a["price_quantity"] == pytest.approx(58 / 44)
    assert a["turnover"] == pytest.approx((58 / 44) / (52 / 40))
    assert a["volume"] == pytest.approx(16 / 15)
    assert a["matched"] == 2
    assert b["matched"] == 1
    assert b["price"] == pytest.approx(2.25 / 3)
    for row in (a, b):
        whole = row["price"] * row["quantity_index"] * row["turnover"]
        assert whole == pytest.approx(row["price_quantity"], rel=1e-12)
        assert row["volume"] * row["mix"] == pytest.approx(row["quantity_index"], rel=1e-12)


positive = st.floats(0.1, 100)


@given(st.lists(st.tuples(positive, positive, positive, positive), min_size=1, max_size=5))
@tries.at_most(25)
def test_fisher_price_times_quantity_is_the_value_ratio(members):
    """And Fisher's quantity index is of the same kind: prices and quantities may change places."""
    table = pd.DataFrame(
        [(y, str(k), m[y], m[2 + y]) for k, m in enumerate(members) for y in (0, 1)],
        columns=["period", "product", "value", "quantity"],
    ).assign(period=lambda t: t["period"] + 2020)
    row = price_quantity(xl.flows(table)).iloc[0]
    ratio = fsum(m[1] for m in members) / fsum(m[0] for m in members)
    assert row["price"] * row["quantity_index"] == pytest.approx(ratio, rel=1e-9)
    assert row["turnover"] == pytest.approx(1)
    lq = fsum(m[0] * m[3] / m[2] for m in members) / fsum(m[0] for m in members)
    pq = fsum(m[1] for m in members) / fsum(m[1] * m[2] / m[3] for m in members)
    assert row["quantity_index"] == pytest.approx(math.sqrt(lq * pq), rel=1e-9)


def test_unit_value_errors():
    flows = xl.flows(TRADE, **ROLES)
    with pytest.raises(DataError, match="the flows have no quantity. price_quantity needs quantity="):
        price_quantity(flows)
    with pytest.raises(DataError, match="the flows have no quantity"):
        relative_unit_value(flows)
    priced = xl.flows(PRICED, **PRICED_ROLES)
    with pytest.raises(OptionError, match="method='fischer' is not allowed.* Did you mean 'fisher'?"):
        price_quantity(priced, method="fischer")
    unmatched = price_quantity(xl.flows(PRICED[PRICED["hs"].isin(["03", "04"])], **PRICED_ROLES))
    assert math.isnan(unmatched["price"].iloc[0])
    assert unmatched["matched"].tolist() == [0]
