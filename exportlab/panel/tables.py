"""Several estimates side by side, as a paper prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError, one_of
from exportlab.options import Within, validated
from exportlab.panel.reading import stars, stars_allowed
from exportlab.publication import Publication

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
    found = list(dict.fromkeys(str(t) for e in many.values() for t in e.table["term"]))
    shown = found if terms is None else [str(t) for t in terms]
    unknown = [t for t in shown if t not in found]
    if unknown:
        raise OptionError(f"No estimate has the term {unknown[0]!r}. Terms: {', '.join(found)}.")
    columns: dict[str, list[str]] = {"term": [cell for t in shown for cell in (t, "")] + list(FOOT)}
    for label, e in many.items():
        columns[label] = [*_body(e, shown, below, digits), *_foot(e)]
    return Comparison(pd.DataFrame(columns), _notes(many, below), caption)


def _numbered(estimates: Sequence[Estimate]) -> dict[str, Estimate]:
    names = [e.method for e in estimates]
    return {
        f"({k + 1}) {m}" if len(names) > 1 else m: e
        for k, (m, e) in enumerate(zip(names, estimates, strict=True))
    }


def _body(e: Estimate, shown: Sequence[str], below: str, digits: int) -> list[str]:
    rows = {str(r["term"]): r for r in e.table.to_dict("records")}
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
