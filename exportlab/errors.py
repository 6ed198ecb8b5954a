"""Errors that teach: what is wrong, in how many rows, the first one, and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from shlex import quote
from typing import Any

from exportlab.text import printable

MANY = 20_000  # names that a near match is looked for among
LONGEST = (
    2_000  # characters of a message; a table may have ten thousand columns, and a name a million letters
)


class ExportlabError(Exception):
    """Base of every error this package raises on purpose; its message is short and holds no control.

    A message (`words.said`) is said in English here, and by the command line in the reader's language.
    """

    def __init__(self, message: object = "") -> None:
        self.message = message
        super().__init__(printable(short(str(message), LONGEST)))


class DataError(ExportlabError, ValueError):
    """A table was refused.

    Parameters
    ----------
    problem : str or message
        What is wrong, as a clause without its full stop. A message (`words.said`) is said in English here, and by
        the command line in the reader's language.
    remedy : str or message
        What is allowed, or what to do.
    rows : int, optional
        How many rows (or cells) are affected.
    first : str or message, optional
        The first of them, as the user would recognise it.
    options : sequence of mappings, optional
        Arguments of the door and its readers each of which mends it: the message names them as Python writes them,
        the command line as its flags.
    """

    def __init__(
        self,
        problem: object,
        remedy: object,
        *,
        rows: int | None = None,
        first: object = None,
        options: Sequence[Mapping[str, object]] = (),
    ) -> None:
        self.messages: tuple[Any, Any] = (problem, remedy)
        self.first_message = first
        problem, remedy = short(str(problem), 600), short(str(remedy), 900)
        first = None if first is None else short(str(first), 200)
        self.problem, self.remedy, self.rows, self.first = problem, remedy, rows, first
        self.options = tuple(options)
        ways = [", ".join(f"{name}={value!r}" for name, value in way.items()) for way in self.options]
        super().__init__(self._told(remedy, ways))

    def _told(self, remedy: str, ways: Sequence[str]) -> str:
        count = "" if self.rows is None else f" in {self.rows:,} row{'s' if self.rows != 1 else ''}"
        where = "" if self.first is None else f" First: {self.first}."
        say = f" Say {', or '.join(ways)}." if ways else ""
        return f"{self.problem}{count}.{where} {remedy}{say}"

    def typed(self, remedy: Callable[[str], str]) -> str:
        """The message as the command line says it: its remedy through `remedy`, its options as flags."""
        ways = [flags(way) for way in self.options]
        return printable(short(self._told(remedy(self.remedy), ways), LONGEST))


class DuplicateCells(DataError):
    """Several rows have one cell."""

    def saying(self, remedy: object) -> DuplicateCells:
        """The same refusal with another remedy."""
        return DuplicateCells(
            self.messages[0], remedy, rows=self.rows, first=self.first_message, options=self.options
        )


class RolesNeeded(DataError):
    """A table whose columns' roles were not named; `roles` are those that the columns' names suggest."""

    def __init__(self, problem: object, remedy: object, *, roles: Mapping[str, str]) -> None:
        self.roles = roles
        super().__init__(problem, remedy)


class OptionError(ExportlabError, ValueError):
    """An option has a value that is not allowed; the message lists the allowed ones."""


class NotAllowed(OptionError):
    """An option has none of the values that it may have; near ones are named."""

    def __init__(self, option: str, value: object, allowed: Iterable[str], near: str = "") -> None:
        self.option, self.value, self.allowed, self.near = (
            option,
            short(repr(value), 200),
            tuple(allowed),
            near,
        )
        hint = f" Did you mean {near!r}?" if near else ""
        super().__init__(f"{option}={self.value} is not allowed. Allowed: {listed(self.allowed)}.{hint}")


class UnknownName(ExportlabError, KeyError):
    """A name (indicator, bloc, country, data set, column) is not known; near matches are listed, and `why` if told."""

    def __init__(self, kind: object, name: object, known: Iterable[str], *, why: object = "") -> None:
        options = sorted({short(str(k), 100) for k in known})
        near = get_close_matches(str(name)[:100], options[:MANY], n=5, cutoff=0.5)
        if str(name) in options:
            hint = (
                f"There is a {name} of another type: numbers and texts are not one name, so make both alike "
                "(pandas: .astype(str))."
            )
        elif near:
            hint = f"Did you mean {listed(near)}?"
        elif len(options) <= 40:
            hint = f"Known: {listed(options)}."
        else:
            hint = f"{len(options):,} names are known, among them {listed(options[:8])}."
        self.kind, self.name, self.near, self.known, self.why = kind, name, tuple(near), tuple(options), why
        more = f": {why}" if str(why) else ""
        super().__init__(f"There is no {kind} named {short(repr(name), 200)}{more}. {hint}")

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


class EngineError(ExportlabError, NotImplementedError):
    """An engine cannot do an operation; the message names both and what to use instead."""


class MissingDependency(ExportlabError, ImportError):
    """An optional library is needed; the message gives the extra that brings it."""

    def __init__(self, library: str, extra: str, purpose: object) -> None:
        self.library, self.extra, self.purpose = library, extra, purpose
        super().__init__(f"{purpose} needs {library}: pip install 'exportlab[{extra}]'.")


def flags(options: Mapping[str, object]) -> str:
    """Options of the door as the command line takes them: ``--digits 6``, ``--leave-out partner=World``."""
    said = []
    for name, value in options.items():
        flag = "--sum" if (name, value) == ("aggregate", "sum") else f"--{name.replace('_', '-')}"
        if isinstance(value, Mapping):
            rules = [
                f"{c}={x}"
                for c, labels in value.items()
                for x in ([labels] if isinstance(labels, str) else labels)
            ]
            said += [f"{flag} {_word(rule)}" for rule in rules]
        elif isinstance(value, list | tuple):
            said += [f"{flag} {_word(str(each))}" for each in value]
        else:
            said.append(flag if value is True or flag == "--sum" else f"{flag} {_word(str(value))}")
    return " ".join(said)


def _word(text: str) -> str:
    """A word for the shell, in quotes where its end could be taken for the sentence's."""
    return quote(text) if text[-1:].isalnum() else f"'{text}'" if quote(text) == text else quote(text)


def short(text: str, most: int) -> str:
    """The text itself, or its beginning and its end where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    return f"{text[: 2 * most // 3]} ... {text[-(most // 3) :]}"


def listed(names: Iterable[str]) -> str:
    """Names as errors list them."""
    return ", ".join(repr(n) for n in names)


def one_of(
    option: str, value: object, allowed: Iterable[str], meant: Mapping[str, str] | None = None
) -> None:
    """Raise `NotAllowed` unless `value` is one of `allowed`; `meant` says what people write for one of them."""
    choices = list(allowed)
    if not isinstance(value, str | None) or value not in choices:
        given = str(value)[:100]
        near = get_close_matches(given, [str(c) for c in choices], n=1, cutoff=0.5)
        known = (meant or {}).get(given.strip().casefold(), "")
        raise NotAllowed(option, value, choices, known or next(iter(near), ""))
