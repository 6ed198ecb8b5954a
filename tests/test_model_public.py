"""Public reports on programs for space, survival, risk, tables of inputs and pages, made anew; docs/reliability.rst."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab import convergence, risk
from exportlab.errors import DataError, OptionError, UnknownName

PLACES = pd.DataFrame(
    {"name": list("abcde"), "longitude": [120, 120.1, 121, 122, 140], "latitude": [41, 41.2, 42, 41, 20.0]}
)


def chain(n: int, name: Callable[[int], Any] = int, **options: Any) -> xl.SpatialWeights:
    """Units in a row, each beside the next."""
    ends = [(k, k + 1) for k in range(n - 1)] + [(k + 1, k) for k in range(n - 1)]
    links = pd.DataFrame([(name(i), name(j)) for i, j in ends], columns=["i", "j"])
    return xl.spatial_weights(links, kind="links", unit="i", neighbour="j", **options)


def rows(n: int = 12, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"i": range(n), "x": rng.normal(size=n), "y": rng.normal(size=n)})


# ---- space -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [xl.spatial_regression, xl.spatial_tests])
def test_a_missing_outcome_makes_no_islands(ask: Any) -> None:
    """spdep 135: a missing figure took units out, and left those whose only neighbour it was without any."""
    w, gap = chain(12), rows().assign(y=lambda t: t["y"].where(t["i"] != 1))
    with pytest.raises(
        DataError, match=r"Missing values in 'y' in 1 row. First: row 1. Fill them: every row is needed"
    ):
        ask(gap, "y ~ x", unit="i", weights=w)
    with pytest.raises(DataError, match=r"1 of 12 units of the weights are not in the table. First: 1"):
        ask(gap.dropna(), "y ~ x", unit="i", weights=w)
    for find in (xl.spatial_autocorrelation, xl.local_clusters):
        with pytest.raises(DataError, match="'y' is missing or infinite in 1 row. First: i 1"):
            find(gap, value="y", unit="i", weights=w, rng=1)


def test_units_without_neighbours_count_in_n_and_are_told_of() -> None:
    """geoda 1654: an island counted in the mean and variance; spdep 1.2 has .246582 with, .197265 without it in n."""
    w = xl.spatial_weights(PLACES, kind="band", within=300.0, isolated="keep")
    t = pd.DataFrame({"u": list("abcde"), "v": [1.0, 2, 4, 9, 100]})
    found = xl.spatial_autocorrelation(
        t, value="v", unit="u", weights=w, statistics=["moran"], method="normality"
    )
    assert found.table["value"][0] == pytest.approx(0.24658157, abs=1e-8)
    assert found.table["value"][0] * 4 / 5 == pytest.approx(0.1972653, abs=1e-7)
    assert "Units without neighbours: 1." in found.summary()
    alone = xl.local_clusters(t, value="v", unit="u", weights=w, rng=1).table.set_index("u").loc["e"]
    assert (alone["method"], alone["cluster"], np.isnan(alone["p_value"])) == ("no neighbours", "", True)
    made = xl.spatial_regression(t.assign(x=[1.0, 3, 2, 5, 4]), "v ~ x", unit="u", weights=w, model="slx")
    assert "Units without neighbours: 1. Their lag is zero" in made.summary()


def test_the_order_of_rows_and_of_names_is_not_that_of_the_weights() -> None:
    """pysal 922: names sort otherwise than the rows stand (u10 before u2), and weights met other rows."""
    t = rows()
    one = xl.spatial_regression(t, "y ~ x", unit="i", weights=chain(12)).table
    named = t.assign(i=t["i"].map("u{}".format)).sort_values("i")
    other = xl.spatial_regression(named, "y ~ x", unit="i", weights=chain(12, "u{}".format)).table
    pd.testing.assert_frame_equal(one, other)


def test_a_name_of_another_type_is_said_to_be_so() -> None:
    """giddy 30: unit 1 was '1' in the weights, and all that was said is KeyError: 1."""
    with pytest.raises(UnknownName, match="There is a 0 of another type: numbers and texts are not one name"):
        xl.spatial_regression(rows().astype({"i": str}), "y ~ x", unit="i", weights=chain(12))


def test_lags_are_means_of_neighbours_and_say_so() -> None:
    """spreg 81, spatialreg 24: weights that do not add to one changed what rho is, and gave a lagged constant."""
    with pytest.raises(OptionError, match="style 'binary' are not allowed. Allowed: rows that add to one"):
        xl.spatial_regression(rows(), "y ~ x", unit="i", weights=chain(12, style="binary"), model="slx")
    terms = xl.spatial_regression(rows(), "y ~ x", unit="i", weights=chain(12), model="slx").table["term"]
    assert terms.tolist() == ["Intercept", "x", "W x"]


def test_ties_of_neighbours_are_no_matter_of_chance() -> None:
    """giddy 216: equal lags went to classes at random, so that two runs gave two chains."""
    t = pd.DataFrame(
        [(i, y, 1.0 + i % 2) for i in range(12) for y in range(2000, 2004)], columns=["i", "t", "v"]
    )
    ask = {"value": "v", "unit": "i", "period": "t", "weights": chain(12), "classes": 2, "permutations": 9}
    one, other = (convergence.spatial_markov(t, rng=seed, **ask).table for seed in (1, 2))
    columns = ["neighbours", "from", "n", "to 1", "to 2"]
    pd.testing.assert_frame_equal(one[columns], other[columns])
    assert one.loc[one["n"] > 0, columns].to_numpy().tolist() == [
        ["1", "2", 18, 0.0, 1.0],
        ["2", "1", 18, 1.0, 0.0],
    ]


# ---- survival, risk --------------------------------------------------------------------------------------------------


UNTRUE = (
    ([1, 2, 1], "2"),
    (["yes", "no", "yes"], "'yes'"),
    ([True, None, True], "None"),
    ([1, np.nan, 0], "nan"),
)


@pytest.mark.parametrize(("ended", "first"), UNTRUE)
def test_a_status_of_1_and_2_is_no_truth(ended: list[Any], first: str) -> None:
    """lifelines 1224: with 1 for censored and 2 for dead everybody had died; SurPyval 136: what is missing."""
    with pytest.raises(DataError, match=f"ended is neither true nor false in . rows?. First: {first}"):
        xl.kaplan_meier([1, 2, 3], ended)


def test_zeros_and_ones_are_truths_by_hand() -> None:
    found = xl.kaplan_meier([1, 1, 2, 2, 3], [1, 0, 1, 1, 0]).table
    assert found["survival"].tolist() == pytest.approx([4 / 5, 4 / 5 * 1 / 3])


def sold(growth: Callable[[int, int], float]) -> xl.Flows:
    cells = [(2000 + y, m, growth(k, y)) for k, m in enumerate("abc") for y in range(9)]
    return xl.flows(pd.DataFrame(cells, columns=["period", "market", "value"]))


def test_markets_that_do_not_vary_are_not_said_to_be_diversified() -> None:
    """portfolio_allocation_js 3: a variance of nothing, or of rounding, made risk contributions NaN or anything."""
    found = risk.portfolio(sold(lambda k, y: 10 * 1.1**y)).table.iloc[0]
    assert (found["sd"], found["note"]) == (0, "no variance beyond rounding")
    assert found[["benefit", "diversification_ratio", "effective_bets"]].isna().all()
    hedge = risk.portfolio(
        sold(lambda k, y: [10 + (-1) ** y, 10 - (-1) ** y, 0][k]), shares="mean"
    ).table.iloc[0]
    assert hedge["benefit"] > 0.9


def test_more_markets_than_years_are_shrunk_and_said_to_be() -> None:
    """Riskfolio-Lib 129: a covariance matrix without inverse was met by a message on eigenvalues."""
    rng = np.random.default_rng(1)
    cells = [(y, f"m{k}", float(rng.gamma(9))) for y in range(2000, 2007) for k in range(12)]
    found = risk.portfolio(xl.flows(pd.DataFrame(cells, columns=["period", "market", "value"]))).table.iloc[0]
    assert found["note"] == "6 growth rates for 12 members: covariance shrunk"
    assert 0 < found["shrinkage"] <= 1
    assert found["variance"] > 0


# ---- tables of inputs and outputs ------------------------------------------------------------------------------------


def tables(order: str = "ABC") -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(4)
    names = [f"{c}_{s}" for c in "ABC" for s in ("s", "t")]
    Z = pd.DataFrame(rng.uniform(1, 5, (6, 6)), names, names)
    Y = pd.DataFrame(rng.uniform(10, 30, (6, 3)), names, list("ABC"))
    wanted = [f"{c}_{s}" for c in order for s in ("s", "t")]
    return Z.loc[wanted, wanted], Y.loc[wanted, list(order)]


def made(Z: pd.DataFrame, Y: pd.DataFrame) -> Any:
    return xl.valueadded.InterCountryTable.from_frames(Z, Y)


def test_an_industry_without_output_takes_part_in_nothing() -> None:
    """pymrio 98, macro-main 98: nothing over nothing was an error, or NaN in all that followed."""
    Z, Y = tables()
    Z.loc["B_t"], Z["B_t"], Y.loc["B_t"] = 0, 0, 0
    found = made(Z, Y)
    small = made(Z.drop(index="B_t", columns="B_t"), Y.drop(index="B_t"))
    for left in (found, small):
        assert np.isfinite(left.decompose("wwz").table["value"]).all()
    key = ["exporter", "sector", "importer", "origin", "term"]
    whole, less = (
        x.decompose("wwz").table.astype(dict.fromkeys(key, str)).set_index(key)["value"]
        for x in (found, small)
    )
    np.testing.assert_allclose(whole.loc[less.index], less, atol=1e-12)
    assert (whole.drop(less.index) == 0).all()


def test_an_industry_that_uses_all_it_makes_is_refused() -> None:
    """fabio_v1 2: a one on the diagonal of A was made 1 - 1e-10, so that an inverse came out."""
    Z, Y = tables()
    Z.loc["A_s"], Z["A_s"], Y.loc["A_s"] = 0, 0, 0
    Z.loc["A_s", "A_s"] = 7.0
    with pytest.raises(
        DataError, match=r"Inputs cost as much as the output they make, or more in 1 row. First: 'A s'"
    ):
        made(Z, Y)


def test_countries_in_another_order_are_the_same_countries() -> None:
    """decompr's and pymrio's inputs go by place: here labels are matched, of rows and of columns."""
    key = ["exporter", "sector", "importer", "origin", "term"]
    Z, Y = tables()
    one, *others = (
        made(*x).decompose("wwz").table.astype(dict.fromkeys(key, str)).set_index(key)["value"].sort_index()
        for x in ((Z, Y), tables("CAB"), (Z[Z.columns[::-1]], Y.iloc[::-1]))
    )
    for other in others:
        pd.testing.assert_series_equal(other, one, rtol=1e-12)
