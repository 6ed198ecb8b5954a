"""The section on revealed advantage in a table of one's own, each index with its interval."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exportlab.findings import Findings
from exportlab.findings.beside import NEUTRAL, labelled, largest
from exportlab.findings.parts import Advantage, LeftOut
from exportlab.flow_table import Flows
from exportlab.plots import structure, uncertainty
from exportlab.reporting.own import intervals, naming
from exportlab.reporting.own.intervals import Made, last_period, named
from exportlab.tables.model import Fact, Picture, Section, Table
from exportlab.words import _, number, sentences


def section(found: Findings) -> Made:
    """The largest advantages of the last period, and how many there are; or what is needed for them."""
    title, index = _("Revealed comparative advantage"), found.advantage
    if isinstance(index, LeftOut):
        why = _(
            "Left out: advantage compares exporters, and the table has one. Give the exports of a nation or of the "
            "world by product as the reference."
        )
        return Section("advantage", title, (why,)), None
    own = labelled(found.basis)
    top = _said(index, largest(index.table))
    against = _("the reference table") if index.apart else _("all exporters in the table")
    above, all_ = number(index.above, ",.0f"), number(len(index.table), ",.0f")
    text = _(
        "Balassa's index against {reference}: the product's share in the exporter's exports over its share in the "
        "reference's. {n} of {all} products are above 1 in the last period.",
        reference=against,
        n=above,
        all=all_,
    )
    fact = Fact(
        _("Products with revealed advantage, {period} (RCA above 1)", period=last_period(own)),
        _("{n} of {all}", n=above, all=all_),
        _known(index, top, own, against),
        "advantage",
    )
    parts = (
        Picture(
            "rca", _("Advantage"), _picture(index, top, own), _("The largest RCA, each with its interval")
        ),
        _table(index, top, own),
    )
    return Section("advantage", title, (text,), parts), fact


def _said(index: Advantage, top: pd.DataFrame) -> pd.DataFrame:
    """The rows with their notes in words."""
    if not index.drawn:
        return top
    notes = [intervals.caution(n) if isinstance(n, tuple) else "" for n in top["notes"]]
    return top.drop(columns="notes").assign(note=notes)


def _table(index: Advantage, top: pd.DataFrame, own: Flows) -> Table:
    ends = dict.fromkeys(("rca", "conf_low", "conf_high"), ".2f")
    return Table(
        "rca",
        _("The 20 products of largest RCA"),
        named(own, "product", top),
        _("RCA: 1 is neutral"),
        _("computed; Balassa (1965)"),
        {own.roles["value"]: ",.0f", "share": "share", "reference_share": "share", **ends},
        _("Intervals of 95 %, delta method on logarithms, markets drawn.") if index.drawn else "",
        fold=("note",) if index.drawn else (),
        under=own.roles["product"],
        made=("rca", "interval") if index.drawn else ("rca",),
        hide=intervals.same(own, top),
    )


def _known(index: Advantage, top: pd.DataFrame, own: Flows, against: str) -> str:
    """How many are above one with their whole interval, and the largest."""
    which = _(
        "Balassa's index against {reference}; another reference gives another number.", reference=against
    )
    if not index.drawn:
        return sentences(intervals.without("product"), which)
    first: Any = named(own, "product", top).iloc[0] if len(top) else None
    certain = _(
        "Of {n} the whole 95 % interval is above 1 (delta method, markets drawn).",
        n=number(index.surely_above, ",.0f"),
    )
    if first is None or pd.isna(first["conf_low"]):
        return sentences(certain, which)
    largest_ = _(
        "The largest, {product}: {rca}, interval {low} to {high}.",
        product=first.get("product_name", first[own.roles["product"]]),
        rca=number(first["rca"], ".2f"),
        low=number(first["conf_low"], ".2f"),
        high=number(first["conf_high"], ".2f"),
    )
    return sentences(certain, largest_, which)


def _picture(index: Advantage, top: pd.DataFrame, own: Flows) -> Any:
    """The largest, under their names; those whose whole interval is above 1 count."""
    product, source = own.roles["product"], naming.source_of(own)
    drawn = naming.renamed(own, "product", top)
    if not index.drawn:
        title = _("{n} of {all} products have an advantage", n=index.above, all=len(index.table))
        return structure.rca_bars(drawn, product=product, source=source, title=title)
    title = _(
        "{n} of {all} products have an advantage; of {sure} it is certain",
        n=index.above,
        all=len(index.table),
        sure=index.surely_above,
    )
    names = [product]
    if top[own.roles["exporter"]].nunique() > 1:
        names.insert(0, own.roles["exporter"])
    return uncertainty.intervals(
        drawn.assign(estimate=drawn["rca"]),
        label=names,
        x=_("revealed comparative advantage, with 95 % interval"),
        reference=NEUTRAL,
        log=True,
        title=title,
        source=source,
        note=_("The largest among products above 0.1 % of exports."),
    )
