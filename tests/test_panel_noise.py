"""Noise is no result: where the data leave no standard error there is none, and the summary says why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel, fixed_effects, ppml
from exportlab.panel.algebra.sandwich import nearest_covariance

METHODS = ("callaway_santanna", "imputation", "etwfe", "sun_abraham", "stacked")
KEYS = {"unit": "id", "period": "year", "outcome": "y", "adopted": "g"}


def table(units, outcome, periods=range(2010, 2016)):
    """A row a unit and period; `units` maps ids to adoption, `outcome(id, t, g)` gives y."""
    rows = [(i, t, outcome(i, t, g), g) for i, g in units.items() for t in periods]
    return pd.DataFrame(rows, columns=["id", "year", "y", "g"])


def exact(shift=0.0, scale=1.0):
    units = {i: 2013.0 if i < 3 else np.nan for i in range(12)}
    return table(units, lambda i, t, g: shift + scale * (0.37 * i + 0.13 * (t - 2010) + 2.0 * (t >= g)))


def no_error(estimate, effect=2.0, scale=1.0):
    assert estimate.table["estimate"].iloc[0] == pytest.approx(effect, abs=1e-8 * scale)
    assert estimate.table["std_error"].isna().all()
    assert estimate.table["p_value"].isna().all()
    assert "No standard error for" in estimate.summary()
    assert "*" not in estimate.table.to_string()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1e4, 1.0), (0.0, 1e6)])
def test_a_perfect_fit_has_no_standard_error(method, shift, scale):
    panel = PolicyPanel(exact(shift, scale), **KEYS)
    no_error(panel.att(method), 2.0 * scale, scale)
    study = panel.event_study(method)
    assert study.table["std_error"].isna().all()
    with pytest.raises(DataError, match="no event time before adoption has a standard error"):
        study.pretrend_test()


@pytest.mark.parametrize("vcov", ["cluster", "cluster+period", "hetero", "iid"])
def test_a_perfect_fit_by_two_way_effects(vcov):
    no_error(PolicyPanel(exact(), **KEYS).twfe(vcov=vcov))


@pytest.mark.parametrize("vcov", ["cluster", "classical", "hetero"])
def test_a_perfect_fit_by_formula(vcov):
    data = exact().assign(D=lambda d: (d.year >= d.g) * 1.0)
    no_error(fixed_effects(data, "y ~ D", unit="id", period="year", effects="two-way", vcov=vcov))


def test_a_perfect_fit_by_poisson():
    data = exact().assign(D=lambda d: (d.year >= d.g) * 1.0)
    data["v"] = np.exp(data.y)
    no_error(ppml(data, "v ~ D", effects=["id", "year"], cluster="id"))


@pytest.mark.parametrize("method", [*METHODS, "twfe"])
def test_two_clusters_with_one_treated_have_no_standard_error(method):
    rng = np.random.default_rng(1)
    units = {i: 2013.0 if i < 4 else np.nan for i in range(8)}
    data = table(units, lambda i, t, g: rng.normal()).assign(side=lambda d: d.g.notna().astype(int))
    panel = PolicyPanel(data, cluster="side", **KEYS)
    made = panel.twfe() if method == "twfe" else panel.att(method)
    assert made.table["std_error"].isna().all()
    assert "No standard error for" in made.summary()


@pytest.mark.parametrize("method", ["sun_abraham", "etwfe"])
def test_saturated_cells_have_no_standard_error(method):
    rng = np.random.default_rng(3)
    data = table({"A": 2012.0, "B": 2014.0, "C": np.nan}, lambda i, t, g: rng.normal())
    options = {"control": "never"} if method == "etwfe" else {}
    made = PolicyPanel(data, **KEYS).att(method, **options)
    assert made.table["std_error"].isna().all()
    assert "***" not in made.summary()


def test_real_noise_keeps_its_standard_error_far_from_zero():
    rng = np.random.default_rng(4)
    data = exact().assign(y=lambda d: d.y + rng.normal(size=len(d)))
    one = PolicyPanel(data, **KEYS).twfe().table["std_error"].iloc[0]
    far = PolicyPanel(data.assign(y=data.y + 1e4), **KEYS).twfe().table["std_error"].iloc[0]
    assert far == pytest.approx(one, rel=1e-7)


def test_nothing_is_bootstrapped_from_rounding():
    made = PolicyPanel(exact(), **KEYS).twfe()
    with pytest.raises(DataError, match="no standard error, so nothing to bootstrap: every term"):
        made.wild_bootstrap()
    with pytest.raises(DataError, match="nothing to bootstrap: treated"):
        made.wild_bootstrap(terms=["treated"])
    with pytest.raises(DataError, match="no t statistic"):
        made.randomization_test(statistic="t")
    assert made.randomization_test().table["p"].iloc[0] == pytest.approx(1 / 220)  # 12 choose 3
    assert made.few_clusters().table["std_error"].isna().all()


def test_one_cluster_is_refused():
    data = exact().assign(all=1)
    with pytest.raises(DataError, match="Only one cluster of 'all'"):
        fixed_effects(
            data.assign(x=np.arange(len(data)) % 7), "y ~ x", unit="id", period="year", cluster="all"
        )
    panel = PolicyPanel(data, cluster="all", **KEYS)
    with pytest.raises(DataError, match="Only one cluster"):
        panel.twfe()
    for method in ("etwfe", "sun_abraham", "stacked"):
        with pytest.raises(DataError, match="Only one cluster"):
            panel.att(method)
    rng = np.random.default_rng(5)
    noisy = PolicyPanel(data.assign(y=rng.normal(size=len(data))), cluster="all", **KEYS)
    for method in ("callaway_santanna", "imputation"):  # errors from influence functions: there is none
        assert noisy.att(method).table["std_error"].isna().all()


def test_a_clipped_two_way_covariance_says_so():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        data = pd.DataFrame({"u": np.repeat(np.arange(6), 5), "t": np.tile(np.arange(5), 6)})
        data[["x", "z", "y"]] = rng.normal(size=(30, 3))
        made = fixed_effects(data, "y ~ x + z", unit="u", period="t", effects="two-way", cluster=["u", "t"])
        clipped = np.linalg.eigvalsh(made.vcov)[0] < 1e-12
        assert clipped == any("negative variance" in n for n in made.notes)
        if clipped:
            return
    raise AssertionError("no seed clips")


def test_a_negative_eigenvalue_is_set_to_zero_in_the_units_of_the_terms():
    units = np.array([1.0, 1e-6])
    clipped = nearest_covariance(np.array([[1.0, 2.0], [2.0, 1.0]]))  # eigenvalues 3 and -1
    assert clipped == pytest.approx(np.full((2, 2), 1.5))
    scaled = nearest_covariance(np.array([[1.0, 2.0], [2.0, 1.0]]) * np.outer(units, units), units)
    assert scaled / np.outer(units, units) == pytest.approx(np.full((2, 2), 1.5))
