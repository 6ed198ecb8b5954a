"""Power on the user's panel, few-cluster standard errors of an Estimate, and the size simulation (slow)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exportlab.errors import DataError, OptionError
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.panel.algebra.sandwich import covariance, satterthwaite
from exportlab.panel.inference.power import _smallest, without_effect
from exportlab.panel.policy_panel import PolicyPanel

NEVER = np.inf


def ar_panel(dates=(NEVER,) * 14, T=16, rho=0.6, seed=1, effect=0.0):
    g = np.random.default_rng(seed)
    dates = np.asarray(dates, float)
    N = len(dates)
    e = g.standard_normal((N, T))
    for t in range(1, T):
        e[:, t] += rho * e[:, t - 1]
    unit, year = np.repeat(np.arange(N), T), np.tile(np.arange(T), N)
    y = e.ravel() + unit + effect * (year >= dates[unit])
    table = pd.DataFrame({"city": unit, "year": year, "y": y, "since": dates[unit]})
    return PolicyPanel(table, unit="city", period="year", outcome="y", adopted="since")


def test_minimum_detectable_effect_of_one_three_and_six():
    out = ar_panel().power(treated=(1, 3, 6), draws=60)
    mde = out.table.groupby("treated")["mde"].first()
    assert np.isinf(mde[1])
    assert out.table.query("treated == 1")["power"].tolist() == [0.0]
    assert mde[6] < mde[3] < np.inf
    at = out.table[np.isclose(out.table["effect"], out.table["mde"])]
    assert (at["power"] >= 0.8).all()
    assert out.table.groupby("treated")["test"].first().tolist() == ["none", "RI", "CR2 Bell-McCaffrey"]
    assert "found 80%" in out.summary()
    three = out.table.query("treated == 3")
    assert (three["effect"] / three["mde"]).tolist() == pytest.approx([0.5, 1.0, 1.5])


@pytest.mark.parametrize("edge", [0.011, 0.7, 1.0, 3.7, 128.0, 129.0])
def test_the_smallest_effect_is_found_to_one_per_cent_up_to_128_spreads(edge):
    found = _smallest(lambda effect: 0.8 if effect >= edge else 0.79, 0.8, 1.0)
    assert found == np.inf if edge > 128 else edge <= found <= edge * 1.0102


@pytest.mark.parametrize("test", ["RI", "WCR11", "CR2 Bell-McCaffrey"])
def test_power_rises_with_the_effect_from_the_size(test):
    panel = ar_panel([8.0] * 5 + [NEVER] * 9)
    table = panel.power(effect=[0, 1, 4], test=test, draws=60).table
    assert table["power"].is_monotonic_increasing
    assert table["power"].iloc[0] <= 0.15
    assert table["power"].iloc[2] == 1


@pytest.mark.parametrize("test", ["CR2 Bell-McCaffrey", "WCR11"])
def test_power_is_the_same_test_made_by_hand(test):
    """The share of drawn assignments whose own test rejects."""
    panel = ar_panel([6.0] * 4 + [NEVER] * 6, seed=4)
    got = panel.power(effect=1.2, test=test, draws=25, rng=3).table["power"].iloc[0]
    from exportlab.panel.algebra.draws import assignments

    quiet, g = without_effect(panel), np.random.default_rng(3)
    dates = panel.adoption
    assignments(dates, n_draws=999, max_enumerated=2_000, rng=g)
    code = np.searchsorted([6.0, NEVER], dates)
    found = []
    for who in g.permuted(np.tile(code, (25, 1)), axis=1):
        moved = panel.reassigned(np.array([6.0, NEVER])[who])
        e = moved.with_outcome(quiet.ravel() + 1.2 * moved.D).twfe()
        p = (
            e.wild_bootstrap(interval=False).table["p"]
            if test == "WCR11"
            else e.few_clusters().table["p_value"]
        )
        found.append(p.iloc[0] <= 0.05)
    assert got == np.mean(found)


def test_a_test_rejects_where_its_p_is_the_level_itself():
    one_of_twenty = ar_panel([8.0] + [NEVER] * 19)  # no p below 1/20
    assert one_of_twenty.power(effect=1e3, test="RI", draws=20).table["power"].tolist() == [1.0]


def test_the_actual_effect_is_taken_out_and_serial_correlation_kept():
    dates = [8.0, 8, 10, 10] + [NEVER] * 10
    quiet = without_effect(ar_panel(dates, effect=100.0))
    assert np.ptp(quiet - without_effect(ar_panel(dates))) == pytest.approx(0, abs=1e-9)
    untouched = ar_panel(dates).y.reshape(14, 16)[4:]
    assert (without_effect(ar_panel(dates, effect=100.0))[4:] == untouched).all()


def test_power_refusals():
    panel = ar_panel()
    with pytest.raises(OptionError, match="needs treated units with adoption after 0 and up to 15"):
        panel.power(effect=1)
    with pytest.raises(OptionError, match=r"up to 15; it has \[99.0\]"):
        panel.power(effect=1, design={99: 2})
    with pytest.raises(OptionError, match="not both"):
        panel.power(treated=(2,), design={5: 2})
    for design in ({5: 20}, {5: 3, 7: 0}, {5: 8, 7: 7}):
        with pytest.raises(OptionError, match="does not fit 14 units"):
            panel.power(design=design)
    for wrong in ({"draws": 19}, {"target": 1.0}, {"target": 0.0}, {"level": 0.5}):
        with pytest.raises(OptionError, match="draws=|is not allowed"):
            panel.power(treated=(3,), **wrong)
    assert panel.power(treated=(3,), effect=1, draws=20).table["draws"].tolist() == [20]
    for early in (0, 16):
        with pytest.raises(OptionError, match="adoption after 0 and up to 15"):
            panel.power(design={early: 3})
    assert panel.power(design={15: 3, 1: 3}, effect=1, draws=20).table["treated"].tolist() == [6]
    with pytest.raises(OptionError, match="Every unit adopts at the same time"):
        panel.power(design={5: 14})
    with pytest.raises(OptionError, match="test='t' is not allowed"):
        panel.power(treated=(3,), test="t")
    with pytest.raises(DataError, match="The panel is not balanced: 223 rows for 14 units x 16 periods"):
        panel.where(np.arange(224) > 0, "x").power(treated=(3,))


def test_few_cluster_errors_of_an_estimate():
    panel = ar_panel([6.0] * 5 + [NEVER] * 9, effect=1.0)
    e = panel.twfe()
    fit = cluster_fit(panel.y, panel.D, cluster=panel.units, absorb=[panel.units, panel.periods])
    two, three = e.few_clusters(), e.few_clusters(kind="CR3")
    assert two.table["std_error"].iloc[0] == pytest.approx(np.sqrt(covariance(fit, "CR2")[0, 0]))
    assert two.table["df"].iloc[0] == pytest.approx(satterthwaite(fit)[0])
    assert three.table["df"].iloc[0] == 13
    assert three.table["std_error"].iloc[0] == pytest.approx(np.sqrt(covariance(fit, "CR3")[0, 0]))
    t = abs(two.table["estimate"].iloc[0]) / two.table["std_error"].iloc[0]
    assert two.table["p_value"].iloc[0] == pytest.approx(2 * stats.t.sf(t, two.table["df"].iloc[0]))
    assert two.vcov == pytest.approx(two.scores.T @ two.scores)
    assert "CR2" in two.summary()
    study = panel.event_study("twfe").few_clusters()
    base = study.table["event_time"] == -1
    assert study.table.loc[base, "std_error"].isna().all()
    assert study.table.loc[~base, "std_error"].gt(0).all()
    with pytest.raises(OptionError, match="no least-squares regression"):
        panel.att().few_clusters()


def test_the_summary_names_the_inference_to_believe():
    assert "14 clusters, 3 treated: believe RI" in ar_panel([6.0] * 3 + [NEVER] * 11).twfe().summary()
    assert "5 treated: believe CR2 Bell-McCaffrey" in ar_panel([6.0] * 5 + [NEVER] * 9).twfe().summary()
    assert "No p-value below 0.0714" in str(
        ar_panel([6.0] + [NEVER] * 13).recommend().table["reason"].tolist()
    )


def test_recorded_sizes_of_the_recommended_inference():
    """Figures of benchmarks/panel_size.py: between 3 and 7 per cent wherever a method is recommended."""
    record = Path(__file__).parent.parent / "benchmarks" / "results" / "panel_size.csv"
    table = pd.read_csv(record)
    equal = table[(table["errors"] == "equal") & table["recommended"]]
    assert set(equal["treated"]) == {2, 3, 4, 5, 6, 7}
    assert equal["rejection"].between(0.03, 0.07).all()
    clustered = table[(table["method"] == "CR1 t(G-1)") & (table["errors"] == "equal")]
    assert clustered.query("treated == 1")["rejection"].min() > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("treated", [2, 3, 4, 7])
def test_size_of_the_recommended_inference(treated):
    sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
    import panel_size

    table = panel_size.simulate(treated, staggered=False, unequal=False, replications=400, seed=9)
    believed = table[table["recommended"]]
    assert len(believed) == 2
    assert believed["rejection"].between(0.02, 0.08).all()  # 3 to 7 per cent, give or take 400 replications
