"""Synthetic control and synthetic difference in differences: optima, known truth, another program."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel
from exportlab.panel.did.synthetic import simplex_least_squares


def panel(Y, adopted):
    n, T = Y.shape
    t = pd.DataFrame({"unit": np.repeat([f"u{i}" for i in range(n)], T), "year": np.tile(np.arange(T), n)})
    t["y"], t["g"] = Y.ravel(), np.repeat(np.asarray(adopted, float), T)
    return PolicyPanel(t, unit="unit", period="year", outcome="y", adopted="g")


@pytest.fixture(scope="module")
def paths():
    rng = np.random.default_rng(7)
    Y = rng.normal(size=(12, 20)).cumsum(axis=1)
    Y[0] = 0.5 * Y[1] + 0.3 * Y[2] + 0.2 * Y[3]
    Y[0, 14:] += 5
    return Y


NEVER = [np.nan] * 11


@pytest.mark.parametrize("ridge", [0.0, 2.0])
@pytest.mark.parametrize("intercept", [False, True])
def test_simplex_weights_satisfy_the_optimality_conditions(ridge, intercept):
    rng = np.random.default_rng(1)
    for _ in range(30):
        A, b = rng.normal(size=(8, 15)), rng.normal(size=8)
        w = simplex_least_squares(A, b, ridge=ridge, intercept=intercept)
        assert w.min() >= 0
        assert w.sum() == pytest.approx(1)
        if intercept:
            A, b = A - A.mean(0), b - b.mean()
        gradient = A.T @ (A @ w - b) + ridge * w
        level = gradient[w > 1e-9].mean()
        assert np.allclose(gradient[w > 1e-9], level, atol=1e-6)  # equal where weight is
        assert (gradient >= level - 1e-6).all()  # and no better place elsewhere


def test_synthetic_control_recovers_known_weights_and_effect(paths):
    e = panel(paths, [14, *NEVER]).synthetic_control()
    weights = e.parts["weights"].set_index("unit")["weight"]
    assert weights[["u1", "u2", "u3"]].tolist() == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)
    assert e.table["estimate"][0] == pytest.approx(5, abs=1e-5)
    assert np.isnan(e.table["std_error"][0])
    assert e.table["p_value"][0] == pytest.approx(1 / 12)
    assert len(e.parts["placebos"]) == 12
    assert "placebo p-value" in e.summary()


def test_synthetic_did_recovers_effect_up_to_a_level(paths):
    Y = paths.copy()
    Y[0] += 100  # a constant the weights need not match
    e = panel(Y, [14, *NEVER]).synthetic_did(draws=20)
    assert e.table["estimate"][0] == pytest.approx(5, abs=1.5)
    time = e.parts["time_weights"]
    assert time["weight"].sum() == pytest.approx(1)
    assert (e.inference.draws, e.inference.seed) == (11, None)  # every donor once, not one of them twice


def test_synthetic_did_ranks_the_estimate_among_distinct_placebos(paths):
    Y = paths + np.random.default_rng(2).normal(size=paths.shape)
    p = panel(Y, [14, *NEVER])
    for draws in (20, 200):
        e = p.synthetic_did(draws=draws)
        assert e.table["p_value"][0] >= 1 / 12 == e.fit["attainable"]
        assert (e.table["conf_low"][0], e.table["conf_high"][0]) == (-np.inf, np.inf)
        assert "none below 0.083 is attainable" in e.summary()
    lower = p.synthetic_did(level=0.9)
    assert np.isfinite(lower.table["conf_low"][0])
    assert (lower.table["conf_low"][0] > 0) == (lower.table["p_value"][0] <= 0.1)


def test_two_treated_units_have_pairs_of_donors_as_placebos(paths):
    e = panel(paths + np.random.default_rng(2).normal(size=paths.shape), [14, 14, *NEVER[1:]]).synthetic_did(
        draws=50
    )
    assert e.inference.draws == 45
    assert e.fit["attainable"] == 1 / 46
    some = panel(paths, [14, 14, *NEVER[1:]]).synthetic_did(draws=30)
    assert (some.inference.draws, some.inference.seed) == (30, 0)


def test_synthetic_did_without_noise_is_exact():
    """Additive unit and time effects: any weights give the effect, so the estimate is exact."""
    Y = np.arange(8.0)[:, None] + np.sin(np.arange(12))[None, :]
    Y[0, 8:] += 3
    Y[1, 6:] += 3
    e = panel(Y, [8, 6] + [np.nan] * 6).synthetic_did(draws=20)
    assert e.table["estimate"][0] == pytest.approx(3, abs=1e-9)
    assert e.parts["cells"]["weight"].tolist() == pytest.approx([0.6, 0.4])  # 6 and 4 treated rows


def test_jackknife_by_hand():
    """Treated units with effects 2 and 4 on exact parallel paths: leaving one out moves it by 1."""
    Y = np.tile(np.sin(np.arange(10)), (8, 1))
    Y[0, 6:] += 2
    Y[1, 6:] += 4
    e = panel(Y, [6, 6] + [np.nan] * 6).synthetic_did(inference="jackknife")
    assert e.table["estimate"][0] == pytest.approx(3)
    # Values 4, 2, and 3 six times: (n - 1)/n times the sum of squares 2, n = 8.
    assert e.table["std_error"][0] == pytest.approx(np.sqrt(7 / 8 * 2))
    half = 1.959964 * np.sqrt(7 / 8 * 2)
    assert e.table[["conf_low", "conf_high"]].iloc[0].tolist() == pytest.approx([3 - half, 3 + half])
    assert e.table["p_value"][0] == pytest.approx(2 * stats.norm.sf(3 / np.sqrt(7 / 8 * 2)))


def test_close_to_another_program(paths):
    other = pytest.importorskip("diff_diff")
    rng = np.random.default_rng(0)
    Y = paths + 0.3 * rng.normal(size=paths.shape)
    p = panel(Y, [14, *NEVER])
    ours = p.synthetic_did(draws=20).table["estimate"][0]
    table = p.data.assign(D=(p.data["unit"] == "u0").astype(int))
    fitted = other.SyntheticDiD(n_bootstrap=20, seed=1).fit(
        table, outcome="y", treatment="D", unit="unit", time="year", post_periods=list(range(14, 20))
    )
    # The other program stops Frank-Wolfe early and drops small weights, as R's synthdid does.
    assert ours == pytest.approx(fitted.att, abs=0.02)


def test_two_donors_are_enough():
    """The treated unit is one fourth of the first donor and three fourths of the second, plus three."""
    a, b = np.random.default_rng(3).normal(size=(2, 12))
    Y = np.stack([0.25 * a + 0.75 * b, a, b])
    Y[0, 8:] += 3
    e = panel(Y, [8, np.nan, np.nan]).synthetic_control()
    assert sorted(e.parts["weights"]["weight"]) == pytest.approx([0.25, 0.75], abs=1e-6)
    assert e.table["estimate"][0] == pytest.approx(3, abs=1e-6)


def test_refusals(paths):
    with pytest.raises(DataError, match="2 cohorts adopt at different dates"):
        panel(paths, [14, 12, *NEVER[1:]]).synthetic_control()
    with pytest.raises(DataError, match="At least two donors"):
        panel(paths[:2], [14, np.nan]).synthetic_control()
    with pytest.raises(DataError, match="cohort 1 has 1 period"):
        panel(paths, [1, *NEVER]).synthetic_did()
    holed = panel(paths, [14, *NEVER]).where(np.arange(240) != 50, "gone")
    with pytest.raises(DataError, match="balanced panel; 1 unit-periods are missing"):
        holed.synthetic_control()
    with pytest.raises(OptionError, match="draws=3"):
        panel(paths, [14, *NEVER]).synthetic_did(draws=3)
    with pytest.raises(DataError, match="leaving it out leaves nothing"):
        panel(paths, [14, *NEVER]).synthetic_did(inference="jackknife")
