"""Pictures for the report: those of `exportlab.plots`, with their words in the language in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exportlab.plots.style import fonts
from exportlab.reporting.words import N_, _, catalogue, language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What the pictures write themselves: axis labels, legends and the words before a source.
DRAWN = (
    N_("Source: {rest}"),
    N_("Gini {rest}"),
    N_("share of {rest}, %"),
    N_("share of the total, %"),
    N_("of the value, %"),
    N_("markets, smallest first, %"),
    N_("products, smallest first, %"),
    N_("Herfindahl-Hirschman index"),
    N_("revealed comparative advantage (neutral: {rest})"),
    N_("share of exports, %"),
    N_("hollow: an interval with a note against it"),
    N_("domestic value added"),
    N_("imported"),
    N_("product taxes"),
    N_("value added, % of exports"),
    N_("upstreamness, steps from final use"),
    N_("periods since adoption"),
    N_("number of claims"),
    N_("Area of a point: exports."),
    N_("Thick bars: pointwise 95 % intervals; thin bars with caps: simultaneous 95 % bands."),
)


def localised(axes: Axes) -> Axes:
    """The same picture with every text that the catalogue knows in the language in use, in a font that has it."""
    if language() == "en":
        return axes
    from matplotlib.text import Text

    texts: list[Any] = axes.findobj(Text)
    legend = axes.get_legend()
    for text in [*texts, *(legend.get_texts() if legend else [])]:
        text.set_fontfamily(fonts())
        said = text.get_text()
        if said:
            text.set_text("\n".join(_known(line) for line in said.split("\n")))
    return axes


def _known(line: str) -> str:
    """The line in the language in use: itself, or what stands in its place of {rest}."""
    if line in catalogue(language()):
        return _(line)
    for pattern in DRAWN:
        if "{rest}" in pattern:
            before, after = pattern.split("{rest}")
            if line.startswith(before) and line.endswith(after) and len(line) > len(before + after):
                rest = line[len(before) : len(line) - len(after)]
                return _(pattern, rest=_(rest))
    return line
