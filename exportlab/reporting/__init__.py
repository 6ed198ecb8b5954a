"""Everything above as one HTML page with its figures and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exportlab.flows import Flows, require


def report(
    flows: Flows | None = None,
    *,
    out: str | Path = "report",
    exporter: str | None = None,
    bloc: str = "RCEP",
    reference: Flows | None = None,
    home: str | None = None,
    progress: Any = None,
) -> Path:
    """Write a report: one self-contained HTML page, and every table as CSV beside it.

    Parameters
    ----------
    flows : Flows, optional
        Your own flows; without them the embedded figures on Liaoning are reported.
    out : path
        The folder to write: ``index.html`` and ``tables/*.csv``. Existing files of those names are replaced.
    exporter : str, optional
        Report this exporter of the flows only.
    bloc : str
        Whose share to follow.
    reference : Flows, optional
        What advantage is measured against (China's exports by product, say); by default all exporters in
        the table, where there are several.
    home : str, optional
        The exporters' own country, which is never counted as a member of the bloc.
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
    """
    from exportlab.reporting import own, published, render

    say = progress or (lambda text: None)
    if flows is None:
        say("Computing from the embedded figures")
        page = published.page()
    else:
        require(flows, "report")
        say("Computing from the flows")
        page = own.page(flows, exporter=exporter, bloc=bloc, reference=reference, home=home)
    say("Drawing and writing the page")
    return render.write(page, Path(out))
