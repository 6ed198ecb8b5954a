"""Clusters: quotients with intervals, rules, relatedness, definitions and their scores, indices of agglomeration."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.clusters import (
    define_clusters,
    find_clusters,
    litzenberger_sternberg,
    location_quotients,
    related_industries,
    validation_scores,
)
from exportlab.clusters.related import Relatedness, links
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.words import speaking

HERE = Path(__file__).parent / "reference" / "clusters"
TIGHT = {"rel": 1e-9, "abs": 1e-12}


@pytest.fixture(scope="module")
def firms():
    return pd.read_csv(HERE / "firms.csv")


@pytest.fixture(scope="module")
def counts(firms):
    return xl.flows(
        firms.groupby(["exporter", "product"], as_index=False).size().rename(columns={"size": "value"})
    )


@pytest.fixture(scope="module")
def workers(firms):
    return xl.flows(firms.rename(columns={"employees": "value"}), keys=["firm"])


def expected(program, what):
    rows = pd.read_csv(HERE / "expected.csv", dtype={"key": str})
    rows = rows[rows["program"].str.startswith(program) & (rows["what"] == what)]
    assert len(rows)
    return dict(zip(rows["key"], rows["value"].astype(float), strict=True))


def table(rows, *columns):
    return xl.flows(pd.DataFrame(rows, columns=list(columns)))


# ---- location quotients ---------------------------------------------------------------------------------------------


def test_exact_intervals_are_those_of_binom_test(counts):
    found = location_quotients(counts).table.set_index(["exporter", "product"])
    assert len(found) == 20
    for place in "ABCDE":
        for column, what in (("conf_low", "low"), ("conf_high", "high"), ("p_value", "p")):
            for product, value in expected("R 4.2.2", f"binom.test {what} {place}").items():
                assert found.loc[(place, product), column] == pytest.approx(value, **TIGHT)


def test_quotients_are_those_of_the_catalogue_and_the_level_is_the_width(counts):
    found = location_quotients(counts).table.set_index(["exporter", "product"])
    plain = xl.location_quotient(counts).set_index(["exporter", "product"])["location_quotient"]
    assert found.loc[plain.index, "location_quotient"].to_numpy() == pytest.approx(plain.to_numpy())
    narrow = location_quotients(counts, level=0.5).table
    assert location_quotients(counts, level=0.5).title.startswith(
        "Location quotients, 50 % exact intervals: "
    )
    assert (narrow["conf_low"].to_numpy() >= found["conf_low"].to_numpy()).all()
    assert (narrow["conf_high"].to_numpy() < found["conf_high"].to_numpy()).all()


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_one_lies_outside_exactly_where_p_is_small(counts, level):
    found = location_quotients(counts, level=level).table
    outside = (found["conf_low"] > 1) | (found["conf_high"] < 1)
    assert (outside == (found["p_value"] < 1 - level)).all()
    assert 0 < outside.sum() < len(found) or level == 0.99


def test_a_quotient_of_zero_has_an_upper_end_and_all_of_a_product_reaches_the_limit():
    f = table(
        [("A", "x", 4.0), ("A", "y", 6.0), ("B", "y", 10.0), ("B", "x", 0.0)], "exporter", "product", "value"
    )
    found = location_quotients(f).table.set_index(["exporter", "product"])
    none, whole = found.loc[("B", "x")], found.loc[("A", "x")]
    assert (none["location_quotient"], none["conf_low"]) == (0.0, 0.0)
    assert none["conf_high"] == pytest.approx((1 - 0.025 ** (1 / 4)) / 0.5)
    assert none["p_value"] == pytest.approx(2 * 0.5**4)
    assert (whole["location_quotient"], whole["conf_high"]) == (2.0, 2.0)
    assert whole["conf_low"] == pytest.approx(0.025 ** (1 / 4) / 0.5)
    assert found["q_value"].to_numpy() == pytest.approx([0.25, 1.0, 0.25, 1.0], abs=0.6)


def test_coverage_is_at_least_the_level():
    """Of binomial counts drawn with a known quotient, exactly: the sum of probabilities of counts that cover it."""
    from scipy.stats import binom

    from exportlab.clusters.quotients import binomial_quotient

    n, p = 25, 0.2
    x = np.arange(n + 1.0)[:, None]
    for quotient in (0.5, 1.0, 2.3):
        _, low, high, _ = binomial_quotient(x, np.array([float(n)]), np.full((n + 1, 1), p), 0.9)
        covers = (low[:, 0] <= quotient) & (quotient <= high[:, 0])
        assert 0.9 <= binom.pmf(np.arange(n + 1), n, p * quotient)[covers].sum() < 1


def test_values_are_resampled_by_the_room_of_uncertainty(workers):
    found = location_quotients(workers, resample="firm")
    rows = found.table.set_index(["exporter", "product"])
    plain = xl.interval(workers, "rca", over="product", resample="firm").table.set_index(
        ["exporter", "product"]
    )
    assert rows["location_quotient"].to_numpy() == pytest.approx(plain["estimate"].to_numpy())
    assert rows["conf_low"].to_numpy() == pytest.approx(plain["conf_low"].to_numpy(), nan_ok=True)
    assert found.method == "jackknife"
    assert "firm" in found.cautions[0]
    drawn = location_quotients(workers, resample="firm", method="percentile", draws=50, rng=1)
    assert drawn.method == "percentile"
    assert "percentile" in drawn.title


def test_periods_stand_apart():
    rows = [(y, e, k, v + y - 2020) for y in (2020, 2021) for e, k, v in
            (("A", "x", 3), ("A", "y", 1), ("B", "x", 1), ("B", "y", 3))]  # fmt: skip
    f = table(rows, "period", "exporter", "product", "value")
    found = location_quotients(f).table
    assert found["period"].tolist() == [2020] * 4 + [2021] * 4
    assert found["location_quotient"].to_numpy() == pytest.approx(
        [1.5, 0.5, 0.5, 1.5, 4 / 3, 2 / 3, 2 / 3, 4 / 3]
    )


def test_what_quotients_refuse(counts, workers):
    money = table([("A", "x", 1.5), ("B", "y", 2.0)], "exporter", "product", "value")
    with pytest.raises(DataError, match=r"1 cells are no counts. First: A, x: 1.5"):
        location_quotients(money)
    with pytest.raises(OptionError, match="name what, resample="):
        location_quotients(counts, method="percentile")
    with pytest.raises(OptionError, match="must keep the place"):
        location_quotients(counts, by=[])
    with pytest.raises(OptionError, match="level"):
        location_quotients(counts, level=1.0)


# ---- rules -----------------------------------------------------------------------------------------------------------


def many(seed=4, places=20):
    rng = np.random.default_rng(seed)
    rows = [
        (y, f"r{r:02}", k, float(np.ceil(rng.gamma(1, 20))))
        for y in (2016, 2024)
        for r in range(places)
        for k in "xyz"
    ]
    return pd.DataFrame(rows, columns=["period", "exporter", "product", "value"])


def test_a_rule_is_what_it_says():
    data = many()
    found = find_clusters(
        xl.flows(data), criteria=["quotient", "size", "focus", "growth"], quotient=1.3, top=0.2, at_least=3
    )
    wide = {
        y: data[data["period"] == y].pivot(index="exporter", columns="product", values="value")
        for y in (2016, 2024)
    }
    now, before = wide[2024], wide[2016]
    size, focus = now / now.sum(), now.div(now.sum(axis=1), axis=0)
    quotient = focus / (now.sum() / now.to_numpy().sum())
    growth = size - before / before.sum()
    rows = found.table.set_index(["exporter", "product"])
    for (place, product), row in rows.iterrows():
        assert row["location_quotient"] == pytest.approx(quotient.loc[place, product])
        assert row["growth"] == pytest.approx(growth.loc[place, product])
        assert row["rank"] == (now[product] > now.loc[place, product]).sum() + 1
        met = [
            quotient.loc[place, product] >= 1.3,
            (now[product] > now.loc[place, product]).sum() < 4,  # the top fifth of twenty
            (focus > focus.loc[place, product]).to_numpy().sum() < 12,  # of all sixty pairs
            growth.loc[place, product] > 0,
        ]
        assert row[["meets_quotient", "meets_size", "meets_focus", "meets_growth"]].tolist() == met
        assert row["stars"] == sum(met)
        assert row["cluster"] == (sum(met) >= 3)
    assert 0 < len(found.found) < 60
    assert found.found["stars"].is_monotonic_decreasing
    assert "3 of quotient, size, focus, growth" in found.title


def test_fixed_numbers_stand_in_place_of_the_top():
    """Sölvell, Ketels and Lindqvist's 2008 rule: above 10,000 jobs, twice what is expected, above 3 % of the place."""
    rows = [("A", "cars", 10_000.0), ("A", "rest", 90_000.0), ("B", "cars", 10_001.0), ("B", "rest", 89_999.0),
            ("C", "cars", 60_000.0), ("C", "rest", 1_940_000.0),
            ("D", "boats", 3_000.0), ("D", "rest", 97_000.0)]  # fmt: skip
    f = table(rows, "exporter", "product", "value")
    found = find_clusters(f, criteria=["quotient", "size", "focus"], size=10_000, focus=0.03, at_least=1)
    met = found.table.set_index(["exporter", "product"])
    stars = met[["meets_quotient", "meets_size", "meets_focus"]].astype(int)
    assert stars.loc[("A", "cars")].tolist() == [1, 0, 1]  # 10,000 jobs are not more
    assert stars.loc[("B", "cars")].tolist() == [1, 1, 1]
    assert stars.loc[("C", "cars")].tolist() == [0, 1, 0]  # .03 of the place, no more
    assert stars.loc[("D", "boats")].tolist() == [1, 0, 0]  # .03 too
    assert met.loc[("B", "rest"), "stars"] == 2
    assert len(found.cautions) == 1  # no word on few places where nothing is ranked
    exact = find_clusters(
        f, criteria=["quotient"], quotient=float(met.loc[("A", "cars"), "location_quotient"])
    )
    assert ("A", "cars") in set(zip(exact.found["exporter"], exact.found["product"], strict=True))


def test_all_criteria_make_a_cluster_unless_fewer_are_asked_for():
    f = xl.flows(many())
    every = find_clusters(f, quotient=1.2, top=0.3)
    assert (every.table["cluster"] == (every.table["stars"] == 3)).all()
    assert "quotient and size and growth" in every.title
    some = find_clusters(f, quotient=1.2, top=0.3, at_least=1)
    assert len(some.found) > len(every.found) > 0


def test_counts_can_be_asked_to_be_sure():
    f = xl.flows(many())
    options = {"criteria": ["quotient"], "quotient": 1.1}
    plain, sure = find_clusters(f, **options), find_clusters(f, **options, level=0.95)
    assert set(sure.found["exporter"] + sure.found["product"]) < set(
        plain.found["exporter"] + plain.found["product"]
    )
    exact = location_quotients(f.where(period=2024)).table
    low = exact.set_index(["exporter", "product"])["conf_low"]
    rows = sure.table.set_index(["exporter", "product"])
    assert rows["conf_low"].to_numpy() == pytest.approx(low.loc[rows.index].to_numpy())
    assert (rows["cluster"] == (rows["conf_low"] >= 1.1)).all()


def test_a_count_of_zero_is_no_pair():
    rows = [("A", "x", 4.0), ("A", "y", 6.0), ("B", "y", 10.0), ("B", "x", 0.0)]
    found = find_clusters(table(rows, "exporter", "product", "value"), criteria=["quotient"], level=0.9)
    assert found.table[["exporter", "product"]].agg("".join, axis=1).tolist() == ["Ax", "Ay", "By"]
    assert found.table["conf_low"].iloc[0] == pytest.approx(0.05 ** (1 / 4) / 0.5)
    assert list(found.table)[4] == "conf_low"


def test_a_place_that_was_not_there_grew_and_one_that_sells_nothing_is_no_row():
    rows = [
        (2016, "A", "x", 5.0),
        (2016, "B", "y", 5.0),
        (2024, "A", "x", 5.0),
        (2024, "B", "y", 5.0),
        (2024, "C", "x", 5.0),
    ]
    found = find_clusters(table(rows, "period", "exporter", "product", "value"), criteria=["growth"])
    by = found.table.set_index("exporter")
    assert by["growth"].to_dict() == {"A": -0.5, "B": 0.0, "C": 0.5}
    assert by["cluster"].to_dict() == {"A": False, "B": False, "C": True}


def test_few_places_are_said_and_ties_share_the_top():
    rows = [("A", "x", 5.0), ("B", "x", 5.0), ("C", "x", 1.0), ("C", "y", 1.0)]
    found = find_clusters(table(rows, "exporter", "product", "value"), criteria=["size"])
    assert found.table["meets_size"].tolist() == [True, True, False, True]
    assert "with 3 places" in found.cautions[0]
    with speaking("zh"):
        assert (
            "只有3个地区"
            in find_clusters(table(rows, "exporter", "product", "value"), criteria=["size"]).cautions[0]
        )
    assert len(find_clusters(xl.flows(many()), top=0.1).cautions) == 1


def test_what_rules_refuse():
    f, once = xl.flows(many()), xl.flows(many().query("period == 2024").drop(columns="period"))
    with pytest.raises(OptionError, match="growth compares periods"):
        find_clusters(once)
    with pytest.raises(OptionError, match="growth compares periods"):
        find_clusters(once, criteria=["size"], last=2024)
    with pytest.raises(OptionError, match="at_least=4 of 3"):
        find_clusters(f, at_least=4)
    with pytest.raises(OptionError, match="1 to that number"):
        find_clusters(f, criteria=[])
    with pytest.raises(OptionError, match="size=5 is for 'size', which is not among"):
        find_clusters(f, criteria=["quotient"], size=5)
    with pytest.raises(OptionError, match="focus=0.1 is for 'focus'"):
        find_clusters(f, focus=0.1)
    with pytest.raises(OptionError, match="first= is for 'growth'"):
        find_clusters(f, criteria=["size"], first=2016)
    with pytest.raises(DataError, match="no counts"):
        find_clusters(xl.flows(many().assign(value=lambda t: t["value"] + 0.5)), level=0.9)
    with pytest.raises(OptionError, match="criteria"):
        find_clusters(f, criteria=["age"])


def test_a_period_can_be_named():
    f = xl.flows(many())
    at = find_clusters(f, criteria=["quotient"], last=2016).table
    assert at["value"].sum() == many().query("period == 2016")["value"].sum()
    assert (
        find_clusters(f, criteria=["size"]).table["value"].sum()
        == many().query("period == 2024")["value"].sum()
    )


# ---- relatedness and definitions -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def industries():
    """Nine industries of three kinds over forty places."""
    rng = np.random.default_rng(7)
    kinds = rng.gamma(1, 1, (3, 40))
    rows = [(f"p{r:02}", f"k{k}", kinds[k % 3, r] * rng.gamma(9, 1)) for k in range(9) for r in range(40)]
    return pd.DataFrame(rows, columns=["exporter", "product", "value"])


@pytest.fixture(scope="module")
def related(industries):
    return related_industries(
        xl.flows(industries), measures=["values", "quotients", "proximity", "coagglomeration"]
    )


def test_three_products_in_three_places_are_enough_and_thirty_places_are_many(industries):
    cells = [[5.0, 1.0, 2.0], [4.0, 6.0, 2.0], [2.0, 1.0, 9.0]]
    least = [(e, k, cells[i][j]) for i, e in enumerate("ABC") for j, k in enumerate("xyz")]
    found = related_industries(table(least, "exporter", "product", "value"))
    assert len(found.table) == 3
    assert "over 3 places" in found.cautions[0]
    for places, said in ((29, 2), (30, 1)):
        some = industries[industries["exporter"] < f"p{places:02}"]
        assert len(related_industries(xl.flows(some)).cautions) == said


def test_measures_are_their_formulas(industries, related):
    wide = industries.pivot(index="product", columns="exporter", values="value").to_numpy()
    shares = wide / wide.sum(axis=1, keepdims=True)
    p = shares.mean(axis=0)
    quotients = shares / (wide.sum(axis=0) / wide.sum())
    has = quotients > 1
    for i, j in combinations(range(9), 2):
        apart = (shares[i] - p) @ (shares[j] - p) / (1 - p @ p)
        near = (has[i] & has[j]).sum() / max(has[i].sum(), has[j].sum())
        want = {
            "values": np.corrcoef(wide[i], wide[j])[0, 1],
            "quotients": np.corrcoef(quotients[i], quotients[j])[0, 1],
            "proximity": near,
            "coagglomeration": apart,
        }
        for name, value in want.items():
            assert related.matrices[name][i, j] == pytest.approx(value, abs=1e-12)
            assert related.matrices[name][j, i] == related.matrices[name][i, j]
    pairs = np.triu_indices(9, 1)
    each = [m[pairs] for m in related.matrices.values()]
    mean = np.mean([(m - m.mean()) / m.std(ddof=1) for m in each], axis=0)
    assert related.combined[pairs] == pytest.approx(mean)
    assert np.isnan(np.diag(related.combined)).all()
    assert related.table["combined"].is_monotonic_decreasing
    assert len(related.table) == 36
    assert len(related.cautions) == 1  # forty places are enough


def io():
    z = pd.DataFrame(
        [[10, 30, 0], [5, 20, 5], [1, 0, 4]], index=list("abc"), columns=list("abc"), dtype=float
    )
    m = pd.DataFrame([[4, 0, 0], [0, 10, 1], [0, 0, 0]], index=list("abc"), columns=list("abc"), dtype=float)
    final = pd.Series([40.0, 50.0, 25.0], index=list("abc"), name="use")
    return xl.valueadded.IOTable.from_frames(
        z,
        final=final,
        exports=pd.Series([20.0, 20.0, 10.0], index=list("abc")),
        imported=m,
        imported_final=pd.Series([0.0, 0, 0], index=list("abc"), name="use"),
    )


def test_links_are_the_largest_of_four_shares():
    """By hand: inputs 20, 60 and 10, output 100, 100 and 40."""
    found = links(io(), ["a", "b", "c"])
    assert found[0, 1] == found[1, 0] == pytest.approx(0.5)  # 30 of b's 60 inputs; 30/100, 5/20, 5/100
    assert found[1, 2] == pytest.approx(0.5)  # 5 of c's 10 inputs
    assert found[0, 2] == pytest.approx(0.05)  # 1 of a's 20 inputs; 1/40 of c's output
    assert found[0, 0] == pytest.approx(0.5)  # 10 of its own 20
    twice = links(io(), ["k1", "k2", "k3"], {"k1": "a", "k2": "a", "k3": "b"})
    assert twice[0, 1] == pytest.approx(0.5)
    assert twice[1, 2] == pytest.approx(0.5)


def test_links_and_own_measures_join(industries):
    f = xl.flows(industries)
    sectors = {f"k{k}": "abc"[k % 3] for k in range(9)}
    likeness = pd.DataFrame(
        np.add.outer(np.arange(9.0), np.arange(9.0)), index=list(sectors), columns=list(sectors)
    )
    found = related_industries(
        f, measures=["values"], table=io(), sectors=sectors, more={"workers": likeness.iloc[::-1]}
    )
    assert list(found.matrices) == ["values", "links", "workers"]
    assert found.matrices["workers"][1, 2] == 3.0
    assert found.matrices["links"][0, 1] == pytest.approx(0.5)
    assert list(related_industries(f, measures=[], table=io(), sectors=sectors).matrices) == ["links"]


@pytest.mark.parametrize("function", ["ward", "average", "complete", "kmeans"])
def test_three_kinds_are_found_as_three_clusters(related, function):
    found = define_clusters(related, numbers=3, functions=[function], starts=20, rng=3)
    kinds = {}
    for product, cluster in zip(found.table["product"], found.table["cluster"], strict=True):
        kinds.setdefault(cluster, set()).add(int(product[1]) % 3)
    assert sorted(len(k) for k in kinds.values()) == [1, 1, 1]
    assert found.scores["vs"].tolist() == [1.0] * 4
    assert found.clusters["products"].tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("function", "number", "want"),
    [
        ("ward", 4, "123421124421"),
        ("ward", 5, "123451124421"),
        ("average", 4, "123421124421"),
        ("average", 5, "123425124421"),
        ("complete", 4, "123421124321"),
        ("complete", 5, "123451154321"),
        ("kmeans", 4, "213412214412"),
        ("kmeans", 5, "531425534435"),
    ],
)
def test_partitions_are_those_of_r(function, number, want):
    """R 4.2.2: hclust (ward.D2 of rows, average and complete of the distance to the largest), kmeans of 500 starts."""
    s = np.sin(1 + np.multiply.outer(np.arange(1.0, 13), np.arange(1, 6)))
    m = np.round(s @ s.T / 5, 3)
    np.fill_diagonal(m, np.nan)
    rel = Relatedness(tuple(range(12)), {"m": m}, m, (), "product")
    found = define_clusters(rel, numbers=number, functions=[function], starts=50, rng=1).table
    sides = (found["cluster"].to_numpy(), np.array(list(want)))
    mine, theirs = (np.equal.outer(side, side) for side in sides)
    assert (mine == theirs).all()


def small():
    """Four industries: a and b are related, c and d are."""
    m = np.array(
        [[np.nan, 0.9, 0.1, 0.3], [0.9, np.nan, 0.2, 0.5], [0.1, 0.2, np.nan, 0.4], [0.3, 0.5, 0.4, np.nan]]
    )
    return Relatedness(("a", "b", "c", "d"), {"m": m}, m, (), "product")


def test_scores_by_hand():
    """WCR .9 and .4, BCR .275 for both; d is as near to {a, b} (.4) as to c (.4)."""
    score = validation_scores(small(), {"a": 1, "b": 1, "c": 2, "d": 2}).iloc[0]
    assert score[["vs_cluster_mean", "vs_cluster_95"]].tolist() == [1.0, 1.0]
    assert score[["vs_industry_mean", "vs_industry_95"]].tolist() == [0.75, 0.75]
    assert score["vs"] == 0.875
    alone = validation_scores(small(), {"a": 1, "b": 1, "c": 2, "d": 3}).iloc[0]
    # {a, b}: WCR .9 against .15 and .4; c and d alone fail; of the industries a and b hold
    assert alone[
        ["vs_cluster_mean", "vs_cluster_95", "vs_industry_mean", "vs_industry_95"]
    ].tolist() == pytest.approx([1 / 3, 1 / 3, 0.5, 0.5])
    made = define_clusters(small(), numbers=2, functions=["complete"])
    assert made.table["cluster"].tolist() == [1, 1, 2, 2]
    assert made.table["within"].tolist() == pytest.approx([0.9, 0.9, 0.4, 0.4])
    assert made.table["between"].tolist() == pytest.approx([0.2, 0.35, 0.15, 0.4])
    assert made.table["nearest"].tolist() == [2, 2, 1, 1]
    assert made.clusters["within"].tolist() == pytest.approx([0.9, 0.4])
    assert made.clusters["between"].tolist() == pytest.approx([0.275, 0.275])


def test_the_95th_percentile_is_stricter_than_the_mean():
    m = np.full((6, 6), 0.1)
    for i, j, v in (
        (0, 1, 0.5),
        (2, 3, 0.9),
        (4, 5, 0.9),
        (0, 2, 0.8),
        (0, 3, 0.8),
        (1, 2, 0.8),
        (1, 3, 0.8),
    ):
        m[i, j] = m[j, i] = v
    np.fill_diagonal(m, np.nan)
    rel = Relatedness(tuple("abcdef"), {"m": m}, m, (), "product")
    score = validation_scores(rel, dict(zip("abcdef", "AABBCC", strict=True))).iloc[0]
    assert score["vs_cluster_mean"] == 1.0
    assert score["vs_cluster_95"] == pytest.approx(2 / 3)
    assert score["vs_industry_mean"] == 1.0
    assert score["vs_industry_95"] == pytest.approx(4 / 6)


def test_the_best_definition_is_kept_and_of_equal_ones_the_finest(related):
    found = define_clusters(related, numbers=[4, 2, 3], functions=["ward", "average"])
    means = found.scores.groupby(["function", "number"])["vs"].mean()
    assert means[found.function, found.number] == means.max()
    assert (found.function, found.number) == ("ward", 3)  # two and three are alike, and both functions
    assert len(found.scores) == 2 * 3 * 4
    assert "6 definitions" in found.title
    assert found.table["cluster"].value_counts().is_monotonic_decreasing


def test_industries_alone_are_said(related):
    found = define_clusters(related, numbers=7, functions=["average"])
    assert "hold one industry" in found.cautions[0]
    assert found.table["within"].isna().sum() == (found.clusters["products"] == 1).sum() > 0


def test_order_unit_of_money_and_names_change_nothing(industries, related):
    mixed = industries.sample(frac=1, random_state=3).assign(value=lambda t: t["value"] * 7.1)
    again = related_industries(xl.flows(mixed), measures=list(related.matrices))
    assert again.labels == related.labels
    assert again.combined == pytest.approx(related.combined, nan_ok=True)
    renamed = mixed.assign(product="z" + mixed["product"], exporter="q" + mixed["exporter"])
    other = related_industries(xl.flows(renamed), measures=list(related.matrices))
    assert other.combined == pytest.approx(related.combined, nan_ok=True)


def test_what_relatedness_refuses(industries, related):
    f = xl.flows(industries)
    with pytest.raises(DataError, match=r"2 periods. First: 2020"):
        related_industries(xl.flows(pd.concat([industries.assign(period=y) for y in (2020, 2021)])))
    with pytest.raises(DataError, match="there are 2 products in 40 places"):
        related_industries(xl.flows(industries.query("product in ['k0', 'k1']")))
    with pytest.raises(OptionError, match="No measure is named"):
        related_industries(f, measures=[])
    with pytest.raises(OptionError, match="sectors= belongs to table="):
        related_industries(f, sectors={})
    with pytest.raises(DataError, match=r"no entry for 8 products. First: 'k1'"):
        related_industries(f, table=io(), sectors={"k0": "a"})
    with pytest.raises(UnknownName, match="sector of the table"):
        related_industries(f, table=io())
    one = pd.DataFrame(1.0, index=[f"k{k}" for k in range(9)], columns=[f"k{k}" for k in range(9)])
    with pytest.raises(DataError, match="the same for all pairs"):
        related_industries(f, more={"m": one})
    with pytest.raises(DataError, match=r"lacks 1 of 9 products. First: 'k8'"):
        related_industries(f, more={"m": one.iloc[:8, :8]})
    one.iloc[0, 1] = 3.0
    with pytest.raises(DataError, match="not symmetric"):
        related_industries(f, more={"m": one})
    with pytest.raises(OptionError, match="measured already"):
        related_industries(f, more={"values": one})
    flat = industries.assign(value=industries["value"].where(industries["product"] != "k3", 2.0))
    with pytest.raises(DataError, match=r"1 products do not vary .*First: k3"):
        related_industries(xl.flows(flat))
    for numbers in (1, 9, []):
        with pytest.raises(OptionError, match="from 2 to 8, and one function|list"):
            define_clusters(related, numbers=numbers, functions=["ward"])
    with pytest.raises(OptionError, match="one function or more"):
        define_clusters(related, numbers=2, functions=[])
    with pytest.raises(OptionError, match="rng="):
        define_clusters(related, numbers=3)
    with pytest.raises(OptionError, match="no entry for 1 products, first 'd'"):
        validation_scores(small(), {"a": 1, "b": 1, "c": 2})
    with pytest.raises(OptionError, match="puts all products into one"):
        validation_scores(small(), dict.fromkeys("abcd", 1))
    with pytest.raises(OptionError, match=r"clusters=\['A', 'B'\] is not allowed. Allowed: a mapping"):
        validation_scores(small(), ["A", "B"])


# ---- indices of agglomeration ------------------------------------------------------------------------------------


def test_colocation_is_that_of_reat_and_its_expectation_that_of_many_deals(counts):
    found = xl.excess_colocation(counts, permutations=400, rng=5).set_index(["product", "product_2"])
    want = expected("R REAT", "howard.cl")
    for (a, b), row in found.iterrows():
        assert row["colocation"] == pytest.approx(want[f"{a} {b}"])
        assert row["excess"] == pytest.approx(row["colocation"] - row["expected"])
    drawn = expected("R REAT", "howard.xcl 400 samples")["ships steel"]
    assert found.loc[("ships", "steel"), "excess"] == pytest.approx(drawn, abs=0.01)
    assert found["p_value"].between(1 / 401, 1).all()
    assert found["p_value"].nunique() > 2


def test_the_expectation_is_the_mean_of_all_deals():
    """The example of Howard, Newman and Tarp: places X, X, X, Y, Y, X; the 20 ways to deal them to three and three."""
    f = table([("X", "A", 2), ("Y", "A", 1), ("X", "B", 2), ("Y", "B", 1)], "exporter", "product", "value")
    row = xl.excess_colocation(f, permutations=2000, rng=2).iloc[0]
    held = ["X", "X", "X", "Y", "Y", "X"]
    deals = [
        sum(held[i] == held[j] for i in chosen for j in set(range(6)) - set(chosen)) / 9
        for chosen in combinations(range(6), 3)
    ]
    assert row["colocation"] == pytest.approx(5 / 9) == expected("R REAT", "howard.cl")["example"]
    assert row["expected"] == pytest.approx(np.mean(deals))
    exact = np.mean([d >= 5 / 9 - 1e-12 for d in deals])
    assert row["p_value"] == pytest.approx(exact, abs=0.04)


def test_firms_can_be_counted_by_their_key(workers, counts):
    pd.testing.assert_frame_equal(xl.excess_colocation(workers, firms="firm"), xl.excess_colocation(counts))
    with pytest.raises(DataError, match="no counts"):
        xl.excess_colocation(
            table([("A", "x", 1.5), ("A", "y", 2), ("B", "x", 1)], "exporter", "product", "value")
        )
    for options in ({"permutations": 9}, {"rng": 1}):
        with pytest.raises(OptionError, match="both permutations= and rng="):
            xl.excess_colocation(counts, **options)


def test_coagglomeration_is_ellison_and_glaesers_whatever_the_plants(workers):
    """Their formula for a group, evaluated on REAT's gamma, G and H of each industry, plants and all."""
    found = xl.coagglomeration(workers, size="total", by=[]).set_index(["product", "product_2"])[
        "coagglomeration"
    ]
    want = expected("R REAT", "coagglomeration of ellison.a")
    assert len(found) == 6
    for (a, b), value in found.items():
        assert value == pytest.approx(want[f"{a} {b}"], **TIGHT)
    one = dict.fromkeys(("ships", "steel", "cloth", "soft"), "all")
    grouped = xl.coagglomeration(workers, size="total", groups=one, by=[]).iloc[0]
    assert grouped["coagglomeration"] == pytest.approx(want["all"], **TIGHT)
    assert grouped["products"] == 4
    by_plant = xl.ellison_glaeser(workers, plant="firm", by=[]).set_index("product")["ellison_glaeser"]
    for product, value in expected("R REAT", "ellison.a").items():
        assert by_plant[product] == pytest.approx(value, **TIGHT)


def test_coagglomeration_by_hand():
    f = table(
        [("A", "x", 3.0), ("B", "x", 1.0), ("A", "y", 1.0), ("B", "y", 1.0), ("B", "z", 2.0)],
        "exporter",
        "product",
        "value",
    )
    found = xl.coagglomeration(f).set_index(["product", "product_2"])["coagglomeration"]
    # shares in A .75, .5, 0; their mean 5/12
    room = 1 - (5 / 12) ** 2 - (7 / 12) ** 2
    assert found["x", "y"] == pytest.approx(2 * (0.75 - 5 / 12) * (0.5 - 5 / 12) / room)
    assert found["x", "z"] == pytest.approx(2 * (0.75 - 5 / 12) * (-5 / 12) / room)
    size = table([("A", 1.0), ("B", 3.0), ("C", 4.0)], "exporter", "value")
    own = xl.coagglomeration(f, size=size).set_index(["product", "product_2"])["coagglomeration"]
    p = np.array([1, 3, 4]) / 8
    apart = (np.array([0.75, 0.25, 0]) - p) @ (np.array([0.5, 0.5, 0]) - p)
    assert own["x", "y"] == pytest.approx(apart / (1 - p @ p))
    single = xl.coagglomeration(f, groups={"x": "g", "y": "h", "z": "h"}).set_index("group")
    assert np.isnan(single.loc["g", "coagglomeration"])
    assert single.loc["h", "coagglomeration"] == pytest.approx(found["y", "z"])
    alone = table([("A", "x", 3.0), ("A", "y", 1.0)], "exporter", "product", "value")
    assert np.isnan(xl.coagglomeration(alone)["coagglomeration"]).all()


def test_the_cluster_index_is_that_of_farhauer_and_kroell():
    jobs = [("west", "k", 1743.0), ("east", "k", 5740.0 - 1743)]
    f = table(jobs, "exporter", "product", "value")
    number = table([("west", "k", 35.0), ("east", "k", 18.0)], "exporter", "product", "value")
    options = {"area": {"west": 50, "east": 526}, "population": {"west": 488, "east": 4133}}
    found = litzenberger_sternberg(f, firms=number, **options).set_index("exporter")["litzenberger_sternberg"]
    assert found["west"] == pytest.approx(
        expected("R REAT", "litzenberger")["Farhauer and Kroell 2014"], rel=1e-12
    )
    assert found["west"] == pytest.approx(21.87491, abs=5e-6)
    thousands = table([("west", "k", 0.035), ("east", "k", 0.018)], "exporter", "product", "value")
    again = litzenberger_sternberg(f, firms=thousands, **options).set_index("exporter")
    assert again["litzenberger_sternberg"].to_dict() == pytest.approx(found.to_dict())
    with pytest.raises(DataError, match=r"area= has no entry for 1 of 2 exporter labels. First: 'east'"):
        litzenberger_sternberg(f, firms=number, area={"west": 1}, population=options["population"])
    with pytest.raises(OptionError, match="population= is 0.0 for 'west'"):
        litzenberger_sternberg(f, firms=number, area=options["area"], population={"west": 0, "east": 1})
    none = table([("west", "k", 35.0)], "exporter", "product", "value")
    with pytest.raises(DataError, match=r"1 places have 'k' and no firms. First: exporter='east'"):
        litzenberger_sternberg(f, firms=none, **options)
    with pytest.raises(UnknownName, match="role of firms="):
        litzenberger_sternberg(f, firms=table([("west", 35.0)], "exporter", "value"), **options)


def test_the_cluster_index_counts_firms_by_their_key(workers, counts):
    options = {
        "area": dict.fromkeys("ABCDE", 2.0),
        "population": dict(zip("ABCDE", (1, 2, 3, 4, 5), strict=True)),
    }
    by_key = litzenberger_sternberg(workers, firms="firm", **options)
    pd.testing.assert_frame_equal(by_key, litzenberger_sternberg(workers, firms=counts, by=[], **options))
    assert len(by_key) == 20
    assert (by_key["litzenberger_sternberg"] >= 0).all()


# ---- Gini by groups ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unequal():
    data = pd.read_csv(HERE / "panel.csv").query("period == 2023").sort_values("unit")
    groups = dict(zip(data["unit"], ["east", "middle", "west"] * 5, strict=False))
    return xl.flows(data[["unit", "value"]], exporter="unit", value="value"), groups


def test_dagum_parts_are_those_of_dineq(unequal):
    f, groups = unequal
    found = xl.dagum_gini(f, groups, over="exporter", by=[]).iloc[0]
    want = expected("R dineq", "gini_decomp")
    for column, key in {
        "gini": "total",
        "gini_within": "within",
        "gini_between": "between",
        "gini_transvariation": "overlap",
    }.items():
        assert found[column] == pytest.approx(want[f"gini_{key}"], **TIGHT)
    pairs = xl.dagum_gini(f, groups, over="exporter", by=[], form="pairs").set_index(["group", "group_2"])
    for name in ("east", "middle", "west"):
        assert pairs.loc[(name, name), "gini"] == pytest.approx(want[name], **TIGHT)
    assert pairs["contribution"].sum() == pytest.approx(found["gini"], rel=1e-12)
    assert found["gini"] == pytest.approx(xl.gini(f, over="exporter", by=[])["gini"].iloc[0], rel=1e-12)


def test_dagum_by_hand():
    """East 1 and 3, west 2 and 6: mean 3, N 4. Differences across: 1, 5, 1, 3; the means 2 and 4."""
    f = table([("a", 1.0), ("b", 3.0), ("c", 2.0), ("d", 6.0)], "exporter", "value")
    groups = {"a": "east", "b": "east", "c": "west", "d": "west"}
    parts = xl.dagum_gini(f, groups, over="exporter", by=[]).iloc[0]
    assert parts["gini"] == pytest.approx(32 / 96)
    assert parts["gini_within"] == pytest.approx((4 + 8) / 96)
    assert parts["gini_between"] == pytest.approx(2 * 4 * 2 / 96)
    assert parts["gini_transvariation"] == pytest.approx((2 * 10 - 16) / 96)
    pairs = xl.dagum_gini(f, groups, over="exporter", by=[], form="pairs")
    across = pairs[pairs["group"] != pairs["group_2"]].iloc[0]
    assert across["gini"] == pytest.approx(2.5 / 6)
    assert across["affluence"] == pytest.approx(0.8)
    assert pairs["affluence"].isna().sum() == 2


@pytest.mark.parametrize("seed", range(5))
def test_dagum_parts_add_up_and_do_not_overlap_where_groups_do_not(seed):
    rng = np.random.default_rng(seed)
    x = rng.lognormal(0, 1, 12)
    groups = {f"m{i}": "abc"[i % 3] for i in range(12)}
    f = table([(m, v) for m, v in zip(groups, x, strict=True)], "exporter", "value")
    parts = xl.dagum_gini(f, groups, over="exporter", by=[]).iloc[0]
    total = parts["gini_within"] + parts["gini_between"] + parts["gini_transvariation"]
    assert total == pytest.approx(parts["gini"], rel=1e-12)
    assert parts["gini"] == pytest.approx(
        np.abs(np.subtract.outer(x, x)).sum() / (2 * 144 * x.mean()), rel=1e-12
    )
    order = np.argsort(x)
    ranked = {f"m{i}": "abc"[r // 4] for r, i in enumerate(order)}
    apart = xl.dagum_gini(f, ranked, over="exporter", by=[]).iloc[0]
    assert apart["gini_transvariation"] == pytest.approx(0, abs=1e-14)
    theirs = xl.theil_within_between(f, ranked, over="exporter", by=[]).iloc[0]
    assert theirs["theil_between"] > theirs["theil_within"] > 0


def test_where_nobody_exports_there_is_no_inequality_to_split():
    rows = [(y, u, v * (y == 2021)) for y in (2020, 2021) for u, v in (("a", 1.0), ("b", 3.0))]
    f = table(rows, "period", "exporter", "value")
    found = xl.dagum_gini(f, {"a": "x", "b": "y"}, over="exporter", by="period").set_index("period")
    assert found.loc[2020, ["gini", "gini_within", "gini_between"]].isna().all()
    assert found.loc[2021, "gini"] == pytest.approx(0.25)


def test_who_counts_for_dagum():
    f = table([("a", 1.0), ("b", 3.0)], "exporter", "value")
    groups = dict(zip("abc", "xyy", strict=True))
    options = {"over": "exporter", "by": []}
    seen = xl.dagum_gini(f, groups, **options).iloc[0]
    listed = xl.dagum_gini(f, groups, universe=["a", "b", "c"], **options).iloc[0]
    assert (seen["universe"], listed["universe"]) == (2, 3)
    assert listed["gini"] == pytest.approx((4 + 6 + 2) / (2 * 9 * 4 / 3))
    with pytest.raises(OptionError, match="universe=3 is not allowed"):
        xl.dagum_gini(f, groups, universe=3, **options)
    with pytest.raises(OptionError, match="over="):
        xl.dagum_gini(f, groups, over=["exporter", "product"])
    with pytest.raises(DataError, match="in no group"):
        xl.dagum_gini(f, {"a": "x"}, **options)


# ---- pictures --------------------------------------------------------------------------------------------------------


def test_pictures_show_what_they_are_of(counts, related):
    ax = location_quotients(counts).plot(top=5)
    assert len(ax.get_yticklabels()) == 5
    assert "·" in ax.get_yticklabels()[0].get_text()
    found = find_clusters(xl.flows(many()), quotient=1.2, top=0.3)
    drawn = found.plot()
    assert len(drawn.texts) == len(found.found)
    assert not found.plot(label=False).texts
    assert len(related.plot().get_xticklabels()) == 9
    made = define_clusters(related, numbers=[2, 3, 4], functions=["ward", "average"])
    assert [line.get_label() for line in made.plot().lines][:2] == ["ward", "average"]
    with speaking("zh"):
        assert location_quotients(counts).plot().get_xlabel() == "区位熵（1：与总体相同）"


def test_of_groups_that_are_all_alike_none_is_better_off():
    f = table([("a", 2.0), ("b", 2.0), ("c", 2.0)], "exporter", "value")
    pairs = xl.dagum_gini(f, {"a": "east", "b": "west", "c": "west"}, over="exporter", by=[], form="pairs")
    across = pairs[pairs["group"] != pairs["group_2"]].iloc[0]
    assert (across["gini"], across["affluence"]) == (0.0, 0.0)
