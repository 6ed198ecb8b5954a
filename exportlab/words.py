"""Sentences with what fills them, in the reader's language, and numbers as that language writes them.

English is written in the code, marked by `_` (or by `N_` or `said` where it is a constant); other languages are
catalogues in locale/*.po, read as they are. `python -m exportlab.words` brings the catalogues up to date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, reduce
from pathlib import Path
from typing import Any, TypeAlias

from exportlab.currencies import SCALES, counted_in
from exportlab.errors import (
    DataError,
    ExportlabError,
    MissingDependency,
    NotAllowed,
    UnknownName,
    flags,
    one_of,
    short,
)
from exportlab.errors import listed as quoted

LANGUAGES = {"en": "en", "zh": "zh_Hans_CN"}
MEANT = {
    "cn": "zh",
    "ch": "zh",
    "chn": "zh",
    "chinese": "zh",
    "zh-cn": "zh",
    "zh_cn": "zh",
    "zh-hans": "zh",
    "中文": "zh",
    "汉语": "zh",
    "eng": "en",
    "english": "en",
    "en-us": "en",
    "en_us": "en",
    "英文": "en",
}
HERE = Path(__file__).parent
DATA = "a word of the data"
_language: ContextVar[str] = ContextVar("language", default="en")
_MONTHS = {
    "Jan": 1,
    "Feb": 2,
    "Mar": 3,
    "Apr": 4,
    "May": 5,
    "Jun": 6,
    "Jul": 7,
    "Aug": 8,
    "Sep": 9,
    "Oct": 10,
    "Nov": 11,
    "Dec": 12,
}
COUNTED = "{number} {unit}"
# Where a language counts by other powers of ten: from the English unit to its own, digits kept (bn to 亿 is 1).
POWERS = {
    "zh": {
        "bn CNY": 1,
        "bn USD": 1,
        "bn t": 1,
        "mn CNY": -2,
        "mn USD": -2,
        "mn t": -2,
        "mn TEU": 2,
        "mn visits": -2,
        "mn records": 2,
    }
}
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_PERIOD = re.compile(r"(?:(\d{4}) ?)?([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))?")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything inside in one of `LANGUAGES`."""
    known(language)
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def known(language: str) -> str:
    """The language itself; refuses one that is not spoken, and says which may be meant."""
    one_of("lang", language, LANGUAGES, MEANT)
    return language


def speak(language: str) -> str:
    """Say everything from here on in one of `LANGUAGES`: for a program of its own, such as the command line."""
    _language.set(known(language))
    return language


def language() -> str:
    """The language in use."""
    return _language.get()


@cache
def catalogue(code: str) -> Mapping[str, str]:
    """English to another language; nothing for English itself."""
    return {} if code == "en" else {str(m.id): str(m.string) for m in _read(code) if m.id and m.string}


def written(code: str) -> list[str]:
    """All that is said in a language, as it is written."""
    return list(catalogue(code).values())


@cache
def _read(code: str) -> Any:
    """The catalogue as it is in its file."""
    from babel.messages.pofile import read_po

    with (HERE / "locale" / f"{code}.po").open("rb") as stream:
        return read_po(stream)


@cache
def vocabulary(code: str) -> Mapping[str, str]:
    """The words of the embedded data, which the catalogue marks as such, in another language."""
    return {} if code == "en" else {str(m.id): str(m.string) for m in _read(code) if DATA in m.auto_comments}


def _(message: str, /, **values: object) -> str:
    """The message in the language in use, its {placeholders} filled in."""
    text = catalogue(language()).get(message, message)
    return text.format(**values) if values else text


def in_all_languages(message: str) -> list[str]:
    """A message of the code in every language that has it."""
    return [message, *(text for code in LANGUAGES if (text := catalogue(code).get(message)))]


BETWEEN = {"en": (" ", "; "), "zh": ("", "\N{FULLWIDTH SEMICOLON}")}  # sentences, items of a list


def sentences(*said: str) -> str:
    """Sentences one after another, as the language writes them."""
    return BETWEEN[language()][0].join(s for s in said if s)


def listed(items: Iterable[str]) -> str:
    """A list of words."""
    return BETWEEN[language()][1].join(items)


def N_(message: str) -> str:  # noqa: N802
    """Mark a constant for translation where it is used."""
    return message


def number(value: float, form: str = ",.1f") -> str:
    """A number as the language writes it; `form` is a format of Python's such as ",.1f", "share", or
    "points" (of a share, in percentage points)."""
    from babel.numbers import format_decimal, format_percent

    if form == "points":
        return points(value)
    digits = 1 if form == "share" else int(form.split(".")[1][0])
    pattern = ("#,##0" if "," in form or form == "share" else "0") + ("." + "0" * digits if digits else "")
    if form == "share":
        return str(format_percent(value, format=f"{pattern}%", locale=LANGUAGES[language()]))
    return str(format_decimal(value, format=pattern, locale=LANGUAGES[language()]))


def percent(value: float, digits: int = 1) -> str:
    """A share as a percentage."""
    from babel.numbers import format_percent

    pattern = "#,##0" + ("." + "0" * digits if digits else "") + "%"
    return str(format_percent(value, format=pattern, locale=LANGUAGES[language()]))


def points(share: float, digits: int = 1) -> str:
    """A change of a share, in percentage points, with its sign."""
    return f"{round(100 * share, digits) + 0.0:+.{digits}f}"


# Words for powers of ten, from the largest that an amount is said in; and what currencies are called.
STEPS = {
    "en": ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1.0, "")),
    "zh": ((1e12, "万亿"), (1e8, "亿"), (1e4, "万"), (1.0, "")),
}
EXACTLY = {
    "en": {1.0: "", 1e2: "100", 1e3: "thousand", 1e4: "10k", 1e5: "100k", 1e6: "million", 1e7: "10m", 1e8: "100m",
           1e9: "billion", 1e10: "10bn", 1e12: "trillion"},
    "zh": {1.0: "", 1e2: "百", 1e3: "千", 1e4: "万", 1e5: "十万", 1e6: "百万", 1e7: "千万", 1e8: "亿", 1e9: "十亿",
           1e10: "百亿", 1e12: "万亿"},
}  # fmt: skip
MONEY = {"zh": {"USD": "美元", "CNY": "元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元", "HKD": "港元"}}
JOINED = {"en": " ", "zh": ""}


def measured_in(unit: str, largest: float) -> tuple[float, str]:
    """What to divide amounts of a unit by so that the largest is a short number, and the unit they are then in."""
    money = counted_in(unit)
    if money is None:
        return 1.0, unit_said(unit)
    scale, code = money
    size, word = next((s for s in STEPS[language()] if abs(largest) * scale >= s[0]), STEPS[language()][-1])
    return size / scale, JOINED[language()].join(x for x in (word, _money(code)) if x)


def amount(value: float, unit: str) -> str:
    """An amount of money as it is said: 137.2 million USD, 1.37亿美元; of what is no money, the number and its unit."""
    by, said_in = measured_in(unit, value)
    shown = value / by
    whole = abs(shown) >= 1000 or (by == 1 and float(shown).is_integer())
    short = abs(shown) >= 100 or language() == "en"
    digits = 0 if whole else 1 if short else 2
    return JOINED[language()].join(x for x in (number(shown, f",.{digits}f"), said_in) if x)


def unit_said(unit: str) -> str:
    """A unit in the language in use: million USD is 百万美元, 亿元 is 100m CNY, and 10k t is 万吨."""
    money = counted_in(unit)
    if money is None:
        return _measure(unit)
    words = (EXACTLY[language()][money[0]], _money(money[1]))
    return JOINED[language()].join(w for w in words if w)


def _measure(unit: str) -> str:
    """A unit that is no money, its power of ten in words of the language where what it counts has one."""
    power, _, what = unit.partition(" ")
    size = next((s for s, words in SCALES.items() if power in words), None)
    counts = vocabulary(language()).get(what)
    return str(term(unit)) if size is None or counts is None else f"{EXACTLY[language()][size]}{counts}"


def units_said(listed: str) -> str:
    """Units with commas between them, each as the language counts."""
    return _(", ").join(dict.fromkeys(as_counted(1.0, u)[1] for u in listed.split(", ") if u))


def as_counted(value: float, unit: str) -> tuple[float, str]:
    """A figure and its unit as the language counts: 6.27 bn USD is 62.7 亿美元."""
    power = POWERS.get(language(), {}).get(unit)
    if power is None:
        return value, unit_said(unit)
    return float(Decimal(repr(float(value))).scaleb(power)), str(term(unit))


def _money(code: str) -> str:
    return MONEY.get(language(), {}).get(code, code)


_ISO = re.compile(r"(\d{4})(?:-(\d{2}))?")


def moment(period: Any) -> str:
    """A period of a user's own as a sentence has it: 2023 is 2023年, 2023-05 is 2023年5月; others are as written."""
    text = str(period)
    found = _ISO.fullmatch(text)
    if language() != "zh" or found is None:
        return str(term(text))
    return f"{found[1]}年" + (f"{int(found[2])}月" if found[2] else "")


def term(value: Any) -> Any:
    """A word of the embedded data (a partner, a product class, a period), or a message, in the language in use.

    Text is looked up among the words of the data alone: a sentence is said from its message, never found again.
    """
    if isinstance(value, Said):
        return spoken(value)
    if not isinstance(value, str) or language() == "en":
        return value
    known = vocabulary(language()).get(value) or _countries().get(value)
    if known:
        return known
    found = _PERIOD.fullmatch(value)
    if found and found[2] in _MONTHS and (found[3] is None or found[3] in _MONTHS):
        months = str(_MONTHS[found[2]]) + (f"—{_MONTHS[found[3]]}" if found[3] else "")
        return (f"{found[1]}年" if found[1] else "") + f"{months}月"
    return value


def spoken(text: Text) -> str:
    """A message in the language in use; text that is no message, such as a user's title, as it is."""
    if not isinstance(text, Said):
        return text
    if text.template == COUNTED:
        return _counted(text)
    return text.within(lambda part: spoken(part) if isinstance(part, Said) else _templated(part))


def _templated(template: str) -> str:
    """A message's template, or the word of the data that is one."""
    found = catalogue(language()).get(template)
    return str(term(template)) if found is None else found


def _counted(value: Said) -> str:
    """A number and its unit, in the unit that the language counts in."""
    parts = dict(value.parts)
    unit, number = parts["unit"].template, str(term(parts["number"]))
    power = POWERS.get(language(), {}).get(unit, 0)
    if power:
        number = _NUMBER.sub(lambda m: f"{Decimal(m[0].replace(',', '')).scaleb(power):,f}", number)
    return _(COUNTED, number=number, unit=_templated(unit))


@cache
def _countries() -> Mapping[str, str]:
    from exportlab.classifications._tables import rows

    return {r["name"]: r["name_zh"] for r in rows("countries")}


def messages() -> list[str]:
    """Every message of the code and the template, in order of appearance."""
    from babel.messages.extract import extract_from_dir

    methods = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
    marks = {"_": None, "N_": None, "said": None}
    found = sorted(extract_from_dir(HERE, methods, keywords=marks, comment_tags=()))
    return list(dict.fromkeys(str(m[2]) for m in found if m[2]))


def update(code: str) -> None:
    """Bring a catalogue up to date: new messages come in untranslated, those no longer used go.

    Words of the embedded data, which are in no code, are kept by their comment `DATA`.
    """
    from babel.messages.pofile import read_po, write_po

    file = HERE / "locale" / f"{code}.po"
    with file.open("rb") as stream:
        kept = read_po(stream, locale=LANGUAGES[code])
    used = dict.fromkeys(messages())
    for message in [str(m.id) for m in kept if m.id and m.id not in used and DATA not in m.auto_comments]:
        kept.delete(message)
    for message in used:
        if message not in kept:
            kept.add(message)
    with file.open("wb") as stream:
        write_po(stream, kept, width=110)


if __name__ == "__main__":
    for code in LANGUAGES:
        if code != "en":
            update(code)


# Sentences as a template and what fills it, so that a report can say them in its own language.

Word = Callable[[Any], str]


@dataclass(frozen=True, repr=False)
class Said:
    """A sentence, a name or a figure: a template, and the text or `Said` of each of its {placeholders}.

    ``str()`` says it in English. Its templates are messages: `within` says it with each of them translated.
    """

    template: str
    parts: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.within(str)

    def __repr__(self) -> str:
        return f"said({str(self)!r})"

    def within(self, word: Word) -> str:
        """The sentence with every template and every `Said` in it passed through `word`."""
        text = word(self.template)
        if not self.parts:
            return text
        return text.format(**{n: word(p) if isinstance(p, Said) else str(p) for n, p in self.parts})


NOTHING = Said("")
Text: TypeAlias = str | Said


def said(template: str, /, **parts: Any) -> Said:
    """A sentence from its template; also the mark by which messages are found for translation."""
    return Said(template, tuple(parts.items()))


def enumerated(parts: Iterable[Said]) -> Said:
    """Facts one after another."""
    return reduce(lambda a, b: said("{a}; {b}", a=a, b=b), parts)


def told(sentences: Iterable[Said]) -> Said:
    """Sentences one after another."""
    return reduce(lambda a, b: said("{a}. {b}", a=a, b=b), sentences)


def after(sentence: Text) -> Said:
    """A sentence that follows another, or nothing."""
    return NOTHING if str(sentence) == "" else said(" {sentence}", sentence=sentence)


def in_turn(first: Said, *others: Text) -> Said:
    """Whole sentences, one after another."""
    return reduce(lambda a, b: said("{a}{b}", a=a, b=after(b)), others, first)


def row(items: Iterable[Text]) -> Text:
    """Words with commas between them."""
    return reduce(lambda a, b: said("{a}, {b}", a=a, b=b), items)


def either(items: Sequence[Text]) -> Text:
    """Words of which one is meant: a, b or c."""
    return said("{a} or {b}", a=row(items[:-1]), b=items[-1]) if len(items) > 1 else items[0]


def counted(number: Said, unit: str) -> Said:
    """A number with its unit; without one, the number alone."""
    return said("{number} {unit}", number=number, unit=said(unit)) if unit else number


# A refusal, as a sentence in the language in use.


def refusal(error: ExportlabError, typed: Word = str) -> str:
    """What is wrong and the way out, its remedies through `typed`; in English as the error says it."""
    if language() == "en":
        return str(error)
    if isinstance(error, NotAllowed):
        near = _("Did you mean {names}?", names=repr(error.near)) if error.near else ""
        wrong = _(
            "{option}={value} is not allowed. Allowed: {allowed}.",
            option=error.option,
            value=error.value,
            allowed=quoted(error.allowed),
        )
        return typed(sentences(wrong, near))
    if isinstance(error, UnknownName) and not isinstance(error.message, Said):
        wrong = _(
            "There is no {kind} named {name}.", kind=_told(error.kind), name=short(repr(error.name), 200)
        )
        wrong = sentences(wrong, _("{reason}.", reason=_told(error.why)) if str(error.why) else "")
        if error.near:
            return sentences(wrong, _("Did you mean {names}?", names=quoted(error.near)))
        return sentences(wrong, _("Known, among others: {names}.", names=quoted(error.known[:8])))
    if isinstance(error, MissingDependency):
        install = f"pip install 'exportlab[{error.extra}]'"
        return _(
            "{purpose} needs {library}: {install}.",
            purpose=_told(error.purpose),
            library=error.library,
            install=install,
        )
    return _framed(error, typed) if isinstance(error, DataError) else typed(_told(error.message))


def _framed(error: DataError, typed: Word) -> str:
    """A refusal of a table, in the reader's language."""
    rows = _("{n} rows are affected.", n=f"{error.rows:,}") if error.rows is not None else ""
    first = _("First: {row}.", row=_told(error.first_message)) if error.first is not None else ""
    ways = _(" or ").join(flags(way) for way in error.options)
    say = _("Add: {options}.", options=ways) if ways else ""
    wrong, remedy = map(_told, error.messages)
    return sentences(_("{wrong}.", wrong=wrong), rows, first, typed(remedy), say)


def _told(message: object) -> str:
    """A message in the language in use, however long what fills it is; text that is none as it is."""
    return short(spoken(message) if isinstance(message, Said) else str(message), 900)
