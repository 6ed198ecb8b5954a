"""The one style of results that need more than a table: frozen, with table, summary, plot and HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


class Result:
    """Base of estimates, decompositions and checks.

    A subclass is a frozen dataclass (``@dataclass(frozen=True, repr=False, eq=False)``) that has a
    `table` (a pandas DataFrame) as field or property, and may override `summary` and `plot`.
    """

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return type(self).__name__

    def _table(self) -> pd.DataFrame:
        table: pd.DataFrame = self.table  # type: ignore[attr-defined]
        return table

    def summary(self) -> str:
        """Plain text: the title and the table, rounded for reading."""
        return f"{self.title}\n{self._table().to_string(index=False, float_format=_short)}"

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the result on `ax` (a new figure by default) and return the Axes."""
        raise NotImplementedError(f"{type(self).__name__} has no picture of its own.")

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        body = self._table().to_html(index=False, float_format=_short, border=0)
        return f"<div><p><strong>{escape(self.title)}</strong></p>{body}</div>"


def _short(x: float) -> str:
    return f"{x:,.4g}" if abs(x) < 1e4 else f"{x:,.1f}"
