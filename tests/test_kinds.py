"""Whatever type holds it, text is text, and what is neither number nor label is refused by name at every door."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import exportlab as xl
from exportlab.audit import series_kind
from exportlab.errors import DataError, OptionError
from exportlab.frames import to_pandas
from exportlab.panel import PolicyPanel, fixed_effects

ARROW = pd.ArrowDtype
TEXT = {
    "str": "str",
    "string": "string",
    "string[pyarrow]": "string[pyarrow]",
    "Arrow text": ARROW(pa.string()),
    "Arrow large text": ARROW(pa.large_string()),
    "Arrow dictionary": ARROW(pa.dictionary(pa.int32(), pa.string())),
    "category": "category",
    "ordered, with more": pd.CategoricalDtype(["z", *"dcba", *(f"u{u}" for u in range(12))], ordered=True),
}
_RNG = np.random.default_rng(11)
ROWS = [(e, i, t) for t in range(2001, 2006) for e in "abcd" for i in "abcd" if e != i]
TABLE = pd.DataFrame(ROWS, columns=["e", "i", "t"]).astype({"e": object, "i": object})
TABLE = TABLE.assign(
    v=_RNG.gamma(1, 1, len(ROWS)) + 0.1, z=_RNG.normal(size=len(ROWS)), c=_RNG.choice(list("bcad"), len(ROWS))
).astype({"c": object})
PANEL = pd.DataFrame(
    [(f"u{u}", t, 2004.0 if u < 4 else np.nan) for u in range(12) for t in range(2000, 2008)],
    columns=["u", "t", "g"],
).astype({"u": object})
PANEL = PANEL.assign(y=_RNG.normal(size=len(PANEL)))

CALLS = {
    "a regressor": (TABLE, "c", lambda d: xl.ppml(d, "v ~ c + z").table),
    "a regressor in C()": (TABLE, "c", lambda d: xl.ppml(d, "v ~ C(c, contr.treatment('c')) + z").table),
    "a comparison": (TABLE, "c", lambda d: xl.ppml(d, "v ~ I(c == 'a') + z").table),
    "an effect": (TABLE, "c", lambda d: xl.ppml(d, "v ~ z", effects=["c"], cluster="c").table),
    "a country": (TABLE, "e", lambda d: xl.gravity(d, "v ~ z", exporter="e", importer="i", period="t").table),
    "a unit": (PANEL, "u", lambda d: door(d).att().table),
    "a unit of a regression": (
        PANEL,
        "u",
        lambda d: fixed_effects(d, "y ~ I(t ** 2)", unit="u", period="t").table,
    ),
    "a market": (TABLE, "i", lambda d: xl.hhi(flows(d), over="market", by="exporter")),
    "a group": (TABLE, "e", lambda d: xl.hhi(flows(d), over="market", by="exporter")),
    "a key": (TABLE, "c", lambda d: xl.cells(flows(d, keys=["c"]), "c").table),
}


def years(table: pd.DataFrame) -> pd.PeriodIndex:
    return pd.PeriodIndex(table["t"].astype(str), freq="Y")


def door(table: pd.DataFrame) -> PolicyPanel:
    return PolicyPanel(table, unit="u", period="t", outcome="y", adopted="g")


def flows(table: object, **options: object) -> xl.Flows:
    return xl.flows(table, exporter="e", market="i", period="t", value="v", **options)


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Labels as text, in the order of the rows by their labels: what type holds them is the caller's."""
    labels = [c for c in table.columns if not pd.api.types.is_float_dtype(table[c])]
    made = table.assign(**{c: table[c].astype(str) for c in labels})
    return made.sort_values(labels).reset_index(drop=True) if labels else made


@pytest.mark.grid(3)
@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("where", CALLS)
def test_text_is_text_in_every_type(where, kind):
    table, column, call = CALLS[where]
    expected = plain(pd.DataFrame(call(table)))
    found = plain(pd.DataFrame(call(table.assign(**{column: table[column].astype(TEXT[kind])}))))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-12)


def test_a_dummy_for_each_label_and_no_slope():
    made = xl.ppml(TABLE.assign(c=TABLE["t"].astype("string")), "v ~ c")
    assert list(made.table["term"]) == ["Intercept", *(f"c[T.{year}]" for year in range(2002, 2006))]
    means = TABLE.groupby("t")["v"].mean()
    np.testing.assert_allclose(made.table["estimate"][1:], np.log(means / means[2001])[1:], atol=1e-9)


def test_categories_of_numbers_are_categories():
    made = xl.ppml(TABLE.assign(c=pd.Categorical(TABLE["t"], categories=range(1990, 2010))), "v ~ c")
    assert list(made.table["term"])[1:] == [f"c[T.{year}]" for year in range(2002, 2006)]


n = len(TABLE)
OTHER = {
    "durations": pd.to_timedelta(TABLE["z"], unit="D"),
    "Arrow durations": pd.Series(range(n), dtype=ARROW(pa.duration("s"))),
    "Periods": pd.Series(years(TABLE)),
    "intervals": pd.Series(pd.arrays.IntervalArray.from_breaks(range(n + 1))),
    "lists": pd.Series([[1]] * n),
    "Arrow lists": pd.Series([[1]] * n, dtype=ARROW(pa.list_(pa.int64()))),
    "structs": pd.Series([{"a": 1}] * n, dtype=ARROW(pa.struct({"a": pa.int64()}))),
    "tuples": pd.Series([(1, 2)] * n),
    "bytes": pd.Series([b"a"] * n),
    "times": pd.Series([dt.time(1)] * n, dtype=ARROW(pa.time64("us"))),
    "complex": pd.Series(TABLE["z"] * 1j),
    "mixed": pd.Series([*["a"] * (n - 1), 1], dtype=object),
    "decimals as objects": pd.Series([decimal.Decimal(1)] * n),
    "numbers beyond": pd.Series([2**70] * n, dtype=object),
    "categories of Periods": pd.Series(years(TABLE)).astype("category"),
    "categories of durations": pd.to_timedelta(TABLE["t"]).astype("category"),
}


@pytest.mark.parametrize("kind", OTHER)
def test_what_is_neither_is_refused_by_name(kind):
    assert series_kind(OTHER[kind]) == "other"
    odd = TABLE.assign(odd=OTHER[kind])
    with pytest.raises(DataError, match="column 'odd' holds neither numbers nor text alone"):
        xl.ppml(odd, "v ~ odd")
    with pytest.raises(DataError, match="column 'odd' holds neither numbers nor text alone"):
        xl.ppml(odd, "v ~ log(odd)")
    with pytest.raises(DataError, match="column 'odd' names nothing"):
        xl.ppml(odd, "v ~ z", effects=["odd"])
    with pytest.raises(DataError, match="column 'odd' names nothing"):
        xl.gravity(odd, "v ~ z", exporter="odd", importer="i")
    with pytest.raises(DataError, match="column 'odd' is .*, not numbers"):
        xl.ppml(odd, "v ~ z", weights="odd")
    with pytest.raises(DataError, match="market 'odd' .*names nothing"):
        xl.flows(odd, market="odd", value="v", aggregate="sum")
    with pytest.raises(DataError, match="value 'odd' "):
        xl.flows(odd, market="i", value="odd", aggregate="sum")
    panel = PANEL.assign(odd=OTHER[kind].iloc[:1].repeat(len(PANEL)).reset_index(drop=True))
    if kind != "mixed":
        with pytest.raises(DataError, match="column 'odd' names nothing"):
            PolicyPanel(panel, unit="odd", period="t", outcome="y", adopted="g")
        with pytest.raises(DataError, match="column 'odd' is .*, not numbers"):
            PolicyPanel(panel, unit="u", period="t", outcome="odd", adopted="g")


NUMBERS = {
    "Int64": "Int64",
    "Float64": "Float64",
    "Arrow whole": ARROW(pa.int32()),
    "Arrow double": ARROW(pa.float64()),
    "Arrow decimal": ARROW(pa.decimal128(12, 2)),
    "uint8": "uint8",
    "float16": "float16",
    "long": np.longdouble,
    "boolean": "boolean",
    "Arrow truth": ARROW(pa.bool_()),
    "bool": "bool",
    "sparse": pd.SparseDtype(float),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_numbers_in_every_type(kind):
    given = TABLE.assign(z=(TABLE["z"] > 0).astype(float))
    expected = xl.ppml(given, "v ~ z + z:t").table
    found = xl.ppml(given.assign(z=given["z"].astype(NUMBERS[kind])), "v ~ z + z:t").table
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    status = PANEL.assign(on=((PANEL["g"] <= PANEL["t"]) * 1.0))
    made = PolicyPanel(status.astype({"on": NUMBERS[kind]}), unit="u", period="t", outcome="y", treated="on")
    np.testing.assert_array_equal(made.D, door(PANEL).D)


def test_periods_of_pandas_are_the_years_they_are_in_regressions():
    dated = TABLE.assign(t=years(TABLE))
    roles = {"exporter": "e", "importer": "i", "period": "t"}
    found, expected = (xl.gravity(d, "v ~ z", **roles).table for d in (dated, TABLE))
    pd.testing.assert_frame_equal(found, expected)
    panel = PANEL.assign(x=_RNG.normal(size=len(PANEL)))
    within = {"unit": "u", "period": "t", "effects": "two-way"}
    dated = panel.assign(t=years(panel))
    pd.testing.assert_frame_equal(
        fixed_effects(dated, "y ~ x", **within).table, fixed_effects(panel, "y ~ x", **within).table
    )


# ---- storage, names, and tables that change afterwards -----------------------------------------------------

STORED = {
    "run-end encoded": pa.RunEndEncodedArray.from_arrays([1, 3], ["a", "b"]),
    "views of text": pa.array(["a", "b", "b"], pa.string_view()),
    "dictionary": pa.array(["a", "b", "b"]).dictionary_encode(),
}


@pytest.mark.parametrize("kind", STORED)
def test_however_arrow_stores_a_column(kind):
    rows = {"p": ["x", "y", "z"], "v": [1.0, 2.0, 3.0]}
    table = pa.table({"m": STORED[kind], **rows})
    held = pd.Series(STORED[kind].to_pylist(), dtype=ARROW(STORED[kind].type))
    for given in (table, pd.DataFrame({"m": held, **rows})):
        made = xl.hhi(xl.flows(given, market="m", product="p", value="v"), over="product", by="market")
        found = made.to_pydict() if isinstance(made, pa.Table) else made.to_dict("list")
        assert found == {"m": ["a", "b"], "hhi": [1.0, pytest.approx(0.52)]}
        assert to_pandas(given)["m"].astype(str).tolist() == ["a", "b", "b"]
    encoded = pa.RunEndEncodedArray.from_arrays([1, 3], [1.0, 2.0])
    values = xl.flows(pa.table({"m": ["a", "b", "c"], "v": encoded}), market="m", value="v")
    assert xl.hhi(values, over="market").to_pydict() == {"hhi": [pytest.approx(9 / 25)]}


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64()])
def test_whole_numbers_beyond_the_floats_are_rounded_on_arrow_as_elsewhere(kind):
    values = pa.array([2**53 + 1, 2**60 + 1, None], kind)
    exact = ((2**53 + 1) ** 2 + (2**60 + 1) ** 2) / (2**53 + 2**60 + 2) ** 2
    held = pd.Series(values[:2].to_pylist(), dtype=ARROW(kind))
    for given in (pa.table({"m": ["a", "b"], "v": values[:2]}), pd.DataFrame({"m": ["a", "b"], "v": held})):
        made = xl.hhi(xl.flows(given, market="m", value="v"), over="market")
        found = made.to_pydict()["hhi"] if isinstance(made, pa.Table) else made["hhi"]
        assert found[0] == pytest.approx(exact, rel=1e-12)
    with pytest.raises(DataError, match="value 'v' is missing in 1 row"):
        xl.flows(pa.table({"m": ["a", "b", "c"], "v": values}), market="m", value="v")


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ([("a", "b"), "v"], r"\('a', 'b'\)"),
        ([None, "v"], "nan|None"),
        ([float("nan"), "v"], "nan"),
        ([True, "v"], "True"),
        ([2.5, "v"], "2.5"),
        (pd.MultiIndex.from_tuples([("a", "m"), ("a", "v")]), r"\('a', 'm'\)"),
    ],
)
def test_names_of_columns_are_text(columns, shown):
    table = pd.DataFrame([["x", 1.0], ["y", 2.0]])
    table.columns = columns
    for call in (
        lambda: xl.flows(table, value="v"),
        lambda: door(table),
        lambda: xl.ppml(table, "v ~ 1"),
        lambda: to_pandas(table),
    ):
        with pytest.raises(DataError, match=f"neither text nor a whole number. First: ({shown})"):
            call()


def test_whole_numbers_name_columns_where_a_role_is_named():
    numbered = PANEL[["u", "t", "y", "g"]].set_axis(range(4), axis=1)
    made = PolicyPanel(numbered, unit=0, period=1, outcome=2, adopted=3)
    assert made.att().table["estimate"][0] == door(PANEL).att().table["estimate"][0]
    on = PolicyPanel(
        numbered.assign(on=(numbered[1] >= numbered[3]).astype(float)).set_axis(range(5), axis=1),
        unit=0,
        period=1,
        outcome=2,
        treated=4,
    )
    np.testing.assert_array_equal(on.D, made.D)
    table = TABLE[["i", "v"]].groupby("i", as_index=False).sum().set_axis([0, 1], axis=1)
    assert xl.hhi(xl.flows(table, market=0, value=1), over="market")["hhi"][0] > 0.25
    for wrong in (["i"], None, 1.5, True, pd.NA):
        with pytest.raises(OptionError, match="unit=.* is not allowed. Allowed: text or a whole number"):
            PolicyPanel(numbered, unit=wrong, period=1, outcome=2, adopted=3)


@pytest.mark.parametrize("whole", [np.int64, np.int16, np.uint8])
@pytest.mark.parametrize(
    "make",
    [
        lambda t, v: pd.DataFrame({"t": t, "m": ["a", "b"], "v": v}, copy=False),
        lambda t, v: pl.DataFrame({"t": t, "m": ["a", "b"], "v": v}),
        lambda t, v: pa.table({"t": t, "m": ["a", "b"], "v": v}),
    ],
)
def test_what_was_checked_is_what_is_used(make, whole):
    """A table may share its numbers with an array of NumPy, which changes afterwards."""
    both, years = np.array([[1.0, 3.0], [9.0, 9.0]]), np.array([20, 20], whole)
    flows = xl.flows(make(years, both[0]), period="t", market="m", value="v")
    both[:], years[:] = -5.0, 9
    made = xl.hhi(flows, over="market")
    found = pd.DataFrame(
        made.to_pydict()
        if isinstance(made, pa.Table)
        else made.to_dict(as_series=False)
        if isinstance(made, pl.DataFrame)
        else made
    )
    assert found.to_dict("list") == {"t": [20], "hhi": [pytest.approx(0.625)]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [(pl.Int128, 2023), (pl.UInt64, 2023), (pl.Decimal(6, 0), 2023), (pl.Decimal(6, 1), 2023.5)],
)
def test_whole_numbers_are_years_however_wide_and_decimals_none(kind, value):
    years = pl.Series("period", [value - 1, value]).cast(kind)
    table = pl.DataFrame([years, pl.Series("market", ["a", "a"]), pl.Series("value", [1.0, 3.0])])
    if value == 2023:
        found = xl.contributions(xl.flows(table))
        assert found["period"].to_list() == [2023]
        assert found["contribution"].to_list() == [2.0]
        return
    with pytest.raises(DataError, match="period 'period' is of type Decimal"):
        xl.flows(table)
    with pytest.raises(DataError, match="market 'period' holds decimal numbers"):
        xl.flows(table, market="period", period=None, value="value", aggregate="sum")


@pytest.mark.parametrize(
    "cells", [[1.0, 10**400], [-(10**400), 1.5, None], [1, 2**63], [np.uint64(2**63), 1]], ids=str
)
def test_whole_numbers_that_a_column_cannot_hold_are_no_numbers(cells):
    table = pd.DataFrame({"market": list("abc")[: len(cells)], "value": pd.Series(cells, dtype=object)})
    assert series_kind(table["value"]) == "other"
    with pytest.raises(DataError, match="value 'value' is of type Object, not numbers"):
        xl.flows(table)
    assert series_kind(pd.Series([1.0, 10**300], dtype=object)) == "decimal"
