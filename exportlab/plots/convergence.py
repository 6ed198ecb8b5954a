"""Pictures of convergence: dispersion, growth over the level, clubs, moves among neighbours, densities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import UnknownName
from exportlab.plots.given import need
from exportlab.plots.style import (
    DOUBLE,
    GREY,
    MARKERS,
    PALETTE,
    finish,
    legend_beside,
    new_axes,
    period_ticks,
    styled,
)
from exportlab.words import Text, _, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.convergence import (
        BetaConvergence,
        ConvergenceClubs,
        RelativeDensity,
        SigmaConvergence,
        SpatialMarkov,
    )


@styled
def dispersion(
    result: SigmaConvergence, *, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the dispersion of logarithms and the coefficient of variation over time.

    Parameters
    ----------
    result : SigmaConvergence
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.table, "sd_log", "cv")
    table = result.table
    ax = new_axes(ax, size=(DOUBLE[0], 3.2))
    names = {"sd_log": _("standard deviation of logarithms"), "cv": _("coefficient of variation")}
    for k, (column, name) in enumerate(names.items()):
        ax.plot(range(len(table)), table[column], marker=MARKERS[k], color=PALETTE[k], label=name)
    period_ticks(ax, list(table[result.period]))
    ax.set_ylim(bottom=0)
    legend_beside(ax)
    return finish(ax, title=title, source=source)


@styled
def growth(
    result: BetaConvergence, *, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw growth over the logarithm of the initial level, with the line of the regression through the means.

    Parameters
    ----------
    result : BetaConvergence
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.points, "initial", "growth")
    x, y = result.points["initial"].to_numpy(), 100 * result.points["growth"].to_numpy()
    ax = new_axes(ax, size=(DOUBLE[0], 3.4))
    ax.plot(x, y, "o", color=GREY)
    ends = np.array([x.min(), x.max()])
    ax.plot(ends, y.mean() + 100 * result.table["estimate"].iloc[0] * (ends - x.mean()), color=PALETTE[1])
    return finish(
        ax,
        title=title,
        x=said("logarithm of the initial level"),
        y=said("growth a period, %"),
        source=source,
    )


@styled
def paths(
    result: ConvergenceClubs, *, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the relative transition path of each unit, coloured by club, and the mean of each club.

    Parameters
    ----------
    result : ConvergenceClubs
    title, source : str, optional
    ax : Axes, optional
    """
    need(result.paths, "club", "h")
    ax = new_axes(ax, size=(DOUBLE[0], 3.6))
    wide = result.paths.pivot_table(index=result.period, columns=result.unit, values="h", sort=False)
    member = dict(zip(result.table[result.unit], result.table["club"], strict=True))
    at = range(len(wide))
    for club in result.clubs["club"]:
        colour = GREY if club == 0 else PALETTE[(club - 1) % len(PALETTE)]
        own = wide[[u for u in wide.columns if member[u] == club]]
        ax.plot(at, own, color=colour, linewidth=0.7, alpha=0.5)
        name = _("divergent") if club == 0 else _("club {n}", n=club)
        ax.plot(at, own.mean(axis=1), color=colour, linewidth=2, label=name)
    ax.axhline(1, color="black", linewidth=0.8)
    period_ticks(ax, list(wide.index))
    legend_beside(ax)
    return finish(ax, title=title, y=said("relative to the mean of all"), source=source)


@styled
def moves(
    result: SpatialMarkov, *, title: Text = "", source: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the probability of moving up and down from each class, by the class of the neighbours.

    Parameters
    ----------
    result : SpatialMarkov
    title, source : str, optional
    ax : Axes, optional
    """
    ax = new_axes(ax, size=(DOUBLE[0], 3.4))
    near = np.arange(1, len(result.conditional) + 1)
    for k in range(len(result.whole.labels)):
        rows = np.array([c.probabilities[k] for c in result.conditional])
        colour, marker = PALETTE[k % len(PALETTE)], MARKERS[k % len(MARKERS)]
        if k + 1 < rows.shape[1]:
            up = 100 * rows[:, k + 1 :].sum(axis=1)
            ax.plot(near, up, color=colour, marker=marker, label=_("up from class {n}", n=k + 1))
        if k:
            down = 100 * rows[:, :k].sum(axis=1)
            label = _("down from class {n}", n=k + 1)
            ax.plot(near, down, color=colour, marker=marker, linestyle="--", label=label)
    ax.set_xticks(near)
    ax.set_ylim(bottom=0)
    legend_beside(ax)
    return finish(
        ax,
        title=title,
        x=said("class of the neighbours (1: the lowest)"),
        y=said("probability, %"),
        source=source,
    )


@styled
def densities(
    result: RelativeDensity,
    *,
    periods: Sequence[Any] | None = None,
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the density of some periods, and the long run that the moves lead to.

    Parameters
    ----------
    result : RelativeDensity
    periods : sequence, optional
        By default the first, the middle and the last.
    title, source : str, optional
    ax : Axes, optional
    """
    known = result.table.iloc[:, 0].tolist()
    chosen = (
        list(dict.fromkeys([known[0], known[len(known) // 2], known[-1]]))
        if periods is None
        else list(periods)
    )
    for label in chosen:
        if label not in known:
            raise UnknownName("period of the densities", label, map(str, known))
    ax = new_axes(ax, size=(DOUBLE[0], 3.4))
    for k, label in enumerate(chosen):
        ax.plot(
            result.at,
            result.densities[known.index(label)],
            color=PALETTE[k % len(PALETTE)],
            label=str(label),
        )
    ax.plot(result.at, result.ergodic, color="black", linestyle="--", label=_("long run"))
    legend_beside(ax)
    return finish(ax, title=title, x=said("relative to the mean"), y=said("density"), source=source)
