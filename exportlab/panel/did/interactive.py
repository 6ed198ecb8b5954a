"""Interactive fixed effects: shocks that units share with unequal loadings (Xu; Liu, Wang and Xu)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from exportlab.errors import OptionError
from exportlab.options import Level, Places, validated
from exportlab.panel.algebra.factors import Cells, LowRank, interactive
from exportlab.panel.did.counterfactual import BLOCK, estimated, held_out, prepared
from exportlab.panel.estimate import Estimate

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel

GIVEN = "Rank {} is chosen by cells held out, and taken as given by errors and tests."
TRIED = 50  # rounds of a fit that is only compared: one that the data do not support takes hundreds
BETTER = (
    0.99  # a rank is taken where it brings the error held out below this share of that of the ranks below it
)


@validated
def att(
    panel: PolicyPanel,
    *,
    rank: Places | str = "cv",
    max_rank: Places = 4,
    aggregate: str = "simple",
    jackknife: bool = True,
    rng: int | np.random.Generator = 0,
    level: Level = 0.95,
) -> Estimate:
    r"""Average effect on the treated where units share shocks with unequal loadings.

    Fits :math:`y_{it}(0)=\alpha_i+\lambda_t+x_{it}'\beta+\lambda_i'f_t+u_{it}` by least squares on untreated cells and
    averages :math:`y_{it}-\hat y_{it}(0)` over treated ones. Rank 0 is imputation with two-way effects. The treatment
    may switch off (``reversible=True`` at the door); cells after its end then count as untreated.

    Parameters
    ----------
    rank : int or "cv"
        Number of factors. By cross-validation: untreated cells of treated units are held out in blocks of three, ten
        times a tenth of them; a further factor is taken where it lowers the error by more than one per cent.
    max_rank : int
        The largest rank tried; lowered to what the shortest unit allows.
    aggregate : {"simple", "event", "cohort", "calendar"}
    jackknife : bool
        Standard errors by leaving out each cluster at the rank chosen; otherwise none.
    rng : int or numpy Generator
        Of the cells held out.

    Notes
    -----
    ``parts["factors"]`` and ``parts["loadings"]`` say what is shared and who loads on it, up to sign and rotation.
    A factor is found only if it moves before adoption and among the untreated: shocks that begin with the policy stay
    in the effect. Units and periods with fewer untreated rows than the rank plus two are left out and counted. Errors
    take the rank as given and need several treated clusters; with few, `randomization_test`. See `counterfactual_tests`
    for what speaks against the model. The search ends after at most 500 rounds, and says so if it has not settled.

    References
    ----------
    Xu (2017), Political Analysis 25, 57-76; Liu, Wang and Xu (2024), American Journal of Political Science 68, 160-176.
    """
    if isinstance(rank, str) and rank != "cv":
        raise OptionError(f"rank={rank!r} is not allowed. Allowed: 'cv' or a whole number from 0 on.")
    chosen, tried = (int(rank), None) if not isinstance(rank, str) else _chosen(panel, max_rank, rng)
    used, of = prepared(panel, needed(chosen), "Interactive fixed effects")

    def model(cells: Cells, near: LowRank | None) -> LowRank:
        return interactive(cells, chosen, start=None if near is None else near.factors)

    fit = interactive(of.cells, chosen)
    names = [f"factor {j + 1}" for j in range(chosen)]
    factors, loadings = pd.DataFrame(fit.factors, columns=names), pd.DataFrame(fit.loadings, columns=names)
    factors.insert(0, "period", used.named(used.period_values))
    loadings.insert(0, "unit", used.unit_labels)
    parts: dict[str, Any] = {"factors": factors, "loadings": loadings}
    parts |= {} if tried is None else {"cross_validation": tried}
    return estimated(
        used,
        of,
        fit,
        model,
        aggregate=aggregate,
        jackknife=jackknife,
        level=level,
        parts=parts,
        method=f"Interactive fixed effects (rank {chosen})",
        refit=partial(att, rank=chosen, aggregate=aggregate, jackknife=jackknife, level=level),
        fit={"rank": float(chosen), "rounds": float(fit.rounds), "sigma": residual_spread(fit, chosen)},
        notes=(GIVEN.format(chosen),) * (tried is not None),
    )


@validated
def event_study(panel: PolicyPanel, **options: Any) -> Estimate:
    """Effects by time since the treatment came on; options as in `exportlab.panel.did.interactive.att`.

    Gaps before adoption are in ``parts["path"]``: the model was fitted on those cells, so they are no test of it.
    """
    return att(panel, aggregate="event", **options)


def needed(rank: int) -> int:
    """Untreated rows that a unit and a period need: two more than its own factors take; one for effects alone."""
    return rank + 2 if rank else 1


def residual_spread(fit: LowRank, rank: int) -> float:
    """Standard deviation of the residuals of untreated cells, less the parameters' degrees of freedom."""
    N, T = fit.fitted.shape
    cells = int((fit.residual != 0).sum())
    spare = cells - (N + T - 1) - rank * (N + T - 2 - rank)
    return float(np.sqrt((fit.residual**2).sum() / max(spare, 1)))


def _chosen(panel: PolicyPanel, most: int, rng: int | np.random.Generator) -> tuple[int, pd.DataFrame]:
    """The rank by cross-validation, and the errors of all ranks tried."""
    _, plain = prepared(panel, needed(0), "Interactive fixed effects")
    ever = plain.treated.any(1)
    shortest = int(plain.cells.known[ever].sum(1).max()) - BLOCK
    fewest = int(plain.cells.known.sum(0).max())
    most = max(min(most, shortest - 2, fewest - 2), 0)
    if most == 0:
        raise OptionError(
            "rank='cv' has too few untreated rows to choose from. Give rank=0, or bring earlier periods."
        )
    _, of = prepared(panel, needed(most), "Interactive fixed effects")
    models = {r: (lambda cells, r=r: interactive(cells, r, cap=TRIED)) for r in range(most + 1)}
    tried = held_out(of, models, least=needed(most), rng=rng)
    best = 0
    for r in range(1, most + 1):
        if tried["error"][r] < BETTER * tried["error"][best]:
            best = r
    return best, tried.rename(columns={"choice": "rank"}).assign(chosen=lambda t: t["rank"] == best)
