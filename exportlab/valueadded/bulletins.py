"""Product classes of customs bulletins in the sectors of China's 42-sector tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GOODS = tuple(f"{k:02d}" for k in range(1, 23))  # what customs records hold: agriculture to manufacturing


@dataclass(frozen=True)
class ProductClass:
    """A class of customs bulletins, in the sectors of China's 42-sector tables.

    Attributes
    ----------
    sectors : tuple of str
        Where its goods can come from; wide where the class is loosely defined.
    within : tuple of str
        Classes it is wholly part of.
    overlaps : tuple of str
        Classes it may share goods with; every other pair is apart.
    only : tuple of str
        Sectors whose goods all belong to it.
    """

    sectors: tuple[str, ...]
    within: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


_ME = "mechanical & electrical"
CLASSES: Mapping[str, ProductClass] = {
    _ME: ProductClass(("10", "15", "16", "17", "18", "19", "20", "21"), overlaps=("high-tech",),
                      only=("16", "17", "18", "19", "20", "21")),
    "high-tech": ProductClass(tuple(f"{k}" for k in range(12, 22)), overlaps=(_ME,)),
    "labour-intensive products": ProductClass(("07", "08", "09", "10", "12", "22")),
    "textiles & garments": ProductClass(("07", "08"), within=("labour-intensive products",)),
    "garments": ProductClass(("08",), within=("labour-intensive products", "textiles & garments")),
    "steel": ProductClass(("14", "15"), overlaps=("high-tech",)),
    "agricultural": ProductClass(("01", "06"), overlaps=("high-tech",)),
    "ships": ProductClass(("18",), within=(_ME,), overlaps=("high-tech",)),
    "electric passenger vehicles": ProductClass(("18",), within=(_ME,), overlaps=("high-tech",)),
    "auto parts": ProductClass(("15", "16", "18", "19"), within=(_ME,),
                               overlaps=("high-tech", "electrical equipment (dian gong qi cai)",
                                         "lithium batteries")),
    "electrical equipment (dian gong qi cai)": ProductClass(
        ("19",), within=(_ME,), overlaps=("high-tech", "lithium batteries", "solar cells", "auto parts")),
    "lithium batteries": ProductClass(("19",), within=(_ME,),
                                      overlaps=("high-tech", "electrical equipment (dian gong qi cai)",
                                                "auto parts")),
    "solar cells": ProductClass(("19", "20"), within=(_ME,),
                                overlaps=("high-tech", "electrical equipment (dian gong qi cai)")),
}  # fmt: skip
