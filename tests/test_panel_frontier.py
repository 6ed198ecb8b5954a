"""Stochastic frontiers: FRONTIER 4.1's numbers, the density by hand, limits, zeros, laws, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel import frontier, frontier_gravity, gravity, inefficiency_test, potentials
from exportlab.panel.algebra import frontier as algebra

OURS = {
    "(Intercept)": "Intercept",
    "sigmaSq": "sigma2",
    "time": "eta",
    "Z_(Intercept)": "inefficiency: Intercept",
    "Z_z": "inefficiency: z",
}
MODELS = [f"{m} {d}-normal" for m in ("cross-section", "invariant", "decay") for d in ("half", "truncated")]
PANEL = {"unit": "unit", "period": "year"}


@pytest.fixture(scope="module")
def made(request):
    return pd.read_csv(request.getfixturevalue("reference") / "panel_frontier.csv")


@pytest.fixture(scope="module")
def figures(request):
    rows = pd.read_csv(request.getfixturevalue("reference") / "panel_frontier_figures.csv")
    return {name: g.set_index("term")["value"] for name, g in rows.groupby("model")}


def estimate(made, name):
    model, _, distribution = name.rpartition(" ")
    explained = {"effects": "z", "effects without constant": "0 + z"}.get(model)
    model = model.split()[0]
    outcome = "w" if model in ("cross-section", "effects") else "y"
    return frontier(
        made, f"{outcome} ~ x1 + x2", model=model, distribution=distribution, inefficiency=explained, **PANEL
    )


# ---- numbers of other programs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [*MODELS, "effects truncated-normal", "effects without constant truncated-normal"]
)
def test_frontier_4_1_finds_the_same(made, figures, name):
    there, here = figures[name], estimate(made, name)
    share, rest = here.efficiencies["efficiency"], here.coef()
    ours = rest.to_dict() | {
        "log_likelihood": here.fit["log_likelihood"],
        "regression": here.fit["log_likelihood"] - here.test["statistic"] / 2,
        "efficiency_first": share.iloc[0],
        "efficiency_last": share.iloc[-1],
        "efficiency_mean": share.mean(),
    }
    assert {OURS.get(t, t) for t in there.index} == set(ours)
    for term, value in there.items():
        # its search stops at a millionth, and its pi has seven digits
        assert ours[OURS.get(term, term)] == pytest.approx(value, abs=4e-5, rel=1e-5), term


def test_the_published_example_of_frontier_4_1(shared):
    data = pd.read_csv(shared / "reference" / "frontier" / "front41.csv")
    here = frontier(data, "log(output) ~ log(capital) + log(labour)", unit="firm")
    published = [0.56161963, 0.28110205, 0.53647981, 0.21700046, 0.79720730]
    assert here.coef().to_numpy() == pytest.approx(published, abs=5e-6)
    assert here.fit["log_likelihood"] == pytest.approx(-17.027229, abs=5e-6)
    assert here.test["statistic"] == pytest.approx(2.8392402, abs=2e-5)
    assert here.test["restrictions"] == 1
    first = [0.65068880, 0.82889151, 0.72642592, 0.74785113, 0.69133584, 0.77654637, 0.56516787, 0.73768185]
    assert here.efficiencies["efficiency"].to_numpy()[:8] == pytest.approx(first, abs=1e-6)
    # printed errors are those of its search; R's frontier prints .2303541 for the constant of the truncated one
    printed = [0.20261668, 0.047643365, 0.045251553, 0.063909106, 0.13642399]
    assert here.se().to_numpy() == pytest.approx(printed, rel=0.02)


def test_critical_values_are_those_of_kodde_and_palm():
    table = {
        1: (1.642, 2.706, 5.412),
        2: (3.808, 5.138, 8.273),
        3: (5.528, 7.045, 10.501),
        4: (7.094, 8.761, 12.483),
    }
    for q, (ten, five, one) in table.items():
        test = inefficiency_test(-10.0, -12.0, restrictions=q)
        assert test[["critical_10", "critical_5", "critical_1"]].to_list() == pytest.approx(
            [ten, five, one], abs=2e-3
        )
        assert test["statistic"] == 4.0
        lower = 0.0 if q == 1 else stats.chi2.sf(4, q - 1)
        assert test["p_value"] == pytest.approx((lower + stats.chi2.sf(4, q)) / 2)
    assert inefficiency_test(-12.0, -10.0, restrictions=1)["p_value"] == 1.0
    assert inefficiency_test(-12.0, -10.0, restrictions=1)["statistic"] == 0.0


# ---- the likelihood by hand ----------------------------------------------------------------------------


def density(e, h, m, a, b):
    """Density of the residuals of one group: inefficiency integrated out number by number."""

    def at(u):
        own = stats.norm.pdf(u, m, np.sqrt(b)) / stats.norm.sf(0, m, np.sqrt(b))
        return own * np.prod(stats.norm.pdf(e + h * u, 0, np.sqrt(a)))

    return integrate.quad(at, 0, 12, epsabs=1e-14, limit=200)[0]


def problem(lag=True):
    rng = np.random.default_rng(4)
    group = np.array([0, 0, 0, 1, 1, 2])
    X, Z = np.column_stack([np.ones(6), rng.normal(size=6)]), np.column_stack([np.ones(3), [0.3, -0.2, 1.1]])
    steps = np.array([-2.0, -1, 0, -1, 0, 0])
    return algebra.Frontier(
        X @ [1.0, 0.5] + 0.4 * rng.normal(size=6) - 0.5, X, group, Z, steps if lag else None
    )


THETA = np.array([0.9, 0.4, 0.2, 0.3, 0.15, 0.5, 0.6])


def test_likelihood_is_the_integral_of_the_density():
    f = problem()
    e, h = f.y - f.X @ THETA[:2], np.exp(-0.15 * f.lag)
    a, b = 0.4 * 0.5, 0.6 * 0.5
    groups = [f.group == g for g in range(3)]
    by_hand = sum(np.log(density(e[g], h[g], m, a, b)) for g, m in zip(groups, f.Z @ THETA[2:4], strict=True))
    assert algebra.log_likelihood(f, THETA)[0] == pytest.approx(by_hand, rel=1e-10)


@pytest.mark.parametrize("lag", [True, False])
def test_gradient_is_that_of_differences(lag):
    f, theta = problem(lag), THETA if lag else np.delete(THETA, 4)
    steps = 1e-6 * np.eye(len(theta))
    apart = [
        (algebra.log_likelihood(f, theta + s)[0] - algebra.log_likelihood(f, theta - s)[0]) / 2e-6
        for s in steps
    ]
    assert algebra.log_likelihood(f, theta)[1] == pytest.approx(apart, abs=1e-7)


def test_curvature_is_that_of_differences():
    f, s = problem(), np.array([0.9, 0.4, 0.2, 0.3, 0.15, -0.5, 0.4])
    step = 1e-5 * np.eye(len(s))
    apart = [(algebra._free(f, s + d)[1] - algebra._free(f, s - d)[1]) / 2e-5 for d in step]
    assert algebra._curvature(f, s) == pytest.approx(np.array(apart), abs=1e-6)


def test_efficiency_is_the_mean_given_the_residuals():
    f = problem()
    e, h = f.y - f.X @ THETA[:2], np.exp(-0.15 * f.lag)
    a, b, m = 0.2, 0.3, f.Z @ THETA[2:4]
    made = algebra.efficiency(f, THETA)
    for row in range(6):
        g = f.group == f.group[row]
        own = m[f.group[row]]

        def weight(u, g=g, own=own):
            return stats.norm.pdf(u, own, np.sqrt(b)) * np.prod(
                stats.norm.pdf(e[g] + h[g] * u, 0, np.sqrt(a))
            )

        mean = integrate.quad(lambda u, w=weight, r=row: np.exp(-h[r] * u) * w(u), 0, 12, epsabs=1e-14)[0]
        assert made[row] == pytest.approx(mean / integrate.quad(weight, 0, 12, epsabs=1e-14)[0], rel=1e-8)


def test_far_tails_are_finite():
    z = np.array([-1e4, -60.0, -1e-9, 1e-9, 60.0])
    made = algebra._g(z)
    assert made[0] == pytest.approx(-np.log(1e4) - 0.5 * np.log(2 * np.pi), rel=1e-6)
    assert made[2] == pytest.approx(made[3], abs=1e-8) == pytest.approx(np.log(0.5), abs=1e-8)
    assert made[4] == pytest.approx(1800.0)
    assert algebra._mills(z)[0] == pytest.approx(1e4, rel=1e-6)


# ---- laws ----------------------------------------------------------------------------------------------


def test_cost_is_production_mirrored(made, figures):
    cost = frontier(made.assign(c=-made["w"]), "c ~ x1 + x2", kind="cost")
    own = frontier(made, "w ~ x1 + x2")
    assert cost.coef()[:3].to_numpy() == pytest.approx(-own.coef()[:3].to_numpy(), abs=1e-8)
    assert cost.coef()[3:].to_numpy() == pytest.approx(own.coef()[3:].to_numpy(), abs=1e-8)
    assert cost.efficiencies["efficiency"].to_numpy() == pytest.approx(
        own.efficiencies["efficiency"].to_numpy()
    )
    assert "cost frontier, half-normal" in cost.method


@pytest.mark.parametrize("name", ["decay truncated-normal", "effects truncated-normal"])
def test_units_of_measurement_and_order_mean_nothing(made, name):
    one = estimate(made, name)
    moved = made.assign(x1=1e6 * made["x1"] + 3e6, z=1e-4 * made["z"]).sample(frac=1, random_state=1)
    other = estimate(moved, name)
    assert other.coef()["x1"] * 1e6 == pytest.approx(one.coef()["x1"], rel=1e-5)
    assert other.se()["x2"] == pytest.approx(one.se()["x2"], rel=1e-4)
    assert other.fit["log_likelihood"] == pytest.approx(one.fit["log_likelihood"], abs=1e-7)
    both = one.efficiencies.merge(other.efficiencies, on=["unit", "year"])
    assert both["efficiency_x"].to_numpy() == pytest.approx(both["efficiency_y"].to_numpy(), abs=1e-6)


def test_decay_counts_the_years_between(made):
    every = frontier(made, "y ~ x1 + x2", model="decay", **PANEL)
    wide = frontier(made.assign(year=2 * made["year"] - 2011), "y ~ x1 + x2", model="decay", **PANEL)
    assert wide.coef()["eta"] == pytest.approx(every.coef()["eta"] / 2, rel=1e-6)
    assert wide.sample.periods == 6
    assert wide.sample.units == 30


def test_errors_are_those_of_the_information(made):
    rng = np.random.default_rng(1)
    n, truth = 300, []
    x = rng.normal(size=n)
    for _ in range(25):
        y = 1 + 0.5 * x + 0.3 * rng.normal(size=n) - np.abs(0.6 * rng.normal(size=n))
        here = frontier(pd.DataFrame({"y": y, "x": x}), "y ~ x")
        truth.append([here.coef()["x"], here.se()["x"], here.coef()["sigma2"], here.se()["sigma2"]])
    b, sb, s, ss = np.array(truth).T
    assert b.mean() == pytest.approx(0.5, abs=0.02)
    assert b.std() == pytest.approx(sb.mean(), rel=0.4)
    assert s.mean() == pytest.approx(0.45, abs=0.05)
    assert s.std() == pytest.approx(ss.mean(), rel=0.4)


def test_what_the_result_says(made):
    here = estimate(made, "cross-section half-normal")
    assert here.table["p_value"].isna().to_list() == [False, False, False, True, True]
    assert "Likelihood ratio against no inefficiency" in here.notes[-1]
    assert "under 1 restriction(s)" in here.notes[-1]
    assert "gamma" in here.to_latex()
    assert "sigma2" in here._repr_html_()
    assert list(here.efficiencies.columns) == ["unit", "year", "efficiency"]
    assert here.efficiencies["efficiency"].between(0, 1).all()
    assert estimate(made, "effects truncated-normal").test["restrictions"] == 3
    assert estimate(made, "decay truncated-normal").test["restrictions"] == 3


# ---- limits --------------------------------------------------------------------------------------------


def test_wrong_skewness_is_refused_by_name(made):
    wrong = made.assign(w=-made["w"])
    with pytest.raises(
        DataError, match=r"Wrong skewness: .* not skewed to the left \(0\.\d+\).*Waldman 1982"
    ):
        frontier(wrong, "w ~ x1 + x2")
    with pytest.raises(DataError, match=r"Wrong skewness: .* not skewed to the right \(-0\.\d+\)"):
        frontier(made, "w ~ x1 + x2", kind="cost", distribution="truncated-normal")


def test_no_inefficiency_is_said(made):
    rng = np.random.default_rng(7)
    flat = made.assign(y=1 + 0.5 * made["x1"] + rng.normal(size=len(made)))
    flat["y"] -= flat.groupby("unit")["y"].transform("mean")
    here = frontier(flat, "y ~ x1", model="invariant", **PANEL)
    assert here.coef()["gamma"] < 1e-5
    assert here.notes[0].startswith("gamma is at its limit of zero")
    assert "No standard error for gamma: the likelihood is flat there, or at a limit." in here.notes
    assert here.test["p_value"] > 0.4
    assert here.efficiencies["efficiency"].min() > 0.99
    assert np.isfinite(here.se()["x1"])


def test_no_noise_is_said():
    rng = np.random.default_rng(2)
    x = rng.normal(size=25)
    here = frontier(pd.DataFrame({"y": x - np.abs(rng.normal(size=25)), "x": x}), "y ~ x")
    assert here.coef()["gamma"] > 1 - 1e-5
    assert here.se().isna().to_list() == [False, False, False, True]
    assert here.notes[0].startswith("gamma is at its limit of one")


def test_an_exponential_tail_is_said(made):
    rng = np.random.default_rng(3)
    x = rng.normal(size=400)
    y = 1 + x + 0.2 * rng.normal(size=400) - rng.gamma(0.6, 1.0, size=400)
    here = frontier(pd.DataFrame({"y": y, "x": x}), "y ~ x", distribution="truncated-normal")
    assert any("mu runs to minus infinity" in note for note in here.notes)
    assert here.se()[["mu", "sigma2", "gamma"]].isna().all()
    assert here.coef()[["mu", "sigma2", "gamma"]].isna().all()
    assert np.isfinite(here.se()[["Intercept", "x"]]).all()


# ---- gravity -------------------------------------------------------------------------------------------


def flows(seed=5):
    rng = np.random.default_rng(seed)
    names = [f"c{i}" for i in range(12)]
    d = pd.MultiIndex.from_product(
        [names, names, [2019, 2020]], names=["exporter", "importer", "year"]
    ).to_frame(index=False)
    d = d[d["exporter"] != d["importer"]].reset_index(drop=True)
    size = dict(zip(names, rng.normal(size=12), strict=True))
    d["mass"] = np.exp(d["exporter"].map(size) + d["importer"].map(size))
    d["distance"] = np.exp(rng.normal(7, 0.5, len(d)))
    u = np.abs(rng.normal(0, 0.9, len(d)))
    d["value"] = np.exp(10 + np.log(d["mass"]) - np.log(d["distance"]) + 0.3 * rng.normal(size=len(d)) - u)
    return d.assign(u=u)


ROLES = {"exporter": "exporter", "importer": "importer", "period": "year"}
EQUATION = "value ~ log(mass) + log(distance)"


def test_frontier_gravity_is_the_frontier_of_logs():
    d = flows()
    here = frontier_gravity(d, EQUATION, **ROLES)
    plain = frontier(d, "log(value) ~ log(mass) + log(distance)")
    assert here.coef().to_numpy() == pytest.approx(plain.coef().to_numpy(), abs=1e-9)
    told = here.efficiencies
    assert list(told.columns) == [
        "exporter",
        "importer",
        "year",
        "efficiency",
        "observed",
        "potential",
        "unrealised",
    ]
    assert told["observed"].to_numpy() == pytest.approx(d["value"].to_numpy())
    assert (told["observed"] / told["potential"]).to_numpy() == pytest.approx(told["efficiency"].to_numpy())
    assert (told["unrealised"] > 0).all()
    assert np.corrcoef(told["efficiency"], np.exp(-d["u"]))[0, 1] > 0.8
    assert here.method.startswith("Gravity, stochastic production frontier")
    assert here.table["estimate"][2] == pytest.approx(-1, abs=0.1)
    decays = frontier_gravity(d, EQUATION, model="decay", **ROLES)
    assert decays.sample.units == 132
    assert "eta" in decays.coef()


def test_zeros_are_counted_and_treated_as_is_said():
    d = flows()
    d.loc[[3, 8, 11], "value"] = 0.0
    with pytest.raises(
        DataError, match=r"zero, which has no logarithm in 3 rows\. First: row 3\. .*zeros='drop'"
    ):
        frontier_gravity(d, EQUATION, **ROLES)
    dropped = frontier_gravity(d, EQUATION, zeros="drop", **ROLES)
    assert dropped.sample.lost == (("zero flow, which has no logarithm", 3),)
    assert len(dropped.efficiencies) == len(d) - 3
    least = d.loc[d["value"] > 0, "value"].min()
    small = frontier_gravity(d, EQUATION, zeros="smallest", **ROLES)
    assert small.notes[0].startswith(
        f"3 of 264 flows are zero and stand at the smallest positive one, {least:g}"
    )
    assert small.efficiencies["observed"].to_numpy()[3] == pytest.approx(least)
    filled = frontier_gravity(d.assign(value=d["value"].replace(0, least)), EQUATION, **ROLES)
    assert small.coef().to_numpy() == pytest.approx(filled.coef().to_numpy(), abs=1e-10)
    with pytest.raises(DataError, match="zero in every row"):
        frontier_gravity(d.assign(value=0.0), EQUATION, zeros="drop", **ROLES)
    with pytest.raises(DataError, match=r"outcome value is negative in 1 row\. First: row 4, value = -2"):
        frontier_gravity(
            d.assign(value=d["value"].where(d.index != 4, -2.0)), EQUATION, zeros="drop", **ROLES
        )
    with pytest.raises(OptionError, match="Allowed: 'refuse', 'drop', 'smallest'"):
        frontier_gravity(d, EQUATION, zeros="one", **ROLES)


def test_both_potentials_side_by_side():
    d = flows()
    d.loc[5, "value"] = 0.0
    best = frontier_gravity(d, EQUATION, zeros="drop", **ROLES)
    mean = gravity(d, EQUATION, effects=["exporter", "period"], **ROLES)
    made = potentials(best, mean)
    assert len(made) == len(d)
    assert made["efficiency"].isna().sum() == 1
    assert made.loc[made["efficiency"].isna(), "observed"].to_list() == [0.0]
    row = made.set_index(["exporter", "importer", "year"]).loc[("c0", "c1", 2019)]
    fitted = mean.predictions().set_index(["exporter", "importer", "year"]).loc[("c0", "c1", 2019)]
    assert row["ratio"] == pytest.approx(fitted["observed"] / fitted["fitted"])
    assert made["efficiency"].max() < 1 < made["ratio"].max()
    assert made.sort_values("ratio")["ratio_rank"].to_list() == list(range(1, len(d) + 1))
    assert made["efficiency_rank"].max() == len(d) - 1
    with pytest.raises(OptionError, match="needs an estimate of frontier_gravity"):
        potentials(frontier(d.query("value > 0"), "log(value) ~ log(mass)"), mean)
    other = gravity(d.rename(columns={"importer": "market"}), EQUATION, exporter="exporter", importer="market",
                    period="year", effects=["exporter"])  # fmt: skip
    with pytest.raises(OptionError, match="name their flows by other columns"):
        potentials(best, other)


def test_domestic_flows_must_be_settled():
    d = flows()
    home = pd.concat([d, d.iloc[:2].assign(importer="c0", year=[2019, 2020])], ignore_index=True)
    with pytest.raises(OptionError, match="2 rows are domestic flows"):
        frontier_gravity(home, EQUATION, **ROLES)
    assert frontier_gravity(home, EQUATION, domestic="drop", **ROLES).sample.used == len(d)
    with pytest.raises(OptionError, match="Allowed: 'keep', 'drop'"):
        frontier_gravity(home, EQUATION, domestic="border", **ROLES)


# ---- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"model": "panel"}, OptionError, "Allowed: 'cross-section', 'invariant', 'decay', 'effects'"),
        ({"distribution": "gamma"}, OptionError, "Allowed: 'half-normal', 'truncated-normal'"),
        ({"kind": "profit"}, OptionError, "Allowed: 'production', 'cost'"),
        ({"model": "effects"}, OptionError, "belong together: say what explains inefficiency"),
        ({"inefficiency": "z"}, OptionError, "belong together"),
        (
            {"model": "effects", "inefficiency": "z", "distribution": "half-normal"},
            OptionError,
            "whose mean is expl",
        ),
        ({"model": "invariant"}, OptionError, "model='invariant' needs unit="),
        ({"model": "decay", "unit": "unit"}, OptionError, "model='decay' needs period="),
        ({"model": "effects", "inefficiency": "zz"}, UnknownName, "no column named 'zz'"),
        (
            {"model": "decay", "unit": "unit", "period": "same"},
            DataError,
            r"The same unit and same twice in \d+ rows",
        ),
        ({"model": "effects", "inefficiency": "z + I(2 * z)"}, DataError, "linear combination"),
    ],
)
def test_refusals(made, options, error, text):
    with pytest.raises(error, match=text):
        frontier(made.assign(same=2011), "w ~ x1 + x2", **options)
