"""Pictures of policy panels: event studies, decompositions, trends, weights, sensitivity, power, shocks.

Every picture reads in black and white: series differ by marker and line as well as colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import DataError
from exportlab.plots.style import GREY, MARKERS, PALETTE, SINGLE, context, finish, inches, new_axes
from exportlab.sides import side
from exportlab.words import N_, Text, _, said, sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.panel.did.bacon import Bacon
    from exportlab.panel.estimate import Estimate
    from exportlab.panel.policy_panel import PolicyPanel
    from exportlab.panel.shift_share.shocks import Placebo, Rotemberg

__all__ = [
    "bacon_scatter",
    "coefficients",
    "cohort_trends",
    "dose",
    "event_study",
    "placebo",
    "power",
    "rotemberg",
    "sensitivity",
    "synthetic",
    "weights",
]

COHORTS = tuple(c for c in PALETTE if c != "#000000")  # black is for the never treated


def event_study(
    estimates: Estimate | Mapping[str, Estimate],
    ax: Axes | None = None,
    *,
    title: Text = "",
    y: Text = said("effect"),
    source: str | None = None,
) -> Axes:
    """Effects by event time: pointwise intervals as bars, simultaneous bands as whiskers with caps.

    Parameters
    ----------
    estimates : Estimate or mapping of label to Estimate
        Several are set side by side, with pointwise intervals only.
    """
    many = dict(estimates) if isinstance(estimates, Mapping) else {estimates.method: estimates}
    ax = new_axes(ax)
    with context():
        shift = np.linspace(-0.27, 0.27, len(many)) if len(many) > 1 else np.zeros(1)
        for k, (label, e) in enumerate(many.items()):
            if "event_time" not in e.table:
                raise DataError(f"{label} has no event times", "Draw estimates from event_study(...).")
            _series(ax, e.table, shift[k], k, label, bands=len(many) == 1)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(-0.5, color=GREY, linewidth=0.8, linestyle=":")
        times = np.unique(np.concatenate([e.table["event_time"].to_numpy(float) for e in many.values()]))
        step = -(-len(times) // (16 if inches(ax)[0] > SINGLE[0] else 9))
        ax.set_xticks(times[np.searchsorted(times, 0) % step :: step])  # zero is among them
        if len(many) > 1:
            ax.legend()
    first = next(iter(many.values()))
    note = _band_note(first) if len(many) == 1 else said("Bars: pointwise intervals.")
    return finish(ax, title=title or _name(many), x=_since(many), y=y, source=source, note=note)


def _since(many: Mapping[str, Estimate]) -> Text:
    """What the event times count where that is no year, and all estimates agree."""
    steps = {e.panel.steps if e.panel is not None else "periods" for e in many.values()}
    named = {
        "half-years": said("half-years since adoption"),
        "quarters": said("quarters since adoption"),
        "months": said("months since adoption"),
    }
    return named.get(steps.pop() if len(steps) == 1 else "", said("periods since adoption"))


def _name(many: Mapping[str, Estimate]) -> Text:
    return next(iter(many)) if len(many) == 1 else said("Effects by time since adoption")


def _band_note(e: Estimate) -> Text:
    level = f"{100 * e.inference.level:g}"
    if "band_low" in e.table:
        return said(
            "Thick bars: pointwise {level} % intervals; thin bars with caps: simultaneous {level} % bands.",
            level=level,
        )
    return said("Bars: pointwise {level} % intervals.", level=level)


def _series(ax: Axes, table: pd.DataFrame, shift: float, k: int, label: str, *, bands: bool) -> None:
    x = table["event_time"].to_numpy(float) + shift
    b = table["estimate"].to_numpy(float)
    colour = PALETTE[k % len(PALETTE)]
    if bands and "band_low" in table:
        half = table["band_high"].to_numpy(float) - b
        ax.errorbar(x, b, half, fmt="none", ecolor=colour, elinewidth=0.8, capsize=3)
    half = table["conf_high"].to_numpy(float) - b
    ax.errorbar(x, b, half, fmt="none", ecolor=colour, elinewidth=2.4 if bands else 1.2, alpha=0.9)
    known = np.isfinite(table["std_error"].to_numpy(float))
    marker = MARKERS[k % len(MARKERS)]
    ax.plot(x[known], b[known], marker, color=colour, markersize=5, label=label)
    ax.plot(x[~known], b[~known], marker, color="white", markeredgecolor=colour)


def coefficients(
    estimates: Estimate | Mapping[str, Estimate],
    ax: Axes | None = None,
    *,
    terms: Sequence[str] | None = None,
    title: Text = "",
    x: Text = said("estimate"),
    source: str | None = None,
) -> Axes:
    """Estimates with their intervals, one row each; several estimates of one term by label."""
    many = dict(estimates) if isinstance(estimates, Mapping) else {estimates.method: estimates}
    rows: list[tuple[str, float, float, float]] = []
    for label, e in many.items():
        table = e.table if terms is None else e.table[e.table["term"].isin(list(terms))]
        for r in table.to_dict("records"):
            name = r["term"] if len(many) == 1 else label if len(table) == 1 else f"{label}: {r['term']}"
            rows.append((str(name), r["estimate"], r["conf_low"], r["conf_high"]))
    ax = new_axes(ax)
    with context():
        at = np.arange(len(rows))[::-1]
        for row, (_term, b, low, high) in zip(at, rows, strict=True):
            ax.plot([low, high], [row, row], color=PALETTE[0], linewidth=1.6)
            ax.plot([b], [row], MARKERS[0], color=PALETTE[0])
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set_yticks(at, [name for name, *_rest in rows])
        ax.grid(axis="y", visible=False)
        ax.margins(y=0.15)
    missing = any(np.isnan(low) for _term, _b, low, _high in rows)
    note = said("No interval: inference is a placebo p-value.") if missing else None
    title = title or (next(iter(many)) if len(many) == 1 else said("Estimates side by side"))
    return finish(ax, title=title, x=x, source=source, note=note)


def bacon_scatter(
    decomposition: Bacon,
    ax: Axes | None = None,
    *,
    title: Text = said("Goodman-Bacon decomposition"),
    source: str | None = None,
) -> Axes:
    """Two-by-two estimates over their weights, marked by kind of comparison."""
    ax = new_axes(ax)
    with context():
        for k, (kind, rows) in enumerate(decomposition.table.groupby("kind", sort=False)):
            ax.plot(
                rows["weight"],
                rows["estimate"],
                MARKERS[k],
                color=PALETTE[k],
                linestyle="none",
                markersize=6,
                markerfacecolor=PALETTE[k] if k % 2 == 0 else "white",
                label=_("{kind} ({share} of weight)", kind=kind, share=f"{rows['weight'].sum():.0%}"),
            )
        whole = decomposition.twfe
        two_way = _("two-way estimate {value}", value=f"{whole:.3g}")
        ax.axhline(whole, color="black", linewidth=1, linestyle="--", label=two_way)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.legend()
    return finish(ax, title=title, x=said("weight"), y=said("two-by-two estimate"), source=source)


def cohort_trends(
    panel: PolicyPanel, ax: Axes | None = None, *, title: Text = "", y: Text = "", source: str | None = None
) -> Axes:
    """Average outcome of each cohort over time; filled markers after adoption."""
    ax = new_axes(ax)
    with context():
        for k, g in enumerate(np.unique(panel.adoption)):
            rows = panel.first == g
            w = np.ones(len(panel.y)) if panel.w is None else panel.w
            size = np.bincount(panel.periods[rows], weights=w[rows], minlength=len(panel.period_values))
            total = np.bincount(panel.periods[rows], weights=(w * panel.y)[rows], minlength=len(size))
            seen = size > 0
            t, mean = panel.period_values[seen], total[seen] / size[seen]
            units = len(np.unique(panel.units[rows]))
            name = _("never") if np.isinf(g) else _("from {period}", period=panel.period_name(float(g)))
            colour = "black" if np.isinf(g) else COHORTS[k % len(COHORTS)]
            style = LINES[k % len(LINES)]
            ax.plot(t, mean, linestyle=style, color=colour, label=f"{name} ({units})")
            marker = MARKERS[k % len(MARKERS)]
            on = t >= g
            ax.plot(t[on], mean[on], marker, color=colour)
            ax.plot(t[~on], mean[~on], marker, color="white", markeredgecolor=colour)
        _period_ticks(ax, panel)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    title = title or said("Average outcome by date of adoption")
    note = said("Filled markers: after adoption.")
    return finish(ax, title=title, x=panel.period, y=y or panel.outcome, source=source, note=note)


def _period_ticks(ax: Axes, panel: PolicyPanel) -> None:
    shown = panel.period_values[:: max(1, len(panel.period_values) // 10)]
    ax.set_xticks(shown, [panel.period_name(float(v)) for v in shown])


def weights(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: Text = said("Weights of the two-way estimate"),
    source: str | None = None,
) -> Axes:
    """Weight of each treated cohort and period, one line a cohort; open markers are negative.

    Parameters
    ----------
    table : DataFrame
        ``cohort, period, weight``, such as ``estimate.parts["weights"]``.
    """
    ax = new_axes(ax)
    with context():
        for k, (cohort, rows) in enumerate(table.groupby("cohort")):
            colour, marker = PALETTE[k % len(PALETTE)], MARKERS[k % len(MARKERS)]
            style = LINES[k % len(LINES)]
            ax.plot(
                rows["period"],
                rows["weight"],
                color=colour,
                linestyle=style,
                label=_(
                    "cohort {period}", period=f"{cohort:.0f}" if isinstance(cohort, float) else str(cohort)
                ),
            )
            negative = rows["weight"] < 0
            ax.plot(rows["period"][~negative], rows["weight"][~negative], marker, color=colour)
            ax.plot(
                rows["period"][negative],
                rows["weight"][negative],
                marker,
                color="white",
                markeredgecolor=colour,
            )
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    share = float((table["weight"] < 0).mean())
    note = said("Open markers: negative ({share} of treated cohort-periods).", share=f"{share:.0%}")
    return finish(ax, title=title, x=said("period"), y=said("weight"), source=source, note=note)


# Pictures of single designs: synthetic paths, doses, sensitivity, power.

LINES = ("-", "--", "-.", ":")


def synthetic(
    estimate: Estimate, ax: Axes | None = None, *, title: Text = "", y: Text = "", source: str | None = None
) -> Axes:
    """Treated and synthetic path of a synthetic control."""
    if "gaps" not in estimate.parts:
        raise DataError(f"{estimate.method} has no path", "Draw the result of synthetic_control().")
    gaps = estimate.parts["gaps"]
    ax = new_axes(ax)
    with context():
        time, every = gaps["event_time"], slice(None, None, max(1, len(gaps) // 10))
        ax.plot(time, gaps["treated"], "-", color="black", label=_("treated"))
        ax.plot(time, gaps["synthetic"], "--", color=PALETTE[0], label=_("synthetic"))
        names = [f"{p:.0f}" if isinstance(p, float) else str(p) for p in gaps["period"]]
        ax.set_xticks(time.iloc[every], names[every])
        ax.axvline(-0.5, color=GREY, linewidth=0.8, linestyle=":")
        ax.legend()
    p = float(estimate.table["p_value"].iloc[0])
    return finish(
        ax,
        title=title or said("Synthetic control"),
        x=said("period"),
        y=y,
        source=source,
        note=said("Placebo p-value {p}.", p=f"{p:.3f}"),
    )


def sensitivity(
    result: Any,
    ax: Axes | None = None,
    *,
    title: Text = said("Sensitivity to violations of parallel trends"),
    y: Text = said("effect"),
    source: str | None = None,
) -> Axes:
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
            through = side(a, b) == "cannot tell"
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
    note = sentences(
        _("PT: under parallel trends. Dashed: zero is inside."),
        "" if found is None else _("Breakdown value {value}.", value=f"{found:.3g}"),
    )
    return finish(ax, title=title, x="M", y=y, source=source, note=note)


def power(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: Text = said("Power"),
    x: Text = said("effect"),
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
                _("{n} treated", n=v) if c == "treated" else str(v) for c, v in zip(by, values, strict=False)
            )
            ax.plot(
                rows["effect"],
                rows["power"],
                LINES[k % len(LINES)],
                marker=MARKERS[k % len(MARKERS)],
                color=PALETTE[k % len(PALETTE)],
                label=label or None,
            )
        ax.axhline(goal, color=GREY, linewidth=0.8, linestyle=":")
        ax.axhline(0.05, color=GREY, linewidth=0.8, linestyle=":")
        ax.set_ylim(-0.02, 1.02)
        if by:
            ax.legend()
    note = said("Dotted: nominal size 0.05 and the usual goal {goal}.", goal=f"{goal:g}")
    return finish(ax, title=title, x=x, y=said("rejection rate"), source=source, note=note)


def dose(
    estimate: Estimate,
    ax: Axes | None = None,
    *,
    title: Text = "",
    x: Text = said("dose"),
    y: Text = said("ATT(dose)"),
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
    note = said("Band: pointwise {level} % intervals.", level=f"{100 * estimate.inference.level:g}")
    return finish(ax, title=title or said("Effect by dose"), x=x, y=y, note=note)


# Pictures of shift-share designs: what an estimate rests on, and shocks that cannot have done anything.

SMALL = (
    0.01  # of the sizes of all Rotemberg weights, below which a shock's own estimate is noise and not drawn
)
NAMED = 5  # shocks with their names


def rotemberg(
    result: Rotemberg,
    ax: Axes | None = None,
    *,
    title: Text = said("What the estimate rests on: Rotemberg weights"),
    source: str | None = None,
) -> Axes:
    """Estimate of each sector's share alone over its weight, periods added up; open markers are negative weights.

    Parameters
    ----------
    result : Rotemberg
    title, source : str, optional
    ax : Axes, optional
    """
    table = result.by_sector()
    sizes = table["alpha"].abs()
    shown = table[(sizes >= SMALL * sizes.sum()) & np.isfinite(table["beta"])]
    ax = new_axes(ax)
    with context():
        for some, face, name in (
            (shown["alpha"] > 0, PALETTE[0], N_("positive weight")),
            (shown["alpha"] < 0, "white", N_("negative weight")),
        ):
            rows = shown[some]
            if len(rows):
                ax.plot(
                    rows["alpha"], rows["beta"], "o", color=PALETTE[0], markerfacecolor=face, label=_(name)
                )
        for k, row in enumerate(shown.head(NAMED).to_dict("records")):
            at, offset = (row["alpha"], row["beta"]), (5, -10 if k % 2 else 4)
            ax.annotate(str(row[result.sector]), at, offset, textcoords="offset points", fontsize=7)
        whole = _("estimate {value}", value=f"{result.estimate:.3g}")
        ax.axhline(result.estimate, color="black", linewidth=1, linestyle="--", label=whole)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.margins(x=0.12)
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    left = len(table) - len(shown)
    note = said("{n} sectors with less than 1 % of all weight are left out.", n=left) if left else None
    y = said("estimate by this share alone")
    return finish(ax, title=title, x=said("weight"), y=y, source=source, note=note)


def placebo(
    result: Placebo,
    ax: Axes | None = None,
    *,
    title: Text = said("Placebo shocks"),
    source: str | None = None,
) -> Axes:
    """Draw the coefficients of drawn shocks, that of the shocks as they were, and what each kind of error rejects.

    Parameters
    ----------
    result : Placebo
    title, source : str, optional
    ax : Axes, optional
    """
    ax = new_axes(ax)
    with context():
        bins = int(np.clip(np.sqrt(len(result.estimates)), 5, 40))
        ax.hist(result.estimates, bins=bins, color=GREY, label=_("drawn shocks"))
        there = _("the shocks as they were, p = {p}", p=f"{result.p_value:.3g}")
        ax.axvline(result.estimate, color=PALETTE[1], linewidth=1.6, label=there)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.legend()
    kinds = zip(result.table["errors"], result.table["rejected"], strict=True)
    note = said(
        "Errors and the share of draws that they call significant ({size} would be right): {kinds}.",
        size=f"{1 - result.level:.0%}",
        kinds=", ".join(f"{kind} {share:.0%}" for kind, share in kinds),
    )
    return finish(ax, title=title, x=said("coefficient"), y=said("draws"), source=source, note=note)
