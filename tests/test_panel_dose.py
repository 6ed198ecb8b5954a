"""Effects by the dose of a policy, against least squares on powers of it."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from test_panel_staggered import grid, value

from exportlab.errors import DataError, OptionError


def test_dose_response_recovers_a_quadratic():
    dose = np.array([0, 0, 0.5, 1, 1.5, 2, 2.5, 3])
    change = np.where(dose > 0, 1 + dose**2, 0) + 0.5
    p = grid(np.column_stack([np.zeros(8), change]), np.where(dose > 0, 2, np.nan), dose=dose)
    e = p.dose(dose="dose", degree=2, grid=6)
    response = e.parts["response"]
    assert np.allclose(response["estimate"], 1 + response["dose"] ** 2, atol=1e-10)
    assert np.allclose(response["acrt"], 2 * response["dose"], atol=1e-9)
    assert value(e) == pytest.approx((1 + dose[2:] ** 2).mean())
    assert value(e, "ACRT") == pytest.approx(2 * dose[2:].mean())
    with pytest.raises(DataError, match="cannot fit 9 spline terms"):
        p.dose(dose="dose", degree=8)
    with pytest.raises(DataError, match="does not agree with adoption"):
        grid(np.column_stack([np.zeros(8), change]), [2] * 4 + [np.nan] * 4, dose=dose).dose(dose="dose")


def test_errors_of_the_dose_response_by_least_squares_on_powers():
    """Truncated powers span the same curves as the B-splines; heteroskedastic errors, no small-sample factor."""
    rng = np.random.default_rng(8)
    dose = np.r_[np.zeros(9), np.linspace(0.5, 3, 12) + 0.1 * rng.random(12)]
    before, change = rng.normal(size=21), np.where(dose > 0, 1 + dose**2, 0) + rng.normal(size=21)
    p = grid(np.column_stack([before, before + change, before + 9]), np.where(dose > 0, 2, np.nan), dose=dose)
    e = p.dose(dose="dose", degree=2, knots=1, grid=5)
    d, y, y0 = dose[9:], change[9:], change[:9]
    middle = np.median(d)

    def powers(x, slope=False):
        up = np.maximum(x - middle, 0)
        return np.column_stack([0 * x, 1 + 0 * x, 2 * x, 2 * up] if slope else [1 + 0 * x, x, x**2, up**2])

    fit = sm.OLS(y, powers(d)).fit(cov_type="HC0")
    base = ((y0 - y0.mean()) ** 2).sum() / 81
    slopes = powers(d, slope=True)
    assert value(e) == pytest.approx(y.mean() - y0.mean())
    assert value(e, column="std_error") ** 2 == pytest.approx(((y - y.mean()) ** 2).sum() / 144 + base)
    assert value(e, "ACRT") == pytest.approx((slopes @ fit.params).mean())
    part = powers(d) * fit.resid[:, None] @ np.linalg.inv(powers(d).T @ powers(d)) @ slopes.mean(0)
    spread = part + (slopes @ fit.params - (slopes @ fit.params).mean()) / 12
    assert value(e, "ACRT", "std_error") == pytest.approx(np.sqrt((spread**2).sum()), rel=1e-8)
    curve = e.parts["response"]
    at, steep = powers(curve["dose"].to_numpy()), powers(curve["dose"].to_numpy(), slope=True)
    V = np.asarray(fit.cov_params())
    assert curve["dose"].tolist() == pytest.approx(np.linspace(d.min(), d.max(), 5).tolist())
    assert curve["estimate"].tolist() == pytest.approx((at @ fit.params - y0.mean()).tolist())
    assert curve["std_error"].tolist() == pytest.approx(np.sqrt(np.diag(at @ V @ at.T) + base).tolist())
    assert curve["acrt"].tolist() == pytest.approx((steep @ fit.params).tolist())
    assert curve["acrt_std_error"].tolist() == pytest.approx(np.sqrt(np.diag(steep @ V @ steep.T)).tolist())
    later = p.dose(dose="dose", degree=1, knots=0, post=3)
    assert value(later) == pytest.approx(0.0, abs=1e-12)  # all gain nine by the third period
    for wrong in ({"degree": 0}, {"knots": -1}, {"grid": 1}, {"pre": 2}, {"post": 1}, {"post": 4}):
        with pytest.raises(OptionError, match="not allowed"):
            p.dose(dose="dose", **wrong)
