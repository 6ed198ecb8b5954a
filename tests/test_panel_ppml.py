"""PPML: closed forms that hold anywhere, published and R fixest numbers, honest convergence, refusals."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel.algebra import sandwich
from exportlab.panel.algebra.irls import poisson
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.regression.effects import fixed_effects, random_effects
from exportlab.panel.regression.gravity import gravity
from exportlab.panel.regression.ppml import ppml

EVERYTHING = (
    "trade ~ lypex + lypim + lyex + lyim + ldist + border + comlang + colony + landl_ex + landl_im"
    " + lremot_ex + lremot_im + comfrt_wto + open_wto"
)
BILATERAL = "trade ~ ldist + border + comlang + colony + comfrt_wto"


def small(**columns) -> pd.DataFrame:
    base = {
        "exporter": list("aabbaabb"),
        "importer": list("xyxyxyxy"),
        "year": list("11112222"),
        "value": [10.0, 4, 6, 8, 12, 9, 5, 11],
        "rta": [0, 0, 0, 0, 1, 0, 0, 1],
    }
    return pd.DataFrame({**base, **columns})


# ---- closed forms --------------------------------------------------------------------------------------


def test_a_dummy_gives_the_log_ratio_of_means():
    data = pd.DataFrame({"y": [1.0, 2, 0, 3, 8, 10, 3], "d": [0, 0, 0, 0, 1, 1, 1]})
    made = ppml(data, "y ~ d")
    low, high = data["y"][:4], data["y"][4:]
    assert made.table["estimate"].to_list() == pytest.approx(
        [np.log(low.mean()), np.log(high.mean() / low.mean())], abs=1e-10
    )
    # HC1 of a saturated model: squared deviations of each group over its squared total, times n/(n-k).
    var = [((g - g.mean()) ** 2).sum() / g.sum() ** 2 for g in (low, high)]
    assert made.table["std_error"][1] == pytest.approx(np.sqrt(7 / 5 * sum(var)), abs=1e-10)


@pytest.mark.parametrize("weights", [None, "w"])
def test_the_quality_of_a_fit_with_an_exposure_by_hand(weights):
    """Log likelihoods at the fitted rates of two groups and at one rate for all."""
    data = pd.DataFrame({"y": [1.0, 2, 0, 3, 8, 10, 3], "d": [0, 0, 0, 0, 1, 1, 1]})
    data = data.assign(pop=[1.0, 2, 1, 4, 2, 3, 1], w=[1.0, 2, 1, 1, 3, 1, 2])
    fit = ppml(data, "y ~ d", exposure="pop", weights=weights).fit
    w = data[weights] if weights else pd.Series(1.0, data.index)

    def likelihood(groups):
        total = (pd.DataFrame({"y": w * data["y"], "pop": w * data["pop"]})).groupby(groups).transform("sum")
        mean = data["pop"] * total["y"] / total["pop"]
        return sum(w * (data["y"] * np.log(mean) - mean - [math.lgamma(y + 1) for y in data["y"]]))

    full, null = likelihood(data["d"]), likelihood(np.zeros(7))
    assert fit["log_likelihood"] == pytest.approx(full, rel=1e-9)
    assert fit["pseudo_r2"] == pytest.approx(1 - full / null, rel=1e-9)


def test_two_by_two_with_effects_is_the_ratio_of_ratios():
    data = pd.DataFrame(
        {
            "y": [1.0, 3, 2, 4, 5, 7, 20, 4],
            "unit": list("aaaabbbb"),
            "t": [0, 0, 1, 1] * 2,
            "d": [0] * 6 + [1] * 2,
        }
    )
    made = ppml(data, "y ~ d", effects=["unit", "t"], cluster="unit")
    assert made.table["estimate"][0] == pytest.approx(np.log((24 / 12) / (6 / 4)), abs=1e-10)


def test_three_way_effects_with_a_closed_form():
    # 2 x 2 x 2 cells are saturated but for one parameter when all three two-way margins are fixed:
    # with the regressor on in one cell, the fit is exact and beta is the log ratio of the odds ratios.
    y = np.array([10.0, 4, 6, 8, 12, 9, 5, 11])
    data = small(value=y, rta=[0, 0, 0, 0, 0, 0, 0, 1])
    pairs = [("exporter", "year"), ("importer", "year"), ("exporter", "importer")]
    effects = Effects.encode({"-".join(pair): data[list(pair)] for pair in pairs})
    made = poisson(y, data[["rta"]].to_numpy(float), effects)
    odds = np.log(y[[0, 4]] * y[[3, 7]] / (y[[1, 5]] * y[[2, 6]]))
    assert made.beta[0] == pytest.approx(odds[1] - odds[0], abs=1e-9)
    np.testing.assert_allclose(made.mu, y, rtol=1e-7)
    with pytest.raises(DataError, match=r"no degree of freedom is left: .* \(11 on 8\)"):
        ppml(data, "value ~ rta", effects=pairs)


def test_exposure_is_an_offset_and_scales_the_rate():
    data = pd.DataFrame({"y": [2.0, 6, 9, 3], "d": [0, 0, 1, 1], "pop": [10.0, 20, 5, 7]})
    data["log_pop"] = np.log(data["pop"])
    by_exposure = ppml(data, "y ~ d", exposure="pop").table["estimate"]
    assert by_exposure.to_list() == pytest.approx(
        [np.log(8 / 30), np.log(12 / 12) - np.log(8 / 30)], abs=1e-10
    )
    assert ppml(data, "y ~ d", offset="log_pop").table["estimate"].to_list() == by_exposure.to_list()


def test_weights_repeat_rows():
    data = pd.DataFrame({"y": [1.0, 2, 5, 3, 9], "x": [0.0, 1, 2, 3, 4], "w": [2.0, 1, 3, 1, 2]})
    repeated = data.loc[data.index.repeat(data["w"].astype(int))]
    a, b = ppml(data, "y ~ x", weights="w"), ppml(repeated, "y ~ x")
    np.testing.assert_allclose(a.table["estimate"], b.table["estimate"], atol=1e-10)


def test_effects_totals_are_met_exactly():
    # Poisson with effects reproduces each effect's total (Fally 2015): the honest test of convergence.
    rng = np.random.default_rng(2)
    n = 600
    data = pd.DataFrame({"a": rng.integers(0, 30, n), "b": rng.integers(0, 20, n), "x": rng.normal(size=n)})
    data["y"] = rng.poisson(np.exp(0.5 * data["x"] + rng.normal(size=30)[data["a"]])) * 1e9
    made = ppml(data, "y ~ x", effects=["a", "b"], cluster="a")
    used = data.loc[made.parts["fitted"].index].assign(fitted=made.parts["fitted"]["fitted"])
    for effect in ("a", "b"):
        sums = used.groupby(effect)[["y", "fitted"]].sum()
        np.testing.assert_allclose(sums["fitted"], sums["y"], rtol=1e-7)
    assert made.fit["largest_imbalance"] <= 1e-7


def test_slopes_equal_statsmodels_with_dummies():
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    n = 300
    data = pd.DataFrame({"a": rng.integers(0, 8, n), "x": rng.normal(size=n), "z": rng.normal(size=n)})
    data["y"] = rng.poisson(np.exp(0.3 * data["x"] - 0.2 * data["z"] + 0.1 * data["a"]))
    made = ppml(data, "y ~ x + z", effects=["a"])
    dense = np.column_stack([data[["x", "z"]], np.equal.outer(data["a"].to_numpy(), np.arange(8))])
    theirs = sm.GLM(data["y"], dense, family=sm.families.Poisson()).fit(cov_type="HC0", tol=1e-12)
    np.testing.assert_allclose(made.table["estimate"], theirs.params[:2], atol=1e-8)
    np.testing.assert_allclose(made.table["std_error"], theirs.bse[:2] * np.sqrt(n / (n - 10)), atol=1e-7)
    assert made.fit["log_likelihood"] == pytest.approx(theirs.llf, rel=1e-10)


# ---- numbers from outside ------------------------------------------------------------------------------


def check(made, reference, dataset, model):
    rows = pd.read_csv(reference / "panel_gravity_ppml.csv").query("dataset == @dataset and model == @model")
    assert len(rows) > 0
    for row in rows.itertuples():
        got = made.table.iloc[made.index(row.term)]
        points, errors = (1e-6, 1e-5) if row.digits == 6 else (5.1e-4, 5.1e-4)
        assert got["estimate"] == pytest.approx(row.estimate, abs=points), row
        assert got["std_error"] == pytest.approx(row.std_error, abs=errors), row


@pytest.fixture(scope="module")
def made(reference):
    return pd.read_csv(reference / "panel_made_gravity.csv")


def test_made_flows_against_fixest(made, reference):
    """Cross-section terms, with and without zeros; effects; clusters."""
    terms = "value ~ log(distance) + border + mass + rta"
    check(ppml(made, terms), reference, "made", "all")
    check(ppml(made[made["value"] > 0], terms), reference, "made", "positive")
    terms, effects = "value ~ log(distance) + border + rta", ["exporter", "importer", "year"]
    check(ppml(made, terms, effects=effects), reference, "made", "effects")
    check(ppml(made, terms, effects=effects, cluster="exporter"), reference, "made", "one-way")


def test_two_way_errors_of_made_flows_as_fixest_clips_them(made, reference, monkeypatch):
    """The covariance is indefinite here; fixest clips it in the regressors' own units, which then decide."""
    clip = sandwich.nearest_covariance
    monkeypatch.setattr(sandwich, "nearest_covariance", lambda covariance, size=None: clip(covariance))
    terms, effects = "value ~ log(distance) + border + rta", ["exporter", "importer", "year"]
    check(ppml(made, terms, effects=effects, cluster=effects[:2]), reference, "made", "two-way")


@pytest.mark.parametrize("engine", ["core", "pyfixest"])
def test_three_way_effects_of_made_flows(made, reference, engine):
    if engine == "pyfixest":
        pytest.importorskip("pyfixest")
    effects = [("exporter", "year"), ("importer", "year"), ("exporter", "importer")]
    fit = ppml(made, "value ~ rta", effects=effects, cluster=[("exporter", "importer")], engine=engine)
    check(fit, reference, "made", "three-way")
    assert fit.sample.used == 323  # of 336: fixest sets the same rows aside


@pytest.fixture(scope="module")
def log_of_gravity(shared):
    return pd.read_csv(shared / "reference" / "panel" / "log_of_gravity.csv")


def test_log_of_gravity_as_published(log_of_gravity, reference):
    check(ppml(log_of_gravity, EVERYTHING), reference, "log_of_gravity", "all")
    positive = log_of_gravity[log_of_gravity["trade"] > 0]
    check(ppml(positive, EVERYTHING), reference, "log_of_gravity", "positive")
    effects = ["s2_ex", "s1_im"]
    check(ppml(log_of_gravity, BILATERAL, effects=effects), reference, "log_of_gravity", "effects")
    clustered = ppml(log_of_gravity, BILATERAL, effects=effects, cluster=effects)
    check(clustered, reference, "log_of_gravity", "two-way")


def test_fixest_trade(shared, reference):
    data = pd.read_csv(shared / "reference" / "panel" / "fixest_trade.csv")
    effects = ["Origin", "Destination", "Product", "Year"]
    one = ppml(data, "Euros ~ log(dist_km)", effects=effects, cluster="Origin")
    check(one, reference, "fixest_trade", "one-way")
    two = ppml(data, "Euros ~ log(dist_km)", effects=effects, cluster=["Origin", "Destination"])
    check(two, reference, "fixest_trade", "two-way")


THREE = [("isoexp", "year"), ("isoimp", "year"), ("isoexp", "isoimp")]


def test_three_way_effects_of_the_ppmlhdfe_example(shared, reference):
    data = pd.read_csv(shared / "reference" / "panel" / "ppmlhdfe_trade_fta.csv").query("category == 'TOTAL'")
    for engine in ("core", "pyfixest") if find_spec("pyfixest") else ("core",):
        fit = ppml(data, "trade ~ fta", effects=THREE, cluster=[("isoexp", "isoimp")], engine=engine)
        check(fit, reference, "ppmlhdfe_trade_fta", "three-way")
        assert fit.sample.used == 5950
        assert fit.inference.clusters == 1190
        assert "K=350" in fit.inference.small_sample


@pytest.mark.whole
def test_same_under_any_hash_seed():
    code = (
        "import pandas as pd; from exportlab.panel.regression.ppml import ppml;"
        "d = pd.DataFrame({'u': list('aaabbbcccddd'), 't': list('xyz') * 4, 'd': [0,0,0,0,0,1,0,1,1,0,0,0],"
        "'y': [1.,3,2,4,5,9,2,7,3,4,4,1]});"
        "e = ppml(d, 'y ~ d', effects=['u', 't'], cluster='u');"
        "print(e.table.to_numpy().tolist(), e.inference.small_sample)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


# ---- rows set aside ------------------------------------------------------------------------------------


def test_separated_rows_and_singletons_are_set_aside_and_counted():
    extra = pd.DataFrame(
        {"exporter": list("cca"), "importer": list("xyz"), "year": "1", "value": [0, 0, 3.0], "rta": 0}
    )
    data = pd.concat([small(), extra], ignore_index=True)
    made = ppml(data, "value ~ rta", effects=["exporter", "importer"])
    assert dict(made.sample.lost) == {
        "separated (its mean could only be zero)": 2,
        "the only row of an effect (fitted perfectly)": 1,
    }
    assert (made.sample.rows, made.sample.used) == (11, 8)
    assert made.parts["separated"]["exporter"].to_list() == ["c", "c"]
    assert "2 separated rows were set aside" in made.notes[0]
    kept = ppml(data, "value ~ rta", effects=["exporter", "importer"], singletons="keep")
    assert kept.table["estimate"][0] == pytest.approx(made.table["estimate"][0], abs=1e-9)
    assert kept.sample.used == 9


def test_a_regressor_that_only_separates_is_omitted_and_named_where_that_is_asked_for():
    data = small(value=[0.0, 4, 6, 8, 12, 9, 5, 11], only=[1.0, 0, 0, 0, 0, 0, 0, 0])
    with pytest.raises(DataError, match="'only' does not vary over the 7 rows that are left"):
        ppml(data, "value ~ rta + only")
    made = ppml(data, "value ~ rta + only", unidentified="omit")
    rest = ppml(data.iloc[1:], "value ~ rta")
    assert made.table["term"].tolist() == ["Intercept", "rta"]
    assert made.table["estimate"].tolist() == pytest.approx(rest.table["estimate"].tolist(), rel=1e-10)
    assert made.sample.lost == (("separated (its mean could only be zero)", 1),)
    assert "1 regressor(s) omitted: only." in made.summary()
    six = pd.concat([data] * 6, ignore_index=True)
    more = {f"x{i}": (six.index == 8 * i).astype(float) for i in range(6)}  # each on where one zero is
    many = ppml(six.assign(**more), f"value ~ rta + {' + '.join(more)}", unidentified="omit")
    assert "6 regressor(s) omitted: x0, x1, x2, x3, x4 and 1 more." in many.summary()
    with pytest.raises(DataError, match="No regressor is left"):
        ppml(data, "value ~ only", effects=["exporter"], unidentified="omit")


def test_what_never_had_a_coefficient_is_refused_whatever_separates():
    data = small(value=[0.0, 4, 6, 8, 12, 9, 5, 11], only=[1.0, 0, 0, 0, 0, 0, 0, 0], two=2.0)
    data["again"] = 3 * data["rta"]
    for more, text in (("two", "^'two' does not vary"), ("again", "is a linear combination of")):
        with pytest.raises(DataError, match=text):
            ppml(data, f"value ~ rta + only + {more}", unidentified="omit")
    with pytest.raises(DataError, match="^'two' does not vary"):
        ppml(data, "value ~ two", effects=["exporter"], unidentified="omit")
    with pytest.raises(OptionError, match="'omit'"):
        ppml(data, "value ~ rta", unidentified="drop")


def test_factors_of_fixest_and_of_ppmlhdfe():
    data = pd.concat([small(), small(value=[3.0, 4, 6, 2, 12, 9, 5, 7])], ignore_index=True)
    data["cl"] = np.repeat(np.arange(4), 4)
    ask = {"formula": "value ~ rta", "effects": ["exporter"], "singletons": "keep"}
    ours, stata = (ppml(data, **ask, cluster="cl", small_sample=s) for s in ("fixest", "ppmlhdfe"))
    meat = stata.scores.T @ stata.scores
    assert stata.vcov[0, 0] == pytest.approx(4 / 3 * meat[0, 0], rel=1e-12)
    n, K = len(data), 1 + data["exporter"].nunique()
    assert ours.vcov[0, 0] == pytest.approx((n - 1) / (n - K) * stata.vcov[0, 0], rel=1e-12)
    assert "G/(G-1) with G=4 (ppmlhdfe's)" in stata.inference.small_sample
    ours, stata = (ppml(data, **ask, small_sample=s) for s in ("fixest", "ppmlhdfe"))
    assert stata.vcov[0, 0] == pytest.approx((n - K) / (n - 1) * ours.vcov[0, 0], rel=1e-12)


def test_convergence_is_never_claimed_when_rows_are_separated():
    # The regressor is on only where the outcome is zero: its coefficient runs away for ever.
    y = np.array([0, 0, 1, 2, 3, 4.0])
    x = np.column_stack([np.ones(6), [1, 1, 0, 0, 0, 0]])
    fit = poisson(y, x, Effects.encode({}), max_iterations=15)
    assert not fit.converged


# ---- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "formula", "options", "error", "text"),
    [
        (
            small(value=[-1.0, 4, 6, 8, 12, 9, 5, 11]),
            "value ~ rta",
            {},
            DataError,
            r"The outcome value is negative in 1 row\. First: row 0, value = -1\.",
        ),
        (
            small(value=[np.nan, 4, 6, 8, 12, 9, 5, 11]),
            "value ~ rta",
            {},
            DataError,
            r"Missing values in 'value' in 1 row\. First: row 0\. Fill them, or pass missing='drop'",
        ),
        (
            small(value=[np.inf, 4, 6, 8, 12, 9, 5, 11]),
            "value ~ rta",
            {},
            DataError,
            r"The outcome value is not finite in 1 row",
        ),
        (
            small(exporter=[None, *"abbaabb"]),
            "value ~ rta",
            {"effects": ["exporter"]},
            DataError,
            r"Missing values in 'exporter' in 1 row",
        ),
        (
            small(exporter=[None, *"abbaabb"]),
            "value ~ rta",
            {"cluster": "exporter"},
            DataError,
            r"Missing values in 'exporter' in 1 row",
        ),
        (small(value=[0.0] * 8), "value ~ rta", {}, DataError, "zero in every row"),
        (
            small(twice=[0, 0, 0, 0, 2, 0, 0, 2]),
            "value ~ rta + twice",
            {},
            DataError,
            r"'(rta|twice)' is a linear combination of",
        ),
        (
            small(flat=1.0),
            "value ~ rta + flat",
            {"effects": ["year"]},
            DataError,
            r"'flat' does not vary over the 8 rows",
        ),
        (
            small(post=[0] * 4 + [1] * 4),
            "value ~ rta + post",
            {"effects": ["year", "exporter"]},
            DataError,
            r"'post' has no variation left within the effects year, exporter",
        ),
        (small(), "value ~ log(rta)", {}, DataError, r"The regressor log\(rta\) is not finite in 6 rows"),
        (small(), "value ~ rta", {"cluster": "nowhere"}, UnknownName, "no column named 'nowhere'"),
        (small(), "value ~ rts", {}, UnknownName, "Did you mean 'rta'"),
        (small(), "value ~ rta | year", {}, OptionError, "effects and clusters are options"),
        (small(), "value ~ 1", {"effects": ["year"]}, OptionError, "has no regressor"),
        (
            small(w=[0.0] + [1.0] * 7),
            "value ~ rta",
            {"weights": "w"},
            DataError,
            "Weights 'w' must be above zero",
        ),
        (
            small(w=[-1.0, 0.0] + [1.0] * 6),
            "value ~ rta",
            {"exposure": "w"},
            DataError,
            r"exposure 'w' must be above zero in 2 rows\. First: row 0",
        ),
        (small(one="x"), "value ~ rta", {"cluster": "one"}, DataError, "Only one cluster of 'one' is left"),
        (small(), "value ~ rta", {"engine": "stata"}, OptionError, "Allowed: 'core', 'pyfixest'"),
        (small(), "value ~ rta", {"singletons": "no"}, OptionError, "Allowed: 'drop', 'keep'"),
        (small().iloc[:0], "value ~ rta", {}, DataError, "The table has no rows"),
        (7, "value ~ rta", {}, DataError, "int is not a table"),
    ],
)
def test_refusals_say_what_and_where(data, formula, options, error, text):
    with pytest.raises(error, match=text):
        ppml(data, formula, **options)


def test_nothing_left():
    data = small(id=range(8))
    with pytest.raises(DataError, match=r"No row is left: the last 8 of 8 rows are each the only row"):
        ppml(data, "value ~ rta", effects=["id"])


def test_missing_rows_dropped_on_request_are_counted():
    data = small(value=[np.nan, 4, 6, 8, 12, 9, 5, 11])
    made = ppml(data, "value ~ rta", missing="drop")
    assert made.sample.lost == (("missing value", 1),)
    assert made.sample.used == 7


def test_string_and_integer_years_agree_and_polars_is_read():
    polars = pytest.importorskip("polars")
    effects = ["year", "exporter"]
    text = ppml(small(), "value ~ rta", effects=effects)
    numbers = ppml(small(year=[1, 1, 1, 1, 2, 2, 2, 2]), "value ~ rta", effects=effects)
    foreign = ppml(polars.from_pandas(small()), "value ~ rta", effects=effects)
    assert text.table.equals(numbers.table)
    assert text.table.equals(foreign.table)


def test_levels_of_very_different_size_are_all_met():
    # Totals over ten orders of magnitude, noise of three: where working responses lose every digit.
    rng = np.random.default_rng(135)
    n = 400
    data = pd.DataFrame({"a": rng.integers(0, 40, n), "b": rng.integers(0, 30, n), "x": rng.normal(size=n)})
    data["z"] = data["x"] + 0.01 * rng.normal(size=n)
    size = rng.normal(0, 4, 40)[data["a"]] + rng.normal(0, 3, 30)[data["b"]]
    data["y"] = np.where(rng.random(n) < 0.3, 0, np.exp(size + data["x"]) * rng.gamma(0.3, 3, n))
    made = ppml(data, "y ~ x + z", effects=["a", "b"])
    used = data.loc[made.parts["fitted"].index].assign(fitted=made.parts["fitted"]["fitted"])
    totals = used.groupby("a")["y"].sum()
    assert totals.max() / totals.min() > 1e8
    for effect in ("a", "b"):
        sums = used.groupby(effect)[["y", "fitted"]].sum()
        np.testing.assert_allclose(sums["fitted"], sums["y"], rtol=1e-7)
    gap = used["y"] - used["fitted"]
    for regressor in ("x", "z"):
        assert abs((gap * used[regressor]).sum()) < 1e-6 * (used["y"] * used[regressor].abs()).sum()


@pytest.mark.parametrize(("rows", "formula"), [(2, "y ~ x"), (3, "y ~ x + z"), (3, "y ~ g")])
def test_as_many_parameters_as_rows(rows, formula):
    data = pd.DataFrame({"y": [1.0, 2, 4, 3], "x": [1.0, 0, 2, 5], "z": [0.0, 1, 1, 0], "g": list("abcd")})[
        :rows
    ]
    said = rf"as many parameters as rows or more \({rows} on {rows}\)"
    calls = (
        lambda: ppml(data, formula),
        lambda: ppml(data, formula, cluster="g"),
        lambda: random_effects(data.assign(t=range(rows)), formula, unit="g", period="t"),
        lambda: fixed_effects(data.assign(t=0), formula, unit="t", period="g", vcov="classical"),
        lambda: fixed_effects(data.assign(t=0), formula, unit="t", period="g", vcov="hetero"),
    )
    for call in calls:
        with pytest.raises(DataError, match=said):
            call()
    enough = pd.concat([data, data.assign(y=data["y"] + 1)], ignore_index=True)
    assert np.isfinite(ppml(enough, formula).table["std_error"]).all()


def test_effects_that_fit_every_row_within_its_cluster():
    """Effects nested in the clusters cost no degree of freedom by convention; the fit is exact nevertheless."""
    data = pd.DataFrame({"y": [1.0, 2, 4, 3], "x": [0.0, 1, 0, 2], "g": list("aabb")})
    made = ppml(data, "y ~ x", effects=["g"], cluster="g")
    assert made.sample.used == 4
    exact = data.assign(h=[0, 1, 2, 2], z=[0.0, 0, 0, 1])
    with pytest.raises(DataError, match="no degree of freedom is left"):
        ppml(exact, "y ~ z", effects=["h"], cluster="h", singletons="keep")


def test_a_mean_that_overflows_is_refused_in_words():
    """One flow of 2e40 among flows around one: no warning comes before the refusal."""
    pairs = [(a, b, t) for t in (1, 2, 3) for a in "abcd" for b in "abcd" if a != b]
    d = pd.DataFrame(pairs, columns=["e", "i", "t"])
    d["v"] = [
        1.44, 0.81, 2.24, 0.149, 0.345, 0.125, 0.0265, 0.617, 0.873, 2.1, 0.703, 0.216, 0.00712, 0.268,
        0.52, 1.24, 0.277, 0.794, 0.317, 2.55, 5.67, 0.172, 0.754, 1.08, 0.138, 0.0721, 1.37, 2.03, 0.75,
        0.639, 0.513, 2.43e40, 2.26, 0.547, 1.28, 0.073,
    ]  # fmt: skip
    d["z"] = [int(x) for x in "110000100110101010101001100111001101"]
    with pytest.raises(DataError, match="PPML did not converge .* an outcome dominated by a few rows"):
        gravity(d, "v ~ z", exporter="e", importer="i", period="t", domestic="drop")
