"""Several estimates side by side, as a paper prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError, one_of
from exportlab.options import Within, validated
from exportlab.panel.inference.recommend import APART, recommend, shocks_said
from exportlab.panel.inference.shared_shocks import pre_period_factor
from exportlab.results import titled_html
from exportlab.tables.publication import Publication

if TYPE_CHECKING:
    from exportlab.panel.estimate import Estimate

FOOT = ("n", "rows lost", "units", "clusters", "treated clusters")


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Publication):
    """A publication table: ``table`` has one column an estimate, its rows terms, errors and design facts."""

    @property
    def title(self) -> str:
        return self.caption or "Estimates side by side"


@validated
def compare(
    estimates: Sequence[Estimate] | Mapping[str, Estimate],
    *,
    terms: Sequence[str] | None = None,
    below: str = "std_error",
    digits: Annotated[int, Within(0, 15)] = 3,
    caption: str = "",
) -> Comparison:
    """Estimates side by side with their design facts below.

    Parameters
    ----------
    estimates : sequence of Estimate, or mapping of column heading to Estimate
    terms : sequence of str, optional
        Rows to show, in this order; all by default.
    below : {"std_error", "interval", "p_value"}
        What stands under each estimate.
    digits : int
        Digits after the decimal point.
    """
    one_of("below", below, ["std_error", "interval", "p_value"])
    many = dict(estimates) if isinstance(estimates, Mapping) else _numbered(estimates)
    if not many:
        raise OptionError("No estimate was given. Give at least one.")
    same = _same_effect(many)
    found = list(dict.fromkeys(same.get(str(t), str(t)) for e in many.values() for t in e.table["term"]))
    shown = found if terms is None else list(dict.fromkeys(same.get(str(t), str(t)) for t in terms))
    unknown = [t for t in shown if t not in found]
    if unknown:
        raise OptionError(f"No estimate has the term {unknown[0]!r}. Terms: {', '.join(found)}.")
    columns: dict[str, list[str]] = {"term": [cell for t in shown for cell in (t, "")] + list(FOOT)}
    for label, e in many.items():
        columns[label] = [*_body(e, shown, below, digits, same), *_foot(e)]
    return Comparison(pd.DataFrame(columns), (*_notes(many, below), *([SAME] if same else [])), caption)


SAME = (
    "The effect on the treated stands in the row ATT; two-way fixed effects call it treated and weight it by treatment "
    "variance."
)


def _same_effect(many: Mapping[str, Estimate]) -> dict[str, str]:
    """Names of one effect in several estimates, and the one it gets: two-way fixed effects call the ATT treated."""
    names = [set(e.table["term"].astype(str)) for e in many.values()]
    both = any("ATT" in n for n in names) and any("treated" in n for n in names)
    return {"treated": "ATT"} if both and not any({"ATT", "treated"} <= n for n in names) else {}


def _numbered(estimates: Sequence[Estimate]) -> dict[str, Estimate]:
    names = [e.method for e in estimates]
    return {
        f"({k + 1}) {m}" if len(names) > 1 else m: e
        for k, (m, e) in enumerate(zip(names, estimates, strict=True))
    }


def _body(e: Estimate, shown: Sequence[str], below: str, digits: int, same: Mapping[str, str]) -> list[str]:
    rows = {same.get(str(r["term"]), str(r["term"])): r for r in e.table.to_dict("records")}
    cells, allowed = [], stars_allowed(e)
    for t in shown:
        r = rows.get(t)
        if r is None:
            cells += ["", ""]
            continue
        cells.append(f"{r['estimate']:.{digits}f}{stars(float(r['p_value']), allowed)}")
        cells.append(_under(r, below, digits))
    return cells


def _under(r: Mapping[Any, Any], below: str, digits: int) -> str:
    if below == "interval":
        low, high = r["conf_low"], r["conf_high"]
        return f"[{low:.{digits}f}, {high:.{digits}f}]" if np.isfinite(low) else ""
    if below == "std_error" and np.isfinite(r["std_error"]):
        return f"({r['std_error']:.{digits}f})"
    return f"p = {r['p_value']:.{digits}f}" if np.isfinite(r["p_value"]) else ""


def _foot(e: Estimate) -> list[str]:
    s, i = e.sample, e.inference
    return [f"{s.used:,}", f"{s.rows - s.used:,}", str(s.units), str(i.clusters), str(i.treated_clusters)]


def _notes(many: Mapping[str, Estimate], below: str) -> tuple[str, ...]:
    words = {
        "std_error": "Standard errors in parentheses",
        "interval": "Intervals in brackets",
        "p_value": "p-values",
    }
    notes = [f"{words[below]} under the estimates. * p < 0.1, ** p < 0.05, *** p < 0.01."]
    for label, e in many.items():
        notes.append(
            f"{label}: against {e.comparison}; {e.inference.name}, small sample: {e.inference.small_sample}."
        )
    if any(e.one_treated for e in many.values()):
        notes.append("No stars where one cluster is treated: its standard errors are far too small.")
    for label, e in many.items():
        notes += [f"{label}: {why} ({n:,} rows)." for why, n in e.sample.lost]
    notes += list(dict.fromkeys(n for e in many.values() for n in e.notes))
    return tuple(notes)


# Plain-language reading of an estimate: what it is, how far to believe it, and which inference for this design.


def summary(estimate: Estimate) -> str:
    """Title, who is compared, table, inference believed, sample flow, notes."""
    table = _shown(estimate).to_string(index=False, float_format="{:.4g}".format, na_rep="")
    head = [f"  {line}" for line in _facts(estimate)]
    return "\n".join([estimate.title, *head, "", table, "", *verdict(estimate)])


def notebook(estimate: Estimate) -> str:
    """The same as HTML."""
    return titled_html(
        estimate.title,
        _shown(estimate),
        above=[" ".join(x.split()) for x in _facts(estimate)],
        below=verdict(estimate),
    )


def _facts(estimate: Estimate) -> list[str]:
    """Who is compared, how the errors are made, the clusters, and the sample flow."""
    i = estimate.inference
    lines = [
        f"comparison: {estimate.comparison}",
        f"weighting:  {estimate.weighting}",
        f"errors:     {i.name} by {i.cluster or 'row'}; {i.small_sample}"
        + (f"; t({i.df:.0f})" if np.isfinite(i.df) else "; normal")
        + (f"; {i.draws} draws, seed {i.seed}" if i.draws else ""),
        f"clusters:   {i.clusters}, {i.treated_clusters} treated",
        f"sample:     {estimate.sample}",
    ]
    if "event_time" in estimate.table and estimate.panel is not None:
        lines.append(f"event time: {estimate.panel.steps} since adoption")
    return lines


def _shown(estimate: Estimate) -> pd.DataFrame:
    """The table with its stars, without the columns that the terms say already."""
    body, allowed = estimate.table.copy(), stars_allowed(estimate)
    body.insert(6, "", [stars(p, allowed) for p in body["p_value"]])
    return body.drop(columns=[c for c in ("event_time", "cohort", "period") if c in body])


def verdict(estimate: Estimate) -> list[str]:
    """Which inference to believe, and what a reader must know before quoting the numbers."""
    return [f"Believe: {believed(estimate)}", *(f"Note: {n}" for n in estimate.notes)]


def stars(p: float, allowed: bool = True) -> str:
    """Significance stars at 10, 5 and 1 %, where they are allowed."""
    if not np.isfinite(p) or not allowed:
        return ""
    return "***" if p < 0.01 else "**" if p < 0.05 else "*" if p < 0.1 else ""


def stars_allowed(estimate: Estimate) -> bool:
    """Whether the t statistics shown deserve stars: only where they are what is believed in this design."""
    if estimate.inference.of_placebos or estimate.inference.treated_clusters == 0:
        return True
    if estimate.one_treated or estimate.panel is None:
        return not estimate.one_treated
    return recommend(estimate).trusts(estimate.inference.name)


def believed(estimate: Estimate) -> str:
    """Which inference to believe for this design, and why."""
    i = estimate.inference
    G, G1 = i.clusters, i.treated_clusters
    if i.of_placebos:
        attainable = estimate.fit.get("attainable", 1 / G)
        return f"the placebo p-value; none below {attainable:.3f} is attainable{_shocks(estimate)}."
    if i.by_shock:
        own = "" if G >= 40 or i.name.startswith("AKM0") else ", beside AKM0's set (errors='akm0')"
        return f"the errors above ({G} clusters of shocks){own}."
    if G1 == 0 or estimate.panel is None:  # no policy dates: gravity, fixed effects
        return (
            f"the errors above ({G} clusters)."
            if G >= 40 or not G
            else f"wild_bootstrap(): {G} clusters are few."
        )
    if G1 == 1:
        found = recommend(estimate)
        least = (
            f"1/{found.facts.possible:,} = {found.attainable:.3f}" if found.facts.possible else "not known"
        )
        return (
            f"none of the t statistics above (one treated cluster). The smallest attainable p-value is {least}: use "
            f"synthetic_control() or randomization_test().{shocks_said(found.facts)}"
        )
    return recommend(estimate).title


def _shocks(estimate: Estimate) -> str:
    """What a common factor means for a synthetic method: it is built for it, if weights match its path."""
    panel = estimate.panel
    share, apart = (np.nan, np.nan) if panel is None else pre_period_factor(panel)
    if not apart <= APART:
        return ""
    return (
        f"; the treated load apart on a common factor ({share:.0%} of the variation before adoption, p = {apart:.2g}), "
        "which only weights that match its path take out: look at the fit before adoption"
    )
