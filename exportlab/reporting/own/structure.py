"""The section on the structure of a table of one's own by section of the Harmonized System."""

from __future__ import annotations

from exportlab.classifications.hs import hs_section
from exportlab.findings import Findings
from exportlab.findings.parts import LeftOut
from exportlab.reporting.own.intervals import last_period
from exportlab.reporting.own.naming import source_of, unit_of
from exportlab.tables.model import Section, Table
from exportlab.words import _, percent, term


def structure(found: Findings) -> Section:
    """The structure of exports by section of the Harmonized System; where products are other codes, that it is not."""
    title = _("Structure by section of the Harmonized System")
    part, flows = found.structure, found.basis.flows
    if isinstance(part, LeftOut):
        return Section("structure", title, (_why(part),))
    made = part.table.assign(hs_section=part.table["hs_section"].map(_named))
    largest = _(
        "The largest section, {name}, holds {share} of exports in {period}.",
        name=made["hs_section"].iloc[0],
        share=percent(float(made["share"].iloc[0])),
        period=last_period(flows),
    )
    read = _("Product codes are read as codes of the Harmonized System.")
    table = Table(
        "hs_sections",
        _("Exports by HS section, {period}", period=last_period(flows)),
        made,
        unit_of(flows),
        source_of(flows),
        {"value": ",.0f", "share": "share"},
        made=("share",),
    )
    return Section("structure", title, (largest, read), (table,))


def _why(left_out: LeftOut) -> str:
    if left_out.why == "other codes":
        return _("Left out: the product codes are SITC, not HS.")
    found, every = left_out.of
    return _("Left out: {n} of {all} product codes are codes of the Harmonized System.", n=found, all=every)


def _named(section: str) -> str:
    """Number and title of a section."""
    return f"{section} {term(hs_section(section).title)}" if section else _("no chapter of the HS")
