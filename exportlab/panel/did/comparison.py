"""Whom the treated are compared with: refused when there is nobody, cut where nobody remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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


def with_comparison(panel: PolicyPanel) -> tuple[PolicyPanel, str]:
    """The panel with always-treated units left out, cut where no untreated unit remains; and who compares.

    Without never-treated units the last cohort serves as comparison until it adopts; later rows are lost.
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
    if np.isinf(used.adoption).any():
        return used, "never-treated units"
    last = float(used.adoption.max())
    keep = used.period_values[used.periods] < last
    lost = used.where(keep, f"every {panel.unit} treated from {last:.0f} on: no comparison left")
    used = lost.reassigned(np.where(lost.adoption >= last, np.inf, lost.adoption))
    if not used.D.any():
        raise DataError(
            f"all {len(panel.unit_labels)} units adopt in {last:.0f}: nobody is left to compare with",
            "A before-after difference is not an effect. Find units that never adopt or adopt later.",
        )
    return used, f"the cohort that adopts last ({last:.0f}), until it does"
