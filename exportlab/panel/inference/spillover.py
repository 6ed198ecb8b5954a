"""Spillovers: untreated units near treated ones, left out of the comparison and looked at by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.frames import Array, Mask
from exportlab.options import Positive, validated
from exportlab.panel.contract import refuse_other_designs
from exportlab.panel.inference.placebo import Robustness, _att, _try

if TYPE_CHECKING:
    from exportlab.panel.policy_panel import PolicyPanel


EARTH_KM = 6371.0088


@validated
def spillovers(
    panel: PolicyPanel,
    *,
    neighbours: Mapping[Any, Sequence[Any]] | None = None,
    distance: ArrayLike | None = None,
    within: Positive | None = None,
    method: str = "callaway_santanna",
    **options: Any,
) -> Robustness:
    """Effects on the treated against controls far from them, and effects on the near controls.

    Parameters
    ----------
    panel : PolicyPanel
    neighbours : mapping of unit to units, optional
        Read in both directions.
    distance : (N, N) array, optional
        In the order of `panel.unit_labels`; see `great_circle`.
    within : float, optional
        Units at most this far away are near; goes with `distance`.
    method, **options
        Of `PolicyPanel.att`, or "twfe".

    Returns
    -------
    Robustness
        Three rows by `comparison`: "all controls"; "controls not near" (what the effect is when near
        controls are affected too); "near controls" (effect on the near never-treated from the first
        adoption near them, against those not near).

    Raises
    ------
    OptionError, UnknownName, DataError
        Neither or both of `neighbours` and `distance`; unknown units; no near control, or only near ones.

    Notes
    -----
    Near controls that are themselves treated later stay in the comparison of the first two rows as the
    method has it.
    """
    refuse_other_designs(panel)
    near = _near(panel, neighbours, distance, within)
    never = ~np.isfinite(panel.adoption)
    first = np.array([panel.adoption[row].min(initial=np.inf) for row in near])
    exposed = never & np.isfinite(first)
    if not exposed.any() or not (never & ~exposed).any():
        raise DataError(
            f"{int(exposed.sum())} of {int(never.sum())} never-treated units are near a treated one",
            "Spillovers need some that are near and some that are not",
        )
    far = panel.where(~exposed[panel.units], "controls near treated units")
    around = panel.where(never[panel.units], "treated units (spillovers)")
    around = around.reassigned(np.where(exposed, first, np.inf)[never])
    rows = [
        _try({"comparison": name}, lambda p=p: _att(p, method, options))
        for name, p in (("all controls", panel), ("controls not near", far), ("near controls", around))
    ]
    table = pd.DataFrame(rows)
    table["units_near"] = [0, int(exposed.sum()), int(exposed.sum())]
    return Robustness(table, "spillovers", float(table["estimate"].iloc[0]))


def great_circle(latitude: ArrayLike, longitude: ArrayLike) -> Array:
    """Distances in km between all pairs of points given in degrees, (N, N)."""
    lat, lon = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float))
    a = (
        np.sin((lat[:, None] - lat) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat) * np.sin((lon[:, None] - lon) / 2) ** 2
    )
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(a, 1))))


def _near(
    panel: PolicyPanel,
    neighbours: Mapping[Any, Sequence[Any]] | None,
    distance: ArrayLike | None,
    within: Positive | None,
) -> Mask:
    labels = list(panel.unit_labels)
    N = len(labels)
    if (neighbours is None) == (distance is None) or (distance is None) != (within is None):
        raise OptionError("Give neighbours=, or distance= together with within=.")
    if neighbours is None:
        d = np.asarray(distance, float)
        if d.shape != (N, N) or not np.isfinite(d).all():
            raise OptionError(f"distance needs finite numbers for {N} x {N} units; it has shape {d.shape}.")
        near = d <= float(within or 0)
    else:
        near = np.zeros((N, N), dtype=bool)
        place = {label: j for j, label in enumerate(labels)}
        for unit, others in neighbours.items():
            for other in (unit, *others):
                if other not in place:
                    raise UnknownName(panel.unit, other, [str(x) for x in labels])
                near[place[unit], place[other]] = near[place[other], place[unit]] = True
    np.fill_diagonal(near, False)
    return near
