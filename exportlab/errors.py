"""Errors that teach: what is wrong, in how many rows, the first one, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ExportlabError(Exception):
    """Base of every error this package raises on purpose."""


class DataError(ExportlabError, ValueError):
    """A table was refused.

    Parameters
    ----------
    problem : str
        What is wrong, as a clause without its full stop.
    remedy : str
        What is allowed, or what to do.
    rows : int, optional
        How many rows (or cells) are affected.
    first : str, optional
        The first of them, as the user would recognise it.
    """

    def __init__(
        self, problem: str, remedy: str, *, rows: int | None = None, first: str | None = None
    ) -> None:
        self.problem, self.remedy, self.rows, self.first = problem, remedy, rows, first
        count = "" if rows is None else f" in {rows:,} row{'s' if rows != 1 else ''}"
        where = "" if first is None else f" First: {first}."
        super().__init__(f"{problem}{count}.{where} {remedy}")


class OptionError(ExportlabError, ValueError):
    """An option has a value that is not allowed; the message lists the allowed ones."""


class UnknownName(ExportlabError, KeyError):
    """A name (indicator, bloc, country, data set, column) is not known; near matches are listed."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        options = sorted(set(known))
        near = get_close_matches(str(name), options, n=5, cutoff=0.5)
        if near:
            hint = f"Did you mean {_listed(near)}?"
        elif len(options) <= 40:
            hint = f"Known: {_listed(options)}."
        else:
            hint = f"{len(options):,} names are known, among them {_listed(options[:8])}."
        self.kind, self.name, self.near = kind, name, tuple(near)
        super().__init__(f"There is no {kind} named {name!r}. {hint}")

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


class EngineError(ExportlabError, NotImplementedError):
    """An engine cannot do an operation; the message names both and what to use instead."""


class MissingDependency(ExportlabError, ImportError):
    """An optional library is needed; the message gives the extra that brings it."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {library}: pip install 'exportlab[{extra}]'.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(n) for n in names)


def one_of(option: str, value: object, allowed: Iterable[str]) -> None:
    """Raise `OptionError` unless `value` is one of `allowed`."""
    choices = list(allowed)
    if value not in choices:
        near = get_close_matches(str(value), choices, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"{option}={value!r} is not allowed. Allowed: {_listed(choices)}.{hint}")
