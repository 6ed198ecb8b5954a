"""Composites: figures from outside, laws, what is refused, robustness, and the way into a panel."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib.axes import Axes

import exportlab as xl
from exportlab.composite import aggregation, drivers, robustness, weighting
from exportlab.composite.aggregation import vikor
from exportlab.composite.recipe import ranks_of
from exportlab.composite.scaling import BOUNDED
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.words import speaking

HERE = Path(__file__).parent / "reference" / "composite"
INDICATORS = {
    "export_value": "+",
    "variety": "+",
    "high_tech_share": "+",
    "logistics": "+",
    "concentration": "-",
}
NAMES = list(INDICATORS)
LEARNED = list(weighting.LEARNED)
EXACT = {"rel": 0, "abs": 1e-10}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{name}.csv")


@pytest.fixture(scope="module")
def cities():
    """Eight cities by five indicators, made up."""
    return read("indicators")


def made(table, **options):
    return xl.composite(table, **{"unit": "unit", "indicators": INDICATORS, **options})


def panel(periods=(2020, 2021, 2022), units="abcdef", seed=3):
    rng = np.random.default_rng(seed)
    rows = [(u, t, *rng.lognormal(2, 0.5, 3)) for t in periods for u in units]
    return pd.DataFrame(rows, columns=["city", "year", "exports", "variety", "hhi"])


def of_panel(table, **options):
    signs = {"exports": "+", "variety": "+", "hhi": "-"}
    return xl.composite(table, **{"unit": "city", "period": "year", "indicators": signs, **options})


def expected(method, item="weight"):
    rows = read("expected_weights")
    return (
        rows[(rows["method"] == method) & (rows["item"] == item)]
        .set_index("indicator")["value"][NAMES]
        .tolist()
    )


# ---- figures from outside -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("equal", {"weights": "equal"}),
        ("entropy, min-max with direction, 0 ln 0 = 0", {"weights": "entropy"}),
        ("entropy, 0.01 + 0.99 min-max", {"weights": "entropy", "shift": 0.01}),
        ("CRITIC, min-max with direction, sd ddof 1", {"weights": "critic"}),
        ("standard deviation, min-max", {"weights": "sd"}),
        ("coefficient of variation, raw", {"weights": "cv"}),
        (
            "PCA weights OECD: squared loadings, two components, normalised",
            {"weights": "pca", "components": 2},
        ),
        (
            "PCA weights: sum_k (l_k/sum l) |v_jk|, two components, normalised",
            {"weights": "pca_vectors", "components": 2},
        ),
    ],
)
def test_weights_are_those_of_other_programs(cities, method, options):
    found = made(cities, **options).weights
    assert found["weight"].tolist() == pytest.approx(expected(method), **EXACT)
    assert found["direction"].tolist() == list(INDICATORS.values())
    assert found["weight"].sum() == pytest.approx(1, abs=1e-14)


def test_what_weights_are_made_of_is_that_of_other_programs(cities):
    entropy = made(cities, weights="entropy").weights["entropy"].tolist()
    assert entropy == pytest.approx(
        expected("entropy, min-max with direction, 0 ln 0 = 0", "entropy"), **EXACT
    )
    critic = made(cities, weights="critic").weights["information"].tolist()
    assert critic == pytest.approx(
        expected("CRITIC, min-max with direction, sd ddof 1", "information"), **EXACT
    )
    loading = made(cities, weights="pca").weights["loading"].tolist()
    assert loading == pytest.approx(
        expected("PCA, z-scores ddof 1, concentration reversed", "loading 1"), **EXACT
    )
    raw = weighting.entropy_weights(cities[NAMES].to_numpy())
    assert raw.w.tolist() == pytest.approx(expected("entropy, raw values divided by column sums"), **EXACT)
    r = made(cities).scaled[NAMES].to_numpy()
    shifted = weighting.entropy_weights(r + 0.0001).w.tolist()
    assert shifted == pytest.approx(expected("entropy, min-max + 0.0001"), **EXACT)


def test_the_number_of_components_is_chosen_and_said(cities):
    one = made(cities, weights="pca")
    assert any("1 components explain 84% of the variance." in c for c in one.cautions)
    assert (
        made(cities, weights="pca", components=1).weights["weight"].tolist() == one.weights["weight"].tolist()
    )
    assert made(cities, weights="pca", components=5).weights["weight"].tolist() == pytest.approx([0.2] * 5)


@pytest.mark.parametrize(
    ("method", "column", "options"),
    [
        ("linear sum of min-max, entropy weights", "score", {"weights": "entropy"}),
        (
            "TOPSIS, vector normalisation of raw, entropy weights",
            "score",
            {"weights": "entropy", "aggregate": "topsis", "scale": "vector"},
        ),
        (
            "TOPSIS, min-max with direction, entropy weights",
            "score",
            {"weights": "entropy", "aggregate": "topsis"},
        ),
        ("VIKOR S, smaller is better", "s", {"weights": "entropy", "aggregate": "vikor"}),
        ("VIKOR R, smaller is better", "r", {"weights": "entropy", "aggregate": "vikor"}),
        ("VIKOR Q (v = 0.5), smaller is better", "q", {"weights": "entropy", "aggregate": "vikor"}),
        (
            "grey relational, reference = best of min-max, rho 0.5, equal weights",
            "score",
            {"aggregate": "grey"},
        ),
        (
            "grey relational, reference = best of min-max, rho 0.5, entropy weights",
            "score",
            {"aggregate": "grey", "weights": "entropy"},
        ),
    ],
)
def test_scores_are_those_of_other_programs(cities, method, column, options):
    rows = read("expected_scores")
    rows = rows[rows["method"] == method].set_index("unit").loc[cities["unit"]]
    found = made(cities, **options).table
    assert found[column].tolist() == pytest.approx(rows["score"].tolist(), **EXACT)
    if column in ("score", "q"):
        assert found["rank"].tolist() == rows["rank"].tolist()


def test_obstacles_are_those_of_numpy(cities):
    found = made(cities, weights="entropy").obstacles
    rows = read("expected_obstacle")
    assert found[NAMES].to_numpy() == pytest.approx(rows[NAMES].to_numpy(), nan_ok=True, **EXACT)
    assert found.loc[found["unit"] != "Dalian", NAMES].sum(axis=1).tolist() == pytest.approx([100] * 7)
    for options in ({"scale": "z"}, {"scale": "frontier"}):
        with pytest.raises(OptionError, match="Obstacles are distances from 1"):
            _ = made(cities, **options).obstacles


# Human Development Report 2021/22 (UNDP): life expectancy, expected and mean years of schooling, income, and the index.
HDI = [
    ("Switzerland", 84.0, 16.5, 13.9, 66933.0, 0.962),
    ("Norway", 83.2, 18.2, 13.0, 64660.0, 0.961),
    ("Iceland", 82.7, 19.2, 13.8, 55782.0, 0.959),
    ("China", 78.2, 14.2, 7.6, 17504.0, 0.768),
]


def test_the_human_development_index_is_a_composite():
    table = pd.DataFrame(HDI, columns=["country", "life", "expected", "mean", "income", "hdi"])
    schooling = xl.composite(
        table,
        unit="country",
        indicators={"expected": "+", "mean": "+"},
        goalposts={"expected": (0, 18), "mean": (0, 15)},
        outside="clip",
    )
    parts = table.assign(school=schooling.table["score"], income=np.log(table["income"]))
    found = xl.composite(
        parts,
        unit="country",
        indicators={"life": "+", "school": "+", "income": "+"},
        goalposts={"life": (20, 85), "school": (0, 1), "income": (np.log(100), np.log(75_000))},
        aggregate="geometric",
    )
    assert found.table["score"].tolist() == pytest.approx(table["hdi"].tolist(), abs=1e-3)
    assert found.cautions == (next(c for c in found.cautions if c.startswith("Weights are not importance")),)


# ---- judgements in pairs ------------------------------------------------------------------------------------------


def pairs(name):
    rows = read("ahp_matrices")
    rows = rows[rows["matrix"] == name]
    return rows.pivot(index="row", columns="column", values="value").rename_axis(index=None, columns=None)


@pytest.mark.parametrize("name", ["three", "five", "inconsistent"])
def test_judgements_are_those_of_r(name):
    want = read("expected_ahp")
    want = want[want["matrix"] == name].set_index("item")["value"]
    for method, item in {
        "eigenvector": "eigenvector",
        "geometric": "geometric mean",
        "columns": "column-sum",
    }.items():
        found = xl.ahp(pairs(name), method=method, accept=2)
        weights = [want[f"{item} weight {k}"] for k in range(1, len(found.table) + 1)]
        assert found.table["weight"].tolist() == pytest.approx(weights, **EXACT)
        assert (found.largest, found.index, found.ratio) == pytest.approx(
            (want["lambda max"], want["CI"], want["CR"]), abs=1e-10
        )
    assert f"consistency ratio {want['CR']:.3f}" in repr(found)


def test_judgements_that_contradict_each_other_are_refused():
    with pytest.raises(
        DataError, match=r"consistency ratio 1\.22, below 0\.1 is allowed\. First: 2 over 3 = 4\."
    ):
        xl.ahp(pairs("inconsistent"))
    three = pairs("three")
    assert xl.ahp(three, accept=0.0332).ratio < 0.0332
    with pytest.raises(DataError, match="contradict"):
        xl.ahp(three, accept=0.0331)
    two = pd.DataFrame([[1, 4], [0.25, 1]], index=["a", "b"], columns=["a", "b"])
    assert xl.ahp(two).weights == pytest.approx({"a": 0.8, "b": 0.2})
    assert xl.ahp(two).ratio == 0
    thirds = pd.DataFrame([[1, 3], [0.33, 1]], index=["a", "b"], columns=["a", "b"])
    assert xl.ahp(thirds).weights == pytest.approx({"a": 0.75, "b": 0.25})


@pytest.mark.parametrize(
    ("cells", "names", "said"),
    [
        (
            [[1, 3], [0.5, 1]],
            "ab",
            r"2 comparisons are not positive, or not the inverse.*a over b = 3, b over a = 0\.5",
        ),
        ([[1, -3], [-1 / 3, 1]], "ab", r"2 comparisons are not positive"),
        ([[1, np.inf], [0, 1]], "ab", "not positive"),
        ([[2, 3], [1 / 3, 2]], "ab", "2 comparisons are not positive"),
        ([[1, 2], [0.5, 1]], "aa", "other names in rows"),
        (np.ones((11, 11)), "abcdefghijk", "there are 11 items to compare. Two to 10 can"),
        ([[1.0]], "a", "there are 1 items"),
    ],
)
def test_judgements_that_are_none(cells, names, said):
    with pytest.raises(DataError, match=said):
        xl.ahp(pd.DataFrame(cells, index=list(names), columns=list(names), dtype=float))
    with pytest.raises(DataError, match="other names in rows"):
        xl.ahp(pd.DataFrame(np.ones((2, 2)), index=["a", "b"], columns=["b", "a"]))


def test_judgements_weigh_a_composite(cities):
    five = pairs("five").set_axis(NAMES).set_axis(NAMES, axis=1)
    found = made(cities, weights=five)
    assert found.weights["weight"].tolist() == pytest.approx(list(xl.ahp(five).weights.values()), abs=1e-15)
    turned = five.iloc[::-1, ::-1]
    assert made(cities, weights=turned).table["score"].tolist() == pytest.approx(
        found.table["score"].tolist()
    )
    bad = pairs("inconsistent").set_axis(NAMES[:4]).set_axis(NAMES[:4], axis=1)
    with pytest.raises(DataError, match="contradict"):
        xl.composite(cities, unit="unit", indicators=dict(list(INDICATORS.items())[:4]), weights=bad)


# ---- laws ---------------------------------------------------------------------------------------------------------

WAYS = [
    {"weights": w, "aggregate": a, "scale": s}
    for w in ("equal", *LEARNED)
    for a in ("arithmetic", "topsis", "vikor", "grey")
    for s in ("minmax", "z")
] + [{"aggregate": a, "shift": 0.01} for a in ("geometric", "power")]


def same(one, other, keys=("unit",)):
    a, b = one.table.sort_values(list(keys)), other.table.sort_values(list(keys))
    assert a["score"].to_numpy() == pytest.approx(b["score"].to_numpy(), abs=1e-10)
    assert a["rank"].tolist() == b["rank"].tolist()


@pytest.mark.grid(3)
@pytest.mark.parametrize("options", WAYS, ids=lambda o: " ".join(map(str, o.values())))
def test_units_of_measure_and_order_change_nothing(cities, options):
    found = made(cities, **options)
    scaled = cities.assign(
        export_value=cities["export_value"] * 7.1, concentration=cities["concentration"] * 1e4
    )
    same(found, made(scaled, **options))
    if options.get("weights") != "cv":
        same(found, made(cities.assign(variety=cities["variety"] * 3 + 100), **options))
    same(found, made(cities.sample(frac=1, random_state=1), **options))
    turned = dict(reversed(INDICATORS.items()))
    same(found, made(cities, **{**options, "indicators": turned}))
    renamed = made(
        cities.rename(columns={"unit": "city"}).assign(city=cities["unit"].str[::-1]), unit="city", **options
    )
    assert renamed.table["score"].tolist() == pytest.approx(found.table["score"].tolist(), abs=1e-15)


# A coefficient of variation is that of the figures as they are: its weights know no direction.
MIRRORED = [options for options in WAYS if options.get("weights") != "cv"]


@pytest.mark.parametrize("options", MIRRORED, ids=lambda o: " ".join(map(str, o.values())))
def test_the_opposite_direction_of_the_opposite_is_the_same(cities, options):
    mirrored = cities.assign(concentration=1 - cities["concentration"])
    same(
        made(cities, **options),
        made(mirrored, **{**options, "indicators": {**INDICATORS, "concentration": "+"}}),
    )


@pytest.mark.parametrize("aggregate", ["arithmetic", "geometric", "power", "topsis", "vikor", "grey"])
def test_better_in_one_is_never_worse(aggregate):
    """Inside the range of the others: no best, no worst and no scale moves."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.uniform(1, 2, (9, 3)), columns=list("xyz")).assign(unit=list("abcdefghi"))
    options = {"unit": "unit", "indicators": {"x": "+", "y": "+", "z": "-"}, "aggregate": aggregate}
    options |= {"goalposts": dict.fromkeys("xyz", (0.5, 2.5))}
    before = xl.composite(table, **options).table["score"]
    for row, column in [(r, c) for r in range(9) for c in "xyz"]:
        x = table[column]
        if x[row] in (x.min(), x.max()):
            continue
        step = (x.max() - x[row]) / 2 if column != "z" else (x.min() - x[row]) / 2
        better = table.copy()
        better.loc[row, column] += step
        after = xl.composite(better, **options).table["score"]
        assert after[row] >= before[row] - 1e-12
        if aggregate in ("arithmetic", "geometric", "power"):
            assert after[row] > before[row]
            assert after.drop(row).tolist() == pytest.approx(before.drop(row).tolist(), abs=1e-15)


def test_means_are_ordered_and_the_power_lies_between():
    rng = np.random.default_rng(5)
    r, w = rng.uniform(0.05, 1, (50, 4)), rng.dirichlet(np.ones(4))
    values = [aggregation.power_mean(r, w, p) for p in (1, 0.5, 1e-6, 0, -1e-6, -1, -50)]
    for higher, lower in pairwise(values):
        assert (higher >= lower - 1e-9).all()
    assert values[2] == pytest.approx(values[3], rel=1e-5)
    assert values[5] == pytest.approx(1 / ((1 / r) @ w), rel=1e-12)
    assert values[6] == pytest.approx(r.min(axis=1), rel=0.1)
    assert aggregation.power_mean(np.full((1, 4), 0.3), w, 0.5) == pytest.approx([0.3])


def test_a_unit_that_is_best_in_all_has_one_and_the_worst_zero(cities):
    worst = {"unit": "low", **dict.fromkeys(NAMES[:4], 1.0), "concentration": 0.9}
    table = pd.concat([cities, pd.DataFrame([worst])], ignore_index=True)
    for aggregate in ("arithmetic", "topsis", "vikor"):
        found = made(table, aggregate=aggregate).table.set_index("unit")
        assert found.loc["Dalian", "score"] == pytest.approx(1)
        assert found.loc["low", "score"] == pytest.approx(0, abs=1e-12)
        assert (found.loc["Dalian", "rank"], found.loc["low", "rank"]) == (1, 9)
    grey = made(table, aggregate="grey", resolution=0.5).table.set_index("unit")["score"]
    assert (grey["Dalian"], grey["low"]) == (pytest.approx(1), pytest.approx(1 / 3))
    assert made(table, aggregate="grey", resolution=1.0).table.set_index("unit")["score"][
        "low"
    ] == pytest.approx(0.5)
    tie = made(
        pd.concat([table, table[table["unit"] == "Dalian"].assign(unit="twin")], ignore_index=True)
    ).table
    assert tie.set_index("unit").loc[["Dalian", "twin", "Shenyang"], "rank"].tolist() == [1, 1, 3]


def test_strategy_is_that_of_vikor(cities):
    group = made(cities, aggregate="vikor", strategy=1.0).table
    s = group["s"]
    assert group["q"].tolist() == pytest.approx(((s - s.min()) / np.ptp(s)).tolist())
    alone = made(cities, aggregate="vikor", strategy=0.0).table
    r = alone["r"]
    assert alone["score"].tolist() == pytest.approx((1 - (r - r.min()) / np.ptp(r)).tolist())


def test_ranks_are_not_decided_by_rounding():
    score = np.array([0.3, 0.1 + 0.2, 0.5, -1.0])
    assert ranks_of(score, np.zeros(4, int)).tolist() == [2, 2, 1, 4]
    assert ranks_of(np.zeros(3), np.zeros(3, int)).tolist() == [1, 1, 1]
    assert ranks_of(np.array([1.0, 2.0, 1.0, 2.0]), np.array([0, 0, 1, 1])).tolist() == [2, 1, 2, 1]
    assert ranks_of(np.array([1.0, 1 + 1e-8]), np.zeros(2, int)).tolist() == [2, 1]


@pytest.mark.parametrize("engine", [pl.DataFrame, pa.table, pl.LazyFrame])
def test_tables_of_other_engines_are_read(cities, engine):
    same(made(cities), made(engine(cities.to_dict("list"))))


# ---- scaling ------------------------------------------------------------------------------------------------------


def test_scales_by_hand():
    table = pd.DataFrame({"unit": list("abc"), "x": [1.0, 2.0, 5.0], "y": [4.0, 2.0, 2.0]})
    options = {"unit": "unit", "indicators": {"x": "+", "y": "-"}}
    want = {
        "minmax": [[0, 0.25, 1], [0, 1, 1]],
        "rank": [[0, 0.5, 1], [0, 0.75, 0.75]],
        "frontier": [[0.2, 0.4, 1], [0.5, 1, 1]],
        "vector": [[1 / 30**0.5, 2 / 30**0.5, 5 / 30**0.5], [-4 / 24**0.5, -2 / 24**0.5, -2 / 24**0.5]],
        "z": [[-5 / 39**0.5, -2 / 39**0.5, 7 / 39**0.5], [-2 / 3**0.5, 1 / 3**0.5, 1 / 3**0.5]],
    }
    for scale, columns in want.items():
        found = xl.composite(table, scale=scale, **options)
        assert pytest.approx(np.array(columns), abs=1e-12) == found.scaled[["x", "y"]].to_numpy().T
        assert f"{scale} scaling" in found.title
    shifted = xl.composite(table, shift=0.1, **options)
    assert shifted.scaled["x"].tolist() == pytest.approx([0.1, 0.1 + 0.9 * 0.25, 1])
    assert any("shifted to 0.1 + 0.9 r" in c for c in shifted.cautions)


def test_goalposts_make_a_level_of_a_place():
    table = pd.DataFrame({"unit": list("ab"), "x": [1.0, 2.0], "y": [4.0, 2.0]})
    options = {"unit": "unit", "indicators": {"x": "+", "y": "-"}, "goalposts": {"x": (0, 4), "y": (2, 10)}}
    found = xl.composite(table, **options)
    assert found.scaled[["x", "y"]].to_numpy().tolist() == [[0.25, 0.75], [0.5, 1.0]]
    one = xl.composite(table.head(1), **options)  # a single unit has a level
    assert one.table["score"].tolist() == [0.5]
    assert not any("Best and worst are those of this table" in c for c in found.cautions)
    partly = xl.composite(
        pd.concat([table, table.assign(unit=["c", "d"])]), **{**options, "goalposts": {"x": (0, 4)}}
    )
    assert any("Best and worst are those of this table" in c for c in partly.cautions)
    tight = {**options, "goalposts": {"x": (0, 1.5), "y": (2, 10)}}
    with pytest.raises(DataError, match=r"1 figures lie outside their goalposts\. First: unit b: x = 2\."):
        xl.composite(table, **tight)
    assert xl.composite(table, **tight, outside="clip").scaled["x"].tolist() == [pytest.approx(2 / 3), 1.0]
    kept = xl.composite(table, **tight, outside="keep")
    assert kept.scaled["x"].tolist() == pytest.approx([2 / 3, 4 / 3])
    with pytest.raises(OptionError, match="outside='keep'"):
        _ = kept.obstacles
    below = {**options, "goalposts": {"x": (1.5, 3), "y": (2, 10)}, "outside": "keep"}
    with pytest.raises(
        DataError, match=r"1 scaled figures are below zero, and entropy is of shares.*x = -0\.333"
    ):
        xl.composite(pd.concat([table, table.assign(unit=["c", "d"], x=2.5)]), **below, weights="entropy")
    with pytest.raises(DataError, match="1 scaled figures are negative, which aggregate='power'"):
        xl.composite(table, **below, aggregate="power")


# ---- periods ------------------------------------------------------------------------------------------------------


def test_periods_are_scaled_and_weighed_together_unless_told():
    table = panel()
    found = of_panel(table, weights="entropy")
    whole = xl.composite(
        table.assign(unit=table["city"] + table["year"].astype(str)),
        unit="unit",
        indicators={"exports": "+", "variety": "+", "hhi": "-"},
        weights="entropy",
    )
    assert found.table["score"].tolist() == whole.table["score"].tolist()
    assert found.comparable
    assert len(found.weights) == 3
    assert found.ranks.columns.tolist() == [2020, 2021, 2022]
    assert sorted(found.ranks[2021]) == [1, 2, 3, 4, 5, 6]
    assert found.ranks.loc["b", 2022] == found.table.set_index(["city", "year"]).loc[("b", 2022), "rank"]
    assert whole.ranks.columns.tolist() == ["rank"]


@pytest.mark.parametrize("weights", ["entropy", "critic", "pca", "cv", "sd"])
@pytest.mark.parametrize("aggregate", ["arithmetic", "topsis"])
def test_by_period_each_is_a_composite_of_its_own(weights, aggregate):
    table = panel()
    both = {"weights": weights, "aggregate": aggregate}
    found = of_panel(table, scale_over="period", weights_over="period", **both)
    for year, rows in table.groupby("year"):
        alone = of_panel(rows, **both)
        mine = found.table[found.table["year"] == year]
        assert mine["score"].tolist() == pytest.approx(alone.table["score"].tolist(), abs=1e-12)
        assert mine["rank"].tolist() == alone.table["rank"].tolist()
        own = found.weights[found.weights["year"] == year]
        assert own["weight"].tolist() == pytest.approx(alone.weights["weight"].tolist(), abs=1e-12)
        assert alone.comparable
    assert not found.comparable
    assert any("not comparable, their ranks are" in c for c in found.cautions)
    assert not of_panel(table, scale_over="period").comparable
    assert not of_panel(table, weights_over="period", weights="sd").comparable
    with pytest.raises(OptionError, match="not comparable here: say period="):
        found.plot()


def test_periods_in_any_spelling_and_order():
    table = panel(periods=("2021年3月", "2021年1月", "2021年2月"))
    found = of_panel(table)
    assert found.ranks.columns.tolist() == ["2021年1月", "2021年2月", "2021年3月"]
    monthly = table.assign(year=pd.PeriodIndex([f"2021-0{t[5]}" for t in table["year"]], freq="M"))
    assert of_panel(monthly).table["score"].tolist() == found.table["score"].tolist()


# ---- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (
            {"indicators": NAMES},
            OptionError,
            r'has no directions.*indicators=\{"export_value": "\+", "variety"',
        ),
        ({"indicators": "export_value"}, OptionError, "has no directions"),
        (
            {"indicators": {**INDICATORS, "variety": "up"}},
            OptionError,
            r"1 of 5 indicators have no direction: 'variety' has 'up'\. Allowed: \"\+\"",
        ),
        ({"indicators": {**INDICATORS, "variety": 1}}, OptionError, "'variety' has 1"),
        (
            {"indicators": {"variety": "+"}},
            OptionError,
            "needs two indicators or more, and indicators= names 1",
        ),
        ({"indicators": {**INDICATORS, "varety": "+"}}, UnknownName, "'varety'. Did you mean 'variety'"),
        ({"indicators": {**INDICATORS, "unit": "+"}}, OptionError, "'unit' has two roles"),
        ({"unit": "city"}, UnknownName, "no column named 'city'"),
        ({"period": "unit"}, OptionError, "'unit' has two roles"),
        ({"scale": "log"}, OptionError, "scale='log' is not allowed. Allowed: 'minmax', 'z'"),
        ({"weights": "entropie"}, OptionError, "Did you mean 'entropy'"),
        ({"weights": {"variety": 1.0}}, OptionError, "no weight for 4 indicators: 'export_value'"),
        (
            {"weights": dict.fromkeys(NAMES, 0.19)},
            OptionError,
            r"weights= add to 0\.95, not to 1\. Divide them",
        ),
        (
            {"weights": {**dict.fromkeys(NAMES, 0.25), "variety": 0.0}},
            OptionError,
            "'variety': 0.0} is not allowed",
        ),
        (
            {"weights": {**dict.fromkeys(NAMES, 0.5), "variety": -1.0}},
            OptionError,
            "'variety': -1.0} is not allowed",
        ),
        ({"weights": {**dict.fromkeys(NAMES, 0.2), "wealth": 0.1}}, UnknownName, "indicator of weights="),
        ({"goalposts": {"wealth": (0, 1)}}, UnknownName, "indicator of goalposts="),
        (
            {"goalposts": {"variety": (1, 1)}},
            OptionError,
            r"goalposts=\{'variety': \(1, 1\)\} is not allowed",
        ),
        (
            {"goalposts": {"variety": (0, 1e9)}, "scale": "z"},
            OptionError,
            "goalposts= belong to scale='minmax'; 'z'",
        ),
        ({"outside": "clip"}, OptionError, "outside= says what becomes of figures beyond goalposts="),
        ({"shift": 0.1, "scale": "z"}, OptionError, "shift= belongs to figures from 0 to 1"),
        ({"shift": 1.0}, OptionError, "shift=1.0 is not allowed. Allowed: a number from 0 to below 1"),
        ({"aggregate": "geometric", "scale": "z"}, OptionError, "needs figures above zero, and scale='z'"),
        (
            {"aggregate": "power", "scale": "vector"},
            OptionError,
            "needs figures above zero, and scale='vector'",
        ),
        (
            {"aggregate": "geometric"},
            DataError,
            r"5 scaled figures are zero or negative, which aggregate='geometric' cannot take.*Fushun: export",
        ),
        ({"aggregate": "power", "power": 0.0}, DataError, "zero or negative, which aggregate='power'"),
        ({"power": 1.5}, OptionError, "power=1.5 is not allowed"),
        ({"strategy": 1.1}, OptionError, "strategy=1.1 is not allowed"),
        ({"resolution": 0.0}, OptionError, "resolution=0.0 is not allowed"),
        ({"components": 2}, OptionError, "components= belongs to weights='pca'"),
        ({"components": 6, "weights": "pca"}, OptionError, "components=6 is more than the 5 indicators"),
        ({"components": 0, "weights": "pca"}, OptionError, "components=0 is not allowed"),
        ({"missing": "fill"}, OptionError, "missing='fill' is not allowed"),
    ],
)
def test_what_a_composite_refuses(cities, options, error, said):
    with pytest.raises(error, match=said):
        made(cities, **options)


def test_tables_that_a_composite_refuses(cities):
    gone = cities.assign(variety=cities["variety"].where(cities["unit"] != "Anshan"))
    with pytest.raises(
        DataError, match=r"1 figures are missing, in 1 of 8 rows\. First: unit Anshan: variety = nan"
    ):
        made(gone)
    left = made(gone, missing="drop")
    same(left, made(cities[cities["unit"] != "Anshan"]))
    assert "1 rows without all indicators were left out." in left.cautions
    with pytest.raises(DataError, match="no row has all indicators"):
        made(cities.assign(variety=np.nan), missing="drop")
    with pytest.raises(DataError, match=r"1 figures are infinite.*unit Shenyang: variety = inf"):
        made(cities.assign(variety=[np.inf, *range(7)]))
    with pytest.raises(DataError, match="not numbers"):
        made(cities.assign(variety="many"))
    with pytest.raises(DuplicateCells, match=r"a unit appears more than once in 1 row\. First: unit Dalian"):
        made(pd.concat([cities, cities.iloc[[1]]]))
    with pytest.raises(DataError, match="the column 'unit' is missing in 1 row. First: row 3"):
        made(cities.assign(unit=cities["unit"].where(cities["unit"] != "Anshan")))
    with pytest.raises(
        DataError, match="there are 2 rows, and best, worst and spread are learned from 3 or more"
    ):
        made(cities.head(2))
    assert len(made(cities.head(3)).table) == 3
    with pytest.raises(DataError, match=r"1 of 5 indicators are constant: they tell no unit.*variety = 4\."):
        made(cities.assign(variety=4.0))
    with pytest.raises(DataError, match="constant"):
        made(cities.assign(variety=1e6 + 1e-7 * np.arange(8)))
    with pytest.raises(DataError, match="the table has no rows"):
        made(cities.head(0))
    with pytest.raises(
        DataError, match=r"1 figures are zero or negative, and scale='frontier'.*Shenyang: variety = 0"
    ):
        made(cities.assign(variety=[0.0, *range(1, 8)]), scale="frontier")
    with pytest.raises(
        DataError, match=r"1 figures are zero or negative, and a coefficient of variation.*variety = -1"
    ):
        made(cities.assign(variety=[-1.0, *range(1, 8)]), weights="cv")


def test_goalposts_let_no_constant_into_what_is_learned(cities):
    """Fixed ends make a constant a figure; weights and distances learned from it would be 0/0."""
    constant = cities.assign(logistics=2.0)
    ends = {"goalposts": {"logistics": (2, 10)}}
    assert made(constant, **ends).scaled["logistics"].tolist() == [0.0] * 8
    for weights in LEARNED:
        with pytest.raises(DataError, match=r"1 of 5 indicators are constant.*logistics = 2\."):
            made(constant, weights=weights, **ends)
    low = {"goalposts": {"variety": (100, 200)}, "outside": "clip"}  # all of them at the lower end
    for weights in ("entropy", "critic", "sd"):
        with pytest.raises(
            DataError, match=r"1 of 5 indicators are alike.*and weights='.*First: variety = 41"
        ):
            made(cities, weights=weights, **low)
    for aggregate in aggregation.AGAINST_BEST:
        with pytest.raises(
            DataError, match=rf"alike in all 8 rows once scaled, and aggregate='{aggregate}'.*logistics = 2\."
        ):
            made(constant, aggregate=aggregate, **ends)


def test_gaps_of_a_panel_are_refused():
    table = panel()
    with pytest.raises(DuplicateCells, match=r"a city appears more than once in 12 rows.*name the period="):
        xl.composite(table, unit="city", indicators={"exports": "+", "hhi": "-"})
    hole = table[~((table["city"] == "c") & (table["year"] == 2021))]
    with pytest.raises(
        DataError, match=r"1 of 6 units are not there in all 3 periods\. First: city c, in 2 periods"
    ):
        of_panel(hole)
    assert len(of_panel(hole, missing="drop").table) == 17
    constant = table.assign(hhi=table["hhi"].where(table["year"] != 2021, 1.0))
    of_panel(constant)
    with pytest.raises(DataError, match=r"1 of 3 indicators are constant in 2021.*hhi = 1"):
        of_panel(constant, scale_over="period")
    with pytest.raises(DataError, match="constant in 2021"):
        of_panel(constant, weights_over="period", weights="pca")
    with pytest.raises(DataError, match="there are 2 rows in 2020"):
        of_panel(panel(units="ab"), scale_over="period")


def test_cautions_are_those_that_apply(cities):
    def said(**options):
        return " ".join(made(cities, **options).cautions)

    assert "lets one indicator make up" in said()
    assert "lets one indicator make up" not in said(aggregate="topsis")
    assert "joins or leaves may reverse ranks" in said(aggregate="topsis")
    assert "joins or leaves" not in said()
    assert "Entropy weighs what is spread unevenly" in said(weights="entropy")
    assert "8 rows for 5 indicators: correlations" in said(weights="critic")
    assert "8 rows for 5 indicators" not in said(weights="entropy")
    many = pd.concat([cities, cities.assign(unit=cities["unit"] + "2", variety=cities["variety"] + 1)])
    assert "correlations" not in " ".join(made(many, weights="critic").cautions)
    against = cities.assign(logistics=-cities["logistics"])
    assert "1 of 5 indicators run against the first component" in " ".join(
        made(against, weights="pca").cautions
    )
    found = made(cities)
    assert all(c in found.summary() for c in found.cautions)
    assert all(c[:40] in found._repr_html_() for c in found.cautions)


# ---- robustness ---------------------------------------------------------------------------------------------------


def ishigami(u):
    x = np.pi * (2 * u - 1)
    return (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def test_sobol_indices_are_those_of_the_ishigami_function():
    """Variance parts in closed form: a = 7, b = 0.1."""
    v1, v2, v13 = (1 + 0.1 * np.pi**4 / 5) ** 2 / 2, 49 / 8, 8 * 0.01 * np.pi**8 / 225
    total = v1 + v2 + v13
    found = drivers(ishigami, [[0], [1], [2]], 2**14, np.random.default_rng(11))
    first, whole = np.array([v1, v2, 0]) / total, np.array([v1 + v13, v2, v13]) / total
    assert (first.round(3).tolist(), whole.round(3).tolist()) == ([0.314, 0.442, 0], [0.558, 0.442, 0.244])
    assert found.first[:, 0] == pytest.approx(first, abs=0.02)
    assert found.total[:, 0] == pytest.approx(whole, abs=0.02)
    assert (np.abs(found.first[:, 0] - first) < 3 * found.first_error[:, 0]).all()
    assert (np.abs(found.total[:, 0] - whole) < 3 * found.total_error[:, 0]).all()
    assert (found.first_error < 0.012).all()
    grouped = drivers(
        ishigami, [[1], [0, 2]], 2**13, np.random.default_rng(2)
    )  # two groups that do not interact
    assert grouped.first[:, 0] == pytest.approx([v2 / total, 1 - v2 / total], abs=0.03)
    assert grouped.total[:, 0] == pytest.approx([v2 / total, 1 - v2 / total], abs=0.03)
    assert len(grouped.outputs) == 2**14


def test_errors_of_indices_are_as_large_as_their_spread():
    runs = [drivers(ishigami, [[0], [1], [2]], 256, np.random.default_rng(s)) for s in range(60)]
    for name in ("first", "total"):
        spread = np.std([getattr(r, name)[:, 0] for r in runs], axis=0)
        said = np.mean([getattr(r, f"{name}_error")[:, 0] for r in runs], axis=0)
        assert said == pytest.approx(spread, rel=0.35)


def test_what_does_not_vary_has_no_drivers():
    found = drivers(
        lambda u: np.column_stack([np.full(len(u), 3.0), u[:, 0]]), [[0], [1]], 512, np.random.default_rng(1)
    )
    assert np.isnan(found.first[:, 0]).all()
    assert found.first[:, 1] == pytest.approx([1, 0], abs=0.15)
    assert found.total[:, 1] == pytest.approx([1, 0], abs=0.15)
    assert found.total[1, 1] == 0


@pytest.fixture(scope="module")
def robust(cities):
    return made(cities, weights="entropy").robustness(rng=5, draws=128)


def test_ranks_have_intervals(robust, cities):
    table = robust.table.set_index("unit")
    own = made(cities, weights="entropy").table.set_index("unit")
    assert table["rank"].to_dict() == own["rank"].to_dict()
    assert table["score"].to_dict() == own["score"].to_dict()
    assert ((table["rank_low"] <= table["rank_median"]) & (table["rank_median"] <= table["rank_high"])).all()
    assert table.loc["Dalian", ["rank_low", "rank_high", "top"]].tolist() == [
        1,
        1,
        1,
    ]  # best in all, whatever is chosen
    assert table.loc["Panjin", "rank_low"] < 7
    assert table["top"].sum() == pytest.approx(1)
    assert robust.runs == 128 * (len(robust.factors) + 2) == 640
    assert robust.factors == {
        "weights": ("times 0.75 to 1.25",),
        "scale": ("minmax", "rank", "z"),
        "left out": ("none", *NAMES),
    }
    assert robust.draws.shape == (256, 8)
    assert (
        "Ranks over 640 composites that differ in weights, scale, left out (90% intervals)"
        in robust.summary()
    )
    shift = np.abs(robust.draws - table["rank"].to_numpy()).mean()
    assert f"Average shift in rank over the draws: {shift:.2f}." in robust.cautions
    wide = made(cities, weights="entropy").robustness(rng=5, draws=128, level=0.5).table.set_index("unit")
    assert (wide["rank_high"] - wide["rank_low"] <= table["rank_high"] - table["rank_low"]).all()
    assert wide["rank_high"].sum() < table["rank_high"].sum()


def test_drivers_are_of_the_shift_and_of_each_rank(robust):
    assert robust.drivers["choice"].tolist() == ["weights", "scale", "left out"]
    assert robust.drivers.set_index("choice")["total"].idxmax() == "left out"
    by_unit = robust.drivers_by_unit
    assert by_unit[by_unit["unit"] == "Dalian"]["total"].isna().all()  # never moves
    assert len(by_unit) == 24
    assert (robust.drivers["total"] > 0).all()


def test_a_seed_says_which_draws(cities):
    found = made(cities)
    one, other = (found.robustness(rng=8, draws=64) for _ in "ab")
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(
        one.drivers, found.robustness(rng=np.random.default_rng(8), draws=64).drivers
    )
    assert not one.drivers.equals(found.robustness(rng=9, draws=64).drivers)


def test_only_what_is_asked_for_varies(cities):
    found = made(cities, weights="entropy", shift=0.05)
    only = found.robustness(
        weights=0, scales=(), leave_out=False, schemes=["equal", "critic"], rng=1, draws=64
    )
    assert only.factors == {"scheme": ("own", "equal", "critic")}
    ways = [made(cities, weights=w, shift=0.05).table["rank"] for w in ("entropy", "equal", "critic")]
    assert set(map(tuple, only.draws.astype(int))) == {tuple(w) for w in ways}
    assert only.drivers["first"].tolist() == pytest.approx([1], abs=0.3)
    both = found.robustness(
        weights=0, scales=["rank"], aggregates=["geometric"], leave_out=False, rng=1, draws=64
    )
    assert both.factors == {"scale": ("minmax", "rank"), "aggregate": ("arithmetic", "geometric")}
    want = {
        tuple(made(cities, weights="entropy", shift=0.05, scale=s, aggregate=a).table["rank"])
        for s in ("minmax", "rank")
        for a in ("arithmetic", "geometric")
    }
    assert set(map(tuple, both.draws.astype(int))) == want
    out = found.robustness(weights=0, scales=(), rng=1, draws=64)
    assert out.factors == {"left out": ("none", *NAMES)}
    less = {k: v for k, v in INDICATORS.items() if k != "export_value"}
    one = made(
        cities, weights="entropy", shift=0.05, indicators=less
    )  # entropy's weights go on in proportion
    assert tuple(one.table["rank"]) in set(map(tuple, out.draws.astype(int)))
    assert len(set(map(tuple, out.draws.astype(int)))) <= 6


def test_robustness_of_a_panel_ranks_within_periods():
    found = of_panel(panel(), scale_over="period", weights_over="period", weights="sd").robustness(
        rng=2, draws=64
    )
    assert found.table[["rank_low", "rank_high"]].to_numpy().max() <= 6
    assert found.table.groupby("year")["top"].sum().tolist() == pytest.approx([1, 1, 1])
    assert list(found.drivers_by_unit.columns[:3]) == ["city", "year", "choice"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, OptionError, r"Draws are random: give rng= a seed \(rng=7\)"),
        ({"rng": -1}, OptionError, "rng=-1 is not allowed"),
        ({"rng": "a"}, OptionError, "rng='a' is not allowed"),
        ({"rng": 1, "draws": 63}, OptionError, "draws=63 is not allowed. Allowed: 64 or more"),
        ({"rng": 1, "weights": 0, "scales": (), "leave_out": False}, OptionError, "Nothing varies"),
        ({"rng": 1, "weights": 1.0}, OptionError, "weights=1 is not allowed. Allowed: below 1"),
        ({"rng": 1, "weights": -0.1}, OptionError, "weights=-0.1 is not allowed"),
        ({"rng": 1, "schemes": ["best"]}, OptionError, "schemes="),
        ({"rng": 1, "level": 1}, OptionError, "level=1 is not allowed"),
        ({"rng": 1, "scales": ["minmax"], "aggregates": ["geometric"]}, DataError, "scaled figures are zero"),
    ],
)
def test_what_robustness_refuses(cities, options, error, said):
    with pytest.raises(error, match=said):
        made(cities).robustness(**options)


def test_two_indicators_have_none_to_spare(cities):
    two = xl.composite(cities, unit="unit", indicators={"variety": "+", "concentration": "-"})
    with pytest.raises(DataError, match="two indicators has none to spare. Say leave_out=False"):
        two.robustness(rng=1)
    assert "left out" not in robustness(two, rng=1, draws=64, leave_out=False).factors


# ---- into the panel, and pictures ---------------------------------------------------------------------------------


def test_a_composite_is_an_outcome_of_a_panel():
    found = of_panel(panel(periods=range(2015, 2022)))
    p = xl.PolicyPanel.from_table(found, adopted={"a": 2018, "b": 2019})
    assert (p.unit, p.period, p.outcome) == ("city", "year", "score")
    assert p.data["score"].tolist() == found.table.sort_values(["city", "year"])["score"].tolist()
    assert p.cohorts.tolist() == [2018, 2019]
    dated = pd.DataFrame({"unit": ["a", "b"], "start_date": ["2018-05-01", "2019-01-01"]})
    assert xl.PolicyPanel.from_table(found, adopted=dated).cohorts.tolist() == [2018, 2019]
    later = xl.PolicyPanel.from_table(found, adopted=dated, dates={"first": "next"})
    assert later.cohorts.tolist() == [2019, 2020]
    ranked = xl.PolicyPanel.from_table(found, adopted={"a": 2018}, outcome="rank", cluster="city")
    assert ranked.y.max() == 6
    plain = xl.PolicyPanel.from_table(
        found.table, adopted={"a": 2018}, unit="city", period="year", outcome="score"
    )
    assert plain.y.tolist() == p.y.tolist()


def test_what_a_panel_refuses_of_a_composite():
    table = panel(periods=range(2015, 2022))
    with pytest.raises(DataError, match="scores of different periods are not comparable"):
        xl.PolicyPanel.from_table(of_panel(table, scale_over="period"), adopted={"a": 2018})
    found = of_panel(table)
    with pytest.raises(DataError, match=r"names units \(city\) without rows in the table in 1 row. First: z"):
        xl.PolicyPanel.from_table(found, adopted={"z": 2018})
    with pytest.raises(OptionError, match="from_table needs outcome=, a column"):
        xl.PolicyPanel.from_table(table, adopted={"a": 2018}, unit="city", period="year")
    with pytest.raises(UnknownName, match="scores"):
        xl.PolicyPanel.from_table(found, adopted={"a": 2018}, outcome="scores")
    with pytest.raises(DataError, match="a column 'adopted' already"):
        xl.PolicyPanel.from_table(
            found.table.assign(adopted=1), adopted={"a": 2018}, unit="city", period="year", outcome="score"
        )
    single = made(read("indicators"))
    with pytest.raises(OptionError, match="from_table needs unit="):
        xl.PolicyPanel.from_table(single, adopted={"Dalian": 2018})


def test_pictures(cities, robust):
    found = made(cities)
    ax = found.plot(title="Cities", source="made up")
    assert next(t.get_text() for t in ax.get_yticklabels()) == "Dalian"
    assert len(ax.patches) == 8
    over = of_panel(panel())
    assert len(over.plot().get_lines()) == 6
    assert len(over.plot(top=2).get_lines()) == 2
    assert len(over.plot(period=2021).patches) == 6
    with pytest.raises(OptionError, match=r"period=2030 is not among the periods: \[2020, 2021, 2022\]"):
        over.plot(period=2030)
    with speaking("zh"):
        drawn = robust.plot()
    assert isinstance(drawn, Axes)
    assert drawn.get_xlabel() == "位次"
    assert [t.get_text() for t in drawn.get_yticklabels()] == robust.table.sort_values("rank")[
        "unit"
    ].tolist()
    with pytest.raises(OptionError, match="There are 3 periods: say period="):
        over.robustness(rng=1, draws=64).plot()


def test_every_bounded_scale_is_one(cities):
    for scale in BOUNDED:
        r = made(cities, scale=scale).scaled[NAMES].to_numpy()
        assert (r.min(), r.max()) == (0, 1)


def test_units_that_are_alike_in_all_are_all_first_by_vikor():
    """Each of two units is best in one of two indicators of one weight: S and R are .5 for both."""
    made = vikor(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5, 0.5]), 0.5)
    assert {name: v.tolist() for name, v in made.items()} == {
        "score": [1, 1],
        "s": [0.5, 0.5],
        "r": [0.5, 0.5],
        "q": [0, 0],
    }
