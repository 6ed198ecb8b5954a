"""The doors: labels decide, bad tables are refused with their place, validation reports the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.valueadded import InterCountryTable, IOTable

C, S = ("AAA", "BBB", "CCC"), ("s1", "s2")
ROWS = [f"{c}_{s}" for c in C for s in S]


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(11)
    Z = pd.DataFrame(rng.uniform(1, 4, (6, 6)), ROWS, ROWS)
    Y = pd.DataFrame(rng.uniform(5, 20, (6, 6)), ROWS, [f"{c}_{k}" for c in C for k in ("hh", "inv")])
    return Z, Y


def table(**options: object) -> InterCountryTable:
    return InterCountryTable.from_frames(*frames(), **options)  # type: ignore[arg-type]


def test_permuted_labels_give_the_same_table() -> None:
    Z, Y = frames()
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(6), rng.permutation(6)
    va = (Z.sum(axis=1) + Y.sum(axis=1) - Z.sum())[::-1]
    other = InterCountryTable.from_frames(
        Z.iloc[:, columns], Y.iloc[rng.permutation(6), rows], value_added=va
    )
    want = table()
    np.testing.assert_array_equal(other.Z, want.Z)
    np.testing.assert_allclose(other.Y, want.Y, rtol=1e-15)
    # Rows decide the order of the result, not its numbers.
    shuffled = InterCountryTable.from_frames(Z.iloc[rows], Y.iloc[rows])
    keys = ["exporter", "sector", "importer"]
    a, b = (t.decompose("wwz").wide().astype(dict.fromkeys(keys, str)) for t in (want, shuffled))
    pd.testing.assert_frame_equal(
        a.sort_values(keys, ignore_index=True), b.sort_values(keys, ignore_index=True)
    )


def test_rows_of_a_country_may_lie_apart_and_sectors_may_differ() -> None:
    Z, Y = frames()
    mixed = ["AAA_s1", "BBB_s1", "CCC_s1", "BBB_s2", "CCC_s2"]
    t = InterCountryTable.from_frames(Z.loc[mixed, mixed], Y.loc[mixed])
    assert [" ".join(r) for r in t.rows.droplevel("part")] == [
        "AAA s1",
        "BBB s1",
        "BBB s2",
        "CCC s1",
        "CCC s2",
    ]
    wide = t.decompose("wwz").wide()
    parts = wide.drop(columns=["exporter", "sector", "importer", "EXGR"]).sum(axis=1)
    np.testing.assert_allclose(parts, wide["EXGR"], rtol=1e-12)


def test_numpy_and_csv_doors(tmp_path: Path) -> None:
    Z, Y = frames()
    Z.to_csv(tmp_path / "Z.csv")
    Y.to_csv(tmp_path / "Y.csv")
    t = InterCountryTable.from_csv(tmp_path / "Z.csv", tmp_path / "Y.csv", unit="EUR")
    np.testing.assert_allclose(t.Y, table().Y)
    final = [(c, k) for c in C for k in ("hh", "inv")]
    n = InterCountryTable.from_numpy(Z, Y, countries=C, sectors=S, final=final)
    np.testing.assert_array_equal(n.Z, t.Z)
    ragged = InterCountryTable.from_numpy(
        Z.iloc[:5, :5], Y.iloc[:5], countries=C, sectors=[S, S, ["s1"]], final=final
    )
    assert len(ragged.x) == 5
    with pytest.raises(DataError, match=r"Y has shape \(6, 6\).*shape \(6, 3\)"):
        InterCountryTable.from_numpy(Z, Y, countries=C, sectors=S)
    assert "3 countries, 6 country-sectors" in repr(t)


def bad(change: Callable[[pd.DataFrame, pd.DataFrame], object]) -> tuple[pd.DataFrame, pd.DataFrame]:
    Z, Y = frames()
    out = change(Z, Y)
    return out if isinstance(out, tuple) else (Z, Y)


def put(frame: pd.DataFrame, row: int, column: int, value: object) -> None:
    if isinstance(value, str):
        frame[frame.columns[column]] = frame.iloc[:, column].astype(object)
    frame.iloc[row, column] = value


REFUSED = {
    "missing block": (lambda Z, Y: (Z.drop(columns=["BBB_s1", "BBB_s2"]), Y), r"BBB has rows but no columns"),
    "missing column": (lambda Z, Y: (Z.drop(columns="BBB_s1"), Y), r"of Z lack labels.*in 1 row.*'BBB_s1"),
    "missing row of Y": (lambda Z, Y: (Z, Y.drop("CCC_s2")), r"rows of Y lack labels.*First: 'CCC_s2'"),
    "total in Y": (lambda Z, Y: (Z, Y.assign(TOTAL=Y.sum(axis=1))), r"not in Z in 1 row.*'TOTAL'.*Take out"),
    "NaN": (lambda Z, Y: put(Z, 1, 2, np.nan), r"Cells of Z are missing.*'AAA_s2', column 'BBB_s1' is nan"),
    "text": (lambda Z, Y: put(Y, 0, 3, "n/a"), r"Cells of Y hold text in 1 row.*column 'BBB_inv' is 'n/a'"),
    "negative output": (lambda Z, Y: put(Y, 4, 0, -500.0), r"Output .* is negative in 1 row.*'CCC s1'"),
    "negative input": (lambda Z, Y: put(Z, 4, 0, -0.5), r"has negative cells in 1.*'CCC s1', column 'AAA"),
    "column sum": (lambda Z, Y: put(Z, 0, 5, 5000.0), r"cost as much as the output.*in 1 row.*'CCC s2'"),
    "strange final demand": (
        lambda Z, Y: (Z, Y.rename(columns={"CCC_hh": "DDD_hh"})),
        r"country that is not in Z in 1 row.*'DDD'",
    ),
    "no final demand": (
        lambda Z, Y: (Z, Y.drop(columns=["CCC_hh", "CCC_inv"])),
        r"have no final demand in 1 row.*'CCC'",
    ),
    "duplicates": (
        lambda Z, Y: (Z.rename(index={"AAA_s2": "AAA_s1"}), Y),
        r"occur more than once in 1 row.*'AAA_s1'",
    ),
    "no country": (
        lambda Z, Y: (Z.rename(index={"AAA_s2": "s2"}), Y),
        r"do not name country and sector in 1 row.*'s2'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_tables_are_refused_with_their_place(case: str) -> None:
    change, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        InterCountryTable.from_frames(*bad(change))


def test_value_added_in_other_units_and_unbalanced_tables_are_refused() -> None:
    Z, Y = frames()
    x = Z.sum(axis=1) + Y.sum(axis=1)
    va = x - Z.sum()
    with pytest.raises(DataError, match=r"0\.001 times the residual: it looks like another unit"):
        InterCountryTable.from_frames(Z, Y, value_added=va / 1000)
    with pytest.raises(
        DataError, match=r"miss output given by 6 EUR in all in 1 row. First: 'BBB s1' \(0\.\d+\)"
    ):
        InterCountryTable.from_frames(
            Z, Y, output=x + pd.Series({"BBB_s1": 6.0}).reindex(ROWS).fillna(0), unit="EUR"
        )
    with pytest.raises(DataError, match=r"Less than half .* looks like another unit"):
        InterCountryTable.from_frames(Z, Y, value_added=va / 1000, taxes="remainder")
    with pytest.raises(OptionError, match="taxes='remainder' needs value_added="):
        InterCountryTable.from_frames(Z, Y, taxes="remainder")
    rowed = InterCountryTable.from_frames(Z, Y, taxes=0.1 * va, v="supplied")
    np.testing.assert_allclose(rowed.va, 0.9 * va)
    taxed = InterCountryTable.from_frames(Z, Y, value_added=0.9 * va, taxes="remainder", v="supplied")
    np.testing.assert_allclose(taxed.taxes, 0.1 * va)
    with pytest.raises(OptionError, match="needs value_added"):
        table(v="supplied")
    with pytest.raises(OptionError, match="not allowed"):
        table(accept=["anything"])


def test_oddities_are_kept_when_asked_and_reported() -> None:
    Z, Y = frames()
    put(Z, 4, 0, -0.5)
    put(Z, 0, 5, 5000.0)
    put(Y, 2, 1, -4.0)
    t = InterCountryTable.from_frames(Z, Y, accept=["negative_inputs", "column_sums"])
    report = t.validate().table.set_index("check")
    assert report.loc["negative inputs", "rows"] == 1
    assert report.loc["negative inputs", "worst"] == "'CCC s1' (0.5)"
    assert report.loc["column sum of A >= 1", "worst"].startswith("'CCC s2'")
    assert report.loc["negative final demand", "rows"] == 1
    assert report.loc["negative value added", "rows"] == 1
    wide = t.decompose("bm").wide()
    np.testing.assert_allclose(wide[["VAX", "REF", "DDC", "FVA", "FDC"]].sum(axis=1), wide["EXGR"], atol=1e-8)
    assert t.validate().balanced
    assert "Validation of <InterCountryTable" in repr(t.validate())


def test_zero_output_and_one_country() -> None:
    Z, Y = frames()
    Z.loc["BBB_s2"], Z["BBB_s2"], Y.loc["BBB_s2"] = 0.0, 0.0, 0.0
    t = InterCountryTable.from_frames(Z, Y)
    assert t.validate().table.set_index("check").loc["zero output", "worst"] == "'BBB s2' (1)"
    assert not t.decompose("wwz").wide().isna().any().any()
    Z.loc["AAA_s1", "BBB_s2"] = 1.0
    with pytest.raises(DataError, match=r"Sectors with inputs have no output in 1 row\. First: 'BBB s2'"):
        InterCountryTable.from_frames(Z, Y)
    one = InterCountryTable.from_frames(Z.iloc[:1, :1], Y.iloc[:1, :2])
    assert one.decompose("bm").wide().empty
    assert one.decompose("bm", by="exporter").wide()["EXGR"].item() == 0.0


def test_a_group_is_one_exporter() -> None:
    t = table()
    g = t.group({"UNI": ["AAA", "CCC"]})
    assert list(g.countries) == ["UNI", "BBB"]
    assert list(g.rows[:4]) == [("UNI", p, s) for p in ("AAA", "CCC") for s in S]
    assert g.E[g.code == 0].sum() == pytest.approx(t.E[t.code == 0, 1].sum() + t.E[t.code == 2, 1].sum())
    wide = g.decompose("wwz", by="exporter").wide()
    np.testing.assert_allclose(wide.iloc[:, 2:].sum(axis=1), wide["EXGR"], rtol=1e-12)
    # Two economies: domestic value added is what the solved counterfactual loses.
    from exportlab.valueadded.gvc import extraction

    dva = g.decompose("bm", by="exporter").wide().set_index("exporter")["DVA"]
    assert extraction(g, "UNI") == pytest.approx(dva["UNI"], rel=1e-12)
    with pytest.raises(UnknownName, match="no country named 'DDD'"):
        t.group({"UNI": ["DDD"]})
    with pytest.raises(DataError, match="more than once"):
        t.group({"U": ["AAA"], "V": ["AAA"]})
    with pytest.raises(DataError, match="name of a country outside it"):
        t.group({"BBB": ["AAA"]})


def test_exports_and_result_axes() -> None:
    t = table()
    long = t.decompose("wwz", third=True).table
    assert list(long.columns) == ["exporter", "sector", "importer", "third", "origin", "term", "value"]
    assert long["value"].notna().all()
    whole = t.decompose("wwz").wide().set_index(["exporter", "sector", "importer"])
    split = long.pivot_table(
        index=["exporter", "sector", "importer"], columns="term", values="value", aggfunc="sum", observed=True
    )
    for term in whole:
        np.testing.assert_allclose(split[term].reindex(whole.index), whole[term], rtol=1e-10, atol=1e-12)
    assert set(long.loc[long["term"] == "OVA_FIN", "third"]) == set(C)
    assert (
        long.loc[long["term"] == "MVA_FIN", "origin"] == long.loc[long["term"] == "MVA_FIN", "importer"]
    ).all()
    gross = t.exports(by=("exporter",))
    np.testing.assert_allclose(gross["EXGR_INT"] + gross["EXGR_FNL"], gross["EXGR"])
    one = t.decompose("wwz", exporters=["BBB"]).wide()
    np.testing.assert_allclose(one["MDC"], whole.loc["BBB", "MDC"])
    result = t.decompose("bm", by=("exporter",))
    assert "bm decomposition of exports (source, exporter)" in result.summary()
    assert result.plot().get_xlabel()


def io() -> dict[str, object]:
    rng = np.random.default_rng(2)
    names = ["a", "b", "c"]
    Z = pd.DataFrame(rng.uniform(1, 5, (3, 3)), names, names)
    M = pd.DataFrame(rng.uniform(0, 1, (3, 3)), names, names)
    F = pd.DataFrame(rng.uniform(5, 9, (3, 2)), names, ["C", "I"])
    e = pd.Series([3.0, 4.0, 5.0], names)
    x = Z.sum(axis=1) + F.sum(axis=1) + e
    return {"Z": Z, "imported": M, "imported_final": F / 10, "final": F, "exports": e, "output": x}


def test_iotable_orders_by_label_and_reports() -> None:
    parts = io()
    t = IOTable.from_frames(**parts)  # type: ignore[arg-type]
    flipped = {k: v.iloc[::-1] if k != "Z" else v for k, v in parts.items()}  # type: ignore[attr-defined]
    other = IOTable.from_frames(**flipped)  # type: ignore[arg-type]
    np.testing.assert_array_equal(t.Zm, other.Zm)
    np.testing.assert_array_equal(t.F, other.F)
    assert t.validate().balanced
    assert "transit share > 1" in t.validate().summary()
    names = list(t.sectors)
    n = IOTable.from_numpy(t.Z, sectors=names, final=t.F, imported=t.Zm, exports=t.e)
    np.testing.assert_allclose(n.va, t.va)


def test_iotable_refuses() -> None:
    parts = io()
    with pytest.raises(DataError, match="domestic content would be 100 %"):
        IOTable.from_frames(parts["Z"], final=parts["final"], exports=parts["exports"])  # type: ignore[arg-type]
    total = {**parts, "Z": parts["Z"] + 3 * parts["imported"], "imported": 0 * parts["imported"]}  # type: ignore[operator]
    with pytest.raises(DataError, match="a competitive table is passed with imports="):
        IOTable.from_frames(**total)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Exports is negative in 3 rows"):
        IOTable.from_frames(**{**parts, "exports": -parts["exports"]})  # type: ignore[arg-type, operator]
    wrong = {**parts, "value_added": parts["output"] / 1e4}  # type: ignore[operator]
    with pytest.raises(DataError, match="looks like another unit"):
        IOTable.from_frames(**wrong)  # type: ignore[arg-type]
    heavy = {**parts, "imported": 20 * parts["imported"]}  # type: ignore[operator]
    with pytest.raises(DataError, match="cost as much as the output they make"):
        IOTable.from_frames(**heavy)  # type: ignore[arg-type]


def test_transit_is_reported_in_a_competitive_table() -> None:
    parts = io()
    use = (parts["Z"].sum(axis=1) + parts["final"].sum(axis=1)) * [1.2, 0.1, 0.1]  # type: ignore[attr-defined]
    t = IOTable.from_frames(
        parts["Z"],
        final=parts["final"],
        exports=parts["exports"] + use,
        imports=use,  # type: ignore[arg-type, operator]
    )
    row = t.validate().table.set_index("check").loc["transit share > 1"]
    assert row["rows"] == 1
    assert row["worst"] == "'a' (1.2)"


def test_no_zero_has_a_sign() -> None:
    """Where a country exports nothing and a sector makes nothing, zeros are zeros."""
    labels = pd.MultiIndex.from_product([["A", "B", "C"], ["f", "m"]])
    rng = np.random.default_rng(0)
    Z = pd.DataFrame(rng.uniform(1, 5, (6, 6)), labels, labels)
    Y = pd.DataFrame(rng.uniform(10, 30, (6, 3)), labels, ["A", "B", "C"])
    Z.iloc[:2, 2:] = Y.iloc[:2, 1:] = Z.iloc[2] = Y.iloc[2] = Z.iloc[:, 2] = 0.0
    jobs = pd.Series([1, 2, 0, 3, 0, 1.0], labels, name="jobs")
    t = InterCountryTable.from_frames(Z, Y, satellites=jobs)
    names = pd.Index(["f", "m"])
    imported = pd.DataFrame([[0.0, 4.0], [0.0, 6.0]], names, names)
    own = IOTable.from_frames(
        pd.DataFrame([[0.0, 0.0], [5.0, 30.0]], names, names),
        final=pd.Series([0.0, 60.0], names),
        exports=[0.0, 25.0],
        imported=imported,
    )
    made = [t.decompose(m).wide() for m in ("bm", "kww", "wwz", "my")]
    made += [
        t.decompose("bm", perimeter="importer").wide(),
        t.participation(),
        t.position(),
        t.country_measures(),
    ]
    made += [
        t.embodied("jobs"),
        t.footprint("jobs"),
        t.validate().table,
        own.validate().table,
        own.multipliers(),
    ]
    made += [own.upstreamness(), own.forward(), own.vertical_specialisation(), own.domestic_content().table]
    for table in made:
        for column in table.select_dtypes("float"):
            figures = table[column].to_numpy()
            assert not (np.signbit(figures) & (figures == 0)).any(), column
