"""Survival curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exportlab.plots.style import PALETTE, context, finish, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.indices.survival import Survival


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
    with context():
        axes = new_axes(ax)
        for k, (label, curve) in enumerate(groups):
            color, named = PALETTE[k % len(PALETTE)], ", ".join(str(x) for x in label)
            end = curve.iloc[[-1]].assign(time=spells[label]["duration"].max())
            drawn = pd.concat([curve, end])
            axes.step(
                [0.0, *drawn["time"]], [1.0, *drawn["survival"]], where="post", color=color, label=named
            )
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
            x="periods since the spell began",
            y="share still exported",
            source=source,
        )
