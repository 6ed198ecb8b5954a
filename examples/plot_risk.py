"""
Does concentration make exports vulnerable?
===========================================

Concentration says where exports go, risk says how they vary. Both are drawn in one figure: first for made-up
exporters whose shocks are known, then, where the table is at hand, for the exporters of the world. The trade table is
CEPII's BACI and lies outside the project, in the folder ``../shared/data`` beside it; without it that section says so
and is left out.

Formulae and sources: :doc:`/reference-risk`, :func:`exportlab.risk.portfolio`,
:func:`exportlab.risk.concentration_and_risk`; the published figures of the last section: :doc:`/generated/data`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab import datasets

# %%
# Known shocks
# ------------
# Twelve exporters sell to five markets. The shocks of the markets are the same for all; half of the exporters put most
# of their sales into the two calm markets, half into the two that move. Concentration is the same, risk is not.
rng = np.random.default_rng(28)
YEARS, MARKETS = range(2003, 2024), ["Japan", "Korea", "USA", "Germany", "Russia"]
moves = np.array([0.03, 0.03, 0.08, 0.15, 0.25])
shocks = rng.normal(0, 1, (len(YEARS) - 1, 5)) * moves
rows = []
for i in range(12):
    most = 0.35 + 0.02 * i
    rest = (1 - most) / 4
    start = np.full(5, rest)
    start[0 if i % 2 else 4] = most
    own = rng.normal(0, 0.02, shocks.shape)
    values = 100 * start * np.exp(np.vstack([np.zeros(5), np.cumsum(shocks + own, axis=0)]))
    name = f"{'calm' if i % 2 else 'restless'} {i // 2 + 1}"
    rows += [
        (y, name, m, v)
        for y, line in zip(YEARS, values, strict=True)
        for m, v in zip(MARKETS, line, strict=True)
    ]
made = xl.flows(pd.DataFrame(rows, columns=["period", "exporter", "market", "value"]), source="made up")
beside = xl.risk.concentration_and_risk(made)
print(beside.table[["exporter", "hhi", "sd", "actual_sd"]].round(3).to_string(index=False))
print(beside.regression(size=False).round(3).to_string(index=False))
ax = beside.plot(title="One concentration, two risks", source="made up")

# %%
# Who adds to it
# --------------
# A market's share of exports is not its share of their risk.
one = xl.risk.portfolio(made.where(exporter="restless 1"))
print(one)
bars = one.plot(title="Exports and their variance by market: restless 1", source="made up")

# %%
# What a shock would cost
# -----------------------
# The same 30 per cent less from Russia; and the worst year again.
hit = xl.risk.stress(made, demand={"Russia": -0.3})
print(hit.table[["exporter", "growth", "hhi_before", "hhi_after"]].round(3).to_string(index=False))
losses = hit.plot(title="Exports if Russia bought 30 % less", source="made up")


# %%
# The exporters of the world, over products
# -----------------------------------------
# Over 96 chapters of the Harmonized System, 2011 to 2020, the exporters that were concentrated in 2011 are those whose
# exports varied more afterwards, at the same size too: 0.24 of standard deviation for the whole range of the index
# (95 % interval 0.16 to 0.33, HC3, 224 exporters). It is an association over *products*: prices of single goods are in
# it.
# Markets of all exporters are not in this table, so that the same question about markets stays open.
def read(name):
    """The table under shared/data in a folder above this one, or None with a word about it."""
    found = [p for f in Path.cwd().parents if (p := f / "shared" / "data" / name).exists()]
    if found:
        return pd.read_parquet(found[0])
    print(f"left out: {name} is not under ../shared/data")
    return None


table = read("baci_hs92_hs2_exporter_2011_2020.parquet")
if table is not None:
    table = table[table["i_iso3c"].notna() & (table["v"] > 0)]
    table = table.groupby(["t", "i_iso3c", "k"], as_index=False)["v"].sum()
    world = xl.flows(
        table,
        period="t",
        exporter="i_iso3c",
        product="k",
        value="v",
        unit="thousand USD",
        source="CEPII BACI",
    )
    all_of_them = xl.risk.concentration_and_risk(world, over="product")
    print(all_of_them.regression().round(3).to_string(index=False))
    drawn = all_of_them.plot(
        label=False, title="Concentration over HS2 products and risk, 2011 to 2020", source="CEPII BACI"
    )
    china = xl.risk.portfolio(world.where(i_iso3c="CHN"), over="product")
    print(china.table[["sd", "benefit", "effective_contributions", "effective_bets", "hhi", "note"]].T)
    chapters = china.plot(title="China by HS chapter", source="CEPII BACI")

# %%
# China by market
# ---------------
# Five sectors of China's exports to its large partners, 2017 to 2024. The file has the ten largest importers of each
# year, so a partner that is missing in a year is not one that bought nothing: those that are there every year are kept.
# The share of a market and what it adds to the variance are not the same; the RCEP members among them (Japan, Korea)
# are set against the rest.
partners = read("baci_vi_bench_2017_2024_long.parquet")
if partners is not None:
    china = partners[(partners["exp"] == "CN") & (partners["imp"] != "CN") & (partners["value_musd"] > 0)]
    years = china.groupby("imp")["year"].nunique()
    china = china[china["imp"].isin(years[years == china["year"].nunique()].index)]
    sales = xl.flows(
        china[["year", "imp", "sector", "value_musd"]],
        period="year",
        market="imp",
        product="sector",
        value="value_musd",
        unit="million USD",
        source="CEPII BACI",
    )
    by_market = xl.risk.portfolio(sales, over="market", by=[])
    print(by_market.table[["n", "members", "sd", "benefit", "effective_bets", "hhi", "note"]].T)
    print(by_market.members[["imp", "share", "sd", "contribution"]].round(3).to_string(index=False))
    print(
        xl.risk.bloc_risk(sales, "RCEP", home="CHN", by=[]).table[
            ["side", "share", "sd", "conf_low", "conf_high"]
        ]
    )
    markets = by_market.plot(title="China by market, five sectors, 2017 to 2024", source="CEPII BACI")

# %%
# What ships with the package goes further back for the total alone: of single markets the press printed a year or two,
# from which no growth follows.
total = datasets.load("china_exports_by_product")
whole = (total["product"] == "all goods") & (total["period"] == "annual") & (total["unit"] == "100m CNY")
yearly = total[whole & total["value"].notna()].drop_duplicates("year")
nation = xl.flows(yearly[["year", "value"]], period="year", value="value", unit="100m CNY")
print(xl.risk.instability(nation).table[["n", "cv", "cuddy_della_valle", "coppock", "unctad"]].round(1))

# %%
# Liaoning, as far as published figures go
# ----------------------------------------
# What is published by year is the total of trade alone: it has an instability, and no markets that could be blamed.
trade = datasets.load("province_trade")
trade = trade[trade["measure"].str.contains("operating")]
provinces = xl.flows(trade, period="year", exporter="province", value="value", unit="100m USD")
found = xl.risk.instability(provinces).table.set_index("province")
names = ["cv", "cuddy_della_valle", "coppock", "unctad"]
print(found.loc[["Liaoning", "Guangdong", "Jiangsu"], names].round(1))
print(
    "rank of Liaoning among 31, the calmest first:", found[names].rank().loc["Liaoning"].astype(int).to_dict()
)
