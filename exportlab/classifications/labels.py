"""What a label in a table stands for: a country, a bloc, a state that is gone, what is left over, or a total.

The one resolver: doors, readers, indices of blocs, the check for overlaps, the command line and facts ask here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, TypeAlias

from exportlab.classifications._tables import key, rows, words
from exportlab.classifications.blocs import On, blocs, composition, find_bloc
from exportlab.classifications.countries import codes_of, countries, digits, find, spellings
from exportlab.errors import DataError, one_of
from exportlab.text import visible
from exportlab.words import N_, enumerated, said

Kind: TypeAlias = Literal["country", "bloc", "former", "residual", "unlisted", "unknown"]
Scheme: TypeAlias = Literal["comtrade", "gacc", "m49"]
LISTS = {"comtrade": "M49 and UN Comtrade", "gacc": "China's customs", "m49": "M49"}


@dataclass(frozen=True)
class Meaning:
    """What one label stands for.

    Attributes
    ----------
    kind : str
        "country"; "bloc"; "former", a state that is gone; "residual", what a table has left over; "unlisted", a group
        that no dated public list defines (the Belt and Road); "unknown".
    code : str
        ISO3, the own code of a state that is gone, or the bloc as it is written.
    """

    kind: Kind
    code: str = ""

    def countries(self, on: On = "latest", exporter: str | None = None) -> frozenset[str] | None:
        """Its countries at a time, as an exporter (ISO3) counts them; None where that is not known."""
        if self.kind == "country":
            return frozenset({self.code})
        if self.kind == "former":
            return frozenset(_former()[self.code]["successors"].split("|"))
        return composition(self.code, on=on, exporter=exporter) if self.kind == "bloc" else None

    def never_in(self, bloc: str) -> bool:
        """Whether a state that is gone was outside a bloc that its successor is in (East Germany, the EU)."""
        return self.kind == "former" and bloc in _former()[self.code]["outside"].split("|")

    @property
    def own(self) -> str:
        """The label that stands for it in every table: ISO3, own code, short name of the bloc; "" for none."""
        return (find_bloc(self.code) or "") if self.kind == "bloc" else self.code

    @property
    def name(self) -> str:
        """In words."""
        if self.kind == "country":
            return next(c.name for c in countries() if c.iso3 == self.code)
        return _former()[self.code]["name"] if self.kind == "former" else self.code


UNKNOWN = Meaning("unknown")


def meanings(
    labels: Iterable[Any], *, scheme: str | None = None, name: str = "the column", strict: bool = True
) -> dict[Any, Meaning]:
    """What the labels of one column stand for; numbers are read in one list of codes, the same for all.

    Parameters
    ----------
    labels : iterable
        The column's labels.
    scheme : {"comtrade", "gacc", "m49"}, optional
        The list of the codes among them. By default the list in which more of them are valid.
    name : str
        The column, as errors call it.
    strict : bool
        Whether codes that are as valid in one list as in the other are refused, or unknown.

    Raises
    ------
    DataError
        Codes of two lists, both readings shown.
    """
    listed = list(dict.fromkeys(labels))
    if scheme is not None:
        one_of("scheme", scheme, LISTS)
    codes = {label: code for label in listed if (code := digits(label)) is not None}
    chosen = scheme or _list_of(codes.values())
    if chosen is None and strict:
        raise _two_lists(codes, name)
    table = _coded(chosen) if chosen else {}
    return {x: table.get(codes[x], UNKNOWN) if x in codes else meaning(x) for x in listed}


def meaning(label: object) -> Meaning:
    """What one label stands for by itself; a number is a code of M49."""
    if (code := digits(label)) is not None:
        return _coded("m49").get(code, UNKNOWN)
    return _meaning(str(label))


@cache
def _meaning(text: str) -> Meaning:
    if (code := find(text)) is not None:
        return Meaning("country", code)
    if (former := _former_names().get(words(text))) is not None:
        return Meaning("former", former)
    if find_bloc(text):
        return Meaning("bloc", text)
    if is_residual(text):
        return Meaning("residual", text)
    return Meaning("unlisted", text) if key(text) in _UNLISTED else UNKNOWN


def resolve(
    label: object, *, on: On = "latest", exporter: str | None = None, scheme: str | None = None
) -> frozenset[str] | None:
    """The ISO3 codes that a label stands for.

    Parameters
    ----------
    label : str or int
        A country by any name or by ISO3, ISO2 or M49 code, a bloc by any name ("EU", "EU27", "欧盟27国"), or a state
        that is gone, which stands for its successors.
    on : str, int or date
        When a bloc's membership is read, as in `members`.
    exporter : str, optional
        As in `members`, in ISO3.
    scheme : {"comtrade", "gacc", "m49"}, optional
        The list of a code.

    Returns
    -------
    frozenset of str, or None
        One code for a country, all members for a bloc, None when the label is unknown. Two labels
        overlap when their sets do: ``resolve("RCEP") & resolve("Japan")``.
    """
    found = meaning(label) if scheme is None else meanings([label], scheme=scheme)[label]
    return found.countries(on, exporter)


def near(label: object, *, most: int = 1) -> list[str]:
    """Names of countries and blocs that a label may be a slip of."""
    by_key = _by_key()
    found = get_close_matches(words(str(label)[:100]), by_key, n=most, cutoff=0.75)
    return [by_key[f] for f in found]


@cache
def _by_key() -> Mapping[str, str]:
    """Each name of a country or bloc by its words."""
    known = [name for name, _ in spellings()] + [b.name for b in blocs()]
    return {words(name): name for name in reversed(known)}


# Codes: numbers mean other countries in other lists, so that a column is read in one of them.


@cache
def _coded(scheme: str) -> Mapping[str, Meaning]:
    """Every code of a list, three digits as text, and what it stands for."""
    found = {code: Meaning("country", iso3) for code, iso3 in codes_of(scheme).items()}
    if scheme == "gacc":
        gone = [r for r in rows("country_codes") if r["scheme"] == "gacc" and r["iso3"] in _former()]
        found |= {r["code"]: Meaning("former", r["iso3"]) for r in gone}
    else:
        found |= {r["m49"]: Meaning("former", r["code"]) for r in _former().values()}
        blocs_ = {"097": "EU", "975": "ASEAN"} if scheme == "comtrade" else {}
        found |= {code: Meaning("bloc", name) for code, name in blocs_.items()}
    found |= {r["code"]: Meaning("residual", r["name"]) for r in rows("residuals") if r["scheme"] == scheme}
    return found


def codes_of_list(scheme: str) -> list[str]:
    """Every code of a list that stands for something."""
    return list(_coded(scheme))


def _list_of(codes: Iterable[str]) -> str | None:
    """The list in which more of the codes are valid; M49 where UN Comtrade's own are not needed; None for a tie."""
    wanted = set(codes)
    hits = {scheme: len(wanted & _coded(scheme).keys()) for scheme in ("comtrade", "gacc")}
    if hits["gacc"] > hits["comtrade"]:
        return "gacc"
    if wanted and hits["gacc"] == hits["comtrade"] and hits["gacc"]:
        return None
    return "m49" if len(wanted & _coded("m49").keys()) == hits["comtrade"] else "comtrade"


def _two_lists(codes: Mapping[Any, str], name: str) -> DataError:
    shown = list(codes.items())[:3]
    both = [
        said(
            "{label} is {gacc} in China's customs and {m49} in M49",
            label=repr(label),
            gacc=said(_coded("gacc").get(code, UNKNOWN).name or N_("nothing")),
            m49=said(_coded("comtrade").get(code, UNKNOWN).name or N_("nothing")),
        )
        for label, code in shown
    ]
    return DataError(
        said(
            "the {n} codes of {name} are codes of two lists: {names}",
            n=len(codes),
            name=name,
            names=enumerated(both),
        ),
        said(
            "Say at the door which list it is: scheme='gacc' (China's customs), scheme='comtrade' "
            "(UN Comtrade, CEPII) or scheme='m49'."
        ),
    )


# States that are gone.


@cache
def _former() -> dict[str, dict[str, str]]:
    return {r["code"]: r for r in rows("former_states")}


@cache
def _former_names() -> dict[str, str]:
    return {
        words(name): r["code"]
        for r in _former().values()
        for name in (r["code"], r["name"], r["name_zh"], *r["aliases"].split("|"))
    }


def last_day(code: str) -> date:
    """The last day of a state that is gone, by its own code."""
    return date.fromisoformat(_former()[code]["last_day"])


# What a table has left over.

# Groups that people print beside countries, and whose members no dated public list gives.
_UNLISTED = frozenset(
    key(x)
    for x in (
        "BRI",
        "B&R",
        "Belt and Road",
        "Belt and Road countries",
        "Belt and Road Initiative",
        "一带一路",
        "“一带一路”沿线国家",
        "一带一路国家",
        "“一带一路”共建国家",
        "共建“一带一路”国家",
    )
)
# As keys: lower case, without punctuation.
_RESIDUAL = re.compile(
    r"(all )?(others?|rest|remainder|remaining|residual|unspecified|unknown|undeclared|unallocated|not specified)"
    r"( (countries|regions|markets|partners|destinations|members|areas|economies|territories|provinces))?( nes)?"
    r"|rest( of)? world|row|.* nes|.*not elsewhere (specified|classified)|(areas|countries) not specified"
    r"|(亚洲|非洲|欧洲|拉丁美洲|北美洲|大洋洲)?(其他|其它|其余|余下|未列明|未分类)(国家|地区|国家和地区|国家地区|市场|伙伴|省份|省市|目的地)?"
    r"|(国别|国地别|国别地区|地区)?(不详|不明)(的)?|国别不详|未知"
)


def is_residual(label: object) -> bool:
    """Whether a label names what is left over: "Others", "Rest of world", "Areas, nes", "其他国家"."""
    text = " ".join(str(label).split())
    return any(
        _RESIDUAL.fullmatch(key(part)) or key(part) in _residual_names()
        for part in (text, text.partition(" (")[0])
    )


@cache
def _residual_names() -> frozenset[str]:
    """The names of what is left over, and its codes where they are letters, as in WITS."""
    return frozenset(key(r[c]) for r in rows("residuals") for c in ("name", "code") if not r[c].isdigit())


def residuals(labels: Iterable[Any], *, scheme: str | None = None) -> list[Any]:
    """Those of many labels that name what is left over, by their words, or by their code in the list `scheme`."""
    listed = list(labels)
    coded = _coded(scheme) if scheme else {}
    code = {x: digits(x) for x in listed}
    return [
        x
        for x in listed
        if (
            coded.get(code[x] or "", UNKNOWN).kind == "residual"
            if code[x]
            else _meaning(str(x)).kind == "residual"
        )
    ]


# Totals.

TOTAL_LABELS: frozenset[str] = frozenset(
    label.casefold()
    for label in (
        # a world of partners
        *("World", "World total", "WLD", "W00", "Global", "All countries", "All partners", "All markets"),
        *(
            "世界",
            "全球",
            "全世界",
            "全部国家",
            "所有国家",
            "全部国家(地区)",
            "所有国家(地区)",
        ),
        # all products
        *("All products", "All commodities", "All goods", "All HS", "All sections", "All industries"),
        *("全部商品", "所有商品", "全部产品", "所有产品"),
        # a nation of regions
        *("All regions", "All provinces", "全国", "全国合计", "全国总计", "全省", "全省合计", "全省总计"),
        # any of them
        *("All", "Total", "Totals", "Grand total", "Sub-total", "Subtotal", "Sum", "TOT", "TTL"),
        *("全部", "合计", "总计", "总值", "总额", "总和", "小计", "共计", "累计"),
    )
)
"""Labels of totals in any role, case-folded: a list for lazy engines on a trimmed, lower-cased column."""

TOTAL_CODES: frozenset[str] = frozenset({"0", "000"})
"""Codes of the world among codes of countries (M49, UN Comtrade); as products they are SITC codes."""


def is_total(label: object, *, role: str = "market") -> bool:
    """Whether a label is a total of its column and no member of it.

    Parameters
    ----------
    label : object
        "World", "TOTAL", "合计", "W00", M49 0, ...: case and spacing do not matter.
    role : {"market", "exporter", "product"}
        The column's role. The codes 0 and 000 are the world as markets and exporters, but food and
        live animals as products (SITC).
    """
    return bool(totals((label,), role=role))


def totals(labels: Iterable[Any], *, role: str = "market") -> list[Any]:
    """Those of many labels that are totals of their column; see `is_total`.

    The code 0 is one only among countries: where most of the other labels name none, it is a member like them (a firm).
    """
    one_of("role", role, ("market", "exporter", "product"))
    text = {m: _folded(str(m)) for m in labels}
    named = [m for m, t in text.items() if t in TOTAL_LABELS]
    zeros = [m for m, t in text.items() if t in TOTAL_CODES and role != "product"]
    if zeros:
        others = [m for m in text if m not in named and m not in zeros]
        named += zeros if 2 * len(_placed(others)) >= len(others) else []
    return named


def _folded(text: str) -> str:
    """Without spaces around, and in lower case."""
    plain = text.isascii() and text.isdecimal()  # as most codes are
    return text if plain else " ".join(visible(text).split()).casefold()


def _placed(labels: list[Any]) -> list[Any]:
    """Those of the labels that are countries, blocs or codes of them, in whichever list."""
    known = _coded("comtrade").keys() | _coded("gacc").keys()
    return [m for m in labels if (code in known if (code := digits(m)) else _meaning(str(m)) != UNKNOWN)]
