"""Fixed and random effects, Hausman, Driscoll-Kraay, Conley: Grunfeld's numbers and laws by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError
from exportlab.panel.regression.effects import fixed_effects, random_effects
from exportlab.panel.regression.hausman import hausman

GRUNFELD = {"unit": "firm", "period": "year"}
PANEL = {"unit": "city", "period": "year"}
FORMULA = "invest ~ value + capital"


@pytest.fixture(scope="module")
def grunfeld():
    import statsmodels.api as sm

    data = sm.datasets.grunfeld.load_pandas().data
    return data[data["firm"] != "American Steel"]  # the ten firms of the usual table


def cities(n: int = 12, periods: int = 7, seed: int = 5, *, gaps: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = pd.MultiIndex.from_product([range(n), range(periods)], names=["city", "year"]).to_frame(
        index=False
    )
    place = rng.uniform([38, 118], [43, 125], (n, 2))
    data["latitude"], data["longitude"] = place[data["city"]].T
    data["x"] = rng.normal(size=len(data)) + 0.5 * rng.normal(size=n)[data["city"]]
    data["z"] = rng.normal(size=len(data))
    data["y"] = data["x"] - 0.5 * data["z"] + rng.normal(size=n)[data["city"]] + rng.normal(size=len(data))
    return data[rng.random(len(data)) > 0.15].reset_index(drop=True) if gaps else data


# ---- Grunfeld ------------------------------------------------------------------------------------------

MODELS = {
    "within classical": (fixed_effects, {"vcov": "classical"}),
    "two-way classical": (fixed_effects, {"vcov": "classical", "effects": "two-way"}),
    "random classical": (random_effects, {"vcov": "classical"}),
    "driscoll-kraay": (fixed_effects, {"vcov": "driscoll-kraay", "small_sample": "none"}),
    "driscoll-kraay fixest": (fixed_effects, {"vcov": "driscoll-kraay"}),
    "within cluster": (fixed_effects, {}),
    "two-way two clusters": (fixed_effects, {"effects": "two-way", "cluster": ["firm", "year"]}),
}


@pytest.mark.parametrize(("effects", "absorbed"), [("unit", (True, False)), ("two-way", (True, True))])
@pytest.mark.parametrize("weights", [None, "w"])
def test_the_share_explained_within_is_that_of_linearmodels(grunfeld, effects, absorbed, weights):
    from linearmodels.panel import PanelOLS

    d = grunfeld.assign(w=1.0 + grunfeld["year"] % 3)
    made = fixed_effects(d, FORMULA, effects=effects, weights=weights, vcov="classical", **GRUNFELD)
    indexed = d.set_index(["firm", "year"])
    ask = dict(zip(("entity_effects", "time_effects"), absorbed, strict=True))
    given = {} if weights is None else {"weights": indexed[["w"]]}
    theirs = PanelOLS(indexed["invest"], indexed[["value", "capital"]], **ask, **given).fit()
    assert made.fit["r2_within"] == pytest.approx(theirs.rsquared, rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_grunfeld(grunfeld, reference, model):
    function, options = MODELS[model]
    made = function(grunfeld, FORMULA, **options, **GRUNFELD)
    rows = pd.read_csv(reference / "panel_gravity_effects.csv").query("model == @model")
    assert len(rows) >= 2
    for row in rows.itertuples():
        got = made.table.iloc[made.index(row.term)]
        assert got["estimate"] == pytest.approx(row.estimate, abs=1e-6), row
        assert got["std_error"] == pytest.approx(row.std_error, abs=1e-5), row
    assert (made.sample.units, made.sample.periods) == (10, 20)


def test_grunfeld_classical_hausman(grunfeld, reference):
    row = pd.read_csv(reference / "panel_gravity_effects.csv").query("model == 'hausman'").iloc[0]
    made = hausman(grunfeld, FORMULA, form="classical", **GRUNFELD)
    assert made.statistic == pytest.approx(row.estimate, rel=1e-6)
    assert made.p_value == pytest.approx(row.std_error, rel=1e-6)
    assert made.title == "Hausman test, classical form: chi2(2) = 2.33, p = 0.312"


def test_driscoll_kraay_equals_linearmodels_up_to_its_factor(grunfeld):
    from linearmodels.panel import PanelOLS

    data = grunfeld.set_index(["firm", "year"])
    theirs = PanelOLS(data["invest"], data[["value", "capital"]], entity_effects=True).fit(
        cov_type="kernel", kernel="bartlett", bandwidth=3
    )
    ours = fixed_effects(grunfeld, FORMULA, vcov="driscoll-kraay", small_sample="none", lags=3, **GRUNFELD)
    np.testing.assert_allclose(ours.vcov * 200 / 188, theirs.cov.to_numpy(), rtol=1e-8)  # n / (n - K)


def test_clustered_error_beside_linearmodels(grunfeld):
    """Its factor is n/(n - K), K the two regressors; ours, as fixest's, G/(G - 1) x (n - 1)/(n - 3)."""
    from linearmodels.panel import PanelOLS

    data = grunfeld.set_index(["firm", "year"])
    theirs = PanelOLS(data["invest"], data[["value", "capital"]], entity_effects=True)
    theirs = theirs.fit(cov_type="clustered", cluster_entity=True).std_errors
    ours = fixed_effects(grunfeld, FORMULA, cluster="firm", **GRUNFELD).table.set_index("term")["std_error"]
    factor = (10 / 9 * 199 / 197) / (200 / 198)
    np.testing.assert_allclose((ours[theirs.index] / theirs) ** 2, factor, rtol=1e-8)
    assert (theirs["value"], ours["value"]) == pytest.approx((0.014414, 0.015194), abs=5e-7)


# ---- random effects and Hausman ------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [False, True])
def test_random_effects_equal_linearmodels(gaps):
    from linearmodels.panel import RandomEffects

    data = cities(gaps=gaps)
    wide = data.set_index(["city", "year"]).assign(Intercept=1.0)
    for formula, columns in (("y ~ x + z", ["Intercept", "x", "z"]), ("y ~ x + z - 1", ["x", "z"])):
        theirs = RandomEffects(wide["y"], wide[columns]).fit()
        ours = random_effects(data, formula, vcov="classical", **PANEL)
        np.testing.assert_allclose(ours.table["estimate"], theirs.params, rtol=1e-9)
        np.testing.assert_allclose(ours.table["std_error"], theirs.std_errors, rtol=1e-9)


def test_mundlak_within_coefficients_are_fixed_effects():
    data = cities()
    fixed = fixed_effects(data, "y ~ x + z", **PANEL).table["estimate"]
    robust = hausman(data, "y ~ x + z", **PANEL)
    np.testing.assert_allclose(robust.table["within"], fixed, rtol=1e-9)
    means = data.groupby("city")[["y", "x", "z"]].mean()
    between = np.linalg.lstsq(np.column_stack([np.ones(12), means[["x", "z"]]]), means["y"], rcond=None)[0][
        1:
    ]
    np.testing.assert_allclose(robust.table["means"], between - fixed, rtol=1e-7)
    assert (robust.df, robust.df_denominator) == (2, 11)


def test_hausman_rejects_when_effects_follow_the_regressor():
    data = cities(n=60, seed=8)
    data["y"] += 3 * data.groupby("city")["x"].transform("mean")
    assert hausman(data, "y ~ x + z", **PANEL).p_value < 0.001
    # The misspecified random-effects variance is so large that the classical difference is not positive.
    classical = hausman(data, "y ~ x + z", form="classical", **PANEL)
    assert np.isnan(classical.statistic)
    assert np.isnan(classical.p_value)
    assert "undefined" in classical.title


def test_hausman_needs_something_that_varies_within_units():
    data = cities()
    with pytest.raises(DataError, match="No regressor varies within city"):
        hausman(data, "y ~ latitude", **PANEL)


# ---- Driscoll-Kraay and Conley by their definitions ----------------------------------------------------


def within(data):
    x = data[["x", "z"]] - data.groupby("city")[["x", "z"]].transform("mean")
    y = data["y"] - data.groupby("city")["y"].transform("mean")
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    return x.to_numpy(), (y - x @ beta).to_numpy(), np.linalg.inv(x.T @ x)


def test_driscoll_kraay_without_lags_is_clustering_by_period():
    data = cities()
    one = fixed_effects(data, "y ~ x + z", vcov="driscoll-kraay", lags=0, **PANEL)
    two = fixed_effects(data, "y ~ x + z", cluster="year", **PANEL)
    np.testing.assert_allclose(one.vcov, two.vcov, rtol=1e-10)
    assert one.inference.df == 6


def distance(a, b):
    """Haversine, kilometres."""
    (p, q), (u, v) = np.radians(a), np.radians(b)
    h = np.sin((u - p) / 2) ** 2 + np.cos(p) * np.cos(u) * np.sin((v - q) / 2) ** 2
    return 2 * 6371.0088 * np.arcsin(np.sqrt(h))


@pytest.mark.parametrize("kernel", ["bartlett", "uniform"])
@pytest.mark.parametrize("lags", [0, 2])
def test_conley_against_the_double_sum(kernel, lags):
    data = cities(gaps=True)
    cutoff = 250.0
    made = fixed_effects(
        data,
        "y ~ x + z",
        vcov="conley",
        latitude="latitude",
        longitude="longitude",
        cutoff=cutoff,
        kernel=kernel,
        lags=lags,
        **PANEL,
    )
    x, u, bread = within(data)
    score, meat = x * u[:, None], np.zeros((2, 2))
    rows = data[["city", "year", "latitude", "longitude"]].to_numpy()
    for i, (city, year, *here) in enumerate(rows):
        for j, (other, then, *there) in enumerate(rows):
            d, gap = distance(here, there), abs(year - then)
            near = (1 - d / cutoff if kernel == "bartlett" else 1) if d < cutoff else 0
            weight = near if gap == 0 else (1 - gap / (lags + 1)) if city == other and gap <= lags else 0
            meat += weight * np.outer(score[i], score[j])
    n = len(data)
    expected = n / (n - 14) * bread @ meat @ bread
    np.testing.assert_allclose(made.vcov, expected, rtol=1e-9)


def test_conley_limits_are_hc1_and_clustering_by_period():
    data = cities()
    where = {"vcov": "conley", "latitude": "latitude", "longitude": "longitude", **PANEL}
    tight = fixed_effects(data, "y ~ x + z", cutoff=1e-6, **where)
    np.testing.assert_allclose(
        tight.vcov, fixed_effects(data, "y ~ x + z", vcov="hetero", **PANEL).vcov, rtol=1e-9
    )
    wide = fixed_effects(data, "y ~ x + z", cutoff=50_000, kernel="uniform", **where)
    by_year = fixed_effects(data, "y ~ x + z", cluster="year", **PANEL)
    factor = (84 / 70) / (83 / 70 * 7 / 6)
    np.testing.assert_allclose(wide.vcov, factor * by_year.vcov, rtol=1e-9)


# ---- refusals and counts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "options", "error", "text"),
    [
        (
            lambda d: pd.concat([d, d.iloc[:1]]),
            {},
            DataError,
            r"The same city and year twice in 1 row\. First: city 0\.?0?, year 0",
        ),
        (lambda d: d.assign(y=d["y"].where(d.index > 0)), {}, DataError, "Missing values in 'y' in 1 row"),
        (lambda d: d.assign(city=d["city"].where(d.index > 0)), {}, DataError, "Missing values in 'city'"),
        (lambda d: d.assign(y=d["y"].where(d.index > 0, -np.inf)), {}, DataError, "y is not finite"),
        (lambda d: d.assign(x=d["latitude"]), {}, DataError, "'x' has no variation left within"),
        (lambda d: d.assign(x=2 * d["z"]), {}, DataError, "linear combination of '(x|z)' and the effects"),
        (lambda d: d.assign(x=1.0), {}, DataError, "'x' does not vary"),
        (lambda d: d, {"vcov": "conley"}, OptionError, "needs latitude=, longitude="),
        (
            lambda d: d,
            {"vcov": "conley", "latitude": "latitude", "longitude": "longitude", "cutoff": -1},
            OptionError,
            "cutoff=-1 is not allowed. Allowed: a number above 0",
        ),
        (
            lambda d: d.assign(latitude=95.0),
            {"vcov": "conley", "latitude": "latitude", "longitude": "longitude", "cutoff": 9},
            DataError,
            "Coordinates that are no degrees in 84 rows",
        ),
        (
            lambda d: d,
            {"vcov": "conley", "latitude": "x", "longitude": "longitude", "cutoff": 9},
            DataError,
            "A unit has several places",
        ),
        (lambda d: d, {"vcov": "driscoll-kraay", "lags": 7}, OptionError, "Allowed: 0 to 6"),
        (lambda d: d, {"vcov": "HC3"}, OptionError, "'driscoll-kraay', 'conley'"),
        (lambda d: d, {"effects": "both"}, OptionError, "Allowed: 'unit', 'period', 'two-way'"),
    ],
)
def test_refusals(change, options, error, text):
    with pytest.raises(error, match=text):
        fixed_effects(change(cities()), "y ~ x + z", **options, **PANEL)


def test_singletons_are_dropped_and_counted():
    data = pd.concat([cities(), cities().iloc[:1].assign(city=99)], ignore_index=True)
    made = fixed_effects(data, "y ~ x + z", **PANEL)
    assert made.sample.lost == (("the only row of an effect (fitted perfectly)", 1),)
    kept = fixed_effects(data, "y ~ x + z", singletons="keep", **PANEL)
    np.testing.assert_allclose(made.table["estimate"], kept.table["estimate"], rtol=1e-10)


@pytest.mark.parametrize("first", [2000, 8])  # as text 10 stands before 8
@pytest.mark.parametrize("kind", [str, "category"])
def test_periods_as_text_or_categories_are_in_the_order_of_time(first, kind):
    data = cities()
    text = data.assign(year=(first + data["year"]).astype(str).astype(kind))
    for options in ({}, {"vcov": "driscoll-kraay", "lags": 2}):
        ours = fixed_effects(text, "y ~ x + z", effects="two-way", **options, **PANEL)
        assert ours.table.equals(
            fixed_effects(data, "y ~ x + z", effects="two-way", **options, **PANEL).table
        )


@pytest.mark.parametrize("vcov", ["cluster", "hetero", "classical"])
@pytest.mark.parametrize(("effects", "rows", "left"), [("two-way", 4, 4), ("unit", 3, 2)])
def test_a_panel_with_as_many_parameters_as_rows_has_no_estimate(vcov, effects, rows, left):
    t = pd.DataFrame({"u": [1, 1, 2, 2], "t": [1, 2] * 2, "y": [1.0, 2, 3, 5], "x": [1.0, 3, 2, 7]})[:rows]
    with pytest.raises(DataError, match=rf"no degree of freedom is left: .*\({left} on {left}\)"):
        fixed_effects(t, "y ~ x", unit="u", period="t", effects=effects, vcov=vcov)
