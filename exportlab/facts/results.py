"""What comes out of facts: bounds with the tables that attain them, conflicts, best guesses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exportlab.errors import UnknownName
from exportlab.results import Result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from exportlab.facts.completion import Completion
    from exportlab.facts.conflicts import Clash


@dataclass(frozen=True, repr=False, eq=False)
class ImpliedBounds(Result):
    """The lowest and the highest value that an index can have, given the facts.

    Attributes
    ----------
    indicator : str
    low, high : float
        Where proved, a table attains each; else no table lies outside.
    proved : bool
        Whether both ends are attained. They are not where the search ran out of branches.
    low_completion, high_completion : Completion
        A table that fits the facts and has the index at that end (comes nearest to it, where not proved). Its
        ``table()`` has one row for members that are alike: how many, the value and the share of each, and their sum
        (of any number of members the sum, each having as little as one likes); its ``members(cell)`` has them all.
    assumptions : tuple of str
        What was assumed of the members.
    """

    indicator: str
    low: float
    high: float
    proved: bool
    low_completion: Completion
    high_completion: Completion
    assumptions: tuple[str, ...]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        kind = "" if self.proved else ", outer bounds"
        return f"{self.indicator}: between {self.low:.4g} and {self.high:.4g}{kind} ({'; '.join(self.assumptions)})"

    @property
    def table(self) -> pd.DataFrame:
        """One row: indicator, low, high, proved."""
        import pandas as pd

        return pd.DataFrame([{n: getattr(self, n) for n in ("indicator", "low", "high", "proved")}])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """The bounds as a line with both ends named; options as in `plots.facts.steps`."""
        from exportlab.plots.facts import steps

        row = self.table.assign(fact="all facts")
        return steps(row, **{"indicator": self.indicator, "ax": ax, "title": self.title} | options)


@dataclass(frozen=True, repr=False, eq=False)
class Steps(Result):
    """Bounds by which facts are used.

    Attributes
    ----------
    indicator : str
    rows : tuple of (facts, low, high, proved)
    """

    indicator: str
    rows: tuple[tuple[str, float, float, bool], ...]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"{self.indicator}: bounds by which facts are used"

    @property
    def table(self) -> pd.DataFrame:
        """One row a step: fact, low, high, proved."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=["fact", "low", "high", "proved"])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """The intervals, one below the other."""
        from exportlab.plots.facts import steps

        return steps(self.table, indicator=self.indicator, ax=ax, **options)


@dataclass(frozen=True, repr=False, eq=False)
class Conflicts(Result):
    """Facts that cannot all hold, of which none can be spared; empty where they can.

    Attributes
    ----------
    clashes : tuple of (fact, loosen, remedy)
        `loosen` is how far the fact alone would have to give way for all to hold, in its own unit; NaN where it alone
        cannot mend it. `remedy` says so in words.
    """

    clashes: tuple[Clash, ...]

    def __len__(self) -> int:
        return len(self.clashes)

    @property
    def title(self) -> str:
        """One line that says what this is."""
        return f"{len(self)} facts cannot all hold" if self.clashes else "all facts can hold together"

    @property
    def table(self) -> pd.DataFrame:
        """One row a fact: fact, source, loosen, remedy."""
        import pandas as pd

        rows = [(c.fact.words, c.fact.source, c.loosen, c.remedy) for c in self.clashes]
        return pd.DataFrame(rows, columns=["fact", "source", "loosen", "remedy"])


@dataclass(frozen=True, repr=False, eq=False)
class Estimates(Result):
    """Best guesses of an index, one for each prior, beside the bounds that hold whatever the prior is.

    Attributes
    ----------
    bounds : ImpliedBounds
    rows : tuple of (prior, estimate, divergence)
        The divergence is the cross-entropy from the prior, in nats: zero where the prior itself fits the facts.
    tables : mapping of str to dict
        For each prior the guess: every member's share.
    """

    bounds: ImpliedBounds
    rows: tuple[tuple[str, float, float], ...]
    tables: Mapping[str, Mapping[str, float]]

    @property
    def title(self) -> str:
        """One line that says what this is."""
        b = self.bounds
        return f"{b.indicator}: best guesses by cross-entropy, within {b.low:.4g} and {b.high:.4g}"

    @property
    def table(self) -> pd.DataFrame:
        """One row a prior: prior, estimate, low, high, divergence."""
        import pandas as pd

        rows = [(prior, value, self.bounds.low, self.bounds.high, far) for prior, value, far in self.rows]
        return pd.DataFrame(rows, columns=["prior", "estimate", "low", "high", "divergence"])

    def guess(self, prior: str | None = None) -> pd.Series:
        """Every member's share under a prior (the first by default), the largest first."""
        import pandas as pd

        name = self.rows[0][0] if prior is None else prior
        if name not in self.tables:
            raise UnknownName("prior", name, self.tables)
        return pd.Series(self.tables[name], name="share").sort_values(ascending=False)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """The guesses as points on the bounds as lines."""
        from exportlab.plots.facts import guesses

        return guesses(self.table, indicator=self.bounds.indicator, ax=ax, **options)
