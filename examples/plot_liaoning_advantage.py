"""
What does Liaoning export more of than China does?
==================================================

Advantage of a province is measured against its nation. Announcements give shares of a few overlapping product
classes. Where China's share of the same class and period is published too, the Balassa index follows.

Formula and source: :func:`exportlab.rca`; each published figure with its source: :doc:`/generated/data`.
"""

from exportlab.plots import structure
from exportlab.reporting.liaoning.official import advantage, product_shares

table = advantage()
table[["product", "period", "year", "share", "china_share", "rca"]].round(3)

# %%
# Below 1 the province is less specialised than the nation. Mechanical and electrical products are more than half of
# Liaoning's exports, and yet no advantage: they are an even larger share of China's.
table["label"] = table["product"] + " " + table["year"].astype(str)
ax = structure.rca_bars(
    table,
    product="label",
    title="Liaoning against China",
    source="Balassa index from published shares of exports; sources on the data page",
)

# %%
# What cannot be said from announcements
# --------------------------------------
# More classes are published for Liaoning than for both sides, and classes overlap: electric cars are
# part of mechanical and electrical products. An index of product concentration cannot be made of them.
shares = product_shares()
shares[["product", "period", "year", "share"]].drop_duplicates().round(3)

# %%
# With a customs download of both the question is one call, for all products at once::
#
#     liaoning = xl.read_gacc("liaoning/*.csv")
#     china = xl.read_gacc("china/*.csv")
#     xl.rca(liaoning, reference=china, by="exporter")
