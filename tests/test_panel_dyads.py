"""Dyads are pairs of economies, whatever their names look like, and can be clustered by without being absorbed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.panel import gravity

KEYS = {"exporter": "exp", "importer": "imp", "period": "year"}


def flows(names, years=range(2000, 2004), seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (a, b, t, np.exp(rng.normal(2, 1)), float(rng.random() < 0.4))
        for a in names
        for b in names
        if a != b
        for t in years
    ]
    return pd.DataFrame(rows, columns=["exp", "imp", "year", "value", "rta"])


def test_names_that_join_to_the_same_text_stay_apart():
    plain = flows(list("ABCDEF"))
    # "A - B" with "C", and "A" with "B - C", read the same when they are joined by a hyphen
    odd = plain.replace({"exp": {"D": "A - B", "E": "B - C"}, "imp": {"D": "A - B", "E": "B - C"}})
    one, other = (gravity(d, "value ~ rta", cluster="dyad", **KEYS) for d in (plain, odd))
    assert one.inference.clusters == other.inference.clusters == 15
    assert other.table[["estimate", "std_error"]].to_numpy() == pytest.approx(
        one.table[["estimate", "std_error"]].to_numpy(), rel=1e-8
    )


@pytest.mark.parametrize("label", [int, float, str])
def test_dyads_of_numbers_and_of_text_are_the_same(label):
    plain = flows(range(1, 12))
    named = plain.assign(exp=plain["exp"].map(label), imp=plain["imp"].map(label))
    one, other = (gravity(d, "value ~ rta", cluster="dyad", **KEYS) for d in (plain, named))
    assert other.inference.clusters == 55
    assert other.table["std_error"].iloc[0] == pytest.approx(one.table["std_error"].iloc[0], rel=1e-8)


def test_clustering_by_dyad_joins_the_two_directions():
    d = flows(list("ABCDEF"))
    by_hand = d.assign(both=[" ".join(sorted(p)) for p in zip(d["exp"], d["imp"], strict=True)])
    one = gravity(d, "value ~ rta", cluster="dyad", **KEYS)
    other = gravity(by_hand, "value ~ rta", cluster="both", **KEYS)
    assert one.table["std_error"].iloc[0] == pytest.approx(other.table["std_error"].iloc[0], rel=1e-10)
    named = gravity(by_hand.rename(columns={"both": "pair"}), "value ~ rta", **KEYS)  # a column is no role
    assert named.table.equals(gravity(d, "value ~ rta", **KEYS).table)
    absorbed = gravity(
        d, "value ~ rta", effects=["exporter-period", "importer-period", "dyad"], cluster="dyad", **KEYS
    )
    assert absorbed.inference.clusters == 15
