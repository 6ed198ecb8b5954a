"""What a report is made of: sections of paragraphs, tables and pictures, each number with unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the report; `name` is also its CSV file's."""

    name: str
    title: str
    frame: pd.DataFrame
    unit: str
    source: str
    formats: Mapping[str, str] = field(
        default_factory=dict
    )  # column to "share", "text" or a format such as ".3f"
    note: str = ""


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure of the report, with words for those who cannot see it."""

    name: str
    title: str
    axes: Axes
    alt: str


@dataclass(frozen=True, eq=False)
class Section:
    """A chapter of the report."""

    id: str
    title: str
    text: tuple[str, ...]
    parts: tuple[Table | Picture, ...] = ()


@dataclass(frozen=True, eq=False)
class Page:
    """The whole report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(p for s in self.sections for p in s.parts if isinstance(p, Table))
