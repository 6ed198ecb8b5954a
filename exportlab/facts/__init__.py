"""What published facts imply: sharp bounds, conflicts and best guesses of a table that is not published in full."""

from exportlab.facts.door import Facts, facts
from exportlab.facts.results import Conflicts, Estimates, ImpliedBounds, Steps

__all__ = ["Conflicts", "Estimates", "Facts", "ImpliedBounds", "Steps", "facts"]
