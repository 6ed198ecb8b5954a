"""Every estimator, aggregation and inference method, as an entry that the common checks can run, and its data.

`estimator_checks` says what must hold of each of them. A check that does not hold of an entry is named in its `exempt`,
with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from exportlab.convergence import (
    beta_convergence,
    club_convergence,
    relative_density,
    sigma_convergence,
    spatial_markov,
)
from exportlab.panel import (
    PolicyPanel,
    common_correlated,
    conley_taber,
    counterfactual_tests,
    fixed_effects,
    frontier,
    frontier_gravity,
    gravity,
    hausman,
    heterogeneity,
    honest_did,
    ibragimov_muller,
    leave_one_out,
    placebo_dates,
    placebo_outcomes,
    ppml,
    pretest_power,
    random_effects,
    romano_wolf,
    shared_shocks,
    shift_share_design,
    specification_curve,
    spillovers,
    staggered_gravity,
)
from exportlab.panel.did import METHODS
from exportlab.panel.inference.placebo import anticipation
from exportlab.panel.inference.spillover import great_circle
from exportlab.space import (
    spatial_autocorrelation,
    spatial_panel,
    spatial_tests,
    spatial_weights,
)

YEARS = range(2010, 2018)
MONEY = ("influence", "estimate", "std_error", "conf_low", "conf_high", "band_low", "band_high")


# ---- data ------------------------------------------------------------------------------------------------------------


def data(**options: Any) -> pd.DataFrame:
    """What `drawn` draws, once a process, as a copy that its caller may change."""
    return drawn(**options).copy()


@cache
def drawn(
    *,
    staggered: bool = True,
    noise: float = 1.0,
    effect: float = 2.0,
    link: bool = False,
    gaps: bool = False,
) -> pd.DataFrame:
    """A panel of 24 units in 12 clusters: two cohorts (or one) and never treated ones; covariates, weights, dates."""
    rng = np.random.default_rng(20)
    n, T = 24, len(YEARS)
    dates = np.repeat([2013.0, 2015.0 if staggered else 2013.0, np.inf, np.inf], n // 4)
    d = pd.DataFrame({"id": np.repeat(np.arange(n), T), "year": np.tile(YEARS, n), "g": np.repeat(dates, T)})
    d["cl"], d["w"] = d["id"] // 2, np.repeat(rng.choice([1.0, 2.0], n // 2).repeat(2), T)
    d["z"] = np.repeat(rng.normal(size=n), T)
    d["x"] = d["z"] * (d["year"] - 2013) / 4 + noise * 0.3 * rng.normal(size=len(d))
    d["D"] = (d["year"] >= d["g"]).astype(int)
    d["reached"] = d["id"] % 2
    d["origin"], d["place"] = d["id"] % 4, 10 + d["id"] // 4
    d["north"], d["east"] = 30.0 + d["id"] % 7, 110.0 + d["id"] % 5
    d["dose"] = np.where(np.isfinite(d["g"]), 1.0 + d["id"] % 5, 0.0)
    level = 0.5 * np.repeat(rng.normal(size=n), T) + np.tile(0.3 * rng.normal(size=T), n)
    d["y"] = level + 0.6 * d["x"] + effect * d["D"] + noise * 0.4 * rng.normal(size=len(d))
    if link:
        d["y"] = np.exp(0.4 * d["y"] + 2.0)
    return with_gaps(d) if gaps else d


def with_gaps(d: pd.DataFrame) -> pd.DataFrame:
    """Without one row of every third unit, never its first three."""
    gone = (d["id"] % 3 == 0) & (d["year"] == 2013 + d["id"] % 5) & (d["year"] != d["g"])
    return d[~gone]


# ---- entries ---------------------------------------------------------------------------------------------------------

Run = Callable[[Any, Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Entry:
    """An estimator or an inference method.

    Attributes
    ----------
    run : from a table, and what to say at the door, to a result with a table
    roles : what it can take beside the outcome and the dates: "weights", "covariates", "gaps"
    staggered : whether its data have two cohorts
    link : whether effects are in logs (a Poisson model) or in the outcome's unit
    exempt : checks that do not hold of it, and why
    """

    name: str
    run: Run
    roles: tuple[str, ...] = ()
    staggered: bool = True
    link: bool = False
    covariate: str = "x"
    target: float = 2.0
    money: tuple[str, ...] = ()
    door: bool = True
    cluster: str | None = "cl"
    exempt: Mapping[str, str] = field(default_factory=dict)

    def data(self, **options: Any) -> pd.DataFrame:
        return data(staggered=self.staggered, link=self.link, gaps="gaps" in self.roles, **options)

    def numbers(self, d: pd.DataFrame, **door: Any) -> pd.DataFrame:
        """The numbers of its table, a row a term."""
        return numbers(self.result(d, **door))

    def result(self, d: pd.DataFrame, **door: Any) -> Any:
        return self.run(d, self.own | door)

    @property
    def own(self) -> dict[str, Any]:
        """What it says at the door."""
        said: dict[str, Any] = {"cluster": self.cluster}
        said |= {"weights": "w"} if "weights" in self.roles else {}
        return said | ({"covariates": [self.covariate]} if "covariates" in self.roles else {})


def panel(d: pd.DataFrame | PolicyPanel, door: Mapping[str, Any]) -> PolicyPanel:
    if isinstance(d, PolicyPanel):
        return d
    asked = {"unit": "id", "period": "year", "outcome": "y", "adopted": "g", "cluster": "cl"} | dict(door)
    return PolicyPanel(d, **{k: v for k, v in asked.items() if v is not None})


def numbers(result: Any) -> pd.DataFrame:
    """What a result says in numbers, the term (or what was varied) as index."""
    if isinstance(result, pd.Series):
        return pd.to_numeric(result, errors="coerce").dropna().to_frame().T.astype(float)
    table = result.table.reset_index(drop=True)
    text = [
        c for c in table.columns if table[c].dtype == object or not pd.api.types.is_numeric_dtype(table[c])
    ]
    keys = [" ".join(map(str, row)) for row in table[text].to_numpy()] if text else table.index.astype(str)
    skip = {
        "left_out",
        "treated",
        "control",
        "n",
        "df",
        "draws",
        "assignments",
        "possible",
        "attainable",
        "rank",
        "event_time",
        "cohort",
        "period",
    }
    kept = [c for c in table.columns if c not in text and c not in skip]
    return table[kept].astype(float).set_index(pd.Index(keys))


def _of(make: Callable[[PolicyPanel], Any]) -> Run:
    return lambda d, door: make(panel(d, door))


ALL = ("weights", "covariates", "gaps")
OUTCOME = "a look at the outcome as it is, of which the summary of every panel tells"
CONSERVATIVE = "the conservative variance averages a cell's effects by the squares of the rows' weights"
POOLED = "the paper's regression pools event times over the stacks: what periods do to all counts as noise"
SIGNS = "bands draw signs by cluster in the order of their names"
BEFORE = "covariates of the period before say which trend to expect; what they do themselves later stays in the outcome"
IPW = "inverse probability weights balance covariates in expectation, not in every sample"


def _staggered() -> list[Entry]:
    """Every method with every aggregation, plain and with weights, covariates and gaps."""
    out = []
    for method in METHODS:
        aggregates = ["simple", "event", "cohort", "calendar", "none"]
        if method == "stacked":
            aggregates = ["simple"]
        if method == "imputation":
            aggregates.remove("none")
        exempt = {"imputation": {"copied": CONSERVATIVE}, "stacked": {"errors under effects": POOLED}}.get(
            method, {}
        )
        for aggregate in aggregates:
            options = {} if method == "stacked" else {"aggregate": aggregate}
            name = f"{method} {aggregate}"
            out.append(
                Entry(name, _of(lambda p, m=method, o=options: p.att(m, **o)), ("weights",), exempt=exempt)
            )
        more = ("weights", "gaps") if method == "stacked" else ALL
        out.append(
            Entry(
                f"{method} full",
                _of(lambda p, m=method: p.att(m)),
                more,
                covariate="z" if method == "callaway_santanna" else "x",
                exempt=exempt,
            )
        )
        study = {"draws": 0} if method == "callaway_santanna" else {}
        out.append(
            Entry(
                f"{method} event study",
                _of(lambda p, m=method, o=study: p.event_study(m, **o)),
                more,
                covariate="z" if method == "callaway_santanna" else "x",
                exempt=exempt,
            )
        )
    return out


def _variants() -> list[Entry]:
    """Options of the methods that change how a number is made."""
    cs = "callaway_santanna"
    return [
        Entry("callaway notyet", _of(lambda p: p.att(control="notyet")), ("weights", "gaps")),
        Entry(
            "callaway anticipation",
            _of(lambda p: p.att(anticipation=1, control="notyet")),
            ("weights", "gaps"),
        ),
        Entry("callaway reg", _of(lambda p: p.att(adjust="reg")), ALL, covariate="z"),
        Entry("callaway ipw", _of(lambda p: p.att(adjust="ipw")), ALL, covariate="z", exempt={"exact": IPW}),
        Entry(
            "callaway earlier covariates",
            _of(lambda p: p.event_study(covariates_at="earlier", draws=0)),
            ALL,
            covariate="z",
        ),
        Entry("callaway shares of did", _of(lambda p: p.att(shares="did")), ("weights", "gaps")),
        Entry("callaway universal", _of(lambda p: p.att(base="universal", aggregate="event")), ("gaps",)),
        Entry("callaway fixed shares", _of(lambda p: p.att(shares="fixed", aggregate="cohort"))),
        Entry(
            "callaway bands",
            _of(lambda p: p.event_study(cs, draws=99)),
            exempt={"renamed": SIGNS},
        ),
        Entry("sun_abraham iid", _of(lambda p: p.att("sun_abraham", vcov="iid")), ALL),
        Entry("sun_abraham hetero", _of(lambda p: p.att("sun_abraham", vcov="hetero")), ALL),
        Entry("etwfe linear", _of(lambda p: p.att("etwfe", covariates="linear")), ALL),
        Entry("etwfe never", _of(lambda p: p.att("etwfe", control="never")), ALL),
        Entry("stacked plain", _of(lambda p: p.att("stacked", weights="none")), ALL),
        Entry("etwfe poisson", _of(lambda p: p.att("etwfe", family="poisson")), ("weights",), link=True),
        Entry(
            "etwfe poisson full",
            _of(lambda p: p.att("etwfe", family="poisson", effects="unit")),
            ALL,
            link=True,
        ),
        Entry(
            "etwfe poisson units",
            _of(lambda p: p.att("etwfe", family="poisson", effects="unit")),
            ("weights",),
            link=True,
        ),
        Entry(
            "etwfe poisson level",
            _of(lambda p: p.att("etwfe", family="poisson", scale="level")),
            ("weights",),
            link=True,
            exempt={
                "effects": "an effect in levels is larger where the level is",
                "exact": "an effect in levels is larger where the level is",
            },
        ),
        Entry("twfe", _of(lambda p: p.twfe()), ALL),
        Entry("twfe two ways", _of(lambda p: p.twfe(vcov="cluster+period")), ALL),
        Entry("twfe hetero", _of(lambda p: p.twfe(vcov="hetero")), ALL),
        Entry("twfe iid", _of(lambda p: p.twfe(vcov="iid")), ALL),
        Entry("twfe event study", _of(lambda p: p.event_study("twfe")), ALL),
        Entry("twfe binned", _of(lambda p: p.event_study("twfe", bin=(-3, 2))), ALL),
        Entry(
            "triple regression",
            _of(lambda p: p.triple_difference(by="reached")),
            ("weights",),
            staggered=False,
            target=0.0,
        ),
        Entry(
            "triple imputation",
            _of(lambda p: p.triple_difference(by="reached")),
            ("weights",),
            target=0.0,
            exempt={"copied": CONSERVATIVE},
        ),
    ]


RIDGE = (
    "the ridge is set by the changes of donors from period to period, common ones included, as in synthdid"
)
LEVELS = "a synthetic control matches levels: what moves a unit for good moves it"
DRAWS = "units are drawn by number, in the order of their names"


def _designs() -> list[Entry]:
    """Methods with a design of their own."""
    return [
        Entry(
            "synthetic control",
            _of(lambda p: p.synthetic_control()),
            staggered=False,
            exempt={"effects": LEVELS},
        ),
        Entry(
            "synthetic did", _of(lambda p: p.synthetic_did(inference="jackknife")), exempt={"effects": RIDGE}
        ),
        Entry(
            "synthetic did placebo",
            _of(lambda p: p.where(~np.isin(p.units, (0, 6)), "one each").synthetic_did(draws=20)),
            exempt={"renamed": DRAWS, "effects": RIDGE},
        ),
        Entry("dose", _of(lambda p: p.dose(dose="dose")), staggered=False),
        Entry(
            "conley-taber",
            _of(lambda p: conley_taber(p, n_draws=99)),
            money=("statistic",),
            exempt={"renamed": DRAWS},
        ),
        Entry("ibragimov-muller", _of(lambda p: ibragimov_muller(p)), staggered=False),
        Entry("bacon", _of(lambda p: p.bacon())),
    ]


def _doses(d: pd.DataFrame | PolicyPanel, door: Mapping[str, Any]) -> Any:
    """The same status as a dose that may switch off."""
    own = {"adopted": None, "treated": "D", "reversible": True}
    return panel(d, {**door, **own}).event_study("switching", effects=3, placebos=2, normalised=True)


def _switching() -> list[Entry]:
    """Policies beyond one that stays on."""
    rows = {"errors under copies": "each comparison's small-sample factor counts units, not their weight"}
    return [
        Entry("switching att", _of(lambda p: p.att("switching")), ("weights", "covariates"), exempt=rows),
        Entry(
            "switching study",
            _of(lambda p: p.event_study("switching", placebos=2)),
            ("weights",),
            exempt=rows,
        ),
        Entry("switching doses", _doses, exempt={"exact": "effects are divided by the cumulated dose"}),
        Entry(
            "local projections",
            _of(lambda p: p.att("local_projections")),
            ("weights", "gaps"),
            exempt=rows,
        ),
        Entry(
            "local projections study",
            _of(lambda p: p.event_study("local_projections", weighting="variance")),
            ("weights",),
            exempt=rows,
        ),
        Entry(
            "local projections covariates",
            _of(lambda p: p.att("local_projections")),
            ALL,
            exempt=rows | {"exact": BEFORE},
        ),
        Entry(
            "local projections variance covariates",
            _of(lambda p: p.event_study("local_projections", weighting="variance")),
            ("weights", "covariates"),
            exempt=rows | {"exact": BEFORE},
        ),
        Entry("local projections mean", _of(lambda p: p.event_study("local_projections", base="mean"))),
        Entry("two stages", _of(lambda p: p.att("two_stage")), ALL),
        Entry("two stages study", _of(lambda p: p.event_study("two_stage")), ("weights",)),
        Entry(
            "interactive",
            _of(lambda p: p.att("interactive", rank=1, jackknife=False)),
            ("covariates", "gaps"),
        ),
        Entry("interactive study", _of(lambda p: p.event_study("interactive", rank=0)), ("gaps",)),
        Entry(
            "matrix completion",
            _of(lambda p: p.att("matrix_completion", penalty=0.4, jackknife=False)),
            ("gaps",),
        ),
        Entry(
            "counterfactual tests",
            _of(lambda p: counterfactual_tests(p.att("interactive", rank=0, jackknife=False), periods=1)),
            ("gaps",),
            money=("bound",),
            exempt={"exact": "without noise there is no bound to test against"},
        ),
    ]


TRENDS = ("violation", "after_pretest")


def _neighbours(d: Any, door: Mapping[str, Any]) -> Any:
    """Units of one latitude and longitude are near: two pairs of a treated and a never treated one."""
    p = panel(d, door)
    places = p.data.assign(code=p.units).groupby("code")[["north", "east"]].first()
    distance = great_circle(places["north"], places["east"])
    return spillovers(p, distance=distance, within=120.0, method="imputation")


def _inference() -> list[Entry]:
    """Inference methods, on an estimate of each kind that they take."""
    return [
        Entry("CR2", _of(lambda p: p.twfe().few_clusters(kind="CR2")), ALL),
        Entry("CR3", _of(lambda p: p.twfe().few_clusters(kind="CR3")), ALL),
        Entry(
            "CR2 equal variances",
            _of(lambda p: p.twfe().few_clusters(variances="equal")),
            ALL,
            exempt={"errors under copies": "a weight says nothing of how sure a row is, a copy does"},
        ),
        Entry("CR2 of cells", _of(lambda p: p.att("etwfe").few_clusters()), ("weights", "gaps")),
        Entry("wild bootstrap", _of(lambda p: p.twfe().wild_bootstrap(interval=False)), ALL),
        Entry("wild bootstrap 33", _of(lambda p: p.twfe().wild_bootstrap(variant="33", interval=False)), ALL),
        Entry(
            "wild of poisson",
            _poisson_wild,
            ("weights", "gaps"),
            link=True,
            door=False,
            exempt={"effects": "no noise leaves it nothing to bootstrap"},
        ),
        Entry("wild joint", _of(lambda p: p.twfe().wild_bootstrap(joint=True)), ALL),
        Entry("wild unrestricted", _of(lambda p: p.twfe().wild_bootstrap(impose_null=False)), ALL),
        Entry("romano-wolf", _of(lambda p: romano_wolf([p.twfe(), p.att("etwfe")])), ("weights", "gaps")),
        Entry(
            "bands",
            _of(lambda p: p.event_study("sun_abraham").with_bands(draws=99)),
            ("weights",),
            exempt={"renamed": SIGNS},
        ),
        Entry("wild scores", _of(lambda p: p.att().wild_bootstrap()), ("weights", "gaps")),
        Entry("pretrend", _of(lambda p: p.event_study("sun_abraham").pretrend_test(last=2)), ALL),
        Entry("pretest power", _of(lambda p: pretest_power(p.event_study("sun_abraham"))), money=TRENDS),
        Entry("honest", _of(lambda p: honest_did(p.event_study("sun_abraham"), M=[0.5])), staggered=False),
        Entry(
            "honest placebo",
            _of(
                lambda p: honest_did(
                    p.event_study("sun_abraham"), M=[0.0], method="smoothness", errors="placebo", n_draws=9
                )
            ),
            staggered=False,
            exempt={"renamed": DRAWS},
        ),
        Entry(
            "shared shocks",
            _of(lambda p: shared_shocks(p, n_draws=99)),
            exempt={"renamed": DRAWS, "heard": OUTCOME},
        ),
        Entry("leave one out", _of(lambda p: leave_one_out(p.twfe(), by="cohort")), ("weights",)),
        Entry("leave one period out", _of(lambda p: leave_one_out(p.twfe(), by="period")), ("weights",)),
        Entry(
            "placebo outcomes", _of(lambda p: placebo_outcomes(p, ["y"], method="twfe")), ("weights", "gaps")
        ),
        Entry("spillovers", _neighbours, ("gaps",)),
        Entry(
            "heterogeneity",
            _of(lambda p: heterogeneity(p, "z", method="twfe")),
            cluster=None,
            exempt={"exact": "its last row is the difference of two effects that are alike"},
        ),
        Entry(
            "power",
            _of(lambda p: p.power(treated=[6], draws=20, test="CR2 Bell-McCaffrey")),
            money=("effect", "mde"),
            cluster=None,
            exempt={"renamed": DRAWS},
        ),
        Entry("placebo dates", _of(lambda p: placebo_dates(p, shifts=(1,), method="imputation"))),
        Entry(
            "anticipation", _of(lambda p: anticipation(p, periods=(0, 1), method="twfe")), ("weights", "gaps")
        ),
        Entry(
            "curve",
            _of(lambda p: specification_curve(p, methods=["imputation", "twfe"])),
            ("weights", "gaps"),
        ),
        Entry(
            "randomization",
            _of(lambda p: p.twfe().randomization_test(n_draws=19, max_enumerated=20, interval=False)),
            money=("statistic",),
            exempt={"renamed": DRAWS},
        ),
    ]


def _panel_formula(make: Callable[..., Any], formula: str, **options: Any) -> Run:
    def run(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
        weights = {"weights": door["weights"]} if "weights" in door else {}
        return make(d, formula, unit="id", period="year", **weights, **options)

    return run


def _nearby(d: pd.DataFrame) -> Any:
    """Weights of the units by the inverse of their distance."""
    seats = d.drop_duplicates("id")
    return spatial_weights(seats, kind="inverse", unit="id", coordinates=("east", "north"))


def _spatial(formula: str, **options: Any) -> Run:
    """Coefficients of a spatial panel in the outcome's unit, without the spatial parameter, which has none."""

    def run(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
        made = spatial_panel(d, formula, unit="id", period="year", weights=_nearby(d), **options)
        return SimpleNamespace(table=made.table[~made.table["term"].isin(["rho", "lambda"])])

    return run


def _multipliers(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
    asked = {"unit": "id", "period": "year", "weights": _nearby(d), "effects": "two-way"}
    return spatial_tests(d, "y ~ D + x", **asked)


def _poisson(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
    return ppml(d, "y ~ D + x", effects=["id", "year"], cluster="cl", weights=door.get("weights"))


def _poisson_wild(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
    return _poisson(d, door).wild_bootstrap(interval=False)


def _as_ppmlhdfe(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
    options = {"small_sample": "ppmlhdfe", "unidentified": "omit", "weights": door.get("weights")}
    return ppml(d, "y ~ D + x", effects=["id", "year"], cluster="cl", **options)


def _three_way(estimator: str) -> Run:
    def run(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
        options = {"weights": door.get("weights"), "estimator": estimator, "cluster": ["origin", "place"]}
        return gravity(d, "y ~ D + x", exporter="origin", importer="place", period="year", **options)

    return run


def _corrected(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
    return gravity(d, "y ~ D + x", exporter="origin", importer="place", period="year").correct_bias()


def _joined(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
    dated = d.assign(g=d["g"].where(d["D"].groupby(d["id"]).transform("max") > 0))
    return staggered_gravity(
        dated, "y ~ x", exporter="origin", importer="place", period="year", adopted="g", aggregate="cohort"
    )


def _best(make: Callable[..., Any], **options: Any) -> Run:
    """A frontier of outcomes kept below what they could be; without the constant, which says the level."""

    def run(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
        unit = d.index.to_numpy() // len(YEARS)
        lost = np.abs(np.random.default_rng(1).normal(size=35))[5 * (unit % 7) + unit % 5]
        if "inefficiency" in options and pd.api.types.is_numeric_dtype(d["z"]):
            lost = lost / 2 + np.exp(d["z"]) / 2
        if pd.api.types.is_numeric_dtype(d["y"]):
            d = d.assign(y=d["y"] * np.exp(-2 * lost))
        keys = {"unit": "id"} if make is frontier else {"exporter": "origin", "importer": "place"}
        left = "log(y)" if make is frontier else "y"
        made = make(d, f"{left} ~ D + x", period="year", **keys, **options)
        return replace(made, table=made.table[made.table["term"] != "Intercept"])

    return run


def _shift_share(errors: str) -> Run:
    """Shares that are a unit's for good, and shocks by sector and year, numbered in the order of time."""

    def run(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
        units = d.drop_duplicates("id")
        size = np.column_stack(
            [units["north"] - 25, units["east"] - 105, 2 + units["z"] ** 2, 3.0 + units["reached"]]
        )
        shares = pd.DataFrame(
            {"id": np.repeat(units["id"].to_numpy(), 4), "sector": np.tile(list("abcd"), len(units))}
        )
        shares["share"] = (size / size.sum(axis=1, keepdims=True)).ravel()
        years = d["year"].drop_duplicates().sort_values()
        shocks = pd.DataFrame(
            {"year": np.repeat(years.to_numpy(), 4), "sector": np.tile(list("abcd"), len(years))}
        )
        shocks["shock"] = np.random.default_rng(6).normal(size=len(shocks))
        made = shift_share_design(
            d, shares=shares, shocks=shocks, unit="id", period="year", controls="D + x", effects=["id", "year"],
            weights=door.get("weights"), cluster="cl",
        )  # fmt: skip
        return made.reduced_form("y", errors=errors)

    return run


def _formulas() -> list[Entry]:
    """Regressions by formula."""
    two = {"effects": "two-way"}
    more = ("weights", "gaps")
    out = [
        Entry(f"fixed effects {v}", _panel_formula(fixed_effects, "y ~ D + x", **two, **o), more, door=False)
        for v, o in {
            "cluster": {"cluster": "cl"},
            "two ways": {"cluster": ["cl", "year"]},
            "classical": {"vcov": "classical"},
            "hetero": {"vcov": "hetero"},
            "driscoll-kraay": {"vcov": "driscoll-kraay", "lags": 2},
            "conley": {
                "vcov": "conley",
                "latitude": "north",
                "longitude": "east",
                "cutoff": 300.0,
                "lags": 1,
            },
        }.items()
    ]
    level = "unit effects are a part of the error of random effects"
    none = {"effects": level, "exact": level, "noise": level}
    by_year = _panel_formula(random_effects, "y ~ D + x + C(year)", cluster="cl")
    out.append(Entry("random effects", by_year, ("gaps",), door=False, exempt=none))
    plm = _panel_formula(random_effects, "y ~ D + x + C(year)", cluster="cl", variances="baltagi-chang")
    out.append(Entry("random effects baltagi-chang", plm, ("gaps",), door=False, exempt=none))
    money = ("within", "between", "means", "difference", "fixed", "random")
    for form in ("mundlak", "classical"):
        run = _panel_formula(hausman, "y ~ D + x", form=form)
        out.append(Entry(f"hausman {form}", run, ("gaps",), door=False, money=money, exempt=none))
    out.append(Entry("gravity", _three_way("ppml"), more, link=True, door=False))
    out.append(Entry("gravity log-linear", _three_way("log-linear"), more, link=True, door=False))
    out.append(Entry("gravity corrected", _corrected, ("gaps",), link=True, door=False))
    before = "the entry makes pairs and their dates of the columns before the call"
    out.append(
        Entry(
            "gravity staggered", _joined, ("gaps",), link=True, door=False, exempt={"strange cells": before}
        )
    )
    lasting = "a frontier has no effects of units: what lasts counts as inefficiency"
    below = {"effects": lasting, "exact": lasting}
    for name, make, options in (
        ("frontier", frontier, {}),
        ("frontier decay", frontier, {"model": "decay"}),
        ("frontier effects", frontier, {"model": "effects", "inefficiency": "z"}),
        ("frontier gravity", frontier_gravity, {"model": "invariant"}),
    ):
        run = _best(make, **options)
        out.append(Entry(name, run, ("gaps",), link=True, door=False, exempt=below))
    averages = {
        "effects": "averages of all units stand for shared shocks, and so for effects of periods in part",
        "covariate units": "its only regressor is the covariate itself",
    }
    for kind in ("pooled", "mean group"):
        run = _panel_formula(common_correlated, "y ~ x", kind=kind)
        out.append(Entry(f"common correlated {kind}", run, ("gaps",), door=False, exempt=averages))
    perfect = dict.fromkeys(
        ("exact", "noise"), "rows that are fitted exactly are refused: no residuals to share"
    )
    for name, options in {
        "sar": {"model": "sar"},
        "sem": {"model": "sem"},
        "slx": {"model": "slx"},
        "by means": {"transformation": "within"},
    }.items():
        run = _spatial("y ~ D + x", **two, **options)
        alone = {"covariate units": "the lag of a covariate has its unit"} if name == "slx" else {}
        out.append(Entry(f"spatial {name}", run, door=False, exempt=perfect | alone))
    durbin = _spatial("y ~ D", model="sdm", **two)
    lone = {"covariate units": "it has no covariate that could be put in another unit"}
    out.append(Entry("spatial sdm", durbin, door=False, exempt=perfect | lone))
    out.append(Entry("spatial tests", _multipliers, door=False, exempt=perfect))
    made = (
        "the entry makes other tables of the columns before the call; table_doors has them as they are given"
    )
    own = {"exact": "its term is the exposure, which has no effect", "strange cells": made}
    for errors in ("akm", "akm0", "shock"):
        run = _shift_share(errors)
        out.append(Entry(f"shift-share {errors}", run, more, door=False, exempt=own))
    out.append(Entry("ppml", _poisson, more, link=True, door=False))
    out.append(Entry("ppml as ppmlhdfe", _as_ppmlhdfe, more, link=True, door=False))
    return out


def _figures(
    make: Callable[..., Any], part: str = "table", *, leave_out: tuple[str, ...] = (), **options: Any
) -> Run:
    """Figures of places; units and periods of its table are labels of rows."""

    def run(d: pd.DataFrame, door: Mapping[str, Any]) -> Any:
        asked: dict[str, Any] = {"value": "y", "unit": "id", "period": "year", **options}
        if make in (spatial_markov, spatial_autocorrelation):
            asked["weights"] = _nearby(d)
        table = getattr(make(d, **asked), part).drop(columns=list(leave_out))
        labels = [c for c in ("id", "year") if c in table]
        return SimpleNamespace(table=table.astype(dict.fromkeys(labels, str)))

    return run


def _places() -> list[Entry]:
    """What tells whether places become alike, and whether neighbours are."""
    own = "effects of units are what it is about"
    none = dict.fromkeys(("effects", "exact"), own)
    found = [
        Entry("sigma", _figures(sigma_convergence, leave_out=("mean",)), link=True, door=False, exempt=none),
        Entry(
            "clubs",
            _figures(club_convergence, "clubs", leave_out=("level",)),
            link=True,
            door=False,
            exempt=none,
        ),
        Entry("density", _figures(relative_density), link=True, door=False, exempt=none),
        Entry(
            "markov",
            _figures(spatial_markov, "tests", leave_out=("p_permuted",), permutations=1, rng=1),
            link=True,
            door=False,
            exempt=none,
        ),
        Entry(
            "autocorrelation",
            _figures(spatial_autocorrelation, method="randomisation"),
            link=True,
            door=False,
            exempt=none,
        ),
    ]
    for effects in ("none", "unit", "two-way"):
        run = _figures(beta_convergence, controls=["x"] if effects == "none" else [], effects=effects)
        found.append(Entry(f"beta {effects}", run, link=True, door=False, exempt=none))
    return found


INFERENCE = {e.name for e in _inference()}
ENTRIES = {
    e.name: e
    for e in (
        *_staggered(),
        *_variants(),
        *_designs(),
        *_switching(),
        *_inference(),
        *_formulas(),
        *_places(),
    )
}
