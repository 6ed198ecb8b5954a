"""What the shell offers after the tab key: names that a command knows."""

from __future__ import annotations

from collections.abc import Iterable


def indicators(incomplete: str) -> list[str]:
    """Names of indicators."""
    from exportlab import CATALOGUE

    return _begin(CATALOGUE, incomplete)


def data_sets(incomplete: str) -> list[str]:
    """Names of embedded data sets."""
    from exportlab import datasets

    return _begin(datasets.names(), incomplete)


def claims(incomplete: str) -> list[str]:
    """Ids of papers and of their claims."""
    from exportlab.claims import claims as shipped
    from exportlab.claims import papers

    return _begin([*(p.id for p in papers()), *(c.id for c in shipped())], incomplete)


def verdicts(incomplete: str) -> list[str]:
    """First words of the verdicts: an option takes one word, and the first letters do."""
    from exportlab.claims import VERDICTS

    return _begin([v.split()[0] for v in VERDICTS], incomplete)


def blocs(incomplete: str) -> list[str]:
    """Names of blocs."""
    from exportlab.classifications import blocs as known

    return _begin([b.name for b in known()], incomplete)


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return [n for n in names if n.startswith(incomplete)]
