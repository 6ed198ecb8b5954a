"""What places and products are called in the reader's language, whatever the file calls them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from exportlab import datasets
from exportlab.classifications import countries, hs_chapter, meaning
from exportlab.errors import ExportlabError
from exportlab.flow_table import Flows
from exportlab.words import _, language, term, unit_said

NAMED = 200  # characters of a product's name in a table
WIDEST = 60  # characters of a place
LONGEST = 44  # characters of a product's name in a picture


def place(label: Any, flows: Flows | None = None, role: str = "market") -> str:
    """A country, bloc or province in the reader's language; what is none of them as it is written."""
    if flows is not None:
        found = flows.naming.meanings([label], role, strict=False)[label]
    else:
        found = meaning(label)
    if found.kind == "country":
        return _countries()[found.code][language() == "zh"]
    if found.kind == "bloc":
        return shortened(str(term(found.own or str(label))), WIDEST)
    return shortened(_provinces().get(str(label), {}).get(language(), str(label)), WIDEST)


@cache
def _countries() -> Mapping[str, tuple[str, str]]:
    return {c.iso3: (c.name, c.name_zh) for c in countries()}


@cache
def _provinces() -> Mapping[str, Mapping[str, str]]:
    """Each way to write a province of China to its name by language."""
    table = datasets.load("province_trade")[["province", "province_zh"]].drop_duplicates()
    found: dict[str, Mapping[str, str]] = {}
    for english, chinese in table.itertuples(index=False, name=None):
        short = str(chinese).removesuffix("省").removesuffix("市")
        for name in (english, chinese, short):
            found[str(name)] = {"en": str(english), "zh": str(chinese)}
    return found


def places(flows: Flows, role: str, labels: Iterable[Any]) -> dict[Any, str]:
    """Each label to what it is called."""
    return {x: place(x, flows, role) for x in labels}


def products(flows: Flows, labels: Iterable[Any], *, coded: bool = True) -> dict[Any, str]:
    """Each code to its name where the file gives one in a script the reader reads, else what chapter it is of."""
    given = getattr(getattr(flows, "reading", None), "labels", {}).get("product")
    known: dict[str, str] = {}
    if given is not None:
        code, name = given.columns[:2]
        known = dict(zip(given[code].astype(str), given[name].astype(str), strict=True))
    return {x: _product(str(x), known, coded) for x in labels}


def _product(code: str, known: Mapping[str, str], coded: bool) -> str:
    name = known.get(code, "")
    if name and (language() == "zh" or name.isascii()):
        if not coded:
            return shortened(name, NAMED)
        return shortened(_("{name} ({code})", name=shortened(name, LONGEST - len(code) - 3), code=code))
    try:
        chapter = hs_chapter(code) if code[:1].isdigit() and len(code) % 2 == 0 else None
    except ExportlabError:
        chapter = None
    if chapter is None or len(code) < 4:
        return str(term(chapter.title)) if chapter else code
    if not coded:
        return str(term(chapter.title))
    return shortened(_("{code} (of {chapter})", code=code, chapter=term(chapter.title)))


def shortened(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def role_names(flows: Flows, role: str, labels: Iterable[Any], *, coded: bool = True) -> dict[Any, str]:
    """What the members of a role are called, products with their code."""
    return products(flows, labels, coded=coded) if role == "product" else places(flows, role, labels)


def renamed(flows: Flows, role: str, table: pd.DataFrame) -> pd.DataFrame:
    """The table with its members under the names of the reader's language, for pictures."""
    column = flows.roles[role]
    return table.assign(**{column: table[column].map(role_names(flows, role, table[column].unique()))})


def unit_of(flows: Flows) -> str:
    """The unit of the value column."""
    return unit_said(flows.unit) if flows.unit else _("not stated")


def source_of(flows: Flows) -> str:
    """Where the flows are from: what the reader knows, said in the language in use, else what the user named."""
    said = getattr(getattr(flows, "reading", None), "source", None)
    if said is not None and str(said) == flows.source:
        return str(term(said))
    return flows.source or _("the file given")
