"""
What two papers claim, and what can be checked
==============================================

Two papers on Liaoning's exports and marine economy state more than 160 figures and five judgements.
Each is a record in ``seeds/``; every verdict below is computed from the printed digits, from the other
figures of the paper and from published figures, each with its source.

What is compared with what, and the verdicts: :doc:`/how-to-add-a-paper`; the figures with their source:
:doc:`/generated/data`.
"""

from exportlab import claims
from exportlab.plots import claims as pictures

ledger = claims.check()
ledger["verdict"].value_counts()

# %%
# What a source contradicts
# -------------------------
# A share is computed with the published total; the interval is all that the printed digits allow.
shown = ["id", "claimed", "computed", "evidence"]
ledger.loc[ledger["verdict"] == "contradicted by a source", shown]

# %%
# What is in tension
# ------------------
# Two figures that cannot be roundings of one number but may differ in scope or period, a share that no whole
# number of firms has by one reading, or a figure in arithmetic that fails against a source.
ledger.loc[ledger["verdict"] == "in tension", shown]

# %%
# What cannot all hold
# --------------------
# Found by `exportlab.facts` from what is part of what, with the change of each figure that alone would mend it.
claims.conflicts()[["source", "fact", "remedy"]]

# %%
# Judgements as measurements
# --------------------------
# A judgement holds if all values that public data allow for the index lie on its side of the threshold,
# fails if none does, and stays open otherwise: then the bounds say how much public data leave open, and a
# customs download by partner and product would close them.
ledger.loc[ledger["kind"] == "qualitative", ["what", "computed", "verdict", "evidence"]]

# %%
# Most figures cannot be checked by anyone outside
# ------------------------------------------------
# They name no source whose data are public. For each the ledger says what data would settle it.
ax = pictures.verdicts(
    ledger,
    by="kind",
    title=f"{len(ledger)} claims of two papers by kind and verdict",
    source="the papers' printed figures; published figures as listed in the ledger",
)
ax.figure
