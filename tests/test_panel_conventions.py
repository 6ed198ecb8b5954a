"""Where programs differ by convention: which one is here, and the numbers of the other.

`reference/panel_unbalanced.csv` is a simulated unbalanced panel with weights; the numbers are of plm 2.6 (swar) and of
clubSandwich (CR2 of lm with weights) in R.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import OptionError
from exportlab.panel import PolicyPanel, fixed_effects, random_effects

KEYS = {"unit": "unit", "period": "period"}


@pytest.fixture(scope="module")
def table(reference):
    return pd.read_csv(reference / "panel_unbalanced.csv")


def test_random_effects_on_an_unbalanced_panel_as_plm(table):
    made = random_effects(table, "y ~ x1 + x2", variances="baltagi-chang", **KEYS)
    assert made.table["estimate"].to_numpy() == pytest.approx([0.356497, 0.648302, -0.029290], abs=6e-7)
    assert made.fit["sigma2_units"] == pytest.approx(0.325475, abs=6e-7)
    other = random_effects(table, "y ~ x1 + x2", **KEYS)
    assert other.table["estimate"].to_numpy() == pytest.approx([0.355734, 0.645714, -0.029029], abs=6e-7)
    with pytest.raises(OptionError, match="'baltagi-chang'"):
        random_effects(table, "y ~ x1", variances="baltagi", **KEYS)


def test_both_variances_agree_on_a_balanced_panel(table):
    rows = table.groupby("unit")["period"].transform("size")
    full = table[rows == rows.max()]
    one, other = (
        random_effects(full, "y ~ x1 + x2", variances=v, **KEYS) for v in ("swamy-arora", "baltagi-chang")
    )
    assert other.table["estimate"].to_numpy() == pytest.approx(one.table["estimate"].to_numpy(), rel=1e-9)


def test_a_variance_of_units_is_never_negative(table):
    rng = np.random.default_rng(0)
    noise = table.assign(y=rng.normal(size=len(table)))
    noise["y"] -= noise.groupby("unit")["y"].transform("mean")
    made = random_effects(noise, "y ~ x1", variances="baltagi-chang", **KEYS)
    assert made.fit["sigma2_units"] == 0.0
    assert made.fit["theta"] == 0.0


def test_cr2_under_weights_takes_them_as_inverse_variances(table):
    m = fixed_effects(
        table, "y ~ x1 + x2", effects="two-way", cluster="region", weights="w", singletons="keep", **KEYS
    )
    made = m.few_clusters(kind="CR2").table
    assert made["std_error"].to_numpy() == pytest.approx([0.076386, 0.051478], abs=6e-7)
    lm = np.array([0.0759009, 0.0516073])  # clubSandwich on lm(weights=): equal variances
    assert made["std_error"].to_numpy() == pytest.approx(lm, rel=0.007)
    assert not np.allclose(made["std_error"], lm, rtol=0.002)
    equal = m.few_clusters(variances="equal")
    assert equal.table["std_error"].to_numpy() == pytest.approx(lm, abs=6e-8)
    assert equal.table["df"].to_numpy() == pytest.approx([9.852, 7.996], abs=6e-4)
    assert "equal variances" in equal.summary()
    plain = fixed_effects(table, "y ~ x1 + x2", effects="two-way", cluster="region", **KEYS)
    assert plain.few_clusters(variances="equal").table.equals(plain.few_clusters().table)
    with pytest.raises(OptionError, match="a working model of CR2; CR3 has none"):
        m.few_clusters(kind="CR3", variances="equal")
    with pytest.raises(OptionError, match="'inverse', 'equal'"):
        m.few_clusters(variances="ols")


def test_weights_are_of_the_sample_not_numbers_of_copies():
    rng = np.random.default_rng(1)
    rows = [
        (i, t, rng.normal(), 2013.0 if i < 5 else np.nan, 1.0 + i % 2, i)
        for i in range(12)
        for t in range(2010, 2016)
    ]
    d = pd.DataFrame(rows, columns=["id", "year", "y", "g", "w", "cl"])
    copies = pd.concat([d, d[d["w"] == 2].assign(id=lambda t: t["id"] + 50)])
    keys = {"unit": "id", "period": "year", "outcome": "y", "adopted": "g", "cluster": "cl"}
    one, other = PolicyPanel(d, weights="w", **keys).twfe(), PolicyPanel(copies, **keys).twfe()
    assert one.scores == pytest.approx(other.scores, abs=1e-12)
    ratio = one.table["std_error"].iloc[0] / other.table["std_error"].iloc[0]
    n, m = len(d), len(copies)  # (n-1)/(n-K): treatment and five periods, units are nested in the clusters
    assert ratio == pytest.approx(np.sqrt((n - 1) / (n - 7) / ((m - 1) / (m - 7))), rel=1e-9)


def test_covariates_before_adoption_under_a_universal_base():
    # By hand: outcome regression of the change between 2012 and 2013 (base) on the covariate of either period.
    rng = np.random.default_rng(3)
    n, years = 40, np.arange(2012, 2016)
    d = pd.DataFrame(
        {"id": np.repeat(np.arange(n), 4), "year": np.tile(years, n), "x": rng.normal(size=4 * n)}
    )
    d["g"] = np.where(d["id"] < 15, 2014.0, np.nan)
    d["y"] = rng.normal(size=4 * n) + d["x"]
    p = PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", covariates=["x"])
    wide = d.pivot(index="id", columns="year")
    change, treated = wide["y"][2012] - wide["y"][2013], np.arange(n) < 15
    for at, year in (("base", 2013), ("earlier", 2012)):
        X = np.column_stack([np.ones(n), wide["x"][year]])
        b = np.linalg.lstsq(X[~treated], change[~treated], rcond=None)[0]
        made = p.att(adjust="reg", aggregate="none", base="universal", covariates_at=at)
        cell = made.table.set_index("term").loc["ATT(2014,2012)", "estimate"]
        assert cell == pytest.approx((change - X @ b)[treated].mean(), rel=1e-10)
        after = made.table.set_index("term").loc["ATT(2014,2015)", "estimate"]
        assert after == pytest.approx(
            p.att(adjust="reg", aggregate="none").table["estimate"].iloc[-1], rel=1e-10
        )
    with pytest.raises(OptionError, match="'earlier'"):
        p.att(covariates_at="first")
