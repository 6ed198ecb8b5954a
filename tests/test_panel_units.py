"""Neither the unit nor the origin of an outcome or a covariate moves an estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError
from exportlab.panel import PolicyPanel, fixed_effects, random_effects
from exportlab.panel.did.synthetic import simplex_least_squares


def data(seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(30):
        g, a = (2013.0 if i < 6 else np.inf), rng.normal()
        for t in range(2010, 2018):
            x = a + 0.3 * rng.normal()
            rows.append((i, t, a + 0.1 * t + 0.4 * x + rng.normal() * 0.5 + (t >= g), g, x))
    return pd.DataFrame(rows, columns=["id", "year", "y", "g", "x"])


def panel(d, **options):
    return PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", **options)


UNITS = [(1e-8, 0.0), (1e6, 0.0), (1.0, 1e4)]


@pytest.mark.parametrize("adjust", ["dr", "ipw", "reg"])
@pytest.mark.parametrize(("scale", "shift"), UNITS)
def test_covariates_of_two_by_two_comparisons(adjust, scale, shift):
    d = data()
    one = panel(d, covariates=["x"]).att(adjust=adjust).table
    other = panel(d.assign(x=d["x"] * scale + shift), covariates=["x"]).att(adjust=adjust).table
    assert other[["estimate", "std_error"]].to_numpy() == pytest.approx(
        one[["estimate", "std_error"]].to_numpy(), rel=1e-7
    )


@pytest.mark.parametrize("method", ["synthetic_control", "synthetic_did"])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, 1e5), (1e6, 0.0), (1e-8, 0.0), (1.0, -1e5)])
def test_outcome_of_synthetic_methods(method, scale, shift):
    d = data(1)
    one = getattr(panel(d), method)().table.iloc[0]
    other = getattr(panel(d.assign(y=d["y"] * scale + shift)), method)().table.iloc[0]
    assert other["estimate"] / scale == pytest.approx(one["estimate"], rel=1e-6)
    assert other["p_value"] == pytest.approx(one["p_value"], rel=1e-5)


def test_simplex_weights_do_not_see_what_all_columns_share():
    rng = np.random.default_rng(3)
    A, path = rng.normal(size=(20, 9)), 1e7 * rng.normal(size=20)
    b = A @ rng.dirichlet(np.ones(9)) + 0.1 * rng.normal(size=20)
    near = simplex_least_squares(A, b)
    far = simplex_least_squares(A + path[:, None], b + path)
    assert far == pytest.approx(near, abs=1e-6)
    assert ((A @ far - b) ** 2).sum() <= ((A @ near - b) ** 2).sum() * (1 + 1e-6)


def test_a_synthetic_control_that_fits_perfectly_ranks_by_size_not_by_rounding():
    d = data(2)
    d.loc[d["id"] < 6, "y"] = d.loc[d["id"] == 7, "y"].to_numpy().tolist() * 6  # a copy of one donor
    d.loc[(d["id"] < 6) & (d["year"] >= 2013), "y"] += 0.5
    made = panel(d).synthetic_control()
    ratio = made.parts["placebos"].set_index("unit")["ratio"]
    assert np.isinf(ratio["treated"])
    assert made.table["estimate"].iloc[0] == pytest.approx(0.5, abs=1e-6)


def test_random_effects_take_covariates_far_apart_in_scale():
    d = data().assign(z=lambda d: np.random.default_rng(4).normal(size=len(d)))
    keys = {"unit": "id", "period": "year"}
    one = random_effects(d, "y ~ x + z", **keys)
    other = random_effects(d.assign(x=d["x"] * 1e12, z=d["z"] * 1e-8), "y ~ x + z", **keys)
    scale = np.array([1.0, 1e12, 1e-8])
    assert other.table["estimate"].to_numpy() * scale == pytest.approx(
        one.table["estimate"].to_numpy(), rel=1e-7
    )
    assert other.fit["theta"] == pytest.approx(one.fit["theta"], rel=1e-8)


@pytest.mark.parametrize("apart", [1e-5, 1e-7, 1e-9])
@pytest.mark.parametrize("method", ["imputation", "two_stage", "etwfe", "sun_abraham", "twfe", "formula"])
def test_covariates_that_hardly_differ_are_the_same_span_or_one(method, apart):
    """A covariate and the same with a little noise: both as if apart, one of them, or a refusal; never in between."""
    rng = np.random.default_rng(3)
    d = pd.DataFrame({"id": np.repeat(np.arange(20), 8), "year": np.tile(np.arange(2010, 2018), 20)})
    d["g"] = np.where(d["id"] < 5, 2013.0, np.where(d["id"] < 10, 2015.0, np.nan))
    d["x"], little = rng.normal(size=160), rng.normal(size=160)
    d["D"] = (d["year"] >= d["g"]).astype(float)
    d["y"] = d["x"] + 2 * d["D"] + 0.3 * rng.normal(size=160) + 0.2 * little

    def number(**columns):
        names = ["x", *columns]
        if method == "formula":
            formula = " + ".join(["y ~ D", *names])
            made = fixed_effects(d.assign(**columns), formula, unit="id", period="year", effects="two-way")
            return made.table[["estimate", "std_error"]].iloc[0].tolist()
        panel = PolicyPanel(
            d.assign(**columns), unit="id", period="year", outcome="y", adopted="g", covariates=names
        )
        options = {"covariates": "linear"} if method == "etwfe" else {}
        made = panel.twfe() if method == "twfe" else panel.att(method, **options)
        return made.table[["estimate", "std_error"]].iloc[0].tolist()

    nearly = d["x"] + apart * little
    if apart < 1e-6 and method in ("sun_abraham", "twfe", "formula"):
        with pytest.raises(DataError, match="collinear|linear combination"):
            number(z=nearly)
        return
    both, one, found = number(z=little), number(), number(z=nearly)
    assert found == pytest.approx(both, rel=1e-4) or (apart < 1e-6 and found == pytest.approx(one, rel=1e-6))
