"""
How concentrated are Liaoning's markets, when only a few are published?
========================================================================

Announcements name the largest partners and a total. The index needs all partners; what it can be is bounded.

Formula and source: :func:`exportlab.bounds`; why they are sharp: :doc:`/uncertainty-bounds`; each published figure with
its source: :doc:`/generated/data`.
"""

import exportlab as xl
from exportlab import datasets
from exportlab.plots import structure

trade = datasets.load("liaoning_trade_by_partner")
year = trade[(trade["start"] == "2023-01") & (trade["end"] == "2023-12") & (trade["flow"] == "total")]
year = year[year["value"].notna() & ~year["partner"].isin(["Africa", "BRI"])]
known = dict(zip(year["partner"], year["value"], strict=True))
total = 7659.6  # 100m CNY, published for 2023
print(year[["partner", "value", "unit", "published"]].to_string(index=False))

# %%
# The EU and ASEAN are groups whose split is not published either. Both ends of the bounds are reached by some
# breakdown that fits the figures.
loose = xl.bounds("hhi", known, total, groups={"EU": 27, "ASEAN": 10})
named = xl.bounds("hhi", known, total)
print(loose)
print(named)

# %%
# Taking the groups as single markets, as many studies do, narrows the bounds but changes what is measured.
import pandas as pd

table = pd.DataFrame(
    [
        {"period": "groups split", "low": loose.low, "high": loose.high},
        {"period": "groups as one market", "low": named.low, "high": named.high},
    ]
)
ax = structure.concentration(
    table,
    low="low",
    high="high",
    title="Liaoning 2023: what the HHI can be",
    source="computed from partners published for 2023",
)
