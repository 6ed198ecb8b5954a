"""What a formula may hold: the columns it makes are formulaic's, and no text of it is ever run."""

from __future__ import annotations

import sys
from functools import cache

import hostile
import numpy as np
import pandas as pd
import pytest
import tries
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import exportlab as xl
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.panel.regression.formula import Roles, design

_RNG = np.random.default_rng(5)
N = 60
TABLE = pd.DataFrame(
    {
        "y": _RNG.gamma(1, 1, N) + 0.1,
        "x": _RNG.gamma(1, 1, N) + 0.1,
        "z": _RNG.normal(size=N),
        "k": _RNG.integers(0, 4, N),
        "m": _RNG.choice(["USA", "China", "Japan"], N),
        "o": _RNG.choice(["USA", "China"], N),
        "b": _RNG.integers(0, 2, N).astype(bool),
        "my col": _RNG.normal(size=N),
        "gdp.pc": _RNG.gamma(1, 1, N) + 1,
        "1a": _RNG.normal(size=N),
    }
)


def made(right: str, table: pd.DataFrame = TABLE, left: str = "y") -> pd.DataFrame:
    d = design(table, f"{left} ~ {right}", Roles())
    return pd.DataFrame(d.x, columns=d.names)


# ---- what it makes ---------------------------------------------------------------------------------------

SAME = (
    "x + z", "x * z", "x:z + m", "m * x", "m:o", "0 + m + x", "-1 + m", "x - 1", "(x + z + k)**2", "(x + z)^2",
    "x / z", "m %in% o", "log(x)", "np.log(x + 1)", "np.sqrt(x)", "np.exp(-x)", "C(k)",
    "C(k) + C(m, contr.treatment('USA'))", "C(m, contr.treatment)", "C(m, contr.sum)",
    "C(m, contr.treatment(base='Japan'))", "C(m, contr.helmert())", "C(k, contr.poly)", "C(m, contr.diff)",
    "C(k, levels=[3, 2, 1, 0])", "C(k, levels=[0, 1, 2, 3])", "I(k == 2)", "I(x ** 2)", "I(x > z)",
    "{x / (z**2 + 1)}", "{(m == 'USA') * x}", "I(m == o)", "I((m == 'USA') & (o != 'USA'))",
    "I((k == 1) | (k == 2))", "I(~(k == 1))", "`my col`", "I(`my col` * 2) + `my col`:x", "I(`1a` + 1)",
    "`gdp.pc` + log(`gdp.pc`)", "C(2*k)", "C(k % 2)", "C(k // 2)", "poly(x, 2)", "poly(x, degree=3, raw=True)",
    "bs(x, df=4)", "cs(x, 4)", "bs(x, 5, degree=2)", "cr(x, df=4, constraints='center')", "cc(x, df=4)",
    "center(x) + scale(z) + standardize(k)", "b * x", "2:x", "I(center(x)**2)",
    "np.maximum(x, 1) + np.minimum(x, z)", "np.abs(z) + np.sign(z) + np.floor(x)", "x + z - z",
    "bs(log(x), df=4)", "C(b)", "scale(x, center=False, scale=True)", "I(x*2 - 3 + -z)", "I(2 ** x)",
    "I(x ** -1)", "I((x > 1) == True)", "I(m)", "1",
)  # fmt: skip


@pytest.mark.parametrize("right", SAME)
def test_the_columns_are_those_that_formulaic_makes(right):
    from formulaic import model_matrix

    expected = pd.DataFrame(model_matrix(f"1 + {right}", TABLE, na_action="ignore"))
    pd.testing.assert_frame_equal(made(right), expected.astype(float), rtol=1e-12, check_index_type=False)


@pytest.mark.parametrize(
    ("right", "value"),
    [
        ("sqrt(x)", lambda t: np.sqrt(t["x"])),
        ("log1p(x)", lambda t: np.log1p(t["x"])),
        ("gdp.pc", lambda t: t["gdp.pc"]),
        ("log(gdp.pc)", lambda t: np.log(t["gdp.pc"])),
        ("I(1 < x)", lambda t: t["x"] > 1),
        ("I(0.5 < x < 2)", lambda t: (t["x"] > 0.5) & (t["x"] < 2)),
        ("I(u8 - 5)", lambda t: t["u8"].astype(float) - 5),
        ("I(large ** 3)", lambda t: t["large"].astype(float) ** 3),
        ("I(large * large * large)", lambda t: t["large"].astype(float) ** 3),
        ("abs(i8)", lambda t: t["i8"].astype(float).abs()),
        ("I(x / none)", None),
    ],
)
def test_arithmetic_is_that_of_real_numbers(right, value):
    """Narrow types neither wrap around nor round; dotted names are columns; what is not finite is refused."""
    table = TABLE.assign(
        u8=np.array([3, 250] * 30, np.uint8),
        i8=np.array([-128, 127] * 30, np.int8),
        large=10**7 + TABLE["k"],
        none=0,
    )
    if value is None:
        with pytest.raises(DataError, match=r"The regressor I\(x / none\) is not finite in 60 rows"):
            made(right, table)
    else:
        np.testing.assert_allclose(made(right, table).iloc[:, 1], value(table).astype(float), rtol=1e-14)


def test_the_outcome_may_be_worked_out_too():
    d = design(TABLE, "log(y + 1) ~ x", Roles())
    np.testing.assert_allclose(d.y, np.log(TABLE["y"] + 1), rtol=1e-15)
    named = design(TABLE.rename(columns={"y": "a ~ b"}), "`a ~ b` ~ x", Roles())
    np.testing.assert_array_equal(named.y, TABLE["y"])


# ---- what it may not hold --------------------------------------------------------------------------------

RUN = "np.f2py.os.system('touch {}')"
CODE = (
    "{{x if '`' == x.to_csv('{}') or '`' else x}}", "{{x if '`' == " + RUN + " or '`' else x}}",
    "I(x if '`' == " + RUN + " or '`' else x)", "{{" + RUN + "(x)}}", "center(x == '\" + " + RUN + " + \"')",
    "center(m == '\\\\\"' + " + RUN + ")", "bs(x, df=[" + RUN + "])", "C(m, levels=[" + RUN + "])",
    "{{(lambda: " + RUN + ")()}}", "{{`lambda` : " + RUN + "}}", "{{[i for i in " + RUN + "]}}", "{{x[" + RUN + "]}}",
    "log(x, out=" + RUN + ")", "log(*" + RUN + ")", "log(**" + RUN + ")", "I(f'{{" + RUN + "}}')", "Q('x')",
    "C(x, contrasts=" + RUN + ")", "{{x.sum.__func__.__globals__}}", "{{(q := " + RUN + ")}}", "hashed(m)", "lag(x)",
    "x.to_csv('{}')", "open('{}', 'w')", "I(__import__('os').system('touch {}'))", "np.save('{}', x)",
    "np.log.__call__(x)", "contr.custom([[1]])", "C(m, contr.custom)", "{{...}}", "{{1j * x}}", "{{b'x' == m}}",
    "{{yield_(x)}}", "{{x if b else z}}", "{{b and b}}", "{{not b}}", "{{x is z}}", "{{m in ['a']}}", "{{x @ z}}",
    "{{x << 1}}", "{{{{'a': x}}}}", "{{{{x}}}}", "{{x;z}}", "{{x\nz}}", "I(x", "x)", "``", "I(``)", "~", "x |",
)  # fmt: skip

_SEEN: list[str] = []
_WATCHED = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "os.remove"}


def _watch(event: str, arguments: object) -> None:
    if _SEEN and (event in _WATCHED or event == "exec" or (event == "open" and "w" in str(arguments))):
        _SEEN.append(f"{event}: {arguments}")


@cache
def loaded() -> None:
    """Load what the functions of formulae load, which is code that runs too."""
    made("bs(x, df=4) + poly(x, 2) + C(m, contr.sum) + cs(x, 4) + center(x)")


def quietly(formula: str) -> str:
    """Read a formula: a refusal of the package's own, or an answer; no code runs and nothing is opened to write."""
    loaded()
    _SEEN.append("listening")
    try:
        return hostile.civil(lambda: design(TABLE, formula, Roles()))
    finally:
        heard = _SEEN[1:]
        _SEEN.clear()
        assert heard == []


sys.addaudithook(_watch)


def test_the_watch_hears_code():
    _SEEN.append("listening")
    exec("pass")
    heard = _SEEN[1:]
    _SEEN.clear()
    assert len(heard) == 1


@pytest.mark.parametrize("code", CODE)
def test_code_is_refused_and_none_runs(tmp_path, code):
    target = tmp_path / "written"
    right = (
        code.format(*[target] * code.count("{}"))
        if "{}" in code
        else code.replace("{{", "{").replace("}}", "}")
    )
    for formula in (f"y ~ x + {right}", f"{right} ~ x", f"y ~ {right}"):
        assert quietly(formula) == "refused", formula
    assert not target.exists()


PIECES = (
    "x", "z", "k", "m", "y", "b", "(", ")", "[", "]", "{", "}", "'", '"', "`", "+", "-", "*", "**", "^", "/", "//",
    "%", "%in%", ":", "~", "|", "&", "==", "!=", "<", ">", ".", ",", "=", "0", "1", "2", "1e9", "\\", "é", "¹", "None",
    "1j", ":=", "*x", "`my col`", "\n", " ", "'USA'", "\"a'b\"", "C(", "I(", "log(", "np.log(", "bs(", "poly(",
    "center(", "df=", "levels=", "contr.sum", "lambda", " if ", " else ", " for ", " in ", " not ", " and ", "np.f2py",
    "os", "__class__", "x.to_csv", "True", "await ", "yield ", "Q('x')", "9" * 400, "(x+z+k)**9", "~(k==1)",
    "[0,1,2,3]", "`1a`", "\x00", "日本",
)  # fmt: skip


@tries.at_most(400, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["{}", "I({})", "C({})", "{{{}}}", "bs({}, df=4)", "x + log({})", "{} * x"]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=9),
)
def test_any_text_is_an_answer_or_a_refusal(around, pieces):
    quietly("y ~ " + around.format("".join(pieces)))


@pytest.mark.parametrize(
    ("right", "error", "said"),
    [
        ("nowhere", UnknownName, "no column named 'nowhere'"),
        ("I(nowhere + 1)", UnknownName, "no column named 'nowhere'"),
        ("x.sum", UnknownName, "no column named 'x.sum'"),
        ("I(x ** 1000)", OptionError, "powers go from -100 to 100"),
        ("I(10**10**10 * x)", OptionError, "powers go from -100 to 100"),
        ("I(1e300 * x)", OptionError, "numbers up to 1e\\+50"),
        ("I(m + 1)", OptionError, "'m' holds no numbers, which arithmetic needs[.;] C\\(m\\) takes labels"),
        ("log(m)", OptionError, "'m' holds no numbers"),
        ("I(poly(x, 2) + 1)", OptionError, "holds no numbers"),
        ("I(m < 'b')", OptionError, "text is equal or not, and has no order"),
        ("I(m == 1)", OptionError, "one is text, the other is not"),
        ("I(x == 'a')", OptionError, "one is text, the other is not"),
        ("I(k & 1)", OptionError, "'k' is neither true nor false"),
        ("I(~k)", OptionError, "'k' is neither true nor false"),
        ("log(2)", OptionError, "not one value a row"),
        ("center(2)", OptionError, "not one value a row"),
        ("C(2)", OptionError, "not one value a row"),
        ("{[1, 2]}", OptionError, "not one value a row"),
        ("log()", OptionError, "log takes 1 column first"),
        ("np.maximum(x)", OptionError, "maximum takes 2 columns first"),
        ("log(x, 2)", OptionError, "options of log, each once: none"),
        ("log(x, where=b)", OptionError, "options of log, each once: none"),
        ("poly(x, 2, degree=3)", OptionError, "options of poly, each once: degree, raw"),
        ("poly(x, 101)", OptionError, "degree=101 is not allowed. Allowed: a whole number from 1 to 100"),
        ("poly(x, z)", OptionError, "'z' is no constant"),
        ("poly(x, True)", OptionError, "degree=True is not allowed"),
        ("bs(x, df=100000)", OptionError, "df=100000 is not allowed"),
        ("bs(x, df=2)", OptionError, "cannot be computed"),
        (
            "cs(x, 4, constraints='x')",
            OptionError,
            "constraints='x' is not allowed. Allowed: 'center' or None",
        ),
        ("scale(x, ddof=-1)", OptionError, "ddof=-1 is not allowed"),
        ("C(m, 'USA')", OptionError, "''USA'' is no coding of categories"),
        ("C(m, contr.treatment('Peru'))", OptionError, "cannot be computed"),
        ("C(k, levels=[0, 1])", DataError, r"what is not in levels=\[0, 1\] in \d\d rows. First: 2. Name"),
        ("C(k, levels=[0, 0, 1, 2, 3])", OptionError, "levels= names 0 twice"),
        ("C(m, levels='USA')", OptionError, "levels='USA' is not allowed. Allowed: a list"),
        ("x ** 2", OptionError, "write I\\(x \\*\\* 2\\) for the power of a column"),
        ("(x + z) ** 11", OptionError, "from 1 to 10"),
        ("(x + z) ** 10 ** 10", OptionError, "from 1 to 10"),
        ("(x + z + k + b) ** 10", OptionError, "more than 2,000 terms"),
        ("*".join("xzkmob" * 2), OptionError, "more than 2,000 terms"),
        (".", OptionError, "names its columns one by one"),
        ("I(" + "-" * 300 + "x)", OptionError, "nested more than 200 steps deep"),
        ("I(" + "(" * 5000 + "x" + ")" * 5000 + ")", OptionError, "no formula"),
        ("x + " * 20000 + "x", OptionError, "A formula of 80,005 characters is not read"),
        ("x | k", OptionError, "effects and clusters are options"),
        ("x ~ z", OptionError, "effects and clusters are options"),
        ("'text'", OptionError, "String literals are not valid"),
    ],
)
def test_refusals(right, error, said):
    with pytest.raises(error, match=said):
        made(right)


@pytest.mark.parametrize("formula", ["", "y", "~", "y ~", "~ x", "y ~ x ~ z", "y ~ x | z"])
def test_a_formula_has_two_sides(formula):
    with pytest.raises(OptionError, match=r"is not allowed\. Write 'outcome ~ x1 \+ x2'"):
        design(TABLE, formula, Roles())
    for other in (None, 5, ["y ~ x"]):
        with pytest.raises(OptionError, match=r"formula=.* is not allowed\. Allowed: text"):
            xl.ppml(TABLE, other)


@pytest.mark.parametrize(
    ("column", "right", "said"),
    [
        ("log(x)", "`log(x)` + log(x)", "'log\\(x\\)' is a column and more"),
        ("1", "`1` + x", "'1' is a column and more"),
        ("x:z", "x:z + `x:z`", "Two regressors would be called 'x:z'"),
        ("m[T.Japan]", "m + `m[T.Japan]`", "Two regressors would be called"),
        ("Intercept", "x + Intercept", "Two regressors would be called 'Intercept'"),
    ],
)
def test_two_things_of_one_name(column, right, said):
    """formulaic takes them for one, and leaves one of the two out without a word."""
    with pytest.raises(OptionError, match=said):
        made(right, TABLE.assign(**{column: np.arange(N)}))


def test_products_of_categories_are_counted_before_they_are_made():
    many = TABLE.assign(a=[str(i) for i in range(N)], c=[str(i) for i in range(N)])
    with pytest.raises(DataError, match=r"a:c makes 3,481 columns, more than the 60 rows"):
        made("a:c", many)
    with pytest.raises(DataError, match=r"C\(a\):C\(c\) makes 3,481 columns"):
        made("C(a):C(c)", many)


def test_a_function_is_no_column_and_no_name_of_this_package():
    """A formula sees its table's columns alone: not what the module that reads it happens to hold."""
    for name in ("np", "pd", "data", "side", "contr", "log", "replace"):
        with pytest.raises((UnknownName, OptionError)):
            made(name)
    shadowed = TABLE.assign(log=1.0, np=2.0)
    np.testing.assert_allclose(made("log(x) + log:x", shadowed)["log(x)"], np.log(TABLE["x"]))


def test_names_that_make_trouble_go_through_every_regression():
    """Border dummies and the Hausman test add columns as columns, whatever their labels are."""
    years = ["2000`", "x ~ y", "a:b", "plain"]
    rng = np.random.default_rng(2)
    rows = [(e, i, t) for t in years for e in "abcd" for i in "abcd"]
    flows = pd.DataFrame(rows, columns=["e", "i", "t"])
    flows = flows.assign(v=rng.gamma(1, 1, len(rows)) + 0.1, z=rng.normal(size=len(rows)))
    found = xl.gravity(
        flows,
        "v ~ z",
        exporter="e",
        importer="i",
        period="t",
        domestic="border",
        effects=["exporter-period", "importer-period"],
        cluster=None,
    )
    assert [t for t in found.table["term"] if t != "z"] == [f"border[{t}]" for t in sorted(years)]
    with pytest.raises(DataError, match="has a column 'border', as a border dummy is called"):
        xl.gravity(
            flows[flows["t"] == "plain"].assign(border=0.0),
            "v ~ z",
            exporter="e",
            importer="i",
            domestic="border",
        )
    wide = TABLE.assign(
        unit=np.repeat(range(12), 5), year=list(range(5)) * 12, label=_RNG.choice(list("`~:ab"), N)
    )
    for form in ("classical", "mundlak"):
        test = xl.panel.hausman(wide, "y ~ x + label + `my col`", unit="unit", period="year", form=form)
        assert "my col" in set(test.table["term"])
