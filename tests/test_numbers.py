"""Numbers of labels, the order of rows, ranks by number, and linear algebra on one thread."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import pytest
from threadpoolctl import ThreadpoolController

import exportlab as xl
from exportlab.codes import coded, labelled, ranks, row_numbers
from exportlab.errors import DataError
from exportlab.frames import in_order, sum_by, with_rank
from exportlab.indices.complexity.proximity import Space, proximity, spread_over
from exportlab.indices.members import ON_ARRAYS, Member
from exportlab.threads import on_one_thread


def frame(**columns: object) -> nw.DataFrame:
    return nw.from_native(pd.DataFrame(columns), eager_only=True)


def test_labels_are_numbered_as_they_appear_and_then_in_order() -> None:
    table = frame(market=["b", None, "a", "b"])
    codes, labels = labelled(table, "market")
    assert (codes.tolist(), labels) == ([0, -1, 1, 0], ["b", "a"])
    known = (np.array([0, 1, 0]), ["b", "a"])
    codes, labels = coded(frame(market=["b", "a", "b"]), "market", known)
    assert (codes.tolist(), labels) == ([1, 0, 1], ["a", "b"])


def test_rows_are_numbered_by_keys_of_which_some_are_known() -> None:
    table = frame(market=["b", "a", "b"], product=["x", "x", "y"])
    cell, size = row_numbers(table, ["market", "product"], {"market": (np.array([1, 0, 1]), ["a", "b"])})
    assert (cell.tolist(), size) == ([2, 0, 3], 4)


def test_years_and_codes_that_lie_near_each_other_are_numbered_from_the_least() -> None:
    place = np.arange(1000)
    table = frame(year=2020 + place % 2, code=30 + place // 2 % 9)
    cell, size = row_numbers(table, ["year", "code"])
    assert size == 18
    assert cell.tolist() == (9 * (place % 2) + place // 2 % 9).tolist()


def test_numbers_of_many_keys_stay_apart_beyond_what_whole_numbers_hold() -> None:
    """Of 65,536 labels each, the first of five keys stands for 2^64 of the last, which is nought in 64 bits."""
    same = [f"m{k}" for k in range(2**16)]
    table = frame(**{f"k{j}": [*same, same[j == 0]] for j in range(5)})
    cell, size = row_numbers(table, [f"k{j}" for j in range(5)])
    assert (len(set(cell.tolist())), int(cell.max()) + 1, size) == (2**16 + 1,) * 3


def test_powers_of_e_less_one() -> None:
    member = Member(lambda name: None, ON_ARRAYS)
    x = np.array([-800.0, -1.0, -1e-9, -1e-300, 0.0, 1e-17, 1e-9, 0.3, 20.0])
    np.testing.assert_allclose(member.expm1(x), np.expm1(x), rtol=1e-15)


@pytest.mark.parametrize(
    ("keys", "ordered"),
    [
        ({"a": ["x", "x", "y"], "b": [1, 2, 1]}, True),
        ({"a": ["x", "x", "y"], "b": [2, 1, 1]}, False),
        ({"a": ["x", "x"], "b": [1, 1]}, True),
        ({"a": ["y", "x"], "b": [1, 2]}, False),
        (
            {"a": pd.Categorical(["y", "x"], ["y", "x"]), "b": [1, 1]},
            True,
        ),  # categories have an order of their own
        ({"a": pd.Categorical(["x", "y"], ["y", "x"]), "b": [1, 1]}, False),
        ({"a": [], "b": []}, True),
    ],
)
def test_rows_in_order_are_seen(keys: dict, ordered: bool) -> None:
    table = frame(**keys)
    assert in_order(table, ["a", "b"]) == ordered
    assert table.sort("a", "b").to_native().reset_index(drop=True).equals(table.to_native()) == ordered


def test_ranks_and_the_largest_by_hand() -> None:
    table = frame(market=["a", "b", "a", "a", "b"], value=[1.0, 5.0, 3.0, 2.0, 7.0])
    assert with_rank(table, ["market"])["_rank"].to_list() == [3, 2, 1, 2, 1]
    sums = sum_by(table.with_columns(most=nw.col("value")), ["market"], ["value"], most=["most"])
    assert sums.to_dict(as_series=False) == {"market": ["a", "b"], "value": [6.0, 12.0], "most": [3.0, 7.0]}


def test_groups_come_in_order_whatever_the_order_of_rows() -> None:
    table = pd.DataFrame(
        {"market": ["A", "B", "A", "B"], "product": ["02", "02", "01", "01"], "value": [1.0, 3, 2, 2]}
    )
    found = xl.measure(xl.flows(table), ["hhi", "cr1"], over="market")
    assert found["product"].tolist() == ["01", "02"]
    assert found["hhi"].tolist() == pytest.approx([0.5, 0.625])
    assert found["cr1"].tolist() == pytest.approx([0.5, 0.75])


def test_a_missing_key_is_refused_with_its_row() -> None:
    table = pd.DataFrame({"exporter": ["A", None], "product": ["x", "y"], "value": [1.0, 2.0]})
    with pytest.raises(DataError, match=r"exporter 'exporter' is missing in 1 row. First: row 2"):
        xl.flows(table)


@pytest.mark.parametrize("convention", ["minimum", "maximum", "geometric", "conditional", "correlation"])
@pytest.mark.parametrize("diagonal", [False, True])
def test_sums_over_proximities_need_no_matrix_of_them(convention: str, diagonal: bool) -> None:
    """300 products are three blocks; graded presence, so that no two ubiquities are alike."""
    rng = np.random.default_rng(5)
    space = Space(rng.random((12, 300)) + 0.01, convention, diagonal)  # type: ignore[arg-type]
    left = rng.normal(size=(4, 300))
    np.testing.assert_allclose(spread_over(left, space), left @ proximity(space), rtol=1e-10, atol=1e-11)


def test_linear_algebra_is_kept_to_one_thread_and_given_back() -> None:
    def threads() -> set[int]:
        np.ones((2, 2)) @ np.ones((2, 2))
        return {x["num_threads"] for x in ThreadpoolController().info() if x["user_api"] == "blas"}

    with ThreadpoolController().limit(limits=2, user_api="blas"):
        assert threads() == {2}
        assert on_one_thread(threads)() == {1}
        assert threads() == {2}
    assert on_one_thread(threads).__name__ == "threads"


@pytest.mark.parametrize(
    "values",
    [
        [0.0, -0.0, 5.0, 3.0, 3.0, 1e-320, 2e-320, np.inf, 7.0],
        [0.0] * 9,
        [-1.0, -2.0, 0.0, 1.0, -2.0, 4.0, -0.0, 1e300, 1e-300],
        [1.0 + k * 2**-52 for k in (3, 1, 2, 0, 3, 5, 4, 7, 6)],
    ],
    ids=["zeros and ties", "nothing", "below zero", "alike but for the last bits"],
)
@pytest.mark.parametrize("cells", [1, 2, 9])
def test_ranks_of_numbers_that_are_nearly_the_same(values: list[float], cells: int) -> None:
    value, cell = np.array(values * 1000), np.arange(9000) % cells
    rank = ranks(value, cell, cells)
    for c in range(cells):
        mine, place = value[cell == c], rank[cell == c]
        assert sorted(place) == list(range(1, len(mine) + 1))
        down = mine[np.argsort(place)]
        assert (down[1:] <= down[:-1]).all()
