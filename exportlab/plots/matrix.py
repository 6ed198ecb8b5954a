"""Pictures of matrices: heat maps with the numbers printed, and the transitions of advantage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from exportlab.errors import DataError
from exportlab.plots.style import context, finish, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from exportlab.indices.transitions import Transitions

PRINTED_UP_TO = 150  # cells; beyond, numbers no longer fit


def heatmap(
    matrix: pd.DataFrame, *, title: str = "", x: str = "", y: str = "", unit: str = "", fmt: str = ".2f",
    source: str | None = None, note: str | None = None, ax: Axes | None = None, **options: Any,
) -> Axes:  # fmt: skip
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

    values = matrix.astype(float)
    if not bool(np.isfinite(values.to_numpy()).any()):
        raise DataError(f"the matrix of {values.shape} has no number", "There is nothing to draw.")
    longest = max(len(str(c)) for c in values.columns)
    slanted = longest > 11
    with context():
        ax = new_axes(ax, size=(2.2 + (0.42 if slanted else 0.7) * values.shape[1], 1.5 + 0.3 * len(values)))
        colours: dict[str, Any] = {"cmap": "crest"}
        if bool((values < 0).any(axis=None)):
            reach = float(np.nanmax(np.abs(values.to_numpy())))
            colours = {"cmap": "vlag", "vmin": -reach, "vmax": reach}
        settings = {"annot": values.size <= PRINTED_UP_TO, "fmt": fmt, "annot_kws": {"fontsize": 7},
                    "linewidths": 0.4, "cbar_kws": {"label": unit}}  # fmt: skip
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
    steps = "one period" if result.lag == 1 else f"{result.lag} periods"
    ergodic = ", ".join(f"{100 * share:.0f}" for share in result.ergodic)
    note = f"Ergodic distribution: {ergodic} %. " if np.isfinite(result.ergodic).all() else ""
    note += f"Mobility {result.mobility:.2f} (Shorrocks)." if np.isfinite(result.mobility) else ""
    return heatmap(
        shares, title="Where advantage goes", x=f"class {steps} later",
        y="class of advantage", unit="% of the row", fmt=".0f", vmin=0, vmax=100, note=note or None,
        source=source, ax=ax,
    )  # fmt: skip
