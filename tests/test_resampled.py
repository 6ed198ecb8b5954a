"""Intervals of any measure, of places in a ranking, of months in blocks, of input-output tables, of whole curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.uncertainty import blocks, nesting
from exportlab.uncertainty.resampled import _declared
from exportlab.uncertainty.sample import Sample, stationary
from exportlab.valueadded import InterCountryTable, IOTable, table_noise
from exportlab.valueadded.noise import scaled

ROOT = Path(__file__).parent.parent


def cube(seed=1, exporters=6, markets=8, products=10):
    """Exporters with an advantage each in some products, sold to all markets."""
    rng = np.random.default_rng(seed)
    cells = [
        (f"E{e}", f"M{m}", f"P{p:02}", rng.lognormal(0, 1.2) * (3.0 if (e + p) % exporters < 3 else 1.0))
        for e in range(exporters)
        for m in range(markets)
        for p in range(products)
    ]
    return pd.DataFrame(cells, columns=["exporter", "market", "product", "value"])


TABLE = cube()
FLOWS = xl.flows(TABLE)
INCOME = {f"E{e}": 10.0 * (1 + e) for e in range(6)}
FIGURES = ["estimate", "corrected", "std_error", "conf_low", "conf_high"]


@pytest.mark.parametrize("method", ["jackknife", "percentile", "basic", "bca", "bayesian"])
def test_of_an_index_that_has_intervals_of_its_own_they_are_the_same(method):
    one = FLOWS.where(exporter="E1")
    asked = {"resample": "product", "method": method, "scale": "logit", "draws": 39, "rng": 3}
    own = xl.interval(one, "hhi", over="market", by=[], **asked).table
    made = xl.resampled(one, lambda f: xl.hhi(f, over="market", by=[]), "hhi", limits=(1 / 8, 1), **asked)
    np.testing.assert_allclose(made.table[FIGURES], own[FIGURES], rtol=1e-9)
    assert made.over == ()
    assert made.draws == (0 if method == "jackknife" else 39)


def test_engines_and_groups_of_units_agree():
    measure = lambda f: xl.expy(f, INCOME, by="exporter")  # noqa: E731
    asked = {"resample": {"market": {f"M{m}": m // 2 for m in range(8)}}}
    expected = xl.resampled(FLOWS, measure, "expy", **asked).table
    assert expected["n"].eq(4).all()
    lazy = xl.resampled(xl.flows(pl.from_pandas(TABLE).lazy()), measure, "expy", **asked).table
    np.testing.assert_allclose(
        lazy.sort_values("exporter")[FIGURES], expected.sort_values("exporter")[FIGURES], rtol=1e-9
    )


@pytest.mark.parametrize(
    ("measure", "value", "keys"),
    [
        (lambda f: xl.expy(f, INCOME, by="exporter"), "expy", ["exporter"]),
        (lambda f: xl.prody(f, INCOME, by="exporter"), "prody", ["product"]),
        (lambda f: xl.complexity(f).exporters, "eci", ["exporter"]),
        (lambda f: xl.complexity(f).exporters, "fitness", ["exporter"]),
        (lambda f: xl.complexity(f).products, "pci", ["product"]),
        (lambda f: xl.complexity(f).pairs, "density", ["exporter", "product"]),
    ],
)
def test_the_jackknife_by_hand(measure, value, keys):
    """Leave every market out in turn, make up for it, and take Tukey's error."""
    found = xl.resampled(FLOWS, measure, value, resample="market").table
    whole = measure(FLOWS).set_index(keys)[value]
    left = [
        measure(xl.flows(TABLE[TABLE["market"] != m])).set_index(keys)[value].reindex(whole.index)
        for m in sorted(TABLE["market"].unique())
    ]
    error = np.sqrt(7 / 8 * ((np.array(left) - np.mean(left, axis=0)) ** 2).sum(axis=0))
    assert list(found)[: len(keys)] == keys
    np.testing.assert_allclose(found["estimate"], whole)
    moves = found["std_error"].notna().to_numpy()  # what no market moves has no error
    assert moves.sum() >= len(found) / 2
    assert (error[~moves] < 1e-9).all()
    np.testing.assert_allclose(found["std_error"][moves], error[moves], rtol=1e-6)
    corrected = 8 * whole - 7 * np.mean(left, axis=0)
    np.testing.assert_allclose(found["corrected"][moves], corrected[moves], rtol=1e-6, atol=1e-9)


def test_shift_share_and_margins_have_intervals():
    later = pd.concat([TABLE.assign(year=2020), cube(2).assign(year=2021)])
    later = later[later["market"] < "M5"]
    flows = xl.flows(later, period="year")
    nation = xl.flows(later.groupby(["year", "product"], as_index=False)["value"].sum(), period="year")
    for value in ("competitiveness", "structure"):
        found = xl.resampled(
            flows.where(exporter="E1"),
            lambda f: xl.constant_market_share(
                f, reference=nation, over="product", by=["period", "exporter"]
            ),
            value,
            resample="market",
        ).table
        assert (found["conf_low"] < found["estimate"]).all()
        assert (found["estimate"] < found["conf_high"]).all()
    grown = xl.resampled(
        flows,
        lambda f: xl.growth_margins(f, over="product", by=["period", "exporter"]),
        "intensive",
        resample="market",
    ).table
    assert grown["std_error"].gt(0).all()


def test_a_unit_left_out_leaves_no_row():
    """Three, two and one rows of three markets: without each 3, 4 and 5, whose spread is that of Tukey's jackknife."""
    cells = [(m, p, 1.0) for m, products in (("J", "123"), ("K", "12"), ("U", "1")) for p in products]
    flows = xl.flows(pd.DataFrame(cells, columns=["market", "product", "value"]))
    counted = xl.resampled(
        flows, lambda f: pd.DataFrame({"rows": [len(f.frame.to_native())]}), "rows", resample="market"
    ).table.iloc[0]
    assert counted["estimate"] == 6
    assert counted["std_error"] == pytest.approx((2 / 3 * 2) ** 0.5)


def test_a_row_that_one_unit_alone_carries_has_no_interval():
    lone = pd.concat([TABLE, pd.DataFrame([("E1", "M0", "P99", 5.0)], columns=TABLE.columns)])
    found = xl.resampled(
        xl.flows(lone), lambda f: xl.prody(f, INCOME, by="exporter"), "prody", resample="market"
    ).table.set_index("product")
    assert found.loc["P99", FIGURES[1:]].isna().all()
    assert "undefined when some unit is left out" in found.loc["P99", "note"]
    assert found.drop("P99")["std_error"].notna().all()


def test_ends_are_cut_at_the_limits():
    measure = lambda f: xl.complexity(f).pairs  # noqa: E731
    cut = xl.resampled(FLOWS, measure, "density", resample="market", limits=(0.45, 0.5)).table
    known = cut.dropna(subset=["conf_low"])
    assert known["conf_low"].min() >= 0.45
    assert known["conf_high"].max() <= 0.5
    rca = xl.resampled(FLOWS, lambda f: xl.rca(f, form="rsca"), "rca", resample="market")
    assert rca.indicator == "rca"


@pytest.mark.parametrize(
    ("measure", "value", "stepped"),
    [
        (lambda f: xl.complexity(f).exporters, "eci", True),
        (lambda f: xl.complexity(f).pairs, "rca", False),
        (lambda f: xl.expy(f, INCOME, by="exporter"), "expy", False),
    ],
)
def test_a_measure_with_a_threshold_says_so(measure, value, stepped):
    found = xl.resampled(FLOWS, measure, value, resample="market")
    assert all(("threshold" in [n.kind for n in known]) == stepped for known in found.notes)


def test_limits_that_the_catalogue_declares_as_numbers():
    assert _declared("theil") == (0, np.inf)
    assert _declared("hhi") == (-np.inf, 1)
    assert _declared("no index of the catalogue") == (-np.inf, np.inf)
    two = xl.flows(
        pd.DataFrame(
            {
                "market": ["A", "B"] * 3,
                "product": ["1", "1", "2", "2", "3", "3"],
                "value": [1.0, 1.1, 1.0, 0.9, 1.0, 1.3],
            }
        )
    )
    found = xl.resampled(two, lambda f: xl.theil(f, over="market", by=[]), "theil", resample="product").table
    assert found["conf_low"].item() == 0


def test_refusals_of_measures():
    hhi = lambda f: xl.hhi(f, over="market", by="exporter")  # noqa: E731
    with pytest.raises(UnknownName, match="column of the measure named 'theil'"):
        xl.resampled(FLOWS, hhi, "theil", resample="product")
    with pytest.raises(OptionError, match="influence function"):
        xl.resampled(FLOWS, hhi, "hhi", resample="product", method="delta")
    with pytest.raises(OptionError, match="give rng="):
        xl.resampled(FLOWS, hhi, "hhi", resample="product", method="basic")
    with pytest.raises(DataError, match=r"5 rows of the measure are named twice by \[\]"):
        xl.resampled(FLOWS, lambda f: hhi(f)[["hhi"]], "hhi", resample="product")
    with pytest.raises(DataError, match="has 1 product to resample"):
        xl.resampled(FLOWS.where(product="P01"), hhi, "hhi", resample="product")
    with pytest.raises(DataError, match="the measure has no rows"):
        xl.resampled(FLOWS, lambda f: hhi(f).iloc[:0], "hhi", resample="product")


# Places in a ranking.


def ranked(values, errors, **options):
    table = pd.DataFrame({"exporter": [f"E{i}" for i in range(len(values))], "estimate": values})
    table = table.assign(corrected=values, std_error=errors, conf_low=0.0, conf_high=1.0, n=9, note="")
    return xl.ranks(
        xl.Intervals(table, "hhi", ("market",), "product", "jackknife", 0.95, 0), rng=1, **options
    )


def test_places_of_what_is_far_apart_alike_and_mixed():
    apart = ranked([1.0, 3.0, 2.0], [0.01] * 3)
    assert apart[["rank", "rank_low", "rank_high"]].to_numpy().tolist() == [[3, 3, 3], [1, 1, 1], [2, 2, 2]]
    turned = ranked([1.0, 3.0, 2.0], [0.01] * 3, largest_first=False)
    assert turned["rank"].tolist() == [1, 3, 2]
    alike = ranked([1.0, 1.01, 0.99, 1.0], [1.0] * 4)
    assert alike["rank_low"].eq(1).all()
    assert alike["rank_high"].eq(4).all()
    assert alike["rank"].tolist() == [2, 1, 4, 2]
    mixed = ranked([1.0, 1.01, 9.0], [0.1] * 3)
    assert mixed[["rank_low", "rank_high"]].to_numpy().tolist() == [[2, 3], [2, 3], [1, 1]]
    assert list(mixed) == ["exporter", "estimate", "rank", "rank_low", "rank_high"]


def test_the_critical_value_of_two_is_the_normal_one():
    """Of two groups there is one difference, so its critical value is 1.96."""
    for gap, sure in ((1.90, False), (2.02, True)):
        found = ranked([0.0, gap * np.sqrt(2)], [1.0, 1.0], draws=200_000)
        assert (found["rank_high"].tolist() == [2, 1]) == sure


@pytest.mark.parametrize("together", [False, True])
def test_places_hold_the_true_ones(together):
    rng = np.random.default_rng(5)
    true = np.array([0.0, 0.0, 0.5, 1.0, 1.5, 3.0])
    first, last = (
        np.array([(true > t).sum() for t in true]) + 1,
        np.array([(true >= t).sum() for t in true]),
    )
    held = []
    for _ in range(120):
        found = ranked(true + 0.5 * rng.standard_normal(6), [0.5] * 6, together=together, draws=999)
        held.append((found["rank_low"] <= first) & (last <= found["rank_high"]))
    share = np.mean([h.all() for h in held]) if together else np.mean(held, axis=0).min()
    assert share >= 0.92
    wide, narrow = ranked(true, [0.5] * 6, together=True), ranked(true, [0.5] * 6)
    assert (wide["rank_low"] <= narrow["rank_low"]).all()
    assert (wide["rank_high"] >= narrow["rank_high"]).all()


def test_refusals_of_ranks():
    with pytest.raises(DataError, match="1 of 3 groups have no standard error"):
        ranked([1.0, 2.0, 3.0], [0.1, np.nan, 0.1])
    with pytest.raises(DataError, match="2 of 3 groups have no standard error"):
        ranked([1.0, 2.0, 3.0], [0.0, np.nan, 0.1])
    with pytest.raises(DataError, match="there is one group"):
        ranked([1.0], [0.1])


# Months in blocks.


def autoregressive(rho, n, seed=1):
    rng = np.random.default_rng(seed)
    x, e = np.zeros(n), rng.standard_normal(n)
    for t in range(1, n):
        x[t] = rho * x[t - 1] + e[t]
    return x


def months(n, rho, seed=1):
    x = autoregressive(rho, n, seed)
    labels = [f"{2000 + t // 12}-{1 + t % 12:02}" for t in range(n)]
    japan = pd.DataFrame({"month": labels, "market": "Japan", "value": np.exp(0.3 * x)})
    return pd.concat([japan, japan.assign(market="USA", value=1.0)])


@pytest.mark.parametrize("rho", [0.3, 0.6, 0.8])
def test_the_length_of_blocks_is_that_of_the_rule_where_the_law_is_known(rho):
    """Of an AR(1): b = (2 rho / (1 - rho^2))^(2/3) n^(1/3) (Politis and White 2004)."""
    n = 4000
    found = np.median([blocks.automatic(autoregressive(rho, n, seed)) for seed in range(7)])
    assert found == pytest.approx((2 * rho / (1 - rho**2)) ** (2 / 3) * n ** (1 / 3), rel=0.35)


def test_the_length_of_blocks_at_its_ends():
    assert blocks.automatic(np.ones(50)) == 1
    assert blocks.automatic(np.random.default_rng(2).standard_normal(400)) < 6
    assert blocks.automatic(np.arange(60.0)) == pytest.approx(10.519, abs=1e-3)
    assert blocks.automatic(np.tile([1.0, -1.0], 100)) == pytest.approx(3 * 200**0.5)  # no longer than that
    assert blocks.automatic(np.tile([1.0, -1.0], 20)) == pytest.approx(40 / 3)  # nor than a third
    series = autoregressive(0.6, 200)
    assert blocks.automatic(1e4 * series) == pytest.approx(blocks.automatic(series))  # whatever the unit
    # of 6 periods on a line the sums of products are 17.5 and 8.75: G = 17.5, g(0) = 35, b = (6 G^2/g(0)^2)^(1/3)
    assert blocks.automatic(np.arange(6.0)) == pytest.approx(1.5 ** (1 / 3))
    months = Sample(lambda w: w[..., None].sum(axis=-2), np.ones(24))
    ((_, length),) = blocks.in_blocks(months, np.arange(24), 8).blocks  # a third itself is taken
    assert length == 8


def test_blocks_are_runs_in_time():
    rng = np.random.default_rng(3)
    order = np.array([2, 0, 3, 1, 4])  # the unit that stands first is third in time
    drawn = stationary(rng, 20_000, order, 1.0)
    assert drawn.sum(axis=1).tolist() == [5.0] * 20_000
    assert drawn.mean(axis=0) == pytest.approx(1, abs=0.03)
    assert drawn.var() == pytest.approx(4 / 5, rel=0.03)  # one by one: binomial
    long = stationary(rng, 50, order, 1e9)
    assert (long == 1).all()  # one block round the whole year
    two = stationary(rng, 20_000, np.arange(12), 6.0)
    together = np.corrcoef(two.T)
    assert together[3, 4] > 0.5  # neighbours are drawn together
    assert together[3, 9] < 0


def test_months_that_hang_together_make_the_interval_wider():
    flows = xl.flows(months(240, 0.8), period="month")
    asked = {"over": "market", "by": [], "resample": "period", "method": "basic", "rng": 4}
    alone = xl.interval(flows, "hhi", **asked).table.iloc[0]
    runs = xl.interval(flows, "hhi", block="auto", **asked).table.iloc[0]
    assert runs["std_error"] > 1.7 * alone["std_error"]
    assert (
        "few units: 6 blocks of period" in xl.interval(flows, "hhi", block=40, **asked).table["note"].item()
    )
    one = xl.interval(flows, "hhi", block=1, **asked).table.iloc[0]
    assert "alike in time: periods that follow on each other hang together (correlation 0." in alone["note"]
    assert "alike" not in one["note"]  # runs of months are what that note asks for
    for block, told in ((2.4, False), (2.45, True)):  # 100 blocks, and 97
        note = xl.interval(flows, "hhi", block=block, **asked).table["note"].item()
        assert ("few units" in note) == told
    assert one["std_error"] == pytest.approx(alone["std_error"], rel=0.2)
    loose = xl.interval(xl.flows(months(240, 0.0), period="month"), "hhi", **asked).table
    assert "alike" not in loose["note"].item()
    shuffled = xl.interval(xl.flows(months(240, 0.0), period="month"), "hhi", block="auto", **asked)
    assert shuffled.table["std_error"].iloc[0] == pytest.approx(loose["std_error"].iloc[0], rel=0.25)


def blocks_error(x, length):
    """The error of a mean under the stationary bootstrap, without draws (Politis and Romano 1994, lemma 1)."""
    n, keep, d = x.size, 1 - 1 / length, x - x.mean()
    covariance = [d[: n - k] @ d[k:] / n for k in range(n)]
    weight = [(1 - k / n) * keep**k + k / n * keep ** (n - k) for k in range(n)]
    return ((covariance[0] + 2 * np.dot(weight[1:], covariance[1:])) / n) ** 0.5


def test_the_correlation_of_periods_by_hand():
    """Of influences 1, 2, -1, -2 in time: (2 - 2 + 2)/10; a mean is no matter, nor is the order of the table."""
    places = np.array([2, 0, 3, 1])
    influence = np.array([1.0, 2.0, -1.0, -2.0])[places][:, None]
    sample = Sample(lambda w: w @ influence, np.ones(4), lambda w: influence + 5)
    z, r = nesting.following(sample, places)
    assert (z, r) == (pytest.approx(0.4), pytest.approx(0.2))
    still = Sample(lambda w: w @ influence, np.ones(4), lambda w: 0 * influence)
    assert nesting.following(still, places)[0] == 0


def sellers(n):
    """Two exporters that sell for 100 a month, so that a share is the mean of the months' shares."""
    share = {e: 0.5 + 0.1 * np.clip(autoregressive(0.8, n, s) / 3, -4, 4) for s, e in ((1, "A"), (2, "B"))}
    labels = [f"{2000 + t // 12}-{1 + t % 12:02}" for t in range(n)]
    rows = [
        (e, m, k, 100 * (p if k == "Japan" else 1 - p))
        for e, x in share.items()
        for m, p in zip(labels, x, strict=True)
        for k in ("Japan", "USA")
    ]
    return share, xl.flows(
        pd.DataFrame(rows, columns=["exporter", "month", "market", "value"]), period="month"
    )


def test_changes_are_drawn_in_blocks_as_well():
    share, flows = sellers(90)
    asked = {"over": "market", "resample": "period", "method": "basic", "draws": 3000, "rng": 1, "block": 6}
    japan = {"between": ("A", "B"), "along": "exporter", **asked}
    both = xl.difference(flows, "share", **japan).table.iloc[0]
    assert both["estimate"] == pytest.approx(share["B"].mean() - share["A"].mean())
    assert both["std_error"] == pytest.approx(blocks_error(share["B"] - share["A"], 6), rel=0.04)
    assert both["note"] == "few units: 15 blocks of period"
    apart = xl.difference(flows, "share", paired=False, **japan).table.iloc[0]
    alone = [blocks_error(x, 6) for x in share.values()]
    assert apart["std_error"] == pytest.approx(np.hypot(*alone), rel=0.04)
    assert apart["note"] == "few units: 15 blocks of period"


def test_any_measure_is_drawn_in_blocks():
    """As the index itself is; its table may hold values beside the keys and the measure, as that of shares does."""
    flows = sellers(48)[1].where(exporter="A")
    asked = {"resample": "period", "method": "basic", "draws": 39, "rng": 2, "block": 4}
    found = xl.resampled(flows, of_exporters, "share", **asked).table
    own = xl.interval(flows, "share", over="market", **asked).table
    ends = ["estimate", "std_error", "conf_low", "conf_high"]
    assert found[ends].iloc[0].tolist() == pytest.approx(
        own.loc[own["market"] == "Japan", ends].iloc[0].tolist()
    )
    assert found["note"].item() == "few units: 12 blocks of period"


def of_exporters(flows):
    """What each exporter sends, and the part that goes to Japan."""
    rows = flows.frame.to_native()
    value = rows.groupby("exporter")["value"].sum()
    japan = rows[rows["market"] == "Japan"].groupby("exporter")["value"].sum()
    return pd.DataFrame({"value": value, "share": japan / value}).reset_index()


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"method": "jackknife"}, OptionError, "takes periods as independent"),
        ({"resample": "year"}, OptionError, "say resample='period'"),
        ({"block": 0.5}, OptionError, "1 or more"),
        ({"block": 9}, DataError, "more than a third of 24"),
    ],
)
def test_refusals_of_blocks(asked, error, words):
    flows = xl.flows(months(24, 0.5), period="month")
    given = {"over": "market", "by": [], "resample": "period", "method": "basic", "block": "auto", "rng": 1}
    with pytest.raises(error, match=words):
        xl.interval(flows, "hhi", **{**given, **asked})
    two = xl.flows(pd.concat([months(24, 0.5).assign(exporter=e) for e in "AB"]), period="month")
    with pytest.raises(error, match=words):
        xl.difference(two, "hhi", between=("A", "B"), **{**given, **asked})


# Input-output tables whose cells are uncertain.


def national():
    return IOTable.from_numpy(
        [[10, 20], [15, 5]],
        sectors=["farms", "plants"],
        final=[40, 30],
        imported=[[5, 5], [2, 8]],
        exports=[30, 50],
    )


def content(table):
    return table.domestic_content().table.set_index("sector")["domestic_share"]


def test_scaling_keeps_both_sums_and_empty_cells():
    cells = np.array([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]])
    like = np.array([[2.0, 1.0, 0.0], [3.0, 5.0, 4.0]])
    made = scaled(cells, like)
    np.testing.assert_allclose(made.sum(axis=0), like.sum(axis=0))
    np.testing.assert_allclose(made.sum(axis=1), like.sum(axis=1))
    assert made[0, 2] == 0
    odds = made[0, 0] * made[1, 1] / (made[0, 1] * made[1, 0])
    assert odds == pytest.approx(1 * 4 / (2 * 3))  # scaling leaves cross ratios as they are
    np.testing.assert_allclose(scaled(like, like), like)
    with pytest.raises(DataError, match="scaling does not reach the sums"):
        scaled(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[2.0, 1.0], [1.0, 0.0]]))


def test_noise_of_a_national_table():
    seen = []

    def kept(table):
        seen.append(table)
        return content(table)

    found = table_noise(national(), kept, error=0.3, draws=99, rng=1)
    table = found.table
    assert table["sector"].tolist() == ["farms", "plants"]
    np.testing.assert_allclose(table["estimate"], content(national()))
    assert ((table["conf_low"] < table["estimate"]) & (table["estimate"] < table["conf_high"])).all()
    for one in seen[:9]:
        np.testing.assert_allclose(one.Z.sum(axis=1), national().Z.sum(axis=1))
        np.testing.assert_allclose(one.Zm.sum(axis=1), national().Zm.sum(axis=1))
        np.testing.assert_allclose((one.Z + one.Zm).sum(axis=0), (national().Z + national().Zm).sum(axis=0))
        np.testing.assert_allclose(one.x, one.Z.sum(axis=0) + one.Zm.sum(axis=0) + one.taxes + one.va)
    small = table_noise(national(), content, error=0.003, draws=99, rng=1).table
    np.testing.assert_allclose(100 * small["std_error"], table["std_error"], rtol=0.25)  # proportional
    single = table_noise(national(), lambda t: t.domestic_content().domestic_share, draws=49, rng=1)
    assert len(single.table) == 1
    assert single.indicator == "measure"


def test_noise_of_an_intercountry_table():
    labels = pd.MultiIndex.from_product([["CHN", "USA"], ["goods", "services"]])
    rng = np.random.default_rng(3)
    Z = pd.DataFrame(rng.uniform(1, 10, (4, 4)), index=labels, columns=labels)
    Y = pd.DataFrame(rng.uniform(20, 40, (4, 2)), index=labels, columns=["CHN", "USA"])
    table = InterCountryTable.from_frames(Z, Y)
    share = lambda t: float(t.va[:2].sum() / t.x[:2].sum())  # noqa: E731
    found = table_noise(table, share, error=0.2, draws=49, rng=1).table.iloc[0]
    assert np.isnan([found["std_error"], found["conf_low"], found["conf_high"]]).all()
    assert (
        found["note"] == "no interval: nothing that is drawn moves the value"
    )  # value added and output are known
    foreign = lambda t: float((t.Z[2:, :2].sum()) / t.x[:2].sum())  # noqa: E731
    drawn = table_noise(table, foreign, error=0.2, draws=199, rng=1).table.iloc[0]
    assert drawn["conf_low"] < drawn["estimate"] < drawn["conf_high"]
    assert drawn["note"] == ""
    largest = lambda t: float(t.Z.max())  # noqa: E731
    raised = table_noise(table, largest, error=1.0, draws=49, rng=1)
    assert (
        raised.table["estimate"].item() < raised.table["conf_low"].item() <= raised.table["corrected"].item()
    )
    assert [n.kind for n in raised.notes[0]] == ["biased"]


def test_refusals_of_noise():
    with pytest.raises(DataError, match="the measure is no number"):
        table_noise(national(), lambda t: t.Z, rng=1)
    with pytest.raises(OptionError, match="give rng="):
        table_noise(national(), content)


# Bands that hold a whole curve.


def test_the_height_of_a_band_is_that_of_the_bridge():
    """Standardised Brownian bridges between 0.1 and 0.9, simulated."""
    from exportlab.indices.survival import _critical

    rng = np.random.default_rng(8)
    steps = 1500
    walk = np.cumsum(rng.standard_normal((4000, steps)), axis=1) / np.sqrt(steps)
    at = np.arange(1, steps + 1) / steps
    bridge = walk - at * walk[:, [-1]]
    inside = (at >= 0.1) & (at <= 0.9)
    highest = np.abs(bridge[:, inside] / np.sqrt(at * (1 - at))[inside]).max(axis=1)
    for level in (0.9, 0.95):
        assert (highest <= _critical(level, 0.1)).mean() == pytest.approx(level, abs=0.015)


def test_bands_hold_the_curve_as_often_as_they_say():
    rng = np.random.default_rng(9)
    held = points = 0
    for _ in range(80):
        found = xl.kaplan_meier(rng.exponential(1, 150))
        band = found.bands().dropna()
        true = np.exp(-band["time"])
        held += ((band["band_low"] <= true) & (true <= band["band_high"])).all()
        table = found.table.set_index("time").loc[band["time"]]
        assert (band["band_low"].to_numpy() <= table["conf_low"].to_numpy()).all()
        points += ((table["conf_low"] <= true.to_numpy()) & (true.to_numpy() <= table["conf_high"])).all()
    assert held / 80 >= 0.90
    assert points / 80 < 0.85  # what holds every point does not hold the curve


def test_bands_by_group_and_their_refusals():
    rng = np.random.default_rng(10)
    found = xl.kaplan_meier(rng.exponential(1, 80), rng.random(80) < 0.8, group=np.repeat(["a", "b"], 40))
    both = found.bands(0.9)
    one = found.bands(0.9, least=0.2)
    assert list(both) == ["group", "time", "survival", "band_low", "band_high"]
    assert one["band_low"].notna().sum() < both["band_low"].notna().sum()
    alone = xl.kaplan_meier(found.spells["duration"][:40], found.spells["ended"][:40]).bands(0.9)
    np.testing.assert_allclose(both[both["group"] == "a"]["band_low"], alone["band_low"])
    with pytest.raises(OptionError, match="between 0 and 1"):
        found.bands(1.5)
    with pytest.raises(OptionError, match=r"0 and 0\.5"):
        found.bands(least=0.5)


def test_what_the_page_says_of_further_intervals():
    kept = pd.read_csv(ROOT / "benchmarks" / "results" / "coverage_others.csv")
    by = kept.set_index(["what", "size", "method"])["coverage"]
    for name in ("expy", "prody"):
        assert by[f"{name}, markets drawn", "30 markets", "jackknife"] == pytest.approx(95, abs=2)
    for name in ("eci", "pci", "fitness", "density"):
        assert by[f"{name}, markets drawn", "30 markets", "jackknife"] < 65
    for name in ("eci", "density"):
        assert by[f"{name}, markets drawn", "30 markets", "percentile"] > 88
    months = kept[kept["what"] == "share, AR(1) of 0.6"].set_index(["size", "method"])["coverage"]
    for n in (60, 120, 240):
        assert months[f"{n} months", "basic, months one by one"] < 75
        assert 79 < months[f"{n} months", "basic, blocks"] < 90
    noted = kept[kept["what"].str.startswith("share")].set_index(["what", "size", "method"])["noted"]
    assert (noted["share, AR(1) of 0.6"] >= 97).all()
    loose = kept[(kept["what"] == "share, AR(1) of 0") & (kept["method"] == "basic, months one by one")]
    assert (loose["noted"] <= 5).all()
    rest = kept[kept["what"].isin(["survival curve, whole", "domestic share of exports"])]
    assert pd.concat([rest, loose])["coverage"].between(93, 97).all()
    assert kept[kept["what"] == "places of ten groups"]["coverage"].between(95, 100).all()
