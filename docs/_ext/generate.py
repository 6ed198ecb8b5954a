"""Pages drawn from what the package declares, and figures from examples that never touch pyplot."""

from __future__ import annotations

import inspect
from pathlib import Path

import pandas as pd

import exportlab as xl

FAMILIES: dict[str, str] = {}


def pages(source: Path) -> None:
    """Write generated/: one page a family of indicators, the catalogue, the data, the errors."""
    out = source / "generated"
    out.mkdir(exist_ok=True)
    families: dict[str, list[str]] = {}
    for indicator in xl.CATALOGUE.values():
        families.setdefault(indicator.family, []).append(indicator.name)
    for family, names in families.items():
        write(out / f"indicators_{family}.rst", family_page(family, names))
    write(out / "data.rst", data_page())
    write(out / "errors.rst", errors_page())
    listed = "\n".join(f"   indicators_{f}" for f in families)
    write(
        out / "indicators.rst",
        f"{title('Indicators')}\n{CATALOGUE_TEXT}\n.. toctree::\n   :maxdepth: 1\n\n{listed}\n",
    )


CATALOGUE_TEXT = """
Every indicator is one function over :func:`exportlab.flows`. Its title, formula, bounds, source and laws stand beside
it in the code, and these pages are drawn from there.
"""


def write(path: Path, text: str) -> None:
    """Write only what changed, so that a second build is quick."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def title(text: str, mark: str = "=") -> str:
    return f"{text}\n{mark * (2 * len(text))}\n"


def family_page(family: str, names: list[str]) -> str:
    """One family: what each is in a table, then each in full."""
    parts = [title(family.replace("_", " ").capitalize())]
    module = inspect.getmodule(xl.CATALOGUE[names[0]].function)
    parts.append(f"{(module.__doc__ or '').strip()}\n")
    head = ["name", "what it is", "range", "rises with", "universe"]
    rows = [
        [f":func:`~exportlab.{n}`", i.title, span(i), i.rises_with, "yes" if i.uses_universe else ""]
        for n in names
        for i in [xl.CATALOGUE[n]]
    ]
    parts.append(table(head, rows))
    parts.append("\n".join(f".. autofunction:: exportlab.{n}\n" for n in names))
    laws = [
        [n, *("holds" if law in xl.CATALOGUE[n].laws else "" for law in xl.catalogue.LAWS)] for n in names
    ]
    parts.append(title("Laws", "-"))
    parts.append("Checked on random data; where a cell is empty a counter-example is kept in the tests.\n")
    parts.append(table(["", *xl.catalogue.LAWS], laws))
    return "\n".join(parts)


def span(i: object) -> str:
    low, high = i.low or r"-\infty", i.high or r"\infty"
    return f":math:`[{low},\\ {high}]`"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A list-table, which takes cells of any text."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [
            f"   {'* -' if k == 0 else '  -'} {str(cell).replace(chr(10), ' ')}" for k, cell in enumerate(row)
        ]
    return "\n".join(lines) + "\n"


def data_page() -> str:
    """What is embedded, with what is not in it and where each figure came from."""
    from exportlab import datasets

    facts = datasets.describe()
    parts = [
        title("Embedded data"),
        DATA_TEXT,
        table(list(facts.columns), facts.astype(str).to_numpy().tolist()),
    ]
    for name in datasets.names():
        frame = datasets.load(name)
        parts += [title(name, "-"), table(["column", "values"], [[c, kind(frame[c])] for c in frame.columns])]
    return "\n".join(parts)


DATA_TEXT = """
Facts from public announcements and statistics, each row with its source and the day it was published. Nothing is
estimated, filled in or converted; rows whose year or period no source prints stay out.

.. code-block:: python

   from exportlab import datasets

   datasets.describe()
   datasets.load("liaoning_trade_by_partner")
"""


def kind(column: pd.Series) -> str:
    filled = column.notna().sum()
    return f"{filled:,} of {len(column):,} filled; {column.nunique():,} different"


def errors_page() -> str:
    """Every refusal of the door, called for real, with the words it says."""
    from refusals import CASES

    parts = [title("Errors"), ERRORS_TEXT]
    for name, call in CASES.items():
        try:
            call()
        except xl.errors.ExportlabError as error:
            parts.append(f"**{name}**\n\n.. code-block:: text\n\n   {type(error).__name__}: {error}\n")
        else:
            raise AssertionError(f"{name} was not refused")
    return "\n".join(parts)


ERRORS_TEXT = """
A table that cannot be trusted is refused, with what is wrong, in how many rows, the first one, and what to do. Nothing
is repaired on the way in. On the command line an error is one paragraph and exit code 2; ``--debug`` shows where it
arose.
"""


def axes_scraper(block, block_vars, gallery_conf):
    """Save the Axes or Figures that an example's block assigned, in order, each once."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from sphinx_gallery.scrapers import figure_rst

    from exportlab.plots.style import context

    seen = block_vars.setdefault("_drawn", set())
    found, names = block_vars["example_globals"], []
    for value in list(found.values()):
        figure = value.figure if isinstance(value, Axes) else value
        if isinstance(figure, Figure) and id(figure) not in seen:
            seen.add(id(figure))
            path = next(block_vars["image_path_iterator"])
            with context():
                figure.savefig(path, dpi=150, bbox_inches="tight")
            names.append(path)
    return figure_rst(names, gallery_conf["src_dir"])
