"""
Did the pilot free-trade zones raise provincial trade?
======================================================

Twenty-two of 31 provinces received a pilot zone between 2013 and 2023, in waves. Total trade of all
provinces is at hand for 2016 to 2024. The design is looked at first, then the estimates, then how far
they can be believed.

Estimators with formula and source: :doc:`/reference-panel`; which errors to believe: :doc:`/explain-few-clusters`; the
figures and dates with their source: :doc:`/generated/data`.
"""

from exportlab import datasets
from exportlab.panel import PolicyPanel
from exportlab.panel.sources import attach_policy
from exportlab.panel.tables import compare
from exportlab.plots import panel as pictures

SOURCE = "National Bureau of Statistics; zone dates from public announcements"

trade = datasets.load("province_trade")
trade = trade[trade["nbs_indicator"] == "A060101"][
    ["province", "year", "value"]
]  # by operating unit, 100m USD
zones = datasets.policy("pilot_ftz")
# A zone that opens after June counts from the next year; where only the year is known, from that year.
table = attach_policy(trade, zones, unit="province", period="year", dates_unit="province", first="half")
panel = PolicyPanel(
    table, unit="province", period="year", outcome="value", adopted="adopted", transform="log"
)
print(panel.check())

# %%
# Four provinces had their zone before the data begin: they teach nothing here. Seven have one earlier
# year, so nobody can see whether they were on a path of their own. Only the waves of 2020, 2021 and 2024
# show a real past.
ax = pictures.cohort_trends(panel, y="log of total trade (100m USD)", source=SOURCE)

# %%
# **The tempting regression.** Two-way fixed effects find 21 log points with three stars, but nearly half
# of the weight compares provinces with others that already had a zone, and a third of the effects count
# negatively.
twfe = panel.twfe()
print(twfe)
ax = pictures.bacon_scatter(panel.bacon(), source=SOURCE)

# %%
ax = pictures.weights(twfe.parts["weights"], source=SOURCE)

# %%
# **Robust estimators**, each against provinces without a zone (yet).
estimates = {
    "Callaway-Sant'Anna": panel.att(control="notyet"),
    "Imputation": panel.att("imputation"),
    "Extended TWFE": panel.att("etwfe"),
    "Sun-Abraham": panel.att("sun_abraham"),
    "Stacked": panel.att("stacked"),
}
print(compare(estimates, caption="Pilot zones and log total trade, 2016-2024"))

# %%
# In growth rates of totals (Poisson), where provinces count by their trade, little is left. In logs
# Qinghai, whose trade fell by 45 % and which has no zone, weighs as much as Jiangsu.
levels = PolicyPanel(table, unit="province", period="year", outcome="value", adopted="adopted")
poisson = levels.att("etwfe", family="poisson")
print(poisson)
ax = pictures.coefficients({"TWFE": twfe, **estimates, "Poisson": poisson}, x="log points", source=SOURCE)

# %%
# **Few clusters.** With 27 provinces in cohorts of one to seven, permuting the adoption dates is what the
# summary believes: the p-value is near .05. Permutation only speaks of chance, not of different trends.
permuted = estimates["Callaway-Sant'Anna"].randomization_test(n_draws=199, rng=1)
print(permuted)
print(twfe.wild_bootstrap(rng=1))

# %%
# **Before the zones.** Provinces that would get a zone were growing faster for years before it: the joint
# test rejects equal trends beyond doubt.
events = panel.event_study()
print(events.pretrend_test())
ax = events.plot(y="log points", source=SOURCE)

# %%
# Violations a few per cent as large as those seen before adoption are enough to undo the conclusion.
sensitivity = events.honest_did()
print(sensitivity)
ax = sensitivity.plot(y="log points in the first year", source=SOURCE)

# %%
# **What can be said.** Provinces with a zone traded more afterwards than provinces without, by something
# like 20 log points. They were already on that path before. The design cannot tell the zones from the
# reasons for which these provinces were chosen, nor from other policies and the pandemic years that fell
# in the same window. It says nothing about the first four zones, whose past is not in the data, and zones
# may have drawn trade from the neighbours that serve as comparison. A causal number would need a longer
# past, or cities within one province.
