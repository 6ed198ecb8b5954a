"""Whom the treated are compared with: refused when there is nobody, cut where nobody remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from exportlab.arrays import Mask
from exportlab.errors import DataError

if TYPE_CHECKING:
    from exportlab.panel.door import PolicyPanel


def refuse_no_variation(panel: PolicyPanel) -> None:
    """Raise DataError when nobody, or everybody always, is treated, or the outcome never moves."""
    if not panel.D.any():
        raise DataError(
            f"no {panel.unit} is treated within the panel",
            "Check the adoption column against the panel's periods.",
        )
    if panel.D.all():
        raise DataError("every row is treated", "Effects need untreated periods and units.")
    if len(np.unique(panel.adoption)) == 1:
        raise DataError(
            f"all {len(panel.unit_labels)} units adopt in {panel.adoption[0]:.0f}: nobody is left to "
            f"compare with",
            "A before-after difference is not an effect. Find units that never adopt or adopt later.",
        )
    if np.ptp(panel.y) == 0:
        raise DataError(f"the outcome {panel.outcome!r} is constant", "There is nothing to explain.")


def never_treated(panel: PolicyPanel, anticipation: int) -> Mask:
    """(N,) units that no policy reaches, nor its announcement: they adopt later than `anticipation` after the panel."""
    return np.asarray(panel.announced > panel.period_values[-1] + anticipation)


def with_comparison(panel: PolicyPanel, anticipation: int = 0) -> tuple[PolicyPanel, str]:
    """The panel with always-treated units left out, cut where no untreated unit remains; and who compares.

    Without never-treated units the last cohort serves as comparison until it adopts, or until it may anticipate that;
    later rows are lost.
    """
    refuse_no_variation(panel)
    always = panel.always_treated[panel.units]
    used = (
        panel.where(~always, "unit treated in all its periods: no effect is identified")
        if always.any()
        else panel
    )
    if not len(used.y) or not used.D.any():
        raise DataError(
            "every treated unit is treated in all its periods", "Effects need periods before adoption."
        )
    if never_treated(used, anticipation).any():
        return used, "never-treated units"
    last = float(used.announced.max())
    keep = used.period_values[used.periods] < last - anticipation
    name = panel.period_name(last)
    early = f", or may anticipate it {anticipation} period(s) before" if anticipation else ""
    used = used.where(keep, f"every {panel.unit} treated from {name} on{early}: no comparison left")
    if not len(used.y) or not used.D.any():
        raise DataError(
            f"all {len(panel.unit_labels)} units adopt by {name}: nobody is left to compare with"
            if early
            else f"all {len(panel.unit_labels)} units adopt in {name}: nobody is left to compare with",
            "A before-after difference is not an effect. Find units that never adopt or adopt later.",
        )
    return used, f"the cohort that adopts last ({name}), until it does" + ("" if not early else early[1:])
