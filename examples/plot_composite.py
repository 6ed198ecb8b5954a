"""
Which city ranks highest, and by whose choices?
===============================================

An index of several indicators is a chain of choices: how they are scaled, weighted and added up. The index is made
once, then again under other choices, so that each rank has an interval and each choice its part in it. Two such
indices make a coupling-coordination degree. All figures are made up.

Formulae and sources: :doc:`/reference-composite`, :func:`exportlab.composite.composite`,
:func:`exportlab.composite.coupling`.
"""

import numpy as np
import pandas as pd

import exportlab as xl

# %%
# Ten cities, five years
# ----------------------
# Each city has a level of its own, and grows. Concentration is a cost: less of it is better.
rng = np.random.default_rng(31)
CITIES = [
    "Dalian",
    "Shenyang",
    "Yingkou",
    "Dandong",
    "Jinzhou",
    "Anshan",
    "Panjin",
    "Huludao",
    "Benxi",
    "Fushun",
]
level = {city: 2.0 - 0.15 * i for i, city in enumerate(CITIES)}
rows = []
for year in range(2019, 2024):
    for city in CITIES:
        size = level[city] + 0.05 * (year - 2019)
        exports, variety = np.exp(rng.normal(size, 0.15, 2))
        rows.append((city, year, 20 * exports, 10 * variety, 1 / (1 + size + rng.normal(0, 0.1)),
                     rng.uniform(0.3, 0.9) + 0.1 * size, rng.uniform(5, 9) - size))  # fmt: skip
names = ["city", "year", "exports", "variety", "hhi", "forest", "emissions"]
table = pd.DataFrame(rows, columns=names)
structure = xl.composite(
    table,
    unit="city",
    period="year",
    indicators={"exports": "+", "variety": "+", "hhi": "-"},
    weights="entropy",
)
print(structure.weights.round(3).to_string(index=False))
paths = structure.plot(top=5, title="Export structure of five cities", source="made up")

# %%
# How far to believe the ranks
# ----------------------------
# Other scalings, other weights, one indicator less, sums or means of products: the rank of 2023 with its interval, and
# the choices that drive it.
last = xl.composite(
    table[table["year"] == 2023],
    unit="city",
    indicators={"exports": "+", "variety": "+", "hhi": "-"},
    weights="entropy",
    shift=0.01,
)
again = last.robustness(scales=["rank"], aggregates=["geometric"], schemes=["equal", "critic"], rng=31)
print(again.drivers.round(2).to_string(index=False))
ranks = again.plot(title="Ranks in 2023 under other choices", source="made up")

# %%
# Do structure and environment go together?
# -----------------------------------------
# The modified degree spreads over 0 to 1; the standard one is near 1 for most.
environment = xl.composite(
    table, unit="city", period="year", indicators={"forest": "+", "emissions": "-"}, weights="entropy"
)
degree = xl.coupling({"structure": structure, "environment": environment}, form="modified")
one = degree.table[degree.table["year"] == 2023]
both = xl.coupling(one, systems=["structure", "environment"], unit="city", form="modified")
print(
    both.table[["city", "coupling", "development", "coordination", "stage"]].round(2).to_string(index=False)
)
plane = both.plot(title="Coordination in 2023", source="made up")

# %%
# A policy on top
# ---------------
# The index as the outcome of a panel: two cities had a zone from 2021 on, which in these figures did nothing.
panel = xl.PolicyPanel.from_table(structure, adopted={"Dalian": 2021, "Yingkou": 2021})
print(panel.twfe().table.round(3).to_string(index=False))
