"""Spatial regressions: R's figures, the formulae put another way, effects, orders of few units, what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import exportlab as xl
from exportlab.errors import DataError, MissingDependency, OptionError, UnknownName
from exportlab.space import places
from exportlab.space.impacts import Coefficients, Multiplier, effects, impacts_by_delta, impacts_by_draws
from exportlab.space.spatial_fit import Rows
from exportlab.space.spatial_tests import by_orders, multipliers, rule, shares_beyond

HERE = Path(__file__).parent / "reference" / "space"
SHARED = Path(__file__).parent.parent.parent / "shared" / "reference" / "space"
ML = {"rel": 1e-6, "abs": 1e-7}
FORMULA = "crime ~ income + home_value"
R_NAMES = {"Intercept": "(Intercept)", "income": "INC", "home_value": "HOVAL"}
R_NAMES |= {"W income": "lag.INC", "W home_value": "lag.HOVAL"}


def read(name):
    return pd.read_csv(HERE / f"{name}.csv")


def figures(name):
    """Figures of a file by model and item."""
    table = read(name)
    return {m: dict(zip(rows["item"], rows["value"], strict=True)) for m, rows in table.groupby("model")}


@pytest.fixture(scope="module")
def want():
    return figures("expected_regression")


@pytest.fixture(scope="module")
def columbus():
    return read("columbus")


@pytest.fixture(scope="module")
def gal():
    rows = read("columbus_neighbours")
    return xl.spatial_weights(rows[rows["scheme"] == "gal"], kind="links", unit="i", neighbour="j")


@pytest.fixture(scope="module")
def cities():
    return read("cities_panel")


@pytest.fixture(scope="module")
def liaoning():
    return xl.spatial_weights("liaoning")


def panel(table, weights, formula="exports ~ investment + wage", **options):
    return xl.spatial_panel(table, formula, unit="city", period="year", weights=weights, **options)


# ---- figures from outside -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["sar", "sem", "sdm", "sdem", "slx"])
def test_likelihood_models_are_those_of_spatialreg(columbus, gal, want, model):
    found = xl.spatial_regression(columbus, FORMULA, unit="id", weights=gal, model=model)
    theirs, compared = want[model.upper()], 0
    for row in found.table.to_dict("records"):
        name = R_NAMES.get(row["term"], row["term"])
        assert row["estimate"] == pytest.approx(theirs[name], **ML)
        compared += 1
        if f"se {name}" in theirs:
            assert row["std_error"] == pytest.approx(theirs[f"se {name}"], rel=2e-6)
    assert compared == {"sar": 4, "sem": 4, "sdm": 6, "sdem": 6, "slx": 5}[model]
    assert found.fit["loglik"] == pytest.approx(theirs["logLik"], rel=1e-9)
    parameters = compared + 1  # and sigma2
    assert found.fit["aic"] == pytest.approx(2 * parameters - 2 * theirs["logLik"], rel=1e-9)
    if "sigma2" in theirs:
        assert found.fit["sigma2"] == pytest.approx(theirs["sigma2"], rel=1e-6)
    for row in found.parts.get("impacts", pd.DataFrame()).to_dict("records"):
        assert row["estimate"] == pytest.approx(theirs[f"{row['effect']} {R_NAMES[row['term']]}"], **ML)


def test_moments_are_those_of_spatialreg(columbus, gal, want):
    for model, name in (("sar", "SAR 2SLS"), ("sem", "SEM GM")):
        found = xl.spatial_regression(columbus, FORMULA, unit="id", weights=gal, model=model, method="gmm")
        theirs = {k.lower(): v for k, v in want[name].items()}
        for row in found.table.to_dict("records"):
            key = R_NAMES.get(row["term"], row["term"]).lower()
            assert row["estimate"] == pytest.approx(theirs[key], rel=2e-6)
            if model == "sar":
                assert row["std_error"] == pytest.approx(theirs[f"se {key}"], rel=1e-8)
        assert "loglik" not in found.fit
    assert np.isnan(found.table["std_error"].iloc[-1])
    assert found.notes[0] == "Kelejian and Prucha's moments give lambda no standard error."


def test_multiplier_tests_are_those_of_spdep(columbus, gal, want):
    names = {
        "lag": "LMlag",
        "error": "LMerr",
        "robust lag": "RLMlag",
        "robust error": "RLMerr",
        "lag and error": "SARMA",
    }
    found = xl.spatial_tests(columbus, FORMULA, unit="id", weights=gal)
    for row in found.table.to_dict("records"):
        assert row["statistic"] == pytest.approx(want["OLS"][f"{names[row['test']]} statistic"], rel=1e-10)
        assert row["p_value"] == pytest.approx(want["OLS"][f"{names[row['test']]} p"], rel=1e-9)
    assert found.suggests == "sar"
    assert found.title == "Spatial dependence of crime: the tests suggest sar"


@pytest.mark.parametrize(
    ("scheme", "want"),
    [
        ("gal", (0.2123741525231, -0.0332682843466885, 0.00839485278564251, 2.68100025188044, 0.00367012303461707)),
        ("knn4", (0.374061582889839, -0.0339715143901785, 0.00742783913440931, 4.73439127185845,
                  1.09856756820934e-06)),
    ],
)  # fmt: skip
def test_moran_of_residuals_is_that_of_spdep(columbus, scheme, want):
    """lm.morantest of spdep 1.2-7, alternative greater; the four nearest are not symmetric."""
    rows = read("columbus_neighbours")
    weights = xl.spatial_weights(rows[rows["scheme"] == scheme], kind="links", unit="i", neighbour="j")
    found = xl.spatial_tests(columbus, FORMULA, unit="id", weights=weights).moran
    assert list(found) == ["value", "expectation", "variance", "z", "p_value"]
    assert found.iloc[0].tolist() == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize(
    ("effects", "want"),
    [
        ("unit", (0.43475267022227, -0.00226039398910324, 0.00759279912023434, 5.01526014473397,
                  2.64808786825835e-07)),
        ("period", (0.14240657329071, -0.0766969769378584, 0.00518097399339643, 3.04399341451225,
                    0.00116730125450985)),
        ("two-way", (0.0158600287957564, -0.0761131637875518, 0.00620680937580532, 1.16741980913373,
                     0.12152043761821)),
    ],
)  # fmt: skip
def test_moran_of_a_panel_is_spdep_s_of_dummies(cities, liaoning, effects, want):
    """lm.morantest of spdep 1.2-7 on a regression with dummies, weights a block for each of the six years."""
    asked = {"unit": "city", "period": "year", "weights": liaoning, "effects": effects}
    found = xl.spatial_tests(cities, "exports ~ investment + wage", permutations=99, rng=2, **asked).moran
    assert found.iloc[0].tolist()[:5] == pytest.approx(want, rel=1e-9)
    # with effects of units alone all cities share the years: orders of whole paths keep that, a normal law does not
    assert found["p_permutation"].iloc[0] == pytest.approx(0.17 if effects == "unit" else want[4], abs=0.1)


def test_draws_as_large_as_what_was_seen_count():
    seen = np.array([2.0, -0.5])
    drawn = np.array([[1.0, 2.0, 2.0 - 1e-13, 3.0], [-0.5, -0.6, -0.5 - 1e-13, 0.0]])
    assert shares_beyond(seen, drawn).tolist() == [0.8, 0.8]


def test_restrictions_are_wald_tests_of_r_s_covariance(columbus, gal, want):
    found = xl.spatial_regression(columbus, FORMULA, unit="id", weights=gal, model="sdm")
    tests = found.parts["restrictions"].set_index("restriction")
    assert tests.loc["sar", "statistic"] == pytest.approx(want["SDM"]["wald sar"], rel=1e-6)
    assert tests.loc["sem", "statistic"] == pytest.approx(want["SDM"]["wald sem"], rel=1e-6)
    assert tests["df"].tolist() == [2, 2]
    assert tests.loc["sar", "p_value"] == pytest.approx(np.exp(-tests.loc["sar", "statistic"] / 2))


def test_drawn_effects_spread_as_those_of_spatialreg(columbus, gal, want):
    """Their 200,000 draws and ours: the ends of intervals."""
    for model in ("sar", "sdm"):
        found = xl.spatial_regression(
            columbus, FORMULA, unit="id", weights=gal, model=model, errors="simulated", draws=2000, rng=5
        ).parts["impacts"]
        for row in found.to_dict("records"):
            for end in ("low", "high"):
                theirs = want[f"{model.upper()} draws"][f"{end} {row['effect']} {R_NAMES[row['term']]}"]
                # a quantile of 2,000 draws errs by 0.06 standard errors of a normal law, and more in these tails
                assert row[f"conf_{end}"] == pytest.approx(theirs, abs=0.25 * row["std_error"])


@pytest.mark.parametrize("ways", ["unit", "period", "two-way"])
def test_panels_by_means_are_those_of_spatialreg_on_demeaned_rows(cities, liaoning, ways):
    theirs = figures("expected_cities_panel")
    terms = {"W investment": "Wi", "W wage": "Ww"}
    for model in ("sar", "sem", "sdm"):
        found = panel(cities, liaoning, model=model, effects=ways, transformation="within")
        mine = theirs[f"{model} {ways}"]
        for row in found.table.to_dict("records"):
            name = terms.get(row["term"], row["term"])
            assert row["estimate"] == pytest.approx(mine[name], **ML)
            assert row["std_error"] == pytest.approx(mine[f"se {name}"], rel=5e-6)
        assert found.fit["loglik"] == pytest.approx(mine["loglik"], rel=1e-9)
        assert found.fit["sigma2"] == pytest.approx(mine["sigma2"], rel=1e-6)


@pytest.mark.skipif(
    not SHARED.exists(), reason="../shared, with a panel of 48 states that splm ran on, is not here"
)
def test_a_panel_of_48_states_is_that_of_splm():
    rows, theirs = pd.read_csv(SHARED / "panel.csv"), pd.read_csv(SHARED / "expected_panel.csv")
    pairs = pd.read_csv(SHARED / "panel_weights.csv")
    w = xl.spatial_weights(pairs, kind="links", unit="state", neighbour="neighbour", weight="weight")
    formula = "log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp"
    asked = {"unit": "state", "period": "year", "weights": w}
    lags = {"W log(pcap)": "wpcap", "W log(pc)": "wpc", "W log(emp)": "wemp", "W unemp": "wunemp"}
    for name, model, ways in (
        ("SAR FE individual", "sar", "unit"),
        ("SEM FE twoways", "sem", "two-way"),
        ("SDM FE twoways", "sdm", "two-way"),
    ):
        mine = theirs[theirs["model"] == name].set_index("item")["value"]
        found = xl.spatial_panel(rows, formula, model=model, effects=ways, transformation="within", **asked)
        for row in found.table.to_dict("records"):  # splm calls the lag's parameter lambda, the errors' rho
            key = {"rho": "lambda", "lambda": "rho", **lags}.get(row["term"], row["term"])
            assert row["estimate"] == pytest.approx(mine[key], rel=2e-5, abs=1e-7)
            assert row["std_error"] == pytest.approx(mine[f"se {key}"], rel=1e-5)
    own = theirs[theirs["model"] == "SAR FE individual (own)"].set_index("item")["value"]
    found = xl.spatial_panel(rows, formula, transformation="within", **asked)
    for row in found.parts["impacts"].to_dict("records"):
        assert row["estimate"] == pytest.approx(own[f"{row['effect']} {row['term']}"], rel=1e-6)
    tests = xl.spatial_tests(rows, formula, unit="state", period="year", weights=w).table.set_index("test")
    mine = theirs[theirs["model"] == "LM tests on within"].set_index("item")["value"]
    for test, key in {"lag": "lml", "error": "lme", "robust lag": "rlml", "robust error": "rlme"}.items():
        assert tests.loc[test, "statistic"] == pytest.approx(mine[key], rel=1e-9)


@pytest.mark.parametrize("ways", ["unit", "period", "two-way"])
def test_multiplier_tests_of_a_panel_are_those_of_spdep_on_demeaned_rows(cities, liaoning, ways):
    theirs = figures("expected_cities_panel")[f"tests {ways}"]
    found = xl.spatial_tests(
        cities, "exports ~ investment + wage", unit="city", period="year", weights=liaoning, effects=ways
    ).table.set_index("test")["statistic"]
    for test, key in {"lag": "lag", "error": "err"}.items():
        names = [k for k in theirs if k.lower().endswith(key)]
        plain, robust = min(names, key=len), max(names, key=len)
        assert found[test] == pytest.approx(theirs[plain], rel=1e-9)
        assert found[f"robust {test}"] == pytest.approx(theirs[robust], rel=1e-8)


# ---- the same, put another way --------------------------------------------------------------------------------------


def brute(cities, w, ways):
    """Lee and Yu's concentrated likelihood as their paper writes it: projections, no contrasts (SAR)."""
    order = {c: i for i, c in enumerate(w.labels)}
    d = cities.assign(i=cities["city"].map(order)).sort_values(["year", "i"])
    N, T = 14, d["year"].nunique()
    cube = d[["exports", "investment", "wage"]].to_numpy().reshape(T, N, 3)
    if ways != "period":
        cube = cube - cube.mean(0)
    if ways != "unit":
        cube = cube - cube.mean(1, keepdims=True)
    y, x = cube[..., 0], cube[..., 1:].reshape(-1, 2)
    wy = y @ w.w.T
    if ways != "unit":
        wy = wy - wy.mean(1, keepdims=True)
    t, one = (T if ways == "period" else T - 1), ways != "unit"
    n = t * (N - one)

    def fit(rho):
        z = (y - rho * wy).ravel()
        beta = np.linalg.lstsq(x, z, rcond=None)[0]
        return beta, float(((z - x @ beta) ** 2).sum())

    def loss(rho):
        det = np.linalg.slogdet(np.eye(N) - rho * w.w)[1] - one * np.log(1 - rho)
        return n / 2 * (np.log(2 * np.pi * fit(rho)[1] / n) + 1) - t * det

    best = minimize_scalar(loss, bounds=(-0.99, 0.99), method="bounded", options={"xatol": 1e-10})
    beta, sse = fit(best.x)
    return *beta, best.x, sse / n, -best.fun


@pytest.mark.parametrize("ways", ["unit", "period", "two-way"])
def test_contrasts_are_lee_and_yu_s_projections(cities, liaoning, ways):
    found = panel(cities, liaoning, effects=ways)
    beta, gamma, rho, sigma2, loglik = brute(cities, liaoning, ways)
    assert found.table["estimate"].tolist() == pytest.approx([beta, gamma, rho], rel=1e-6)
    assert (found.fit["sigma2"], found.fit["loglik"]) == pytest.approx((sigma2, loglik), rel=1e-7)


def test_with_unit_effects_contrasts_only_widen_the_errors(cities, liaoning):
    for model in ("sar", "sem", "sdm"):
        means, contrasts = (
            panel(cities, liaoning, model=model, transformation=t) for t in ("within", "lee-yu")
        )
        assert contrasts.coef().tolist() == pytest.approx(means.coef().tolist(), rel=1e-5)
        assert contrasts.se().tolist() == pytest.approx((means.se() * np.sqrt(6 / 5)).tolist(), rel=1e-5)
        assert contrasts.fit["sigma2"] == pytest.approx(means.fit["sigma2"] * 6 / 5, rel=1e-6)
        assert "N(T-1) contrasts of N=14, T=6" in contrasts.inference.small_sample
        assert "(T-1)/T" in means.inference.small_sample


def test_lags_of_regressors_alone_are_least_squares_with_dummies(cities, liaoning):
    found = panel(cities, liaoning, model="slx", effects="two-way")
    order = [list(liaoning.labels).index(c) for c in cities["city"]]
    x = cities[["investment", "wage"]].to_numpy()
    lags = np.vstack(
        [
            liaoning.w[order[k : k + 14]] @ x[k : k + 14][np.argsort(order[k : k + 14])]
            for k in range(0, 84, 14)
        ]
    )
    more = cities.assign(wi=lags[:, 0], ww=lags[:, 1])
    theirs = xl.panel.fixed_effects(
        more,
        "exports ~ investment + wage + wi + ww",
        unit="city",
        period="year",
        effects="two-way",
        vcov="classical",
    )
    assert found.coef().tolist() == pytest.approx(theirs.coef().tolist(), rel=1e-9)
    assert found.se().tolist() == pytest.approx(theirs.se().tolist(), rel=1e-9)
    assert found.inference.df == theirs.inference.df == 84 - 14 - 5 - 4


def test_two_stages_are_instruments_by_hand(columbus, gal):
    """SDM: the lags after those in the model stand for the outcome's lag."""
    found = xl.spatial_regression(columbus, FORMULA, unit="id", weights=gal, model="sdm", method="gmm")
    w = gal.aligned(list(columbus["id"]))
    y, own = columbus["crime"].to_numpy(), columbus[["income", "home_value"]].to_numpy()
    x = np.column_stack([np.ones(49), own, w @ own, w @ y])
    z = np.column_stack([x[:, :-1], w @ w @ own, w @ w @ w @ own])
    inside = z @ np.linalg.lstsq(z, x, rcond=None)[0]
    beta = np.linalg.solve(inside.T @ x, inside.T @ y)
    e = y - x @ beta
    errors = np.sqrt(np.diag(e @ e / (49 - 6) * np.linalg.inv(inside.T @ inside)))
    assert found.coef().tolist() == pytest.approx(beta.tolist(), rel=1e-7)
    assert found.se().tolist() == pytest.approx(errors.tolist(), rel=1e-7)
    assert found.inference.name == "two-stage least squares"
    assert found.inference.small_sample == "s2 = e'e/(n-k)"


def test_moments_of_contrasts_find_the_errors_parameter(cities, liaoning):
    """Panels by moments: about the likelihood's, whose errors they share in large samples."""
    for model in ("sar", "sem"):
        ml, gmm = (panel(cities, liaoning, model=model, method=m) for m in ("ml", "gmm"))
        assert gmm.coef().to_numpy() == pytest.approx(ml.coef().to_numpy(), abs=0.2)
    assert gmm.inference.name == "generalised moments"


def test_effects_of_three_units_by_hand():
    """A line of three: W = middle to ends. rho = 1/2: A = (I - W/2)^-1 worked out by hand."""
    w = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]])
    A = np.array([[7, 4, 1], [2, 8, 2], [1, 4, 7]]) / 6
    assert np.linalg.inv(np.eye(3) - w / 2) == pytest.approx(A)
    m = Multiplier.of(w).at(0.5)
    assert m == pytest.approx(np.array([[22 / 18, 8 / 18], [2, 2]]))
    assert effects(m, np.array([3.0]), np.array([0.9])).ravel() == pytest.approx(
        [11 / 3 + 0.4, 7.8 - 11 / 3 - 0.4, 7.8]
    )
    step = 1e-6
    slope = (Multiplier.of(w).at(0.5 + step) - Multiplier.of(w).at(0.5 - step)) / (2 * step)
    assert Multiplier.of(w).slope(0.5) == pytest.approx(slope, rel=1e-8)


def test_a_unit_without_neighbours_has_its_own_effect_alone():
    w = np.array([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]])
    m = Multiplier.of(w).at(0.5)  # A of the pair: 4/3 and 2/3; of the third: 1
    assert m == pytest.approx(np.array([[11 / 9, 4 / 9], [5 / 3, 4 / 3]]))


def test_the_gradient_of_effects_is_that_of_differences(gal):
    rng = np.random.default_rng(4)
    root = rng.normal(size=(5, 5)) / 10
    c = Coefficients(("a", "b"), np.array([1.0, -2.0]), np.array([0.5, 0.3]), 0.4, root @ root.T)
    inference = xl.panel.Inference("", "", np.inf, 0.9)
    found = impacts_by_delta(c, gal.w, inference)
    centre, m = np.array([1.0, -2.0, 0.5, 0.3, 0.4]), Multiplier.of(gal.w)

    def run(theta):
        return effects(m.at(theta[4]), theta[:2], theta[2:4]).T.ravel()

    gradient = np.array([(run(centre + s) - run(centre - s)) / 2e-6 for s in 1e-6 * np.eye(5)]).T
    errors = np.sqrt(np.diag(gradient @ c.covariance @ gradient.T))
    assert found["std_error"].tolist() == pytest.approx(errors.tolist(), rel=1e-6)
    assert found["estimate"].tolist() == pytest.approx(run(centre).tolist())
    assert found["term"].tolist() == ["a"] * 3 + ["b"] * 3
    assert found["effect"].tolist() == ["direct", "indirect", "total"] * 2
    half = (found["conf_high"] - found["conf_low"]) / 2
    assert (half / found["std_error"]).tolist() == pytest.approx([1.6448536] * 6)


def test_drawn_effects_count_what_they_leave_out(gal):
    c = Coefficients(("a",), np.array([1.0]), np.zeros(1), 0.9, np.diag([0.01, 0.0, 0.01]))
    made, left = impacts_by_draws(c, gal.w, 0.9, 1000, np.random.default_rng(2))
    assert 120 < left < 200  # rho is above one beyond one standard error
    assert made["p_value"].tolist() == pytest.approx([2 / (1001 - left)] * 3)
    wide = Coefficients(("a",), np.array([1.0]), np.zeros(1), 0.99, np.diag([0.01, 0.0, 9.0]))
    with pytest.raises(DataError, match=r"draws of rho lie outside \(-1, 1\)"):
        impacts_by_draws(wide, gal.w, 0.9, 1000, np.random.default_rng(2))


# ---- few units ------------------------------------------------------------------------------------------------------


def test_fourteen_cities_are_told_to_draw_orders(cities, liaoning):
    one = cities[cities["year"] == 2018]
    asked = {"unit": "city", "weights": liaoning}
    found = xl.spatial_regression(one, "exports ~ investment", **asked)
    assert found.notes[0].startswith("14 units are few")
    law = xl.spatial_tests(one, "exports ~ investment", **asked)
    assert law.cautions[0].startswith("14 units are few for chi-squared")
    drawn = xl.spatial_tests(one, "exports ~ investment", permutations=199, rng=3, **asked)
    assert not drawn.cautions[0].startswith("14")
    share = drawn.table["p_permutation"].to_numpy() * 200
    assert share == pytest.approx(share.round())


def test_orders_of_the_units_keep_their_size_where_nothing_depends():
    """Of 400 samples without dependence of ten units, a fifth is called significant at twenty percent."""
    rng = np.random.default_rng(11)
    w = np.diag(np.ones(9), 1) + np.diag(np.ones(9), -1)
    w /= w.sum(axis=1, keepdims=True)
    found = []
    for _ in range(400):
        rows = Rows(rng.normal(size=10), np.column_stack([np.ones(10), rng.normal(size=10)]), w)
        q = np.linalg.qr(rows.x)[0]
        e = rows.y - q @ (q.T @ rows.y)
        seen = multipliers(rows, q, (rows.y - e)[:, None], e[:, None])
        drawn = by_orders(rows, q, e, 99, rng)
        found.append((1 + (drawn >= seen).sum(axis=1)) / 100 <= 0.2)
    assert np.mean(found, axis=0)[:2] == pytest.approx(0.2, abs=0.06)  # lag, error: three standard errors


def test_orders_of_a_panel_move_whole_paths(cities, liaoning):
    """Errors that last a panel's length are no dependence over space."""
    rng = np.random.default_rng(5)
    last = dict(zip(liaoning.labels, rng.normal(size=14), strict=True))
    d = cities.assign(exports=cities["city"].map(last) + 0.01 * rng.normal(size=84))
    asked = {"unit": "city", "period": "year", "weights": liaoning, "effects": "period"}
    found = xl.spatial_tests(d, "exports ~ wage", permutations=199, rng=1, **asked)
    assert found.table.set_index("test").loc["error", "p_permutation"] > 0.1


def test_the_rule_reads_plain_tests_before_robust_ones():
    p = {"lag": 0.01, "error": 0.01, "robust lag": 0.3, "robust error": 0.2}
    assert rule(p, 0.05) == "sem"
    assert rule(p | {"robust lag": 0.1}, 0.05) == "sar"
    assert rule(p | {"lag": 0.06}, 0.05) == "sem"
    assert rule(p | {"error": 0.06}, 0.05) == "sar"
    assert rule(p | {"error": 0.06, "lag": 0.06}, 0.05) == "ols"
    assert rule(p | {"error": 0.06, "lag": 0.05}, 0.05) == "sar"


# ---- what is said and refused ---------------------------------------------------------------------------------------


def test_what_an_estimate_says(cities, liaoning):
    found = panel(cities, liaoning, model="sdm", effects="two-way")
    text = found.summary()
    assert "Spatial Durbin model (SDM): effect on exports" in text
    assert "neighbours by borders, the same city and year" in text
    assert "A coefficient is no effect here" in text
    assert found.sample.units == 14
    assert found.sample.periods == 6
    assert found.table["term"].tolist() == ["investment", "wage", "W investment", "W wage", "rho"]
    error = panel(cities, liaoning, model="sem")
    with pytest.raises(UnknownName, match="An error model has no effects on neighbours"):
        error.parts["impacts"]


def test_the_extra_is_named_where_it_is_absent(columbus, gal, monkeypatch):
    monkeypatch.setitem(sys.modules, "spreg", None)
    for model in ("sar", "sem"):
        with pytest.raises(
            MissingDependency, match=r"method='gmm' needs spreg: pip install 'exportlab\[space\]'"
        ):
            xl.spatial_regression(columbus, FORMULA, unit="id", weights=gal, model=model, method="gmm")
    assert len(xl.spatial_regression(columbus, FORMULA, unit="id", weights=gal).table) == 4


def test_refusals(columbus, gal, cities, liaoning):
    asked = {"unit": "id", "weights": gal}
    binary = xl.spatial_weights("liaoning", style="binary")
    with pytest.raises(OptionError, match=r"Weights of style 'binary' are not allowed"):
        xl.spatial_regression(cities, "exports ~ wage", unit="city", weights=binary)
    with pytest.raises(OptionError, match="model='slx' is least squares"):
        xl.spatial_regression(columbus, FORMULA, model="slx", method="gmm", **asked)
    with pytest.raises(OptionError, match="Drawn errors need rng="):
        xl.spatial_regression(columbus, FORMULA, errors="simulated", **asked)
    with pytest.raises(OptionError, match="Random orders need rng="):
        xl.spatial_tests(columbus, FORMULA, permutations=9, **asked)
    with pytest.raises(DataError, match=r"The same id twice in 1 row\. First: 7"):
        xl.spatial_regression(pd.concat([columbus, columbus[columbus["id"] == 7]]), FORMULA, **asked)
    with pytest.raises(DataError, match="1 of 49 units of the weights are not in the table"):
        xl.spatial_regression(columbus[columbus["id"] != 7], FORMULA, **asked)
    with pytest.raises(DataError, match="Missing values in 'income'"):
        xl.spatial_regression(
            columbus.assign(income=columbus["income"].where(columbus["id"] > 3)), FORMULA, **asked
        )
    with pytest.raises(DataError, match="is a linear combination of"):
        xl.spatial_regression(columbus.assign(twice=2 * columbus["income"]), FORMULA + " + twice", **asked)
    exact = columbus.assign(crime=1 + 2 * columbus["income"])
    for run in (xl.spatial_regression, xl.spatial_tests):
        with pytest.raises(DataError, match="fit every row exactly"):
            run(exact, FORMULA, **asked)
    for name, value in {"model": "slx", "method": "gmm"}.items():
        with pytest.raises(OptionError, match=f"{name}='{value}' counts.*take transformation='lee-yu'"):
            panel(cities, liaoning, transformation="within", **{name: value})


def test_gaps_and_effects_that_a_panel_cannot_have(cities, liaoning):
    gone = (cities["city"] == "Shenyang") & cities["year"].isin([2016, 2019])
    with pytest.raises(
        DataError, match=r"2 of 14 units times 6 periods have no row\. First: city Shenyang, year 2016"
    ):
        panel(cities[~gone], liaoning)
    with pytest.raises(DataError, match="has no variation left within the effects"):
        panel(cities.assign(wage=cities["year"] * 1.0), liaoning, effects="period")
    pairs = pd.DataFrame({"a": ["x", "y", "z"], "b": ["y", "x", "x"]})
    one = xl.spatial_weights(pairs[:2], kind="links", unit="a", neighbour="b")
    with pytest.raises(UnknownName, match="unit of the weights"):
        panel(cities, one)
    lonely = xl.space.SpatialWeights(
        liaoning.labels, liaoning.w * (np.arange(14) > 0)[:, None], "row", "links"
    )
    with pytest.raises(OptionError, match="need neighbours for every unit"):
        panel(cities, lonely, effects="two-way")
    assert len(panel(cities, lonely, effects="two-way", transformation="within").table) == 3


def test_a_lag_at_the_end_of_its_range_is_refused(liaoning):
    """A level that no constant takes: the outcome is its neighbours' mean."""
    d = places("liaoning").assign(x=np.cos(np.arange(14.0)), y=5 + 1e-7 * np.sin(np.arange(14) * 7.0))
    with pytest.raises(DataError, match=r"rho is 1, at or beyond the end of its range \(-1, 1\)"):
        xl.spatial_regression(d, "y ~ 0 + x", unit="name", weights=liaoning)


def test_a_level_alone_has_no_effects(columbus, gal):
    found = xl.spatial_regression(columbus, "crime ~ 1", unit="id", weights=gal)
    assert found.table["term"].tolist() == ["Intercept", "rho"]
    with pytest.raises(UnknownName, match="There is no regressor"):
        found.parts["impacts"]
    error = xl.spatial_regression(columbus, "crime ~ 1", unit="id", weights=gal, model="sem")
    # of a level alone both models are one: y - mean = rho W (y - mean) + e, where rows of W add to one
    assert error.table["estimate"].iloc[1] == pytest.approx(found.table["estimate"].iloc[1], rel=1e-6)
    assert error.fit["loglik"] == pytest.approx(found.fit["loglik"], rel=1e-9)
    for model in ("sdm", "sdem", "slx"):
        with pytest.raises(OptionError, match="There is no regressor to take a lag of"):
            xl.spatial_regression(columbus, "crime ~ 1", unit="id", weights=gal, model=model)


def test_two_stages_without_instruments_are_refused(liaoning):
    d = places("liaoning").assign(y=np.arange(14.0) ** 2)
    with pytest.raises(DataError, match="No lag of a regressor is left"):
        xl.spatial_regression(d, "y ~ 1", unit="name", weights=liaoning, method="gmm")


def test_weights_that_are_far_from_symmetric():
    """A star, where each power of W moves all to the centre and back: PySAL's series for the lag stops there."""
    pairs = pd.DataFrame([p for i in range(1, 12) for p in ((0, i), (i, 0))], columns=["i", "j"])
    w = xl.spatial_weights(pairs, kind="links", unit="i", neighbour="j")
    rng = np.random.default_rng(1)
    d = pd.DataFrame({"i": range(12), "x": rng.normal(size=12)})
    A = np.linalg.inv(np.eye(12) - 0.6 * w.w)
    d["y"] = A @ (d["x"] + rng.normal(size=12))
    found = xl.spatial_regression(d, "y ~ x", unit="i", weights=w)
    X, y = np.column_stack([np.ones(12), d["x"]]), d["y"].to_numpy()

    def loglik(theta):
        b, rho, s2 = theta[:2], theta[2], theta[3]
        e = y - rho * w.w @ y - X @ b
        return np.linalg.slogdet(np.eye(12) - rho * w.w)[1] - 6 * np.log(2 * np.pi * s2) - e @ e / (2 * s2)

    best = np.array([*found.coef(), found.fit["sigma2"]])
    assert loglik(best) == pytest.approx(found.fit["loglik"], rel=1e-12)
    for step in 1e-4 * np.eye(4):
        assert loglik(best) >= max(loglik(best + step), loglik(best - step))
    # the information is the expectation of minus the second derivatives: of beta they do not depend on the errors
    second = np.array(
        [[loglik(best + a + b) - loglik(best + a - b) - loglik(best - a + b) + loglik(best - a - b)
          for b in 1e-3 * np.eye(4)[:2]] for a in 1e-3 * np.eye(4)[:2]]
    ) / 4e-6  # fmt: skip
    assert -second == pytest.approx(X.T @ X / found.fit["sigma2"], rel=1e-5)


@pytest.mark.parametrize("model", ["sar", "sem", "sdm", "sdem"])
def test_the_truth_is_found_in_a_large_sample(model):
    rng = np.random.default_rng(6)
    n = 400
    pairs = pd.DataFrame([(i, (i + s) % n) for i in range(n) for s in (-2, -1, 1, 2)], columns=["i", "j"])
    w = xl.spatial_weights(pairs, kind="links", unit="i", neighbour="j")
    x, W = rng.normal(size=n), w.aligned(list(range(n)))
    gamma = 0.7 if model in ("sdm", "sdem") else 0.0
    A = np.linalg.inv(np.eye(n) - 0.5 * W)
    mean, e = 1 + 2 * x + gamma * (W @ x), rng.normal(size=n)
    y = A @ (mean + e) if model in ("sar", "sdm") else mean + A @ e
    found = xl.spatial_regression(
        pd.DataFrame({"i": range(n), "x": x, "y": y}), "y ~ x", unit="i", weights=w, model=model
    )
    truth = [1, 2, *([gamma] if gamma else []), 0.5]
    assert (np.abs(found.coef() - truth) / found.se()).max() < 3.5
    assert found.se().max() < 0.2
