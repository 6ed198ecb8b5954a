"""
What do published figures say of Liaoning's trade potential?
============================================================

Gravity, frontiers and shift-share designs need flows of many places with many partners. Of Liaoning announcements name
some partners in some years. This page counts what there is, shows how far each method comes with it, and does what is
left: a comparison with all of China, with the rounding of the figures carried through.

The methods: :doc:`/reference-panel-regressions`; each figure with its source: :doc:`/generated/data`. The methods on
flows that are complete: :doc:`/gallery/plot_gravity_rcep`, :doc:`/gallery/plot_shift_share`.
"""

from collections.abc import Callable

import pandas as pd

import exportlab as xl
from exportlab.errors import DataError

province = xl.datasets.load("liaoning_trade_by_partner").query("period == 'annual' and value == value")
nation = xl.datasets.load("china_exports_by_partner").query("period == 'annual' and unit == '100m CNY'")
counted = province[province["flow"].isin(["export", "total"])].pivot_table(
    index="year", columns="flow", values="partner", aggfunc="nunique", fill_value=0
)
print(counted)

# %%
# **What there is.** Exports by partner: five partners of 2003, one of 2009, one of 2023. Russia alone is there twice,
# in two currencies, and no other province stands beside. Only of total trade in 2023 are several large partners
# known: they and Africa are 69 % of it.
totals = xl.datasets.load("liaoning_trade_totals").query("period == 'annual' and unit == '100m CNY'")
trade = float(totals.query("year == '2023' and flow == 'total'")["value"].iloc[0])
own = province.query("year == '2023' and flow == 'total'").groupby("partner")["value"].first()
print(own.sort_values(ascending=False), f"{own.sum() / trade:.0%} of {trade:,} (100m CNY)", sep="\n")

# %%
# **What the estimators make of it.** With one exporter, the effect of an importer is the flow itself: gravity has no
# row left. Seven flows of one year show no frontier. One place has no exposure that differs from another's.
flows = own.drop("Africa").rename_axis("partner").reset_index(name="value").assign(exporter="Liaoning")
flows["near"] = flows["partner"].isin(["Japan", "South Korea", "Russia"]).astype(int)
provinces = xl.datasets.load("province_trade").query("nbs_indicator == 'A060101' and province == 'Liaoning'")
of_year = provinces.set_index("year")["value"]
place = pd.DataFrame({"place": ["Liaoning"], "growth": [of_year[2024] / of_year[2023] - 1]})
shares = flows.assign(place="Liaoning", sector=flows["partner"], share=flows["value"] / trade)
growth = pd.DataFrame({"sector": flows["partner"], "shock": 0.05 * flows["near"]})
calls: dict[str, Callable[[], object]] = {
    "gravity": lambda: xl.gravity(flows, "value ~ near", exporter="exporter", importer="partner"),
    "frontier": lambda: xl.frontier_gravity(flows, "value ~ near", exporter="exporter", importer="partner"),
    "shift-share": lambda: xl.shift_share_design(
        place, shares=shares[["place", "sector", "share"]], shocks=growth, unit="place"
    ).reduced_form("growth"),
}
for name, call in calls.items():
    try:
        print(call())
    except DataError as refusal:
        print(f"{name}: {refusal}\n")

# %%
# **What the figures allow.** If Liaoning traded with each partner as China does, its trade with the EU would be
# China's, times its share of China's trade: what exporters' and importers' effects alone expect. China's 2023 is
# printed for the EU, ASEAN and the USA in hundreds of billions of yuan, and its total as 46.6 % being the Belt and
# Road's 19.47 trillion; the ends of the range take each rounding at its worst.
china = (
    nation.query("year == '2023' and flow == 'total'")
    .set_index("partner")[["value", "share_pct"]]
    .astype(float)
)
value, percent = china["value"].to_dict(), china["share_pct"].to_dict()
belt, part = value["BRI"], percent["BRI"] / 100
low, total, high = (belt - 50) / (part + 0.0005), belt / part, (belt + 50) / (part - 0.0005)
rows = []
for partner in ["EU", "USA", "ASEAN"]:
    traded, here = value[partner], float(own[partner])
    least, expected, most = (
        trade * t / c for t, c in ((traded - 50, high), (traded, total), (traded + 50, low))
    )
    rows.append(
        (partner, here, expected, here / expected, here / most, here / least, max(expected - here, 0))
    )
names = ["partner", "trade", "expected", "ratio", "ratio_low", "ratio_high", "unrealised"]
table = pd.DataFrame(rows, columns=names)
print(table.round(3).to_string(index=False))

# %%
# Trade with the EU is three tenths above what China's pattern would give, with ASEAN half of it: some 58 billion
# yuan. That is a distance to an average, not to what could be sold; a seat in the north-east is far from ASEAN, which
# a gravity equation would take into account and this does not. Announcements give totals, imports of cars and oil among
# them, not exports.
ax = xl.plots.axes("double", height=2)
roundings = [table["ratio"] - table["ratio_low"], table["ratio_high"] - table["ratio"]]
ax.errorbar(table["ratio"], table["partner"], xerr=roundings, fmt="o", color="black", capsize=3)
ax.axvline(1, color="grey", linewidth=0.8)
ax.set(xlim=(0, 1.5), ylim=(-0.5, 2.5), xlabel="Liaoning's trade in 2023 over what China's pattern gives")

# %%
# **What a year's growth says.** China's trade with the three grew in 2024 by what is printed. Liaoning's shares of 2023
# times that growth is the exposure of a third of its trade: 1.3 points. Its trade fell by 1.5 % (in dollars). With one
# place that is a comparison, and no estimate.
grew = nation.query("year == '2024' and flow == 'total'").set_index("partner")["yoy_pct"]
exposed = own[table["partner"]] / trade
print(f"{exposed.sum():.1%} of trade, exposure {(exposed * grew[table['partner']]).sum():.2f} points")
print(place)

# %%
# **What it would take.** The query of China's customs has each province's flows by partner and month:
# :doc:`/gallery/plot_customs_download` reads them. With those of 31 provinces the calls above run as they stand.
