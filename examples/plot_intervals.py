"""
How sure is a concentration index, and did it change?
=====================================================

A year's customs records are complete, yet next year's shipments would not be the same again under the same
conditions. Drawing the products (or months, or firms) anew says how much of an index is due to which of them
happened to be shipped. The flows here are simulated, so that the true values are known; a customs download takes
their place unchanged.

What the intervals are for, the methods and their coverage: :doc:`/uncertainty`.
"""

from typing import Any

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab.plots import uncertainty as pictures
from exportlab.uncertainty import difference, interval, levels, permutation_test

rng = np.random.default_rng(2023)
markets = ["Japan", "South Korea", "USA", "Germany", "Russia", "Vietnam", "Australia", "Brazil"]
chances = {
    2021: [0.30, 0.20, 0.15, 0.10, 0.10, 0.05, 0.05, 0.05],
    2023: [0.18, 0.18, 0.15, 0.12, 0.12, 0.10, 0.08, 0.07],
}
codes = [
    f"{chapter:02d}0{heading}{sub}" for chapter in range(25, 85) for heading in (1, 2) for sub in (10, 20)
]
rows = []
for year, p in chances.items():
    for code, size in zip(codes, np.random.default_rng(1).lognormal(0, 0.6, len(codes)), strict=True):
        to = rng.choice(len(markets), size=2, replace=False, p=p)
        rows += [(year, markets[m], code, size * rng.lognormal(0, 0.3)) for m in to]
table = pd.DataFrame(rows, columns=["year", "partner", "hs6", "usd"])
flows = xl.flows(table, period="year", market="partner", product="hs6", value="usd", source="simulated")

# %%
# The same index by several methods. The HHI is biased upwards when it is computed from few or unequal units, as
# whatever is uneven by chance counts as concentration: the percentile bootstrap takes that bias twice, and says so.
methods: list[Any] = ["percentile", "bca", "studentised", "jackknife", "delta"]
found: pd.DataFrame = pd.concat(
    [
        interval(flows, "hhi", over="market", resample="product", method=m, rng=7).table.assign(method=m)
        for m in methods
    ]
)
print(found.round(4).to_string(index=False))
ax = pictures.intervals(
    found.sort_values(["year", "method"]),
    label=["year", "method"],
    x="HHI over markets",
    title="Market concentration, products resampled",
    source="simulated flows",
)

# %%
# Did concentration fall? The products of both years are drawn together, so what they have in common does not count
# as noise; the test exchanges each product's two years.
change = difference(flows, "hhi", between=(2021, 2023), over="market", resample="product")
print(change)
print(
    permutation_test(flows, "hhi", between=(2021, 2023), over="market", resample="product", rng=7).to_string(
        index=False
    )
)

# %%
# An index over products depends on how fine the nomenclature is.
print(levels(flows, "hhi_normalised", digits=(2, 4, 6), over="product", by="year"))
