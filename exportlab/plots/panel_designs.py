"""Pictures of single designs: synthetic paths, doses, sensitivity, power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from exportlab.errors import DataError
from exportlab.plots.style import GREY, MARKERS, PALETTE, context, finish, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.estimate import Estimate

LINES = ("-", "--", "-.", ":")


def synthetic(
    estimate: Estimate, ax: Axes | None = None, *, title: str = "", y: str = "", source: str | None = None
) -> Axes:
    """Treated and synthetic path of a synthetic control."""
    if "gaps" not in estimate.parts:
        raise DataError(f"{estimate.method} has no path", "Draw the result of synthetic_control().")
    gaps = estimate.parts["gaps"]
    ax = new_axes(ax)
    with context():
        ax.plot(gaps["period"], gaps["treated"], "-", color="black", label="treated")
        ax.plot(gaps["period"], gaps["synthetic"], "--", color=PALETTE[0], label="synthetic")
        ax.set_xticks(gaps["period"].iloc[:: max(1, len(gaps) // 10)])
        start = float(gaps.loc[gaps["event_time"] >= 0, "period"].min())
        ax.axvline(start - 0.5, color=GREY, linewidth=0.8, linestyle=":")
        ax.legend()
    p = float(estimate.table["p_value"].iloc[0])
    return finish(
        ax,
        title=title or "Synthetic control",
        x="period",
        y=y,
        source=source,
        note=f"Placebo p-value {p:.3f}.",
    )


def sensitivity(
    result: Any, ax: Axes | None = None, *, title: str = "Sensitivity to violations of parallel trends",
    y: str = "effect", source: str | None = None,
) -> Axes:  # fmt: skip
    """Robust intervals by M; the first row (``M`` missing) is the interval under parallel trends.

    Parameters
    ----------
    result : HonestDiD, or a DataFrame with ``M, conf_low, conf_high`` and optionally ``method``
    """
    table = result if isinstance(result, pd.DataFrame) else result.table
    ax = new_axes(ax)
    with context():
        low, high = table["conf_low"].to_numpy(float), table["conf_high"].to_numpy(float)
        for row, (a, b) in enumerate(zip(low, high, strict=True)):
            through = a <= 0 <= b
            ax.plot(
                [row, row],
                [a, b],
                color=GREY if through else PALETTE[0],
                linewidth=2.2,
                linestyle="--" if through else "-",
            )
            ax.plot(
                [row, row],
                [a, b],
                "_",
                color=GREY if through else PALETTE[0],
                markersize=10,
                linestyle="none",
            )
        ax.axhline(0, color="black", linewidth=0.8)
        names = ["PT" if pd.isna(m) else f"{m:.3g}" for m in table["M"]]
        ax.set_xticks(range(len(table)), names)
        ax.margins(x=0.1)
    found = getattr(result, "breakdown", None)
    note = "PT: under parallel trends. Dashed: zero is inside." + (
        "" if found is None else f" Breakdown value {found:.3g}."
    )
    return finish(ax, title=title, x="M", y=y, source=source, note=note)


def power(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "Power",
    x: str = "effect",
    source: str | None = None,
    goal: float = 0.8,
) -> Axes:
    """Rejection rate by true effect, one line a design.

    Parameters
    ----------
    table : DataFrame
        ``effect, power`` and optionally ``treated`` (number of treated units) or ``method``.
    """
    by = [c for c in ("treated", "method") if c in table]
    ax = new_axes(ax)
    with context():
        for k, (name, rows) in enumerate(table.groupby(by, sort=False) if by else [("", table)]):
            values = name if isinstance(name, tuple) else (name,)
            label = ", ".join(
                f"{v} treated" if c == "treated" else str(v) for c, v in zip(by, values, strict=False)
            )
            ax.plot(
                rows["effect"], rows["power"], LINES[k % len(LINES)], marker=MARKERS[k % len(MARKERS)],
                color=PALETTE[k % len(PALETTE)], label=label or None,
            )  # fmt: skip
        ax.axhline(goal, color=GREY, linewidth=0.8, linestyle=":")
        ax.axhline(0.05, color=GREY, linewidth=0.8, linestyle=":")
        ax.set_ylim(-0.02, 1.02)
        if by:
            ax.legend()
    note = f"Dotted: nominal size 0.05 and the usual goal {goal:g}."
    return finish(ax, title=title, x=x, y="rejection rate", source=source, note=note)


def dose(
    estimate: Estimate, ax: Axes | None = None, *, title: str = "", x: str = "dose", y: str = "ATT(dose)"
) -> Axes:
    """Effect by dose with pointwise intervals."""
    if "response" not in estimate.parts:
        raise DataError(f"{estimate.method} has no dose response", "Draw the result of panel.dose(...).")
    table = estimate.parts["response"]
    ax = new_axes(ax)
    with context():
        ax.fill_between(
            table["dose"], table["conf_low"], table["conf_high"], color=PALETTE[0], alpha=0.25, linewidth=0
        )
        ax.plot(table["dose"], table["estimate"], color=PALETTE[0])
        ax.axhline(0, color=GREY, linewidth=0.8)
    level = f"{100 * estimate.inference.level:g} %"
    return finish(ax, title=title or "Effect by dose", x=x, y=y, note=f"Band: pointwise {level} intervals.")
