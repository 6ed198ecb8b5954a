"""Everything above as one HTML page with its figures and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from exportlab.flow_table import Flows, require

if TYPE_CHECKING:
    from exportlab.indices.concordance import Concordance
    from exportlab.indices.sophistication import Income
    from exportlab.valueadded import InterCountryTable, IOTable


COLUMN = 3.5  # inches of a page's figures: as wide as a phone, two side by side on paper and wider windows


def report(
    flows: Flows | None = None,
    *,
    out: str | Path = "report",
    exporter: str | None = None,
    bloc: str = "RCEP",
    reference: Flows | None = None,
    home: str | None = None,
    outside: Sequence[str] = (),
    technology: Literal["sitc3"] | Concordance | None = None,
    income: Income | None = None,
    table: IOTable | InterCountryTable | None = None,
    lang: str = "en",
    also: str | Iterable[str] = (),
    progress: Any = None,
) -> Path:
    """Write a report: one self-contained HTML page, and every table as CSV beside it.

    Figures of your own table have 95 % intervals that draw nothing at random (see `exportlab.interval`); a section
    that the table does not allow says what it needs.

    Parameters
    ----------
    flows : Flows, optional
        Your own flows; without them the embedded figures on Liaoning are reported.
    out : path
        The folder to write: ``index.html``, ``tables/`` and what `also` asks for. Existing
        files of the report's names are replaced, each as a whole; nothing outside the folder is written.
    exporter : str, optional
        Report this exporter of the flows only.
    bloc : str
        Whose share to follow.
    reference : Flows, optional
        What advantage is measured against (China's exports by product, say); by default all exporters in
        the table, where there are several. With exporters (the world's countries), complexity is read off it too.
    home : str, optional
        The exporters' own country, which is never counted as a member of the bloc.
    outside : sequence of str
        Markets that are no country ("Others") and count as outside the bloc; without it they leave its section out.
    technology : "sitc3" or Concordance, optional
        How the product codes lead to SITC rev.3, on which Lall's technology classes are defined.
    income : mapping or Flows, optional
        Income per head of the exporters of the reference (or of the table), for the income level of exports.
    table : IOTable or InterCountryTable, optional
        An input-output table with satellites (employment, CO2 ...): what of each stands behind exports, by market or by
        sector; of a province's competitive table within bounds. In a table of several exporters it is told of
        `exporter`, or else of `home`.
    lang : {"en", "zh"}
        The language of the page, its figures and the headings of tables. Chinese CSV files have Chinese heads.
    also : str or iterable of {"pdf", "word", "markdown", "excel", "latex", "png", "svg"}
        Further formats: the page printed to ``report.pdf`` (by Chromium or Chrome where there is one, else WeasyPrint),
        as ``report.docx`` or ``report.md``; all tables in ``tables/report.xlsx``, or each as ``tables/*.tex`` with
        ``figures/*.pdf``; each figure as ``figures/*.png`` or ``.svg``.
    progress : callable, optional
        Called with a line of text before each step.

    Returns
    -------
    Path
        The HTML page.

    Raises
    ------
    UnknownName
        An exporter or bloc that does not exist.
    OptionError
        A language or format that does not exist; a `table` without satellites, or without the exporter.
    MissingDependency
        What a format needs is not installed.
    NotADirectoryError
        `out` is a file.
    """
    from exportlab.plots.style import at_most
    from exportlab.tables import export
    from exportlab.words import _, speaking

    say = progress or (lambda text: None)
    also, folder = export.formats(also), export.free(Path(out))
    with speaking(lang), at_most(COLUMN):
        behind = None
        if table is not None:
            from exportlab.reporting.behind import section

            behind = section(table, (exporter, home))
        if flows is None:
            from exportlab.reporting.liaoning import page as published

            say(_("Computing from the embedded figures"))
            page = published.page(say, behind)
        else:
            require(flows, "report")
            say(_("Computing from the flows"))
            from exportlab.findings import findings
            from exportlab.reporting.own import page as own

            found = findings(
                flows,
                exporter=exporter,
                bloc=bloc,
                reference=reference,
                home=home,
                outside=outside,
                technology=technology,
                income=income,
            )
            page = own.page(found, bloc, behind)
        say(_("Drawing and writing the page"))
        return export.write(page, folder, also)
