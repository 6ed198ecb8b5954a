"""Sections on the products of a table of one's own: structure by HS section, and advantage."""

from __future__ import annotations

from dataclasses import replace

import narwhals.stable.v2 as nw

from exportlab.classifications.hs import hs_section
from exportlab.errors import ExportlabError
from exportlab.flows import Flows, cells
from exportlab.indices.advantage import rca
from exportlab.plots import structure as pictures
from exportlab.reporting.figures import localised
from exportlab.reporting.given import Made, by_of, last_period, latest, named, source_of, table_of, unit_of
from exportlab.reporting.model import Fact, Picture, Section, Table
from exportlab.reporting.words import _, number, percent, term


def structure(flows: Flows) -> Section | None:
    """The structure of exports by section of the Harmonized System, where products are its codes."""
    value, product = flows.roles["value"], flows.roles["product"]
    table = latest(table_of(cells(flows, [*by_of(flows), "product"]).table), flows.roles.get("period"))
    codes = {str(p) for p in table[product]}
    found = {c: s for c in codes if (s := _section(c)) is not None}
    if len(found) < 0.9 * len(codes):  # other classifications; a few codes of the user's own are no reason
        return None
    where = table[product].astype(str).map(found)
    grouped = table.assign(hs_section=where.fillna(_("no chapter of the HS")))
    made = grouped.groupby("hs_section", sort=False).agg(products=(product, "nunique"), value=(value, "sum"))
    made = made.sort_values("value", ascending=False).reset_index()
    made["share"] = made["value"] / made["value"].sum()
    return Section("structure", _("Structure by section of the Harmonized System"), (
        _("The largest section, {name}, holds {share} of exports in {period}.", name=made["hs_section"].iloc[0],
          share=percent(float(made["share"].iloc[0])), period=last_period(flows)),
        _("Product codes are read as codes of the Harmonized System."),
    ), (Table("hs_sections", _("Exports by HS section, {period}", period=last_period(flows)), made, unit_of(flows),
              source_of(flows), {"value": ",.0f", "share": "share"}),))  # fmt: skip


def _section(code: str) -> str | None:
    """Number and title of the section of an HS code; None for what is no such code."""
    try:
        section = hs_section(code) if code[:1].isdigit() else None
    except ExportlabError:
        return None
    return None if section is None else f"{section.number} {term(section.title)}"


def advantage(flows: Flows, own: Flows, exporter: str | None, reference: Flows | None) -> Made:
    against = _("the reference table") if reference is not None else _("all exporters in the table")
    if "exporter" not in flows.roles:
        frame = own.frame.with_columns(nw.lit(exporter or "own").alias("exporter"))
        own = replace(own, frame=frame, roles={**own.roles, "exporter": "exporter"}, _memo={})
        index = table_of(rca(own, reference=reference, by=[*by_of(flows), "exporter"]))
    else:
        of = flows if reference is None else own
        index = table_of(rca(of, reference=reference or "world", by=[*by_of(flows), "exporter"]))
    label = own.roles["exporter"]
    if exporter is not None and label in index:
        index = index[index[label] == exporter]
    last = latest(index, flows.roles.get("period"))
    top = last[last["share"] > 0.001].nlargest(20, "rca")
    ax = pictures.rca_bars(top, product=flows.roles["product"], source=flows.source,
                            title=_("Largest advantage among products above 0.1 % of exports"))  # fmt: skip
    above, all_ = number(int((last["rca"] > 1).sum()), ",.0f"), number(len(last), ",.0f")
    fact = Fact(_("Products with revealed advantage, {period} (RCA above 1)", period=last_period(flows)),
                _("{n} of {all}", n=above, all=all_),
                _("Balassa's index against {reference}; another reference gives another number.", reference=against),
                "advantage")  # fmt: skip
    return Section("advantage", _("Revealed comparative advantage"), (
        _("Balassa's index against {reference}: the product's share in the exporter's exports over its share in the "
          "reference's. {n} of {all} products are above 1 in the last period.", reference=against, n=above, all=all_),
    ), (Picture("rca", _("Advantage"), localised(ax), _("Bars of the largest RCA")),
        Table("rca", _("The 20 products of largest RCA"), named(flows, "product", top),
              _("RCA: 1 is neutral"), _("computed; Balassa (1965)"),
              {own.roles["value"]: ",.0f", "share": "share", "reference_share": "share",
               "rca": ".2f"}))), fact  # fmt: skip
