"""Satellites: sums that must hold exactly, value added as the satellite it is, and another program's accounts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import io_files as files
import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.valueadded import InterCountryTable, IOTable, read_eora, read_exiobase

LAND, SECTORS = ("A", "B", "C"), ("farm", "mill")
LABELS = pd.MultiIndex.from_product([LAND, SECTORS])
JOBS = pd.Series([3.0, 5.0, 0.0, 7.0, 11.0, 2.0], LABELS, name="jobs")


def table(**options: object) -> InterCountryTable:
    rng = np.random.default_rng(4)
    Z = pd.DataFrame(rng.uniform(1, 5, (6, 6)), LABELS, LABELS)
    Y = pd.DataFrame(rng.uniform(10, 30, (6, 3)), LABELS, list(LAND))
    return InterCountryTable.from_frames(Z, Y, **{"satellites": JOBS, **options})  # type: ignore[arg-type]


def test_content_adds_up_by_every_axis() -> None:
    t = table()
    whole = t.embodied("jobs", by=())
    for by in (
        ("exporter",),
        ("importer",),
        ("sector", "importer"),
        ("exporter", "part", "sector", "importer"),
    ):
        part = t.embodied("jobs", by=by)
        for name in ("EXGR", "EXGR_Djobs", "EXGR_Fjobs", "EXGR_Tjobs"):
            assert part[name].sum() == pytest.approx(whole[name].iloc[0], rel=1e-12)
        np.testing.assert_allclose(
            part["EXGR_TjobsINT"] * part["EXGR"], part["EXGR_Djobs"] + part["EXGR_Fjobs"]
        )
    assert whole["EXGR"].iloc[0] == pytest.approx(t.E.sum(), rel=1e-12)
    origin = t.embodied("jobs", by=("origin", "exporter", "importer"))
    assert len(origin) == 3 * 6
    assert list(origin) == ["origin", "exporter", "importer", "EXGR_Tjobs"]
    own = origin[origin["origin"] == origin["exporter"]]
    np.testing.assert_allclose(own["EXGR_Tjobs"].sum(), whole["EXGR_Djobs"].iloc[0])
    np.testing.assert_allclose(origin["EXGR_Tjobs"].sum(), whole["EXGR_Tjobs"].iloc[0])


def test_one_flow_by_hand() -> None:
    """f_A B_A, mill, of A's mill to C, with the inverse taken here."""
    t = table()
    B = np.linalg.inv(np.eye(6) - t.Z / t.x)
    f = JOBS.to_numpy() / t.x
    flow = t.embodied("jobs", code="EM").set_index(["exporter", "sector", "importer"]).loc[("A", "mill", "C")]
    exports = t.Z[1, 4:].sum() + t.F[1, 2]
    assert flow["EXGR"] == pytest.approx(exports)
    assert flow["EXGR_DEM"] == pytest.approx(f[:2] @ B[:2, 1] * exports)
    assert flow["EXGR_FEM"] == pytest.approx(f[2:] @ B[2:, 1] * exports)


def test_value_added_as_a_satellite_is_the_content_of_exports() -> None:
    t = table()
    content = t.embodied(pd.Series(t.va, t.satellites.columns))
    bm = t.decompose("bm").wide()
    np.testing.assert_allclose(content["EXGR_D"], bm["DC"])
    np.testing.assert_allclose(content["EXGR_F"], bm["FC"])
    feet = t.footprint(t.va).set_index("country")
    np.testing.assert_allclose(feet["FFD_D"], t.country_measures()["vax"])
    np.testing.assert_allclose(feet["FD_"], t.Y.sum(axis=0))


def test_footprints_add_up_to_what_arises() -> None:
    t = table(satellites=pd.DataFrame([JOBS, 2 * JOBS], index=["jobs", "CO2"]))
    feet = t.footprint("CO2").set_index("country")
    np.testing.assert_allclose(feet["PROD_CO2"], 2 * JOBS.groupby(level=0).sum())
    assert feet["FD_CO2"].sum() == pytest.approx(2 * JOBS.sum(), rel=1e-12)
    assert feet["FFD_DCO2"].sum() == pytest.approx(feet["DFD_FCO2"].sum(), rel=1e-12)
    np.testing.assert_allclose(feet["BALCO2_FD"], feet["FFD_DCO2"] - feet["DFD_FCO2"], atol=1e-9)


def test_a_group_keeps_the_satellites_of_its_members() -> None:
    t = table()
    merged = t.group({"AC": ["A", "C"]})
    assert list(merged.satellites.loc["jobs"]) == [3, 5, 11, 2, 0, 7]
    feet = merged.footprint("jobs").set_index("country")
    assert feet.loc["AC", "PROD_jobs"] == pytest.approx(21)
    assert feet.loc["B", "DFD_Fjobs"] == pytest.approx(
        t.footprint("jobs").set_index("country").loc["B", "DFD_Fjobs"]
    )


def test_satellites_are_refused_where_they_do_not_fit() -> None:
    with pytest.raises(DataError, match="columns of satellites lack labels"):
        table(satellites=JOBS.iloc[:5])
    with pytest.raises(DataError, match="Cells of satellites are missing"):
        table(satellites=JOBS.replace(7.0, np.nan))
    with pytest.raises(UnknownName, match="no satellite of the table named 'job'.*'jobs'"):
        table().embodied("job")
    with pytest.raises(OptionError, match="by='origins' is not allowed"):
        table().embodied("jobs", by=("origins",))
    idle = table()
    idle.x[0] = 0.0
    with pytest.raises(DataError, match="Sectors without output have a satellite in 1 row"):
        idle.footprint("jobs")


def national(**options: object) -> IOTable:
    Z = pd.DataFrame([[10.0, 20.0], [5.0, 30.0]], SECTORS, SECTORS)
    return IOTable.from_frames(
        Z,
        final=pd.Series([30.0, 60.0], SECTORS),
        exports=[40.0, 25.0],
        **options,  # type: ignore[arg-type]
    )


def test_one_economys_exports() -> None:
    imported = pd.DataFrame([[2.0, 4.0], [1.0, 6.0]], SECTORS, SECTORS)
    t = national(imported=imported, satellites=pd.Series([50.0, 12.0], SECTORS, name="jobs"))
    made = t.embodied("jobs")
    assert made["domestic"].sum() == pytest.approx(made["forward"].sum(), rel=1e-12)
    L = np.linalg.inv(np.eye(2) - t.Z / t.x)
    np.testing.assert_allclose(made["per_unit"], (np.array([50.0, 12.0]) / t.x) @ L)
    np.testing.assert_allclose(made["direct"], np.array([50.0, 12.0]) / t.x * [40.0, 25.0])
    as_value_added = t.embodied(t.va)
    np.testing.assert_allclose(as_value_added["domestic"], t.domestic_content().table["domestic"])
    np.testing.assert_allclose(as_value_added["forward"], t.forward()["value_added"])


def test_a_province_gets_bounds_for_its_satellites() -> None:
    t = national(
        imports=[12.0, 9.0], inflow=[5.0, 3.0], satellites=pd.Series([50.0, 12.0], SECTORS, name="CO2")
    )
    bounds = t.province_bounds(satellite="CO2").set_index("measure").loc["province"]
    e, f = t.e, np.array([50.0, 12.0]) / t.x
    direct, most = f @ e / e.sum(), f @ np.linalg.inv(np.eye(2) - t.A) @ e / e.sum()
    assert direct < bounds["low"] < bounds["high"] <= most + 1e-12
    own = t.province_bounds().set_index("measure").loc["province"]
    same = t.province_bounds(satellite=t.va).set_index("measure").loc["province"]
    np.testing.assert_allclose(same, own)
    with pytest.raises(DataError, match="The satellite is negative in 1 row"):
        t.province_bounds(satellite=[-1.0, 2.0])


def test_accounts_of_pymrio() -> None:
    """D_pba, D_cba, D_exp and D_imp of pymrio's own test table, without the emissions of final users."""
    pymrio = pytest.importorskip(
        "pymrio", reason="pymrio is no dependency: an independent program to compare with"
    )
    world = pymrio.load_test().calc_all()
    emissions = world.emissions
    t = InterCountryTable.from_frames(world.Z, world.Y, accept=["column_sums"])
    for stressor in emissions.F.index:
        feet = t.footprint(emissions.F.loc[stressor]).set_index("country")
        for ours, theirs in (("FFD_D", "D_exp_reg"), ("DFD_F", "D_imp_reg")):
            got = getattr(emissions, theirs).loc[stressor]
            np.testing.assert_allclose(feet[ours], got[feet.index], rtol=1e-9)
        direct = emissions.F_Y.loc[stressor].groupby(level="region").sum()
        for ours, theirs in (("PROD_", "D_pba_reg"), ("FD_", "D_cba_reg")):
            got = getattr(emissions, theirs).loc[stressor]
            np.testing.assert_allclose(feet[ours] + direct[feet.index], got[feet.index], rtol=1e-9)


@pytest.mark.parametrize(("write", "read"), [(files.eora, read_eora), (files.exiobase, read_exiobase)])
def test_satellites_are_read_from_the_files_by_their_names(
    tmp_path: Path, write: files.Writer, read: Callable[..., InterCountryTable]
) -> None:
    m = files.Made()
    path = write(tmp_path, m)
    t = read(path, satellites="CO2")
    assert len(t.satellites) == 1
    np.testing.assert_allclose(t.satellites.to_numpy(), [2.0 * m.x])
    given = pd.Series(m.x, t.satellites.columns, name="own")
    np.testing.assert_allclose(read(path, satellites=given).satellites.to_numpy(), [m.x])
    assert read(path).satellites.empty
    with pytest.raises(OptionError, match=r"satellites='N2O' is in no row of .* It has \d+: '"):
        read(path, satellites="N2O")
    with pytest.raises(OptionError, match=r"satellites='CO2 \(' is no regular expression"):
        read(path, satellites="CO2 (")


def test_satellites_of_no_country_are_refused(tmp_path: Path) -> None:
    path = files.eora(tmp_path, files.Made())
    cells = np.loadtxt(path / "Eora26_2015_bp_Q.txt")
    cells[1, -1] = 3.0
    np.savetxt(path / "Eora26_2015_bp_Q.txt", cells, delimiter="\t")
    with pytest.raises(DataError, match="column ROW of statistical discrepancies"):
        read_eora(path, satellites="CO2")
    assert len(read_eora(path, satellites="Petroleum").satellites) == 1
