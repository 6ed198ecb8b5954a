"""Pictures of structure: shares, the Lorenz curve, concentration with bounds, advantage, a bloc's share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.periods import UnreadPeriods, read
from exportlab.plots.style import DOUBLE, GREY, MARKERS, PALETTE, SINGLE, context, finish, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


FEW = 4  # periods that are drawn as bars, in the order given


def need(table: pd.DataFrame, *columns: str) -> None:
    """Refuse a table that lacks what the picture draws."""
    missing = [c for c in columns if c not in table.columns]
    if missing:
        raise DataError(f"the table has no column {missing[0]!r}", f"It has: {list(table.columns)}.")
    if table.empty:
        raise DataError("the table has no rows", "There is nothing to draw.")


def in_time(table: pd.DataFrame, period: str) -> list[Any]:
    """The periods of a table in the order of time; refuses several without one."""
    labels = list(table[period].unique())
    if len(labels) == 1:
        return labels
    try:
        calendar = read(labels, name=f"column {period!r}")
    except UnreadPeriods:  # fiscal years and months that are written alike have one order
        calendar = read(labels, name=f"column {period!r}", frequency="month")
    calendar.require_order("a chart over time")
    return list(calendar.labels)


def sorted_in_time(table: pd.DataFrame, period: str) -> pd.DataFrame:
    """The rows in the order of time."""
    place = {p: i for i, p in enumerate(in_time(table, period))}
    return table.sort_values(period, key=lambda column: column.map(place), kind="stable")


def market_shares(
    table: pd.DataFrame, *, period: str = "period", member: str = "market", share: str = "share", top: int = 8,
    title: str = "", source: str | None = None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Shares of the largest members over time, as lines; one period as bars.

    Parameters
    ----------
    table : DataFrame
        One row per period and member, as `exportlab.share` gives.
    period, member, share : str
        Its columns.
    top : int
        How many members to draw: the largest in the last period.
    title, source : str, optional
    ax : Axes, optional
        By default a new figure.
    """
    need(table, period, member, share)
    order = in_time(table, period)
    last = table[table[period] == order[-1]].nlargest(top, share)
    with context():
        ax = new_axes(ax, size=DOUBLE)
        if len(order) == 1:
            shown = last[::-1]
            bars = ax.barh(range(len(shown)), 100 * shown[share], color=PALETTE[0], height=0.7)
            ax.set_yticks(range(len(shown)), shown[member].astype(str))
            ax.bar_label(bars, fmt="%.1f", padding=3, fontsize=7)
            ax.set_xlim(right=108 * float(shown[share].max()))
            ax.grid(axis="y", visible=False)
            return finish(ax, title=title, x="share of the total, %", source=source)
        positions = {p: i for i, p in enumerate(order)}
        for i, name in enumerate(last[member]):
            line = (
                table[table[member] == name].assign(_at=lambda t: t[period].map(positions)).sort_values("_at")
            )
            ax.plot(line["_at"], 100 * line[share], color=PALETTE[i % len(PALETTE)],
                    marker=MARKERS[i % len(MARKERS)], label=str(name))  # fmt: skip
        period_ticks(ax, list(positions))
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        ax.set_ylim(bottom=0)
        return finish(ax, title=title, y="share of the total, %", source=source)


def lorenz(
    values: ArrayLike,
    *,
    title: str = "",
    member: str = "members",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Lorenz curve of the values, with the line of equality and the Gini coefficient.

    Parameters
    ----------
    values : array_like, shape (n,)
        Values of the members, zeros included.
    member : str
        What the members are, for the axis.
    """
    x = np.sort(np.asarray(values, dtype=float))
    if x.size == 0 or not np.isfinite(x).all() or (x < 0).any() or x.sum() == 0:
        raise DataError(
            "a Lorenz curve needs finite values of zero or more, not all zero", f"Got {x.size} values."
        )
    curve = np.append(0, x.cumsum()) / x.sum()
    gini = 1 - 2 * np.trapezoid(
        curve, dx=1 / x.size
    )  # twice the area between the curve and the line of equality
    with context():
        ax = new_axes(ax, size=SINGLE)
        ax.plot([0, 100], [0, 100], color=GREY, linestyle="--", linewidth=0.8)
        ax.plot(np.linspace(0, 100, x.size + 1), 100 * curve, color=PALETTE[0])
        ax.text(6, 88, f"Gini {gini:.3f}", fontsize=8)
        ax.set_xlim(0, 100)
        ax.set_ylim(0, 100)
        return finish(ax, title=title, x=f"{member}, smallest first, %", y="of the value, %", source=source)


def concentration(
    table: pd.DataFrame, *, period: str = "period", value: str = "hhi", low: str | None = None, high: str | None = None,
    title: str = "", label: str = "Herfindahl-Hirschman index", source: str | None = None, note: str | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """An index by period: a line where it is known, a bar from its lower to its upper bound where it is not.

    Parameters
    ----------
    table : DataFrame
        One row per period, with `value`, or with `low` and `high`.
    """
    need(table, period, *([low, high] if low and high else [value]))
    table = table if low and high else sorted_in_time(table, period)
    order = list(table[period])
    with context():
        ax = new_axes(ax, size=DOUBLE)
        if low and high:
            bars = ax.bar(
                range(len(order)), table[high] - table[low], bottom=table[low], width=0.35, color=PALETTE[5]
            )
            ax.bar_label(bars, [f"{a:.3f} - {b:.3f}" for a, b in zip(table[low], table[high], strict=True)],
                         padding=2, fontsize=7)  # fmt: skip
            ax.set_ylim(0, float(table[high].max()) * 1.25)
            ax.set_xlim(-0.8, len(order) - 0.2)
        else:
            ax.plot(range(len(order)), table[value], color=PALETTE[0], marker=MARKERS[0])
            ax.set_ylim(0, 1.1 * float(table[value].max()))
        period_ticks(ax, order)
        return finish(ax, title=title, y=label, source=source, note=note)


def rca_bars(
    table: pd.DataFrame, *, product: str = "product", rca: str = "rca", top: int = 15, neutral: float = 1.0,
    title: str = "", source: str | None = None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Revealed comparative advantage by product, the neutral value marked."""
    need(table, product, rca)
    shown = table.nlargest(top, rca)[::-1]
    with context():
        ax = new_axes(ax, size=(DOUBLE[0], max(1.3, 0.26 * len(shown) + 0.9)))
        colours = [PALETTE[0] if v >= neutral else PALETTE[1] for v in shown[rca]]
        bars = ax.barh(range(len(shown)), shown[rca], color=colours, height=0.7)
        ax.set_yticks(range(len(shown)), shown[product].astype(str))
        clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # where the neutral line runs through
        ax.bar_label(bars, fmt="%.2f", padding=3, fontsize=7, bbox=clear)
        ax.axvline(neutral, color="black", linewidth=0.8)
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.grid(axis="y", visible=False)
        ax.set_xlim(right=max(float(shown[rca].max()), neutral) * 1.12)
        return finish(
            ax, title=title, x=f"revealed comparative advantage (neutral: {neutral:g})", source=source
        )


def bloc_share(
    table: pd.DataFrame, *, period: str = "period", share: str = "bloc_share", bloc: str = "RCEP", title: str = "",
    source: str | None = None, note: str | None = None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """A bloc's share by period: a line, or bars in the order given where there are few periods."""
    need(table, period, share)
    table = table if len(table) <= FEW else sorted_in_time(table, period)
    order = list(table[period])
    with context():
        ax = new_axes(ax, size=DOUBLE)
        if len(order) <= FEW:
            bars = ax.bar(range(len(order)), 100 * table[share], width=0.35, color=PALETTE[0])
            ax.bar_label(bars, fmt="%.1f", padding=2, fontsize=7.5)
            ax.set_xlim(-0.8, len(order) - 0.2)
        else:
            ax.plot(range(len(order)), 100 * table[share], color=PALETTE[0], marker=MARKERS[0])
        ax.set_ylim(0, float(100 * table[share].max()) * 1.2)
        period_ticks(ax, order)
        return finish(ax, title=title, y=f"share of {bloc}, %", source=source, note=note)


def series(
    table: pd.DataFrame, *, period: str = "period", columns: list[str], unit: str, title: str = "",
    source: str | None = None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """One or more amounts over time; periods without a figure are gaps, never bridged."""
    need(table, period, *columns)
    table = sorted_in_time(table, period)
    order = list(table[period])
    with context():
        ax = new_axes(ax, size=DOUBLE)
        for i, column in enumerate(columns):
            ax.plot(
                range(len(order)),
                table[column].astype(float),
                color=PALETTE[i],
                marker=MARKERS[i],
                label=column,
            )
        if len(columns) > 1:
            ax.legend(loc="best")
        ax.set_ylim(bottom=0)
        period_ticks(ax, order)
        return finish(ax, title=title, y=unit, source=source)


def period_ticks(ax: Axes, order: list[Any]) -> None:
    step = max(1, -(-len(order) // 12))
    ax.set_xticks(range(0, len(order), step), [str(p) for p in order[::step]])
