"""
Did provinces with national manufacturing clusters upgrade?
===========================================================

In November 2022 the ministry of industry named 45 national advanced manufacturing clusters in 19 of 31
provinces, and 35 more in late 2024; 22 provinces have had a pilot free-trade zone, in waves since 2013.
Total trade of the provinces is at hand for 2016 to 2024. This page asks what these figures can say of
clusters, and, on flows with known truth, what they would have to be to speak of upgrading.

How to join an index to a panel, and effects by what units were before: :doc:`/reference-panel`; the
figures and dates with their source: :doc:`/generated/data`.
"""

import numpy as np
import pandas as pd

import exportlab as xl
from exportlab import datasets
from exportlab.errors import DataError
from exportlab.panel import PolicyPanel, attach_index, attach_policy, heterogeneity
from exportlab.space import places

SOURCE = "National Bureau of Statistics; lists of clusters and zone dates from public announcements"
NOTE = "made up, no data of any province"

trade = datasets.load("province_trade")
wide = trade.pivot(index=["province", "year"], columns="nbs_indicator", values="value").reset_index()
# Trade of the firms of a province over trade of the goods made or used in it: above one where firms
# trade for others.
wide["through"] = wide["A060101"] / wide["A060201"]

# %%
# **The list has gaps, and the door says so.** The provinces of 2022 are known; of the six that the
# list of 2024 added, two.
clusters = datasets.policy("cluster_provinces")
ask = {"unit": "province", "period": "year", "dates_unit": "province", "first": "half"}
try:
    attach_policy(wide, clusters, **ask)
except DataError as error:
    print(error)

# %%
# Clusters named late in a year count from the next one: those of 2022 from 2023, those of 2024 after
# the data end. So the list of 2022 is all that the years up to 2024 need, and the provinces of 2024
# are among the comparison.
table = attach_policy(wide, clusters[clusters["batch"] == "1"], **ask)
panel = PolicyPanel(
    table, unit="province", period="year", outcome="A060101", adopted="adopted", transform="log"
)
print(panel.check())

# %%
# **Trade before and after.** Two years after, nineteen treated of thirty-one, one date: a difference
# of means. What counts is whether the two groups had moved alike before.
effect = panel.att()
events = panel.event_study()
print(effect)
print(events.pretrend_test())
ax = events.plot(y="log points of total trade", source=SOURCE)

# %%
# The p-value that permuting the list over provinces gives, and how large a difference of trends
# undoes what is seen.
print(effect.randomization_test(n_draws=199, rng=1))
print(events.honest_did())

# %%
# **A moderator measured before.** Provinces whose firms trade for others, and those that make what
# they trade: the ratio is taken over 2016 to 2022, before any list, so that no cluster can have moved
# it. Groups are compared within themselves.
by_ratio = heterogeneity(panel, "through")
print(by_ratio)
ax = by_ratio.plot(x="log points of total trade", source=SOURCE)

# %%
# **Neighbours.** Clusters lie along the coast, and trade of neighbours moves together: provinces are
# not independent draws. Changes from 2022 to 2024, on a map with one tile a province, and their
# likeness over borders.
change = wide.pivot(index="province", columns="year", values="A060101")
change = np.log(change[2024] / change[2022]).rename("change").reset_index()
change["name"] = change["province"].str.replace(" ", "")
weights = xl.spatial_weights("provinces")
print(xl.spatial_autocorrelation(change, value="change", unit="name", weights=weights, rng=1))
ax = xl.plots.tile_map(
    change, unit="name", value="change", classes=(-0.2, -0.1, 0.0, 0.1, 0.2), middle=0.0, source=SOURCE,
    title="Total trade, 2022 to 2024, log points",
)  # fmt: skip

# %%
# **What upgrading would need.** A province's products. With them every index of structure is an
# outcome or a moderator. Here they are made up: 31 provinces, eight products, of which two are
# advanced; clusters raise the advanced ones by 30 % in provinces that were specialised in them
# before, by nothing elsewhere.
rng = np.random.default_rng(7)
names, years, products = (
    places("provinces")["name"].tolist(),
    range(2016, 2025),
    [f"{k:02}" for k in range(1, 9)],
)
starts = attach_policy(wide, clusters[clusters["batch"] == "1"], **ask).assign(
    name=lambda t: t["province"].str.replace(" ", "")
)
since = starts.groupby("name")["adopted"].first().reindex(names).fillna(np.inf).to_numpy()
size, taste = rng.lognormal(5, 1, 31), rng.lognormal(0, 0.5, (31, 8))
special = taste[:, 6:].sum(axis=1) / taste.sum(axis=1)
rows = []
for year in years:
    gain = 1 + 0.3 * ((year >= since) & (special > np.median(special)))
    value = size[:, None] * taste * np.exp(rng.normal(0, 0.05, (31, 8)))
    value[:, 6:] *= gain[:, None]
    rows += [
        (n, year, k, v)
        for n, line in zip(names, value, strict=True)
        for k, v in zip(products, line, strict=True)
    ]
made = pd.DataFrame(rows, columns=["province", "year", "product", "usd"])
flows = xl.flows(
    made, period="year", exporter="province", product="product", value="usd", unit="USD", source=NOTE
)

# %%
# The location quotient of the two advanced products together is the outcome; what it was up to 2022
# is the moderator.
kinds = made.assign(kind=np.where(made["product"].isin(["07", "08"]), "advanced", "other"))
grouped = xl.flows(
    kinds.groupby(["province", "year", "kind"], as_index=False)["usd"].sum(), period="year", exporter="province",
    product="kind", value="usd", unit="USD",
)  # fmt: skip
quotients = xl.rca(grouped, form="balassa", reference="world")
quotients = quotients[quotients["kind"] == "advanced"].assign(log_lq=lambda t: np.log(t["rca"]))
known = pd.DataFrame(
    {"province": np.repeat(names, 9), "year": list(years) * 31, "adopted": np.repeat(since, 9)}
)
known = attach_index(known, xl.hhi(flows, over="product"), unit="province", period="year", value="hhi")
known = attach_index(known, quotients, unit="province", period="year", value="log_lq")
upgraded = PolicyPanel(known, unit="province", period="year", outcome="log_lq", adopted="adopted")
print(upgraded.att())
ax = heterogeneity(upgraded, "log_lq").plot(x="log points of the location quotient", source=NOTE)

# %%
# **What can be said.** Of upgrading in the provinces nothing: the figures at hand have no products,
# and total trade rises with processing as with machine tools. Of total trade: in the two years after
# the list of 2022 it grew by some 15 log points less in provinces with a cluster than in the others,
# a difference that chance over the list rarely gives and that the smallest departure from equal
# trends undoes. Provinces with a cluster are mostly large; of the other twelve all but Guangxi and
# Hainan lie inland; their paths load apart on one common factor, and neighbours moved together. The
# list is a prize for industries that had grown before. Sixteen of the nineteen have a pilot zone as
# well, so that one policy cannot be told from the other. A cluster is one industry of one or several
# cities, and a province's total hides it; the provinces named in 2024 are not treated in these years.
# A causal number would need exports by city and product from before 2019, when the contest for the
# title began, and cities of one province to compare.
