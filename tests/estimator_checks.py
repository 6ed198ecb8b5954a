"""Common checks for estimators: what keeps the meaning keeps the numbers, and nothing is lost or invented in silence.

`test_estimator_checks.py` puts every entry of `estimator_entries` through each check. Where a check has several ways,
each entry has its turn at one of them, and at all under HYPOTHESIS_PROFILE=search.
"""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from estimator_entries import ENTRIES, INFERENCE, MONEY, YEARS, Entry, numbers, panel

from exportlab.errors import ExportlabError
from exportlab.panel import Estimate

WIDE = os.environ.get("HYPOTHESIS_PROFILE") == "search"
PLACE = {name: n for n, name in enumerate(ENTRIES)}
W = TypeVar("W")


def turns(e: Entry, ways: Sequence[W]) -> Sequence[W]:
    """The way whose turn it is with this entry, or all."""
    return ways if WIDE else [ways[PLACE[e.name] % len(ways)]]


def same(
    one: pd.DataFrame,
    other: pd.DataFrame,
    *,
    money: float = 1.0,
    rel: float = 2e-6,
    columns: tuple[str, ...] = MONEY,
) -> None:
    """Both say the same, `other` in a money that is `money` times the first."""
    assert sorted(one.index) == sorted(other.index)
    assert list(one.columns) == list(other.columns)
    other = other.loc[one.index] if one.index.is_unique else other
    for column in one.columns:
        scale = money if column in columns else 1.0
        a, b = one[column].to_numpy(), other[column].to_numpy() / scale
        known = column in columns and "estimate" in one and one["estimate"].notna().any()
        size = np.nanmax(np.abs(one["estimate"])) if known else 1.0
        np.testing.assert_allclose(b, a, rtol=rel, atol=rel * size, err_msg=column)


@cache
def found(e: str) -> Any:
    """The result of an entry on its own data, which most checks compare with."""
    return ENTRIES[e].result(ENTRIES[e].data())


@cache
def as_they_are(e: str) -> pd.DataFrame:
    """Its numbers."""
    return numbers(found(e))


def shuffled(e: Entry) -> None:
    same(as_they_are(e.name), e.numbers(e.data().sample(frac=1, random_state=4)))


def renamed(e: Entry) -> None:
    """Units and clusters under other names, of other types and in another order."""
    d, one = e.data(), as_they_are(e.name)
    flip = d.assign(id=(100 - d["id"]).astype(float), cl=("c" + (50 - d["cl"]).astype(str)))
    flip = flip.assign(origin="o" + (9 - d["origin"]).astype(str), place=(40.0 - d["place"]))
    other = d.assign(id=("u" + d["id"].astype(str)).astype("category"), cl=d["cl"].astype("float64"))
    for written in turns(e, (flip, other)):
        same(one, e.numbers(written))


def calendars(e: Entry) -> None:
    """Periods as months instead of years, and years as dates, text, floats, pandas' periods or categories."""
    d = e.data()
    as_month = {y: f"2020-{y - 2009:02d}" for y in YEARS}
    moved = d.assign(year=d["year"].map(as_month), g=d["g"].map(lambda g: as_month.get(g)))
    one, result = as_they_are(e.name), e.result(moved)
    _named_as_written(result, as_month.values())
    _same_terms(one, numbers(result))
    no = () if e.door else ("period",)  # effects are ids, which Periods are not
    if e.name.startswith(
        "random effects"
    ):  # whose formula has the years as categories, which are text or numbers
        no = ("period", "datetime")
    kinds = [k for k in KINDS if not k.startswith(no)] if no else list(KINDS)
    for kind in turns(e, kinds):
        _same_terms(one, e.numbers(d.assign(year=_written(d["year"], kind), g=_written(d["g"], kind))))


KINDS: dict[str, Callable[[int], Any]] = {
    "datetime64[ns]": lambda y: pd.Timestamp(f"{y}-01-01"),
    "string": str,
    "float64": float,
    "period[Y-DEC]": lambda y: pd.Period(str(y), "Y"),
    "category": str,
}


def _written(years: pd.Series, kind: str) -> pd.Series:
    values = [KINDS[kind](int(y)) if np.isfinite(y) else None for y in years]
    return pd.Series(values, index=years.index, dtype=kind)


def _same_terms(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """The same numbers; terms that a date names are named as it is written."""
    assert len(one) == len(other)
    same(one, other if sorted(one.index) == sorted(other.index) else other.set_index(one.index))


def _named_as_written(result: Any, months: Any) -> None:
    """Tables name periods as the user does, never by the numbers that count them."""
    tables = [getattr(result, "table", None), *getattr(result, "parts", {}).values()]
    for table in (t for t in tables if isinstance(t, pd.DataFrame)):
        for column in {"cohort", "period", "base", "treated", "control", "left_out"} & set(table.columns):
            texts = table[column].dropna()
            assert column in ("treated", "control") or set(texts) <= {*months, "never", "always"}, column
        text = table.select_dtypes(exclude="number").astype(str).to_numpy().ravel()
        assert not any("2424" in t or "2425" in t for t in text), text
    if isinstance(result, Estimate):
        said = result.summary()
        assert "2424" not in said
        assert "2425" not in said


def effects(e: Entry) -> None:
    """Unit and period effects added (log links: multiplied)."""
    d = e.data()
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=24), rng.normal(size=len(YEARS))
    more = a[d["id"]] + b[d["year"] - YEARS[0]]
    if e.link:
        # Other weights of rows: the same parameters, not the same estimates of them, save without noise.
        exact_d = e.data(noise=0.0)
        if e.door:
            exact_d["y"] = _plain(exact_d, e.link)
        exact = exact_d["y"] * np.exp(a[exact_d["id"]] + b[exact_d["year"] - YEARS[0]])
        one, other = e.numbers(exact_d)[["estimate"]], e.numbers(exact_d.assign(y=exact))[["estimate"]]
    else:
        one, other = as_they_are(e.name), e.numbers(d.assign(y=d["y"] + 3 * more))
    if "errors under effects" in e.exempt:
        one, other = one[["estimate"]], other[["estimate"]]
    same(one, other)


UNITS = ((1e-8, 0.0), (1e6, 0.0), (1.0, 1e4))  # times what, plus what


def outcome_units(e: Entry) -> None:
    d, one = e.data(), as_they_are(e.name)
    for scale, shift in turns(e, UNITS[: 2 if e.link else 3]):
        other = e.numbers(d.assign(y=d["y"] * scale + shift))
        fixed = [t for t in one.index if t == "Intercept"] if shift else []  # the one that says the level
        money, logs = (*MONEY, *e.money), e.link and "level" not in e.name
        same(one.drop(index=fixed), other.drop(index=fixed), money=1.0 if logs else scale, columns=money)


def covariate_units(e: Entry) -> None:
    if "covariates" not in e.roles and e.door:
        return
    d, one = e.data(), as_they_are(e.name)
    for scale, shift in turns(e, UNITS):
        moved = e.numbers(d.assign(**{e.covariate: d[e.covariate] * scale + shift}))
        mine = [t for t in one.index if t not in (e.covariate, "Intercept")]
        if e.name == "pretrend":
            mine = list(one.index)
        same(one.loc[mine], moved.loc[mine], rel=2e-5)


def lasting(e: Entry) -> None:
    """A covariate that units keep for good: the same in any unit, or refused; what rounding leaves has no slope."""
    if "covariates" not in e.roles or not e.door:
        return
    d = e.data()
    ways: list[pd.DataFrame | None] = []
    for scale, shift in ((np.pi, 0.0), *turns(e, ((np.pi * 1e-3, 0.0), (np.pi, 1e4)))):
        try:
            ways.append(e.numbers(d.assign(**{e.covariate: d["z"] * scale + shift})))
        except ExportlabError:
            ways.append(None)
    one = ways[0]
    for other in ways[1:]:
        assert (other is None) == (one is None)
        if one is not None and other is not None:
            mine = one.index != e.covariate
            same(one[mine], other[mine], rel=2e-5)


def constant(e: Entry) -> None:
    """A covariate that does not vary is refused, or changes nothing; by rounding alone none varies."""
    if "covariates" not in e.roles and e.door:
        return
    d = e.data()
    found: list[pd.DataFrame | None] = []
    for value in (0.3, np.where(np.arange(len(d)) % 3 == 0, 0.3, 0.1 + 0.2)):
        try:
            found.append(e.numbers(d.assign(**{e.covariate: value})))
        except ExportlabError:
            found.append(None)
    exactly, nearly = found
    assert (exactly is None) == (nearly is None)
    if exactly is not None and nearly is not None:
        same(exactly, nearly, rel=1e-9)


def strange(e: Entry) -> None:
    """A cell that is no label and no number is refused with words, in whichever column that is asked."""
    d = e.data()
    for column in turns(e, [*d.columns]):
        for cell in ({"a": 1}, [1], 1 + 2j, " ", None, np.inf):
            cells = [*d[column]]
            cells[len(d) // 2] = cell
            number = cell is np.inf and pd.api.types.is_numeric_dtype(d[column])
            spoiled = pd.Series(cells, index=d.index, dtype=float if number else object)
            with suppress(
                ExportlabError
            ):  # any other error, or other numbers, will not do; it may not ask the column
                same(as_they_are(e.name), e.numbers(d.assign(**{column: spoiled})))


def treated(e: Entry) -> None:
    """The status by period says what the date says."""
    if e.door:
        same(as_they_are(e.name), e.numbers(e.data(), adopted=None, treated="D"))


def absent(e: Entry) -> None:
    """A row that is absent, one that is dropped for its outcome, and one that is left out by `where`."""
    if not e.door or "gaps" not in e.roles:
        return
    d = e.data()
    gone = (d["id"] % 4 == 1) & (d["year"] == 2016)
    one = e.result(d[~gone])
    dropped = e.result(d.assign(y=d["y"].where(~gone)), missing="drop")
    same(numbers(one), numbers(dropped))
    if isinstance(one, Estimate):
        assert one.sample.used == dropped.sample.used
        assert ("y missing", int(gone.sum())) in dropped.sample.lost


def copied(e: Entry) -> None:
    """A weight of two is a copy of the unit in the same cluster, up to the small-sample factor."""
    if not e.door or "weights" not in e.roles:
        return
    d = e.data()
    again = pd.concat([d, d[d["w"] == 2].assign(id=lambda t: t["id"] + 100)])
    one, other = found(e.name), e.result(again, weights=None)
    if "estimate" in numbers(one):
        same(numbers(one)[["estimate"]], numbers(other)[["estimate"]])
    errors = getattr(one, "scores", None) is not None and "errors under copies" not in e.exempt
    if errors and one.clusters == other.clusters:
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-8, rtol=1e-6)


def exact(e: Entry) -> None:
    """Effects of exactly two, no noise: two after adoption, zero before, whatever weights, gaps and covariates."""
    d = e.data(noise=0.0) if "covariates" in e.roles or not e.door else e.data(noise=0.0).assign(x=0.0)
    if e.door and "covariates" not in e.roles:
        d["y"] = _plain(d, e.link)
    try:
        result = e.result(d)
    except ExportlabError:  # an inference method that has nothing to work with
        assert e.name in INFERENCE
        return
    table = getattr(result, "table", None)
    if table is None or "estimate" not in table or e.name in ("bacon", "dose"):
        return
    target = 0.8 if e.link else e.target
    for row in table.itertuples():
        term = str(getattr(row, "term", getattr(row, "comparison", "")))
        time = getattr(row, "event_time", np.nan)
        if term in ("x", "z") or np.isnan(row.estimate) or "placebo" in e.name:
            continue
        expected = (
            0.0
            if time < 0 or term == "near controls" or (e.name == "callaway anticipation" and time == -1)
            else target
        )
        assert abs(row.estimate - expected) < 1e-7, (term, row.estimate)


def _plain(d: pd.DataFrame, link: bool) -> pd.Series:
    """Unit and period effects and two after adoption, nothing else."""
    rng = np.random.default_rng(5)
    level = rng.normal(size=24)[d["id"]] + rng.normal(size=len(YEARS))[d["year"] - YEARS[0]] + 2.0 * d["D"]
    return np.exp(0.4 * level + 2.0) if link else level


def noise(e: Entry) -> None:
    """Where the data leave no error none is shown: a perfect fit, clusters alone on their side, saturated cells."""
    d = e.data()
    perfect = e.data(noise=0.0)
    if e.door and "covariates" not in e.roles:
        perfect["y"] = _plain(perfect, e.link)
    ways = [perfect, d.assign(cl=np.isfinite(d["g"]).astype(int))]
    if e.door:
        few = {0: 2012.0, 1: 2013.0, 2: 2014.0, 3: 2015.0}
        ways += [d.assign(cl=0), _dated(d, {0: 2013.0}), _dated(d[d["id"] < 5], few)]
    for way in turns(e, ways):
        _no_rounding(e, way)


def _dated(d: pd.DataFrame, dates: Mapping[int, float]) -> pd.DataFrame:
    """Other adoption dates, each unit its own cluster."""
    g = d["id"].map(dates).fillna(np.inf)
    return d.assign(
        g=g, D=(d["year"] >= g).astype(int), cl=d["id"], dose=np.where(np.isfinite(g), d["dose"] + 1, 0)
    )


def _no_rounding(e: Entry, d: pd.DataFrame) -> None:
    try:
        shown = e.numbers(d)
    except ExportlabError:
        return  # refused, in words
    if "std_error" in shown:
        error = shown["std_error"].to_numpy()
        assert not (error < 1e-9 * np.nanmax(np.abs(d["y"]))).any(), shown
    for column in {"statistic", "t"} & set(shown):
        assert not (np.abs(shown[column].to_numpy()) > 1e8).any(), shown


def counted(e: Entry) -> None:
    """Rows in are rows used and rows lost, and the summary names every loss."""
    d = e.data()
    hole = d[~(np.isinf(d["g"]) & (d["year"] == 2016))] if "gaps" in e.roles else d
    if not isinstance(found(e.name), Estimate):
        return
    try:
        made = e.result(hole) if "gaps" in e.roles else found(e.name)
    except ExportlabError:
        return
    assert made.sample.rows == len(hole)
    assert made.sample.used + sum(n for _, n in made.sample.lost) == made.sample.rows
    text = made.summary()
    assert all(why in text for why, _ in made.sample.lost)


def changed(e: Entry) -> None:
    """The same numbers from the panel after a `where` of all rows, the same outcome, the same dates, pickle, copy."""
    if not e.door:
        return
    d, one = e.data(), as_they_are(e.name)
    p = panel(d, e.own)
    for again in turns(
        e,
        (
            lambda: p.where(np.ones(len(p.y), bool), "none"),
            lambda: p.with_outcome(p.y),
            lambda: p.reassigned(p.announced),
            lambda: pickle.loads(pickle.dumps(p)),
            lambda: copy.deepcopy(p),
        ),
    ):
        same(one, numbers(e.run(again(), {})), rel=1e-12)


def heard(e: Entry) -> None:
    """Covariates and weights that the panel has make other numbers, or are refused by name: nothing is passed over."""
    if not e.door:
        return
    d, one = e.data(), as_they_are(e.name)
    for role, said in (("covariates", [e.covariate]), ("weights", "w")):
        if role in e.roles:
            continue
        try:
            other = e.numbers(d, **{role: said})
        except ExportlabError:
            continue
        assert one.shape != other.shape or not np.allclose(one, other, rtol=1e-9, atol=0, equal_nan=True), (
            role
        )


CHECKS: dict[str, Callable[[Entry], None]] = {
    "shuffled": shuffled,
    "renamed": renamed,
    "calendars": calendars,
    "effects": effects,
    "outcome units": outcome_units,
    "covariate units": covariate_units,
    "constant covariate": constant,
    "strange cells": strange,
    "lasting": lasting,
    "treated": treated,
    "absent": absent,
    "copied": copied,
    "exact": exact,
    "noise": noise,
    "counted": counted,
    "changed": changed,
    "heard": heard,
}
