"""The report's section on what the papers claim."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from exportlab.claims import papers
from exportlab.claims.verdicts import FAILED, UNCHECKED
from exportlab.plots.claims import verdicts
from exportlab.tables.model import Picture, Section, Table
from exportlab.words import N_, _

if TYPE_CHECKING:
    import pandas as pd

WORDS = {
    "contradicted by a source": N_("contradicted by a source"),
    "inconsistent within the paper": N_("inconsistent within the paper"),
    "implausible": N_("implausible"),
    "out of date": N_("out of date"),
    "in tension": N_("in tension"),
    "reproduced": N_("reproduced"),
    "consistent": N_("consistent"),
    "only within wide limits": N_("only within wide limits"),
    "cannot be checked": N_("cannot be checked"),
}
HOLD = ("reproduced", "consistent")


@cache
def checked() -> pd.DataFrame:
    """Every claim with its verdict, its sentences still to be said in the language in use."""
    from exportlab.claims.ledger import sentences

    return sentences()


def counts() -> str:
    """How many claims each verdict has, in words."""
    found = checked()["verdict"].value_counts()
    return _("; ").join(_("{n} {verdict}", n=found.get(v, 0), verdict=_(w)) for v, w in WORDS.items())


def section() -> Section:
    """Every claim with its computed verdict, those that can be checked first."""
    table = checked()
    columns = ["what", "claimed", "computed", "verdict", "paper", "section", "evidence", "source"]
    drawn = verdicts(
        table.assign(
            paper=table["paper"].map({p.id: f"{p.authors[0].partition(',')[0]} {p.year}" for p in papers()})
        ),
        names={v: _(w) for v, w in WORDS.items()},
        title=_(
            "Of {n} claims {open} cannot be checked; {wrong} fail, {good} hold",
            n=len(table),
            open=int((table["verdict"] == UNCHECKED).sum()),
            wrong=int(table["verdict"].isin(FAILED).sum()),
            good=int(table["verdict"].isin(HOLD).sum()),
        ),
        source=_("computed by the claims ledger"),
    )
    texts = [
        _(
            "{n} claims of two papers on Liaoning's opening-up: {counts}. Each verdict is a computation with the "
            "tolerance of the printed digits; none is a matter of taste.",
            n=len(table),
            counts=counts(),
        ),
        _("The claims that cannot be checked are listed with the data that would settle them."),
    ]
    rank = {v: i for i, v in enumerate(WORDS)}
    settled = table[table["verdict"] != UNCHECKED].sort_values(
        "verdict", key=lambda v: v.map(rank), kind="stable"
    )
    return Section("claims", _("What the two papers claim"), tuple(texts), (
        Picture("verdicts", _("Verdicts"), drawn, _("Stacked bars of the claims by verdict")),
        Table("claims_checked", _("Claims that could be checked"), settled[columns], _("as claimed"),
              _("as in the details of each row"), fold=("paper", "section", "evidence", "source"), under="what",
              show=25, made=("verdict",)),
        Table("claims_open", _("Claims that cannot be checked"),
              table.loc[table["verdict"] == UNCHECKED, ["what", "claimed", "needs", "paper", "section", "evidence"]],
              _("as claimed"), _("the papers"), fold=("paper", "section", "evidence"), under="what", show=15),
        ))  # fmt: skip
