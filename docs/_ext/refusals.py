"""One call for every refusal of the door: the errors page shows what it says."""

from __future__ import annotations

import pandas as pd

import exportlab as xl

TABLE = pd.DataFrame(
    {
        "year": [2022, 2022, 2023],
        "partner": ["Japan", "USA", "Japan"],
        "hs": ["010121", "270900", "010121"],
        "usd": [5.0, 3.0, 6.0],
    }
)


def door(**changes):
    """The door on a small table with some columns changed."""
    roles = {"period": "year", "market": "partner", "product": "hs", "value": "usd"}
    options = {
        k: changes.pop(k) for k in ("unit", "value", "keys") if k in changes and isinstance(changes[k], str)
    }
    return xl.flows(TABLE.assign(**changes), **{**roles, **options})


CASES = {
    "A column that is not there": lambda: door(value="eur"),
    "Text among the values": lambda: door(usd=["5", "1,234", "6"]),
    "Missing values": lambda: door(usd=[5.0, None, 6.0]),
    "Negative values": lambda: door(usd=[5.0, -3.0, 6.0]),
    "Infinite values": lambda: door(usd=[5.0, float("inf"), 6.0]),
    "Missing keys": lambda: door(partner=["Japan", None, "Japan"]),
    "Duplicate cells": lambda: xl.flows(
        pd.concat([TABLE, TABLE]), period="year", market="partner", product="hs", value="usd"
    ),
    "Nothing but zeros": lambda: door(usd=0.0),
    "No rows": lambda: xl.flows(TABLE[:0], market="partner", value="usd"),
    "A total among the markets": lambda: door(partner=["Japan", "World", "Japan"]),
    "A total in Chinese": lambda: door(partner=["Japan", "全部", "Japan"]),
    "RCEP beside Japan": lambda: door(partner=["Japan", "RCEP", "USA"]),
    "The EU beside Germany": lambda: door(partner=["EU", "Germany", "USA"]),
    "ASEAN beside Vietnam": lambda: door(partner=["ASEAN", "Vietnam", "USA"]),
    "Product codes that lost their zeros": lambda: door(hs=[10121, 270900, 10121]),
    "Years beside months": lambda: door(year=["2022", "2022-05", "2023"]),
    "Two units": lambda: door(money=["CNY", "USD", "CNY"], unit="money"),
    "A table that did not pass the door": lambda: xl.hhi(TABLE, over="market"),
    "A name that does not exist": lambda: xl.measure(door(), ["hhhi"], over="market"),
}
