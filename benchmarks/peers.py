"""Every family beside the Python peers on a small common data set: how far apart, and by which convention.

    python benchmarks/peers.py [--shared ../shared] [--out benchmarks/results/peers.csv]

Run it in an environment of its own that has this package and the peers: ecomplexity, econcomplex, economic-complexity,
inequality, pymrio, pyfixest, linearmodels, statsmodels, csdid, differences, diff-diff, wildboottest. `--shared` holds
the common data (world trade of 226 exporters in 785 products, mpdta, Grunfeld's data, a trade panel). A peer that is
not there is left out, and said.

`difference` is the largest absolute difference over the largest absolute value of the peer. Rows whose note begins
with "differs:" are disagreements, with the convention behind each.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.panel import PolicyPanel
from exportlab.panel.algebra.clustered import cluster_fit
from exportlab.valueadded import InterCountryTable

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared"
Row = tuple[str, str, Any, Any, str]  # family, quantity, ours, theirs, note
PEERS: dict[str, Callable[[], Iterator[Row]]] = {}


def peer(name: str) -> Callable[[Callable[[], Iterator[Row]]], Callable[[], Iterator[Row]]]:
    """Register a function as what is compared with a distribution of that name."""

    def register(function: Callable[[], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
        PEERS[name] = function
        return function

    return register


def apart(ours: Any, theirs: Any) -> float:
    """The largest absolute difference over the largest absolute value of the peer."""
    a, b = (np.asarray(v, dtype=float).ravel() for v in (ours, theirs))
    return float(np.abs(a - b).max() / np.abs(b).max())


# ---- structure -----------------------------------------------------------------------------------------


@cache
def world() -> tuple[pd.DataFrame, pd.DataFrame, xl.Flows]:
    """World trade of 1998-2000: long, wide, and as flows."""
    path = SHARED / "reference/indices/economiccomplexity_world_trade_1998_2000.parquet"
    long = pd.read_parquet(path).rename(columns={"country": "exporter"})
    long = long[long["value"] > 0]
    wide = long.pivot(index="exporter", columns="product", values="value").fillna(0.0).sort_index()
    return long, wide.sort_index(axis=1), xl.flows(long)


def by_exporter(table: pd.DataFrame, column: str) -> pd.Series:
    return table.set_index("exporter")[column].sort_index()


def by_product(table: pd.DataFrame, column: str) -> pd.Series:
    return table.set_index("product")[column].sort_index()


def advantage() -> pd.DataFrame:
    found = xl.rca(world()[2]).pivot(index="exporter", columns="product", values="rca").fillna(0.0)
    return found.sort_index().sort_index(axis=1)


def square(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_index().sort_index(axis=1)


@peer("ecomplexity")
def of_ecomplexity() -> Iterator[Row]:
    from ecomplexity import ecomplexity, proximity

    long = world()[0].assign(year=2000)
    names = {"time": "year", "loc": "exporter", "prod": "product", "val": "value"}
    r = ecomplexity(long, names, check_logsupermodularity=False, verbose=False)
    c = xl.complexity(world()[2], diagonal=True, outlook_by="uncentred", cog="stata")
    wide = {
        k: square(r.pivot(index="exporter", columns="product", values=k)) for k in ("rca", "density", "cog")
    }
    yield "advantage", "RCA", advantage(), wide["rca"].fillna(0.0), "0 where nothing is exported"
    one = r.drop_duplicates("exporter").set_index("exporter").sort_index()
    yield "complexity", "ECI", by_exporter(c.exporters, "eci"), one["eci"], "deviation with n"
    pci = r.drop_duplicates("product").set_index("product")["pci"].sort_index()
    yield "complexity", "PCI", by_product(c.products, "pci"), pci, "ECI's mean and deviation"
    yield "complexity", "density", square(c.matrix("density")), wide["density"], "own product counts"
    yield (
        "complexity",
        "opportunity gain",
        square(c.matrix("cog")),
        wide["cog"].fillna(0.0),
        "no forgone density",
    )
    near = (
        proximity(long, names).pivot(index="product_1", columns="product_2", values="proximity").fillna(0.0)
    )
    yield (
        "complexity",
        "proximity",
        off_diagonal(c.proximity()),
        off_diagonal(square(near)),
        "own product aside",
    )


def off_diagonal(matrix: Any) -> np.ndarray:
    m = np.array(matrix, dtype=float)
    np.fill_diagonal(m, 0.0)
    return m


@peer("economic-complexity")
def of_datawheel() -> Iterator[Row]:
    import economic_complexity as ec

    r = ec.rca(world()[1])
    yield "advantage", "RCA", advantage(), square(r).fillna(0.0), ""
    eci, _pci = ec.complexity(r)
    c = xl.complexity(world()[2], method="reflections", steps=18, scale="sample")
    yield "complexity", "ECI", by_exporter(c.exporters, "eci"), eci.sort_index(), "18 reflections, n - 1"
    exact = by_exporter(xl.complexity(world()[2], scale="sample").exporters, "eci")
    yield "complexity", "ECI", exact, eci.sort_index(), "differs: 18 reflections are not the eigenvector"


@peer("econcomplex")
def of_econcomplex() -> Iterator[Row]:
    import econcomplex as e

    _long, wide, flows = world()
    yield "advantage", "RCA", advantage(), square(e.rca(wide)), ""
    spread = {"over": "product", "by": "exporter"}
    hhi = by_exporter(xl.hhi(flows, **spread), "hhi")
    yield "concentration", "HHI", hhi, e.hhi(wide, normalize=False).sort_index(), ""
    normal = by_exporter(xl.hhi_normalised(flows, **spread, universe=wide.shape[1]), "hhi_normalised")
    yield "concentration", "HHI, normalised", normal, e.hhi(wide).sort_index(), "by the N columns"
    active = by_exporter(xl.hhi_normalised_active(flows, **spread), "hhi_normalised_active")
    yield (
        "concentration",
        "HHI, normalised",
        active,
        e.hhi(wide).sort_index(),
        "differs: ours here by the n active",
    )
    entropy = by_exporter(xl.shannon(flows, **spread), "shannon") / np.log(2)
    yield "concentration", "Shannon entropy", entropy, e.shannon_entropy(wide).sort_index(), "base 2"
    gini = by_exporter(xl.gini(flows, **spread, universe=wide.shape[1]), "gini")
    yield "concentration", "Gini", gini, e.gini(wide.T).sort_index(), "over N, zeros count"
    half = by_exporter(xl.diversification(flows, reference="world"), "diversification")
    yield (
        "similarity",
        "Krugman",
        2 * half,
        e.krugman_index(wide).sort_index(),
        "twice UNCTAD's diversification",
    )
    like = by_exporter(xl.hachman(flows), "hachman")
    yield "similarity", "Hachman", like, e.hachman_index(wide).sort_index(), ""
    income = pd.read_csv(SHARED / "reference/indices/economiccomplexity_world_gdp_1998_2000.csv")
    income = income.set_index("country")["value"]
    known = world()[0]["exporter"].isin(income.index)
    priced = xl.flows(world()[0][known])
    kept = wide.loc[wide.index.isin(income.index)]
    yield (
        "sophistication",
        "EXPY",
        by_exporter(xl.expy(priced, income.to_dict()), "expy"),
        e.expy(kept, income[kept.index], use_rca=True).sort_index(),
        "",
    )
    c = xl.complexity(flows, pci_scale="own")
    eci, pci = e.eci_pci(wide)
    yield "complexity", "ECI", by_exporter(c.exporters, "eci"), eci.sort_index(), ""
    turned = np.sign(pci.sort_index() @ by_product(c.products, "pci"))
    note = "own deviation; its sign set by ubiquity"
    yield "complexity", "PCI", turned * by_product(c.products, "pci"), pci.sort_index(), note


@peer("inequality")
def of_inequality() -> Iterator[Row]:
    from inequality.gini import Gini
    from inequality.theil import Theil

    _long, wide, flows = world()
    spread = {"over": "product", "by": "exporter", "universe": wide.shape[1]}
    rows = [wide.loc[i].to_numpy() for i in wide.index]
    gini = by_exporter(xl.gini(flows, **spread), "gini")
    yield "concentration", "Gini", gini, [Gini(r).g for r in rows], "over N, zeros count"
    full = {"over": "product", "by": "exporter", "universe": "active"}
    theil = by_exporter(xl.theil(flows, **full), "theil")
    yield "concentration", "Theil", theil, [Theil(r[r > 0]).T for r in rows], "over the n active"


# ---- input-output --------------------------------------------------------------------------------------


@peer("pymrio")
def of_pymrio() -> Iterator[Row]:
    import pymrio

    io = pymrio.load_test()
    io.calc_all()
    regions, sectors = list(io.get_regions()), list(io.get_sectors())
    final = io.Y.T.groupby(level=0, sort=False).sum().T
    ours = InterCountryTable.from_numpy(
        io.Z.to_numpy(), final.to_numpy(), countries=regions, sectors=sectors, output=io.x.to_numpy()[:, 0]
    )
    yield "input-output", "coefficients A", ours.leontief.A, io.A.to_numpy(), ""
    yield "input-output", "Leontief inverse", ours.leontief.B, io.L.to_numpy(), ""
    trade = pymrio.calc_gross_trade(io.Z, io.Y)
    yield (
        "input-output",
        "gross exports by sector",
        ours.E.sum(axis=1),
        trade.totals["exports"].to_numpy(),
        "",
    )
    yield "input-output", "bilateral exports", ours.E, trade.bilat_flows.to_numpy(), ""


# ---- panel ---------------------------------------------------------------------------------------------


@cache
def mpdta() -> tuple[pd.DataFrame, PolicyPanel]:
    table = pd.read_csv(SHARED / "reference/panel/mpdta.csv").rename(columns={"first.treat": "first"})
    dated = table.assign(adopted=table["first"].where(table["first"] > 0))
    return table, PolicyPanel(dated, unit="countyreal", period="year", outcome="lemp", adopted="adopted")


def estimate(e: Any) -> tuple[float, float]:
    first = e.table.iloc[0]
    return float(first["estimate"]), float(first["std_error"])


@peer("csdid")
def of_csdid() -> Iterator[Row]:
    from csdid.att_gt import ATTgt

    table, panel = mpdta()
    fitted = ATTgt(
        yname="lemp", gname="first", idname="countyreal", tname="year", xformla="lemp~1", data=table
    )
    fitted = fitted.fit(est_method="dr", bstrap=False)
    for kind, name in (("simple", "simple"), ("group", "cohort")):
        made = fitted.aggte(typec=kind, bstrap=False, cband=False).atte
        ours = estimate(panel.att(aggregate=name, control="never"))
        yield "staggered", f"Callaway-Sant'Anna, {name}", ours[0], made["overall_att"], ""
        yield "staggered", f"its error, {name}", ours[1], np.ravel(made["overall_se"])[0], "analytic"


@peer("differences")
def of_differences() -> Iterator[Row]:
    from differences import ATTgt

    table, panel = mpdta()
    dated = table.assign(first=table["first"].where(table["first"] > 0)).set_index(["countyreal", "year"])
    model = ATTgt(data=dated, cohort_column="first")
    model.fit("lemp", est_method="dr", progress_bar=False)
    for name in ("simple", "cohort"):
        made = model.aggregate(name, overall=True) if name == "cohort" else model.aggregate(name)
        theirs = made.to_numpy()[0][:2].astype(float)
        ours = estimate(panel.att(aggregate=name, control="never"))
        yield "staggered", f"Callaway-Sant'Anna, {name}", ours[0], theirs[0], ""
        yield "staggered", f"its error, {name}", ours[1], theirs[1], "analytic"


@peer("diff-diff")
def of_diff_diff() -> Iterator[Row]:
    import diff_diff as dd

    table, panel = mpdta()
    names = {"outcome": "lemp", "unit": "countyreal", "time": "year", "first_treat": "first"}
    made = dd.CallawaySantAnna().fit(table, **names)
    ours = estimate(panel.att(control="never"))
    yield "staggered", "Callaway-Sant'Anna, simple", ours[0], made.overall_att, ""
    yield "staggered", "its error, simple", ours[1], made.overall_se, ""
    made = dd.ImputationDiD().fit(table, **names)
    ours = estimate(panel.att("imputation"))
    yield "staggered", "imputation", ours[0], made.overall_att, ""
    yield "staggered", "its error, imputation", ours[1], made.overall_se, ""
    made = dd.SunAbraham().fit(table, **names)
    ours = estimate(panel.att("sun_abraham"))
    yield "staggered", "Sun-Abraham", ours[0], made.overall_att, ""
    made = dd.WooldridgeDiD().fit(table, **names)
    yield "staggered", "extended TWFE", estimate(panel.att("etwfe"))[0], made.overall_att, ""
    made = dd.StackedDiD(kappa_pre=1, kappa_post=1).fit(table, **names)
    ours = estimate(panel.att("stacked", window=(-1, 1)))
    yield "staggered", "stacked", ours[0], made.overall_att, "a year on each side, weighted"
    yield (
        "staggered",
        "its error, stacked",
        ours[1],
        made.overall_se,
        "differs: by one degree of freedom",
    )
    few = sorted(table.loc[table["first"] == 0, "countyreal"].unique())[:60]
    part = table[(table["first"] == 2006) | table["countyreal"].isin(few)]
    part = part.assign(d=(part["first"] > 0).astype(int), adopted=part["first"].where(part["first"] > 0))
    made = dd.SyntheticDiD(n_bootstrap=20, seed=1).fit(
        part, outcome="lemp", treatment="d", unit="countyreal", time="year", post_periods=[2006, 2007]
    )
    alone = PolicyPanel(part, unit="countyreal", period="year", outcome="lemp", adopted="adopted")
    ours = estimate(alone.synthetic_did(draws=20, rng=1))
    yield (
        "staggered",
        "synthetic DiD",
        ours[0],
        made.att,
        "differs: Frank-Wolfe stopped early; here the exact optimum",
    )
    made = dd.BaconDecomposition().fit(table, **names)
    yield "staggered", "Goodman-Bacon, its sum", estimate(panel.twfe())[0], made.twfe_estimate, ""


@peer("wildboottest")
def of_wildboottest() -> Iterator[Row]:
    sys.path[:] = [p for p in sys.path if Path(p).resolve() != HERE]  # its numba wants the package coverage
    from wildboottest.wildboottest import WildboottestCL

    table = pd.read_csv(SHARED / "reference/panel/grunfeld_plm.csv")
    columns = ["inv", "value", "capital"]
    table[columns] -= table.groupby("firm")[columns].transform("mean")
    fit = cluster_fit(table["inv"], table[columns[1:]], cluster=table["firm"], names=columns[1:])
    ours = xl.panel.wild_bootstrap(fit, variant="11", interval=False).table.set_index("term")
    theirs = []
    for restriction in np.eye(2):
        given = [table[c].to_numpy() for c in ("inv", "firm")]
        w = WildboottestCL(table[columns[1:]].to_numpy(), given[0], given[1], R=restriction, B=9999, seed=1)
        w.get_scores(bootstrap_type="11", impose_null=True, adj=True, cluster_adj=True)
        w.get_weights(weights_type="rademacher")
        for step in (w.get_numer, w.get_denom, w.get_tboot, w.get_vcov, w.get_tstat):
            step()
        w.get_pvalue(pval_type="two-tailed")
        theirs.append((w.t_stat, w.pvalue))
    found = ours.loc[columns[1:], ["statistic", "p_strict"]].to_numpy()
    yield "panel", "wild cluster bootstrap, t", found[:, 0], [t for t, _p in theirs], ""
    yield (
        "panel",
        "wild cluster bootstrap, p",
        found[:, 1],
        [p for _t, p in theirs],
        "all 1,024 signs; ties left out",
    )


@peer("statsmodels")
def of_statsmodels() -> Iterator[Row]:
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    rng = np.random.default_rng(3)
    time, ended = rng.integers(1, 12, 200), rng.random(200) < 0.7
    group = np.repeat(["a", "b"], 100)
    ours = xl.kaplan_meier(time, ended, group=group)
    for name in ("a", "b"):
        one = group == name
        curve = SurvfuncRight(time[one], ended[one])
        mine = ours.table[(ours.table["group"] == name) & (ours.table["ended"] > 0)]
        yield "survival", f"Kaplan-Meier, group {name}", mine["survival"], curve.surv_prob, ""
        inner = mine["survival"].to_numpy() > 0  # no error is given where nobody is left
        errors = mine["std_error"].to_numpy()[inner], curve.surv_prob_se[inner]
        yield "survival", f"Greenwood's error, group {name}", *errors, ""
    yield "survival", "log-rank", ours.logrank()["statistic"], survdiff(time, ended, group)[0], ""


@peer("pyfixest")
def of_pyfixest() -> Iterator[Row]:
    import pyfixest as pf

    table, panel = mpdta()
    treated = table.assign(d=((table["first"] > 0) & (table["year"] >= table["first"])).astype(float))
    made = pf.feols("lemp ~ d | countyreal + year", treated, vcov={"CRV1": "countyreal"})
    ours = estimate(panel.twfe())
    yield "panel", "two-way fixed effects", ours[0], made.coef()["d"], ""
    yield "panel", "its clustered error", ours[1], made.se()["d"], "nested effects not counted"
    path = SHARED / "reference/panel/ppmlhdfe_trade_fta.csv"
    trade = pd.read_csv(path).query("category == 'TOTAL'")
    gravity = xl.gravity(trade, "trade ~ fta", exporter="isoexp", importer="isoimp", period="year")
    data = trade.assign(
        et=trade["isoexp"] + trade["year"].astype(str),
        it=trade["isoimp"] + trade["year"].astype(str),
        pair=trade["isoexp"] + trade["isoimp"],
    )
    made = pf.fepois("trade ~ fta | et + it + pair", data, vcov={"CRV1": "pair"})
    ours = estimate(gravity)
    yield "gravity", "PPML, three-way effects", ours[0], made.coef()["fta"], ""
    yield "gravity", "its clustered error", ours[1], made.se()["fta"], ""


@peer("linearmodels")
def of_linearmodels() -> Iterator[Row]:
    from linearmodels.panel import PanelOLS, RandomEffects

    table = pd.read_csv(SHARED / "reference/panel/grunfeld_plm.csv")
    given: dict[str, Any] = {"unit": "firm", "period": "year"}
    data = table.set_index(["firm", "year"])
    made = PanelOLS(data["inv"], data[["value", "capital"]], entity_effects=True).fit()
    ours = xl.panel.fixed_effects(table, "inv ~ value + capital", **given, vcov="classical").table
    yield "panel", "fixed effects", ours["estimate"][:2], made.params, ""
    yield "panel", "its classical error", ours["std_error"][:2], made.std_errors, ""
    made = PanelOLS(data["inv"], data[["value", "capital"]], entity_effects=True)
    made = made.fit(cov_type="clustered", cluster_entity=True)
    ours = xl.panel.fixed_effects(table, "inv ~ value + capital", **given, cluster="firm").table
    note = "differs: n/(n - K) with K = 2; here, as fixest, G/(G - 1) x (n - 1)/(n - K) with K = 3"
    yield "panel", "its clustered error", ours["std_error"][:2], made.std_errors, note
    regressors = data[["value", "capital"]].assign(const=1.0)
    made = RandomEffects(data["inv"], regressors).fit()
    ours = xl.panel.random_effects(table, "inv ~ value + capital", **given).table.set_index("term")
    terms = ["value", "capital"]
    yield "panel", "random effects", ours.loc[terms, "estimate"], made.params[terms], "Swamy-Arora"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    globals()["SHARED"] = given.shared
    warnings.simplefilter("ignore")
    rows = []
    for name, compare in PEERS.items():
        try:
            release = version(name)
        except PackageNotFoundError:
            print(f"{name}: not installed, left out")
            continue
        with redirect_stdout(io.StringIO()):  # some peers print what they do
            found = list(compare())
        for family, quantity, ours, theirs, note in found:
            rows.append((family, quantity, name, release, f"{apart(ours, theirs):.1e}", note))
            print(*rows[-1], sep=", ", flush=True)
    if given.out:
        with given.out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["family", "quantity", "program", "version", "difference", "note"])
            writer.writerows(sorted(rows, key=lambda r: (r[0], r[1], r[2])))


if __name__ == "__main__":
    main()
