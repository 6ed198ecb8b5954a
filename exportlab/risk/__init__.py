"""What concentration does to exports: how they vary, where that comes from, and what a shock would cost."""

from exportlab.risk.bounded import risk_bounds
from exportlab.risk.concentrated import Beside, BlocRisk, bloc_risk, concentration_and_risk
from exportlab.risk.demand import Demand, foreign_demand
from exportlab.risk.dependence import ImportDependence, import_dependence
from exportlab.risk.instability import CONVENTIONS, Instability, instability, instability_of
from exportlab.risk.portfolio import Portfolio, portfolio
from exportlab.risk.shocks import Sources, koren_tenreyro, risk_content, volatility_sources
from exportlab.risk.stress import Stress, stress, worst_again
from exportlab.risk.tails import ValueAtRisk, value_at_risk

__all__ = [
    "CONVENTIONS",
    "Beside",
    "BlocRisk",
    "Demand",
    "ImportDependence",
    "Instability",
    "Portfolio",
    "Sources",
    "Stress",
    "ValueAtRisk",
    "bloc_risk",
    "concentration_and_risk",
    "foreign_demand",
    "import_dependence",
    "instability",
    "instability_of",
    "koren_tenreyro",
    "portfolio",
    "risk_bounds",
    "risk_content",
    "stress",
    "value_at_risk",
    "volatility_sources",
    "worst_again",
]
