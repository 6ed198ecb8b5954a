"""Risk: against figures from outside, laws that hold exactly, every engine, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from engines import ENGINES
from matplotlib.axes import Axes
from scipy.stats import t as student

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.risk import growth as ground
from exportlab.risk import shocks as sources
from exportlab.risk.cautions import ENTRY
from exportlab.risk.concentrated import jackknife_sd
from exportlab.risk.portfolio import chosen, figures, variance_of
from exportlab.risk.tails import grown, tail_of
from exportlab.uncertainty.sample import seeds
from exportlab.words import speaking

risk = xl.risk
HERE = Path(__file__).parent / "reference" / "risk"
EXACT = {"rel": 0, "abs": 1e-12}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{name}.csv")


@pytest.fixture(scope="module")
def six():
    """Six destinations, 2011 to 2023."""
    long = read("exports").melt("year", var_name="market", value_name="usd")
    return xl.flows(long, period="year", value="usd", unit="million USD")


def drawn(seed=1, exporters="ABC", years=range(2010, 2018), markets="wxyz", products="pq"):
    rng = np.random.default_rng(seed)
    cells = [(t, e, m, k) for t in years for e in exporters for m in markets for k in products]
    table = pd.DataFrame(cells, columns=["period", "exporter", "market", "product"])
    return table.assign(value=rng.lognormal(3, 0.4, len(cells)))


@pytest.fixture(scope="module")
def table():
    return drawn()


@pytest.fixture(scope="module")
def flows(table):
    return xl.flows(table)


# ---- figures from outside: R 4.2.2 and formulae evaluated apart, on made-up numbers -------------------------------


@pytest.mark.parametrize("growth", ["arc", "log"])
def test_portfolio_is_that_of_r(six, growth):
    found = risk.portfolio(six, growth=growth, covariance="sample")
    expected = read("expected_portfolio")
    expected = expected[expected["item"].str.startswith(growth)]
    whole = {
        "variance of portfolio": "variance",
        "sd of portfolio": "sd",
        "diversification benefit": "benefit",
        "diversification ratio": "diversification_ratio",
        "effective number of risk": "effective_contributions",
        "effective bets": "effective_bets",
    }
    compared = 0
    for item, column in whole.items():
        for value in expected.loc[expected["item"].str.contains(item, regex=False), "value"]:
            assert found.table[column][0] == pytest.approx(value, rel=1e-9)
            compared += 1
    assert compared == (6 if growth == "log" else 5)
    members = found.members.set_index("market")
    for item, column in {"contribution a_m": "contribution", "marginal sd": "marginal"}.items():
        rows = expected[expected["item"].str.contains(item, regex=False)].set_index("market")["value"]
        assert members[column].to_dict() == pytest.approx(rows.to_dict(), rel=1e-9)
    deviations = expected[(expected["item"] == f"{growth} sd")].set_index("market")["value"]
    assert members["sd"].to_dict() == pytest.approx(deviations.to_dict(), rel=1e-9)
    line = expected[expected["item"].str.contains("growth of the fixed")]
    assert list(found.series["growth"]) == pytest.approx(list(line["value"]), abs=1e-12)


def test_ledoit_wolf_is_that_of_scikit_learn(six):
    found = risk.portfolio(six, growth="log", covariance="ledoit_wolf")
    expected = read("expected_portfolio").set_index("item")["value"]
    shrinkage = expected["Ledoit-Wolf 2004 shrinkage (to scaled identity with divisor n)"]
    assert found.table["shrinkage"][0] == pytest.approx(shrinkage, rel=1e-9)
    assert found.table["variance"][0] == pytest.approx(expected["log Ledoit-Wolf variance a'Sa"], rel=1e-9)
    matrix = read("ledoit_wolf_log").set_index("row")
    members = found.members.set_index("market")
    names = list(matrix.columns)
    a = members["share"][names].to_numpy()
    assert members["contribution"][names].to_numpy() == pytest.approx(
        a * (matrix.to_numpy() @ a) / (a @ matrix.to_numpy() @ a), rel=1e-9
    )


def test_tails_are_those_of_r(six):
    expected = read("expected_portfolio").set_index("item")["value"]
    normal = risk.value_at_risk(six, growth="log", method="normal", min_observations=12).table
    assert normal["value_at_risk"][0] == pytest.approx(
        expected["normal VaR 5% of log growth (mean + z sd)"], rel=1e-9
    )
    assert normal["expected_shortfall"][0] == pytest.approx(
        expected["normal expected shortfall 5%"], rel=1e-9
    )
    seen = risk.value_at_risk(six, growth="log", probability=0.1, min_observations=12).table
    assert seen["value_at_risk"][0] == pytest.approx(expected["historic quantile 10% type 7"], rel=1e-9)


def test_koren_tenreyro_is_that_of_numpy():
    panel, shares = read("kt_panel"), read("kt_shares").set_index("exporter")
    y = np.stack(
        [
            panel[panel["exporter"] == j]
            .pivot(index="year", columns="product", values="growth")[list(shares.columns)]
            .to_numpy()
            for j in shares.index
        ]
    )
    parts, printed = sources.sectors(y, shares.to_numpy())
    expected = read("expected_kt").set_index(["exporter", "term"])["value"]
    for j, exporter in enumerate(shares.index):
        terms = {
            (r["source"], r["with"]): r["term"] for r in sources.terms({}, sources.SECTORS, parts[j], "")
        }
        e = expected[exporter]
        assert printed[j]["gsect"] == pytest.approx(e["GSECT a'cov(lambda)a"], rel=1e-9)
        assert printed[j]["cnt"] == pytest.approx(e["CNT var(mu)"], rel=1e-9)
        assert printed[j]["isect"] == pytest.approx(e["ISECT diagonal only sum a^2 var(eps)"], rel=1e-9)
        assert printed[j]["cov"] == pytest.approx(e["COV 2 a'cov(lambda,mu)"], rel=1e-9)
        assert terms["own", "own"] == pytest.approx(e["ISECT full a'cov(eps)a"], rel=1e-9)
        assert terms["sector", "own"] == pytest.approx(e["2 cov(lambda part, eps part)"], rel=1e-9)
        assert terms["exporter", "own"] == pytest.approx(e["2 cov(mu, eps part)"], rel=1e-9)
        assert sum(terms.values()) == pytest.approx(e["total var(a'y)"], **EXACT)
        assert printed[j]["remainder"] != pytest.approx(0, abs=1e-6)  # theirs do not add up


def test_split_against_the_world_is_that_of_numpy():
    long = read("split_flows")
    world = long.pivot_table(index="year", columns=["market", "product"], values="growth_rest_of_world")
    own = long.pivot_table(index="year", columns=["market", "product"], values="growth_own")[world.columns]
    a = long[long["year"] == 2001].set_index(["market", "product"])["share"][world.columns].to_numpy()
    labels = [np.array([c[i] for c in world.columns], dtype=object) for i in (0, 1)]
    parts = sources._two_way(world.to_numpy(), own.to_numpy() @ a, a, labels)
    assert parts == pytest.approx(read("expected_split_series")[list(sources.WORLD)].to_numpy(), abs=1e-12)
    assert np.cov(parts.T) == pytest.approx(
        read("expected_split_covariance").set_index("part").to_numpy(), abs=1e-12
    )


def test_instability_is_that_of_r():
    found = risk.instability_of(read("instability_series")["value"])
    expected = read("expected_instability").set_index("index")["value"]
    rows = {
        "cv": "CV percent (sd divisor n-1)",
        "cuddy_della_valle": "Cuddy-Della Valle, CV sqrt(1-adjusted R2), linear trend",
        "cuddy_della_valle_log": "Cuddy-Della Valle, log-linear trend adjusted R2",
        "coppock": "Coppock index natural: (exp(sqrt V) - 1) x 100",
        "macbean": "MacBean: mean absolute percent deviation from centred 5-term moving average",
        "unctad": "UNCTAD: (1/n) sum |X - Xhat|/Xhat x 100, exponential trend",
    }
    assert found == pytest.approx({k: expected[v] for k, v in rows.items()}, rel=1e-9)
    assert list(rows) == list(risk.CONVENTIONS)


# ---- laws: the portfolio ------------------------------------------------------------------------------------------


def matrix_of(y, *, shrink):
    """S, the slow way."""
    if not shrink:
        return np.cov(y.T).reshape(y.shape[1], -1)
    x = y - y.mean(axis=0)
    n, p = x.shape
    s = x.T @ x / n
    mu = np.trace(s) / p
    d2 = np.sum((s - mu * np.eye(p)) ** 2) / p
    b2 = min(d2, sum(np.sum((np.outer(r, r) - s) ** 2) for r in x) / n**2 / p)
    return b2 / d2 * mu * np.eye(p) + (1 - b2 / d2) * s


@pytest.mark.parametrize("shrink", [False, True])
@pytest.mark.parametrize(("periods", "members"), [(30, 4), (8, 8), (6, 25), (5, 2)])
def test_the_variance_needs_no_matrix(shrink, periods, members):
    rng = np.random.default_rng(periods * members)
    y = rng.normal(0.1, 0.2, (periods, members)) * np.linspace(0.3, 2, members) + rng.normal(
        0, 0.3, (periods, 1)
    )
    a = rng.dirichlet(np.ones(members))
    s = matrix_of(y, shrink=shrink)
    found = variance_of(y.copy(), a, shrink=shrink)
    assert found.variance == pytest.approx(a @ s @ a, rel=1e-12)
    assert found.parts == pytest.approx(a * (s @ a), abs=1e-15)
    assert found.parts.sum() == pytest.approx(found.variance, **EXACT)
    assert found.own == pytest.approx(a**2 * np.diag(s), abs=1e-15)
    values, vectors = np.linalg.eigh(s)
    alone = values > 1e-9 * values.max()
    if shrink:  # directions in which nothing moved share one variance
        alone &= ~np.isclose(values, values.min(), rtol=1e-9) | (periods > members)
    p = ((vectors.T @ a) ** 2 * values)[alone]
    p = np.append(p, max(found.variance - p.sum(), 0)) / found.variance
    p = p[p > 1e-14]
    whole = figures(found, a)
    assert whole["effective_bets"] == pytest.approx(np.exp(-p @ np.log(p)), rel=1e-7)
    assert 1 <= whole["effective_bets"] <= members + 1e-9
    assert 0 < whole["effective_contributions"] <= members + 1e-9
    assert 0 <= whole["benefit"] <= 1
    assert whole["benefit"] == pytest.approx(1 - 1 / whole["diversification_ratio"], rel=1e-12)


def test_the_sample_variance_is_that_of_the_series(flows):
    found = risk.portfolio(flows, by="exporter", covariance="sample")
    for exporter, line in found.series.groupby("exporter"):
        row = found.table.set_index("exporter").loc[exporter]
        assert row["variance"] == pytest.approx(line["growth"].var(), rel=1e-12)
        members = found.members[found.members["exporter"] == exporter]
        assert members["contribution"].sum() == pytest.approx(1, **EXACT)
        added = members["own_variance"] + members["comovement"]
        assert added.sum() == pytest.approx(row["variance"], **EXACT)
        assert (members["share"] * members["marginal"]).sum() == pytest.approx(row["sd"], **EXACT)  # Euler


def test_members_that_move_as_one_are_one_bet():
    y = np.outer(np.random.default_rng(2).normal(size=9), np.ones(5))
    whole = figures(variance_of(y, np.full(5, 0.2)), np.full(5, 0.2))
    assert whole["effective_bets"] == pytest.approx(1, rel=1e-9)
    assert whole["benefit"] == pytest.approx(0, abs=1e-12)
    assert whole["effective_contributions"] == pytest.approx(5, rel=1e-9)


def test_few_periods_are_shrunk_and_said(six):
    found = risk.portfolio(six)
    assert found.table["covariance"][0] == "ledoit_wolf"
    assert found.table["note"][0] == "12 growth rates for 6 members: covariance shrunk"
    assert "nearly or fully singular" in risk.portfolio(six, covariance="sample").table["note"][0]
    two = risk.portfolio(six.where(market=["JPN", "USA"]))
    assert (two.table["covariance"][0], two.table["note"][0]) == ("sample", "")


@pytest.mark.parametrize(
    ("covariance", "rates", "members", "shrunk", "said"),
    [
        ("auto", 6, 3, True, "6 growth rates for 3 members: covariance shrunk"),  # two for each, and no more
        ("auto", 7, 3, False, ""),
        ("auto", 2, 1, False, ""),
        ("ledoit_wolf", 99, 3, True, ""),
        ("sample", 6, 3, False, "6 growth rates for 3 members: the sample covariance is nearly or fully singular"),
        ("sample", 7, 3, False, ""),
        ("sample", 2, 1, False, ""),
    ],
)  # fmt: skip
def test_when_the_covariance_is_shrunk(covariance, rates, members, shrunk, said):
    assert chosen(covariance, rates, members) == (shrunk, said)


def test_what_does_not_vary_has_no_contributions():
    steady = pd.DataFrame([(t, m, 100 * 1.1**t) for t in range(8) for m in "ab"], columns=["t", "m", "v"])
    found = risk.portfolio(xl.flows(steady, period="t", market="m", value="v"), covariance="sample")
    assert (found.table["sd"][0], found.table["note"][0]) == (0, "no variance beyond rounding")
    assert found.members["contribution"].isna().all()


def test_what_never_changes_has_no_benefit_of_diversification():
    still = pd.DataFrame([(t, m, 100.0) for t in range(8) for m in "ab"], columns=["t", "m", "v"])
    found = risk.portfolio(xl.flows(still, period="t", market="m", value="v"), covariance="sample")
    row = found.table.iloc[0]
    assert row[["mean", "sd", "variance"]].tolist() == [0, 0, 0]
    assert row[["benefit", "diversification_ratio", "effective_bets"]].isna().all()
    assert (row["hhi"], row["note"]) == (0.5, "no variance beyond rounding")
    assert found.members["marginal"].isna().all()


def test_shares_are_those_asked_for(six):
    by_year = {
        w: risk.portfolio(six, shares=w).members["share"].to_numpy() for w in ("first", "last", 2011, "2023")
    }
    assert by_year["first"] == pytest.approx(by_year[2011])
    assert by_year["last"] == pytest.approx(by_year["2023"])
    wide = read("exports").set_index("year")[sorted(read("exports").columns[1:])]
    mean = wide.div(wide.sum(axis=1), axis=0).mean()
    assert risk.portfolio(six, shares="mean").members["share"].to_numpy() == pytest.approx(mean.to_numpy())
    with pytest.raises(UnknownName, match="period of shares="):
        risk.portfolio(six, shares="1999")


def test_zeros_entry_and_exit():
    rows = [(t, "a", 10.0 + t % 3) for t in range(8)] + [(t, "b", 5.0) for t in range(3, 6)]
    rows += [(t, "never", 0.0) for t in range(8)]
    flows = xl.flows(pd.DataFrame(rows, columns=["t", "m", "v"]), period="t", market="m", value="v")
    found = risk.portfolio(flows, covariance="sample", shares="mean")
    assert list(found.members["m"]) == ["a", "b"]  # who never trades is no member
    b = np.array([0, 0, 2, 0, 0, -2, 0])
    assert found.members["sd"][1] == pytest.approx(b.std(ddof=1), rel=1e-12)
    with pytest.raises(
        DataError, match=r"5 of 14 growth rates are of members .* 'b', 1\. Logarithms have no zero"
    ):
        risk.portfolio(flows, growth="log")


def test_a_group_silent_in_some_period_is_nan_and_noted(table):
    lost = table[~((table["exporter"] == "B") & (table["period"] == 2012))]
    found = risk.portfolio(xl.flows(lost), by="exporter").table.set_index("exporter")
    assert np.isnan(found.loc["B", "variance"])
    assert found.loc["B", "note"] == "no exports in 2012"
    assert found.loc["A", "variance"] > 0
    once = lost.head(1).assign(exporter="C", period=2012)
    two = xl.flows(pd.concat([lost[lost["exporter"] == "B"], once]))
    with pytest.raises(DataError, match=r"none of the 2 groups exports in every period.*no exports in 2012"):
        risk.portfolio(two, by="exporter")


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"years": range(2010, 2014)}, DataError, "there are 3 growth rates, and a variance needs 5 or more"),
        ({"years": [2010, 2011, 2013, 2014]}, DataError, "2013 has no period before it to grow from"),
        ({"years": [2010]}, DataError, "no earlier year"),
        ({"growth": "rate"}, OptionError, "growth='rate' is not allowed"),
        ({"covariance": "lw"}, OptionError, "covariance='lw'"),
        ({"min_observations": 0}, OptionError, "min_observations=0"),
        ({"over": "period", "by": None}, OptionError, "cannot hold the period"),
    ],
)
def test_what_a_portfolio_refuses(options, error, said):
    made = xl.flows(drawn(years=options.pop("years", range(2010, 2018))))
    with pytest.raises(error, match=said):
        risk.portfolio(made, **{"by": "exporter", **options})
    with pytest.raises(DataError, match="portfolio takes Flows, not DataFrame"):
        risk.portfolio(drawn())


def test_months_are_compared_with_the_year_before_and_overlap():
    months = pd.DataFrame(
        [
            (f"{y}-{m:02d}", k, 5.0 + (y * m * (k == "a")) % 7)
            for y in range(2020, 2023)
            for m in (1, 2, 3)
            for k in "ab"
        ],
        columns=["month", "market", "v"],
    )
    found = risk.portfolio(xl.flows(months, period="month", value="v"))
    assert found.table["n"][0] == 6
    assert any("overlaps" in caution for caution in found.cautions)
    assert list(found.series["month"])[:3] == ["2021-01", "2021-02", "2021-03"]


# ---- laws: sources ------------------------------------------------------------------------------------------------


def world_of(c, d, p, own):
    """Flows of an exporter and of the rest, by market and product, from their log growth."""
    rows, T = [], len(c)
    for m in range(d.shape[1]):
        for k in range(p.shape[1]):
            for who, g in (("them", c + d[:, m] + p[:, k]), ("me", own[:, m, k])):
                level = 50 * np.exp(np.concatenate([[0], np.cumsum(g)])) * (1 + m + 2 * k)
                rows += [(2000 + t, who, f"m{m}", f"k{k}", level[t]) for t in range(T + 1)]
    return xl.flows(pd.DataFrame(rows, columns=["period", "exporter", "market", "product", "value"]))


def test_known_shocks_are_found_and_add_up():
    rng = np.random.default_rng(5)
    c, d, p = rng.normal(0, 0.1, 12), rng.normal(0, 0.1, (12, 4)), rng.normal(0, 0.1, (12, 3))
    d, p = d - d.mean(axis=1, keepdims=True), p - p.mean(axis=1, keepdims=True)
    flows = world_of(c, d, p, rng.normal(0, 0.1, (12, 4, 3)))
    found = risk.volatility_sources(flows, growth="log")
    mine = found.series[found.series["exporter"] == "me"]
    last = flows.table[(flows.table["period"] == 2012) & (flows.table["exporter"] == "me")]
    a = last.pivot(index="market", columns="product", values="value").to_numpy() / last["value"].sum()
    assert mine["common_shock"].to_numpy() == pytest.approx(c, abs=1e-12)
    assert mine["market_shock"].to_numpy() == pytest.approx(d @ a.sum(axis=1), abs=1e-12)
    assert mine["product_shock"].to_numpy() == pytest.approx(p @ a.sum(axis=0), abs=1e-12)
    shocks = mine[[f"{s}_shock" for s in sources.WORLD]].sum(axis=1)
    assert shocks.to_numpy() == pytest.approx(mine["growth"].to_numpy(), **EXACT)
    for exporter, terms in found.table.groupby("exporter"):
        whole = found.series.loc[found.series["exporter"] == exporter, "growth"].var()
        assert terms["term"].sum() == pytest.approx(whole, **EXACT)
        assert terms["share"].sum() == pytest.approx(1, **EXACT)
        assert len(terms) == 10


def test_a_world_of_its_own_is_the_rest_of_the_table(flows):
    within = risk.volatility_sources(flows).table
    others = flows.where(exporter=["B", "C"])
    apart = risk.volatility_sources(flows.where(exporter="A"), world=others).table
    mine = within[within["exporter"] == "A"].reset_index(drop=True)
    assert apart["term"].to_numpy() == pytest.approx(mine["term"].to_numpy(), rel=1e-9)


def test_all_six_terms_add_up_and_the_published_four_do_not(flows):
    found = risk.koren_tenreyro(flows)
    series = found.series.groupby("exporter")["growth"].var()
    assert found.table.groupby("exporter")["term"].sum().to_dict() == pytest.approx(series.to_dict(), **EXACT)
    four = found.published.set_index("exporter")
    assert four["variance"].to_dict() == pytest.approx(series.to_dict(), **EXACT)
    assert four[["gsect", "cnt", "isect", "cov", "remainder"]].sum(axis=1).to_dict() == pytest.approx(
        series.to_dict(), **EXACT
    )
    assert (four["remainder"].abs() > 1e-6).all()
    assert "do not add up" in found.summary()


def test_risk_content_is_the_variance_of_world_growth_at_the_structure(flows, table):
    found = risk.risk_content(flows, over="product", by="exporter")
    wide = table.pivot_table(index="period", columns="product", values="value", aggfunc="sum")
    y = (2 * wide.diff() / (wide + wide.shift())).dropna()
    own = table.pivot_table(index=["exporter", "period"], columns="product", values="value", aggfunc="sum")
    a = own.div(own.sum(axis=1), axis=0)
    expected = np.einsum("gi,ij,gj->g", a.to_numpy(), y.cov().to_numpy(), a.to_numpy())
    assert found["risk_content"].to_numpy() == pytest.approx(expected, rel=1e-10)
    assert found["hhi"].to_numpy() == pytest.approx((a**2).sum(axis=1).to_numpy(), rel=1e-12)
    assert (found["risk_content"] <= y.var().max() + 1e-12).all()
    rest = risk.risk_content(flows, over="product", by="exporter", world="rest")
    given = risk.risk_content(
        flows.where(exporter="A"), over="product", by="exporter", world=flows.where(exporter=["B", "C"])
    )
    mine = rest.loc[rest["exporter"] == "A", "risk_content"].to_numpy()
    assert mine == pytest.approx(given["risk_content"].to_numpy(), rel=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda f: risk.volatility_sources(f.where(exporter="A")), DataError, "traded by nobody else"),
        (lambda f: risk.volatility_sources(xl.cells(f, ["period", "market", "product"])), DataError, "no exporters"),
        (lambda f: risk.volatility_sources(f, world=xl.cells(f, ["period", "market"])), DataError, "has no product"),
        (lambda f: risk.koren_tenreyro(f.where(exporter="A")), DataError, "a single exporter"),
        (lambda f: risk.koren_tenreyro(f, over="exporter"), OptionError, "cannot hold the exporter"),
        (lambda f: risk.risk_content(f, by=(), world="rest"), OptionError, "keep the exporter in by="),
        (lambda f: risk.risk_content(f, world="all"), OptionError, "world='all'"),
        (lambda f: risk.risk_content(f, world=f.where(market="w"), over="market"), DataError, "not traded by"),
    ],
)  # fmt: skip
def test_what_sources_refuse(flows, call, error, said):
    with pytest.raises(error, match=said):
        call(flows)


def test_markets_and_products_that_fall_apart_are_refused(table):
    apart = table[(table["market"] == "w") == (table["product"] == "p")]
    with pytest.raises(DataError, match="fall apart into sets"):
        risk.volatility_sources(xl.flows(apart[apart["market"].isin(["w", "x"])]))


# ---- laws: instability --------------------------------------------------------------------------------------------


def test_cuddy_della_valle_is_the_residual_error_over_the_mean():
    x = np.random.default_rng(3).lognormal(2, 0.3, 15)
    t = np.arange(15)
    fit = np.polyval(np.polyfit(t, x, 1), t)
    error = np.sqrt(((x - fit) ** 2).sum() / 13)
    r2 = 1 - ((x - fit) ** 2).sum() / ((x - x.mean()) ** 2).sum()
    found = risk.instability_of(x)
    assert found["cuddy_della_valle"] == pytest.approx(100 * error / x.mean(), rel=1e-9)
    adjusted = 1 - (1 - r2) * 14 / 13
    assert found["cuddy_della_valle"] == pytest.approx(found["cv"] * np.sqrt(1 - adjusted), rel=1e-9)
    assert risk.instability_of(1e6 * x) == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize(
    ("x", "zero"),
    [
        (100 + 10.0 * np.arange(12), ("cuddy_della_valle", "macbean")),
        (3 * 1.07 ** np.arange(12), ("coppock", "unctad", "cuddy_della_valle_log")),
        (np.full(8, 0.1), tuple(risk.CONVENTIONS)),
    ],
)
def test_what_lies_on_its_trend_is_stable(x, zero):
    found = risk.instability_of(x)
    assert {k for k, v in found.items() if v == 0} == set(zero)


def test_zeros_leave_indices_in_logs_undefined():
    rows = [(t, e, 0.0 if (t, e) == (3, "a") else 5.0 + t % 2) for t in range(8) for e in "ab"]
    flows = xl.flows(pd.DataFrame(rows, columns=["t", "exporter", "v"]), period="t", value="v")
    found = risk.instability(flows).table.set_index("exporter")
    assert found.loc["a", "note"] == "1 values of zero: no logs"
    assert found.loc["a", ["coppock", "unctad", "cuddy_della_valle_log"]].isna().all()
    assert found.loc["a", ["cv", "macbean"]].notna().all()
    assert found.loc["b"].notna().all()
    assert found.loc["a", "mean"] == pytest.approx((5.5 * 8 - 6) / 8)


@pytest.mark.parametrize(
    ("values", "said"),
    [([1, 2, 3], "has no trend"), ([1, 2, 3, 4, -5, 6], "negative"), ([0] * 6, "all values are zero"),
     ([1, 2, 3, 4, np.nan, 6], r"1 values are missing.*values\[4\]")],
)  # fmt: skip
def test_series_without_instability(values, said):
    with pytest.raises(DataError, match=said):
        risk.instability_of(values)
    with pytest.raises(DataError, match="there are 4 periods, and a trend needs 6"):
        risk.instability(xl.flows(drawn(years=range(4))))
    assert risk.instability(xl.flows(drawn(years=range(6)))).table["n"].unique() == [6]


# ---- laws: foreign demand -----------------------------------------------------------------------------------------


def alike():
    """Every market buys from all exporters alike, whose sizes differ."""
    rng = np.random.default_rng(8)
    buys = np.exp(np.cumsum(rng.normal(0, 0.2, (6, 4)), axis=0))
    sells = rng.dirichlet(np.ones(3), 4)
    rows = [(t, e, m, buys[t, m] * sells[m, e]) for t in range(6) for e in range(3) for m in range(4)]
    table = pd.DataFrame(rows, columns=["period", "exporter", "market", "value"])
    return xl.flows(
        table.assign(
            exporter=table["exporter"].map(list("ABC").__getitem__),
            market=table["market"].map(list("wxyz").__getitem__),
        )
    )


def test_demand_predicts_all_where_markets_buy_from_all_alike():
    found = risk.foreign_demand(alike(), growth="rate", base="previous")
    assert found.table["predicted"].to_numpy() == pytest.approx(found.table["actual"].to_numpy(), rel=1e-10)
    assert (found.table["covered"] - 1).abs().max() < 1e-12


@pytest.mark.parametrize("growth", ["arc", "log", "rate"])
def test_contributions_add_up_to_growth(flows, table, growth):
    found = risk.foreign_demand(flows, growth=growth)
    sums = found.members.groupby(["exporter", "period"])[["predicted", "actual"]].sum()
    for column in ("predicted", "actual"):
        assert sums[column].to_numpy() == pytest.approx(found.table[column].to_numpy(), **EXACT)
    total = table.groupby(["exporter", "period"])["value"].sum().unstack()
    x0, x1 = total.iloc[:, :-1].to_numpy(), total.iloc[:, 1:].to_numpy()
    known = {"arc": 2 * (x1 - x0) / (x1 + x0), "log": np.log(x1 / x0), "rate": x1 / x0 - 1}[growth]
    assert found.table["actual"].to_numpy() == pytest.approx(known.ravel(), rel=1e-10)


def test_demand_by_hand():
    rows = [(0, "me", "J", 60.0), (0, "me", "U", 40.0), (0, "you", "J", 100.0), (0, "you", "U", 50.0),
            (1, "me", "J", 30.0), (1, "me", "U", 44.0), (1, "you", "J", 80.0), (1, "you", "U", 55.0)]  # fmt: skip
    flows = xl.flows(pd.DataFrame(rows, columns=["period", "exporter", "market", "value"]))
    found = risk.foreign_demand(flows, growth="rate")
    mine = found.table.set_index("exporter").loc["me"]
    assert mine["predicted"] == pytest.approx(0.6 * -0.2 + 0.4 * 0.1)
    assert mine["actual"] == pytest.approx(-0.26)
    carried = found.carried(1, 1).set_index("exporter")
    assert (carried.loc["me", "market"], carried.loc["me", "actual"]) == ("J", pytest.approx(-0.3))
    with pytest.raises(OptionError, match="not among the later periods"):
        found.carried(0)


GROWING = [(0, "me", "J", 60.0), (1, "me", "J", 30.0), (2, "me", "J", 30.0),
           (0, "me", "U", 40.0), (1, "me", "U", 44.0), (2, "me", "U", 66.0),
           (0, "you", "J", 100.0), (1, "you", "J", 80.0), (2, "you", "J", 88.0),
           (0, "you", "U", 50.0), (1, "you", "U", 55.0), (2, "you", "U", 66.0)]  # fmt: skip


def test_shares_of_the_base_by_hand():
    """Demand grows by -20 and 10 %, then by 10 and 20 %."""
    flows = xl.flows(pd.DataFrame(GROWING, columns=["period", "exporter", "market", "value"]))
    for base, predicted in {
        "first": [0.6 * -0.2 + 0.4 * 0.1, 0.6 * 0.1 + 0.4 * 0.2],
        "previous": [0.6 * -0.2 + 0.4 * 0.1, (30 * 0.1 + 44 * 0.2) / 74],
        1: [(30 * -0.2 + 44 * 0.1) / 74, (30 * 0.1 + 44 * 0.2) / 74],
    }.items():
        found = risk.foreign_demand(flows, growth="rate", base=base).table
        mine = found[found["exporter"] == "me"]
        assert mine["predicted"].tolist() == pytest.approx(predicted)
        assert mine["actual"].tolist() == pytest.approx([-0.26, 22 / 74])


def test_demand_of_the_covered_half():
    rows = [*GROWING, *((t, "me", "Z", 100.0) for t in range(3))]
    flows = xl.flows(pd.DataFrame(rows, columns=["period", "exporter", "market", "value"]))
    found = risk.foreign_demand(flows, growth="rate", uncovered="rescale")
    mine = found.table.set_index("exporter").loc["me"]
    assert mine["covered"].tolist() == pytest.approx([0.5, 0.5])
    assert mine["predicted"].tolist() == pytest.approx([-0.08, 0.14])
    first = found.members[(found.members["exporter"] == "me") & (found.members["period"] == 1)]
    assert first.set_index("market")["predicted"].to_dict() == pytest.approx({"J": -0.12, "U": 0.04, "Z": 0})


def test_the_nation_is_left_out_of_demand(flows):
    nation = risk.foreign_demand(
        flows.where(exporter="A"), world=flows, leave_out="nation", nation=["A", "B"]
    )
    others = risk.foreign_demand(flows.where(exporter="A"), world=flows.where(exporter="C"))
    assert nation.table["predicted"].to_numpy() == pytest.approx(
        others.table["predicted"].to_numpy(), rel=1e-12
    )
    own = risk.foreign_demand(flows.where(exporter="A"), world=flows)
    inside = risk.foreign_demand(flows).table
    mine = inside.loc[inside["exporter"] == "A", "predicted"]
    assert own.table["predicted"].to_numpy() == pytest.approx(mine.to_numpy(), rel=1e-9)


def test_demand_that_is_not_known_is_refused_or_left_out(table):
    alone = table[~((table["market"] == "z") & (table["exporter"] != "A"))]
    flows = xl.flows(alone)
    with pytest.raises(DataError, match=r"not known for 7 of 28 markets .*exporter='A'.*'z', 2011"):
        risk.foreign_demand(flows)
    found = risk.foreign_demand(flows, uncovered="rescale")
    without = risk.foreign_demand(flows.where(market=["w", "x", "y"])).table
    mine, theirs = (t[t["exporter"] == "A"] for t in (found.table, without))
    assert mine["predicted"].to_numpy() == pytest.approx(theirs["predicted"].to_numpy(), rel=1e-12)
    assert mine["covered"].max() < 1


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"leave_out": "nation"}, OptionError, "needs nation="),
        ({"nation": "A"}, OptionError, "belongs to leave_out='nation'"),
        ({"leave_out": "nation", "nation": "Mars"}, UnknownName, "Mars"),
        ({"base": "1999"}, UnknownName, "1999"),
        ({"growth": "pct"}, OptionError, "growth='pct'"),
    ],
)
def test_what_demand_refuses(flows, options, error, said):
    with pytest.raises(error, match=said):
        risk.foreign_demand(flows, **options)


# ---- stress -------------------------------------------------------------------------------------------------------


def test_shocks_by_hand(six):
    last = read("exports").set_index("year").loc[2023]
    tariff = risk.stress(six, tariff={"USA": 0.25}, elasticity=3).table
    assert tariff["change"][0] == pytest.approx(last["USA"] * (1.25**-3 - 1), rel=1e-12)
    lost = risk.stress(six, lost="JPN").table
    assert lost["growth"][0] == pytest.approx(-last["JPN"] / last.sum(), rel=1e-12)
    shares = last.drop("JPN") / last.drop("JPN").sum()
    assert lost["hhi_after"][0] == pytest.approx((shares**2).sum(), rel=1e-12)
    both = risk.stress(six, tariff={"USA": 0.25}, demand={"USA": -0.1}, elasticity=3).table
    assert both["change"][0] == pytest.approx(last["USA"] * (0.9 * 1.25**-3 - 1), rel=1e-12)
    part = risk.stress(six, lost="JPN", diverted=0.4)
    assert part.table["change"][0] == pytest.approx(-0.6 * last["JPN"], rel=1e-12)
    assert part.members.set_index("market").loc["JPN", "loss_share"] == 1


def test_a_bloc_stands_for_its_members(six):
    bloc = risk.stress(six, demand={"RCEP": -0.2}).members.set_index("market")["growth"]
    inside = {m for m, g in bloc.items() if g < 0}
    assert inside == {"JPN", "KOR", "VNM"}
    assert bloc[["JPN", "KOR", "VNM"]].to_list() == pytest.approx([-0.2] * 3)
    with pytest.raises(OptionError, match="'JPN' has two shocks of one kind, one of them by 'RCEP'"):
        risk.stress(six, demand={"JPN": -0.1, "RCEP": -0.2})


def falling():
    """100 to three markets, one of which takes nothing any more."""
    rows = [(0, "a", 50.0), (0, "b", 50.0), (0, "c", 10.0), (1, "a", 60.0), (1, "b", 40.0), (1, "c", 0.0)]
    return xl.flows(pd.DataFrame(rows, columns=["period", "market", "value"]))


def test_a_fall_of_demand_by_hand():
    found = risk.stress(falling(), demand={"a": -0.5})
    row = found.table.iloc[0]
    assert row[["exports", "change", "growth"]].tolist() == pytest.approx([100, -30, -0.3])
    assert row[["hhi_before", "hhi_after"]].tolist() == pytest.approx([0.52, 25 / 49])
    assert found.members["growth"].tolist() == pytest.approx([-0.5, 0, np.nan], nan_ok=True)
    assert found.members["loss_share"].tolist() == [1, 0, 0]
    moved = risk.stress(falling(), demand={"a": -0.5}, diverted=0.4)
    assert moved.members["change"].tolist() == pytest.approx([-30, 12, 0])
    before = risk.stress(falling(), demand={"a": -0.5}, diverted=0.4, period=0)
    assert before.members["change"].tolist() == pytest.approx([-25, 10 * 5 / 6, 10 / 6])
    said = risk.stress(falling(), tariff={"a": 0.25}, demand={"b": -0.1}, lost="c", elasticity=2)
    assert said.title == "Stress: tariff on a +25 %, demand of b -10 %, c lost"


def test_a_drawn_elasticity_gives_an_interval():
    """Of a lognormal law with mean 3 and standard deviation .8; growth is of the share of one market, .6."""
    asked = {"tariff": {"a": 0.25}, "elasticity": 3.0, "elasticity_sd": 0.8, "level": 0.8, "draws": 4000}
    row = risk.stress(falling(), **asked, rng=5).table.iloc[0]
    variance = np.log1p((0.8 / 3) ** 2)
    law = np.random.default_rng(seeds(5, 1)[0]).lognormal(np.log(3) - variance / 2, np.sqrt(variance), 4000)
    assert (law.mean(), law.std()) == pytest.approx((3, 0.8), rel=0.02)
    grown_ = 0.6 * (1.25**-law - 1)
    assert row["growth"] == pytest.approx(0.6 * (1.25**-3 - 1))
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(np.quantile(grown_, [0.1, 0.9]))
    assert row["std_error"] == pytest.approx(grown_.std(ddof=1))


def test_the_worst_year_again(six):
    wide = read("exports").set_index("year")
    g = 2 * wide.diff() / (wide + wide.shift())
    a = wide.loc[2023] / wide.loc[2023].sum()
    year = (g @ a).idxmin()
    found = risk.worst_again(six)
    assert found.table["worst"][0] == year == 2019
    moved = wide.loc[2023] * (wide.loc[year] / wide.loc[year - 1] - 1)
    assert found.table["change"][0] == pytest.approx(moved.sum(), rel=1e-12)
    assert found.members["change"].sum() == pytest.approx(found.table["change"][0], rel=1e-12)
    assert risk.worst_again(six, growth="log").table["change"][0] == pytest.approx(moved.sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({}, OptionError, "There is no shock"),
        ({"tariff": {"USA": 0.1}}, OptionError, "needs elasticity="),
        ({"tariff": {"USA": 25.0}, "elasticity": 2}, OptionError, "tariff="),
        ({"demand": {"USA": -1.5}}, OptionError, "demand="),
        ({"demand": {"Mars": -0.5}}, UnknownName, "market or bloc named 'Mars'"),
        ({"lost": ["USA", "Mars"]}, UnknownName, "Mars"),
        ({"tariff": {"USA": 0.1}, "elasticity": 2, "elasticity_sd": 1.0}, OptionError, "belong together"),
        ({"lost": "USA", "elasticity_sd": 1.0, "rng": 1}, OptionError, "elasticity= above 0"),
        ({"lost": "USA", "period": 1999}, UnknownName, "1999"),
    ],
)
def test_what_stress_refuses(six, options, error, said):
    with pytest.raises(error, match=said):
        risk.stress(six, **options)


# ---- tails --------------------------------------------------------------------------------------------------------


def test_a_tail_of_few_years_is_refused_unless_asked_for(six):
    with pytest.raises(
        DataError, match="there are 12 growth rates, and a tail needs 20 or more.*min_observations="
    ):
        risk.value_at_risk(six)
    found = risk.value_at_risk(six, min_observations=12).table
    assert found["note"][0] == "fewer than 20 growth rates"
    assert found["method"][0] == "historical"
    assert (found["worst"][0], found["worst_growth"][0]) == (2019, found["expected_shortfall"][0])


def one_market(rates):
    """Exports to one market that start at 100 and grow at these arc rates."""
    values = 100 * np.cumprod([1, *((2 + g) / (2 - g) for g in rates)])
    table = pd.DataFrame({"year": 2000 + np.arange(len(values)), "market": "JPN", "v": values})
    return xl.flows(table, period="year", value="v"), values


RATES = (0.1, -0.3, 0.05, 0.2, -0.1, 0.15, 0.02, 0.12, -0.05, 0.08, 0.11, 0.04, -0.2, 0.3, 0.09, 0.01, 0.07, -0.02,
         0.13, 0.06)  # fmt: skip


def test_bad_years_by_hand():
    """Of 20 rates type 7 at 5 % stands .95 of the way from the worst to the next, and one lies below it."""
    flows, values = one_market(RATES)
    row = risk.value_at_risk(flows).table.iloc[0]
    assert row[["value_at_risk", "expected_shortfall"]].tolist() == pytest.approx([-0.3 + 0.95 * 0.1, -0.3])
    assert row["value_at_risk_value"] == pytest.approx(values[-1] * (1.795 / 2.205 - 1))
    assert row["expected_shortfall_value"] == pytest.approx(values[-1] * (1.7 / 2.3 - 1))
    assert (row["n"], row["worst"], row["note"]) == (20, 2002, "")
    title = "Value at risk and expected shortfall of growth at fixed shares, 5 %"
    assert risk.value_at_risk(flows).title == title
    rarer = risk.value_at_risk(flows, probability=0.04).table.iloc[0]
    assert rarer["note"] == "fewer than 25 growth rates"
    logs = risk.value_at_risk(flows, growth="log").table.iloc[0]
    assert logs["expected_shortfall"] == pytest.approx(np.log(1.7 / 2.3))
    assert logs["expected_shortfall_value"] == pytest.approx(values[-1] * (1.7 / 2.3 - 1))


def test_the_bootstrap_redraws_periods():
    flows, _ = one_market(RATES)
    row = risk.value_at_risk(flows, method="bootstrap", level=0.8, draws=300, rng=7).table.iloc[0]
    r, rng = np.array(RATES), np.random.default_rng(seeds(7, 1)[0])
    drawn = [r[rng_row] for rng_row in rng.integers(0, 20, (300, 20))]
    quantiles = [np.quantile(x, 0.05) for x in drawn]
    shortfalls = [x[x <= q + 1e-12].mean() for x, q in zip(drawn, quantiles, strict=True)]
    for name, sample in {"value_at_risk": quantiles, "expected_shortfall": shortfalls}.items():
        ends = row[[f"{name}_conf_low", f"{name}_conf_high"]].tolist()
        assert ends == pytest.approx(np.quantile(sample, [0.1, 0.9]))


def test_the_shortfall_is_the_mean_of_what_lies_below():
    r = np.random.default_rng(4).normal(size=(50, 31))
    low, mean = tail_of(r, 0.1)
    assert low == pytest.approx(np.quantile(r, 0.1, axis=1))
    assert mean == pytest.approx([x[x <= q].mean() for x, q in zip(r, low, strict=True)])
    assert (mean <= low).all()


def test_money_and_growth_agree():
    assert grown(2 * (80 - 100) / 180, "arc") == pytest.approx(0.8)
    assert grown(np.log(0.8), "log") == pytest.approx(0.8)
    assert grown(-2.0, "arc") == 0  # all is lost
    assert np.isnan([grown(-2.5, "arc"), grown(2.0, "arc")]).all()


def test_the_bootstrap_names_itself_and_repeats(six):
    asked = {"min_observations": 12, "method": "bootstrap", "draws": 200}
    found = risk.value_at_risk(six, **asked, rng=7).table
    plain = risk.value_at_risk(six, min_observations=12).table
    assert found["value_at_risk"][0] == plain["value_at_risk"][0]
    assert (
        found["value_at_risk_conf_low"][0] < found["value_at_risk"][0] < found["value_at_risk_conf_high"][0]
    )
    assert found.equals(risk.value_at_risk(six, **asked, rng=7).table)
    for wrong in ({"method": "bootstrap"}, {"rng": 7}):
        with pytest.raises(OptionError, match="rng="):
            risk.value_at_risk(six, min_observations=12, **wrong)


# ---- concentration beside risk ------------------------------------------------------------------------------------


def test_jackknife_of_a_standard_deviation():
    x = np.random.default_rng(6).normal(size=9)
    logs = np.array([np.log(np.delete(x, t).std(ddof=1)) for t in range(9)])
    error = np.sqrt(8 / 9 * ((logs - logs.mean()) ** 2).sum())
    sd, low, high = jackknife_sd(x, 0.95)
    assert sd == pytest.approx(x.std(ddof=1), rel=1e-12)
    assert np.log(high / sd) == pytest.approx(2.306004135 * error, rel=1e-8)
    assert low == pytest.approx(sd**2 / high, rel=1e-12)
    assert jackknife_sd(np.full(5, 0.1), 0.95)[0] == 0


def test_concentration_is_that_from_which_growth_starts(six):
    found = risk.concentration_and_risk(six, window=6).table
    wide = read("exports").set_index("year")
    first = wide.loc[2011] / wide.loc[2011].sum()
    assert found["hhi"][0] == pytest.approx((first**2).sum(), rel=1e-12)
    g = 2 * wide.diff() / (wide + wide.shift())
    assert found["sd"][0] == pytest.approx((g.loc[2012:2017] @ first).std(), rel=1e-12)
    total = wide.sum(axis=1)
    actual = (2 * total.diff() / (total + total.shift())).loc[2012:2017].std()
    assert found["actual_sd"][0] == pytest.approx(actual, rel=1e-12)
    assert list(found["from"]) == list(range(2012, 2019))
    assert (found["to"] - found["from"] == 5).all()


@pytest.fixture(scope="module")
def many():
    return xl.flows(drawn(seed=9, exporters=[f"e{i:02d}" for i in range(14)], products="p"))


def test_the_regression_has_hc3_errors(many):
    found = risk.concentration_and_risk(many)
    made = found.regression().set_index("term")
    t = found.table
    X = np.column_stack([t["hhi"], np.log(t["size"]), np.ones(len(t))])
    y = t["actual_sd"].to_numpy()
    bread = np.linalg.inv(X.T @ X)
    beta = bread @ X.T @ y
    u = (y - X @ beta) / (1 - np.einsum("ij,jk,ik->i", X, bread, X))
    errors = np.sqrt(np.diag(bread @ (X.T * u**2) @ X @ bread))
    assert made["estimate"].to_numpy() == pytest.approx(beta, rel=1e-8)
    assert made["std_error"].to_numpy() == pytest.approx(errors, rel=1e-8)
    assert made["errors"].unique() == ["HC3"]
    assert made["note"].unique() == [""]
    for level in (0.95, 0.8):
        reach = student.ppf(0.5 + level / 2, len(t) - 3) * errors
        ends = found.regression(level=level)[["conf_low", "conf_high"]].to_numpy()
        assert ends == pytest.approx(np.column_stack([beta - reach, beta + reach]), rel=1e-8)


def test_windows_are_clustered_by_exporter(many):
    found = risk.concentration_and_risk(many, window=5)
    made = found.regression("sd", size=False).iloc[0]
    t = found.table
    x, y = (t[c] - t.groupby("to")[c].transform("mean") for c in ("hhi", "sd"))
    beta = (x @ y) / (x @ x)
    scores = (x * (y - beta * x)).groupby(t["exporter"]).sum()
    n, G = len(t), 14
    error = np.sqrt((scores**2).sum() * G / (G - 1) * (n - 1) / (n - 1)) / (x @ x)
    assert made["estimate"] == pytest.approx(beta, rel=1e-8)
    assert made["std_error"] == pytest.approx(error, rel=1e-8)
    assert (made["groups"], made["n"]) == (14, n)
    assert made["note"] == "14 clusters: errors may be too small"


def test_what_the_regression_refuses(flows, many):
    with pytest.raises(DataError, match="3 groups are too few"):
        risk.concentration_and_risk(flows).regression()
    found = risk.concentration_and_risk(many)
    for wrong in ({"risk": "var"}, {"level": 95}):
        with pytest.raises(OptionError, match="is not allowed"):
            found.regression(**wrong)
    with pytest.raises(DataError, match="window=99 needs as many"):
        risk.concentration_and_risk(flows, window=99)
    with pytest.raises(DataError, match="4 growth rates are too few"):
        risk.concentration_and_risk(flows, window=4)


def test_a_bloc_against_the_rest(six):
    found = risk.bloc_risk(six, "RCEP")
    wide = read("exports").set_index("year")
    sides = pd.DataFrame(
        {"RCEP": wide[["JPN", "KOR", "VNM"]].sum(axis=1), "rest": wide[["USA", "DEU", "RUS"]].sum(axis=1)}
    )
    g = (2 * sides.diff() / (sides + sides.shift())).dropna()
    assert found.table["sd"].to_numpy() == pytest.approx(g.std().to_numpy(), rel=1e-12)
    assert found.table["correlation"][0] == pytest.approx(g.corr().iloc[0, 1], rel=1e-10)
    assert found.table["contribution"].sum() == pytest.approx(1, **EXACT)
    gap = np.array(
        [np.log(np.divide(*np.delete(g.to_numpy(), t, axis=0).std(axis=0, ddof=1))) for t in range(12)]
    )
    error = np.sqrt(11 / 12 * ((gap - gap.mean()) ** 2).sum())
    row = found.table.iloc[0]
    assert row["difference"] == pytest.approx(np.log(g.std().iloc[0] / g.std().iloc[1]), rel=1e-10)
    assert row["difference_high"] - row["difference"] == pytest.approx(2.200985160 * error, rel=1e-8)
    with pytest.raises(OptionError, match="dated"):
        risk.bloc_risk(six, "RCEP", membership="dated")
    with pytest.raises(DataError, match="sells nothing to the rest in some period"):
        risk.bloc_risk(six.where(market=["JPN", "KOR"]), "RCEP")


# ---- every engine, every meaning-preserving change ----------------------------------------------------------------

CALLS = {
    "portfolio": lambda f: risk.portfolio(f, by="exporter").table,
    "portfolio members": lambda f: risk.portfolio(f, over=["market", "product"]).members,
    "volatility_sources": lambda f: risk.volatility_sources(f).table,
    "koren_tenreyro": lambda f: risk.koren_tenreyro(f, over="market").table,
    "risk_content": lambda f: risk.risk_content(f, over="market", world="rest", by="exporter"),
    "instability": lambda f: risk.instability(f, by=["exporter", "market"]).table,
    "foreign_demand": lambda f: risk.foreign_demand(f, leave_out="nation", nation="C").members,
    "stress": lambda f: risk.stress(f, lost="w", demand={"x": -0.5}, diverted=0.1).table,
    "worst_again": lambda f: risk.worst_again(f, by="exporter").table,
    "value_at_risk": lambda f: risk.value_at_risk(f, by="exporter", min_observations=5).table,
    "concentration_and_risk": lambda f: risk.concentration_and_risk(f, window=5).table,
}
MONEY = {"exports", "change", "value", "mean", "size", "value_at_risk_value", "expected_shortfall_value"}


@pytest.fixture(scope="module")
def expected(flows):
    return {name: call(flows) for name, call in CALLS.items()}


def agrees(found, wanted, scale=1.0):
    assert list(found.columns) == list(wanted.columns)
    for column in wanted:
        if wanted[column].dtype.kind == "f":
            money = column in MONEY and ("growth" not in wanted or column != "mean")
            by = scale if money and not (column == "mean" and "sd" in wanted) else 1.0
            assert found[column].to_numpy() == pytest.approx(
                by * wanted[column].to_numpy(), rel=1e-9, abs=1e-12, nan_ok=True
            )
        else:
            assert found[column].astype(str).tolist() == wanted[column].astype(str).tolist()


@pytest.mark.parametrize("engine", list(ENGINES))
def test_every_engine_gives_the_same(table, expected, engine):
    flows = xl.flows(ENGINES[engine](table.sample(frac=1, random_state=3)))
    for name, call in CALLS.items():
        agrees(call(flows), expected[name])


CHANGES = {
    "split rows": lambda t: xl.flows(
        pd.concat([t.assign(value=t["value"] * w) for w in (0.25, 0.75)]), aggregate="sum"
    ),
    "periods as text": lambda t: xl.flows(t.assign(period=t["period"].astype(str))),
    "another unit": lambda t: xl.flows(t.assign(value=t["value"] * 1000)),
    "categories": lambda t: xl.flows(t.assign(exporter=t["exporter"].astype("category"))),
    "rows of zeros": lambda t: xl.flows(pd.concat([t, t[t["market"] == "w"].assign(market="v", value=0.0)])),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_the_same_meaning_gives_the_same_numbers(table, expected, change):
    flows = CHANGES[change](table)
    for name, call in CALLS.items():
        if change != "rows of zeros" or name != "instability":  # a series of zeros is a series more
            agrees(call(flows), expected[name], 1000.0 if change == "another unit" else 1.0)


def test_own_column_names_come_back(table):
    own = table.rename(
        columns={"period": "year", "market": "partner", "exporter": "province", "value": "usd"}
    )
    flows = xl.flows(own, period="year", market="partner", exporter="province", value="usd")
    assert list(risk.portfolio(flows, by="province").members.columns[:2]) == ["province", "partner"]
    assert "year" in risk.foreign_demand(flows, by="province").table
    assert list(risk.risk_content(flows, by="province").columns[:2]) == ["province", "year"]


def test_what_is_left_over_is_no_member(table):
    flows = xl.flows(table.assign(market=table["market"].replace("z", "Others")), residual=["Others"])
    for call in (
        lambda f: risk.portfolio(f, by="exporter"),
        lambda f: risk.stress(f, lost="w"),
        lambda f: risk.foreign_demand(f),
        lambda f: risk.bloc_risk(f, "RCEP"),
    ):
        with pytest.raises(DataError, match=r"takes every market for one member.*flows\.where\(market="):
            call(flows)
    assert risk.instability(flows, by="exporter").table["cv"].notna().all()


# ---- what is printed and drawn ------------------------------------------------------------------------------------


def results(six, flows, many):
    return [
        risk.portfolio(six),
        risk.volatility_sources(flows),
        risk.koren_tenreyro(flows),
        risk.instability(flows, by="exporter"),
        risk.foreign_demand(flows.where(product="p")),
        risk.stress(six, tariff={"USA": 0.1}, elasticity=2, elasticity_sd=0.5, rng=1),
        risk.worst_again(six),
        risk.value_at_risk(six, min_observations=5, method="bootstrap", rng=1, draws=50),
        risk.concentration_and_risk(many),
        risk.concentration_and_risk(six, window=6),
    ]


def test_cautions_are_printed_and_pictures_drawn(six, flows, many):
    for result in results(six, flows, many):
        assert result.cautions
        said = result.summary()
        assert said.startswith(result.title)
        assert all(caution in said for caution in result.cautions)
        assert result.cautions[0][:10] in result._repr_html_()
        options = {"group": "A"} if type(result).__name__ == "Demand" else {}
        ax = result.plot(**options, source="made up")
        assert isinstance(ax, Axes)
        assert ax.get_xlabel() or ax.get_ylabel()
    for name in (
        "Concentration is not risk",
        "price and quantity",
        "Vannoorenberghe, Wang and Yu 2016",
        "entry and exit",
    ):
        assert name in risk.portfolio(six).summary()
    with pytest.raises(OptionError, match="There are 3 groups: say group="):
        risk.foreign_demand(flows.where(product="p")).plot()


def test_pictures_speak_both_languages(six):
    found = risk.concentration_and_risk(six, window=6)
    assert found.plot().get_xlabel() == "Herfindahl-Hirschman index"
    with speaking("zh"):
        ax = found.plot()
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("赫芬达尔—赫希曼指数", "增长率的标准差（%）")


# ---- the section of the report ------------------------------------------------------------------------------------


def test_the_report_has_a_section_on_risk(table):
    from exportlab.findings import findings
    from exportlab.reporting.own import vulnerability

    mine = xl.flows(table[table["exporter"] == "A"], unit="USD", source="made up")
    with speaking("zh"):
        section, fact = vulnerability.section(findings(mine, parts=["market"]))
        assert fact is None
        assert section.title == "风险：出口的波动"
        assert "集中不等于风险" in "".join(section.text)
    section, _fact = vulnerability.section(findings(mine, parts=["market"]))
    known = risk.portfolio(mine, by=())
    assert section.text[0] == "By market."
    assert f"standard deviation of {100 * known.table['sd'][0]:.1f}%" in section.text[1].replace(
        "\N{NO-BREAK SPACE}", ""
    )
    shown = section.parts[0].frame.set_index("market")["contribution"]
    assert shown.to_dict() == pytest.approx(known.members.set_index("market")["contribution"].to_dict())
    most = known.members.nlargest(1, "contribution").iloc[0]
    said = f"{most['market']} added most to the variance of exports: {most['contribution']:.1%}, "
    assert section.parts[1].around[0] == f"{said}with {most['share']:.1%} of exports"
    assert "By product." in section.text
    assert [p.name for p in section.parts] == ["risk", "risk", "risk_products", "risk_products"]
    short = xl.flows(table[table["period"] < 2013])
    section, _fact = vulnerability.section(findings(short, parts=["market"]))
    assert section.text == ("Left out: it takes 5 growth rates or more, and the table has 2.",)
    assert section.parts == ()


def test_the_report_tells_of_chapters_where_codes_are_longer(table):
    from exportlab.findings import findings
    from exportlab.reporting.own import vulnerability

    codes = table.assign(product=table["product"].map({"p": "720810", "q": "847130"}))
    more = pd.concat([codes, codes.assign(product="720917", value=codes["value"] / 3)], ignore_index=True)
    mine = xl.flows(more[more["exporter"] == "A"], aggregate="sum")
    section, _fact = vulnerability.section(findings(mine, parts=["market"]))
    assert "By chapter, two digits of the code." in section.text
    shown = section.parts[2].frame.set_index("product")
    two = more[more["exporter"] == "A"].assign(product=lambda t: t["product"].str[:2])
    known = risk.portfolio(xl.flows(two, aggregate="sum"), over="product", by=()).members.set_index("product")
    assert shown["contribution"].to_dict() == pytest.approx(known["contribution"].to_dict())
    assert set(shown.index) == {"72", "84"}
    assert set(shown["product_name"]) == {"Iron and steel", "Machinery and mechanical appliances"}
    drawn = [t.get_text().replace("\n", " ") for t in section.parts[3].axes.get_yticklabels()]
    assert drawn == shown["product_name"].tolist()


# What rounding would decide, and ends of definitions.


def test_growth_rates_exist_where_they_should():
    before, after = np.array([1.0, 0.0, 2.0, 0.0, 4.0]), np.array([0.0, 1.0, 3.0, 0.0, 4.0])
    nan = np.nan
    for kind, expected in (
        ("arc", [-2, 2, 0.4, nan, 0]),
        ("log", [nan, nan, np.log(1.5), nan, 0]),
        ("rate", [-1, nan, 0.5, nan, 0]),
    ):
        np.testing.assert_allclose(ground.rates(before, after, kind), expected)


def test_a_rate_that_the_quantile_hits_belongs_to_the_tail():
    """0.29 of 100 steps is the 30th rate: rounding of the quantile must not leave it out."""
    r = np.linspace(-0.5, 0.5, 101)
    low, mean = tail_of(r[None], 0.29)
    assert low[0] == pytest.approx(r[29])
    assert mean[0] == pytest.approx(r[:30].mean())


def test_the_log_mean_of_totals_that_hardly_differ():
    from exportlab.risk.demand import _carried

    before, after = np.array([[1.0, 2.0]]), np.array([[1.0, 2.0 * (1 + 1e-13)]])
    assert _carried(before, after, "log")[0, 1] == pytest.approx((after - before)[0, 1] / 3, rel=1e-9)
    assert _carried(before, before, "log")[0].tolist() == [0, 0]
    grown_ = _carried(np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]]), "log")
    assert grown_.sum() == pytest.approx(np.log(2))


def test_one_period_that_carries_all_leaves_no_interval():
    sd, low, high = jackknife_sd(np.array([0.1, 0.1, 0.1, 0.5, 0.1]), 0.95)
    assert sd == pytest.approx(np.std([0, 0, 0, 0.4, 0], ddof=1))
    assert np.isnan([low, high]).all()


def test_sources_of_what_does_not_vary_have_no_shares():
    parts = np.column_stack([np.full(6, 0.1), np.full(6, 0.2) + 1e-17 * np.arange(6)])
    rows = sources.terms({}, ("a", "b"), parts, "")
    assert all(np.isnan(r["share"]) and r["note"] == "no variance beyond rounding" for r in rows)
    moving = sources.terms({}, ("a", "b"), parts + np.arange(6)[:, None], "")
    assert sum(r["share"] for r in moving) == pytest.approx(1)
    assert {r["note"] for r in moving} == {""}


def test_a_world_without_a_common_period_is_refused(table):
    mine = xl.flows(table[table["exporter"] == "A"])
    world = xl.flows(table.assign(period=table["period"] + 100))
    for call in (
        lambda: risk.volatility_sources(mine, world=world),
        lambda: risk.risk_content(mine, world=world),
    ):
        with pytest.raises(DataError, match="none of the periods"):
            call()


# ---- import dependence: the figures of another program on a made-up table ------------------------------------


@pytest.fixture(scope="module")
def geodep():
    rows = pd.read_csv(HERE / "geodep_flows.csv")
    expected = pd.read_csv(HERE / "expected_geodep_years.csv")
    imports = xl.flows(rows, period="year", market="supplier", product="product", value="imports_from")
    world = xl.flows(rows, period="year", exporter="supplier", product="product", value="world_exports")
    own = xl.flows(expected, period="year", product="product", value="own_exports")
    return imports, world, own, expected


def test_geodep_flags(geodep):
    imports, world, own, expected = geodep
    found = risk.import_dependence(imports, world, exports=own)
    both = found.yearly.merge(expected, left_on=["product", "period"], right_on=["product", "year"])
    assert len(both) == len(expected) == len(found.yearly)
    for mine, theirs in {"hhi_imports_x": "hhi_imports_y", "hhi_world": "hhi_world_exports"}.items():
        assert both[mine].to_numpy() == pytest.approx(both[theirs].to_numpy(), abs=1e-9)
    ratio = both["ratio_x"].replace(np.inf, 9999).to_numpy()
    assert ratio == pytest.approx(both["ratio_y"].to_numpy(), abs=1e-8)
    assert both["all_three_x"].astype(int).tolist() == both["all_three_y"].tolist()
    flags = pd.read_csv(HERE / "expected_geodep.csv")
    assert found.table["met"].tolist() == flags["years_met"].tolist()
    assert found.table["dependent"].astype(int).tolist() == flags["dependent"].tolist()
    assert found.title == "Products that the importer depends on: 2 of 5"
    assert found.remarks[0].startswith("Dependence is of a value")


def test_geodep_of_one_table_of_the_world():
    bought = pd.DataFrame(
        {"period": 1, "exporter": "H", "market": ["U", "V"], "product": "p", "value": [90.0, 10.0]}
    )
    sold = pd.DataFrame(
        {"period": 1, "exporter": ["U", "V", "H"], "product": "p", "value": [85.0, 5.0, 10.0]}
    )
    found = risk.import_dependence(xl.flows(bought), xl.flows(sold), met=1)
    row = found.yearly.iloc[0]
    assert row[["imports", "own_exports", "hhi_imports", "hhi_world", "ratio"]].tolist() == pytest.approx(
        [100, 10, 0.82, 0.735, 10]
    )
    assert found.table["dependent"].tolist() == [True]
    assert "Products that H depends on: 1 of 1" in found.summary()
    strict = risk.import_dependence(xl.flows(bought), xl.flows(sold), met=1, substitution=10.0)
    assert strict.table["dependent"].tolist() == [False]  # strictly more


def test_geodep_refuses_what_it_cannot_compare(geodep):
    imports, world, own, _ = geodep
    with pytest.raises(DataError, match="the importer is not named. Say importer="):
        risk.import_dependence(imports, world)
    with pytest.raises(UnknownName, match="There is no exporter named 'X'"):
        risk.import_dependence(imports, world, importer="X")
    with pytest.raises(
        DataError, match="the world exports nothing of what is imported in 3 rows. First: product 'p2'"
    ):
        risk.import_dependence(imports, world.where(product=["p1", "p3", "p4", "p5"]), exports=own)
    two = pd.DataFrame({"period": 1, "exporter": ["H", "I"], "market": "U", "product": "p", "value": 1.0})
    with pytest.raises(DataError, match="the imports are those of 2 importers"):
        risk.import_dependence(xl.flows(two), world, exports=own)


# A table that is balanced and sorted as files are is read by blocks, any other by its labels.


def balanced(periods=6, seed=4):
    rng = np.random.default_rng(seed)
    cells = [
        (2000 + t, e, m, p)
        for t in range(periods)
        for e in "BA"
        for m in ("US", "JP", "KR")
        for p in ("84", "01")
    ]
    table = pd.DataFrame(cells, columns=["period", "exporter", "market", "product"])
    return table.assign(value=rng.lognormal(2, 0.5, len(table)))


def same_series(one, other):
    assert [(s.key, [list(c) for c in s.labels]) for s in one] == [
        (s.key, [list(c) for c in s.labels]) for s in other
    ]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.values, b.values)


def seen(table, over=("market", "product"), by=("exporter",)):
    asked = ground.asked(xl.flows(table), "a test", list(over), list(by), "year")
    return ground.series(asked)


CASES = {
    "as it is": lambda t: t,
    "a member without trade": lambda t: t.assign(
        value=t["value"].where((t["market"] != "US") | (t["exporter"] == "B"), 0)
    ),
    "a zero": lambda t: t.assign(value=t["value"].where(t.index != 5, 0)),
    "periods from the last": lambda t: t.sort_values("period", ascending=False, kind="stable"),
    "another member in one year": lambda t: t.assign(market=t["market"].where(t.index != 17, "DE")),
    "two members that change places": lambda t: t.iloc[[1, 0, *range(2, len(t))]],
    "a year cut short": lambda t: t.iloc[:-3],
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize(
    ("over", "by"), [(("market", "product"), ("exporter",)), (("exporter", "market", "product"), ())]
)
def test_blocks_and_labels_give_the_same_series(case, engine, over, by):
    table = CASES[case](balanced())
    mixed = table.sample(frac=1, random_state=3)
    made = {
        "pandas": lambda t: t,
        "polars": pl.from_pandas,
        "pyarrow": lambda t: pa.Table.from_pandas(t, preserve_index=False),
    }
    same_series(seen(made[engine](table), over, by), seen(mixed, over, by))


def test_what_repeats():
    roles = ("exporter", "market", "product")
    for case, found in {
        "as it is": True,
        "another member in one year": False,
        "two members that change places": False,
    }.items():
        table = CASES[case](balanced())
        asked = ground.asked(xl.flows(table), "a test", ["market", "product"], ["exporter"], "year")
        cells = xl.flows(table).frame
        assert (ground._repeats(cells, roles, ground._rows(asked, cells)) is not None) == found


def test_entries_are_warned_of_where_growth_has_them(many):
    """Rates by the mean of both years are there for what starts from zero; logarithms and rates of change are not."""
    for growth in ("arc", "log"):
        said = " ".join(map(str, risk.volatility_sources(many, growth=growth).cautions))
        assert (str(ENTRY) in said) == (growth == "arc")
