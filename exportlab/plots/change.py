"""Pictures of change: amounts by year, like months compared, growth against share, a bloc's share by membership."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.periods import Period, read
from exportlab.plots.given import need, sorted_in_time
from exportlab.plots.lines import squares
from exportlab.plots.structure import heatmap
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    INSIDE,
    LEFT_OVER,
    MARKERS,
    PALETTE,
    RC,
    SINGLE,
    beside,
    end_labels,
    finish,
    hover,
    hover_points,
    inches,
    new_axes,
    period_ticks,
    place_names,
    styled,
    whole_ticks,
)
from exportlab.words import Text, _, percent, said, sentences, spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MONTHS = 12
TANGLE = 5  # years, beyond which their lines cannot be told apart
STEEP = 500  # per cent, above which growth is drawn on an axis of logarithms beyond 100
FEW = 12  # bars that have room for their number
FADED = ("#c9ced6", "#a7afba", "#848e9c")  # earlier years, the further the paler


@styled
def yearly(
    table: pd.DataFrame,
    *,
    period: str = "period",
    value: str = "value",
    unit: Text,
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """An amount by period as bars, the last one marked, each with its change on the period before.

    Parameters
    ----------
    table : DataFrame
        One row a period, in any order. A change is printed where the period before is the one before it in time,
        and never against zero.
    period, value : str
    unit : str
        Of the values, for the axis.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.
    """
    table = need(table, period, figures=[value])
    table = sorted_in_time(table, period)
    labels, amounts = list(table[period]), table[value].to_numpy(float)
    changes = _changes(labels, amounts)
    ax = new_axes(ax, size=(DOUBLE[0], 3.0))
    colours = [LEFT_OVER] * (len(labels) - 1) + [PALETTE[0]]
    bars = ax.bar(range(len(labels)), amounts, width=0.66, color=colours)
    for bar, label, amount in zip(bars, labels, amounts, strict=True):
        hover(bar, said("{name}: {value}", name=label, value=f"{amount:,.1f}"))
    if len(labels) <= FEW:
        room = beside(ax, INSIDE, 0.85) / len(labels)
        if max(map(squares, changes)) > room:  # too near each other: the last change alone
            changes = [""] * (len(labels) - 1) + changes[-1:]
        written = [f"{a:,.0f}" if abs(a) >= 1000 else f"{a:,.4g}" for a in amounts]
        printed = [f"{a}\n{c}" if c else a for a, c in zip(written, changes, strict=True)]
        step = 1 if max(map(squares, written)) + 0.5 < room else 2
        printed = [text if (len(printed) - k) % step == 1 % step else "" for k, text in enumerate(printed)]
        ax.bar_label(bars, printed, padding=2, fontsize=INSIDE)
    ax.set_ylim(min(0.0, float(np.nanmin(amounts))), 1.2 * float(np.nanmax(amounts)))
    ax.grid(axis="x", visible=False)
    period_ticks(ax, labels)
    whole_ticks(ax.yaxis)
    return finish(ax, title=title, y=unit, source=source, note=note)


def _changes(labels: Sequence[Any], amounts: Any) -> list[str]:
    """The change of each period on the one before it; empty where that is not there, or zero."""
    found = [""] * len(labels)
    if len(labels) < 2:
        return found
    calendar = read(labels)
    for k in range(1, len(labels)):
        if calendar.ordered and calendar.follows(labels[k - 1], labels[k]) and amounts[k - 1] > 0:
            found[k] = f"{amounts[k] / amounts[k - 1] - 1:+.1%}"
    return found


@styled
def like_months(
    table: pd.DataFrame,
    *,
    period: str = "period",
    value: str = "value",
    scale: float = 1.0,
    unit: Text = "",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Months or quarters over the year, one line a year: each against the same one of other years.

    Parameters
    ----------
    table : DataFrame
        One row a month or quarter; those without a row are gaps, never bridged.
    period, value : str
    scale : float
        What values are multiplied with (100 for per cent).
    unit : str
        Of the axis, after scaling.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.

    Raises
    ------
    DataError
        Periods that are no single months, quarters or half-years.
    """
    lines, per_year = _years(need(table, period, figures=[value]), period, value, scale)
    ax = new_axes(ax, size=DOUBLE)
    ends = [_line_of(ax, year, lines, unit) for year in sorted(lines)]
    step = -(-per_year // int(beside(ax, RC["xtick.labelsize"], 0.8) / 2.6))
    ax.set_xticks(range(0, per_year, step), _steps_of(per_year)[::step])
    ax.set_xlim(-0.4, per_year - 0.6)
    _from_zero(ax)
    whole_ticks(ax.yaxis)
    end_labels(ax, ends)
    return finish(ax, title=title, y=unit, source=source, note=note)


@styled
def months_by_years(
    table: pd.DataFrame,
    *,
    period: str = "period",
    value: str = "value",
    scale: float = 1.0,
    fmt: str = ",.4g",
    unit: Text = "",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Months or quarters across, years downwards, the amount as a colour: many years at one glance.

    Parameters
    ----------
    table : DataFrame
        One row a month or quarter; those without a row are blank.
    period, value : str
    scale : float
        What values are multiplied with (100 for per cent).
    fmt : str
        Of the printed numbers.
    unit : str
        Of the colours, after scaling.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.

    Raises
    ------
    DataError
        Periods that are no single months, quarters or half-years.
    """
    lines, per_year = _years(need(table, period, figures=[value]), period, value, scale)
    matrix = pd.DataFrame([lines[y] for y in sorted(lines)], index=sorted(lines), columns=_steps_of(per_year))
    ax = new_axes(ax, size=(DOUBLE[0], 1.4 + 0.28 * len(matrix)), wide=True)
    return heatmap(matrix, fmt=fmt, unit=unit, title=title, source=source, note=note, ax=ax)


def _years(table: pd.DataFrame, period: str, value: str, scale: float) -> tuple[dict[int, Any], int]:
    """Each year's values by its months or quarters, and how many a year has."""
    calendar = read(table[period].unique())
    if calendar.frequency not in ("month", "quarter", "half"):
        raise DataError(
            said("column {period} has no months, quarters or half-years", period=repr(period)),
            said("Like periods of several years are compared; draw years as they are."),
            first=str(table[period].iloc[0]),
        )
    known, per_year = [calendar.period(x) for x in table[period]], calendar.per_year or MONTHS
    return _by_year(known, table[value].to_numpy(float) * scale, per_year), per_year


def like_periods(table: pd.DataFrame, *, period: str, value: str, **options: Any) -> Axes:
    """Like months compared as suits their number: a line a year, or colours where lines would be a tangle."""
    years = len(_years(need(table, period, figures=[value]), period, value, 1.0)[0])
    draw = like_months if years <= TANGLE else months_by_years
    return draw(table, period=period, value=value, **options)


def _by_year(known: Sequence[Period], values: Any, per_year: int) -> dict[int, Any]:
    """Each year's values by its months, NaN where there is none."""
    months = MONTHS // per_year
    lines: dict[int, Any] = {}
    for one, amount in zip(known, values, strict=True):
        at = one.start % MONTHS // months
        lines.setdefault(one.year, np.full(per_year, np.nan))[at] = amount
    return lines


def _line_of(ax: Axes, year: int, lines: Mapping[int, Any], unit: Text) -> tuple[float, str, str, str]:
    """Draw one year; where its line ends, and how it is marked."""
    age = max(lines) - year
    last = age == 0
    colour = PALETTE[0] if last else FADED[max(0, len(FADED) - age)]
    marker, values = MARKERS[age % len(MARKERS)], lines[year]
    ax.plot(
        range(len(values)),
        values,
        color=colour,
        marker=marker,
        linewidth=2.0 if last else 1.1,
        zorder=3 - 0.01 * age,
    )
    seen = np.flatnonzero(np.isfinite(values))
    words = [
        said("{name}: {value}", name=f"{year}/{k + 1}", value=f"{values[k]:,.4g} {spoken(unit)}")
        for k in seen
    ]
    hover_points(ax, seen.tolist(), values[seen].tolist(), words)
    return float(values[seen[-1]]), str(year), colour, marker


def _steps_of(per_year: int) -> list[str]:
    if per_year == MONTHS:
        return [
            _("Jan"),
            _("Feb"),
            _("Mar"),
            _("Apr"),
            _("May"),
            _("Jun"),
            _("Jul"),
            _("Aug"),
            _("Sep"),
            _("Oct"),
            _("Nov"),
            _("Dec"),
        ]
    return [f"{'Q' if per_year == 4 else 'H'}{k + 1}" for k in range(per_year)]


def _from_zero(ax: Axes) -> None:
    """The axis from zero where all is above it."""
    if ax.get_ylim()[0] > 0 or min(float(np.nanmin(line.get_ydata())) for line in ax.lines) >= 0:
        ax.set_ylim(bottom=0)


@styled
def growth_bubbles(
    table: pd.DataFrame,
    *,
    label: str,
    before: str = "before",
    after: str = "after",
    names: Mapping[Any, str] | None = None,
    top: int = 20,
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Growth against share, one bubble a member, its area the value now: who is large, and who grows.

    Parameters
    ----------
    table : DataFrame
        One row a member, with its value in the period before and now.
    label, before, after : str
        The columns.
    names : mapping, optional
        What labels are called.
    top : int
        How many members are drawn, the largest now.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.

    Returns
    -------
    Axes
        Members without a value before have no growth, and are counted in the note. The dashed line is the growth of
        the total.
    """
    table = need(table, label, figures=[before, after])
    largest = table[table[after] > 0].nlargest(top, after)
    shown = largest[largest[before] > 0]
    if shown.empty:
        raise DataError(
            said("no member has a value in both periods"), said("Growth takes two values above zero.")
        )
    total, earlier = float(table[after].sum()), float(table[before].sum())
    share, growth = 100 * shown[after] / total, 100 * (shown[after] / shown[before] - 1)
    called = [(names or {}).get(x, str(x)) for x in shown[label]]
    ax = new_axes(ax, size=(DOUBLE[0], 4.0), narrow=SINGLE[1])
    area = 12 + 700 * shown[after] / float(shown[after].max()) * (inches(ax)[0] / DOUBLE[0])
    ax.axhline(0, color="black", linewidth=0.8)
    ax.axhline(100 * (total / earlier - 1), color=GREY, linewidth=0.8, linestyle="--")
    for bubble in zip(share, growth, area, called, strict=True):
        _bubble(ax, *bubble)
    if share.max() > 30 * share.min():
        ax.set_xscale("log")
    if growth.max() > STEEP:
        ax.set_yscale("symlog", linthresh=100)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    whole_ticks(ax.yaxis, "%")
    ax.margins(0.08)
    new = len(largest) - len(shown)
    words = sentences(
        _("Area: value now; dashed: growth of the total."),
        _("Without a value before, so not drawn: {n}.", n=new) if new else "",
        spoken(note or ""),
    )
    finish(ax, title=title, x=said("share of the total, %"), y=said("growth, %"), source=source, note=words)
    place_names(ax, share.to_numpy(float), growth.to_numpy(float), area.to_numpy(float), names=called)
    return ax


def _bubble(ax: Axes, x: float, y: float, size: float, name: str) -> None:
    """One member, with its figures on hover."""
    bubble = ax.scatter(
        [x],
        [y],
        s=[size],
        color=PALETTE[0] if y >= 0 else PALETTE[1],
        alpha=0.6,
        edgecolors="white",
        linewidths=0.6,
        zorder=3,
    )
    hover(
        bubble,
        said(
            "{name}: {share} of the total, growth {growth}",
            name=name,
            share=percent(x / 100),
            growth=f"{y:+.1f}%",
        ),
    )


@styled
def membership_shares(
    tables: Mapping[str, pd.DataFrame],
    *,
    period: str = "period",
    share: str = "bloc_share",
    entries: Mapping[str, date] | None = None,
    bloc: str = "RCEP",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A bloc's share by each way to count its members, the days marked on which the agreement entered into force.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        What a way to count is called, to its shares by period (members in force, all of today, signatories).
    period, share : str
    entries : mapping of str to date, optional
        What to write at a day; days before the first and after the last period are left out.
    bloc : str
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.
    """
    tables = {name: need(table, period, figures=[share]) for name, table in tables.items()}
    order = list(sorted_in_time(next(iter(tables.values())), period)[period])
    ax = new_axes(ax, size=DOUBLE)
    ends = []
    for k, (name, table) in enumerate(tables.items()):
        line = sorted_in_time(table, period)
        at, values = [order.index(p) for p in line[period]], (100 * line[share].astype(float)).tolist()
        style: dict[str, Any] = {
            "color": PALETTE[k],
            "marker": MARKERS[k],
            "linestyle": "-" if k == 0 else "--",
        }
        ax.plot(at, values, **style)
        hover_points(
            ax,
            at,
            values,
            [
                said("{name}: {share}", name=p, share=percent(v / 100))
                for p, v in zip(line[period], values, strict=True)
            ],
        )
        ends.append((values[-1], f"{name} {values[-1]:.1f}%", PALETTE[k], MARKERS[k]))
    ax.set_ylim(0, 1.18 * max(1e-9, *(float(100 * t[share].max()) for t in tables.values())))
    period_ticks(ax, order)
    _mark_days(ax, order, entries or {})
    end_labels(ax, ends)
    return finish(ax, title=title, y=said("share of {bloc}, %", bloc=bloc), source=source, note=note)


def _mark_days(ax: Axes, order: Sequence[Any], entries: Mapping[str, date]) -> None:
    """A line at each day, within the period that it falls into: at its middle a period is drawn."""
    calendar = read(order)
    if not calendar.ordered or calendar.frequency in ("number", "fiscal"):
        return
    spans = [calendar.period(p) for p in order]
    for name, day in entries.items():
        for k, span in enumerate(spans):
            if span.first_day <= day <= span.last_day:
                part = (day - span.first_day).days / ((span.last_day - span.first_day).days + 1)
                ax.axvline(k - 0.5 + part, color=GREY, linewidth=0.8, linestyle=":")
                ax.annotate(
                    name,
                    (k - 0.5 + part, 1.0),
                    xycoords=("data", "axes fraction"),
                    xytext=(2, -2),
                    textcoords="offset points",
                    fontsize=INSIDE,
                    color=GREY,
                    va="top",
                    ha="left" if k < 0.5 * len(order) else "right",
                )
                break
