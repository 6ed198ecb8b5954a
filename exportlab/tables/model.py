"""What a report is made of: sections of paragraphs, figures, tables and pictures, each number with unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exportlab.words import _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the report; `name` is also its CSV file's.

    `formats` gives a column "share" or a format such as ".3f". The columns of `fold` are long texts: they open
    beneath the text of the column `under`. `show` is how many rows are in view at first. `made` names what
    `methods` says of its figures. The columns of `hide` are in its files and not on the page: they are the same in
    every row, and the title says them.
    """

    name: str
    title: str
    frame: pd.DataFrame
    unit: str
    source: str
    formats: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    fold: tuple[str, ...] = ()
    under: str = ""
    show: int = 25
    made: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure of the report, with words for those who cannot see it."""

    name: str
    title: str
    axes: Axes
    alt: str

    @property
    def said(self) -> str:
        """What the figure shows, and what kind of figure it is."""
        return _("{title}. {kind}", title=self.around[0], kind=self.alt)

    @property
    def around(self) -> tuple[str, tuple[str, ...]]:
        """Its title, which says what was found, and the paragraphs below it."""
        from exportlab.plots.style import said_around

        return said_around(self.axes)


@dataclass(frozen=True)
class Fact:
    """One of the figures that matter: what it is, its value, how sure it is, and the section it is from."""

    what: str
    value: str
    sure: str
    section: str


@dataclass(frozen=True)
class Method:
    """How a figure is made: its formula in LaTeX, what was chosen where sources differ, and where it is defined."""

    name: str
    title: str
    formula: str
    convention: str
    source: str


@dataclass(frozen=True, eq=False)
class Section:
    """A chapter of the report."""

    id: str
    title: str
    text: tuple[str, ...]
    parts: tuple[Table | Picture, ...] = ()
    facts: tuple[Fact, ...] = ()
    points: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ()


@dataclass(frozen=True, eq=False)
class Page:
    """The whole report.

    `terms` says that the words of its tables are the embedded data's and can be translated, `headline` is the one
    sentence on top, and `heads` are what columns of the user's own are called on the page.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    terms: bool = False
    headline: str = ""
    heads: Mapping[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(p for s in self.sections for p in s.parts if isinstance(p, Table))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture, in order."""
        return tuple(p for s in self.sections for p in s.parts if isinstance(p, Picture))
