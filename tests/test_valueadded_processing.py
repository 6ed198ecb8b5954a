"""Processing trade apart: the programme's optimality, the content formulae, what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tries
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize

from exportlab.errors import DataError
from exportlab.valueadded import IOTable
from exportlab.valueadded.national import domestic_content
from exportlab.valueadded.processing import ProcessingSplit, nearest, split_processing


def economy(seed: int, n: int = 4, *, competitive: bool = False) -> IOTable:
    rng = np.random.default_rng(seed)
    Z, Zm = 1 + rng.gamma(2.0, 2.0, (n, n)), 0.5 + rng.gamma(1.5, 1.0, (n, n))
    F, Fm, e = 40 + 10 * rng.random(n), 3 * rng.random(n), 15 + 10 * rng.random(n)
    sectors = [f"s{k}" for k in range(n)]
    if competitive:
        m = Zm.sum(axis=1) + Fm
        return IOTable.from_numpy(Z + Zm, final=F + Fm, imports=m, exports=e, sectors=sectors)
    taxes = 0.5 * rng.random(n)
    return IOTable.from_numpy(
        Z, imported=Zm, final=F, imported_final=Fm, exports=e, taxes=taxes, sectors=sectors
    )


@given(seed=st.integers(0, 10**6))
@example(seed=6046)  # a cell a hundred times its guess: the active set turns back and forth
@tries.at_most(25)
def test_nearest_cells_satisfy_the_optimality_conditions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z0 = rng.gamma(1.0, 1.0, 12)
    K = (rng.random((4, 12)) < 0.5).astype(float)
    b = K @ (rng.gamma(0.5, 1.5, 12) * (rng.random(12) < 0.7))
    found = nearest(z0, sparse.csr_array(K), b)
    price = K.T @ found.multipliers  # gradient of the objective = K'y + (multiplier of z >= 0)
    gradient = 2 * (found.z - z0) / z0
    assert (found.z >= 0).all()
    assert np.abs(K @ found.z - b).max() <= 1e-9 * max(b.max(), 1)
    inside = found.z > 0
    assert np.abs(gradient - price)[inside].max(initial=0) <= 1e-7 * (1 + np.abs(price).max())
    assert ((gradient - price)[~inside] >= -1e-9 * (1 + np.abs(price).max())).all()


@pytest.mark.parametrize("seed", range(4))
def test_nearest_agrees_with_a_general_solver(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z0, K = rng.gamma(2.0, 1.0, 9), np.kron(np.eye(3), np.ones((1, 3)))
    K = np.vstack([K, np.kron(np.ones((1, 3)), np.eye(3))])  # rows and columns of a 3 x 3 block
    b = K @ (rng.gamma(0.4, 2.0, 9))
    found = nearest(z0, sparse.csr_array(K), b)
    peer = minimize(
        lambda z: ((z - z0) ** 2 / z0).sum(),
        z0,
        method="SLSQP",
        bounds=[(0, None)] * 9,
        jac=lambda z: 2 * (z - z0) / z0,
        options={"ftol": 1e-14, "maxiter": 500},
        constraints={"type": "eq", "fun": lambda z: K[:5] @ z - b[:5], "jac": lambda z: K[:5]},
    )
    assert found.z == pytest.approx(peer.x, abs=1e-5)
    assert found.distance == pytest.approx(peer.fun, rel=1e-6)


def test_content_by_hand() -> None:
    """One sector: A^DD = .4, A^MD = .1, v_D = .5; A^DP = .2, A^MP = .6, v_P = .2."""
    one = {k: np.array([[v]]) for k, v in {"Z_DD": 40.0, "Z_DP": 10.0, "Z_MD": 10.0, "Z_MP": 30.0}.items()}
    t = economy(0, 1)
    s = ProcessingSplit(
        t.sectors,
        **one,
        va=np.array([[50.0], [10.0]]),
        tax=np.zeros((2, 1)),
        x=np.array([[100.0], [50.0]]),
        e=np.array([[20.0], [50.0]]),
        unit="CNY",
    )
    shares = s.shares.set_index("regime")
    assert shares.loc["ordinary", "domestic"] == pytest.approx(0.5 / 0.6)
    assert shares.loc["processing", "domestic"] == pytest.approx(0.5 / 0.6 * 0.2 + 0.2)
    assert shares.loc["processing", "imported"] == pytest.approx(0.1 / 0.6 * 0.2 + 0.6)
    all_ = (0.5 / 0.6 * 20 + (0.5 / 0.6 * 0.2 + 0.2) * 50) / 70
    assert shares.loc["all", "domestic"] == pytest.approx(all_)
    assert "of processing" in s.summary()


@given(seed=st.integers(0, 10**6), heavy=st.floats(0.2, 3.0), competitive=st.booleans())
@tries.at_most(15)
def test_split_keeps_every_total(seed: int, heavy: float, competitive: bool) -> None:
    """Cells, columns and customs totals hold; the content equals v(I - A)^-1 of the doubled table."""
    t, full = economy(seed, competitive=competitive), economy(seed)
    n, ep = len(t.x), 0.5 * t.e
    mp = np.minimum(heavy * full.Zm @ (ep / t.x), 0.8 * full.Zm.sum(axis=1))
    md = full.Zm.sum(axis=1) - mp if competitive else None
    s = split_processing(t, processing_exports=ep, processing_imports=mp, ordinary_imports=md)
    assert s.gap <= 1e-9
    close = {"rel": 1e-8, "abs": 1e-8}
    used = s.Z_DD + s.Z_DP + s.Z_MD + s.Z_MP
    assert used == pytest.approx(t.Z + t.Zm, **close)
    assert s.va.sum(axis=0) == pytest.approx(t.va, **close)
    assert s.Z_MP.sum(axis=1) == pytest.approx(mp, **close)
    assert s.Z_DP.sum(axis=0) + s.Z_MP.sum(axis=0) + s.va[1] + s.tax[1] == pytest.approx(ep, **close)
    assert min(b.min() for b in (s.Z_DD, s.Z_DP, s.Z_MD, s.Z_MP, s.va)) >= 0
    if not competitive:
        imported = s.Z_MD + s.Z_MP
        assert imported == pytest.approx(t.Zm, **close)
    parts = s.table[["domestic", "imported", "tax"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(s.table["exports"].to_numpy(), **close)
    x = np.concatenate([s.x[0], s.x[1]])
    A = np.block([[s.Z_DD, s.Z_DP], [np.zeros((n, 2 * n))]]) / x
    whole = np.concatenate([s.va[0], s.va[1]]) / x @ np.linalg.inv(np.eye(2 * n) - A)
    assert s.table["domestic"].to_numpy() == pytest.approx(whole * np.concatenate([s.e[0], s.e[1]]), **close)


def test_heavier_processing_imports_lower_domestic_content() -> None:
    t = economy(3)
    ep = 0.5 * t.e
    base = t.Zm @ (ep / t.x)
    plain = domestic_content(t)
    shares = [
        split_processing(t, processing_exports=ep, processing_imports=k * base).shares.set_index("regime")
        for k in (1.0, 1.5, 2.0)
    ]
    assert [s.loc["all", "domestic"] for s in shares] == sorted(
        (s.loc["all", "domestic"] for s in shares), reverse=True
    )
    # with processing as import-intensive as the rest the split changes nothing
    assert shares[0].loc["all", "domestic"] == pytest.approx(plain.domestic_share, abs=1e-9)
    assert (
        shares[2].loc["processing", "domestic"] < plain.domestic_share < shares[2].loc["ordinary", "domestic"]
    )


def test_refusals() -> None:
    t = economy(1)
    with pytest.raises(
        DataError, match=r"Processing exports exceed the exports of the table in 1 row\. First: 's0'"
    ):
        split_processing(t, processing_exports=t.e + np.array([1.0, 0, 0, 0]), processing_imports=0.0)
    with pytest.raises(DataError, match="Customs imports exceed"):
        split_processing(t, processing_exports=t.e, processing_imports=t.Zm.sum(axis=1) * 2)
    with pytest.raises(DataError, match="Processing exports are negative"):
        split_processing(t, processing_exports=-t.e, processing_imports=0.0)
    with pytest.raises(DataError, match="Customs imports are negative"):
        split_processing(t, processing_exports=t.e, processing_imports=-1.0)
    with pytest.raises(DataError, match="competitive table needs ordinary_imports="):
        split_processing(economy(1, competitive=True), processing_exports=t.e, processing_imports=0.0)
    with pytest.raises(
        DataError,
        match=r"No non-negative cells satisfy all totals: processing imports of 's\d'.* add up to .*, more than "
        r"(?=.*processing exports \(less taxes\) of 's\d')",
    ) as told:
        split_processing(t, processing_exports=0.01 * t.e, processing_imports=0.9 * t.Zm.sum(axis=1))
    bought, held = (
        float(v.replace(",", ""))
        for v in re.findall(r"add up to ([\d.,]+), more.*, ([\d.,]+)\.", str(told.value))[0]
    )
    assert bought > held


@pytest.mark.parametrize(
    ("K", "b", "told"),
    [
        (np.array([[1, 1, 0, 0], [1, 1, 1, 0]]), [5.0, 4.0], "total 1 add up to 5, more than total 2, 4"),
        (
            np.array([[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 1, 1]]),
            [9.0, 1.0, 1.0, 20.0],
            "total 1 add up to 9, more than total 2, total 3, 2",
        ),
        (
            np.array([[0, 0, 0, 0], [1, 1, 1, 1]]),
            [2.0, 9.0],
            "total 1 add up to 2, more than what their cells hold, 0",
        ),
    ],
)
def test_totals_that_contradict_each_other_are_named(K: np.ndarray, b: list[float], told: str) -> None:
    with pytest.raises(DataError, match=re.escape(told)):
        nearest(np.ones(4), sparse.csr_array(K.astype(float)), np.array(b))
