"""Pictures of change: signed parts stacked by period or group, with their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from exportlab.errors import DataError
from exportlab.plots.structure import need
from exportlab.plots.style import DOUBLE, PALETTE, context, finish, new_axes

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes


def stacked_parts(
    table: pd.DataFrame, *, parts: Sequence[str] | Mapping[str, str], total: str | None = None, label: str = "period",
    scale: float = 1.0, unit: str = "", title: str = "", source: str | None = None, note: str | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
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
    need(table, label, *names, *([total] if total else []))
    values = scale * table[list(names)].to_numpy(float)
    _refuse(table, values, label, scale * table[total].to_numpy(float) if total else values.sum(axis=1))
    where = np.arange(len(table))
    with context():
        ax = new_axes(ax, size=DOUBLE)
        above, below = np.zeros(len(table)), np.zeros(len(table))
        for k, (column, name) in enumerate(zip(values.T, names.values(), strict=True)):
            bottom = np.where(column >= 0, above, below)
            ax.bar(where, column, bottom=bottom, width=0.6, color=PALETTE[k % len(PALETTE)], label=name)
            above, below = above + np.maximum(column, 0), below + np.minimum(column, 0)
        if total:
            ax.plot(where, values.sum(axis=1), "D", color="black", markersize=5, markeredgecolor="white",
                    label="sum")  # fmt: skip
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set_ylim(1.08 * below.min(), 1.08 * above.max())
        ax.set_xticks(where, table[label].astype(str).tolist())
        ax.grid(axis="x", visible=False)
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        return finish(ax, title=title, y=unit, source=source, note=note)


def _refuse(
    table: pd.DataFrame, values: npt.NDArray[np.float64], label: str, whole: npt.NDArray[np.float64]
) -> None:
    gone = ~np.isfinite(values).all(axis=1) | ~np.isfinite(whole)
    names = table[label].astype(str).tolist()
    if gone.any():
        raise DataError(
            "a part or the total is missing", "Draw the rows that are defined.",
            rows=int(gone.sum()), first=f"{label} {names[int(np.argmax(gone))]}",
        )  # fmt: skip
    off = np.abs(values.sum(axis=1) - whole) > 1e-6 * np.abs(values).sum(axis=1) + 1e-12
    if off.any():
        k = int(np.argmax(off))
        raise DataError(
            "the parts do not add up to the total", "Name all of its parts, or leave total= out.",
            rows=int(off.sum()), first=f"{label} {names[k]}: {values[k].sum():.6g}, not {whole[k]:.6g}",
        )  # fmt: skip
