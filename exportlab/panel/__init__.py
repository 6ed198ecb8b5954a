"""The third door: did the policy work? Panel regressions for cluster policies."""

from __future__ import annotations

from exportlab.panel.algebra.sandwich import conley, driscoll_kraay
from exportlab.panel.algebra.separation import find_separated
from exportlab.panel.design import DesignCheck
from exportlab.panel.did.bacon import Bacon, negative_weights
from exportlab.panel.estimate import Estimate, Inference, Regression, Sample
from exportlab.panel.inference.counterfactual_tests import counterfactual_tests
from exportlab.panel.inference.few_treated import conley_taber, ibragimov_muller
from exportlab.panel.inference.honest import honest_did
from exportlab.panel.inference.multiple import romano_wolf, sup_t
from exportlab.panel.inference.placebo import anticipation, leave_one_out, placebo_dates, placebo_outcomes
from exportlab.panel.inference.pretrends import pretest_power, pretrend_test
from exportlab.panel.inference.randomization import randomization_test
from exportlab.panel.inference.recommend import recommend
from exportlab.panel.inference.shared_shocks import shared_shocks
from exportlab.panel.inference.specification import specification_curve
from exportlab.panel.inference.spillover import spillovers
from exportlab.panel.inference.wild import wild_bootstrap
from exportlab.panel.policy_panel import PolicyPanel
from exportlab.panel.regression.agreements import agreement, agreement_effects
from exportlab.panel.regression.correlated import common_correlated
from exportlab.panel.regression.effects import fixed_effects, random_effects
from exportlab.panel.regression.frontier import FrontierEstimate, frontier, inefficiency_test
from exportlab.panel.regression.frontier_gravity import frontier_gravity, potentials
from exportlab.panel.regression.gravity import gravity, trade_cost_equivalents
from exportlab.panel.regression.gravity_estimate import GravityEstimate
from exportlab.panel.regression.hausman import hausman
from exportlab.panel.regression.ppml import ppml
from exportlab.panel.regression.staggered import staggered_gravity
from exportlab.panel.shift_share.design import ShiftShareDesign, shift_share_design
from exportlab.panel.shift_share.estimates import ShiftShareEstimate
from exportlab.panel.shift_share.shocks import Placebo, Rotemberg
from exportlab.panel.sources import attach_policy
from exportlab.panel.structure import Heterogeneity, attach_index, heterogeneity
from exportlab.panel.tables import compare

__all__ = [
    "Bacon",
    "DesignCheck",
    "Estimate",
    "FrontierEstimate",
    "GravityEstimate",
    "Heterogeneity",
    "Inference",
    "Placebo",
    "PolicyPanel",
    "Regression",
    "Rotemberg",
    "Sample",
    "ShiftShareDesign",
    "ShiftShareEstimate",
    "agreement",
    "agreement_effects",
    "anticipation",
    "attach_index",
    "attach_policy",
    "common_correlated",
    "compare",
    "conley",
    "conley_taber",
    "counterfactual_tests",
    "driscoll_kraay",
    "find_separated",
    "fixed_effects",
    "frontier",
    "frontier_gravity",
    "gravity",
    "hausman",
    "heterogeneity",
    "honest_did",
    "ibragimov_muller",
    "inefficiency_test",
    "leave_one_out",
    "negative_weights",
    "placebo_dates",
    "placebo_outcomes",
    "potentials",
    "ppml",
    "pretest_power",
    "pretrend_test",
    "random_effects",
    "randomization_test",
    "recommend",
    "romano_wolf",
    "shared_shocks",
    "shift_share_design",
    "specification_curve",
    "spillovers",
    "staggered_gravity",
    "sup_t",
    "trade_cost_equivalents",
    "wild_bootstrap",
]
