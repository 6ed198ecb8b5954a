"""The report's section on what the papers claim."""

from __future__ import annotations

from exportlab.reporting.model import Section, Table


def section() -> Section:
    """Every claim with its computed verdict, those that can be checked first."""
    from exportlab.claims import VERDICTS, check

    table = check()
    counts = table["verdict"].value_counts()
    said = ", ".join(f"{counts.get(v, 0)} {v}" for v in VERDICTS)
    open_ = "cannot be checked"
    checked = table[table["verdict"] != open_]
    columns = ["paper", "section", "what", "claimed", "computed", "verdict", "evidence", "source"]
    return Section("claims", "What the two papers claim", (
        f"{len(table)} claims of two papers on Liaoning's opening-up: {said}. Each verdict is a computation with the "
        "tolerance of the printed digits; none is a matter of taste.",
        "The claims that cannot be checked are in tables/claims_open.csv with the data that would settle them.",
    ), (Table("claims_checked", "Claims that could be checked", checked[columns], "as claimed", "as sourced"),
        Table("claims_open", "Claims that cannot be checked", table.loc[table["verdict"] == open_,
              ["paper", "section", "what", "claimed", "evidence"]], "as claimed", "the papers"),
        ))  # fmt: skip
