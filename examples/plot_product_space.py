"""
Where can an exporter go from here? The product space and a province in it
==========================================================================

Products that the same countries export with an advantage are near to each other. The map of these
proximities is the product space; an exporter's place in it says which further products are within reach
(density) and which would open the most complex neighbourhood (opportunity gain).

With the folder ``../shared`` beside the project this page uses real figures: BACI (CEPII, HS 1992, chapters),
229 exporters in 2019, for the map and for China's place in it, and China's HS6 exports among the eleven
exporters of the second BACI extract. Without it the same steps run on a **simulated** world of 60 exporters
and 120 products, and a simulated province.

Formulae and sources: :doc:`/reference-complexity`; how other programs compute the same: :doc:`/generated/conventions`.
"""

# %%
# The flows
# ---------
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from exportlab.flows import flows
from exportlab.indices.complexity import complexity


def find(name):
    """The file under shared/data in a folder above this one, or None."""
    return next((p for f in Path.cwd().parents if (p := f / "shared" / "data" / name).exists()), None)


def simulated(seed=7, countries=60, products=120):
    """A nested world: able countries export nearly everything, the rest what asks for little."""
    rng = np.random.default_rng(seed)
    able, hard, field = rng.normal(size=countries), rng.normal(size=products), rng.integers(0, 5, products)
    bent = rng.normal(0, 0.9, (countries, 5))[:, field]
    here = rng.random((countries, products)) < 1 / (1 + np.exp(-2 * (able[:, None] - hard + bent)))
    value = np.where(here, np.exp(rng.normal(3, 1, here.shape) + able[:, None] + bent), 0)
    i, k = np.nonzero(value)
    names = np.array([f"Country {n:02}" for n in range(countries)])
    codes = np.array([f"{n}" for n in range(101, 101 + products)])
    return pd.DataFrame({"exporter": names[i], "product": codes[k], "value": value[i, k]})


chapters = find("baci_hs92_hs2_exporter_2011_2020.parquet")
if chapters:
    table = pd.read_parquet(chapters)
    table = table[(table["t"] == 2019) & (table["v"] > 0)].dropna(subset=["i_iso3c"])
    people = table.drop_duplicates("i_iso3c").set_index("i_iso3c")["pop"].dropna().mul(1000).to_dict()
    known = table["i_iso3c"].map(people) > 0
    world = flows(
        table[known], exporter="i_iso3c", product="k", value="v", unit="million USD", source="CEPII BACI"
    )
    filters: dict[str, Any] = {"population": people, "min_population": 1e6, "min_exports": 100}
    who = "CHN"
else:
    world = flows(simulated(), source="simulated")
    filters, who = {}, "Country 07"

# %%
# Complexity, with what the result rests on
# -----------------------------------------
# Micro-territories would rank among the first, so exporters below a million inhabitants or 100 million USD
# are left out, and listed. The gap between the second and third eigenvalue says how well ECI is pinned down.
c = complexity(world, **filters)
print(c.summary())
c.left_out.head()

# %%
# The product space
# -----------------
# The maximum spanning tree keeps every product joined; links of proximity 0.5 and above are drawn beside it.
# Filled points are the products our exporter has an advantage in.
has = c.matrix("present").T[who]
near = c.matrix("density").T[who]
axes = c.network(threshold=0.5).plot(
    present=has.index[has == 1],
    labels=near[has == 0].nlargest(5).index,
    title=f"Product space, and the products of {who}",
    source=world.source,
)
axes.figure

# %%
# What lies within reach
# ----------------------
# The written codes are the absent products with the highest density. Distance and gain pull apart: what is
# near is often simple.
pairs = c.pairs.rename(columns=dict(zip(c.pairs.columns[:2], ("exporter", "product"), strict=True)))
absent = pairs.query("exporter == @who and present == 0").nlargest(10, "density")
absent[["product", "rca", "density", "cog"]]

# %%
# A province on the world's scale
# -------------------------------
# A province's own customs records, with the same codes, are read with the world's product complexity and
# proximities: its ECI is the mean PCI of what it has an advantage in. Here the province is made up: half
# of the products of our exporter, at random, with the values scattered.
rng = np.random.default_rng(3)
own = c.matrix("value").T[who]
own = own[own > 0].sample(frac=0.5, random_state=3)
rows = pd.DataFrame(
    {"exporter": "A province (simulated)", "product": own.index, "value": own * rng.lognormal(0, 1, len(own))}
)
province = c.project(flows(rows))
province.table

# %%
# HS6 products of China
# ---------------------
# Eleven exporters are too few to draw proximities from, but enough for advantage: how many HS6 products China
# has one in, relative to the eleven.
hs6 = find("baci_hs12_hs6_world_exports.parquet")
if hs6:
    lines = flows(pd.read_parquet(hs6), period="year", product="hs6", unit="USD", source="CEPII BACI V202601")
    eleven = complexity(lines, measures=["eci"])
    print(eleven.exporters.query("exporter == 'CHN'").to_string(index=False))
