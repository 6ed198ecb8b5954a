"""Pictures of the claims ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.transforms import blended_transform_factory

from exportlab.errors import DataError, UnknownName
from exportlab.plots.style import DOUBLE, PALETTE, SINGLE, beside, finish, inches, new_axes, styled
from exportlab.words import Text, said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {
    "reproduced": PALETTE[2],
    "consistent": PALETTE[5],
    "only within wide limits": "#b8d8c8",
    "in tension": "#F0E442",
    "out of date": PALETTE[3],
    "implausible": PALETTE[0],
    "inconsistent within the paper": PALETTE[4],
    "contradicted by a source": PALETTE[1],
    "cannot be checked": "#d0d4d9",
}
HATCHES = {
    "in tension": "..",
    "out of date": "--",
    "implausible": "\\\\\\",
    "inconsistent within the paper": "///",
    "contradicted by a source": "xxx",
}


@styled
def verdicts(
    table: pd.DataFrame,
    *,
    by: str = "paper",
    names: Mapping[str, str] | None = None,
    order: Sequence[str] = tuple(COLORS),
    title: Text = "",
    source: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Claims by verdict, one stacked bar a group; the verdicts differ by hatching as well as colour.

    Parameters
    ----------
    table : DataFrame
        One row a claim with `verdict` and `by`, as `exportlab.claims.check` gives.
    by : str
        What the bars are: paper, kind or section.
    names : mapping of str to str, optional
        What a verdict is called in the legend.
    order : sequence of str
        The verdicts, from the left.

    Raises
    ------
    UnknownName, DataError
        A column or verdict that is not known; a table without rows.
    """
    for column in ("verdict", by):
        if column not in table:
            raise UnknownName(said("column"), column, map(str, table.columns))
    if table.empty:
        raise DataError(said("the table has no rows"), said("There is nothing to draw."))
    for verdict in table["verdict"].unique():
        if verdict not in COLORS:
            raise UnknownName(said("verdict"), verdict, COLORS)
    counts = pd.crosstab(table[by], table["verdict"])
    counts = counts[[v for v in order if v in counts]]
    counts = counts.loc[counts.sum(axis=1).sort_values().index]
    where, left = np.arange(len(counts)), np.zeros(len(counts))
    ax = new_axes(ax, size=(DOUBLE[0], 1.3 + 0.32 * len(counts)))
    for name in counts.columns:
        verdict, size = str(name), counts[name].to_numpy(float)
        bars = ax.barh(where, size, left=left, height=0.65, color=COLORS[verdict], edgecolor="white",
                       linewidth=0.6, hatch=HATCHES.get(verdict),
                       label=(names or {}).get(verdict, verdict))  # fmt: skip
        room = 1.5 / beside(ax, 7, 0.75) * float(counts.to_numpy().sum(axis=1).max())
        numbers = [f"{n:.0f}" if n > room else "" for n in size]
        for text in ax.bar_label(bars, numbers, label_type="center", fontsize=7):
            if text.get_text() and verdict in HATCHES:
                text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
        left = left + size
    ax.set_yticks(where, [str(name) for name in counts.index])
    ax.set_ylim(-0.6, len(counts) - 0.4)
    ax.grid(visible=False, axis="y")
    columns = 3 if inches(ax)[0] > 1.5 * SINGLE[0] else 2
    across = blended_transform_factory(ax.figure.transFigure, ax.transAxes)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.01, 1),
        bbox_transform=across,
        ncols=columns,
        borderpad=0,
        borderaxespad=0.3,
        columnspacing=1.0,
    )
    with rc_context({"axes.titlepad": 8 + 12 * -(-counts.shape[1] // columns)}):  # above the legend
        return finish(ax, title=title, x=said("number of claims"), source=source)
