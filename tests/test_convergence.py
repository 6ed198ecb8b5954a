"""Convergence: sigma, beta, clubs, spatial Markov chains, densities: other programs' figures, by hand, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

import exportlab as xl
from exportlab.convergence import (
    beta_convergence,
    club_convergence,
    log_t,
    relative_density,
    sigma_convergence,
    spatial_markov,
)
from exportlab.convergence.clubs import long_run_variance
from exportlab.convergence.density import _peaks, silverman
from exportlab.errors import DataError, DuplicateCells, OptionError, UnknownName
from exportlab.words import speaking

HERE = Path(__file__).parent / "reference" / "clusters"
TIGHT = {"rel": 1e-9, "abs": 1e-12}
ROLES = {"value": "value", "unit": "unit", "period": "period"}
PLACES = {"value": "value", "unit": "province", "period": "year"}


@pytest.fixture(scope="module")
def panel():
    return pd.read_csv(HERE / "panel.csv")


@pytest.fixture(scope="module")
def provinces():
    wide = pd.read_csv(HERE / "provinces.csv")
    return wide.melt("province", var_name="year", value_name="value").assign(
        year=lambda t: t["year"].astype(int)
    )


@pytest.fixture(scope="module")
def weights():
    return xl.spatial_weights("provinces")


def expected(program, what):
    rows = pd.read_csv(HERE / "expected.csv", dtype={"key": str})
    rows = rows[rows["program"].str.startswith(program) & (rows["what"] == what)]
    assert len(rows)
    return dict(zip(rows["key"], rows["value"].astype(float), strict=True))


def wide(panel):
    return panel.pivot(index="unit", columns="period", values="value").to_numpy()


# ---- sigma


def test_dispersion_and_its_test_are_those_of_r(panel):
    found = sigma_convergence(panel, **ROLES)
    want = expected("R 4.2.2", "sigma")
    table = found.table.set_index("period")
    assert table.loc[2000, "sd_log"] == pytest.approx(want["sd_log 2000"], **TIGHT)
    assert table.loc[2023, "sd_log"] == pytest.approx(want["sd_log 2023"], **TIGHT)
    assert table.loc[2000, "cv"] == pytest.approx(want["cv 2000"], **TIGHT)
    assert found.statistic == pytest.approx(want["pitman t"], rel=1e-8)
    assert found.p_value == pytest.approx(want["pitman p"], rel=1e-7)
    assert found.ratio == pytest.approx(want["sd_log 2023"] / want["sd_log 2000"], **TIGHT)
    assert table["n"].unique().tolist() == [14]
    assert table["mean"].to_numpy() == pytest.approx(wide(panel).mean(axis=0))


def test_sigma_by_hand_and_where_nothing_moves():
    rows = [(u, t, np.exp(v)) for t, s in ((1, 1.0), (2, 0.5)) for u, v in (("a", -s), ("b", 0.0), ("c", s))]
    found = sigma_convergence(pd.DataFrame(rows, columns=["unit", "period", "value"]), **ROLES)
    assert found.table["sd_log"].tolist() == pytest.approx([np.sqrt(2 / 3), np.sqrt(2 / 3) / 2])
    assert found.ratio == pytest.approx(0.5)
    assert found.statistic < -1e5
    still = pd.DataFrame(rows[:3] + [(u, 2, v) for u, _, v in rows[:3]], columns=["unit", "period", "value"])
    same = sigma_convergence(still, **ROLES)
    assert np.isnan([same.statistic, same.p_value]).all()
    assert same.ratio == pytest.approx(1)
    alike = pd.DataFrame([(u, 1, 2.0) for u in "abc"] + rows[:3], columns=["unit", "period", "value"])
    begun = sigma_convergence(alike.assign(period=[1, 1, 1, 2, 2, 2]), **ROLES)
    assert np.isnan(begun.ratio)  # from no spread at all, no multiple


def test_a_test_that_carree_and_klomp_approximate(panel):
    """T2 = -(N - 2.5) ln(1 - r2), and r2 = t2 / (t2 + N - 2)."""
    first, last = np.log(wide(panel))[:, [0, -1]].T
    t = sigma_convergence(panel, **ROLES).statistic
    a, b, c = first.var(), last.var(), np.cov(first, last, ddof=0)[0, 1]
    t2 = (14 - 2.5) * np.log(1 + (a - b) ** 2 / (a * b - c**2) / 4)
    assert -(14 - 2.5) * np.log(1 - t**2 / (t**2 + 12)) == pytest.approx(t2)


# ---- beta


def test_least_squares_is_that_of_r(panel):
    plain = beta_convergence(panel, **ROLES).table.iloc[0]
    want = expected("R sandwich", "beta absolute")
    assert plain["estimate"] == pytest.approx(want["estimate"], **TIGHT)
    assert plain["std_error"] == pytest.approx(want["std_error"], **TIGHT)
    more = beta_convergence(panel, **ROLES, controls=["control"]).table.set_index("term")
    for what, column in (("beta conditional", "estimate"), ("beta conditional se", "std_error")):
        for term, value in expected("R sandwich", what).items():
            assert more.loc[term, column] == pytest.approx(value, **TIGHT)
    width = more["conf_high"] - more["estimate"]
    from scipy.stats import t

    assert width.to_numpy() == pytest.approx((t.ppf(0.975, 11) * more["std_error"]).to_numpy())


def test_the_speed_is_that_of_nonlinear_least_squares(panel):
    found = beta_convergence(panel, **ROLES)
    speed = expected("R 4.2.2", "beta absolute")["speed"]
    assert found.speed["estimate"][0] == pytest.approx(speed, rel=1e-6)
    assert found.half_life["estimate"][0] == pytest.approx(np.log(2) / speed, rel=1e-6)
    assert "absolute" in found.title
    reat = 0.00177450702374994  # -ln(1 + b) / T, what betaconv.ols prints as Lambda
    assert -np.log(1 + found.table["estimate"][0]) / 23 == pytest.approx(reat, rel=1e-9)
    assert "conditional" in beta_convergence(panel, **ROLES, controls=["control"]).title


def test_speed_and_half_life_of_a_path_that_is_known():
    """ln y goes half of the way to 5 in every four periods, from six places."""
    rows = [(f"u{k}", t, np.exp(5 + k * 0.5 ** (t / 4))) for k in range(1, 7) for t in range(9)]
    data = pd.DataFrame(rows, columns=["unit", "period", "value"])
    for effects in ("none", "unit", "two-way"):
        found = beta_convergence(data, **ROLES, effects=effects)
        assert found.half_life["estimate"][0] == pytest.approx(4)
        assert found.speed["estimate"][0] == pytest.approx(np.log(2) / 4)


def test_ends_of_speed_are_those_of_b(panel):
    found = beta_convergence(panel, **ROLES, level=0.2)
    b = found.table.iloc[0]
    ends = [-np.log(1 + 23 * b[c]) / 23 for c in ("conf_high", "conf_low")]
    assert found.speed[["conf_low", "conf_high"]].iloc[0].tolist() == pytest.approx(ends)
    assert found.half_life[["conf_low", "conf_high"]].iloc[0].tolist() == pytest.approx(
        np.log(2) / np.array(ends)[::-1]
    )


def test_panel_effects_are_those_of_dummies(panel):
    found = beta_convergence(panel, **ROLES, controls=["control"], effects="two-way")
    for term, value in expected("R 4.2.2", "beta two-way").items():
        assert found.table.set_index("term").loc[term, "estimate"] == pytest.approx(value, rel=1e-8)
    one = beta_convergence(panel, **ROLES, effects="unit")
    assert one.table["estimate"][0] == pytest.approx(expected("R 4.2.2", "beta unit")["initial"], rel=1e-8)
    assert one.estimate.inference.clusters == 14
    assert one.table["n"][0] == 14 * 23
    assert "23 periods" in one.cautions[0]


def test_places_that_diverge_have_no_half_life():
    rows = [(f"u{k}", t, np.exp(k * 1.1**t)) for k in range(1, 7) for t in range(4)]
    found = beta_convergence(pd.DataFrame(rows, columns=["unit", "period", "value"]), **ROLES)
    assert found.table["estimate"][0] > 0 > found.speed["estimate"][0]
    assert np.isinf(found.half_life["estimate"][0])
    jump = [(f"u{k}", t, np.exp(k if t == 0 else -k)) for k in range(1, 7) for t in range(2)]
    whole = beta_convergence(pd.DataFrame(jump, columns=["unit", "period", "value"]), **ROLES)
    assert np.isinf(whole.speed["estimate"][0])
    assert whole.half_life["estimate"][0] == 0


# ---- clubs


@pytest.mark.parametrize(
    ("what", "trim", "make"),
    [("log t of all", 1 / 3, lambda x: x), ("log t, trim 0.2", 0.2, lambda x: x),
     ("log t of logs of 1000 value", 1 / 3, lambda x: np.log(1000 * x))],
)  # fmt: skip
def test_log_t_is_that_of_convergenceclubs(panel, what, trim, make):
    want = expected("R ConvergenceClubs", what)
    found = log_t(make(wide(panel)), trim=trim)
    assert found["b"] == pytest.approx(want["beta"], **TIGHT)
    assert found["std_error"] == pytest.approx(want["std.err"], **TIGHT)
    assert found["t"] == pytest.approx(want["tvalue"], **TIGHT)
    assert found["p_value"] == pytest.approx(want["pvalue"], abs=1e-12)


def test_what_the_log_t_test_refuses():
    x = np.exp(np.add.outer(np.arange(3.0), np.arange(8.0)))
    assert log_t(x[:2, :7])["std_error"] > 0  # five periods are left of seven
    for short in (x[:1], x[:, :6], x[0]):
        with pytest.raises(DataError, match=r"x has shape \(.*two units or more, and 5 periods"):
            log_t(short)
    for bad in (0.0, -1.0, np.nan):
        with pytest.raises(DataError, match="figures of x are not above zero in 1 row"):
            log_t(np.where(np.arange(24).reshape(3, 8) == 10, bad, x))
    with pytest.raises(OptionError, match="trim=2 is not allowed"):
        log_t(x, trim=2)
    with pytest.raises(OptionError, match="x="):
        log_t("text")


@pytest.mark.parametrize(
    ("merge", "what"), [("none", "clubs"), ("phillips_sul", "merged"), ("schnurbus", "merged")]
)
def test_clubs_are_those_of_convergenceclubs(panel, merge, what):
    found = club_convergence(panel, **ROLES, merge=merge)
    members = dict(zip(found.table["unit"], found.table["club"], strict=True))
    assert members == expected("R ConvergenceClubs", f"{what} member")
    clubs = found.clusters if hasattr(found, "clusters") else found.clubs
    clubs = clubs.set_index("club")
    for column in ("t", "b"):
        for club, value in expected("R ConvergenceClubs", f"{what} {column}").items():
            assert clubs.loc[int(club), column] == pytest.approx(value, **TIGHT)
    assert clubs.index[-1] == 0
    assert clubs["units"].sum() == 14
    assert (clubs["speed"] == clubs["b"] / 2).all()
    assert len(found.first) == 5


def club_panel(levels, seed=1, periods=30, noise=1e-3, decay=0.5):
    rng = np.random.default_rng(seed)
    t = np.arange(1, periods + 1)
    rows = []
    for k, level in enumerate(levels):
        path = level * (1 + rng.normal(0, 0.3) / t**decay) * np.exp(rng.normal(0, noise, periods))
        rows += [(f"u{k:02}", 1990 + s, path[s]) for s in range(periods)]
    return pd.DataFrame(rows, columns=["unit", "period", "value"])


def test_one_club_where_all_converge_and_two_where_there_are_two():
    one = club_convergence(club_panel([5.0] * 8), **ROLES)
    assert one.table["club"].tolist() == [1] * 8
    assert one.whole["t"] > -1.65
    assert "1 club of 8 units, 0 divergent" in one.title
    two = club_convergence(club_panel([9.0] * 5 + [3.0] * 5), **ROLES)
    members = dict(zip(two.table["unit"], two.table["club"], strict=True))
    assert members == {f"u{k:02}": 1 if k < 5 else 2 for k in range(10)}
    assert two.table["last"].iloc[:5].is_monotonic_decreasing
    last = two.table.set_index("unit")["last"]
    assert two.table["relative"].to_numpy() == pytest.approx(
        (last / last.mean()).loc[two.table["unit"]].to_numpy()
    )
    assert two.clubs["level"].tolist() == pytest.approx([last.iloc[:5].mean(), last.iloc[5:].mean()])
    paths = two.paths.pivot(index="unit", columns="period", values="h")
    assert paths.mean().to_numpy() == pytest.approx(np.ones(30))
    assert len(two.cautions) == 1  # thirty periods are enough


def test_five_percent_is_the_limit_unless_another_is_asked_for():
    """log t of all is -2.43: below -1.65, above -3.3."""
    rng = np.random.default_rng(1)
    x = np.exp(rng.normal(0, 0.3, (4, 1)) + rng.normal(0, 0.05, (4, 12))).round(3)
    rows = [(i, 2000 + j, v) for i, row in enumerate(x) for j, v in enumerate(row)]
    data = pd.DataFrame(rows, columns=["unit", "period", "value"])
    found = club_convergence(data, **ROLES)
    assert found.whole["t"] == pytest.approx(-2.432, abs=5e-4)
    assert len(found.clubs) == 2
    assert len(club_convergence(data, **ROLES, critical=-3.3).clubs) == 1


def test_far_from_all_others_is_divergent():
    found = club_convergence(club_panel([9.0] * 4 + [3.0] * 4 + [0.5]), **ROLES)
    assert found.table["club"].iloc[-1] == 0
    assert found.table["unit"].iloc[-1] == "u08"
    assert np.isnan(found.clubs["t"].iloc[-1])  # one alone has no test
    assert found.clubs["units"].tolist() == [4, 4, 1]


def test_merging_again_and_again_goes_further_than_once():
    """Where one pass leaves two clubs that converge together, the next joins them."""
    from exportlab.convergence.clubs import _merged

    def tested(units):  # {0, 1} fails; {1, 2} holds, and so does everything with 2
        return {"t": -9.0 if set(units) == {0, 1} else 1.0}

    clubs = [[0], [1], [2]]
    assert _merged(clubs, tested, -1.65, "none") == clubs
    assert _merged(clubs, tested, -1.65, "phillips_sul") == [[0], [1, 2]]
    assert _merged(clubs, tested, -1.65, "schnurbus") == [[0, 1, 2]]


def test_the_sieve_rises_until_the_club_converges():
    from exportlab.convergence.clubs import _joined

    others = {2: 0.05, 3: 0.15, 4: 5.0}

    def tested(units):
        extra = [u for u in units if u > 1]
        if len(extra) == 1:
            return {"t": others[extra[0]]}
        return {"t": 1.0 if extra == [4] or not extra else -5.0}

    assert _joined([0, 1], [0, 1, 2, 3, 4], tested, 0.0, -1.65) == [0, 1, 4]
    assert _joined([0, 1], [0, 1, 2], tested, 0.0, -1.65) == [0, 1, 2]
    assert _joined([0, 1], [0, 1, 2], tested, 0.05, -1.65) == [0, 1]


def test_the_core_is_the_run_with_the_largest_t():
    from exportlab.convergence.clubs import _core

    scores = {(0, 1): -3.0, (1, 2): 1.0, (1, 2, 3): 4.0, (1, 2, 3, 4): 2.0, (1, 2, 3, 4, 5): -2.0}

    def tested(units):
        return {"t": scores.get(tuple(units), -9.0)}

    assert _core([0, 1, 2, 3, 4, 5], tested, -1.65) == [1, 2, 3]
    assert _core([0, 1], tested, -1.65) == []


def test_the_long_run_variance_by_hand():
    """Four residuals, rho 1 / 3: bandwidth 1.3221 (4/9 / (2/3)^4 4)^.2, two lags of the first three."""
    u = np.array([1.0, 1.0, -1.0, 2.0])
    rho = (1 - 1 - 2) / 3
    width = 1.3221 * (4 * rho**2 / (1 - rho) ** 4 * 4) ** 0.2

    def kernel(lag):
        x = 6 * np.pi * lag / width / 5
        return 25 / (12 * np.pi**2 * (lag / width) ** 2) * (np.sin(x) / x - np.cos(x))

    want = (7 + 2 * kernel(1) * (1 - 1) + 2 * kernel(2) * (-1)) / 3
    assert long_run_variance(u) == pytest.approx(want)


def test_smoothing_and_logs_come_first(panel):
    from statsmodels.tsa.filters.hp_filter import hpfilter

    smooth = np.stack([hpfilter(row, 400)[1] for row in wide(panel)])
    assert club_convergence(panel, **ROLES, hp=400.0).whole["t"] == pytest.approx(log_t(smooth)["t"])
    more = panel.assign(value=1000 * panel["value"])
    logged = club_convergence(more, **ROLES, log=True)
    assert logged.whole["t"] == pytest.approx(log_t(np.log(1000 * wide(panel)))["t"])
    assert "unit of money" in logged.cautions[1]
    assert club_convergence(more, **ROLES).whole["t"] == pytest.approx(log_t(wide(panel))["t"])
    assert "24 periods, of which the first 8" in logged.cautions[0]


def test_units_can_be_ordered_by_the_second_half(panel):
    ranked = club_convergence(panel, **ROLES, order="half", merge="none")
    assert ranked.clubs["units"].sum() == 14
    data = club_panel([9.0] * 4 + [3.0] * 4)
    data.loc[(data["unit"] == "u00") & (data["period"] == 2019), "value"] = 1.0
    by_half, by_last = (club_convergence(data, **ROLES, order=o) for o in ("half", "last"))
    assert by_half.first["units"].tolist() == [4, 4]
    assert by_half.first["level"].iloc[0] > 5
    assert by_last.first["units"].tolist() == [3, 4, 1]  # the unit that fell in the last year comes last
    assert by_last.first["club"].tolist() == [1, 2, 0]


def test_what_clubs_refuse(panel):
    with pytest.raises(DataError, match=r"4 periods are left after trimming. The regression needs 5"):
        club_convergence(panel[panel["period"] < 2006], **ROLES)
    with pytest.raises(DataError, match=r"14 units and 4 periods. 3 units and 5 periods are the fewest"):
        club_convergence(panel[panel["period"] < 2004], **ROLES)
    with pytest.raises(DataError, match=r"logarithm of 'value' is not above zero"):
        club_convergence(panel.assign(value=panel["value"] / 1000), **ROLES, log=True)
    ones = panel["value"] / panel["value"].min()  # the logarithm of the lowest is zero
    with pytest.raises(DataError, match=r"logarithm of 'value' is not above zero in 1 row\."):
        club_convergence(panel.assign(value=ones), **ROLES, log=True)
    twin = panel[panel["unit"] == "v01"].assign(unit="v99")
    with pytest.raises(DataError, match=r"have one figure in a period. First: 2000"):
        club_convergence(pd.concat([panel, twin]), **ROLES)
    with pytest.raises(OptionError, match="merge"):
        club_convergence(panel, **ROLES, merge="all")


# ---- spatial Markov


@pytest.mark.parametrize(("k", "m"), [(3, 3), (4, 2)])
def test_spatial_markov_is_that_of_giddy(provinces, weights, k, m):
    found = spatial_markov(provinces, **PLACES, weights=weights, classes=k, lag_classes=m)
    want = expected("giddy", f"k={k} m={m}")
    tests = found.tests.set_index("test")
    assert tests.loc["lr", "statistic"] == pytest.approx(want["LR"], **TIGHT)
    assert tests.loc["chi_squared", "statistic"] == pytest.approx(want["Q"], **TIGHT)
    assert tests["df"].tolist() == [want["dof"]] * 2
    assert tests["p_value"].tolist() == pytest.approx([want["LR p"], want["Q p"]], abs=1e-12)
    assert found.cuts == pytest.approx([want[f"cut {i}"] for i in range(k - 1)])
    assert found.lag_cuts == pytest.approx([want[f"lag cut {i}"] for i in range(m - 1)])
    for a, chain in enumerate(found.conditional):
        assert chain.counts.tolist() == [[want[f"T {a} {i} {j}"] for j in range(k)] for i in range(k)]
        assert chain.ergodic == pytest.approx([want[f"steady {a} {i}"] for i in range(k)], abs=1e-9)
    assert found.whole.counts.sum() == 31 * 19
    assert len(found.table) == k * m


def test_homogeneity_by_hand():
    """Two places that swap and two that stay: four moves of each kind, by class of the neighbour."""
    rows = [
        (u, t, v)
        for t, figures in enumerate([(1, 3, 1, 3), (3, 1, 1, 3), (1, 3, 1, 3)])
        for u, v in zip("abcd", figures, strict=True)
    ]
    data = pd.DataFrame(rows, columns=["unit", "period", "value"])
    links = pd.DataFrame([("a", "c"), ("b", "d"), ("c", "a"), ("d", "b")], columns=["unit", "neighbour"])
    w = xl.spatial_weights(links, kind="links", unit="unit", neighbour="neighbour")
    found = spatial_markov(data, **ROLES, weights=w, classes=[1.0], relative=False, lag_classes=[1.0])
    # t = 0: a 1|1 up, b 3|3 down, c 1|1 stays, d 3|3 stays; t = 1: a 3|1 down, b 1|3 up, c 1|3 stays, d 3|1 stays
    assert [c.counts.tolist() for c in found.conditional] == [[[1, 1], [1, 1]], [[1, 1], [1, 1]]]
    assert found.tests["statistic"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert found.tests["df"].tolist() == [2, 2]
    assert found.tests["p_value"].tolist() == pytest.approx([1, 1])


def test_relative_figures_leave_out_common_growth(provinces, weights):
    options = {**PLACES, "weights": weights, "classes": 3}
    plain = spatial_markov(provinces, **options)
    grown = provinces.assign(value=provinces["value"] * 3.7 * 1.1 ** (provinces["year"] - 2001))
    assert spatial_markov(grown, **options).tests["statistic"].tolist() == pytest.approx(
        plain.tests["statistic"].tolist()
    )
    levels = spatial_markov(grown, **options, relative=False)
    assert levels.tests["statistic"].tolist() != pytest.approx(plain.tests["statistic"].tolist(), rel=0.05)
    mixed = spatial_markov(provinces.sample(frac=1, random_state=1), **options)
    assert mixed.tests["statistic"].tolist() == pytest.approx(plain.tests["statistic"].tolist(), rel=1e-12)


def test_p_by_permuted_places(provinces, weights):
    found = spatial_markov(provinces, **PLACES, weights=weights, classes=3, permutations=39, rng=4)
    assert found.tests["p_permuted"].between(1 / 40, 1).all()
    assert not [c for c in found.cautions if "rng=" in c]
    free = provinces.assign(value=np.random.default_rng(2).permutation(provinces["value"].to_numpy()))
    none = spatial_markov(free, **PLACES, weights=weights, classes=2, permutations=39, rng=4)
    assert (none.tests["p_permuted"] > 0.1).all()
    assert spatial_markov(provinces, **PLACES, weights=weights, classes=8).cautions[0].endswith("say little.")


def test_places_that_all_neighbour_each_other_are_the_same_in_any_order(provinces):
    """Each order of them has the statistics that were seen, to rounding: all count."""
    some = provinces[provinces["province"].isin(sorted(provinces["province"].unique())[:8])]
    names = sorted(some["province"].unique())
    pairs = pd.DataFrame([(a, b) for a in names for b in names if a != b], columns=["a", "b"])
    complete = xl.spatial_weights(pairs, kind="links", unit="a", neighbour="b")
    asked = {"weights": complete, "classes": 3, "relative": False, "permutations": 19, "rng": 2}
    found = spatial_markov(some, **PLACES, **asked).tests
    assert found["statistic"].max() > 0
    assert found["p_permuted"].tolist() == [1.0, 1.0]


def test_what_spatial_markov_refuses(provinces, weights):
    options = {**PLACES, "weights": weights}
    with pytest.raises(OptionError, match="classes=1 makes no classes"):
        spatial_markov(provinces, **options, classes=1)
    with pytest.raises(OptionError, match=r"lag_classes=\[2.0, 1.0\] do not rise"):
        spatial_markov(provinces, **options, lag_classes=[2.0, 1.0])
    with pytest.raises(OptionError, match="style='row'"):
        spatial_markov(provinces, **PLACES, weights=xl.spatial_weights("provinces", style="binary"))
    with pytest.raises(DataError, match="units of the weights are not in the table"):
        spatial_markov(provinces[provinces["province"] != "Beijing"], **options)


# ---- densities


def test_densities_are_those_of_r(panel):
    first = panel[panel["period"] <= 2001]
    found = relative_density(first, **ROLES)
    want = expected("R 4.2.2", "density")["bw.nrd0"]
    assert found.table["bandwidth"][0] == pytest.approx(want, **TIGHT)
    logs = relative_density(first, **ROLES, log=True, points=800)
    for at, value in expected("R 4.2.2", "density of logs at").items():
        assert np.interp(float(at), logs.at, logs.densities[0]) == pytest.approx(value, rel=1e-4)


def test_densities_have_a_mass_of_one_and_nothing_below_zero(provinces):
    for log in (False, True):
        found = relative_density(provinces, **PLACES, log=log)
        assert np.trapezoid(found.densities, found.at, axis=1) == pytest.approx(np.ones(20), abs=5e-3)
        assert np.trapezoid(found.kernel, found.at, axis=1) == pytest.approx(np.ones(200))
        assert np.trapezoid(found.ergodic, found.at) == pytest.approx(1)
        assert found.at[0] == 0 or log
        step = np.gradient(found.at)
        step[[0, -1]] /= 2
        assert (found.ergodic * step) @ found.kernel == pytest.approx(found.ergodic, abs=1e-8)
        assert found.table["n"].unique().tolist() == [31]


def test_the_stochastic_kernel_by_hand():
    rows = [
        ("a", 1, 0.5),
        ("b", 1, 0.9),
        ("c", 1, 1.1),
        ("d", 1, 1.5),
        ("a", 2, 0.7),
        ("b", 2, 0.8),
        ("c", 2, 1.2),
        ("d", 2, 1.3),
    ]
    found = relative_density(
        pd.DataFrame(rows, columns=["unit", "period", "value"]), **ROLES, log=True, bandwidth=0.2
    )
    x, y = np.log([0.5, 0.9, 1.1, 1.5]), np.log([0.7, 0.8, 1.2, 1.3])

    def phi(z):
        return np.exp(-((z / 0.2) ** 2) / 2) / 0.2 / np.sqrt(2 * np.pi)

    i, j = 90, 120
    near = phi(found.at[i] - x)
    assert found.kernel[i, j] == pytest.approx(near @ phi(found.at[j] - y) / near.sum(), rel=2e-3)
    assert found.densities[0][i] == pytest.approx(phi(found.at[i] - x).mean())
    assert found.table["bandwidth"].tolist() == [0.2, 0.2]
    assert found.at[0] == pytest.approx(np.log(0.5) - 0.6)


def test_peaks_are_counted_and_silverman_has_a_way_out():
    rng = np.random.default_rng(3)
    low, high = rng.normal(0.3, 0.03, 30), rng.normal(1.7, 0.03, 30)
    x = np.concatenate([low, high])
    one = 1 + 0.1 * ndtri((np.arange(60) + 0.5) / 60)
    rows = [(f"u{i:02}", t, v) for t, column in ((1, x), (2, one)) for i, v in enumerate(column)]
    found = relative_density(pd.DataFrame(rows, columns=["unit", "period", "value"]), **ROLES)
    assert found.table["modes"].tolist() == [2, 1]
    assert found.table["share_low"].tolist() == [0.5, 0.0]
    assert found.table["mode"][1] == pytest.approx(1, abs=0.02)
    assert len(found.cautions) == 1
    assert silverman(np.array([1.0, 1, 1, 1, 1, 1, 9])) == pytest.approx(
        0.9 * np.std([1, 1, 1, 1, 1, 1, 9], ddof=1) * 7**-0.2
    )


def test_a_flat_top_is_one_peak():
    assert [_peaks(np.array(d)) for d in ([0.0, 1, 1, 0], [1.0, 0, 1], [1.0, 1, 0, 2])] == [1, 2, 2]


def test_what_densities_refuse(provinces):
    with pytest.raises(OptionError, match="lag=20 is not allowed. Allowed: 1 to 19"):
        relative_density(provinces, **PLACES, lag=20)
    assert len(relative_density(provinces, **PLACES, points=10).at) == 10
    with pytest.raises(OptionError, match="points=9"):
        relative_density(provinces, **PLACES, points=9)
    flat = provinces.assign(value=provinces["value"].where(provinces["year"] != 2003, 1.0))
    with pytest.raises(DataError, match=r"does not vary over units. First: 2003"):
        relative_density(flat, **PLACES)
    assert relative_density(provinces, **PLACES, lag=19).lag == 19


# ---- the door, laws, pictures


CALLS = {
    "sigma": lambda d, **o: sigma_convergence(d, **o),
    "beta": lambda d, **o: beta_convergence(d, **o),
    "clubs": lambda d, **o: club_convergence(d, **o),
    "density": lambda d, **o: relative_density(d, **o),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_tables_that_no_one_can_read_are_refused(panel, call):
    with pytest.raises(DataError, match=r"1 of 14 units lack some of the 24 periods. First: unit v13 has 23"):
        call(panel.iloc[:-1], **ROLES)
    with pytest.raises(DataError, match=r"not above zero in 1 row. First: unit v00, period 2000: 0"):
        call(panel.assign(value=panel["value"].where(panel.index > 0, 0.0)), **ROLES)
    with pytest.raises(DataError, match="missing or infinite"):
        call(panel.assign(value=panel["value"].where(panel.index > 0)), **ROLES)
    with pytest.raises(DuplicateCells):
        call(pd.concat([panel, panel.iloc[:1]]), **ROLES)
    with pytest.raises(UnknownName, match="column"):
        call(panel, **{**ROLES, "value": "exports"})
    with pytest.raises(DataError, match="units and 24 periods"):
        call(panel[panel["unit"] < "v02"], **ROLES)


def test_what_beta_refuses(panel):
    with pytest.raises(OptionError, match="controls= names 'value'"):
        beta_convergence(panel, **ROLES, controls=["value"])
    with pytest.raises(OptionError, match="collinear"):
        beta_convergence(panel.assign(one=1.0), **ROLES, controls=["one"])
    start = panel.groupby("unit")["value"].transform("first")
    with pytest.raises(OptionError, match="collinear"):
        beta_convergence(panel.assign(again=np.log(start) * 2), **ROLES, controls=["again"])
    with pytest.raises(DataError, match=r"'control' is missing or infinite"):
        beta_convergence(panel.assign(control=np.nan), **ROLES, controls=["control"])
    with pytest.raises(DataError, match="5 units are the fewest|5 units and 2 periods are the fewest"):
        beta_convergence(panel[panel["unit"] < "v04"], **ROLES, controls=["control"])


def figures(call, data, **options):
    found = call(data, **options)
    table = found.table.drop(
        columns=[c for c in ("unit", "period", "term", "mean", "last") if c in found.table]
    )
    return table.to_numpy(float)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_order_unit_of_money_and_spelling_change_nothing(panel, call):
    plain = figures(call, panel, **ROLES)
    mixed = panel.sample(frac=1, random_state=5)
    assert figures(call, mixed, **ROLES) == pytest.approx(plain, rel=1e-9, abs=1e-12, nan_ok=True)
    money = panel.assign(value=7.3 * panel["value"])
    assert figures(call, money, **ROLES) == pytest.approx(plain, rel=1e-8, abs=1e-12, nan_ok=True)
    spelt = panel.assign(period=panel["period"].astype(str) + "年", unit="省" + panel["unit"])
    assert figures(call, spelt, **ROLES) == pytest.approx(plain, rel=1e-9, abs=1e-12, nan_ok=True)


def test_pictures_show_what_they_are_of(panel, provinces, weights):
    assert len(sigma_convergence(panel, **ROLES).plot().lines) == 2
    line = beta_convergence(panel, **ROLES).plot().lines[1]
    slope = np.diff(line.get_ydata()) / np.diff(line.get_xdata())
    assert slope[0] == pytest.approx(100 * beta_convergence(panel, **ROLES).table["estimate"][0])
    clubs = club_convergence(panel, **ROLES)
    named = [t.get_text() for t in clubs.plot().get_legend().get_texts()]
    assert named == ["club 1", "club 2", "divergent"]
    bold = [line for line in clubs.plot().lines if line.get_linewidth() == 2]
    member = clubs.table.set_index("unit")["club"]
    for line, club in zip(bold, clubs.clubs["club"], strict=True):
        own = clubs.paths[clubs.paths["unit"].map(member) == club]
        assert line.get_ydata() == pytest.approx(own.groupby("period")["h"].mean().to_numpy())
    chain = spatial_markov(provinces, **PLACES, weights=weights, classes=3)
    up = chain.plot().lines[0].get_ydata()
    assert up == pytest.approx([100 * c.probabilities[0, 1:].sum() for c in chain.conditional])
    density = relative_density(provinces, **PLACES)
    assert [t.get_text() for t in density.plot().get_legend().get_texts()] == [
        "2001",
        "2011",
        "2020",
        "long run",
    ]
    with pytest.raises(UnknownName, match="period of the densities"):
        density.plot(periods=[1999])
    with speaking("zh"):
        assert density.plot().get_ylabel() == "密度"
        assert "并非预测" in relative_density(provinces, **PLACES).cautions[-1]
