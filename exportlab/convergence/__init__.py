"""Convergence: whether places become alike, in which groups, and how they move among their neighbours."""

from exportlab.convergence.beta import BetaConvergence, beta_convergence
from exportlab.convergence.clubs import ConvergenceClubs, club_convergence, log_t
from exportlab.convergence.density import RelativeDensity, relative_density
from exportlab.convergence.sigma import SigmaConvergence, sigma_convergence
from exportlab.convergence.spatial_markov import SpatialMarkov, spatial_markov

__all__ = [
    "BetaConvergence",
    "ConvergenceClubs",
    "RelativeDensity",
    "SigmaConvergence",
    "SpatialMarkov",
    "beta_convergence",
    "club_convergence",
    "log_t",
    "relative_density",
    "sigma_convergence",
    "spatial_markov",
]
