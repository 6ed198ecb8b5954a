"""Survival curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exportlab.plots.style import PALETTE, context, finish, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.indices.survival import Survival


def survival_curves(result: Survival, *, ax: Axes | None = None, intervals: bool = True) -> Axes:
    """Draw the share of export spells that last longer than each time, one curve a group.

    Parameters
    ----------
    result : Survival
    ax : Axes, optional
    intervals : bool
        Shade the confidence intervals.

    Returns
    -------
    Axes
    """
    groups = list(result.table.groupby(list(result.by))) if result.by else [((), result.table)]
    with context():
        axes = new_axes(ax)
        for k, (label, curve) in enumerate(groups):
            color, named = PALETTE[k % len(PALETTE)], ", ".join(str(x) for x in label)
            axes.step(
                [0.0, *curve["time"]], [1.0, *curve["survival"]], where="post", color=color, label=named
            )
            if intervals:
                low, high = curve["conf_low"], curve["conf_high"]
                axes.fill_between(curve["time"], low, high, step="post", color=color, alpha=0.15, linewidth=0)
        axes.set_ylim(0, 1.02)
        if result.by:
            axes.legend(title=", ".join(result.by))
        return finish(axes, title=result.title, x="periods since the spell began", y="share still exported")
