"""The report's section on policy effects: pilot free-trade zones and provincial trade, on the embedded data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from math import expm1
from typing import TYPE_CHECKING, Any

from exportlab import datasets
from exportlab.plots.style import context
from exportlab.reporting.liaoning.official import province_trade
from exportlab.tables.model import Picture, Section, Table
from exportlab.words import Said, _, number, percent

if TYPE_CHECKING:
    import pandas as pd

DRAWS, SEED = 199, 1  # permutations of the adoption dates


@dataclass(frozen=True, eq=False)
class Found:
    """The estimates of the section.

    Attributes
    ----------
    att, low, high : the Callaway-Sant'Anna effect in logs and its asymptotic 95 % interval
    p : its p-value by permuting adoption dates
    pretrend_p : the joint test of equal trends before adoption
    poisson : the effect by Poisson, where provinces count by their trade
    zones, provinces : provinces that ever had a zone, and all of them
    clusters, treated : provinces that identify the effect, and those of them with a zone
    events : the event study
    table : every estimate with its interval and p-value
    """

    att: float
    low: float
    high: float
    p: float
    pretrend_p: float
    poisson: float
    zones: int
    provinces: int
    clusters: int
    treated: int
    events: Any
    table: pd.DataFrame


@cache
def estimates() -> Found | None:
    """The effect by estimators robust to staggered adoption; None where the panel package is not there."""
    if find_spec("exportlab.panel.policy_panel") is None:
        return None
    import numpy as np
    import pandas as pd

    from exportlab.panel.policy_panel import PolicyPanel
    from exportlab.panel.sources import attach_policy

    trade = province_trade()[["province", "year", "value"]]
    # A zone that opens after June counts from the next year.
    table = attach_policy(trade, datasets.policy("pilot_ftz"), unit="province", period="year",
                          dates_unit="province", first="half")  # fmt: skip
    panel = PolicyPanel(
        table, unit="province", period="year", outcome="value", adopted="adopted", transform="log"
    )
    levels = PolicyPanel(table, unit="province", period="year", outcome="value", adopted="adopted")
    main = panel.att(control="notyet")
    permuted = main.randomization_test(n_draws=DRAWS, rng=SEED).table.iloc[0]
    events = panel.event_study()
    made = {"Callaway-Sant'Anna": main, "Imputation": panel.att("imputation"), "Two-way fixed effects": panel.twfe(),
            "Extended TWFE, Poisson": levels.att("etwfe", family="poisson")}  # fmt: skip
    columns = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    rows = [
        {"method": name, **e.table.iloc[0][columns], "provinces": e.inference.clusters}
        for name, e in made.items()
    ]
    rows.insert(1, {"method": "Callaway-Sant'Anna, dates permuted", "estimate": permuted["estimate"],
                    "conf_low": permuted["conf_low"], "conf_high": permuted["conf_high"],
                    "p_value": permuted["p"], "provinces": main.inference.clusters})  # fmt: skip
    first = main.table.iloc[0]
    return Found(
        float(first["estimate"]), float(first["conf_low"]), float(first["conf_high"]), float(permuted["p"]),
        float(events.pretrend_test()["p_value"]), float(rows[-1]["estimate"]),
        int(np.isfinite(panel.adoption).sum()), len(panel.adoption),
        main.inference.clusters, main.inference.treated_clusters, events, pd.DataFrame(rows),
    )  # fmt: skip


def p_value(p: float) -> str:
    """A p-value after the letter p."""
    return f"= {number(p, '.3f')}" if p >= 0.001 else f"< {number(0.001, '.3f')}"


def _title(found: Found) -> str:
    """That trends differed before, where they did; else the difference afterwards."""
    if found.pretrend_p < 0.05:
        p = p_value(found.pretrend_p)
        return _("Provinces' trade grew faster before the zones already (test of equal trends: p {p})", p=p)
    att = f"{found.att:+.2f}"
    return _("Provinces' trade differs by {att} in logs after a zone (Callaway-Sant'Anna)", att=att)


def section() -> Section | None:
    """Did pilot free-trade zones raise provincial trade, and what the design cannot show."""
    found = estimates()
    if found is None:
        return None
    from exportlab.plots.panel import event_study

    source = _("National Bureau of Statistics; zone dates from public announcements")
    with context():
        ax = event_study(
            found.events,
            title=_title(found),
            y=_("logs, against the year before"),
            source=source,
        )
    form = dict.fromkeys(["estimate", "std_error", "conf_low", "conf_high", "p_value"], ".3f")
    return Section("policy", _("Policy effects: pilot free-trade zones"), (
        _("{zones} of {all} provinces received a pilot free-trade zone, in waves, Liaoning in 2017. Against provinces "
          "without a zone, or without one yet, their trade differed by {att} in logs afterwards, about {growth} "
          "(Callaway-Sant'Anna, 95 % interval {low} to {high}); {n} provinces identify it, {treated} of them with a "
          "zone.", att=f"{found.att:+.2f}", low=f"{found.low:+.2f}", high=f"{found.high:+.2f}", n=found.clusters,
          treated=found.treated, growth=percent(expm1(found.att), 0),
          zones=found.zones, all=found.provinces),
        _("With so few provinces the usual standard errors are too small: permuting the adoption dates gives p {p}. "
          "Poisson, where provinces count by their trade, gives {poisson}.", p=p_value(found.p),
          poisson=f"{found.poisson:+.2f}"),
        _("What the design cannot show: provinces that were to get a zone already grew faster before (the test of "
          "equal trends has p {p}), so the difference is no effect of the zones that can be told from the reasons "
          "for choosing them. The first four zones opened before the data begin, the pandemic falls into the window, "
          "and zones may have drawn trade from the provinces they are compared with. Nor does it say anything of "
          "Liaoning alone, which is one province.", p=p_value(found.pretrend_p)),
    ), (Picture("zones", _("Event study"), ax, _("Points with intervals by years since adoption")),
        Table("zones", _("Pilot zones and the log of provincial trade"),
              found.table.assign(method=found.table["method"].map(Said)),
              _("logs; standard errors clustered by province"),
              _("Callaway and Sant'Anna (2021); Borusyak, Jaravel and Spiess (2024); Wooldridge (2021); {source}",
                source=source), form,
              note=_("Adoption dates permuted {n} times from seed {seed}.", n=DRAWS, seed=SEED),
              made=("callaway_santanna", "permutation", "imputation", "twfe", "etwfe_poisson"))))  # fmt: skip
