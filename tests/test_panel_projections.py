"""Local projections difference in differences, and Gardner's two stages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from estimator_entries import data

from exportlab.errors import DataError, OptionError
from exportlab.panel import PolicyPanel, honest_did, leave_one_out

REFERENCE = Path(__file__).parent / "reference"
FIGURES = pd.read_csv(REFERENCE / "panel_projections_figures.csv").set_index("method")
KEYS = {"unit": "unit", "period": "year", "outcome": "y"}


@pytest.fixture(scope="module")
def panel() -> PolicyPanel:
    d = pd.read_csv(REFERENCE / "panel_made_staggered.csv")
    return PolicyPanel(d.assign(g=d["adopted"].replace(0, np.nan)), adopted="g", **KEYS)


def long(rows: dict[str, tuple[float, list[float]]]) -> pd.DataFrame:
    """Units with their date and outcomes from 2001 on; NaN for no row."""
    made = [(u, 2001 + t, g, v) for u, (g, y) in rows.items() for t, v in enumerate(y) if np.isfinite(v)]
    return pd.DataFrame(made, columns=["unit", "year", "g", "y"])


def dated(rows, **door) -> PolicyPanel:
    return PolicyPanel(long(rows), adopted="g", **KEYS, **door)


@pytest.mark.parametrize("weighting", ["equal", "variance"])
@pytest.mark.parametrize("base", ["last", "mean"])
def test_local_projections_are_those_of_another_program(panel, weighting, base):
    expected = FIGURES.loc[f"local projections {weighting} {base}"].set_index("event_time")
    found = panel.event_study("local_projections", weighting=weighting, base=base).table.set_index(
        "event_time"
    )
    np.testing.assert_allclose(found["estimate"][expected.index], expected["estimate"], atol=1e-10)
    if weighting == "equal":
        np.testing.assert_allclose(found["std_error"][expected.index], expected["se"], atol=1e-10)
    assert found.index.min() == (-5 if base == "last" else 0)


@pytest.mark.parametrize("weighting", ["equal", "variance"])
def test_covariates_are_those_of_another_program(panel, weighting):
    """The other program is given the covariate of the period before; by equal weights its errors have no factor."""
    d = panel.data
    t = d["year"] - d["year"].min()
    d = d.assign(x=((d["unit"] * 37 + t * t * 11 + d["unit"] * t * 5) % 23) / 10)
    made = PolicyPanel(d.assign(y=d["y"] + 0.5 * d["x"]), adopted="g", covariates=["x"], **KEYS)
    expected = FIGURES.loc[f"local projections {weighting} with a covariate"].set_index("event_time")
    study = made.event_study("local_projections", weighting=weighting)
    found = study.table.set_index("event_time").loc[expected.index]
    np.testing.assert_allclose(found["estimate"], expected["estimate"], atol=1e-10)
    rows = study.parts["horizons"].set_index("event_time").loc[[0], "rows"].to_numpy()
    dates, G = made.data["year"].nunique() - 1, 60
    factor = G / (G - 1) * (rows - 1) / (rows - 1 - dates - 1) if weighting == "equal" else 1.0
    np.testing.assert_allclose(found["std_error"][[0]], expected["se"][[0]] * np.sqrt(factor), atol=1e-10)


def test_covariates_with_the_mean_of_all_periods_take_units_whose_covariate_is_known_by_hand():
    """In 2004 b and c change by 7/3 and 14/3 at x = 2 and 4, so a at x = 1 would by 7/6; it does by 26/3."""
    rows = {
        "a": (2004, [0, 0, 1, 9]),
        "b": (None, [0, 0, 2, 3]),
        "c": (None, [0, 0, 4, 6]),
        "d": (None, [5, 5, np.nan, 77]),
    }
    d = long(rows).assign(g=lambda t: t["g"].astype(float))
    x = d["unit"].map({"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0}) * (d["year"] >= 2003)
    made = PolicyPanel(d.assign(x=x), adopted="g", covariates=["x"], **KEYS)
    found = made.att("local_projections", base="mean")
    assert found.parts["horizons"][["adopting", "rows"]].to_numpy().tolist() == [[1, 10]]
    assert found.table["estimate"][0] == pytest.approx(26 / 3 - 7 / 6)


def test_two_stages_are_those_of_another_program(panel):
    expected = FIGURES.loc["two stages"]
    both = pd.concat([panel.att("two_stage").table, panel.event_study("two_stage").table])
    np.testing.assert_allclose(both["estimate"], expected["estimate"], atol=1e-10)
    np.testing.assert_allclose(both["std_error"], expected["se"], atol=1e-10)
    same = panel.att("imputation").table
    assert both["estimate"].iloc[0] == pytest.approx(same["estimate"][0], abs=1e-12)


@pytest.mark.parametrize("weights", [None, "w"])
def test_equal_weights_are_callaway_and_santanna_with_units_not_yet_treated(weights):
    d = data()
    p = PolicyPanel(d, unit="id", period="year", outcome="y", adopted="g", cluster="cl", weights=weights)
    mine = p.event_study("local_projections").table.set_index("event_time")["estimate"]
    theirs = p.event_study(control="notyet", draws=0).table.set_index("event_time")["estimate"]
    np.testing.assert_allclose(mine, theirs[mine.index], atol=1e-10)
    whole = p.att("local_projections")
    assert whole.table["estimate"][0] == pytest.approx(
        p.att(control="notyet").table["estimate"][0], abs=1e-10
    )
    assert whole.parts["horizons"]["adopting"].tolist() == [12, 12, 12, 6, 6]
    assert p.att("local_projections", horizons=0).table["estimate"][0] == pytest.approx(mine[0])


@pytest.mark.parametrize("weighting", ["equal", "variance"])
def test_weighted_errors_are_those_of_weighted_least_squares(weighting):
    """One date of adoption, so that both weightings are one: statsmodels, clustered."""
    rng = np.random.default_rng(3)
    d = pd.DataFrame({"unit": np.repeat(np.arange(9), 4), "year": np.tile(np.arange(2001, 2005), 9)})
    d["g"], d["w"] = np.where(d["unit"] < 4, 2003.0, np.nan), 1.0 + d["unit"] % 3
    d["y"] = rng.normal(size=36)
    made = PolicyPanel(d, adopted="g", weights="w", **KEYS).event_study(
        "local_projections", weighting=weighting
    )
    wide = d.pivot(index="unit", columns="year", values="y")
    x = sm.add_constant((wide.index < 4).astype(float))
    for time, later in {0: 2003, 1: 2004, -2: 2001}.items():
        change = (wide[later] - wide[2002]).to_numpy()
        fit = sm.WLS(change, x, weights=d["w"][::4]).fit(
            cov_type="cluster", cov_kwds={"groups": np.arange(9)}
        )
        row = made.table.set_index("event_time").loc[time]
        assert row["estimate"] == pytest.approx(fit.params[1], rel=1e-10)
        assert row["std_error"] == pytest.approx(fit.bse[1], rel=1e-10)
    whole = PolicyPanel(d, adopted="g", weights="w", **KEYS).att("local_projections", weighting=weighting)
    assert whole.weighting.endswith("by w" if weighting == "equal" else "weighs them")
    assert whole.parts["horizons"]["adopting"].tolist() == [4, 4]


def test_dates_without_anybody_to_compare_with_take_no_part():
    y = {"a": (2003, [0, 1.0, 3.5, 4.0]), "b": (2003, [0, 0.5, 1.0, 3.0]), "c": (2004, [0, 0.2, 0.1, 2.0]),
         "d": (2004, [1, 1.0, 1.4, 0.0])}  # fmt: skip
    made = dated(y).att("local_projections")
    assert made.table["estimate"][0] == pytest.approx(1.5 - 0.15)  # of a and b against c and d in 2003 alone
    assert made.table["n"][0] == 4
    alone = dated({"a": (2002, [0, 1.5]), "b": (np.inf, [0, 0.5])}).att("local_projections").table
    assert alone["estimate"][0] == pytest.approx(1.0)
    assert np.isnan(alone["std_error"][0])


def test_errors_of_one_date_are_those_of_least_squares_on_two_samples():
    y = {"a": (2003, [0, 1.0, 3.5]), "b": (2003, [0, 0.5, 1.0]), "c": (np.inf, [0, 0.2, 0.1]),
         "d": (np.inf, [1, 1.0, 1.4]), "e": (np.inf, [0, 0, 0.3])}  # fmt: skip
    made = dated(y).att("local_projections")
    change = np.array([2.5, 0.5, -0.1, 0.4, 0.3])
    D = np.array([1, 1, 0, 0, 0.0])
    e = change - np.where(D == 1, 1.5, 0.2)
    assert made.table["estimate"][0] == pytest.approx(1.3)
    lever = (D - 0.4) / ((D - 0.4) @ (D - 0.4))
    variance = 5 / 4 * 4 / 3 * ((lever * e) ** 2).sum()
    assert made.table["std_error"][0] == pytest.approx(np.sqrt(variance))
    assert made.table["n"][0] == 5
    assert made.inference.df == 4


def test_the_mean_of_all_periods_before_by_hand():
    y = {
        "a": (2004, [1.0, 3.0, np.nan, 9.0]),
        "b": (np.inf, [0.0, 2.0, 4.0, 4.0]),
        "c": (np.inf, [2.0, 0, 1, 3.0]),
    }
    made = dated(y).event_study("local_projections", base="mean")
    assert made.table["event_time"].tolist() == [0]
    assert made.table["estimate"][0] == pytest.approx((9 - 2) - ((4 - 2) + (3 - 1)) / 2)
    with pytest.raises(DataError, match="no unit that adopts can be compared in its first period"):
        dated(y).event_study("local_projections")  # its last period before is missing


def test_variance_weights_follow_what_dates_tell():
    y = {
        "a": (2002, [0, 1.0, 1.0]),
        "b": (2003, [0, 0, 3.0]),
        "c": (2003, [0, 0, 3.0]),
        "d": (np.inf, [0, 0, 0.0]),
    }
    p = dated(y)
    own = {2002: 1 * 3 / 4, 2003: 2 * 1 / 3}
    made = p.att("local_projections", weighting="variance", horizons=0).table["estimate"][0]
    assert made == pytest.approx((own[2002] * 1 + own[2003] * 3) / sum(own.values()))
    assert p.att("local_projections", horizons=0).table["estimate"][0] == pytest.approx(7 / 3)


def test_units_in_no_comparison_are_counted():
    y = {
        "a": (2003, [0, 1.0, 3.5]),
        "b": (np.inf, [0, 0.5, 1.0]),
        "z": (2001, [0, 5.0, 1]),
        "c": (np.inf, [0, 0.2, 0.1]),
    }
    made = dated(y).att("local_projections")
    assert dict(made.sample.lost) == {"unit that is treated throughout, or in no comparison": 3}
    assert made.table["estimate"][0] == pytest.approx(2.5 - (0.5 - 0.1) / 2)


def test_refusals(panel):
    with pytest.raises(OptionError, match=r"horizons=7 is not allowed\. Allowed: 0 to 4"):
        panel.att("local_projections", horizons=7)
    with pytest.raises(OptionError, match="weighting"):
        panel.att("local_projections", weighting="size")
    with pytest.raises(OptionError, match="base"):
        panel.att("local_projections", base="first")
    d = panel.data.assign(w=panel.data["year"].astype(float))
    for weighting, among in (("equal", "units not treated by horizon 0"), ("variance", "rows of horizon 0")):
        with pytest.raises(DataError, match=f"covariate 'w' does not vary within periods among {among}"):
            PolicyPanel(d, adopted="g", covariates=["w"], **KEYS).att(
                "local_projections", weighting=weighting
            )
    with pytest.raises(DataError, match="weights change within a unit over time"):
        PolicyPanel(d.assign(w=d["year"]), adopted="g", weights="w", **KEYS).att("local_projections")
    with pytest.raises(DataError, match="not evenly spaced"):
        panel.where(panel.period_values[panel.periods] != 2005, "out").att("local_projections")
    with pytest.raises(OptionError, match="aggregate"):
        panel.att("two_stage", aggregate="none")


def test_a_cohort_of_one_unit_adds_to_the_errors_of_two_stages_and_not_to_those_of_imputation():
    y = {
        "a": (2003, [0, 0, 1, 1.0]),
        "b": (2004, [0, 0, 0, 4.0]),
        "c": (np.inf, [0] * 4),
        "d": (np.inf, [0] * 4),
    }
    p = dated(y)
    first, second = p.att("imputation").table, p.att("two_stage").table
    assert first["estimate"][0] == pytest.approx(2.0)
    assert second["estimate"][0] == pytest.approx(2.0)
    assert np.isnan(first["std_error"][0])
    assert second["std_error"][0] == pytest.approx(np.sqrt(2**2 + 2**2) / 3)


def test_inference_of_both(panel):
    study = panel.event_study("local_projections")
    bounds = honest_did(study, M=[0.0], method="smoothness")
    assert np.isfinite(bounds.table["conf_low"]).all()
    assert panel.att("two_stage").wild_bootstrap(n_draws=99).table["p"].between(0, 1).all()
    test = panel.att("local_projections").randomization_test(n_draws=19)
    assert test.table["p"][0] >= 1 / 20
    assert leave_one_out(panel.att("two_stage"), by="cohort").table["estimate"].notna().all()
