"""
Where are the clusters, and do provinces become alike?
======================================================

Numbers of firms, made up, of six industries in twelve cities: which quotients are more than chance, which pairs of
city and industry a written rule names, which industries belong together. Then exports of thirty years, made up, in
which two groups of provinces converge, and the groups do not.

Formulae: :doc:`/reference-clusters`, :doc:`/reference-convergence`.
"""

import numpy as np
import pandas as pd

import exportlab as xl

MADE_UP = "made-up figures"
rng = np.random.default_rng(8)
cities = [f"city {k}" for k in range(1, 13)]
metal, light = ("ships", "steel", "machinery"), ("garments", "toys", "food")
kinds = dict.fromkeys(metal, "metal") | dict.fromkeys(light, "light")
leaning = {kind: rng.gamma(1, 1, len(cities)) for kind in ("metal", "light")}
rows = [
    (city, industry, int(rng.poisson(14 * leaning[kind][k])))
    for k, city in enumerate(cities)
    for industry, kind in kinds.items()
]
firms = xl.flows(pd.DataFrame(rows, columns=["exporter", "product", "value"]), unit="firms", source=MADE_UP)

# %%
# Quotients
# ---------
# Intervals are exact, given each industry's number of firms. Grey ones may be chance.
quotients = xl.clusters.location_quotients(firms)
print(quotients.title)
ax = quotients.plot(top=20, title="Quotients above one that are more than chance", source=MADE_UP)

# %%
# A rule
# ------
# At least 1.5 for sure, and among the largest fifth of the cities.
rule = xl.clusters.find_clusters(firms, criteria=["quotient", "size"], quotient=1.5, top=0.2, level=0.95)
print(rule.found.round(2).to_string(index=False))
ax = rule.plot(title="What the rule names", source=MADE_UP)

# %%
# Which industries belong together
# --------------------------------
# Twelve places are few, which the result says.
related = xl.clusters.related_industries(firms, measures=["values", "quotients"])
definition = xl.clusters.define_clusters(related, numbers=[2, 3, 4], functions=["ward", "average"])
print(definition.title)
print(definition.table.round(2).to_string(index=False))
ax = related.plot(title="Two kinds of industries", source=MADE_UP)

# %%
# Clubs
# -----
# Sigma and beta say convergence; the log t test of Phillips and Sul rejects that all go to one end, and finds two
# clubs.
years = np.arange(1, 31)
paths = []
for k, level in enumerate([9.0] * 5 + [3.0] * 5):
    gap = (0.4 if level < 4 else -0.3) * rng.uniform(-2, 1)
    values = level * (1 + gap / years**0.5) * np.exp(rng.normal(0, 1e-3, 30))
    paths += [(f"province {k}", 1994 + t, v) for t, v in zip(years, values, strict=True)]
panel = pd.DataFrame(paths, columns=["province", "year", "exports"])
roles = {"value": "exports", "unit": "province", "period": "year"}
print(xl.convergence.sigma_convergence(panel, **roles).title)
print(xl.convergence.beta_convergence(panel, **roles).title)
clubs = xl.convergence.club_convergence(panel, **roles)
print(clubs)
ax = clubs.plot(title="Two ends, not one", source=MADE_UP)

# %%
# Densities
# ---------
# One hump in the end would be one club.
density = xl.convergence.relative_density(panel, **roles)
ax = density.plot(title="Two humps grow narrower", source=MADE_UP)
