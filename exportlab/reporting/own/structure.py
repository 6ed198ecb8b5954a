"""The section on the structure of a table of one's own by section of the Harmonized System."""

from __future__ import annotations

from exportlab.classifications.hs import hs_section
from exportlab.errors import ExportlabError
from exportlab.flows import Flows, cells
from exportlab.frames import to_pandas
from exportlab.reporting.own.intervals import by_of, last_period, latest, source_of, unit_of
from exportlab.reporting.own.sophistication import Technology
from exportlab.tables.model import Section, Table
from exportlab.words import _, percent, term


def structure(flows: Flows, technology: Technology) -> Section:
    """The structure of exports by section of the Harmonized System; where products are other codes, that it is not."""
    title = _("Structure by section of the Harmonized System")
    if technology == "sitc3":
        return Section("structure", title, (_("Left out: the product codes are SITC, not HS."),))
    value, product = flows.roles["value"], flows.roles["product"]
    table = latest(to_pandas(cells(flows, [*by_of(flows), "product"]).table), flows)
    codes = {str(p) for p in table[product]}
    found = {c: s for c in codes if (s := _section(c)) is not None}
    if len(found) < 0.9 * len(codes):  # other classifications; a few codes of the user's own are no reason
        why = _(
            "Left out: {n} of {all} product codes are codes of the Harmonized System.",
            n=len(found),
            all=len(codes),
        )
        return Section("structure", title, (why,))
    where = table[product].astype(str).map(found)
    grouped = table.assign(hs_section=where.fillna(_("no chapter of the HS")))
    made = grouped.groupby("hs_section", sort=False).agg(products=(product, "nunique"), value=(value, "sum"))
    made = made.sort_values("value", ascending=False).reset_index()
    made["share"] = made["value"] / made["value"].sum()
    return Section("structure", title, (
        _("The largest section, {name}, holds {share} of exports in {period}.", name=made["hs_section"].iloc[0],
          share=percent(float(made["share"].iloc[0])), period=last_period(flows)),
        _("Product codes are read as codes of the Harmonized System."),
    ), (Table("hs_sections", _("Exports by HS section, {period}", period=last_period(flows)), made, unit_of(flows),
              source_of(flows), {"value": ",.0f", "share": "share"}, made=("share",)),))  # fmt: skip


def _section(code: str) -> str | None:
    """Number and title of the section of an HS code; None for what is no such code."""
    try:
        section = hs_section(code) if code[:1].isdigit() and len(code) % 2 == 0 else None  # 2, 4, 6, 8 digits
    except ExportlabError:
        return None
    return None if section is None else f"{section.number} {term(section.title)}"
