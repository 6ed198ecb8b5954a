"""The third door: did the policy work? Panel regressions for cluster policies."""

from __future__ import annotations

from .agreements import agreement
from .bacon import Bacon, negative_weights
from .design import DesignCheck
from .door import PolicyPanel
from .effects import fixed_effects, random_effects
from .estimate import Estimate, Inference, Regression, Sample
from .few_treated import conley_taber, ibragimov_muller
from .gravity import gravity
from .hausman import hausman
from .honest import honest_did
from .multiple import romano_wolf
from .placebo import anticipation, leave_one_out, placebo_dates, placebo_outcomes
from .ppml import ppml
from .pretest import pretest_power
from .pretrends import pretrend_test
from .randomization import randomization_test
from .recommend import recommend
from .separation import find_separated
from .sources import attach_policy
from .spatial import conley, driscoll_kraay
from .specification import specification_curve
from .spillover import spillovers
from .tables import compare
from .trade_costs import trade_cost_equivalents
from .wild import wild_bootstrap

__all__ = [
    "Bacon",
    "DesignCheck",
    "Estimate",
    "Inference",
    "PolicyPanel",
    "Regression",
    "Sample",
    "agreement",
    "anticipation",
    "attach_policy",
    "compare",
    "conley",
    "conley_taber",
    "driscoll_kraay",
    "find_separated",
    "fixed_effects",
    "gravity",
    "hausman",
    "honest_did",
    "ibragimov_muller",
    "leave_one_out",
    "negative_weights",
    "placebo_dates",
    "placebo_outcomes",
    "ppml",
    "pretest_power",
    "pretrend_test",
    "random_effects",
    "randomization_test",
    "recommend",
    "romano_wolf",
    "specification_curve",
    "spillovers",
    "trade_cost_equivalents",
    "wild_bootstrap",
]
