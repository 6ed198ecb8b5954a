"""What a gravity equation by PPML says beside its coefficients: effects, resistances, predictions, bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from exportlab.errors import OptionError
from exportlab.options import Count, Positive
from exportlab.panel.estimate import Estimate
from exportlab.panel.regression.ppml import Asked, Settled

TWO_WAY = ("exporter-period", "importer-period")
CROSS_SECTION = ("exporter", "importer")


@dataclass(frozen=True, eq=False)
class GravityModel:
    """The fitted equation: the rows used and set aside, and the columns of its roles.

    Attributes
    ----------
    settled : the fit and the designs with and without the rows set aside
    roles : columns by role: exporter, importer and, where they are, period and product
    ask : how it was fitted
    """

    settled: Settled
    roles: Mapping[str, str]
    ask: Asked

    @property
    def effects(self) -> tuple[str, ...]:
        """Names of the absorbed effects."""
        return self.settled.d.effects.names

    @property
    def three_way(self) -> bool:
        """Whether pairs have effects of their own."""
        return "pair" in self.effects

    def require_structural(self, what: str) -> None:
        """Refuse designs other than exporter(-period), importer(-period) and, if wanted, directed pair effects."""
        names = sorted(self.effects)
        allowed = [[*TWO_WAY], [*TWO_WAY, "pair"]] if "period" in self.roles else [[*CROSS_SECTION]]
        if names not in [sorted(a) for a in allowed] or "product" in self.roles:
            listed = " or ".join(", ".join(a) for a in allowed)
            raise OptionError(
                f"{what} after effects={', '.join(self.effects) or 'none'}"
                f"{' by product' if 'product' in self.roles else ''} is not allowed. "
                f"Allowed: effects {listed}, of one product or of the total."
            )


@dataclass(frozen=True, repr=False, eq=False)
class GravityEstimate(Estimate):
    """An `Estimate` of `exportlab.gravity`, with what structural gravity makes of it.

    Attributes
    ----------
    model : GravityModel or None
        The fitted equation; None after ``estimator="log-linear"``, of which the methods below tell nothing.
    """

    model: GravityModel | None = None

    @classmethod
    def of(cls, estimate: Estimate, model: GravityModel | None) -> GravityEstimate:
        """The estimate with its model."""
        return cls(**{f.name: getattr(estimate, f.name) for f in fields(Estimate)}, model=model)

    def _model(self) -> GravityModel:
        if self.model is None:
            raise OptionError(
                "estimator='log-linear' is not allowed here. Allowed: 'ppml', which meets every total."
            )
        return self.model

    def fixed_effects(self, *, reference: Any = None) -> pd.DataFrame:
        """Effects by level; see `exportlab.panel.regression.resistances.fixed_effects_of`."""
        from exportlab.panel.regression.resistances import fixed_effects_of

        return fixed_effects_of(self._model(), reference)

    def multilateral_resistances(
        self, *, reference: Any = None, elasticity: Positive | None = None
    ) -> pd.DataFrame:
        """Outward and inward resistances; see `exportlab.panel.regression.resistances.resistances_of`."""
        from exportlab.panel.regression.resistances import resistances_of

        return resistances_of(self._model(), reference, elasticity)

    def predictions(self) -> pd.DataFrame:
        """Observed and fitted flow of every row; see `exportlab.panel.regression.resistances.predictions_of`."""
        from exportlab.panel.regression.resistances import predictions_of

        return predictions_of(self._model())

    def potential(self, *, by: Sequence[str] | None = None) -> pd.DataFrame:
        """Residual potential; see `exportlab.panel.regression.resistances.potential_of`."""
        from exportlab.panel.regression.resistances import potential_of

        return potential_of(self._model(), by)

    def correct_bias(
        self, *, method: str = "analytical", splits: Count = 20, seed: int = 0
    ) -> GravityEstimate:
        """Bias and errors of Weidner and Zylkin; see `exportlab.panel.regression.gravity_bias.corrected`."""
        from exportlab.panel.regression.gravity_bias import corrected

        return corrected(self, self._model(), method=method, splits=splits, seed=seed)
