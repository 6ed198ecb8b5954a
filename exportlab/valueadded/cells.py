"""Labelled cells to arrays: labels decide order, and nothing is coerced, filled or dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from exportlab.errors import DataError, OptionError, UnknownName, one_of
from exportlab.frames import LARGEST, SMALLEST, WITHIN, Array, Codes, Mask, beyond
from exportlab.words import N_, Said, Text, said

Column: TypeAlias = pd.Series | npt.ArrayLike
HUGE = 1e308  # whole numbers beyond it have no float


def named(what: Text) -> Said:
    """What a block or column of the table is called in a refusal."""
    return said(what) if isinstance(what, str) else what


def unique(labels: Iterable[object], what: Text) -> None:
    """Refuse labels that occur twice."""
    index = labels if isinstance(labels, pd.Index) else pd.Index(list(labels))
    twice = index[index.duplicated()]
    if len(twice):
        raise DataError(
            said("The labels of {what} occur more than once", what=named(what)),
            said("Every label must name one row or column: add duplicates up, or make them distinct."),
            rows=len(twice),
            first=show(twice[0]),
        )


def positions(have: pd.Index, want: pd.Index, what: Text) -> Codes | None:
    """Where each wanted label lies in `have`; None when the order is already right."""
    if have.equals(want):
        return None
    unique(have, what)
    missing = want.difference(have, sort=False)
    if len(missing):
        raise DataError(
            said("{what} lack labels that the table needs", what=named(what)),
            said("Every one of the {n} labels must be there, in any order.", n=f"{len(want):,}"),
            rows=len(missing),
            first=show(missing[0]),
        )
    extra = have.difference(want, sort=False)
    if len(extra):
        raise DataError(
            said("{what} have labels that are not in the table", what=named(what)),
            said("Take out totals and rows of value added, or pass them by their own argument."),
            rows=len(extra),
            first=show(extra[0]),
        )
    return np.asarray(have.get_indexer(want), dtype=np.intp)


def labelled(frame: object, what: str) -> pd.DataFrame:
    """`frame`, a table with labels; refuses arrays and anything else."""
    if isinstance(frame, pd.Series):
        return frame.to_frame()
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            said("{what} is a {kind}, not a pandas DataFrame", what=named(what), kind=type(frame).__name__),
            said("Labels decide which cell is which: give a DataFrame, or arrays through from_numpy."),
        )
    return frame


def check_tolerance(tolerance: float) -> None:
    """Refuse a tolerance that would let everything pass, such as NaN."""
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        raise OptionError(
            said(
                "tolerance={tolerance} is not allowed. Allowed: a number from 0 to below 1.",
                tolerance=repr(tolerance),
            )
        )


def matrix(frame: pd.DataFrame, rows: pd.Index, columns: pd.Index, what: str) -> Array:
    """The cells of `frame` in the order of `rows` and `columns`, all finite numbers; never the frame's own array."""
    r = positions(frame.index, rows, said("The rows of {what}", what=said(what)))
    c = positions(frame.columns, columns, said("The columns of {what}", what=said(what)))
    values = numbers(frame, what)
    if r is not None:
        values = values[r]
    if c is not None:
        values = values[:, c]
    return np.array(values, order="C") if r is None and c is None else np.ascontiguousarray(values)


def as_array(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """An array of whatever kind; one of objects where rows have several lengths, for its shape to be refused."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.asarray(values, dtype=object)


def vector(values: Column, labels: pd.Index, what: str) -> Array:
    """One number a label: a Series by its labels, a sequence by position, a number for all."""
    if isinstance(values, pd.Series):
        return matrix(values.to_frame(what), labels, pd.Index([what]), what)[:, 0]
    plain = as_array(values)
    if plain.shape not in ((), (len(labels),)):
        raise DataError(
            said(
                "{what} has shape {shape}, the table has {n} rows",
                what=said(what),
                shape=plain.shape,
                n=f"{len(labels):,}",
            ),
            said("Pass one number a row, or a pandas Series with the table's labels."),
        )
    return matrix(
        pd.DataFrame({what: np.broadcast_to(plain, (len(labels),))}, index=labels),
        labels,
        pd.Index([what]),
        what,
    )[:, 0].copy()


def numbers(frame: pd.DataFrame, what: str) -> Array:
    """The frame as floats; text and missing or infinite cells are refused with their place."""
    if all(isinstance(d, np.dtype) and d.kind in "iuf" for d in set(frame.dtypes)):
        values = frame.to_numpy(dtype=np.float64)
    else:
        _refuse_text(frame, what)
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    size = max(-values.min(initial=0.0), values.max(initial=0.0))
    if np.isfinite(size) and (size == 0 or SMALLEST <= size <= LARGEST):
        return values  # the slow search only when there is something to find
    _refuse_cells(
        frame,
        values,
        ~np.isfinite(values),
        said("Cells of {what} are missing or infinite", what=said(what)),
        said("Every cell must be a finite number; write 0 where there is no flow."),
    )
    size_of = said(
        "Cells of {what} are beyond {most}, or all of it within {least} of zero",
        what=said(what),
        most=f"{LARGEST:g}",
        least=f"{SMALLEST:g}",
    )
    _refuse_cells(frame, values, beyond(values), size_of, said(WITHIN))
    return values


def _refuse_text(frame: pd.DataFrame, what: str) -> None:
    texts = [
        (i, j)
        for j, dtype in enumerate(frame.dtypes)
        if not pd.api.types.is_numeric_dtype(dtype)
        or pd.api.types.is_bool_dtype(dtype)
        or pd.api.types.is_complex_dtype(dtype)
        for i in _not_numbers(frame.iloc[:, j])
    ]
    if texts:
        i, j = texts[0]
        raise DataError(
            said("Cells of {what} hold text", what=said(what))
            if isinstance(frame.iloc[i, j], str)
            else said("Cells of {what} are no numbers", what=said(what)),
            _read_with(frame.iloc[i, j]),
            rows=len(texts),
            first=said("{place} is {value}", place=place(frame, i, j), value=repr(frame.iloc[i, j])),
        )


def _read_with(cell: object) -> Said:
    """How a cell that is no number becomes one."""
    if isinstance(cell, str) and re.fullmatch(r"-?\d+,\d+(e-?\d+)?", cell.strip(), re.IGNORECASE):
        return said(
            "It looks like a decimal comma: save the file with decimal points, or read it with pandas, decimal=','."
        )
    return said("Every cell must be a number; a code such as '-' or '...' has to be decided by you.")


def _refuse_cells(frame: pd.DataFrame, values: Array, bad: Mask, problem: Said, remedy: Said) -> None:
    if bad.any():
        i, j = (int(k) for k in np.argwhere(bad)[0])
        first = said("{place} is {value}", place=place(frame, i, j), value=values[i, j])
        raise DataError(problem, remedy, rows=int(bad.sum()), first=first)


def _not_numbers(column: pd.Series) -> list[int]:
    return [i for i, v in enumerate(column) if not (v is None or v is pd.NA or _plain(v))]


def _plain(v: Any) -> bool:
    """Whether a cell is a number that has a float."""
    number = isinstance(v, (int, float, np.integer, np.floating)) and not isinstance(v, bool)
    return number and not HUGE <= abs(v) < np.inf


def place(frame: pd.DataFrame, i: int, j: int) -> Said:
    """A cell's row and column, as the user would name them."""
    return said("row {row}, column {column}", row=show(frame.index[i]), column=show(frame.columns[j]))


def show(label: object) -> str:
    """A label, a tuple joined by blanks."""
    return repr(" ".join(map(str, label))) if isinstance(label, tuple) else repr(label)


def rounding_of(values: Array) -> float:
    """Half a unit of the last digit that figures are printed with; 0 where they are not rounded."""
    few = values.ravel()[
        :: max(1, values.size // 50_000) | 1
    ]  # an odd step, that it does not stay in few columns
    kept = next((v for each in (few, values) if len(v := each[np.isfinite(each) & (each != 0)])), few[:0])
    sample = kept[:: max(1, len(kept) // 5_000)]
    for digits in range(9):
        if len(sample) and np.allclose(np.round(sample, digits), sample, rtol=1e-12, atol=0.0):
            return float(0.5 * 10.0**-digits)
    return 0.0


def rounding_gap(values: Array) -> float:
    """How far the sum of a row or column of a square of rounded figures, and a total beside it, may lie apart."""
    n = len(values)
    return rounding_of(values) * (
        1.0 + float(min(n, 4 * n**0.5))
    )  # 4 half units root n: seven standard deviations


def worst(size: Array, labels: pd.Index, n: int = 3) -> str:
    """The labels with the largest entries of `size`, for an error's first example."""
    order = np.argsort(-size)[:n]
    return ", ".join(f"{show(labels[k])} ({size[k]:.4g})" for k in order if size[k] > 0)


def value_added_and_taxes(
    rest: Array, value_added: Column | None, taxes: Column | str | None, labels: pd.Index
) -> tuple[Array | None, Array]:
    """Value added and taxes as supplied, `rest` being what inputs leave of output; None where neither is."""
    if isinstance(taxes, str):
        one_of("taxes", taxes, ("remainder",))
        if value_added is None:
            raise OptionError(said("taxes='remainder' needs value_added=."))
        supplied = vector(value_added, labels, N_("value added"))
        return supplied, rest - supplied
    tax = np.zeros_like(rest) if taxes is None else vector(taxes, labels, N_("taxes"))
    if value_added is not None:
        return vector(value_added, labels, N_("value added")), tax
    return (None if taxes is None else rest - tax), tax


def ratio(a: Array, b: Array, empty: float = float("nan")) -> Array:
    """a / b, and `empty` where b is zero."""
    return np.divide(a, b, out=np.full_like(a, empty), where=b != 0)


# Labels of an inter-country table: country, part and sector of every row, country of every column.


def pairs(labels: pd.Index, sep: str, what: str, *, last: bool = False) -> list[tuple[str, str]]:
    """(country, rest) of labels that are a two-level MultiIndex or text parted by `sep`, at its first place or last."""
    if isinstance(labels, pd.MultiIndex):
        if labels.nlevels != 2:
            raise DataError(
                said("The labels of {what} have {n} levels", what=said(what), n=labels.nlevels),
                said("Two are needed: country and sector."),
            )
        return [(str(a), str(b)) for a, b in labels]
    if not sep:
        raise OptionError(said("sep= is empty. Name the text that parts country and sector, such as '_'."))
    cut = [str(label).rsplit(sep, 1) if last else str(label).split(sep, 1) for label in labels]
    bad = [label for label, c in zip(labels, cut, strict=True) if len(c) != 2 or not c[0]]
    if bad:
        raise DataError(
            said("Labels of {what} do not name country and sector", what=said(what)),
            said(
                "Use a MultiIndex (country, sector), or text with {sep} between them (sep=).", sep=repr(sep)
            ),
            rows=len(bad),
            first=show(bad[0]),
        )
    return [(c[0], c[1]) for c in cut]


def parted_last(Z: pd.DataFrame, Y: pd.DataFrame, sep: str, splits: Mapping[str, str]) -> bool:
    """Whether text labels part at the last `sep` rather than the first: the whole table decides.

    A cut is right where the countries of Z are those of Y, as they stand or cut in the same way; of two such cuts the
    one under which the countries are alike: the same sectors, the same categories.

    Raises
    ------
    DataError
        Both cuts fit the table, and lead to different countries.
    """
    if isinstance(Z.index, pd.MultiIndex) or not sep:
        return False
    cuts = [pairs(Z.index, sep, N_("the rows of Z"), last=last) for last in (False, True)]
    if cuts[0] == cuts[1]:
        return False
    fits = [_fit(cut, Y.columns, sep, splits, last) for cut, last in zip(cuts, (False, True), strict=True)]
    if fits[0] == fits[1] and fits[0] > 0:
        label = next(k for k, (a, b) in enumerate(zip(*cuts, strict=True)) if a != b)
        raise DataError(
            said(
                "Labels hold {sep} more than once, and the table does not tell which one parts country and sector",
                sep=repr(sep),
            ),
            said(
                "It may be {a} or {b}. Give a MultiIndex (country, sector), or sep= with a text that stands once in "
                "each label.",
                a=cuts[0][label],
                b=cuts[1][label],
            ),
            rows=sum(a != b for a, b in zip(*cuts, strict=True)),
            first=show(Z.index[label]),
        )
    return fits[1] > fits[0]


def _fit(
    cut: list[tuple[str, str]], columns: pd.Index, sep: str, splits: Mapping[str, str], last: bool
) -> int:
    """0: countries of Z are not those of Y; 1: they are; 2: all have the same parts; 3: Y names them as they are."""
    down = [(splits.get(c, c), s) for c, s in cut]
    countries = {c for c, _ in down}
    if isinstance(columns, pd.MultiIndex):
        across = [(str(c), str(k)) for c, k in columns]
    elif {str(c) for c in columns} == countries:
        return 3
    else:
        named = [str(c).rsplit(sep, 1) if last else str(c).split(sep, 1) for c in columns]
        across = [(c[0], c[-1]) for c in named]
    if {c for c, _ in across} != countries:
        return 0
    return 2 if _alike(cut) and _alike(across) else 1


def _alike(named: list[tuple[str, str]]) -> bool:
    parts: dict[str, set[str]] = {}
    for country, part in named:
        parts.setdefault(country, set()).add(part)
    return len({frozenset(p) for p in parts.values()}) == 1


def country_rows(
    Z: pd.DataFrame, splits: Mapping[str, str], sep: str, *, last: bool = False
) -> tuple[pd.MultiIndex, pd.Index]:
    """Rows as (country, part, sector) in country-major order, and Z's own labels in that order."""
    unique(Z.index, N_("the rows of Z"))
    unique(Z.columns, N_("the columns of Z"))
    named = pairs(Z.index, sep, N_("the rows of Z"), last=last)
    beside = {c for c, _ in pairs(Z.columns, sep, N_("the columns of Z"), last=last)}
    _same_countries({c for c, _ in named}, beside)
    rows = pd.DataFrame(
        [(splits.get(part, part), part, sector) for part, sector in named],
        columns=["country", "part", "sector"],
    )
    unknown = [part for part in splits if part not in set(rows["part"])]
    if unknown:
        raise DataError(
            said("A part in splits= is not among the rows of Z"),
            said("Name it as the rows do."),
            first=show(unknown[0]),
        )
    first = pd.Index(rows["country"].unique())
    order = np.argsort(first.get_indexer(pd.Index(rows["country"])), kind="stable")
    return pd.MultiIndex.from_frame(rows.iloc[order]), Z.index[order]


def _same_countries(down: set[str], across: set[str]) -> None:
    for have, lack, lacks in (
        (down, across, N_("Z lacks a country's block: {names} has rows but no columns")),
        (across, down, N_("Z lacks a country's block: {names} has columns but no rows")),
    ):
        if have - lack:
            names = sorted(have - lack)
            raise DataError(
                said(lacks, names=", ".join(names)),
                said("Z must be square, with the same country-sectors down and across."),
                rows=len(names),
                first=show(names[0]),
            )


def final_columns(Y: pd.DataFrame, countries: pd.Index, sep: str, *, last: bool = False) -> pd.MultiIndex:
    """The columns of final demand as (country, category)."""
    unique(Y.columns, N_("the columns of Y"))
    if isinstance(Y.columns, pd.MultiIndex):
        named = pairs(Y.columns, sep, N_("the columns of Y"))
    else:
        named = [(c, "all") if c in countries else _loose(c, sep, last) for c in map(str, Y.columns)]
    strange = sorted({c for c, _ in named} - set(countries))
    if strange:
        raise DataError(
            said("There is final demand for a country that is not in Z"),
            said(
                "Countries of Z: {countries}. Take out totals; parts of a country share its final demand.",
                countries=", ".join(map(str, countries[:12])) + (" ..." if len(countries) > 12 else ""),
            ),
            rows=len(strange),
            first=show(strange[0]),
        )
    absent = [c for c in countries if c not in {c for c, _ in named}]
    if absent:
        raise DataError(
            said("Countries of Z have no final demand"),
            said(
                "Every country needs at least one column of Y, also where it is all zero; parts of a country are named "
                "in splits=."
            ),
            rows=len(absent),
            first=show(absent[0]),
        )
    return pd.MultiIndex.from_tuples(named, names=["country", "category"])


def _loose(label: str, sep: str, last: bool) -> tuple[str, str]:
    """Country and category of a label; without a separator it is the country's one category."""
    cut = label.rsplit(sep, 1) if last else label.split(sep, 1)
    return (cut[0], cut[1]) if len(cut) == 2 else (cut[0], "all")


# Totals among the labels: whatever is a sum must not stand among its parts.

TOTAL = re.compile(
    r"(grand |sub[- ]?)?totals?( (sectors?|industries|economy|uses?|demand|final demand|output|intermediate.*))?"
    r"|world|all (countries|sectors|industries)|sum|toti?|ttl|_t|合计|总计|小计|全部|世界|全国",
    re.IGNORECASE,
)


def refuse_totals(labels: Iterable[object], what: str, *, beside: str) -> None:
    """Refuse labels that name a total."""
    named = [label for label in labels if TOTAL.fullmatch(str(label).strip())]
    if named:
        raise DataError(
            said("{what} hold what is called a total", what=said(what)),
            said(
                "It would count {beside} twice. Take it out; name it otherwise where it is none.",
                beside=said(beside),
            ),
            rows=len(named),
            first=show(named[0]),
        )


def refuse_sums(Z: Array, labels: pd.Index) -> None:
    """Refuse a row and column of Z that are the sums of all the others, whatever they are called."""
    n = len(Z)
    if n < 3:
        return
    rows, columns = Z.sum(axis=0), Z.sum(axis=1)
    near = 1e-9 * max(float(np.abs(rows).max()), 1e-300)
    for k in np.flatnonzero(np.isclose(2 * Z.sum(axis=1), Z.sum(), rtol=1e-9)).tolist():
        if (
            np.abs(2 * Z[k] - rows).max() <= near
            and np.abs(2 * Z[:, k] - columns).max() <= near
            and Z[k].any()
        ):
            raise DataError(
                said("A sector is the sum of all the others, down and across"),
                said("It is a total that would count them twice: take it out."),
                rows=1,
                first=show(labels[k]),
            )


def refuse_coefficients(Z: Array, x: Array) -> None:
    """Refuse input coefficients where flows are asked for."""
    inputs = Z.sum(axis=0)
    if inputs.size and inputs.max() < 1 and 0 < Z.sum() < 1e-3 * x.sum() and (inputs > 0.05).mean() > 0.5:
        raise DataError(
            said(
                "The columns of Z add up to {inputs} at most, and output to {output}: Z looks like input coefficients",
                inputs=f"{inputs.max():.4g}",
                output=f"{x.sum():,.6g}",
            ),
            said(
                "Flows are needed, in the unit of final demand: multiply each column of coefficients by its output."
            ),
        )


def grouped(
    rows: pd.MultiIndex, countries: pd.Index, final: pd.MultiIndex, groups: Mapping[str, Iterable[str]]
) -> tuple[pd.MultiIndex, pd.Index, pd.MultiIndex, Codes]:
    """Labels with countries merged into groups, members as parts, and the new order of the rows.

    Raises
    ------
    UnknownName
        A member that is no country of the table.
    DataError
        A country in two groups, or a group named like a country outside it.
    """
    members = [m for group in groups.values() for m in group]
    home = {m: g for g, group in groups.items() for m in group}
    for m in members:
        if m not in countries:
            raise UnknownName(said("country"), m, map(str, countries))
    unique(members, N_("the groups' members"))
    clash = [g for g in groups if g in countries and home.get(g) != g]
    if clash:
        raise DataError(
            said("A group has the name of a country outside it"), said("Rename the group."), first=clash[0]
        )
    down, across = rows.to_frame(index=False), final.to_frame(index=False)
    down["country"] = [home.get(c, c) for c in down["country"]]
    across["country"] = [home.get(c, c) for c in across["country"]]
    merged = pd.Index(down["country"].unique(), name="country")
    order = np.argsort(merged.get_indexer(pd.Index(down["country"])), kind="stable")
    return pd.MultiIndex.from_frame(down.iloc[order]), merged, pd.MultiIndex.from_frame(across), order
