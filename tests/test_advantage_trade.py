"""Advantage from both sides of trade, location, transitions: outside numbers, identities, engines, errors."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import tries
from family_engines import ENGINES, flows, indexed, rows, same
from hypothesis import given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.indices.advantage import lafay, michaely, vollrath
from exportlab.indices.location import ellison_glaeser, hachman, location_quotient, locational_gini
from exportlab.indices.transitions import Transitions, galtonian, rca_transitions


def wide(table: dict, first: str = "exporter", second: str = "product") -> xl.Flows:
    """{first: {second: value}} as flows."""
    return flows([{first: a, second: b, "value": float(v)} for a, x in table.items() for b, v in x.items()])


# -- both sides of trade -------------------------------------------------------------------------------------


def test_vollrath_by_hand():
    # x_ik = 30, X_i = 100, X_k = 60, X = 500
    x = wide({"i": {"k": 30, "o": 70}, "r": {"k": 30, "o": 370}})
    m = wide({"i": {"k": 10, "o": 90}, "r": {"k": 50, "o": 350}})
    made = indexed(vollrath(x, m), "exporter", "product")["i", "k"]
    rxa, rma = (30 / 70) / (30 / 370), (10 / 90) / (50 / 350)
    assert (made["rxa"], made["rma"]) == pytest.approx((rxa, rma), rel=1e-12)
    assert made["rta"] == pytest.approx(rxa - rma, rel=1e-12)
    assert made["rc"] == pytest.approx(math.log(rxa) - math.log(rma), rel=1e-12)
    balassa = indexed(vollrath(x, m, form="balassa"), "exporter", "product")["i", "k"]
    assert balassa["rxa"] == pytest.approx(2.5, rel=1e-15)  # the hand case of the RCA family
    assert balassa["rma"] == pytest.approx((10 / 100) / (60 / 500), rel=1e-15)


def test_vollrath_where_it_is_undefined():
    x = wide({"i": {"k": 1, "o": 1}, "r": {"o": 1}})
    m = wide({"i": {"o": 1}, "r": {"k": 1, "o": 1}})
    made = indexed(vollrath(x, m), "exporter", "product")
    assert math.isnan(made["i", "k"]["rxa"])  # nobody else exports it
    assert made["i", "k"]["rma"] == 0
    assert math.isnan(made["i", "k"]["rc"])


def test_lafay_and_michaely_by_hand():
    x, m = wide({"i": {"a": 60, "b": 40}}), wide({"i": {"a": 20, "b": 30}})
    made = indexed(lafay(x, m), "product")
    assert made["a"]["lafay"] == pytest.approx(100 * (40 / 80 - 50 / 150) * 80 / 150)
    assert indexed(michaely(x, m), "product")["a"]["michaely"] == pytest.approx(0.6 - 0.4)
    ends = lafay(wide({"i": {"a": 1}}), wide({"i": {"b": 1}})).lafay
    assert ends.tolist() == pytest.approx([50, -50])


amounts = st.lists(st.floats(0.01, 1e6) | st.just(0.0), min_size=4, max_size=4).filter(any)


@tries.at_most(10)
@given(amounts, amounts)
def test_lafay_and_michaely_sum_to_zero(a, b):
    x, m = (wide({"i": dict(zip("klmn", v, strict=True))}) for v in (a, b))
    made = lafay(x, m).lafay
    assert made.sum() == pytest.approx(0, abs=1e-9)
    assert made.abs().max() <= 50 + 1e-9
    assert michaely(x, m).michaely.sum() == pytest.approx(0, abs=1e-12)


# -- location ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outside(reference) -> pd.DataFrame:
    return pd.read_csv(reference / "indices_location.csv", index_col="index")


def check(outside, index: str, value: float) -> None:
    assert value == pytest.approx(outside.expected[index], abs=outside.tolerance[index])


PLACES = {"Wien": 500_000, "Linz": 400_000, "Graz": 100_000}
PLANTS = [
    ("Wien", 200),
    ("Wien", 650),
    ("Wien", 12000),
    ("Wien", 100),
    ("Wien", 50),
    ("Linz", 16000),
    ("Linz", 13000),
    ("Linz", 1500),
    ("Linz", 1500),
    ("Graz", 25000),
]


def plants() -> tuple[xl.Flows, xl.Flows]:
    table = [
        {"exporter": r, "product": "k", "plant": i, "value": float(v)} for i, (r, v) in enumerate(PLANTS)
    ]
    size = flows([{"exporter": r, "value": float(v)} for r, v in PLACES.items()])
    return flows(table, keys="plant"), size


def test_outside_numbers_of_reat_and_econgeo(outside):
    place = wide({"j": {"a": 1714, "o": 79006 - 1714}})
    nation = wide({"n": {"a": 879213, "o": 15593224 - 879213}})
    check(outside, "location_quotient", location_quotient(place, reference=nation).location_quotient[0])
    made = {f"r{i}": {"k": v} for i, v in enumerate([500, 500, 1000, 7000, 1000])}
    size = flows([{"exporter": f"r{i}", "value": v} for i, v in enumerate([20e3, 15e3, 20e3, 40e3, 5e3])])
    check(
        outside,
        "locational_gini",
        locational_gini(wide(made), size=size, form="quotients").locational_gini[0],
    )
    place = wide({"j": dict(zip("abcde", [700, 600, 500, 10000, 40000], strict=True))})
    size = flows(
        [{"product": k, "value": v} for k, v in zip("abcde", [30e3, 15e3, 10e3, 60e3, 50e3], strict=True)]
    )
    gini = locational_gini(place, of="exporter", over="product", size=size, form="quotients")
    check(outside, "gini_of_specialisation", gini.locational_gini[0])
    made = {f"r{i}": {"k": v} for i, v in enumerate([0, 10, 10, 30, 50])}
    size = flows([{"exporter": f"r{i}", "value": float(v)} for i, v in enumerate([10, 15, 20, 25, 30])])
    check(outside, "hoover_gini", locational_gini(wide(made), size=size).locational_gini[0])
    table, size = plants()
    check(outside, "ellison_glaeser", ellison_glaeser(table, plant="plant", size=size).ellison_glaeser[0])


def test_econgeo_locational_gini_of_five_industries():
    mat = [[100, 0, 0, 0, 0], [0, 15, 5, 70, 10], [0, 20, 10, 20, 50], [0, 25, 30, 5, 40], [0, 40, 55, 5, 0]]
    f = wide({f"R{r}": {f"I{c}": v for c, v in enumerate(row)} for r, row in enumerate(mat)})
    made = locational_gini(f, form="krugman").locational_gini
    assert made.tolist() == pytest.approx([0.40, 0.18, 0.27, 0.31, 0.28], abs=1e-12)
    assert locational_gini(f).locational_gini.tolist() == pytest.approx((2 * made).tolist())


def test_ellison_glaeser_from_a_herfindahl_given():
    table, size = plants()
    made = ellison_glaeser(table, plant="plant", size=size).iloc[0]
    again = ellison_glaeser(table, herfindahl={"k": made.herfindahl}, size=size, by=[]).iloc[0]
    assert again.ellison_glaeser == pytest.approx(made.ellison_glaeser, rel=1e-12)
    raw = ellison_glaeser(table, herfindahl=0.0, size=size, by=[]).iloc[0]
    assert raw.ellison_glaeser == pytest.approx(raw.concentration / (1 - 0.25 - 0.16 - 0.01))
    proportional = wide({r: {"k": v} for r, v in PLACES.items()})
    assert ellison_glaeser(proportional, herfindahl=0.0).ellison_glaeser[0] == pytest.approx(0, abs=1e-15)
    assert math.isnan(ellison_glaeser(proportional, herfindahl=1.0).ellison_glaeser[0])


def test_hachman_by_hand():
    f = wide({"i": {"a": 5, "b": 5}, "j": {"a": 5, "b": 5}})
    assert hachman(f).hachman.tolist() == pytest.approx([1, 1])
    g = wide({"i": {"a": 8, "b": 2}, "j": {"a": 2, "b": 8}})
    assert hachman(g).hachman.tolist() == pytest.approx([1 / ((0.64 + 0.04) / 0.5)] * 2)
    alien = wide({"i": {"a": 1}, "j": {"b": 1}})
    assert hachman(alien, reference="rest").hachman.tolist() == [0, 0]


def test_location_quotient_is_balassas_index():
    r = np.random.default_rng(3)
    f = wide({e: {p: float(r.uniform(1, 9)) for p in "abc"} for e in "ijk"})
    assert location_quotient(f).location_quotient.tolist() == pytest.approx(xl.rca(f).rca.tolist(), rel=1e-12)


# -- transitions ---------------------------------------------------------------------------------------------


def test_markov_chain_of_pysal():
    chains = ["bac", "cca", "cbc", "aab", "abc"]
    counts = np.zeros((3, 3), dtype=np.int64)
    for chain in chains:
        for a, b in pairwise(chain):
            counts["abc".index(a), "abc".index(b)] += 1
    made = Transitions(counts, ("a", "b", "c"))
    assert made.probabilities == pytest.approx(
        np.array([[1 / 4, 1 / 2, 1 / 4], [1 / 3, 0, 2 / 3], [1 / 3, 1 / 3, 1 / 3]])
    )
    assert made.ergodic == pytest.approx([0.30769231, 0.28846154, 0.40384615], abs=5e-9)
    assert made.ergodic @ made.probabilities == pytest.approx(made.ergodic)
    assert made.mobility == pytest.approx((3 - 7 / 12) / 2)
    assert "10 moves" in made.title


def test_income_mobility_of_us_states_as_pysal(reference):
    kept = pd.read_csv(reference / "indices_transitions.csv", index_col="quantity").expected
    counts = np.array([int(v) for v in kept["counts"].split()]).reshape(5, 5)
    made = Transitions(counts, tuple("12345"))
    assert made.ergodic == pytest.approx([float(v) for v in kept["ergodic"].split()], abs=5e-9)
    for name in ("mobility", "mobility_determinant", "mobility_eigenvalue"):
        assert getattr(made, name) == pytest.approx(float(kept[name]), rel=1e-12)


def test_two_class_chain_has_known_half_life():
    made = Transitions(np.array([[9, 1], [2, 8]]), ("low", "high"), lag=2)
    assert made.eigenvalues == pytest.approx([1, 0.7])
    assert made.half_life == pytest.approx(-2 * math.log(2) / math.log(0.7))
    assert [made.mobility, made.mobility_eigenvalue, made.mobility_determinant] == pytest.approx([0.3] * 3)
    assert made.ergodic == pytest.approx([2 / 3, 1 / 3])
    assert made.table["to high"].tolist() == pytest.approx([0.1, 0.8])
    still = Transitions(np.diag([3, 3]), ("low", "high"))
    assert still.mobility == 0
    assert still.half_life == math.inf
    assert np.isnan(still.ergodic).all()  # every distribution stays
    assert np.isnan(Transitions(np.array([[1, 1], [0, 0]]), ("low", "high")).ergodic).all()


def panel(seed: int = 6, years=(2020, 2021, 2022)) -> list[dict]:
    r = np.random.default_rng(seed)
    level = {(e, p): r.gamma(0.8) for e in "ABCD" for p in "pqrstu"}
    made = []
    for y in years:
        for (e, p), v in level.items():
            level[e, p] = v * math.exp(r.normal(0, 0.5))
            if r.random() < 0.85:
                made.append({"period": y, "exporter": e, "product": p, "value": round(10 * level[e, p], 3)})
    return made


def plain_rca(table, year) -> dict:
    cells = {(r["exporter"], r["product"]): r["value"] for r in table if r["period"] == year}
    whole = sum(cells.values())
    of = {k: sum(v for key, v in cells.items() if k in key) for k in {x for key in cells for x in key}}
    exporters, products = {e for e, _ in cells}, {p for _, p in cells}
    return {(e, p): cells.get((e, p), 0) / of[e] / (of[p] / whole) for e in exporters for p in products}


@pytest.mark.parametrize("engine", ENGINES)
def test_transitions_and_regression_agree_with_plain_python(engine):
    f = flows(panel(), engine)
    made = rca_transitions(f, cuts=[0.5, 1])
    expected = np.zeros((3, 3), dtype=int)
    for year in (2020, 2021):
        before, after = plain_rca(panel(), year), plain_rca(panel(), year + 1)
        for k in before.keys() & after.keys():
            expected[(before[k] > 0.5) + (before[k] > 1), (after[k] > 0.5) + (after[k] > 1)] += 1
    assert (made.counts == expected).all()
    assert made.labels == ("<= 0.5", "0.5 - 1", "> 1")
    fits = indexed(galtonian(f), "exporter")
    before, after = plain_rca(panel(), 2020), plain_rca(panel(), 2022)
    for who, got in fits.items():
        pairs = [
            ((before[k] - 1) / (before[k] + 1), (after[k] - 1) / (after[k] + 1))
            for k in before
            if k[0] == who and k in after
        ]
        x, y = np.array(pairs).T
        slope, constant = np.polyfit(x, y, 1)
        assert same(got["estimate"], slope, 1e-9)
        assert same(got["constant"], constant, 1e-9)
        assert same(got["correlation"], np.corrcoef(x, y)[0, 1], 1e-9)
        assert same(got["mobility"], 1 - np.corrcoef(x, y)[0, 1], 1e-9)
        assert same(got["dispersion"], got["estimate"] / got["correlation"], 1e-9)


def test_regression_has_the_errors_of_statsmodels():
    import statsmodels.api as sm

    made = indexed(galtonian(flows(panel()), level=0.9), "exporter")["B"]
    before, after = plain_rca(panel(), 2020), plain_rca(panel(), 2022)
    pairs = [
        ((before[k] - 1) / (before[k] + 1), (after[k] - 1) / (after[k] + 1))
        for k in before
        if k[0] == "B" and k in after
    ]
    x, y = np.array(pairs).T
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    assert made["std_error"] == pytest.approx(fit.bse[1], rel=1e-9)
    assert [made["conf_low"], made["conf_high"]] == pytest.approx(fit.conf_int(0.1)[1].tolist(), rel=1e-9)
    assert made["p_one"] == pytest.approx(float(fit.t_test("x1 = 1").pvalue), rel=1e-9)
    assert made["n"] == len(x)


def test_quantile_classes_and_cells_seen_once():
    f = flows(panel())
    made = rca_transitions(f, cuts=4, zeros=False)
    assert made.counts.shape == (4, 4)
    assert made.unmatched > 0
    assert rca_transitions(f).counts.sum() > made.counts.sum()
    assert rca_transitions(f, lag=2).lag == 2


def test_a_row_of_zero_is_no_trade():
    """Without zeros a product that is not sold has no advantage, whether the table has a row for it or not."""
    told = panel()
    cells = {(r["exporter"], r["product"]) for r in told}
    here = {(r["period"], r["exporter"], r["product"]) for r in told}
    none = [
        {**told[0], "period": y, "exporter": e, "product": p, "value": 0.0}
        for y in (2020, 2022)
        for e, p in sorted(cells)
        if (y, e, p) not in here
    ]
    assert none
    for zeros in (False, True):
        plain, more = (indexed(galtonian(flows(t), zeros=zeros), "exporter") for t in (told, told + none))
        assert {e: f["n"] for e, f in plain.items()} == {e: f["n"] for e, f in more.items()}
        counts = [rca_transitions(flows(t), zeros=zeros, lag=2).counts.tolist() for t in (told, told + none)]
        assert counts[0] == counts[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_two_sided_indices_agree_with_plain_python(engine):
    a, b = [r for r in panel(1) if r["period"] == 2020], [r for r in panel(2) if r["period"] == 2020]
    x, m = flows(a, engine), flows(b, engine)

    def total(table, **where):
        return sum(r["value"] for r in table if all(r[k] == v for k, v in where.items()))

    net = indexed(michaely(x, m), "exporter", "product")
    lfi = indexed(lafay(x, m), "exporter", "product")
    for (e, p), got in net.items():
        s, t = total(a, exporter=e, product=p), total(b, exporter=e, product=p)
        everything = total(a, exporter=e) + total(b, exporter=e)
        assert same(got["michaely"], s / total(a, exporter=e) - t / total(b, exporter=e), 1e-11)
        balance = (total(a, exporter=e) - total(b, exporter=e)) / everything
        assert same(lfi[e, p]["lafay"], 100 * ((s - t) - balance * (s + t)) / everything, 1e-10)
    for (e, p), got in indexed(vollrath(x, m), "exporter", "product").items():
        s = total(a, exporter=e, product=p)
        own, product, world = total(a, exporter=e), total(a, product=p), total(a)
        expected = (s / (own - s)) / ((product - s) / (world - own - product + s))
        assert same(got["rxa"], expected, 1e-10)
    for e, got in indexed(hachman(x, by="exporter"), "exporter").items():
        shares = [
            (total(a, exporter=e, product=p) / total(a, exporter=e), total(a, product=p) / total(a))
            for p in "pqrstu"
        ]
        assert same(got["hachman"], 1 / sum(s * s / w for s, w in shares), 1e-11)
    assert len(rows(locational_gini(x))) == 6


def test_errors_say_what_is_allowed():
    f = flows(panel())
    with pytest.raises(DataError, match="no two periods lie 9 apart"):
        rca_transitions(f, lag=9)
    with pytest.raises(OptionError, match="do not rise"):
        rca_transitions(f, cuts=[2, 1])
    with pytest.raises(OptionError, match="makes no classes"):
        rca_transitions(f, cuts=1)
    with pytest.raises(UnknownName, match="There is no period named 1999"):
        galtonian(f, first=1999)
    with pytest.raises(DataError, match="no earlier year to compare 2020 with"):
        galtonian(f, last=2020)
    with pytest.raises(OptionError, match=r"plant=\.\.\., or give their herfindahl="):
        ellison_glaeser(f)
    with pytest.raises(DataError, match="no entry for 'q'"):
        ellison_glaeser(f, herfindahl={"p": 0.1})
    with pytest.raises(OptionError, match="herfindahl=3 is not between 0 and 1"):
        ellison_glaeser(f, herfindahl=3)
    with pytest.raises(DataError, match=r"3 exporter labels have no size.*exporter='B'"):
        locational_gini(f, size=flows([{"exporter": "A", "value": 1.0}]))
    with pytest.raises(OptionError, match="cannot be located over itself"):
        locational_gini(f, of="exporter")
    with pytest.raises(DataError, match="vollrath compares reporters"):
        vollrath(f, f, by="period")
    with pytest.raises(OptionError, match="form='balasa' is not allowed"):
        vollrath(f, f, form="balasa")


@pytest.mark.parametrize("zeros", [False, True])
def test_one_exporters_table_against_the_nations(zeros):
    own = pd.DataFrame({"year": 2023, "hs": ["01", "02"], "usd": [1.0, 3.0]})
    nation = pd.DataFrame({"year": 2023, "hs": ["01", "02", "03"], "usd": [20.0, 20.0, 40.0]})
    names = {"period": "year", "product": "hs", "value": "usd"}
    with pytest.raises(
        xl.errors.DataError, match=r"no exporter to compare.*needs reference=xl\.flows\(\.\.\.\)"
    ):
        xl.rca(xl.flows(own, **names))
    found = xl.rca(xl.flows(own, **names), reference=xl.flows(nation, **names), zeros=zeros)
    assert list(found.columns) == ["year", "hs", "usd", "share", "reference_share", "rca"]
    assert found["rca"].to_list() == [1.0, 3.0, 0.0][: 2 + zeros]
