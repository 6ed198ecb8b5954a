"""
What did RCEP do for each member's trade?
=========================================

A gravity equation with effects of exporters and importers by year and of pairs tells the effect of an agreement from
all else; cut by member it tells who gained. No bilateral flows come with the package, so the flows here are made up,
with effects that are known, and the dates of entry into force are the true ones.

Estimators and formulae: :doc:`/reference-panel-regressions`; the dates with their source: :doc:`/generated/data`.
"""

import numpy as np
import pandas as pd

import exportlab as xl

dates = xl.datasets.policy("rcep").set_index("iso3")["opened"].to_dict()
print(dates)

# %%
# **Known truth.** The members and ten other economies trade from 2016 to 2025. Trade among members rises by a quarter
# of a log point on average, more for some than for others; the effect on a flow is the mean of its two members'.
rng = np.random.default_rng(2022)
economies = [*dates, *(f"X{i:02}" for i in range(10))]
roles = {"exporter": "exporter", "importer": "importer", "period": "year"}
flows = pd.MultiIndex.from_product([economies, economies, range(2016, 2026)], names=list(roles)).to_frame(
    index=False
)
flows = flows.rename(columns={"period": "year"}).query("exporter != importer").reset_index(drop=True)
truth = np.linspace(0.05, 0.45, len(dates))
rcep = xl.panel.agreement_effects(flows, dates, by="member", name="rcep", **roles)
names = ["exporter year", "importer year", "exporter importer"]
level = sum(rng.normal(0, 1, len(flows))[flows.groupby(name.split()).ngroup()] for name in names)
flows["value"] = np.exp(level + rcep.to_numpy() @ truth) * rng.gamma(16, 1 / 16, len(flows))

# %%
# **One dummy for all.** The bias of three-way PPML and of its errors is corrected after Weidner and Zylkin (2021).
both = flows.assign(rcep=xl.panel.agreement(flows, dates, **roles))
plain = xl.gravity(both, "value ~ rcep", **roles)
print(plain.correct_bias().parts["bias"].round(4).to_string(index=False))

# %%
# **By member.** One half of a member's dummy stands on what it sells to members, one half on what it buys from them.
formula = "value ~ " + " + ".join(f"`{name}`" for name in rcep)
members = xl.gravity(pd.concat([flows, rcep], axis=1), formula, **roles)
table = members.confint().assign(truth=truth)
inside = table["truth"].between(table["conf_low"], table["conf_high"]).mean()
print(f"{inside:.0%} of the intervals hold the true effect")
ax = members.plot(title="Effect of RCEP on members' trade with each other (made-up flows)")

# %%
# **By year in force.** Members joined between 2022 and 2023; the extended two-way regression does not compare those
# that came late with those that came early.
first = flows[["exporter", "importer"]].apply(lambda side: pd.to_datetime(side.map(dates)).dt.year)
since = first.max(axis=1).where(first.notna().all(axis=1))
study = xl.panel.staggered_gravity(
    flows.assign(since=since), "value ~ 1", adopted="since", aggregate="event", control="never", **roles
)
print(study.tidy().round(3).to_string(index=False))
