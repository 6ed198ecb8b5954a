"""
How much of a yuan exported stays in China?
===========================================

And what does that say about Liaoning, for which no input-output table and no customs record by product
are published here? China's 42-sector tables of the National Bureau of Statistics give the value added at
home in a unit of each sector's exports. What was announced about Liaoning's exports then bounds theirs.

Formulae and what the bounds rest on: :doc:`/reference-valueadded`; the figures with their source:
:doc:`/generated/data`.
"""

# %%
# China's exports
# ---------------
# The multiplier of a sector counts the value added anywhere in China in one unit of its exports. Weighed
# by exports it gives the country's share; the rest is imported.
from exportlab.plots.valueadded import content_bars, interval_bars, position_scatter
from exportlab.valueadded.liaoning import china_multipliers, liaoning_bounds

NBS = "computed from the tables of the National Bureau of Statistics"
for year in (2017, 2018, 2020):
    m = china_multipliers(year)
    stays = (m["domestic"] * m["export_share"]).sum()
    print(f"{year}: {stays:.3f} of each yuan exported is value added in China")

# %%
# Sectors differ far more than years: electronics keep 57 per cent.
china = china_multipliers(2020)
parts = china.assign(exports=china["export_share"])
parts[["domestic", "imported"]] = parts[["domestic", "imported"]].mul(parts["exports"], axis=0)
content = content_bars(parts, label="description", title="China 2020: what exports are made of", source=NBS)

# %%
# A high share is not a high place in the chain. Textiles and chemicals are as far from final use as
# electronics, and keep far more.
position = position_scatter(china, size="export_share", label="description", title="China 2020", source=NBS)

# %%
# Liaoning
# --------
# For January to May 2023 seven product classes were announced. A linear programme finds the compositions
# with the least and the most value added that agree with them. It is sharp: each end is reached by some
# composition, so no one can claim more from the same figures.
bounds = liaoning_bounds(year=2023, period="Jan-May", processing=(0.3, 0.3))
bounds

# %%
# The last bar is a scenario, not a figure of Liaoning: the lower end if 30 % of exports were processing
# trade that keeps 30 % in China.
intervals = interval_bars(
    bounds.table, title="Liaoning, January to May 2023", source=f"customs announcements; {NBS}"
)

# %%
# What would settle it
# --------------------
# Two unknowns make the bounds wide: what the goods other than mechanical and electrical products are, and
# how much of the latter is electronics.
bounds.settles

# %%
# So the charge of "low added value" cannot be proved or refuted from announcements. Exports by customs
# chapter and regime would remove most of the width that comes from not knowing the composition. Only
# Liaoning's own table, with its inflow from other provinces, says how much is earned in Liaoning itself
# (see ``IOTable.province``).
