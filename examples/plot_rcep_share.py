"""
Did the RCEP share of Liaoning's trade rise after entry into force?
====================================================================

Two announcements give trade with RCEP and the total for the same months of two years.

Formula and dates of membership: :func:`exportlab.bloc_share`; each published figure with its source:
:doc:`/generated/data`.
"""

from exportlab.plots import structure
from exportlab.reporting.liaoning.official import rcep_share

table = rcep_share()
print(table[["period", "value", "total", "bloc_share", "members_in_force"]].to_string(index=False))

# %%
# The share rose by more than five points. Two things moved with it: the agreement came into force for the Philippines
# in June 2023, and total trade fell. Customs count all fourteen other signatories in both periods, so membership
# explains none of the rise here.
ax = structure.bloc_share(
    table,
    title="RCEP members in Liaoning's trade, January to May",
    source="published figures, see the data page",
)
