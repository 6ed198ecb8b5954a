"""Separation: small cases by hand, the eighteen sets of ppmlhdfe, and three-way effects at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from exportlab.errors import OptionError
from exportlab.panel.algebra import separation as separating
from exportlab.panel.algebra.levels import Effects
from exportlab.panel.algebra.separation import find_separated

BOTH = [("fe", "simplex"), ("fe", "ir")]


def rows_of(y, x=None, methods=("fe", "simplex"), **columns):
    y = np.asarray(y, float)
    effects = Effects.encode(columns)
    x = np.empty((y.size, 0)) if x is None else np.asarray(x, float).reshape(y.size, -1)
    if not columns:
        x = np.column_stack([np.ones(y.size), x])
    return find_separated(y, x, effects, methods=methods)


@pytest.mark.parametrize("methods", BOTH)
def test_a_regressor_that_is_on_only_where_the_outcome_is_zero(methods):
    assert rows_of([0, 0, 1, 2, 0], [1, 1, 0, 0, 0], methods).rows.tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("methods", BOTH)
def test_a_regressor_of_both_signs_on_the_zeros_does_not_separate(methods):
    assert not rows_of([0, 0, 1, 2, 3], [1, -1, 0, 0, 0], methods).rows.any()


def test_an_effect_whose_outcomes_are_all_zero():
    found = rows_of([0, 0, 1, 2], a=["x", "x", "y", "y"], methods=("fe",))
    assert found.rows.tolist() == [True, True, False, False]
    assert found.found == {"fe": 2}


@pytest.mark.parametrize("methods", BOTH)
def test_two_effects_that_only_separate_together(methods):
    # Positive cells tie a1-b1 and a2-b2 apart; one zero links a2 to b1, none the other way round.
    found = rows_of([0, 1, 0, 0, 1], methods=methods, a=[1, 1, 2, 2, 2], b=[1, 1, 1, 2, 2])
    assert found.rows.tolist() == [False, False, True, False, False]
    assert found.found["fe"] == 0


@pytest.mark.parametrize("methods", BOTH)
def test_links_in_both_directions_do_not_separate(methods):
    assert not rows_of([1, 0, 0, 1], methods=methods, a=[1, 2, 1, 2], b=[1, 1, 2, 2]).rows.any()


def test_the_direction_proves_the_separation():
    y = np.array([0, 0, 1, 2, 0, 4.0])
    x = np.array([[2, 1], [1, 1], [0, 1], [0, 3], [0, 2], [0, 1.0]])
    found = rows_of(y, x)
    assert found.rows.tolist() == [True, True, False, False, False, False]
    full = np.column_stack([np.ones(6), x])
    gamma, *_ = np.linalg.lstsq(full, found.direction, rcond=None)
    np.testing.assert_allclose(full @ gamma, found.direction, atol=1e-9)
    assert (found.direction[y > 0] == 0).all()
    assert (found.direction >= 0).all()


def brute_force(y: np.ndarray, design: np.ndarray) -> np.ndarray:
    """The widest separating direction from the definition, over every dummy."""
    zero = y == 0
    n, k = int(zero.sum()), design.shape[1]
    answer = linprog(
        np.r_[np.zeros(k), -np.ones(n)],
        A_ub=np.hstack([-design[zero], np.eye(n)]),
        b_ub=np.zeros(n),
        A_eq=np.hstack([design[~zero], np.zeros((n * 0 + (~zero).sum(), n))]),
        b_eq=np.zeros((~zero).sum()),
        bounds=[(None, None)] * k + [(0, 1)] * n,
    )
    out = np.zeros(y.size, dtype=bool)
    out[zero] = answer.x[k:] > 0.5
    return out


@pytest.mark.parametrize("seed", range(12))
def test_three_effects_and_regressors_against_the_definition(seed):
    rng = np.random.default_rng(seed)
    n = 60
    columns = {"a": rng.integers(0, 9, n), "b": rng.integers(0, 8, n), "c": rng.integers(0, 6, n)}
    y = np.where(rng.random(n) < 0.6, 0, rng.integers(1, 9, n)).astype(float)
    x = rng.integers(0, 2, (n, 2)) * (y[:, None] == 0) * rng.choice([1, 1, 1, -1], (n, 2))
    effects = Effects.encode(columns)
    dummies = [np.equal.outer(c, np.arange(k)) for c, k in zip(effects.codes, effects.sizes, strict=True)]
    expected = brute_force(y, np.hstack([*dummies, x]).astype(float))
    for methods in BOTH:
        assert (find_separated(y, x.astype(float), effects, methods=methods).rows == expected).all()


def test_the_rectifier_steps_in_when_the_programme_is_too_large(monkeypatch):
    monkeypatch.setattr(separating, "LARGEST", 0)
    found = rows_of([0, 1, 0, 0, 1], a=[1, 1, 2, 2, 2], b=[1, 1, 1, 2, 2])
    assert found.rows.sum() == 1
    assert found.found == {"fe": 0, "ir": 1}


def test_methods_are_named():
    with pytest.raises(OptionError, match=r"'mu' is not allowed\. Allowed: 'fe', 'simplex', 'ir'"):
        rows_of([0, 1], [1, 0], ("mu",))
    with pytest.raises(OptionError, match="2 rows lie in levels whose outcomes are all zero"):
        rows_of([0, 0, 1, 2], a=["x", "x", "y", "y"], methods=("simplex",))


@pytest.mark.parametrize("methods", BOTH, ids=["simplex", "ir"])
@pytest.mark.parametrize("number", range(1, 19))
def test_the_eighteen_sets_of_ppmlhdfe(reference, number, methods):
    sets = pd.read_csv(reference / "panel_separation.csv")
    data = sets[sets["set"] == number].dropna(axis=1).reset_index(drop=True)
    regressors = data[[c for c in data if c.startswith("x")]].to_numpy(float)
    columns = {c: data[c] for c in data if c.startswith("id")}
    found = rows_of(data["y"], regressors, methods, **columns)
    assert np.flatnonzero(found.rows).tolist() == np.flatnonzero(data["separated"]).tolist()
