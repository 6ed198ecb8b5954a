"""Codes and absorption: small cases by hand, larger ones against linearmodels and dense least squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exportlab.panel.algebra import absorb as absorbing
from exportlab.panel.algebra.absorb import BalancedTwoWay, absorb
from exportlab.panel.algebra.levels import (
    Effects,
    absorbed_parameters,
    components,
    encode,
    nested,
    redundant,
    singletons,
)


def dummies(effects: Effects) -> np.ndarray:
    return np.hstack(
        [
            np.equal.outer(c, np.arange(k)).astype(float)
            for c, k in zip(effects.codes, effects.sizes, strict=True)
        ]
    )


def unbalanced(n: int, sizes: tuple[int, ...], seed: int) -> tuple[np.ndarray, Effects, np.ndarray]:
    rng = np.random.default_rng(seed)
    effects = Effects.encode({f"f{j}": rng.integers(0, k, n) for j, k in enumerate(sizes)})
    return rng.normal(size=(n, 3)) + effects.codes[0][:, None], effects, rng.uniform(0.01, 5, n)


def test_codes_follow_appearance_whatever_the_type():
    assert encode(["b", "a", "b"]).tolist() == [0, 1, 0]
    assert encode(pd.Series([2007, 2005, 2007])).tolist() == [0, 1, 0]
    both = pd.DataFrame({"u": ["x", "x", "y", "x"], "t": ["2001", "2002", "2001", "2001"]})
    assert encode(both).tolist() == [0, 1, 2, 0]


def test_singletons_are_found_repeatedly():
    # Row 3 is alone in b; without it row 2 is alone in a.
    effects = Effects.encode({"a": [0, 0, 1, 1], "b": [0, 0, 0, 1]})
    assert singletons(effects).tolist() == [False, False, True, True]


def test_components_and_rank_of_two_effects():
    first, second = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 2, 3])
    assert components(first, second) == 2
    effects = Effects.encode({"a": first, "b": second})
    assert np.linalg.matrix_rank(dummies(effects)) == sum(effects.sizes) - 2
    assert redundant(effects) == (0, 2)


def test_third_effect_spanned_by_the_first_is_redundant():
    unit, year = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    effects = Effects.encode({"unit": unit, "year": year, "region": unit // 3})
    rank = np.linalg.matrix_rank(dummies(effects))
    assert rank == sum(k - r for k, r in zip(effects.sizes, redundant(effects), strict=True)) == 9


def test_nesting():
    assert nested(np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1]))
    assert not nested(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]))


@pytest.mark.parametrize(
    ("count", "clusters", "expected"),
    [("fixest", False, 6 + 4 - 1), ("fixest", True, 4), ("reghdfe", True, 4), ("all", True, 9)],
)
def test_parameters_counted_for_small_samples(count, clusters, expected):
    unit, year = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    effects = Effects.encode({"unit": unit, "year": year})
    assert absorbed_parameters(effects, [unit] if clusters else [], count=count) == expected


@pytest.mark.parametrize("direct", [0, 300])
@pytest.mark.parametrize("sizes", [(7,), (40, 12), (50, 20, 8), (30, 20, 10, 5)])
def test_absorbing_equals_dense_weighted_least_squares(sizes, direct, monkeypatch):
    monkeypatch.setattr(absorbing, "DIRECT", direct)
    x, effects, w = unbalanced(400, sizes, seed=3)
    d, root = dummies(effects), np.sqrt(w)[:, None]
    expected = x - d @ np.linalg.lstsq(root * d, root * x, rcond=None)[0]
    np.testing.assert_allclose(absorb(x, effects, w), expected, atol=1e-8)


def test_absorbing_equals_linearmodels():
    from linearmodels.iv.absorbing import AbsorbingLS

    x, effects, w = unbalanced(2_000, (300, 60, 15), seed=5)
    left = absorb(x, effects, w)
    root = np.sqrt(w)
    beta = np.linalg.lstsq(left[:, 1:] * root[:, None], left[:, 0] * root, rcond=None)[0]
    frame = pd.DataFrame({f"f{j}": pd.Categorical(c) for j, c in enumerate(effects.codes)})
    theirs = AbsorbingLS(x[:, 0], x[:, 1:], absorb=frame, weights=w).fit()
    np.testing.assert_allclose(beta, theirs.params.to_numpy()[:2], rtol=1e-8)


def test_barely_connected_chain_is_absorbed_exactly(monkeypatch):
    # Worker i is seen at firms i and i + 1: the longest chain, where plain alternation crawls.
    monkeypatch.setattr(absorbing, "DIRECT", 0)
    worker, firm = np.repeat(np.arange(400), 2), np.repeat(np.arange(400), 2) + np.tile([0, 1], 400)
    effects = Effects.encode({"worker": worker, "firm": firm})
    x = np.random.default_rng(1).normal(size=(800, 1))
    np.testing.assert_allclose(absorb(x, effects), 0, atol=1e-7)  # 801 levels, rank 800: nothing is left


def test_what_cannot_be_absorbed_is_refused(monkeypatch):
    x, effects, w = unbalanced(400, (50, 20, 8), seed=3)
    monkeypatch.setattr(absorbing, "DIRECT", 0)
    monkeypatch.setattr(absorbing, "ROUNDING", 0.0)
    with pytest.raises(
        ArithmeticError, match=r"f0, f1, f2 could not be absorbed to a relative residual of 0"
    ):
        absorb(x, effects, w, tolerance=0.0)


def test_estimates_of_any_assignment_are_least_squares_on_dummies():
    """Six units of five periods; two adopt in the second or the fourth, as each assignment has it."""
    rng = np.random.default_rng(4)
    Y = rng.normal(size=(6, 5))
    paths = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 1, 1]], dtype=float)
    which = np.array([[1, 2, 0, 0, 0, 0], [0, 0, 0, 2, 0, 1]])
    made = BalancedTwoWay(Y, paths, np.array([4.0, 1.0, 1.0])).estimates(which)
    units, periods = np.kron(np.eye(6), np.ones((5, 1))), np.kron(np.ones((6, 1)), np.eye(5))
    for row, found in zip(which, made, strict=True):
        X = np.column_stack([paths[row].ravel(), units, periods])
        assert found == pytest.approx(np.linalg.lstsq(X, Y.ravel(), rcond=None)[0][0])
