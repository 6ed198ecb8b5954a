"""The section on revealed advantage in a table of one's own, each index with its interval."""

from __future__ import annotations

from typing import Any

import pandas as pd

from exportlab.flows import Flows, cells
from exportlab.frames import to_pandas
from exportlab.indices.advantage import rca
from exportlab.plots import structure, uncertainty
from exportlab.plots.style import localised
from exportlab.reporting.own import intervals
from exportlab.reporting.own.intervals import Made, by_of, last_period, latest, named, several
from exportlab.tables.model import Fact, Picture, Section, Table
from exportlab.uncertainty import interval
from exportlab.words import _, number, sentences

TOP = 20
SMALL = 0.001  # of exports, below which a product is not shown among the largest advantages


def section(flows: Flows, own: Flows, exporter: str | None, reference: Flows | None) -> Made:
    """The largest advantages of the last period, and how many there are; or what is needed for them."""
    title = _("Revealed comparative advantage")
    if reference is None and not several(flows):
        why = _(
            "Left out: advantage compares exporters, and the table has one. Give the exports of a nation or of the "
            "world by product as the reference."
        )
        return Section("advantage", title, (why,)), None
    own, last = _index(flows, own, exporter, reference)
    last = _with_intervals(flows, own, last, reference)
    top = last[last["share"] > SMALL].nlargest(TOP, "rca")
    against = _("the reference table") if reference is not None else _("all exporters in the table")
    above, all_ = number(int((last["rca"] > 1).sum()), ",.0f"), number(len(last), ",.0f")
    text = _(
        "Balassa's index against {reference}: the product's share in the exporter's exports over its share in the "
        "reference's. {n} of {all} products are above 1 in the last period.",
        reference=against,
        n=above,
        all=all_,
    )
    fact = Fact(
        _("Products with revealed advantage, {period} (RCA above 1)", period=last_period(flows)),
        _("{n} of {all}", n=above, all=all_),
        _known(last, top, own, against),
        "advantage",
    )
    formats = {
        own.roles["value"]: ",.0f",
        "share": "share",
        "reference_share": "share",
        **dict.fromkeys(("rca", "conf_low", "conf_high"), ".2f"),
    }
    return Section("advantage", title, (text,), (
        Picture("rca", _("Advantage"), localised(_picture(top, own)), _("The largest RCA, each with its interval")),
        Table("rca", _("The 20 products of largest RCA"), named(own, "product", top), _("RCA: 1 is neutral"),
              _("computed; Balassa (1965)"), formats,
              _("Intervals of 95 %, delta method on logarithms, markets drawn.") if "conf_low" in top else "",
              fold=("note",) if "conf_low" in top else (), under=own.roles["product"],
              made=("rca", "interval") if "conf_low" in top else ("rca",)),
    )), fact  # fmt: skip


def _index(
    flows: Flows, own: Flows, exporter: str | None, reference: Flows | None
) -> tuple[Flows, pd.DataFrame]:
    """The exporter's flows, with an exporter, and its index in the last period."""
    own = own.labelled("exporter", exporter or "own")
    of = flows if reference is None else own
    index = to_pandas(
        rca(intervals.last_of(of), reference=reference or "world", by=[*by_of(own), "exporter"])
    )
    if exporter is not None and exporter in set(index[own.roles["exporter"]]):
        index = index[index[own.roles["exporter"]] == exporter]
    return own, latest(index, own)


def _with_intervals(flows: Flows, own: Flows, last: pd.DataFrame, reference: Flows | None) -> pd.DataFrame:
    """Intervals of every product for the exporters that are shown; none where no markets can be drawn."""
    if intervals.unit_for(own, "product") is None:
        return last
    label, product = own.roles["exporter"], own.roles["product"]
    shown = list(last[last["share"] > SMALL].nlargest(TOP, "rca")[label].unique())
    mine = intervals.last_of(own).where(exporter=shown)
    found = interval(
        mine,
        "rca",
        by=[*by_of(own), "exporter"],
        resample="market",
        method="delta",
        scale="log",
        reference=_reference(flows, mine, reference),
    ).table
    found["note"] = found["note"].map(intervals.caution)
    return last.merge(
        found[[label, product, "conf_low", "conf_high", "note"]], on=[label, product], how="left"
    )


def _reference(flows: Flows, mine: Flows, reference: Flows | None) -> Flows:
    """What is compared with; summed over its markets where they are not named like those of the flows."""
    if reference is None:
        return intervals.last_of(flows)
    if "market" in reference.roles and not set(reference.members("market")) & set(mine.members("market")):
        return cells(reference, [r for r in ("period", "exporter", "product") if r in reference.roles])
    return reference


def _known(last: pd.DataFrame, top: pd.DataFrame, own: Flows, against: str) -> str:
    """How many are above one with their whole interval, and the largest."""
    said = _(
        "Balassa's index against {reference}; another reference gives another number.", reference=against
    )
    if "conf_low" not in last:
        return sentences(intervals.without("product"), said)
    first: Any = named(own, "product", top).iloc[0] if len(top) else None
    certain = _(
        "Of {n} the whole 95 % interval is above 1 (delta method, markets drawn).",
        n=number(int((last["conf_low"] > 1).sum()), ",.0f"),
    )
    if first is None or not first["conf_low"] > 0:
        return sentences(certain, said)
    name = first.get("product_name", first[own.roles["product"]])
    largest = _(
        "The largest, {product}: {rca}, interval {low} to {high}.",
        product=name,
        rca=number(first["rca"], ".2f"),
        low=number(first["conf_low"], ".2f"),
        high=number(first["conf_high"], ".2f"),
    )
    return sentences(certain, largest, said)


def _picture(top: pd.DataFrame, own: Flows) -> Any:
    title = _("Largest advantage among products above 0.1 % of exports")
    if "conf_low" not in top:
        return structure.rca_bars(top, product=own.roles["product"], source=own.source, title=title)
    names = [own.roles["product"]]
    if top[own.roles["exporter"]].nunique() > 1:
        names.insert(0, own.roles["exporter"])
    shown = top.assign(estimate=top["rca"], note=top["note"].fillna(""))
    return uncertainty.intervals(
        shown,
        label=names,
        x=_("revealed comparative advantage, with 95 % interval"),
        reference=1.0,
        log=True,
        title=title,
        source=own.source,
    )
