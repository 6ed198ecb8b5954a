"""Similarity of export structures: outside numbers, identities, engines, errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import tries
from family_engines import ENGINES, flows, indexed, rows, same
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import OptionError, UnknownName
from exportlab.indices import similarity
from exportlab.indices.similarity import bahar, cosine, finger_kreinin, hoover, krugman

NAMES = ("krugman", "hoover", "finger_kreinin", "cosine", "bahar")


def structures(*lists: list[float]) -> xl.Flows:
    cells = [(who, f"p{k}", v) for who, x in zip("ijklmn", lists, strict=False) for k, v in enumerate(x)]
    return flows([{"exporter": e, "product": p, "value": float(v)} for e, p, v in cells])


def test_outside_numbers(reference):
    for case in pd.read_csv(reference / "indices_similarity.csv").itertuples():
        x, y = ([float(v) for v in text.split()] for text in (case.first, case.second))
        made = getattr(similarity, case.index)(structures(x, y))
        assert made[case.index][0] == pytest.approx(case.expected, abs=case.tolerance), case


def test_krugman_of_226_countries_against_the_world(shared):
    table = pd.read_parquet(shared / "reference/indices/economiccomplexity_world_trade_1998_2000.parquet")
    f = xl.flows(table, exporter="country")
    outside = pd.read_csv(shared / "reference/indices/validation_r_data_indices.csv", index_col="country")
    made = krugman(f, against="world").set_index("country").krugman
    assert (made - outside.Krugman).abs().max() < 2e-9
    square = cosine(f, form="matrix")
    assert square.shape == (226, 226)
    assert np.allclose(np.diag(square), 1)


def test_bahar_is_the_correlation_of_log_advantage():
    r = np.random.default_rng(4)
    x = r.gamma(0.4, size=(4, 30)) * (r.random((4, 30)) < 0.7)
    x[:, 3] = 0  # a product that nobody sells says nothing
    sold = np.delete(x, 3, axis=1)
    advantage = (sold / sold.sum(1, keepdims=True)) / (sold.sum(0) / sold.sum())
    expected = np.corrcoef(np.log(advantage + 0.1))
    made = bahar(structures(*x.tolist()), form="matrix").to_numpy()
    assert made == pytest.approx(expected, abs=1e-12)


values = st.lists(st.floats(0.01, 1e6) | st.just(0.0), min_size=4, max_size=4).filter(any)


@tries.at_most(12)
@given(values, values)
def test_four_names_of_one_overlap(x, y):
    f = structures(x, y)
    k, h, e, c = (fn(f).iloc[0, -1] for fn in (krugman, hoover, finger_kreinin, cosine))
    assert k == pytest.approx(2 * h, abs=1e-12)
    assert e == pytest.approx(1 - h, abs=1e-12)
    assert -1e-12 <= c <= 1 + 1e-12


def test_against_world_rest_and_one_unit():
    f = structures([5, 3, 2], [2, 3, 5])
    assert krugman(f, against="world").krugman.tolist() == pytest.approx([0.3, 0.3])
    assert krugman(f, against="rest").krugman.tolist() == pytest.approx([0.6, 0.6])
    assert krugman(f, against="j").krugman.tolist() == pytest.approx([0.6, 0])
    made = xl.CATALOGUE["duplication"](f, against="rest")
    assert made.columns.tolist() == ["exporter", "exporter_2", "finger_kreinin"]
    assert made.exporter_2.tolist() == ["rest", "rest"]


def test_long_and_matrix_hold_the_same_pairs():
    f = structures([5, 3, 2], [2, 3, 5], [1, 0, 0])
    square = cosine(f, form="matrix")
    for r in cosine(f).itertuples():
        assert (
            square.loc[r.exporter, r.exporter_2]
            == square.loc[r.exporter_2, r.exporter]
            == pytest.approx(r.cosine)
        )
    assert len(cosine(f)) == 3
    assert square.index.name == "exporter"


def test_units_with_nothing_are_undefined():
    f = structures([5, 3, 2], [0, 0, 0])
    for name in NAMES:
        assert math.isnan(getattr(similarity, name)(f).iloc[0, -1]), name
    flat = structures([1, 1], [1, 1])
    assert math.isnan(bahar(flat).bahar[0])


def table() -> list[dict]:
    r = np.random.default_rng(8)
    return [
        {"period": y, "exporter": e, "market": m, "product": p, "value": round(float(r.gamma(0.5)), 3)}
        for y in (2020, 2021)
        for e in "ABC"
        for m in "XY"
        for p in "abcd"
        if r.random() < 0.8
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_with_plain_python(engine):
    made = indexed(krugman(flows(table(), engine), by="period"), "period", "exporter", "exporter_2")
    assert len(made) == 6
    for (year, a, b), got in made.items():
        mine, other = ({}, {})
        for r in table():
            for who, side in ((a, mine), (b, other)):
                if r["period"] == year and r["exporter"] == who:
                    side[r["product"]] = side.get(r["product"], 0) + r["value"]
        x, y = sum(mine.values()), sum(other.values())
        assert same(got["krugman"], sum(abs(mine.get(k, 0) / x - other.get(k, 0) / y) for k in "abcd"))


def test_result_comes_in_the_callers_eager_type_and_names():
    frame = pl.LazyFrame(table()).rename({"exporter": "city"})
    made = cosine(xl.flows(frame, exporter="city"), over="market", by="period")
    assert isinstance(made, pl.DataFrame)
    assert made.columns == ["period", "city", "city_2", "cosine"]
    markets = cosine(flows(table()), unit="market", by=[])
    assert rows(markets)[0]["market_2"] == "Y"


def test_errors_say_what_is_allowed():
    f = flows(table())
    with pytest.raises(OptionError, match=r"holds one matrix, and there are 4 groups"):
        cosine(f, form="matrix")
    with pytest.raises(OptionError, match="form='wide' is not allowed"):
        cosine(f, form="wide")
    with pytest.raises(UnknownName, match="no unit to compare with named 'Z'"):
        krugman(f, against="Z")
    with pytest.raises(OptionError, match="cannot be spread over exporters"):
        krugman(f, over="exporter")
    with pytest.raises(OptionError, match="shift=0 is not allowed. Allowed: a number above 0"):
        bahar(f, shift=0)
