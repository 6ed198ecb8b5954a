"""One figure of several: composite indices and their robustness, coupling coordination, what a printed figure means."""

from exportlab.composite.composite_index import Composite, composite
from exportlab.composite.coupling import FORMS, Coupling, coupling
from exportlab.composite.grey_series import grey_relation
from exportlab.composite.robustness import Robustness, robustness
from exportlab.composite.sobol import Drivers, drivers
from exportlab.composite.synergy import Synergy, synergy
from exportlab.composite.tracing import Needed, Trace, implied_parts, trace_coupling
from exportlab.composite.weighting import Judgement, ahp

__all__ = [
    "FORMS",
    "Composite",
    "Coupling",
    "Drivers",
    "Judgement",
    "Needed",
    "Robustness",
    "Synergy",
    "Trace",
    "ahp",
    "composite",
    "coupling",
    "drivers",
    "grey_relation",
    "implied_parts",
    "robustness",
    "synergy",
    "trace_coupling",
]
