"""Every defensible specification beside the others: the specification curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.options import validated
from exportlab.panel.inference.placebo import _att, _try
from exportlab.results import Result

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

METHODS = ("callaway_santanna", "imputation", "sun_abraham", "etwfe", "stacked", "twfe")


@dataclass(frozen=True, eq=False, repr=False)
class SpecificationCurve(Result):
    """Estimates under all combinations of choices, in ascending order.

    Attributes
    ----------
    table : pandas.DataFrame
        rank, method, covariates, transform, sample, estimate, std_error, conf_low, conf_high, p_value, n,
        failed.
    """

    table: pd.DataFrame

    @property
    def title(self) -> str:
        """Number, median, range, share of one sign."""
        b = self.table["estimate"].dropna()
        if b.empty:
            return f"Specification curve: none of {len(self.table)} could be estimated"
        same = float(max((b > 0).mean(), (b < 0).mean()))
        return (
            f"Specification curve: {len(b)} of {len(self.table)} specifications, median {b.median():.4g}, "
            f"from {b.min():.4g} to {b.max():.4g}, {same:.0%} of one sign"
        )


@validated
def specification_curve(
    panel: PolicyPanel,
    *,
    methods: Sequence[str] = METHODS,
    covariates: Sequence[Sequence[str]] | None = None,
    transforms: Sequence[str | None] | None = None,
    samples: Mapping[str, Any] | None = None,
) -> SpecificationCurve:
    """Estimate the average effect under every combination of choices.

    Parameters
    ----------
    panel : PolicyPanel
    methods : sequence of str
        Methods of `PolicyPanel.att`, and "twfe".
    covariates : sequence of sequences of str, optional
        Sets of columns; with and without the panel's own by default.
    transforms : sequence of {None, "log", "asinh"}, optional
        Of the outcome; the panel's own by default. Effects in different units do not belong in one curve,
        so mix only what reads alike.
    samples : mapping of name to (n,) mask, optional
        Rows kept; all by default.

    Returns
    -------
    SpecificationCurve
        A specification that cannot be estimated stays in the table with its reason.
    """
    own = tuple(panel.covariates)
    default: list[Sequence[str]] = [(), own] if own else [()]
    sets = [tuple(c) for c in (default if covariates is None else covariates)]
    scales = list(transforms) if transforms is not None else [panel.transform]
    keeps = dict(samples) if samples is not None else {"all": None}
    if not (len(methods) and sets and scales and keeps):
        raise OptionError(
            "A specification curve needs at least one method, covariate set, transform and sample."
        )
    rows = []
    for name, mask in keeps.items():
        kept = panel if mask is None else panel.where(mask, f"sample {name!r}")
        for chosen, scale, method in product(sets, scales, methods):
            what = {
                "method": method,
                "covariates": " + ".join(chosen) or "none",
                "transform": scale or "none",
                "sample": name,
            }

            def make(k: PolicyPanel = kept, c: Any = chosen, s: Any = scale, m: str = method) -> Any:
                return _att(k.respecified(covariates=c, transform=s), m, {})

            rows.append(_try(what, make))
    table = pd.DataFrame(rows).sort_values("estimate", kind="stable", na_position="last", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return SpecificationCurve(table)
