"""The section on sophistication in a table of one's own: technology classes, and the income level of exports."""

from __future__ import annotations

from exportlab.findings import Findings
from exportlab.findings.parts import IncomeLevel, LeftOut, Technology
from exportlab.flow_table import Flows
from exportlab.reporting.own import intervals
from exportlab.reporting.own.intervals import Made, last_period
from exportlab.reporting.own.naming import source_of, unit_of
from exportlab.tables.model import Fact, Section, Table
from exportlab.words import N_, _, number, percent, refusal, sentences

CLASSES = {
    "HT": N_("high technology"),
    "MT": N_("medium technology"),
    "LT": N_("low technology"),
    "RB": N_("resource-based"),
    "PP": N_("primary products"),
    "other": N_("other transactions"),
    "unmatched": N_("codes without a class"),
}


def section(found: Findings) -> Made:
    """Lall's classes where the codes lead to SITC, EXPY where incomes are given; and what either would need."""
    classes, level, own = found.technology, found.income_level, found.basis.flows
    parts: list[Table] = []
    fact = None
    if isinstance(classes, LeftOut):
        text = [_why_no_classes(classes)]
    else:
        lost = _(
            "Codes without a class hold {share} of exports.", share=percent(_share(classes, "unmatched"))
        )
        text = [
            _(
                "Lall's technology classes sort products by the technology they are typically made with, not by "
                "what is done to them here: assembled electronics count as high technology."
            ),
            lost,
        ]
        parts, fact = _class_tables(classes, own), _fact(classes, own, lost)
    if isinstance(level, LeftOut):
        text.append(_why_no_level(level))
    else:
        text.append(_level(level, own))
        parts.append(_level_table(level))
    return Section("sophistication", _("Sophistication"), tuple(text), tuple(parts)), fact


def _why_no_classes(left_out: LeftOut) -> str:
    if left_out.error is not None:
        return _("Lall's technology classes are left out: {reason}", reason=refusal(left_out.error))
    return _(
        "Lall's technology classes are left out: they are defined on SITC rev.3. Say "
        'technology="sitc3" if the product codes are SITC, or give a conversion table from '
        "UNSD."
    )


def _why_no_level(left_out: LeftOut) -> str:
    if left_out.error is not None:
        return _("The income level of exports (EXPY) is left out: {reason}", reason=refusal(left_out.error))
    if left_out.why == "no exporters":
        return _("The income level of exports (EXPY) is left out: the reference table has no exporters.")
    return _(
        "The income level of exports (EXPY) is left out: it needs the income per head of the exporters "
        "of a reference table, given as income=."
    )


def _share(classes: Technology, name: str) -> float:
    return classes.last.get(name, 0.0)


def _fact(classes: Technology, own: Flows, lost: str) -> Fact:
    high = classes.figures.get("HT")
    # Where other classes have intervals and this one has no exports, there is nothing to be sure of.
    known = intervals.sentence(high, "product", percent) if high or not classes.figures else ""
    return Fact(
        _("High-technology share of exports, {period}", period=last_period(own)),
        percent(_share(classes, "HT")),
        sentences(
            known,
            _("Lall's classes: what a product is, not what is done to it here."),
            lost,
        ),
        "sophistication",
    )


def _class_tables(classes: Technology, own: Flows) -> list[Table]:
    value, table = own.roles["value"], classes.table
    shown = table.assign(name=[_(CLASSES[c]) for c in table["class"]])
    keys = [c for c in shown if c not in ("class", "name", value, "lall_shares")]
    shown = shown[[*keys, "class", "name", value, "lall_shares"]].rename(columns={"lall_shares": "share"})
    figures = [(_(CLASSES[name]), figure) for name, figure in classes.figures.items()]
    return [
        Table(
            "lall",
            _("Exports by technology class"),
            shown,
            unit_of(own),
            source_of(own),
            {value: ",.0f", "share": "share"},
            _("Classes of Lall (2000)."),
            made=("lall",),
        ),
        *intervals.table("lall_sure", figures, "share"),
    ]


def _level(level: IncomeLevel, own: Flows) -> str:
    return _(
        "The income level of exports (EXPY) in {period} is {value}: the mean income per head of those who export "
        "what is exported here, weighted by their advantage in it. {share} of exports are products that "
        "somebody with an income exports. No interval: it rests on the incomes given.",
        period=last_period(own),
        value=number(level.last, ",.0f"),
        share=percent(level.covered),
    )


def _level_table(level: IncomeLevel) -> Table:
    return Table(
        "expy",
        _("Income level of exports (EXPY)"),
        level.table,
        _("the unit of the incomes given"),
        _("computed; Hausmann, Hwang and Rodrik (2007)"),
        {"covered": "share", "expy": ",.0f"},
        made=("expy", "prody"),
    )
