"""Scale, permutation and empty categories, decided for the indicators of change, sophistication and stages."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
from exportlab.indices import (
    constant_share,
    dynamics,
    growth_margins,
    sophistication,
    sophistication_quality,
    stages,
    survival,
    unit_values,
)

INCOME = {"a": 1.0, "b": 2.0, "c": 3.0}
CALLS = {
    "hhi_change": lambda f: dynamics.hhi_change(f, over="product", by=["period", "exporter"]),
    "hhi_change_split": lambda f: dynamics.hhi_change_split(f, over="product", by=["period", "exporter"]),
    "bloc_share_change": lambda f: dynamics.bloc_share_change(f, "RCEP", by=["period", "exporter"]),
    "hhi_shift_share": lambda f: dynamics.hhi_shift_share(f, by=["period", "exporter"]),
    "constant_market_share": constant_share.constant_market_share,
    "constant_market_share_growth": constant_share.constant_market_share_growth,
    "growth_margins": growth_margins.growth_margins,
    "spells": survival.spells,
    "survival": lambda f: survival.survival(f).table,
    "prody": lambda f: sophistication.prody(f, INCOME, by=["period", "exporter"]),
    "expy": lambda f: sophistication.expy(f, INCOME, by=["period", "exporter"]),
    "prody_quality": lambda f: sophistication_quality.prody_quality(f, INCOME, by=["period", "exporter"]),
    "expy_quality": lambda f: sophistication_quality.expy_quality(f, INCOME, by=["period", "exporter"]),
    "class_shares": lambda f: stages.class_shares(f, {"011": "x", "764": "y", "784": "y", "001": "x"}),
    "lall_shares": lambda f: stages.lall_shares(f, products="sitc3"),
    "bec_shares": lambda f: stages.bec_shares(f, products=BEC),
    "rauch_shares": lambda f: stages.rauch_shares(f, {"011": "r", "764": "n", "784": "n", "001": "w"}),
    "relative_unit_value": unit_values.relative_unit_value,
    "price_quantity": unit_values.price_quantity,
}
BEC = stages.Concordance({c: ((b, 1.0),) for c, b in zip(("011", "764", "784", "001"),
                                          ("111", "41", "51", "21"), strict=True)})  # fmt: skip
KEYS = ["period", "exporter", "market", "product", "class", "spell", "time", "status", "start"]
MONEY = ["value", "before", "after", "unit_value", "reference_unit_value"]


def table(seed=3):
    rng = np.random.default_rng(seed)
    cells = [(t, e, m, k) for t in (2021, 2022, 2023) for e in "abc" for m in ("Japan", "Peru", "USA")
             for k in ("011", "764", "784")]  # fmt: skip
    made = pd.DataFrame(cells, columns=KEYS[:4])
    made["value"] = rng.gamma(1, 1, len(made)) * (rng.random(len(made)) > 0.25)
    made["quantity"] = rng.gamma(1, 1, len(made)) * (made["value"] > 0)
    return made


def result(name, flows_table):
    found = CALLS[name](xl.flows(flows_table))
    keys = [k for k in KEYS if k in found]
    return found.sort_values(keys).set_index(keys)


@cache
def plain(name):
    return result(name, table())


def same(name, changed):
    """Whether every figure but plain money is as it was, in the rows there were."""
    before, after = plain(name), result(name, changed)
    if not before.index.isin(after.index).all():
        return False
    numbers = [c for c in before if c not in MONEY and before[c].dtype.kind in "fib"]
    left, right = before[numbers].astype(float), after.loc[before.index, numbers].astype(float)
    return bool(np.allclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True))


def scaled(t):
    return t.assign(value=7.3 * t["value"])


def permuted(t):
    return t.sample(frac=1, random_state=1).reset_index(drop=True)


def with_empty(t):
    nothing = t[t["product"] == "011"].assign(product="001", value=0.0, quantity=0.0)
    return pd.concat([t, nothing], ignore_index=True)


CHANGES = {"scale": scaled, "permutation": permuted, "empty": with_empty}


@pytest.mark.parametrize("law", CHANGES)
@pytest.mark.parametrize("name", CALLS)
def test_a_declared_law_holds_and_an_undeclared_one_fails(name, law):
    assert same(name, CHANGES[law](table())) == (law in xl.CATALOGUE[name].laws)


@pytest.mark.parametrize("name", CALLS)
def test_numeric_bounds_are_kept(name):
    entry = xl.CATALOGUE[name]
    found = plain(name)
    column = found[name] if name in found else found.get("duration", found.iloc[:, 0])
    if entry.low.lstrip("-").isdigit():
        assert column.dropna().min() >= float(entry.low) - 1e-12
    if entry.high.isdigit():
        assert column.dropna().max() <= float(entry.high) + 1e-12


@pytest.mark.parametrize("name", CALLS)
def test_every_declaration_is_documented(name):
    text = xl.CATALOGUE[name].function.__doc__
    for section in ("Parameters", "Returns", "Raises", "Notes", "References"):
        assert f"{section}\n" in text
