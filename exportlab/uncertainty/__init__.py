"""How sure an index is: intervals over a named resampling unit, differences, reports of two sides, and levels."""

from exportlab.uncertainty.differences import difference, permutation_test
from exportlab.uncertainty.intervals import Intervals, interval
from exportlab.uncertainty.levels import Levels, levels
from exportlab.uncertainty.mirror import mirror_interval
from exportlab.uncertainty.ranks import ranks
from exportlab.uncertainty.resampled import resampled

__all__ = [
    "Intervals",
    "Levels",
    "difference",
    "interval",
    "levels",
    "mirror_interval",
    "permutation_test",
    "ranks",
    "resampled",
]
