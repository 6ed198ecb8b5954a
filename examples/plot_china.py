"""
China by year: product concentration, technology, complexity, and the RCEP share
================================================================================

Four indices on real trade, and what each was checked against. The trade tables are CEPII's BACI and lie outside the
project, in the folder ``../shared/data`` beside it; a section whose table is not there says so and is left out. Only
the last section, from published figures, needs nothing.

Formulae: :func:`exportlab.hhi`, :func:`exportlab.lall_shares`, :func:`exportlab.complexity`,
:func:`exportlab.bloc_share`; each published figure with its source: :doc:`/generated/data`.
"""

from pathlib import Path

import pandas as pd

import exportlab as xl
from exportlab import datasets
from exportlab.plots import complexity, structure
from exportlab.plots import structure as change
from exportlab.plots.style import PALETTE

BACI = "CEPII BACI"


def read(name):
    """The table under shared/data in a folder above this one, or None with a word about it."""
    found = [p for f in Path.cwd().parents if (p := f / "shared" / "data" / name).exists()]
    if found:
        return pd.read_csv(found[0], dtype=str) if name.endswith(".csv") else pd.read_parquet(found[0])
    print(f"left out: {name} is not under ../shared/data")
    return None


# %%
# Products
# --------
# More than 5,100 of the 5,200 HS6 products are exported every year, with a concentration as if about a hundred of
# them were equally large: one of the least concentrated baskets there is.
#
# *Checked:* the extract's own notes give an HHI between 0.0083 and 0.0111; the tests add up the squared shares apart
# from this package. Another compilation (SITC revision 2, 785 products, 1998 to 2000) gives 0.0101.
hs6 = read("baci_hs12_hs6_world_exports.parquet")
if hs6 is not None:
    china = hs6[hs6["exporter"] == "CHN"]
    flows = xl.flows(china, period="year", product="hs6", unit="USD", source=BACI)
    table = xl.measure(flows, ["hhi", "effective_number", "number_active"], over="product", by="period")
    print(table.round(4).to_string(index=False))
    products = structure.concentration(
        table, period="year", title="China: concentration over HS6 products", source=BACI
    )

# %%
# Technology
# ----------
# Lall's classes by way of SITC: a little more than a third is high technology, without a trend.
#
# *Checked:* 34 to 38 per cent high technology in every year; each class equal to what the table from HS6 to Lall
# that came with the data gives, which others compiled.
lookup = read("baci_hs12_hs6_lookup_hs6_lall.csv")
if hs6 is not None and lookup is not None:
    to_sitc = xl.concordance(lookup, source="hs6", target="sitc3")
    shares = xl.lall_shares(flows, products=to_sitc, level="group", unmatched="group", by="period")
    wide = (100 * shares.pivot(index="year", columns="class", values="lall_shares").fillna(0)).reset_index()
    named = {
        "HT": "high technology",
        "MT": "medium technology",
        "LT": "low technology",
        "RB": "resource-based",
        "PP": "primary",
        "other": "other",
        "unmatched": "not matched",
    }
    technology = change.stacked_parts(
        wide,
        label="year",
        parts={k: v for k, v in named.items() if k in wide},
        unit="share of exports, %",
        title="China: exports by technology (Lall)",
        source=f"{BACI}; Lall (2000)",
    )

# %%
# Complexity
# ----------
# Among some 155 exporters of a million inhabitants or more China lies between the fourteenth and the twentieth place
# on chapters (HS2), and rises in the last years.
#
# *Checked:* of the eight exporters that the OEC's table of 2014 puts first (Japan, Switzerland, Germany, Sweden, USA,
# South Korea, Finland, Singapore) seven are among the first twenty here; Singapore is not. That table rests on some
# 800 products instead of 96 chapters, so places differ. The method itself is proved to the printed digits on other
# programs' tables, see the conventions.
chapters = read("baci_hs92_hs2_exporter_2011_2020.parquet")
if chapters is not None:
    chapters = chapters[chapters["v"] > 0].dropna(subset=["i_iso3c"])
    people = chapters.dropna(subset=["pop"]).groupby("i_iso3c")["pop"].last().mul(1000)
    world = xl.flows(
        chapters[chapters["i_iso3c"].isin(people.index)],
        period="t",
        exporter="i_iso3c",
        product="k",
        value="v",
        unit="million USD",
        source=BACI,
    )
    found = xl.complexity(
        world, population=people.to_dict(), min_population=1e6, min_exports=100, measures=["eci"]
    )
    eci = found.exporters
    eci["place"] = eci.groupby("t")["eci"].rank(ascending=False)
    print(eci.loc[eci["i_iso3c"] == "CHN", ["t", "eci", "place"]].round(3).to_string(index=False))
    first = ["JPN", "CHE", "DEU", "SWE", "USA", "KOR", "FIN", "SGP"]
    print(eci.query("t == 2014 and i_iso3c in @first")[["i_iso3c", "eci", "place"]].to_string(index=False))
    compared = complexity.plot_eci(found, exporters=["JPN", "KOR", "DEU", "USA", "CHN", "VNM"], source=BACI)

# %%
# The RCEP share
# --------------
# The table by partner holds seven markets in every year, two of them members. Their part is about a quarter throughout;
# counted from the day the agreement was in force it jumps in 2022, when nothing in trade did.
#
# *Checked:* nothing published has the same seven markets and five sectors. The level can be set beside the customs'
# own figures for all fourteen members and all trade, below.
partners = read("baci_vi_bench_2017_2024_long.parquet")
if partners is not None:
    partners = partners[(partners["exp"] == "CN") & (partners["imp"] != "CN")]
    every = partners.groupby("imp")["year"].nunique()
    always = partners[partners["imp"].isin(every[every == every.max()].index)]
    exports = xl.flows(
        always, period="year", market="imp", value="value_musd", keys="sector", unit="million USD"
    )
    fixed = xl.bloc_share(exports, "RCEP", membership="latest", by="period", home="CHN")
    dated = xl.bloc_share(exports, "RCEP", by="period", home="CHN")
    rcep = structure.bloc_share(
        fixed, period="year", title="RCEP in China's exports to seven markets, five sectors", source=BACI
    )
    rcep.plot(
        range(len(dated)),
        100 * dated["bloc_share"],
        color=PALETTE[1],
        marker="s",
        markersize=4,
        linewidth=1.4,
    )
    rcep.legend(
        rcep.lines, ["members of today throughout", "in force at the time"], frameon=False, fontsize=8
    )

# %%
published = datasets.load("china_exports_by_partner")
published = published[(published["partner"] == "RCEP") & (published["flow"] == "total")].dropna(
    subset=["share_pct"]
)
published = published.assign(
    period=published["year"].astype(str) + " " + published["period"], share=published["share_pct"] / 100
)
official = structure.bloc_share(
    published,
    share="share",
    title="RCEP members in China's trade, as published",
    source="China's customs",
    note="Exports plus imports; all fourteen other members in every period.",
)
published[["period", "value", "unit", "share_pct", "source"]]
