"""A file's rows and columns by what they are, and the totals printed beside its cells, which are always compared.

By hand: pymrio reads some of these files as well, but compares no printed total with the cells.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import DataError, one_of
from exportlab.frames import Array
from exportlab.valueadded.cells import check_tolerance, rounding_of
from exportlab.valueadded.heads import Axes, filled
from exportlab.valueadded.intercountry import InterCountryTable
from exportlab.valueadded.iotable import IOTable
from exportlab.valueadded.validate import Control
from exportlab.words import Said, said

Blanks: TypeAlias = Literal["refuse", "zero"]
Signs: TypeAlias = Mapping[str, int]
Roles: TypeAlias = Mapping[str, str]

# What a total adds up, as alternatives: publishers differ in what a heading holds, and the nearest is compared.
FINAL: Signs = {"final": 1, "exports": 1, "outflow": 1}
USES: Signs = {"sector": 1, **FINAL, "error": 1}
ACROSS: dict[str, tuple[Signs, ...]] = {
    "intermediate": ({"sector": 1},),
    "final uses": ({"final": 1}, {"final": 1, "exports": 1}, FINAL, {**FINAL, "error": 1}),
    "exports in all": ({"exports": 1}, {"exports": 1, "outflow": 1}),
    "imports in all": ({"imports": 1}, {"imports": 1, "inflow": 1}),
    "output": ({**USES, "imports": -1, "inflow": -1}, USES, {"sector": 1, **FINAL}),
}
DOWN: dict[str, tuple[Signs, ...]] = {
    "imported in all": ({"imported": 1},),
    "intermediate": (
        {"sector": 1},
        {"sector": 1, "imported": 1},
        {"sector": 1, "imported": 1, "taxes": 1},
        {"sector": 1, "taxes": 1},
    ),
    "value added": ({"primary": 1},),
    "output": ({"sector": 1, "imported": 1, "taxes": 1, "primary": 1},),
}


@dataclass(frozen=True)
class Line:
    """A row or a column: its role, the region and label it stands for, and the name the file gives it."""

    role: str
    key: tuple[str, str]
    name: str


@dataclass(frozen=True)
class Layout:
    """The cells of a file as numbers, each row and column with its role.

    Roles of columns are those of `USES`, "imports", "inflow", the totals of `ACROSS`, "subtotal" and "note"; of rows
    "sector", "imported", "taxes", "primary", the totals of `DOWN`, "satellite" and "note".
    """

    cells: pd.DataFrame
    rows: tuple[Line, ...]
    columns: tuple[Line, ...]

    def down(self, *roles: str) -> list[int]:
        """The positions of the rows of some roles."""
        return [k for k, line in enumerate(self.rows) if line.role in roles]

    def across(self, *roles: str) -> list[int]:
        """The positions of the columns of some roles."""
        return [k for k, line in enumerate(self.columns) if line.role in roles]

    def block(self, rows: Sequence[int], columns: Sequence[int], *, regions: bool = True) -> pd.DataFrame:
        """Cells of some rows and columns, labelled (region, label), or by the label alone."""
        part = self.cells.iloc[list(rows), list(columns)].infer_objects()
        part.index = _labels([self.rows[k].key for k in rows], regions)
        part.columns = _labels([self.columns[k].key for k in columns], regions)
        return part

    def flipped(self) -> Layout:
        """The same cells with rows as columns."""
        return Layout(self.cells.T, self.columns, self.rows)


def _labels(keys: Sequence[tuple[str, str]], regions: bool) -> pd.Index:
    return (
        pd.MultiIndex.from_tuples(keys) if regions and keys else pd.Index([b for _, b in keys], dtype=object)
    )


def plain(part: pd.DataFrame) -> Array:
    """Cells as floats; text as missing, since the door refuses it with its place."""
    try:
        return np.asarray(part.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        told = part.apply(pd.to_numeric, errors="coerce")
        return np.asarray(told.to_numpy(dtype=np.float64, na_value=np.nan))


def numeric(body: pd.DataFrame) -> pd.DataFrame:
    """Cells as numbers where they are, blanks as missing; other text stays, for the door to refuse with its place."""
    if all(isinstance(d, np.dtype) and d.kind in "iuf" for d in set(body.dtypes)):
        return body
    cells = body.to_numpy(dtype=object)
    if bool not in set(map(type, cells.flat)):  # TRUE is no 1
        try:
            return pd.DataFrame(cells.astype(np.float64), body.index, body.columns)
        except (TypeError, ValueError, OverflowError):
            pass
    return body.map(_cell).apply(_numbers)


def _cell(v: Any) -> Any:
    """Blank text as missing, and whole numbers that no float holds as infinite, for the door to refuse."""
    if isinstance(v, str):
        return v if v.strip() else np.nan
    return np.copysign(np.inf, 1 if v > 0 else -1) if isinstance(v, int) and abs(v) >= 2**1023 else v


def fill(layout: Layout, blanks: str) -> Layout:
    """The layout with empty flows as zero where that was asked for; empty totals stay, and are not compared."""
    one_of("blanks", blanks, ("refuse", "zero"))
    if blanks == "refuse":
        return layout
    down = np.array([line.role in ("sector", "imported", "taxes", "primary") for line in layout.rows])
    across = np.array([line.role in (*USES, "imports", "inflow") for line in layout.columns])
    return replace(layout, cells=layout.cells.mask(layout.cells.isna() & down[:, None] & across, 0.0))


def _numbers(column: pd.Series) -> pd.Series:
    told = pd.to_numeric(column.mask(column.map(lambda v: isinstance(v, bool))), errors="coerce")
    return (
        told.astype(np.float64) if told.notna().eq(column.notna()).all() else column.where(told.isna(), told)
    )


def role_of(labels: Iterable[str], patterns: Roles) -> str:
    """The role whose pattern one of a line's labels matches as a whole; "" where none does."""
    listed = [label for label in labels if label]
    return next(
        (r for label in listed for r, p in patterns.items() if re.fullmatch(p, label, re.IGNORECASE)), ""
    )


def refuse_unknown(lines: Sequence[Line], what: str, known: str) -> None:
    """Refuse lines without a role, by name."""
    strange = [line.name for line in lines if not line.role]
    if strange:
        raise DataError(
            said("The file has columns that are neither sectors nor known uses")
            if what == "columns"
            else said("The file has rows that are neither sectors nor known margins"),
            said(
                "Known: {known}. Rename them in the file, or build the table with from_frames.",
                known=said(known),
            ),
            rows=len(strange),
            first=repr(strange[0]),
        )


def refuse_repeats(lines: Sequence[Line], what: str) -> None:
    """Refuse two lines of one role and key: stacked years, repeated blocks, two columns of one heading."""
    seen: dict[tuple[str, tuple[str, str]], int] = {}
    for k, line in enumerate(lines):
        before = k if line.role in ("note", "subtotal") else seen.setdefault((line.role, line.key), k)
        if before != k:
            at = {"a": f"{before + 1:,}", "b": f"{k + 1:,}"}
            across = what == "columns"
            raise DataError(
                said("The columns of the table hold {name} more than once", name=repr(line.name))
                if across
                else said("The rows of the table hold {name} more than once", name=repr(line.name)),
                said(
                    "Each stands once: take out repeated blocks and years, one table a file; columns of one role need "
                    "headings of their own to be added up."
                ),
                first=said("columns {a} and {b} of those with figures", **at)
                if across
                else said("rows {a} and {b} of those with figures", **at),
            )


@dataclass(frozen=True)
class Known:
    """What the lines of a family of files may be: patterns of their labels by role."""

    columns: Roles
    rows: Roles
    said: tuple[str, str]  # the known columns and rows, for a refusal


def lay_out(raw: pd.DataFrame, at: Axes, known: Known, blanks: str, bought: Collection[int] = ()) -> Layout:
    """The cells of a sheet whose labels have been found, each line with its role; a line without figures is a note.

    `bought` are the rows of the sheet that hold imported products of a sector.

    Raises
    ------
    DataError
        A line with figures that is neither a sector nor known, or two lines of one role and label.
    """
    body = numeric(raw.iloc[at.top :, at.left :])
    told = np.isfinite(plain(body))
    across, down = _keys(at, columns=True), _keys(at, columns=False)
    keys = (set(across.values()) & set(down.values())) - {("", "")}
    keys = {
        key for key in keys if not role_of([key[1]], {r: p for r, p in known.columns.items() if r != "final"})
    }
    columns = _lines(at, across, keys, known.columns, columns=True)
    rows = [
        replace(line, role="imported", name=f"{line.name}, imported")
        if k in bought and line.role == "sector"
        else line
        for k, line in zip(down, _lines(at, down, keys, known.rows, columns=False), strict=True)
    ]
    kept = [np.flatnonzero(told.any(axis=a)) for a in (1, 0)]  # titles, notes and gaps hold no figure
    rows, columns = ([lines[k] for k in ks] for lines, ks in zip((rows, columns), kept, strict=True))
    for lines, what, names in ((columns, "columns", known.said[0]), (rows, "rows", known.said[1])):
        refuse_repeats(lines, what)
        refuse_unknown(lines, what, names)
    return fill(Layout(body.iloc[kept[0], kept[1]], tuple(rows), tuple(columns)), blanks)


def _keys(at: Axes, *, columns: bool) -> dict[int, tuple[str, str]]:
    """Region and label of each line of the cells; a region that is written once holds for the lines that follow."""
    labels = at.head[at.label[0]] if columns else at.side[:, at.label[1]]
    start = at.left if columns else at.top
    if at.region is None:
        return {k: ("", labels[k]) for k in range(start, len(labels))}
    regions = filled(at.head[at.region[0]] if columns else at.side[:, at.region[1]])
    return {k: (regions[k], labels[k]) for k in range(start, len(labels))}


def _lines(
    at: Axes,
    keys: Mapping[int, tuple[str, str]],
    sectors: set[tuple[str, str]],
    roles: Roles,
    *,
    columns: bool,
) -> list[Line]:
    regions = {region for region, _ in sectors}
    made, open_region = [], True
    for k, (region, label) in keys.items():
        names = at.above(k) if columns else at.beside(k)
        own = at.region is not None and (at.head[at.region[0], k] if columns else at.side[k, at.region[1]])
        open_region = open_region or bool(own)
        role = "sector" if (region, label) in sectors else role_of(names, roles)
        name = " ".join(dict.fromkeys(names[::-1]))
        key = (region, label) if role == "sector" else ("", name)
        if columns and at.region and role in ("", "final") and open_region and region in regions:
            role, key = "final", (region, label or next(iter(names), ""))
        elif role not in ("sector", "final"):
            open_region = False  # what follows belongs to no region until one is named
        made.append(Line(role, key, f"{region} {label}".strip() if role == "sector" else name))
    return made


# Totals: the one mechanism that every reader runs before its table is built.


def compare(layout: Layout, tolerance: float = 1e-3) -> tuple[Control, ...]:
    """Compare every total that the file prints, in rows and columns, with the sum of its cells.

    Without a printed column of output the row sums are compared with the printed row of it, or with the column sums.
    A total may deviate by `tolerance` of itself, and by what the rounding of the printed digits explains.

    Raises
    ------
    DataError
        A total is not the sum of its cells: which, where, the printed figure and the sum.
    """
    check_tolerance(tolerance)
    rounding = rounding_of(plain(layout.cells.iloc[layout.down("sector"), layout.across("sector")]))
    return (
        *_compared(layout, "column", ACROSS, tolerance, rounding),
        *_compared(layout.flipped(), "row", DOWN, tolerance, rounding),
        *_crossed(layout, tolerance, rounding),
    )


def _crossed(layout: Layout, tolerance: float, rounding: float) -> list[Control]:
    """The row sums beside the output that stands below, printed or summed."""
    added = "primary" if layout.down("primary") else "value added"
    below = layout.down("output")[:1] or layout.down("sector", "imported", "taxes", added)
    if layout.across("output") or not layout.down("output", "primary", "value added"):
        return []
    turned = layout.flipped()
    made = np.nansum(plain(turned.cells.iloc[turned.down("sector"), below]), axis=1)
    order = {turned.rows[k].key: value for k, value in zip(turned.down("sector"), made, strict=True)}
    over = layout.down("sector")
    printed = np.array([order[layout.rows[k].key] for k in over])
    sums = _sums(layout)
    fits = [_signed(sums, signs, printed) for signs in ACROSS["output"]]
    names = [layout.rows[k].name for k in over]
    what = (
        said("row of output, beside the sums of rows")
        if layout.down("output")
        else said("sums of columns, beside the sums of rows")
    )
    slack = rounding * _spread(len(layout.columns))
    return [_control(what, printed, fits, names, bounds=(tolerance, slack))]


def _sums(layout: Layout) -> dict[str, Array]:
    """What the columns of each role add up to, by sector."""
    over = layout.down("sector")
    return {
        role: np.nansum(plain(layout.cells.iloc[over, layout.across(role)]), axis=1)
        for role in dict.fromkeys(line.role for line in layout.columns)
    }


def _compared(
    layout: Layout, kind: str, totals: Mapping[str, tuple[Signs, ...]], tolerance: float, rounding: float
) -> list[Control]:
    """The totals among the columns, compared over the sectors among the rows."""
    over = layout.down("sector")
    names = [layout.rows[k].name for k in over]
    sums = _sums(layout)
    whole = "primary" not in sums
    if whole and "value added" in sums:  # one row, with no parts beside it
        sums["primary"] = sums["value added"]
    made = []
    for j, line in enumerate(layout.columns):
        if line.role not in totals or (line.role == "value added" and whole):
            continue
        if line.role == "output" and kind == "row" and "primary" not in sums:
            continue  # the door compares it with the row sums
        printed = plain(layout.cells.iloc[over, [j]])[:, 0]
        fits = [_signed(sums, signs, printed) for signs in totals[line.role]]
        if np.isfinite(printed).any():
            slack = rounding * _spread(len(layout.columns))
            made.append(_control(_named(kind, line), printed, fits, names, bounds=(tolerance, slack)))
    return made


def _named(kind: str, line: Line) -> Said:
    if kind == "column":
        return said("column {name}", name=repr(line.name))
    return said("row {name}", name=repr(line.name))


def _signed(sums: Mapping[str, Array], signs: Signs, printed: Array) -> Array:
    return sum((sign * sums[role] for role, sign in signs.items() if role in sums), np.zeros_like(printed))


def _spread(n: int) -> float:
    """How many half units of the last digit the sum of n rounded figures may be off, and the total's own."""
    return 1.0 + float(min(n, 4 * n**0.5))


def _control(
    what: Said, printed: Array, fits: list[Array], names: list[str], *, bounds: tuple[float, float]
) -> Control:
    """The nearest of some sums beside a printed total; `bounds` are the share it may be off, and the rounding."""
    tolerance, slack = bounds
    told = np.isfinite(printed)
    summed = min(fits, key=lambda s: float(np.abs(np.where(told, printed - s, 0.0)).max()))
    size = np.maximum(np.abs(np.where(told, printed, 0.0)), np.abs(summed))
    gap = np.where(told, np.abs(printed - summed), 0.0)
    share = np.divide(gap, size, out=np.zeros_like(gap), where=(size > 0) & np.isfinite(size))
    off = gap > tolerance * size + slack
    if off.any():
        k = int(np.where(off, share, 0.0).argmax())
        raise DataError(
            said("A total of the file is not the sum of its cells: {what}", what=what),
            said(
                "The cells of {name} add up to {summed}, the total is {printed}. A cell, row or column is wrong or "
                "missing; tolerance={tolerance} allows that share of a total, and rounding.",
                name=repr(names[k]),
                summed=f"{summed[k]:,.10g}",
                printed=f"{printed[k]:,.10g}",
                tolerance=f"{tolerance:g}",
            ),
            rows=int(off.sum()),
            first=repr(names[k]),
        )
    k = int(share.argmax())
    return Control(str(what), int(told.sum()), float(share[k]), names[k])


# Parts beside their sum: known by their figures, whatever they are called.


def subtotals(layout: Layout) -> Layout:
    """Columns of final use that are the sum of columns right beside them become subtotals.

    Of one column only those that are called a sum, since the other parts may have no figures.
    """
    at = layout.across("final", "subtotal")
    cells = plain(layout.cells.iloc[layout.down("sector"), at])
    columns, rounding = list(layout.columns), rounding_of(cells)
    parts = list(range(len(at)))
    for k, j in enumerate(at):
        before = [i for i in reversed(parts) if i < k]
        beside = [i for i in parts if i > k]
        fewest = 1 if columns[j].role == "subtotal" else 2
        if any(_adds_up(cells[:, k], cells[:, side], rounding, fewest) for side in (before, beside)):
            columns[j] = replace(columns[j], role="subtotal")
            parts.remove(k)
        elif columns[j].role == "subtotal":
            columns[j] = replace(columns[j], role="final uses")  # then it must be all of them
            parts.remove(k)
    return replace(layout, columns=tuple(columns))


def _adds_up(total: Array, parts: Array, rounding: float, fewest: int) -> bool:
    """Whether the first `fewest` or more of some columns, those without figures apart, add up to a total everywhere."""
    if len(total) < 2 or not total.any() or not np.isfinite(total).all():
        return False
    gap = np.abs(np.nancumsum(parts, axis=1) - total[:, None])
    filled = np.cumsum((np.nan_to_num(parts) != 0).any(axis=0)) >= fewest
    return bool(((gap <= 1e-9 * np.abs(total)[:, None] + 2 * rounding).all(axis=0) & filled).any())


# From a layout to a table.


def intercountry(layout: Layout, tolerance: float, **options: Any) -> InterCountryTable:
    """The table of a layout with regions.

    A column of discrepancies becomes a category of final demand of the region whose row it is in. A column of exports
    or rows of imports close with a country ROW of one sector, which uses no inputs and has no satellites.
    """
    controls = compare(layout, tolerance)
    rows, z = layout.down("sector"), layout.across("sector")
    square = layout.block(rows, z)
    Z, Y = square, layout.block(rows, layout.across("final"))
    home = np.array([layout.rows[k].key[0] for k in rows], dtype=object)
    for j in layout.across("error"):
        gap = layout.cells.iloc[rows, j].to_numpy()
        for region in dict.fromkeys(home):
            Y[(region, layout.columns[j].key[1] or "error")] = np.where(home == region, gap, 0.0)
    found: dict[str, Any] = _margins(layout, rows, z, square.columns)
    if layout.across("exports") or layout.down("imported"):
        Z, Y = _closed(layout, Z, Y)
        bought = plain(layout.cells.iloc[layout.down("imported"), layout.across("sector", "final")]).sum()
        beside = found.pop("satellites")
        found = {
            k: None if v is None else pd.Series([*v, 0.0 if k == "taxes" else bought], Z.index)
            for k, v in found.items()
        }
        if beside is not None:
            cells = np.hstack([plain(beside), np.zeros((len(beside), 1))])
            found["satellites"] = pd.DataFrame(cells, beside.index, Z.index)
    made = InterCountryTable.from_frames(Z, Y, **{**found, **options, "tolerance": tolerance})
    return replace(made, controls=controls)


def _margins(layout: Layout, rows: list[int], z: list[int], labels: pd.Index) -> dict[str, Any]:
    """Value added, taxes and output of the sectors, where the file has them."""

    def summed(role: str, most: int | None = None) -> pd.Series | None:
        at = layout.down(role)[:most]
        part = layout.cells.iloc[at, z]
        return pd.Series(part.to_numpy().sum(axis=0), labels).infer_objects() if at else None

    total = summed("value added", 1)
    output = layout.cells.iloc[rows, layout.across("output")[:1]]
    given = output.notna().to_numpy().all() and output.shape[1]
    index = _labels([layout.rows[k].key for k in rows], isinstance(labels, pd.MultiIndex))
    below = summed("output", 1)
    below = below if below is not None and below.notna().all() else None
    beside = layout.block(layout.down("satellite"), z)
    beside = beside.set_axis([layout.rows[k].name for k in layout.down("satellite")], axis=0)
    return {
        "satellites": beside.set_axis(labels, axis=1) if len(beside) else None,
        "value_added": summed("primary") if total is None else total,
        "taxes": summed("taxes"),
        "output": pd.Series(output.iloc[:, 0].to_numpy(), index) if given else below,
    }


def _closed(layout: Layout, Z: pd.DataFrame, Y: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Z and Y with the rest of the world: it delivers the imports, buys the exports, and uses no inputs."""
    sectors, world = layout.down("sector"), ("ROW", "imports")
    bought = layout.down("imported")
    if len(bought) != 1 or not layout.across("exports"):
        raise DataError(
            said(
                "The file has {exports} columns of exports and {imports} rows of imports",
                exports=len(layout.across("exports")),
                imports=len(bought),
            ),
            said("A table of regions needs a column of exports and one row of imports."),
        )
    Y[("ROW", "exports")] = layout.cells.iloc[sectors, layout.across("exports")].to_numpy().sum(axis=1)
    own = layout.cells.iloc[bought[0]]
    Z = pd.concat([Z, pd.DataFrame([own.iloc[layout.across("sector")].to_numpy()], columns=Z.columns)])
    n = len(layout.across("final"))
    used = [*own.iloc[layout.across("final")].to_numpy(), *np.zeros(Y.shape[1] - n)]
    Y = pd.concat([Y, pd.DataFrame([used], columns=Y.columns)])
    labels = pd.MultiIndex.from_tuples([*Z.index[:-1], world])
    Z.index = Y.index = labels
    Z[world] = 0.0
    Z.columns = pd.MultiIndex.from_tuples([*Z.columns[:-1], world])
    return Z.infer_objects(), Y.infer_objects()


def national(layout: Layout, tolerance: float, **options: Any) -> IOTable:
    """The table of one economy: non-competitive where rows of imported products stand beside the domestic ones."""
    controls = compare(layout, tolerance)
    rows, z, final = layout.down("sector"), layout.across("sector"), layout.across("final")
    labels = _labels([layout.rows[k].key for k in rows], regions=False)
    bought = {layout.rows[k].key: k for k in layout.down("imported")}
    found: dict[str, Any] = {"final": layout.block(rows, final, regions=False)}
    if bought:
        missing = [layout.rows[k].name for k in rows if layout.rows[k].key not in bought]
        if missing:
            raise DataError(
                said("Sectors have no row of imported products"),
                said("Each needs one."),
                rows=len(missing),
                first=repr(missing[0]),
            )
        order = [bought[layout.rows[k].key] for k in rows]
        found["imported"] = layout.block(order, z, regions=False)
        found["imported_final"] = layout.block(order, final, regions=False)
    for role in ("exports", "outflow", "imports", "inflow", "error"):
        at = layout.across(role)
        if at and not (role in ("imports", "inflow") and bought):
            found[role] = pd.Series(
                layout.cells.iloc[rows, at].to_numpy().sum(axis=1), labels
            ).infer_objects()
    margins = {k: v for k, v in _margins(layout, rows, z, labels).items() if v is not None}
    made = IOTable.from_frames(
        layout.block(rows, z, regions=False), **{**found, **margins, **options, "tolerance": tolerance}
    )
    return replace(made, controls=controls)
