"""Flows as a notebook shows them: roles, unit, source and the first rows, in the results' style."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from exportlab.frames import to_pandas
from exportlab.results import titled_html

if TYPE_CHECKING:
    from exportlab.flows import Flows

FIRST = 5  # rows shown


def flows_html(flows: Flows) -> str:
    """The flows as HTML: headings name column and role; a lazy table is not run, so it shows no rows.

    Parameters
    ----------
    flows : Flows

    Returns
    -------
    str
        A title with the size, a line with unit and source, and the first rows; all text is escaped.
    """
    import pandas as pd

    heads = {r: c if c == r else f"{c} ({r})" for r, c in flows.roles.items()}
    native = nw.to_native(flows.frame)
    engine = type(native).__module__.split(".")[0]
    if isinstance(flows.frame, nw.LazyFrame):
        shown = pd.DataFrame(columns=[*heads.values(), *flows.keys])
        size, rest = f"a plan for {engine}", "Rows are neither counted nor shown before the plan runs."
    else:
        rows = len(flows.frame)
        shown = to_pandas(flows.frame.head(FIRST).to_native()).rename(columns=heads)
        size = f"{rows:,} row{'s' * (rows != 1)}, {engine}"
        rest = f"… {rows - FIRST:,} more rows …" if rows > FIRST else ""
    return titled_html(f"Flows: {size}", shown, above=_facts(flows), below=rest)


def _facts(flows: Flows) -> str:
    facts = {
        "unit": flows.unit or "not stated",
        "unit of quantity": flows.quantity_unit if "quantity" in flows.roles else None,
        "source": flows.source or "not stated",
        "a row is": f"one {', '.join(flows.identity)}"
        if flows.unique
        else "a part of a cell, to be added up",
    }
    return "; ".join(f"{name}: {fact}" for name, fact in facts.items() if fact)
