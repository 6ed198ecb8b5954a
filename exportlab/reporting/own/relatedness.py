"""The section on economic complexity in a table of one's own: where the exporter stands, and what lies near."""

from __future__ import annotations

from exportlab.findings import Findings
from exportlab.findings.parts import LeftOut, Place
from exportlab.plots.complexity import STRESS_UP_TO, plot_product_space
from exportlab.reporting.own import naming
from exportlab.reporting.own.headline import who
from exportlab.reporting.own.intervals import last_period, named
from exportlab.tables.model import Picture, Section, Table
from exportlab.words import _, number, refusal


def section(found: Findings) -> Section:
    """Complexity in the last period by the reference's product space, or by the table's own; or why there is none."""
    title, place, own = _("Economic complexity"), found.complexity, found.basis.flows
    if isinstance(place, LeftOut):
        return Section("complexity", title, (_why(place),))
    text = _(
        "In {period} the exporter has an advantage in {n} of {all} products. Its complexity index (ECI) is "
        "{eci}, the mean complexity of those products; the average exporter of the product space is at 0 and one "
        "standard deviation is 1.",
        period=last_period(own),
        n=number(place.diversity, ",.0f"),
        all=number(place.products, ",.0f"),
        eci=number(place.eci, ".2f"),
    )
    space = _(
        "The product space is read off {n} exporters. Density is how much of a product's neighbourhood the "
        "exporter has; no interval is made for it.",
        n=place.exporters,
    )
    near = Table(
        "near",
        _("The nearest products without an advantage yet"),
        named(own, "product", place.near),
        _("density: 0 to 1; complexity: standard deviations"),
        _("computed; Hidalgo and Hausmann (2009), Hausmann and others (2014)"),
        {"rca": ".2f", "density": ".3f", "pci": ".2f", "cog": ".3f"},
        made=("rca", "density", "pci", "cog"),
    )
    return Section("complexity", title, (text, space), (*_space(place, found), near))


def _space(place: Place, found: Findings) -> tuple[Picture, ...]:
    """The product space, the products with an advantage filled in; none where it is too large to be drawn."""
    if not 2 <= place.products <= STRESS_UP_TO:
        return ()
    network = place.solved.network()
    known = set(network.nodes["product"])
    mine = [p for p in place.present if p in known]
    title = _(
        "{name} has an advantage in {n} of {all} products of the product space",
        name=who(found),
        n=number(place.diversity, ",.0f"),
        all=number(place.products, ",.0f"),
    )
    ax = plot_product_space(network, present=mine, title=title, source=naming.source_of(found.basis.flows))
    return (
        Picture(
            "product_space", _("Product space"), ax, _("Points joined by lines: products that go together")
        ),
    )


def _why(left_out: LeftOut) -> str:
    """What the section needs and the table lacks."""
    if left_out.why == "few exporters":
        return _(
            "Left out: complexity is read off who exports what together, which takes at least {n} exporters. Give "
            "a reference table by exporter and product (the world's countries, or all provinces).",
            n=left_out.of[0],
        )
    if left_out.why == "no exporter named":
        return _("Left out: no exporter was named, so there is none to place.")
    return _("Left out: {reason}", reason=refusal(left_out.error) if left_out.error else "")
