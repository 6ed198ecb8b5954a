"""Pictures of structure: shares, the Lorenz curve, concentration with bounds, advantage, a bloc's share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.indices.catalogue import CATALOGUE
from exportlab.plots.given import (
    amounts_given,
    bloc_given,
    drawable,
    in_time,
    index_given,
    need,
    shares_given,
    sorted_in_time,
    values_given,
)
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    MARKERS,
    PALETTE,
    SINGLE,
    end_labels,
    finish,
    hover,
    hover_points,
    legend_beside,
    name_rows,
    new_axes,
    period_ticks,
    range_line,
    styled,
)
from exportlab.words import Text, _, percent, said, sentences, spoken

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    from exportlab.indices.survival import Survival
    from exportlab.indices.transitions import Transitions

FEW = 4  # periods that are drawn as bars, in the order given


@styled
def market_shares(
    table: Any,
    *,
    period: str | None = None,
    member: str | None = None,
    share: str | None = None,
    top: int = 8,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Shares of the largest members over time, as lines that are named at their ends; one period as bars.

    Parameters
    ----------
    table : Flows, or table of any engine
        Flows, whose markets are drawn (or the role that `member` names); or one row per period and member, as
        `exportlab.share` gives.
    period, member, share : str, optional
        Its columns; by default they are told by what they hold, where only one can be meant.
    top : int
        How many members to draw: the largest in the last period.
    title, source : str, optional
    ax : Axes, optional
        By default a new figure.
    """
    given = shares_given(table, period, member, share)
    table, (period, member, share), source = given.table, given.columns, source or given.source
    order = in_time(table, period)
    last = table[table[period] == order[-1]].nlargest(top, share)
    ax = new_axes(ax, size=DOUBLE)
    if len(order) == 1:
        shown = last[::-1]
        bars = ax.barh(range(len(shown)), 100 * shown[share], color=PALETTE[0], height=0.7)
        for bar, name, part in zip(bars, shown[member], shown[share], strict=True):
            hover(bar, said("{name}: {share}", name=name, share=percent(part)))
        name_rows(ax, range(len(shown)), shown[member])
        ax.bar_label(bars, fmt="%.1f", padding=3, fontsize=7)
        ax.set_xlim(right=108 * float(shown[share].max()))
        ax.grid(axis="y", visible=False)
        return finish(ax, title=title, x=said("share of the total, %"), source=source)
    positions = {p: i for i, p in enumerate(order)}
    ends = []
    for i, name in enumerate(last[member]):
        line = table[table[member] == name].assign(_at=lambda t: t[period].map(positions)).sort_values("_at")
        ax.plot(
            line["_at"],
            100 * line[share],
            color=PALETTE[i % len(PALETTE)],
            marker=MARKERS[i % len(MARKERS)],
            label=str(name),
        )
        words = [
            said("{name}: {share}", name=f"{name}, {p}", share=percent(v))
            for p, v in zip(line[period], line[share], strict=True)
        ]
        hover_points(ax, line["_at"].tolist(), (100 * line[share]).tolist(), words)
        end = float(100 * line[share].iloc[-1])
        ends.append((end, f"{name} {end:.1f}%", PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]))
    period_ticks(ax, list(positions))
    ax.set_ylim(bottom=0)
    end_labels(ax, ends)
    return finish(ax, title=title, y=said("share of the total, %"), source=source)


@styled
def lorenz(
    values: Any,
    *,
    over: str | None = None,
    title: Text = "",
    member: Text = said("members"),
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Lorenz curve of the values, with the line of equality and the Gini coefficient.

    Parameters
    ----------
    values : array_like, shape (n,), or Flows
        Values of the members, zeros included; of flows of one period those of their markets.
    over : str, optional
        Of flows: the role whose values are drawn.
    member : str
        What the members are, for the axis.
    """
    x = np.sort(values_given(values, over))
    if x.size == 0 or not np.isfinite(x).all() or (x < 0).any() or x.sum() == 0:
        raise DataError(
            said("a Lorenz curve needs finite values of zero or more, not all zero"),
            said("Got {size} values.", size=x.size),
        )
    curve = np.append(0, x.cumsum()) / x.sum()
    gini = 1 - 2 * np.trapezoid(
        curve, dx=1 / x.size
    )  # twice the area between the curve and the line of equality
    ax = new_axes(ax, size=SINGLE)
    ax.plot([0, 100], [0, 100], color=GREY, linestyle="--", linewidth=0.8)
    ax.plot(np.linspace(0, 100, x.size + 1), 100 * curve, color=PALETTE[0])
    ax.text(6, 88, _("Gini {value}", value=f"{gini:.3f}"), fontsize=8)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    below = said("{members}, smallest first, %", members=member)
    return finish(ax, title=title, x=below, y=said("of the value, %"), source=source)


@styled
def concentration(
    table: Any,
    *,
    period: str | None = None,
    value: str = "hhi",
    low: str | None = None,
    high: str | None = None,
    over: str | None = None,
    title: Text = "",
    label: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """An index by period: a line where it is known, dots at its lower and upper bound and a line between where not.

    Parameters
    ----------
    table : Flows, or table of any engine
        One row per period, with `value`, or with `low` and `high`; or flows, of which the index `value` is measured.
    period : str, optional
        By default the only column of periods.
    value : str
        The column, and of flows the name of the indicator.
    over : str, optional
        Of flows: what the index is spread over; by default their markets.
    label : str, optional
        Of the axis; by default the indicator's title.
    """
    given = index_given(table, period, value, over)
    (period, value), source = given.columns, source or given.source
    table = need(given.table, figures=[low, high] if low and high else [value])
    label = label or (_(CATALOGUE[value].title) if value in CATALOGUE else value)
    table = table if low and high else sorted_in_time(table, period)
    order = list(table[period])
    if low and high:
        ax = new_axes(ax, size=(DOUBLE[0], 1.3 + 0.3 * len(order)))
        for k, (a, b) in enumerate(zip(table[low], table[high], strict=True)):
            range_line(ax, k, (a, b), (f"{a:.3f}", f"{b:.3f}"))
        ax.set_yticks(range(len(order)), [str(p) for p in order])
        ax.set_ylim(len(order) - 0.4, -0.6)
        ax.set_xlim(0, 1.3 * float(table[high].max()))
        ax.grid(axis="y", visible=False)
        return finish(ax, title=title, x=label, source=source, note=note)
    ax = new_axes(ax, size=DOUBLE)
    ax.plot(range(len(order)), table[value], color=PALETTE[0], marker=MARKERS[0])
    hover_points(
        ax,
        range(len(order)),
        list(table[value]),
        [f"{p}: {v:.4f}" for p, v in zip(order, table[value], strict=True)],
    )
    ax.set_ylim(0, 1.1 * float(table[value].max()))
    period_ticks(ax, order)
    return finish(ax, title=title, y=label, source=source, note=note)


@styled
def rca_bars(
    table: Any,
    *,
    product: str = "product",
    rca: str = "rca",
    top: int = 15,
    neutral: float = 1.0,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Revealed comparative advantage by product, the neutral value marked."""
    table = need(table, product, figures=[rca])
    shown = table.nlargest(top, rca)[::-1]
    ax = new_axes(ax, size=(DOUBLE[0], max(1.3, 0.26 * len(shown) + 0.9)))
    colours = [PALETTE[0] if v >= neutral else PALETTE[1] for v in shown[rca]]
    bars = ax.barh(range(len(shown)), shown[rca], color=colours, height=0.7)
    name_rows(ax, range(len(shown)), shown[product])
    clear = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # where the neutral line runs through
    ax.bar_label(bars, fmt="%.2f", padding=3, fontsize=7, bbox=clear)
    ax.axvline(neutral, color="black", linewidth=0.8)
    ax.set_ylim(-0.7, len(shown) - 0.3)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(right=max(float(shown[rca].max()), neutral) * 1.12)
    x = said("revealed comparative advantage (neutral: {value})", value=f"{neutral:g}")
    return finish(ax, title=title, x=x, source=source)


@styled
def bloc_share(
    table: Any,
    *,
    period: str | None = None,
    share: str = "bloc_share",
    bloc: str = "RCEP",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A bloc's share by period: a line, or bars in the order given where there are few periods.

    Parameters
    ----------
    table : Flows, or table of any engine
        One row per period; or flows, of which the share is measured with the membership of each period.
    period : str, optional
        By default the only column of periods.
    share, bloc : str
        Its column, and whose share it is.
    """
    given = bloc_given(table, period, share, bloc)
    table, (period, share), source = given.table, given.columns, source or given.source
    table = table if len(table) <= FEW else sorted_in_time(table, period)
    order = list(table[period])
    ax = new_axes(ax, size=DOUBLE)
    if len(order) <= FEW:
        bars = ax.bar(range(len(order)), 100 * table[share], width=0.35, color=PALETTE[0])
        ax.bar_label(bars, fmt="%.1f", padding=2, fontsize=7.5)
        ax.set_xlim(-0.8, len(order) - 0.2)
    else:
        ax.plot(range(len(order)), 100 * table[share], color=PALETTE[0], marker=MARKERS[0])
    ax.set_ylim(0, float(100 * table[share].max()) * 1.2)
    period_ticks(ax, order)
    return finish(ax, title=title, y=said("share of {bloc}, %", bloc=bloc), source=source, note=note)


@styled
def series(
    table: Any,
    *,
    period: str | None = None,
    columns: Sequence[str] = (),
    unit: str = "",
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One or more amounts over time; periods without a figure are gaps, never bridged.

    Parameters
    ----------
    table : Flows, or table of any engine
        One row per period with `columns`; or flows, of which the value in all is drawn.
    period : str, optional
        By default the only column of periods.
    columns : sequence of str
        The amounts, in one `unit`.
    """
    given = amounts_given(table, period, columns)
    (period, *columns), source = given.columns, source or given.source
    unit = unit or getattr(table, "unit", None) or ""
    table = sorted_in_time(given.table, period)
    order = list(table[period])
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


# Pictures of change: signed parts stacked by period or group, with their sum.


@styled
def stacked_parts(
    table: Any,
    *,
    parts: Sequence[str] | Mapping[str, str],
    total: str | None = None,
    label: str = "period",
    scale: float = 1.0,
    unit: Text = "",
    title: Text = "",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Parts of a change as stacked bars, gains above zero and losses below, their sum as a point.

    Parameters
    ----------
    table : DataFrame
        One row per bar, such as `growth_margins` or `constant_market_share` gives.
    parts : sequence of str, or mapping of str to str
        Its columns to stack, or columns and the names they are to have.
    total : str, optional
        The column that the parts add up to, marked as a point.
    label : str
        The column that names a bar.
    scale : float
        What values are multiplied with (100 for per cent).
    unit : str
        Of the axis, after scaling.
    title, source, note : str, optional
    ax : Axes, optional
        By default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        A column that is not there; values that are missing; parts that do not add up to `total`.
    """
    names = dict(parts) if isinstance(parts, Mapping) else {p: p.replace("_", " ") for p in parts}
    table = need(table, label, figures=[*names, *([total] if total else [])])
    values = scale * table[list(names)].to_numpy(float)
    _refuse(table, values, label, scale * table[total].to_numpy(float) if total else values.sum(axis=1))
    where = np.arange(len(table))
    ax = new_axes(ax, size=DOUBLE)
    above, below = np.zeros(len(table)), np.zeros(len(table))
    for k, (column, name) in enumerate(zip(values.T, names.values(), strict=True)):
        bottom = np.where(column >= 0, above, below)
        ax.bar(where, column, bottom=bottom, width=0.6, color=PALETTE[k % len(PALETTE)], label=name)
        above, below = above + np.maximum(column, 0), below + np.minimum(column, 0)
    if total:
        ax.plot(
            where,
            values.sum(axis=1),
            "D",
            color="black",
            markersize=5,
            markeredgecolor="white",
            label=_("sum"),
        )
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_ylim(1.08 * below.min(), 1.08 * above.max())
    ax.set_xticks(where, table[label].astype(str).tolist())
    ax.grid(axis="x", visible=False)
    legend_beside(ax)
    return finish(ax, title=title, y=unit, source=source, note=note)


def _refuse(
    table: pd.DataFrame, values: npt.NDArray[np.float64], label: str, whole: npt.NDArray[np.float64]
) -> None:
    gone = ~np.isfinite(values).all(axis=1) | ~np.isfinite(whole)
    names = table[label].astype(str).tolist()
    if gone.any():
        raise DataError(
            said("a part or the total is missing"),
            said("Draw the rows that are defined."),
            rows=int(gone.sum()),
            first=f"{label} {names[int(np.argmax(gone))]}",
        )
    off = np.abs(values.sum(axis=1) - whole) > 1e-6 * np.abs(values).sum(axis=1) + 1e-12
    if off.any():
        k = int(np.argmax(off))
        raise DataError(
            said("the parts do not add up to the total"),
            said("Name all of its parts, or leave total= out."),
            rows=int(off.sum()),
            first=said(
                "{cell}: {sum}, not {whole}",
                cell=f"{label} {names[k]}",
                sum=f"{values[k].sum():.6g}",
                whole=f"{whole[k]:.6g}",
            ),
        )


# Pictures of matrices: heat maps with the numbers printed, and the transitions of advantage.

PRINTED_UP_TO = 150  # cells; beyond, numbers no longer fit


@styled
def heatmap(
    matrix: pd.DataFrame,
    *,
    title: Text = "",
    x: Text = "",
    y: Text = "",
    unit: Text = "",
    fmt: str = ".2f",
    source: str | None = None,
    note: Text | None = None,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """Draw a matrix as colours, its numbers printed where they fit.

    Parameters
    ----------
    matrix : DataFrame
        Numbers by row and column label, such as a pivoted table of pairs; NaN is left blank.
    title, x, y, unit : str
        What it shows: columns, rows, and the colours.
    fmt : str
        Of the printed numbers.
    source, note : str, optional
    ax : Axes, optional
        By default a new figure.
    options
        Passed to `seaborn.heatmap`.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        No cell has a number.
    """
    import seaborn as sns

    columns = [drawable(matrix.iloc[:, [k]], [name]) for k, name in enumerate(matrix.columns)]
    values = pd.concat(columns, axis=1).astype(float) if columns else matrix.astype(float)
    if not bool(np.isfinite(values.to_numpy()).any()):
        raise DataError(
            said("the matrix of {shape} has no number", shape=values.shape), said("There is nothing to draw.")
        )
    longest = max(len(str(c)) for c in values.columns)
    slanted = longest > 11
    ax = new_axes(
        ax, size=(2.2 + (0.42 if slanted else 0.7) * values.shape[1], 1.5 + 0.3 * len(values)), wide=True
    )
    colours: dict[str, Any] = {"cmap": "crest"}
    if bool((values < 0).any(axis=None)):
        reach = float(np.nanmax(np.abs(values.to_numpy())))
        colours = {"cmap": "vlag", "vmin": -reach, "vmax": reach}
    settings = {
        "annot": values.size <= PRINTED_UP_TO,
        "fmt": fmt,
        "annot_kws": {"fontsize": 7},
        "linewidths": 0.4,
        "cbar_kws": {"label": spoken(unit)},
    }
    sns.heatmap(values, ax=ax, **{**colours, **settings, **options})
    ax.grid(False)
    ax.tick_params(axis="x", rotation=45 if slanted else 0, length=0)
    ax.tick_params(axis="y", rotation=0, length=0)
    for text in ax.get_xticklabels() if slanted else []:
        text.set(ha="right", rotation_mode="anchor")
    return finish(ax, title=title, x=x, y=y, source=source, note=note)


def transition_matrix(result: Transitions, *, ax: Axes | None = None, source: str | None = None) -> Axes:
    """Draw the Markov matrix of advantage: of each class, the share that is in each class next.

    Parameters
    ----------
    result : Transitions
        From `exportlab.rca_transitions`. The row of a class that nothing left is blank.
    ax : Axes, optional
    source : str, optional

    Returns
    -------
    Axes
    """
    import pandas as pd

    moves = result.counts.sum(axis=1)
    rows = [f"{label}  (n = {n:,})" for label, n in zip(result.labels, moves, strict=True)]
    shares = pd.DataFrame(100 * result.probabilities, index=rows, columns=list(result.labels))
    later = said("class one period later")
    if result.lag != 1:
        later = said("class {n} periods later", n=result.lag)
    ergodic = ", ".join(f"{100 * share:.0f}" for share in result.ergodic)
    known = (
        _("Ergodic distribution: {shares} %.", shares=ergodic) if np.isfinite(result.ergodic).all() else ""
    )
    mobility = f"{result.mobility:.2f}"
    moved = _("Mobility {value} (Shorrocks).", value=mobility) if np.isfinite(result.mobility) else ""
    return heatmap(
        shares,
        title=said("Where advantage goes"),
        x=later,
        y=said("class of advantage"),
        unit=said("% of the row"),
        fmt=".0f",
        vmin=0,
        vmax=100,
        note=sentences(known, moved) or None,
        source=source,
        ax=ax,
    )


# Survival curves.


@styled
def survival_curves(
    result: Survival, *, ax: Axes | None = None, intervals: bool = True, source: str | None = None
) -> Axes:
    """Draw the share of export spells that last longer than each time, one curve a group.

    Parameters
    ----------
    result : Survival
    ax : Axes, optional
    intervals : bool
        Shade the confidence intervals.
    source : str, optional

    Returns
    -------
    Axes
        Each curve goes on to the longest spell of its group, seen to its end or not.
    """
    import pandas as pd

    by = list(result.by)
    groups = list(result.table.groupby(by)) if by else [((), result.table)]
    spells: dict[Any, Any] = dict(list(result.spells.groupby(by))) if by else {(): result.spells}
    axes = new_axes(ax)
    for k, (label, curve) in enumerate(groups):
        color, named = PALETTE[k % len(PALETTE)], ", ".join(str(x) for x in label)
        end = curve.iloc[[-1]].assign(time=spells[label]["duration"].max())
        drawn = pd.concat([curve, end])
        axes.step([0.0, *drawn["time"]], [1.0, *drawn["survival"]], where="post", color=color, label=named)
        if intervals:
            low, high = drawn["conf_low"], drawn["conf_high"]
            axes.fill_between(drawn["time"], low, high, step="post", color=color, alpha=0.15, linewidth=0)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    if by:
        axes.legend(title=", ".join(by), title_fontsize="small")
    return finish(
        axes,
        title=result.title,
        x=said("periods since the spell began"),
        y=said("share still exported"),
        source=source,
    )
