"""Complexity against R, Stata and hand calculation; the faults of other programs; laws; errors; tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.flows import flows
from exportlab.indices.complexity import Complexity, complexity, eci, fitness, network, proximity
from exportlab.indices.complexity.matrix import dense, rca
from exportlab.indices.complexity.proximity import Space
from exportlab.indices.complexity.result import _fitness

STATA: dict[str, Any] = {"scale": "stata", "outlook_by": "uncentred", "cog": "stata"}
R: dict[str, Any] = {
    "scale": "sample",
    "pci_scale": "own",
    "diagonal": True,
    "outlook_by": "complexity",
    "cog": "stata",
    "fitness_stop": "steps",
    "fitness_steps": 19,
}


def long(M: Any, period: Any = None) -> pd.DataFrame:
    """Exporter x product table as rows; zeros stay out."""
    M = np.asarray(M, float)
    i, k = np.nonzero(M)
    width = len(str(max(M.shape)))
    table = pd.DataFrame(
        {
            "exporter": [f"C{n:0{width}}" for n in i],
            "product": [f"P{n:0{width}}" for n in k],
            "value": M[i, k],
        }
    )
    return table if period is None else table.assign(period=period)


def solve(M: Any, **options: Any) -> Complexity:
    return complexity(flows(long(M)), **options)


def random_trade(rows: int = 12, columns: int = 30, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.exp(rng.normal(0, 1.5, (rows, columns))) * (rng.random((rows, columns)) < 0.7)


HH = np.array([[1, 1, 1, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]], float)


# -- numbers from outside -----------------------------------------------------------------------------------


def test_hidalgo_hausmann_network(reference: Path) -> None:
    figures = pd.read_csv(reference / "complexity_hidalgo_hausmann.csv").groupby("quantity")["value"]
    kc, kp = eci.reflections(HH, 2)
    for n in range(3):
        np.testing.assert_allclose(kc[n], figures.get_group(f"kc{n}"), atol=1e-4)
        np.testing.assert_allclose(kp[n], figures.get_group(f"kp{n}"), atol=1e-4)
    solved = eci.spectrum(HH)
    expected = figures.get_group("eigenvalue").to_numpy()
    np.testing.assert_allclose([1, solved.lambda2, solved.lambda3], expected[:3], atol=1e-6)
    full = np.linalg.eigvals(HH / HH.sum(1)[:, None] @ (HH / HH.sum(0)).T)
    np.testing.assert_allclose(np.sort(full.real)[::-1], expected, atol=1e-6)


@pytest.fixture(scope="module")
def stata(reference: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    exporters = pd.read_csv(reference / "complexity_stata_exporters.csv")
    return exporters, pd.read_csv(reference / "complexity_stata_products.csv", dtype={"product": str})


def stata_z(coi: pd.Series, products: int) -> np.ndarray:
    """Stata standardises COI over the long table of all pairs."""
    return eci.standardise(coi.to_numpy(), ddof=1, repeats=products)


def compare_with_stata(c: Complexity, stata: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    exporters, products = stata
    e, p = c.exporters, c.products
    np.testing.assert_array_equal(e["diversity"], exporters["diversity"])
    np.testing.assert_allclose(e["eci"], exporters["eci"], rtol=1e-12)
    np.testing.assert_allclose(stata_z(e["coi"], 30), exporters["coi"], rtol=1e-12)
    np.testing.assert_array_equal(p["ubiquity"], products["ubiquity"])
    np.testing.assert_allclose(p["pci"], products["pci"], rtol=1e-12)
    np.testing.assert_allclose(c.matrix("density").loc["aut"], products["aut_density"], rtol=1e-12)
    np.testing.assert_allclose(c.matrix("cog").loc["pol"], products["pol_cog"], rtol=1e-12)


def test_stata_from_presence(stata: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table = stata[0].assign(product=stata[0]["has"].str.split()).explode("product")[["exporter", "product"]]
    compare_with_stata(complexity(flows(table.assign(value=1.0)), presence="given", **STATA), stata)


PYTHON: dict[str, dict[str, Any]] = {
    "ecomplexity 0.5.3": {"diagonal": True, "outlook_by": "uncentred", "cog": "stata"},
    "econcomplex 1.0.1": {"pci_scale": "own"},
    "economic-complexity 0.3.0": {"method": "reflections", "steps": 18, "scale": "sample"},
}


@pytest.mark.parametrize("program", PYTHON)
def test_python_programs_from_presence(
    program: str, stata: tuple[pd.DataFrame, pd.DataFrame], reference: Path
) -> None:
    table = stata[0].assign(product=stata[0]["has"].str.split()).explode("product")[["exporter", "product"]]
    c = complexity(flows(table.assign(value=1.0)), presence="given", **PYTHON[program])
    figures = pd.read_csv(reference / "complexity_python.csv", dtype={"product": str}, keep_default_na=False)
    e, p = c.exporters.set_index("exporter"), c.products.set_index("product")
    coi = pd.Series(eci.standardise(e["coi"].to_numpy()), e.index)
    for row in figures[figures["program"] == program].itertuples():
        if row.quantity in ("density", "cog"):
            found = c.matrix(row.quantity).loc[row.exporter, row.product]
        elif row.quantity == "pci":  # econcomplex turns PCI against ubiquity, so here away from its own ECI
            found = p.loc[row.product, "pci"] * (-1 if program.startswith("econcomplex") else 1)
        else:
            found = coi[row.exporter] if row.quantity == "coi" else e.loc[row.exporter, "eci"]
        assert found == pytest.approx(row.value, rel=1e-8, abs=1e-9), row


def test_stata_from_values(reference: Path, stata: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    wide = pd.read_csv(reference / "complexity_stata_values.csv")
    table = wide.melt("origin", var_name="hs92")
    c = complexity(flows(table, exporter="origin", product="hs92"), strict=True, **STATA)
    compare_with_stata(c, stata)
    single = stata[1]["aut_rca"]  # in single precision there
    np.testing.assert_allclose(c.matrix("rca").loc["aut"], single, atol=1e-7)


@pytest.fixture(scope="module")
def world(shared: Path) -> Any:
    table = pd.read_parquet(shared / "reference/indices/economiccomplexity_world_trade_1998_2000.parquet")
    return flows(table, exporter="country")


@pytest.fixture(scope="module")
def like_r(world: Any) -> Complexity:
    return complexity(world, **R)


def r_values(c: Complexity, quantity: str, exporter: str, product: str) -> float:
    e, p = c.exporters.set_index("country"), c.products.set_index("product")
    if quantity in ("eci", "fitness", "coi"):
        return float(e.loc[exporter, quantity])
    if quantity in ("pci", "complexity"):
        return float(p.loc[product, quantity])
    if quantity == "proximity":
        return float(c.proximity().loc[exporter, product])
    if quantity == "exporter_proximity":
        return float(c.exporter_proximity().loc[exporter, product])
    return (
        float(c.years["lambda2"][0])
        if quantity == "lambda2"
        else float(c.matrix(quantity).loc[exporter, product])
    )


def test_r_printed_digits(like_r: Complexity, world: Any, reference: Path) -> None:
    figures = pd.read_csv(reference / "complexity_r.csv", dtype=str, keep_default_na=False)
    assert len(figures) == 41
    reflected = complexity(world, method="reflections", scale="sample", measures=["eci"])
    for row in figures.itertuples():
        digits = len(row.printed.partition(".")[2])
        c, name = (reflected, "eci") if row.quantity == "reflections" else (like_r, row.quantity)
        found = r_values(c, name, row.exporter, row.product)
        assert found == pytest.approx(float(row.printed), abs=0.51 * 10**-digits), row


def test_r_all_exporters_and_products(like_r: Complexity, shared: Path) -> None:
    folder = shared / "reference/indices"
    exporters = pd.read_csv(folder / "validation_r_data_eci.csv")
    products = pd.read_csv(folder / "validation_r_data_pci.csv", dtype={"product": str})
    e, p = like_r.exporters, like_r.products
    for ours, theirs in (
        (e["eci"], exporters["eci_z_ddof1"]),
        (e["fitness"], exporters["fitness_20it"]),
        (e["diversity"], exporters["diversity"]),
        (p["pci"], products["pci_z_ddof1"]),
        (p["complexity"], products["complexity_20it"]),
        (p["ubiquity"], products["ubiquity"]),
    ):
        np.testing.assert_allclose(ours, theirs, atol=6e-11)
    assert e["country"].tolist() == exporters["country"].tolist()
    assert (like_r.matrix("present").to_numpy().sum(), like_r.years["components"][0]) == (31951, 1)


def test_micro_territories_rank_high_unfiltered_and_filters_remove_them(world: Any) -> None:
    def first(c: Complexity) -> list[str]:
        return c.exporters.sort_values("eci", ascending=False)["country"].head(10).tolist()

    everyone = first(complexity(world, measures=["eci"]))
    assert everyone == ["sgs", "jpn", "hmd", "gbr", "deu", "smr", "usa", "esh", "myt", "wlf"]
    filtered = complexity(world, measures=["eci"], min_exports=40_000_000)
    assert not set(first(filtered)) & {"sgs", "hmd", "smr", "esh", "myt", "wlf"}
    assert {"jpn", "deu", "usa"} <= set(first(filtered))
    small = (world.table.groupby("country")["value"].sum() < 40_000_000).sum()
    assert (filtered.left_out["reason"] == "exports below 40,000,000").sum() == small


@pytest.mark.parametrize("seed", range(6))
def test_where_diversity_is_constant_eci_falls_with_the_mean_ubiquity(seed: int) -> None:
    """Everyone has three of nine products: who has the rare ones is ahead, however exporters are numbered."""
    has = [[0, 1, 2], [0, 1, 3], [0, 2, 3], [0, 3, 4], [4, 5, 6], [5, 6, 7], [4, 7, 8]]
    M = np.zeros((7, 9))
    for row, products in zip(np.random.default_rng(seed).permutation(7), has, strict=True):
        M[row, products] = 1.0
    found = eci.spectrum(M)
    ubiquity = (M @ M.sum(axis=0)) / 3
    assert np.corrcoef(found.eci, ubiquity)[0, 1] < -0.5
    assert np.corrcoef(found.pci, M.sum(axis=0))[0, 1] < 0
    assert np.isnan(found.orientation)


# -- faults of other programs -------------------------------------------------------------------------------


def test_an_empty_product_does_not_spoil_the_year() -> None:
    X = random_trade()
    M = (rca(X) >= 1).astype(float)
    fuller = np.c_[M, np.zeros(len(M))]
    table = pd.concat([long(M), pd.DataFrame({"exporter": ["C00"], "product": ["P99"], "value": [0.0]})])
    c, alone = complexity(flows(table), presence="given"), solve(M, presence="given")
    np.testing.assert_allclose(c.exporters["eci"], alone.exporters["eci"], rtol=1e-12)
    np.testing.assert_allclose(eci.spectrum(fuller).eci, eci.spectrum(M).eci, rtol=1e-12)
    assert np.isfinite(c.exporters.drop(columns="exporter")).all(axis=None)
    assert c.left_out.to_dict("records") == [{"role": "product", "label": "P99", "reason": "no trade"}]


def test_rows_and_columns_without_advantage_are_nan_listed_and_change_nobody() -> None:
    X = random_trade()
    c = solve(X, threshold=2.5)
    M = c.matrix("present").to_numpy()
    empty = np.flatnonzero(M.sum(axis=0) == 0)
    assert len(empty)
    assert np.isnan(c.products["pci"].to_numpy()[empty]).all()
    kept = M[:, M.sum(axis=0) > 0]
    alone = solve(kept, presence="given").exporters["eci"]
    np.testing.assert_allclose(c.exporters["eci"].dropna(), alone, rtol=1e-9)
    listed = c.left_out.query("reason == 'no exporter with an advantage'")["label"].tolist()
    assert listed == [f"P{k:02}" for k in empty]
    assert np.isnan(c.matrix("density").to_numpy()[:, empty]).all()
    assert np.isfinite(c.exporters["coi"]).all()


@pytest.mark.parametrize("neighbours", [1, 5, 29, 500])
def test_knn_density_is_a_share_not_a_count(neighbours: int) -> None:
    c = solve(random_trade(), neighbours=neighbours)
    density = c.matrix("density").to_numpy()
    assert density.max() <= 1 + 1e-12
    M, phi = c.matrix("present").to_numpy(), c.proximity().to_numpy()
    kth = -np.sort(-phi, axis=0)[min(neighbours, len(phi)) - 1]
    weight = np.where(phi >= kth, phi, 0)
    np.testing.assert_allclose(density, M @ weight / weight.sum(axis=0), rtol=1e-12)


def test_missing_values_are_refused_not_zero() -> None:
    table = long(HH)
    table.loc[2, "value"] = np.nan
    with pytest.raises(DataError, match="value"):
        flows(table)
    with pytest.raises(
        DataError, match=r"The value is missing or infinite in 1 row. First: exporter number 0"
    ):
        dense(np.array([0]), np.array([0]), np.array([np.nan]), (1, 1))


def test_a_cell_listed_twice_is_refused() -> None:
    codes = np.array([0, 1, 1])
    with pytest.raises(
        DataError, match=r"more than once in 1 row. First: exporter number 1, product number 1"
    ):
        dense(codes, codes, np.ones(3), (2, 2))
    with pytest.raises(DataError, match="negative"):
        dense(codes[:2], codes[:2], np.array([1.0, -1]), (2, 2))
    with pytest.raises(DataError, match="product is missing"):
        dense(codes[:2], np.array([0, -1]), np.ones(2), (2, 2))


def test_presence_by_both_is_zero_or_one() -> None:
    X, people = random_trade(), {f"C{n:02}": float(n + 1) for n in range(12)}
    M = {
        how: solve(X, presence=how, population=people).matrix("present").to_numpy()
        for how in ("rca", "rpop", "both", "either")
    }
    assert set(np.unique(M["both"])) == {0, 1}
    np.testing.assert_array_equal(M["both"], M["rca"] * M["rpop"])
    np.testing.assert_array_equal(M["either"], np.maximum(M["rca"], M["rpop"]))
    assert (M["both"] != M["rca"]).any()
    R = X / X.sum(axis=0) / (np.arange(1, 13) / 78)[:, None]
    np.testing.assert_array_equal(M["rpop"], R >= 1)


# -- laws ---------------------------------------------------------------------------------------------------

MATRICES = arrays(
    float, st.tuples(st.integers(3, 7), st.integers(3, 9)), elements=st.sampled_from([0.0, 1.0])
)


def well_posed(M: np.ndarray) -> eci.Spectrum:
    solved = eci.spectrum(M)
    assume(solved.rows.sum() > 2 and solved.gap > 1e-3 and solved.orientation > 1e-3)
    return solved


@tries.at_most(60)
@given(MATRICES)
def test_eci_solves_its_equation_and_is_the_mean_pci(M: np.ndarray) -> None:
    s = well_posed(M)
    inside = M[np.ix_(s.rows, s.columns)]
    D, U = inside.sum(axis=1), inside.sum(axis=0)
    k, K = s.eci[s.rows], s.pci[s.columns]
    np.testing.assert_allclose(inside @ (inside.T @ k / U) / D, s.lambda2 * k, atol=1e-10)
    np.testing.assert_allclose(inside @ K / D, k, atol=1e-10)
    assert np.corrcoef(k, D)[0, 1] > 0


@tries.at_most(40)
@given(MATRICES, st.randoms())
def test_order_of_rows_and_columns_does_not_matter(M: np.ndarray, random: Any) -> None:
    s = well_posed(M)
    assume(s.components == 1)
    i = np.array(random.sample(range(len(M)), len(M)))
    k = np.array(random.sample(range(M.shape[1]), M.shape[1]))
    again = eci.spectrum(M[np.ix_(i, k)])
    np.testing.assert_allclose(again.eci, s.eci[i], atol=1e-9)
    np.testing.assert_allclose(again.pci, s.pci[k], atol=1e-9)
    np.testing.assert_allclose(eci.spectrum(M.T).lambda2, s.lambda2, atol=1e-10)


def test_the_unit_of_value_does_not_matter_and_atlas_scale_is_mean_pci() -> None:
    X = random_trade()
    a, b = solve(X), solve(1e6 * X)
    np.testing.assert_allclose(
        a.exporters.iloc[:, 1:].astype(float), b.exporters.iloc[:, 1:].astype(float), rtol=1e-9
    )
    M = a.matrix("present").to_numpy()
    np.testing.assert_allclose(M @ a.products["pci"] / M.sum(axis=1), a.exporters["eci"], atol=1e-10)
    assert abs(a.exporters["eci"].mean()) < 1e-12
    assert a.exporters["eci"].std(ddof=0) == pytest.approx(1)
    own = solve(X, pci_scale="own", scale="sample")
    assert own.products["pci"].std(ddof=1) == pytest.approx(1)
    raw = solve(X, pci_scale="eigenvector")
    assert np.linalg.norm(raw.products["pci"]) == pytest.approx(1)
    np.testing.assert_allclose(M @ raw.products["pci"] / M.sum(axis=1), raw.exporters["eci"], atol=1e-12)


def test_reflections_tend_to_the_eigenvector() -> None:
    far = solve(HH, presence="given", method="reflections", steps=40, measures=["eci"])
    eigen = solve(HH, presence="given", measures=["eci"], pci_scale="own")
    # reflections keep the sign of their start: the two differ here, where ECI hardly goes with diversity
    np.testing.assert_allclose(far.exporters["eci"], -eigen.exporters["eci"], atol=1e-6)
    np.testing.assert_allclose(far.products["pci"], -eigen.products["pci"], atol=1e-6)
    assert eigen.years["orientation"][0] < 0.3


@pytest.mark.parametrize("convention", ["minimum", "maximum", "geometric", "conditional", "correlation"])
@pytest.mark.parametrize("diagonal", [False, True])
def test_proximity_and_density_follow_the_formula(
    convention: Any, diagonal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proximity, "BLOCK", 7)  # 30 products: several blocks, the last one short
    c = solve(random_trade(), proximity=convention, diagonal=diagonal, cog="stata")
    M, U = c.matrix("present").to_numpy(), c.products["ubiquity"].to_numpy()
    C = M.T @ M
    phi = {
        "minimum": C / np.maximum.outer(U, U),
        "maximum": C / np.minimum.outer(U, U),
        "conditional": C / U,
        "geometric": C / np.sqrt(np.outer(U, U)),
        "correlation": (1 + np.corrcoef(c.matrix("rca").to_numpy().T)) / 2,
    }[convention]
    np.fill_diagonal(phi, float(diagonal))
    np.testing.assert_allclose(c.proximity().to_numpy(), phi, rtol=1e-12, atol=1e-15)
    levels = M
    density = levels @ phi / phi.sum(axis=0)
    np.testing.assert_allclose(c.matrix("density").to_numpy(), density, rtol=1e-12)
    np.testing.assert_allclose(c.matrix("distance").to_numpy(), 1 - density, rtol=1e-9)
    q = c.products["pci"].to_numpy()
    np.testing.assert_allclose(c.exporters["coi"], (density * (1 - M) * q).sum(axis=1), rtol=1e-9)
    by_hand = (1 - M) * ((1 - M) @ (phi * (q / phi.sum(axis=0))[:, None]))
    np.testing.assert_allclose(c.matrix("cog").to_numpy(), by_hand, atol=1e-12)


def test_atlas_outlook_gain_is_the_change_of_the_outlook_index() -> None:
    c = solve(random_trade())
    M, q = c.matrix("present").to_numpy(float), c.products["pci"].to_numpy()
    space = Space(M, "minimum", False)
    gain, before = c.matrix("cog").to_numpy(), c.exporters["coi"].to_numpy()
    for i, k in np.argwhere(M == 0)[::7]:
        more = M.copy()
        more[i, k] = 1
        near, _ = proximity.density(more, space)
        assert proximity.outlook_index(more, near, q)[i] - before[i] == pytest.approx(gain[i, k], abs=1e-12)
    assert (gain[M == 1] == 0).all()


def test_single_precision_is_harmless() -> None:
    X = random_trade(60, 400, seed=3)
    one, two = solve(X, precision="single"), solve(X, precision="double")
    assert one.proximity().to_numpy().dtype == np.float32
    assert solve(X).proximity().to_numpy().dtype == np.float64
    for name, limit in (("density", 1e-6), ("cog", 1e-5)):
        assert np.abs(one.matrix(name) - two.matrix(name)).max(axis=None) < limit
    np.testing.assert_array_equal(one.exporters["eci"], two.exporters["eci"])


def test_fitness_has_one_fixed_point_and_stops_by_its_rule() -> None:
    M = (rca(random_trade()) >= 1).astype(float)
    a, b = fitness.fitness(M), fitness.fitness(M, update="sequential")
    assert a.converged
    assert b.converged
    np.testing.assert_allclose(a.fitness, b.fitness, atol=1e-6)
    F, Q = a.fitness, a.complexity
    np.testing.assert_allclose(F, M @ Q / (M @ Q).mean(), atol=1e-6)
    q = 1 / (M.T @ (1 / F))
    np.testing.assert_allclose(Q, q / q.mean(), atol=1e-6)
    ranked = fitness.fitness(M, stop="ranks", patience=15)
    assert ranked.converged
    assert ranked.steps < a.steps
    np.testing.assert_array_equal(np.argsort(ranked.fitness), np.argsort(F))
    assert not fitness.fitness(M, steps=3).converged
    hard = fitness.fitness(M, extremality=2.0)
    q = (M.T @ hard.fitness**-2.0) ** -0.5
    np.testing.assert_allclose(hard.complexity, q / q.mean(), atol=1e-6)


def test_fitness_survives_values_that_fall_to_zero() -> None:
    nested = np.triu(np.ones((6, 6)))[:, ::-1]  # each exporter has the products of the next, and one more
    c = solve(nested, presence="given", fitness_stop="ranks", fitness_steps=5000)
    assert (np.diff(c.exporters["fitness"]) < 0).all()
    two = fitness.fitness(np.array([[1.0, 1, 1], [1, 0, 0], [1, 0, 0]]), stop="steps", steps=4000)
    assert np.isfinite(two.fitness).all()


def test_genepy_in_closed_form_and_on_both_sides() -> None:
    n, m = (
        4,
        6,
    )  # two separate full blocks: twice the eigenvalue l = m (n - 1) / n^2 ... of the exporters' matrix
    ones = np.ones((n, m))
    M = np.block([[ones, 0 * ones], [0 * ones, ones]])
    by_exporter, by_product = fitness.genepy(M)
    lam = m * (n - 1) / n**2
    np.testing.assert_allclose(by_exporter, (lam / n) ** 2 + 2 * lam**2 / n, rtol=1e-10)
    lam = n * (m - 1) / n**2
    np.testing.assert_allclose(by_product, (lam / m) ** 2 + 2 * lam**2 / m, rtol=1e-10)
    M = (rca(random_trade(25, 620, seed=5)) >= 1).astype(float)  # products by Lanczos, exporters densely
    M = M[:, M.any(axis=0)]
    W = M / M.sum(axis=1, keepdims=True)
    W /= W.sum(axis=0)
    G = W.T @ W
    np.fill_diagonal(G, 0)
    values, vectors = np.linalg.eigh(G)
    lam, x = values[-2:], vectors[:, -2:]
    expected = (x**2 @ lam) ** 2 + 2 * (x**2 @ lam**2)
    np.testing.assert_allclose(fitness.genepy(M)[1], expected, rtol=1e-8)


def test_genepy_is_not_known_where_the_order_of_rows_would_choose_its_vectors() -> None:
    """Three exporters that differ alike from each other share the second eigenvalue: any two vectors would do."""
    M = np.array([[1.0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1], [1, 0, 0, 1]])
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        by_exporter, by_product = fitness.genepy(M[order])
        assert np.isnan(by_exporter).all()
        assert np.isnan(by_product).all()
    M[3, 1] = 1.0
    one, other = fitness.genepy(M)[0], fitness.genepy(M[::-1])[0]
    assert np.isfinite(one).all()
    np.testing.assert_allclose(other[::-1], one, rtol=1e-12)


# -- undefined, disconnected, degenerate --------------------------------------------------------------------


def test_only_the_largest_component_has_an_eci_and_the_rest_is_listed() -> None:
    M = np.zeros((6, 7))
    M[:4, :4] = HH
    M[4:, 4:] = [[1, 1, 0], [0, 1, 1]]
    c = solve(M, presence="given")
    np.testing.assert_allclose(
        c.exporters["eci"][:4], solve(HH, presence="given").exporters["eci"], rtol=1e-10
    )
    assert c.exporters["eci"][4:].isna().all()
    assert c.products["pci"][4:].isna().all()
    assert c.years["components"][0] == 2
    assert set(c.left_out["reason"]) == {"outside the largest connected component"}
    assert len(c.left_out) == 5


def test_coinciding_eigenvalues_give_nan_not_an_arbitrary_vector() -> None:
    for M in (np.ones((3, 4)), 1 - np.eye(4), np.ones((1, 3))):
        c = solve(M, presence="given", measures=["eci"])
        assert c.exporters["eci"].isna().all()
        assert c.products["pci"].isna().all()
        assert c.years["gap"][0] < 1e-10


def test_no_advantage_anywhere_is_a_year_of_nan() -> None:
    c = solve(random_trade(), threshold=1e9)
    assert c.exporters["eci"].isna().all()
    assert c.exporters["fitness"].isna().all()
    assert c.years["exporters"][0] == 0


def test_periods_do_not_touch_each_other() -> None:
    X = random_trade()
    other = X[:9, 5:]
    both = complexity(flows(pd.concat([long(X, 2020), long(other, 2021)])))
    alone = solve(X)
    first = both.exporters.query("period == 2020").drop(columns="period").reset_index(drop=True)
    pd.testing.assert_frame_equal(first, alone.exporters)
    assert len(both.pairs) == X.size + other.size
    assert both.years["period"].tolist() == [2020, 2021]
    assert len(both.pairs_of(2021)) == other.size
    with pytest.raises(OptionError, match=r"There are 2 periods: name one of \[2020, 2021\]"):
        both.proximity()
    with pytest.raises(UnknownName, match="no period named 1999"):
        both.proximity(1999)


# -- presence, filters --------------------------------------------------------------------------------------


def test_threshold_strictness_and_continuous_presence() -> None:
    even = np.array([[1.0, 1], [1, 1]])  # every RCA is exactly 1
    assert solve(even).matrix("present").to_numpy().sum() == 4
    assert solve(even, strict=True).matrix("present").to_numpy().sum() == 0
    X = random_trade()
    R = solve(X).matrix("rca").to_numpy()
    np.testing.assert_allclose(solve(X, presence="continuous").matrix("present"), R / (1 + R))
    np.testing.assert_array_equal(solve(X, threshold=0.5).matrix("present"), R >= 0.5)
    np.testing.assert_allclose(R, X / X.sum(1, keepdims=True) / (X.sum(0) / X.sum()))


def test_filters_come_before_rca_and_are_listed() -> None:
    X = random_trade()
    people = {f"C{n:02}": 1e6 * (n + 1) for n in range(12)}
    c = solve(X, min_population=3e6, population=people, min_exports=20, min_product_trade=10)
    keep = (np.arange(12) >= 2) & (X.sum(axis=1) >= 20)
    hold = X[keep].sum(axis=0) >= 10
    assert not keep.all()
    assert not hold.all()
    np.testing.assert_allclose(c.matrix("rca"), rca(X[np.ix_(keep, hold)]))
    reasons = c.left_out["reason"].value_counts()
    assert reasons["population below 3,000,000"] == 2
    assert reasons["trade below 10"] == (~hold).sum()


def test_population_may_change_by_period_and_must_be_complete() -> None:
    table = pd.concat([long(HH, 2020), long(HH, 2021)])
    people: dict[Any, float] = {(2020, f"C{i}"): 1.0 for i in range(4)} | {f"C{i}": i + 1.0 for i in range(4)}
    c = complexity(flows(table), presence="rpop", population=people)
    assert (c.matrix("present", 2020) != c.matrix("present", 2021)).any(axis=None)
    spelt = {(f"{k[0]}", k[1]) if isinstance(k, tuple) else k: v for k, v in people.items()}
    same = complexity(flows(table), presence="rpop", population=spelt)
    assert same.matrix("present", 2020).equals(c.matrix("present", 2020))
    with pytest.raises(DataError, match=r"missing or not above zero for 1 of 4 exporters. First: 'C3'"):
        solve(HH, presence="rpop", population={"C0": 1, "C1": 1, "C2": 1})
    with pytest.raises(OptionError, match="presence='rpop' needs population="):
        solve(HH, presence="rpop")
    with pytest.raises(OptionError, match="min_population= needs population="):
        solve(HH, min_population=1e6)


# -- network, projection, tables ----------------------------------------------------------------------------


def test_network_is_the_maximum_spanning_tree_plus_strong_links() -> None:
    c = solve(random_trade(10, 12))
    phi = c.proximity().to_numpy()
    web = c.network(threshold=0.6)
    tree = web.edges[web.edges["tree"]]
    joined, total = {0}, 0.0  # Prim
    while len(joined) < 12:
        inside, outside = sorted(joined), [k for k in range(12) if k not in joined]
        part = phi[np.ix_(inside, outside)]
        total += part.max()
        joined.add(outside[int(part.max(axis=0).argmax())])
    assert len(tree) == 11
    assert tree["proximity"].sum() == pytest.approx(total)
    strong = web.edges[web.edges["proximity"] >= 0.6]
    assert len(strong) == (np.triu(phi, 1) >= 0.6).sum()
    assert web.nodes["degree"].sum() == 2 * len(web.edges)
    assert "Product space: 12 products, 11 links" in repr(web)
    with pytest.raises(OptionError, match="symmetric proximity"):
        solve(HH, presence="given", proximity="conditional").network()


def test_network_of_separate_parts_is_a_forest() -> None:
    M = np.kron(np.eye(2), np.array([[1.0, 1, 0], [0, 1, 1]]))
    source, target, phi, tree = network.links(proximity.proximity(Space(M)), 2.0)
    assert (len(source), len(target), tree.all(), (phi > 0).all()) == (4, 4, True, True)
    web = solve(M, presence="given").network()
    assert sorted(web.nodes["component"]) == [0, 0, 0, 1, 1, 1]
    assert web.plot().collections


def test_projecting_the_world_on_itself_gives_the_world() -> None:
    X = random_trade()
    c = solve(X)
    p = c.project(flows(long(X)))
    np.testing.assert_allclose(p.exporters["eci"], c.exporters["eci"], atol=1e-10)
    np.testing.assert_allclose(p.exporters["coi"], c.exporters["coi"], atol=1e-10)
    np.testing.assert_allclose(p.exporters["coverage"], 1)
    for name in ("rca", "density", "cog"):
        np.testing.assert_allclose(p.pairs[name], c.pairs[name], atol=1e-12)


def test_province_is_projected_by_hand() -> None:
    X = random_trade()
    c = solve(X)
    pci = c.products["pci"].to_numpy()
    rows = pd.DataFrame(
        {"province": ["L", "L", "L", "K"], "product": ["P03", "P07", "X9", "P03"], "value": [3.0, 1, 4, 1]}
    )
    p = c.project(flows(rows, exporter="province"))
    share = X.sum(axis=0) / X.sum()
    assert 0.75 / share[3] > 1
    assert 0.25 / share[7] > 1
    table = p.exporters.set_index("province")
    assert table.loc["L", "eci"] == pytest.approx((pci[3] + pci[7]) / 2)
    assert table.loc["K", "eci"] == pytest.approx(pci[3])
    assert table.loc["L", "coverage"] == pytest.approx(0.5)
    assert p.unmatched == ("X9",)
    own = c.project(flows(rows, exporter="province"), benchmark="own").pairs
    assert own.query("province == 'K' and product == 'P03'")["rca"].item() == pytest.approx(1 / 0.8)
    assert "relative to world" in repr(p)


def test_projection_refuses_what_does_not_fit() -> None:
    c = solve(random_trade())
    rows = long(HH)
    with pytest.raises(DataError, match="No product code of the projected flows is known"):
        c.project(flows(rows.assign(product="Z" + rows["product"])))
    with pytest.raises(DataError, match="has the role 'period' and the other has not"):
        c.project(flows(rows.assign(period=2020)))
    with pytest.raises(OptionError, match="benchmark='national'"):
        c.project(flows(rows), benchmark="national")
    dated = complexity(flows(long(random_trade(), 2020)))
    with pytest.raises(UnknownName, match="period of the world result"):
        dated.project(flows(long(random_trade(), 2021)))


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_tables_come_back_in_the_callers_type_and_names(library: str) -> None:
    table = long(random_trade(), 2020).rename(columns={"exporter": "country", "product": "hs"})
    module = pytest.importorskip(library)
    if library == "polars":
        native = module.DataFrame(table.to_dict("list"))
    else:
        native = module.table(table.to_dict("list"))
    c = complexity(flows(native, exporter="country", product="hs"))
    expected = complexity(flows(table, exporter="country", product="hs"))
    for name in ("exporters", "products", "pairs", "years", "left_out"):
        made = getattr(c, name)
        assert type(made) is type(native)
        columns = made.to_dict(as_series=False) if library == "polars" else made.to_pydict()
        assert list(columns) == getattr(expected, name).columns.tolist()
        for key, column in columns.items():
            if key not in ("country", "hs", "role", "label", "reason"):
                np.testing.assert_allclose(column, getattr(expected, name)[key], rtol=1e-9)
            else:
                assert column == getattr(expected, name)[key].tolist()
    assert c.table["eci"].tolist() == pytest.approx(expected.table["eci"].tolist())


def test_markets_are_summed_over() -> None:
    table = long(random_trade())
    split = pd.concat(
        [
            table.assign(market="Japan", value=0.3 * table["value"]),
            table.assign(market="USA", value=0.7 * table["value"]),
        ]
    )
    whole, parts = complexity(flows(table)), complexity(flows(split))
    np.testing.assert_allclose(parts.exporters["eci"], whole.exporters["eci"], rtol=1e-9)


def test_measures_choose_columns_and_the_result_prints() -> None:
    c = solve(random_trade(), measures=["eci"])
    assert c.exporters.columns.tolist() == ["exporter", "diversity", "eci"]
    assert c.products.columns.tolist() == ["product", "ubiquity", "pci"]
    text = repr(solve(random_trade()))
    assert "Complexity of 12 exporters (M from rca, eigen)" in text
    assert "lambda2" in text
    assert "<table" in c._repr_html_()


def test_options_are_checked() -> None:
    for wrong, message in (
        ({"presence": "rcca"}, "presence='rcca' is not allowed"),
        ({"proximity": "max"}, "proximity='max' is not allowed"),
        ({"measures": "eci"}, "Allowed: a list"),
        ({"measures": ["ECI"]}, r"measures=\['ECI'\] is not allowed"),
        ({"threshold": 0}, "threshold=0 is not allowed. Allowed: a number above 0"),
        ({"neighbours": 0}, "neighbours=0 is not allowed. Allowed: a whole number, 1 or more"),
        ({"method": "reflections", "steps": 7}, "even number of reflections"),
        ({"method": "reflections", "pci_scale": "eci"}, "needs pci_scale='own'"),
        ({"fitness_stop": "steps"}, "needs fitness_steps="),
    ):
        with pytest.raises(OptionError, match=message):
            solve(HH, **wrong)
    with pytest.raises(UnknownName, match=r"no matrix named 'rcaa'\. Did you mean 'rca'"):
        solve(HH).matrix("rcaa")
    with pytest.raises(DataError, match="complexity needs the role 'product'"):
        complexity(flows(long(HH).drop(columns="product").drop_duplicates("exporter")))
    with pytest.raises(DataError, match="complexity takes Flows, not DataFrame"):
        complexity(long(HH))  # type: ignore[arg-type]


# -- pictures -----------------------------------------------------------------------------------------------


def test_pictures() -> None:
    X = random_trade()
    c = solve(X)
    axes = c.plot()
    assert len(axes.patches) == 8
    lines = complexity(flows(pd.concat([long(X, 2020), long(X[:, 3:], 2021)]), source="made up"))
    axes = lines.plot(exporters=["C03", "C01"])
    assert [n for line in axes.lines if (n := line.get_label())[0] != "_"] == ["C03", "C01"]
    assert axes.lines[0].get_ydata()[0] == pytest.approx(c.exporters["eci"][3])
    web = c.network(threshold=0.5)
    axes = web.plot(present=["P01", "P02"], labels=["P01"])
    drawn = [len(s.get_offsets()) for s in axes.collections[2:]]
    assert drawn == [28, 0, 2]
    assert axes.texts[0].get_text() == "P01"
    with pytest.raises(UnknownName, match="product of the network"):
        web.plot(present=["Q"])
    with pytest.raises(UnknownName, match="exporter"):
        c.plot(exporters=["nowhere"])


def test_layout_is_the_same_every_time_and_near_products_are_near() -> None:
    from exportlab.plots.complexity import layout

    web = solve(random_trade(20, 60, seed=2)).network(threshold=0.7)
    at = layout(web)
    np.testing.assert_array_equal(at, layout(web))
    linked = np.linalg.norm(at[web.edges["source"]] - at[web.edges["target"]], axis=1)
    everyone = np.linalg.norm(at[:, None] - at[None], axis=2)[np.triu_indices(60, 1)]
    assert np.median(linked) < 0.7 * np.median(everyone)


def small_world() -> pd.DataFrame:
    """Four exporters of five products, nested but for one cell; what each has is a value of 1."""
    rows = {"A": "abcde", "B": "abcd", "C": "abe", "D": "ab"}
    return pd.DataFrame(
        [(e, p, 1.0) for e, has in rows.items() for p in has], columns=["exporter", "product", "value"]
    )


def test_a_country_projected_onto_its_own_world_has_its_own_fitness():
    """Exogenous fitness is F = M Q of the world's products, on the world's scale: at the fixed point the same."""
    world = complexity(flows(small_world()), presence="given", measures=["eci", "fitness"])
    own = world.year().fit
    read = _fitness(world.year(), world.year().M.astype(float))
    assert read == pytest.approx(own.fitness, rel=1e-6)


def test_a_region_has_a_fitness_where_the_world_has_one():
    table = small_world().assign(value=[5.0, 1, 1, 2, 4, 3, 1, 2, 1, 3, 1, 5, 2, 1])
    region = flows(pd.DataFrame({"exporter": "R", "product": ["a", "d", "e"], "value": [1.0, 9.0, 9.0]}))
    world = complexity(flows(table), measures=["eci", "fitness"])
    y, found = world.year(), world.project(region)
    mine = found.exporters.iloc[0]
    has = found.pairs.loc[found.pairs["present"] == 1, "product"]
    worth = dict(zip(world.products["product"], np.nan_to_num(world.products["complexity"]), strict=True))
    scale = np.asarray(y.M @ np.nan_to_num(y.fit.complexity)).mean()
    assert set(has) == {"d", "e"}
    assert mine["fitness"] == pytest.approx(sum(worth[p] for p in has) / scale)
    assert "fitness" not in complexity(flows(table), measures=["eci"]).project(region).exporters


def test_relative_density_is_in_deviations_of_the_options():
    """Pinheiro and others (2022): the mean and the deviation are of the products that the exporter has not."""
    M = np.array([[1.0, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]])
    d = np.array([[0.9, 0.1, 0.2, 0.6], [0.9, 0.8, 0.7, 0.5], [0.4, 0.3, 0.3, 0.3]])
    found = proximity.relative(M, d)
    mean, deviation = 0.3, np.sqrt((0.04 + 0.01 + 0.09) / 3)
    assert found[0] == pytest.approx((d[0] - mean) / deviation)
    assert np.isnan(found[1]).all()  # one option
    assert np.isnan(found[2]).all()  # options alike
    options = found[0][M[0] == 0]
    assert (options.mean(), options.std()) == pytest.approx((0, 1))


def test_relative_density_stands_beside_density():
    made = complexity(flows(small_world()), presence="given")
    pairs = made.pairs
    matrix = made.matrix("relative_density")
    assert pairs["relative_density"].to_numpy() == pytest.approx(matrix.to_numpy().ravel(), nan_ok=True)
    row = pairs[(pairs["exporter"] == "D")]
    options = row[row["present"] == 0]
    expected = (options["density"] - options["density"].mean()) / options["density"].std(ddof=0)
    assert options["relative_density"].tolist() == pytest.approx(expected.tolist())
