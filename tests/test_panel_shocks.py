"""Sides that are counted right, shared shocks before adoption, and the assignments that randomisation compares with."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel, recommend, shared_shocks
from exportlab.panel.inference.recommend import Facts, facts_of

YEARS = np.arange(2000, 2020)


def door(dates, Y=None, *, seed=0, **more):
    n = len(dates)
    Y = np.random.default_rng(seed).normal(size=(n, len(YEARS))) if Y is None else Y
    d = pd.DataFrame({"id": np.repeat(np.arange(n), len(YEARS)), "year": np.tile(YEARS, n), "y": Y.ravel()})
    d["g"] = np.repeat(np.array(dates, float), len(YEARS))
    return PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", **more)


def factor(treated, others, *, seed=0, n=14, few=4):
    """A random walk that the first `few` units load on by `treated`, the rest by `others`, and noise."""
    rng = np.random.default_rng(seed)
    load = np.where(np.arange(n) < few, treated, others) + 0.1 * rng.normal(size=n)
    return np.outer(load, np.cumsum(rng.normal(size=len(YEARS)))) + 0.5 * rng.normal(size=(n, len(YEARS)))


# ---- sides ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "side", "method", "possible"),
    [
        ([2010] * 7 + [2014], 1, "none", 8),
        ([2010] * 13 + [2014], 1, "none", 14),
        ([2010] * 6 + [2014] * 2, 2, "RI", 28),
        ([2008, 2010, 2012, 2013, 2015, 2017], 5, "CR2 Bell-McCaffrey", 720),
        ([1990] * 6 + [2010] + [np.nan] * 7, 1, "none", 8),
        ([1990] * 6 + [2010] * 2 + [np.nan] * 6, 2, "RI", 28),
        ([2010] * 4 + [np.nan] * 10, 4, "CR2 Bell-McCaffrey", 1001),
    ],
)
def test_sides_are_of_units_whose_status_varies(dates, side, method, possible):
    advice = door(dates).recommend()
    assert (advice.facts.side, advice.method, advice.facts.possible) == (side, method, possible)
    check = door(dates).check()
    facts = check.table.set_index("fact")["value"]
    moving = sum(d > 2000 for d in dates if np.isfinite(d))
    assert facts["treated clusters"] == moving
    assert float(facts["smallest attainable p-value"]) == pytest.approx(1 / possible, rel=0.05)
    assert advice.title in " ".join(check.warnings) or moving == 1
    assert not any("58 %" in w for w in check.warnings)


def test_always_treated_are_named_and_do_not_hide_one_treated_unit():
    made = door([1990] * 6 + [2010] + [np.nan] * 7).twfe()
    assert made.one_treated
    assert (
        "14 clusters, 1 treated and 6 always treated: no test"
        in door([1990] * 6 + [2010] + [np.nan] * 7).recommend().title
    )
    assert "1/8 = 0.125" in made.summary()
    assert "58" not in made.summary().split("Believe")[1]


def test_always_treated_keep_their_dates_under_randomisation():
    test = door([1990] * 3 + [2010] * 2 + [np.nan] * 4).twfe().randomization_test(interval=False)
    assert test.table["possible"].iloc[0] == 15
    assert test.table["attainable"].iloc[0] == pytest.approx(1 / 15)


def test_dates_after_the_panel_move_only_where_they_may_be_anticipated():
    p = door([2010] * 2 + [2020] + [np.nan] * 5)
    assert p.att().randomization_test(interval=False).table["possible"].iloc[0] == 28
    made = p.att(anticipation=1)
    assert (
        made.randomization_test(interval=False, n_draws=20, max_enumerated=200).table["possible"].iloc[0]
        == 168
    )


@pytest.mark.parametrize("statistic", ["t", "estimate"])
def test_ends_of_randomisation_do_not_depend_on_the_unit_of_the_outcome(statistic):
    Y = np.random.default_rng(4).normal(size=(7, 20))
    rows = [
        door([2010] * 3 + [np.nan] * 4, s * Y)
        .twfe()
        .randomization_test(statistic=statistic, level=0.8)
        .table.iloc[0]
        for s in (1.0, 1e-6, 1e6)
    ]
    for row, s in zip(rows[1:], (1e-6, 1e6), strict=True):
        assert row["p"] == rows[0]["p"]
        assert row["conf_low"] / s == pytest.approx(rows[0]["conf_low"], rel=1e-6)
        assert row["conf_high"] / s == pytest.approx(rows[0]["conf_high"], rel=1e-6)
    none = door([2010] + [np.nan] * 6, Y).twfe().randomization_test().table.iloc[0]
    assert (none["conf_low"], none["conf_high"]) == (-np.inf, np.inf)


# ---- shared shocks -------------------------------------------------------------------------------------


def test_loadings_and_share_by_hand():
    Y = factor(2.0, 0.0)
    found = shared_shocks(door([2010] * 4 + [np.nan] * 10, Y))
    early = Y[:, :10] - Y[:, :10].mean(axis=1, keepdims=True)
    early = early - early.mean(axis=0)
    values, vectors = np.linalg.eigh(early @ early.T)
    row = found.table.iloc[0]
    assert row["share"] == pytest.approx(values[-1] / values.sum(), rel=1e-10)
    loading = vectors[:, -1] * np.sign(vectors[0, -1])
    assert found.loadings["loading"].to_numpy() == pytest.approx(loading / loading.std(), rel=1e-8)
    assert row["p"] == pytest.approx(1 / 1001)  # the four largest of fourteen loadings
    assert (row["units"], row["periods"], row["attainable"]) == (14, 10, pytest.approx(1 / 1001))


def test_treated_that_load_apart_are_warned_of():
    loud, quiet = (door([2010] * 4 + [np.nan] * 10, factor(a, 1.0)) for a in (3.0, 1.0))
    for said in (
        loud.recommend().title,
        loud.twfe().summary(),
        loud.att().summary(),
        " ".join(loud.check().warnings),
    ):
        assert "load apart" in said
    assert "synthetic_did()" in loud.recommend().title
    assert "load apart" not in quiet.recommend().title + quiet.twfe().summary()
    assert quiet.check().table.set_index("fact").loc["treated load apart, p", "level"] == "ok"
    assert "only weights that match its path" in loud.synthetic_control().summary()


def test_the_test_of_shared_shocks_keeps_its_size_and_sees_apart_loadings():
    p = [
        shared_shocks(door([2010] * 4 + [np.nan] * 10, factor(1, 1, seed=s))).table["p"].iloc[0]
        for s in range(40)
    ]
    q = [
        shared_shocks(door([2010] * 4 + [np.nan] * 10, factor(2, 1, seed=s))).table["p"].iloc[0]
        for s in range(40)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.15
    assert np.mean(np.array(q) <= 0.05) >= 0.8


def test_nothing_to_look_at_is_said():
    assert shared_shocks(door([2003] * 2 + [np.nan] * 2)).table["periods"].tolist() == [3]  # as few as can be
    few = door([2002] * 3 + [np.nan] * 5)
    with pytest.raises(DataError, match="fewer than 3 periods before the first adoption"):
        shared_shocks(few)
    assert np.isnan(few.recommend().facts.apart)
    assert "one common factor explains" not in set(few.check().table["fact"])
    with pytest.raises(DataError, match="a treated and two other units"):
        door([2010] * 3 + [np.nan]).shared_shocks()
    flat = np.add.outer(np.arange(8.0), np.arange(20.0))
    assert np.isnan(door([2010] * 3 + [np.nan] * 5, flat).recommend().facts.apart)


def test_p_of_shared_shocks_counts_every_choice_of_the_treated():
    load = np.array([3.0, 1.5, 0.0, 0.5, 1.0, -1.0])  # two treated, four others; one factor and nothing else
    path = np.sin(np.arange(len(YEARS)))
    made = shared_shocks(door([2010] * 2 + [np.nan] * 4, np.outer(load, path))).table.iloc[0]
    gaps = [
        abs(load[list(two)].mean() - np.delete(load, two).mean())
        for two in itertools.combinations(range(6), 2)
    ]
    assert made["p"] == np.mean(np.array(gaps) >= gaps[0] - 1e-9) == 1 / 15
    assert made["attainable"] == 1 / 15
    assert made["share"] == pytest.approx(1.0)


# ---- what the recommendation stands on ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [3.0, 1 / 3])
def test_the_spread_is_the_ratio_of_standard_deviations_before_anybody_adopts(size):
    wave = np.array([1.0, -2.0, 1.0])  # no mean over the three periods before adoption, and opposite in pairs
    Y = np.random.default_rng(0).normal(scale=50.0, size=(6, len(YEARS)))
    Y[:, :3] = (
        np.outer([size, -size, 1, -1, 1, -1], wave) + np.arange(6.0)[:, None] + np.array([0.0, 4.0, 1.0])
    )
    assert facts_of(door([2003] * 2 + [np.nan] * 4, Y)).spread == pytest.approx(size, rel=1e-9)
    assert np.isnan(facts_of(door([2002] * 2 + [np.nan] * 4, Y)).spread)  # two periods leave too little


def test_one_coefficient_of_a_linear_regression_is_told_from_averages_of_cells():
    panel = door([2005] * 4 + [2010] * 4 + [np.nan] * 6)
    assert facts_of(panel).pooled
    assert facts_of(panel.twfe()).pooled
    assert not facts_of(panel.event_study("twfe")).pooled
    assert not facts_of(panel.att("sun_abraham")).pooled
    assert not facts_of(panel.att()).pooled


@pytest.mark.parametrize(
    ("facts", "own", "wild", "ri", "cr2"),
    [
        (Facts(40, 10, 30, 5, 10**9, pooled=False), "believe", "do not use", "usable", "do not use"),
        (Facts(39, 10, 29, 5, 10**9, pooled=False), "do not use", "do not use", "believe", "do not use"),
        (Facts(40, 9, 31, 5, 10**9, pooled=False), "do not use", "do not use", "believe", "do not use"),
        (Facts(40, 10, 30, 4, 10**9, pooled=False), "do not use", "do not use", "believe", "do not use"),
        (Facts(40, 10, 30, 4, 10**9, pooled=True), "usable", "usable", "usable", "believe"),
        (Facts(14, 4, 10, 4, 1001, pooled=True), "do not use", "usable", "usable", "believe"),
        (Facts(14, 3, 11, 3, 364, pooled=True), "do not use", "do not use", "believe", "do not use"),
        (Facts(6, 3, 3, 3, 20, pooled=True), "do not use", "do not use", "believe", "do not use"),
        (Facts(6, 3, 3, 3, 19, pooled=True), "do not use", "do not use", "do not use", "do not use"),
    ],
)
def test_verdicts_change_where_the_rules_say(facts, own, wild, ri, cr2):
    advice = recommend(facts)
    verdict = advice.table.set_index("method")["verdict"]
    assert (verdict["own standard error"], verdict["WCR11"]) == (own, wild)
    assert (verdict["RI"], verdict["CR2 Bell-McCaffrey"]) == (ri, cr2)
    assert advice.trusts("cluster-robust (CR1)") == (own != "do not use")
    assert advice.trusts("cluster-robust (CR2)") == (advice.method == "CR2 Bell-McCaffrey")
    assert advice.stars == ("believe" in {own, ri, cr2})


@pytest.mark.parametrize(
    ("spread", "apart", "said"),
    [
        (1.5, 0.051, ()),
        (0.667, np.nan, ()),
        (1.6, np.nan, ("vary 1.6 times as much, so a permutation test rejects too often",)),
        (0.6, np.nan, ("vary 0.6 times as much, so a permutation test rejects too rarely",)),
        (1.0, 0.05, ("one common factor makes 40% of the variation", "(p = 0.05)")),
    ],
)
def test_the_recommendation_says_what_the_clusters_are_like(spread, apart, said):
    title = recommend(Facts(14, 3, 11, 3, 364, spread=spread, apart=apart, factor=0.4)).title
    assert all(s in title for s in said)
    assert ("times as much" in title, "common factor" in title) == (
        any("times" in s for s in said),
        any("factor" in s for s in said),
    )
