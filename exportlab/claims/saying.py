"""Sentences as a template and what fills it, so that a report can say them in its own language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

Word = Callable[[Any], str]


@dataclass(frozen=True)
class Said:
    """A sentence, a name or a figure: a template, and the text or `Said` of each of its {placeholders}.

    ``str()`` says it in English. Its templates are messages: `within` says it with each of them translated.
    """

    template: str
    parts: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.within(str)

    def within(self, word: Word) -> str:
        """The sentence with every template and every `Said` in it passed through `word`."""
        text = word(self.template)
        if not self.parts:
            return text
        return text.format(**{n: word(p) if isinstance(p, Said) else str(p) for n, p in self.parts})


NOTHING = Said("")


def said(template: str, /, **parts: Any) -> Said:
    """A sentence from its template; also the mark by which messages are found for translation."""
    return Said(template, tuple(parts.items()))


def listed(parts: Iterable[Said]) -> Said:
    """Facts one after another."""
    return reduce(lambda a, b: said("{a}; {b}", a=a, b=b), parts)


def told(sentences: Iterable[Said]) -> Said:
    """Sentences one after another."""
    return reduce(lambda a, b: said("{a}. {b}", a=a, b=b), sentences)


def counted(number: Said, unit: str) -> Said:
    """A number with its unit; without one, the number alone."""
    return said("{number} {unit}", number=number, unit=said(unit)) if unit else number
