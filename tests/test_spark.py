"""Spark: the same numbers in local mode and on a real two-worker cluster on loopback, from a pure Catalyst plan."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import catalogue_calls
import pages
import pandas as pd
import patience
import pytest
import test_engines
import tries
from engines import agree, plain, rows
from hypothesis import HealthCheck, given

import exportlab as xl
from exportlab.errors import DataError

pytestmark = [pytest.mark.spark, pytest.mark.long]
pytest.importorskip("pyspark", reason="needs the extra 'spark'")
JAVA = shutil.which("java")
NO_JAVA = pytest.mark.skipif(JAVA is None, reason="needs Java 17 (Debian: openjdk-17-jre-headless)")
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # short lives: what costs is compiling
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.extraJavaOptions": QUICK,
    "spark.executor.extraJavaOptions": QUICK,
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.driver.memory": "1g",
    "spark.log.level": "ERROR",
    "spark.network.timeout": f"{patience.SECONDS}s",  # a busy machine lets a heartbeat or a handshake wait
    "spark.sql.broadcastTimeout": f"{patience.SECONDS}",
    "spark.python.authenticate.socketTimeout": f"{patience.SECONDS}s",
}
os.environ["SPARK_AUTH_SOCKET_TIMEOUT"] = str(patience.SECONDS)


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("exportlab-tests")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
        yield session
        session.stop()


def test_names_that_spark_cannot_tell(spark):
    for market in ("to.market", "to`market", "to"):
        others = ["To"] if market == "to" else ["from.port"]
        table = spark.createDataFrame([("a", 1.0, 2.0)], [market, "v", *others])
        with pytest.raises(DataError, match="Spark cannot tell column 'to.*' by its name"):
            xl.flows(table, market=market, value="v")
        named = table.toDF("m", "v", *others)
        assert rows(xl.hhi(xl.flows(named, market="m", value="v"), over="market"), [])[0]["hhi"] == 1.0


def convert(session):
    def to_spark(table: pd.DataFrame):
        records = [tuple(r) for r in table.itertuples(index=False, name=None)]
        kinds = {"i": "bigint", "f": "double"}
        schema = ", ".join(f"`{c}` {kinds.get(table[c].dtype.kind, 'string')}" for c in table.columns)
        return session.createDataFrame(records, schema)

    return to_spark


@NO_JAVA
def test_every_indicator_agrees_with_the_oracle(spark):
    """Ties, zeros, a lone member, equal ones, nothing at all, and nine orders of magnitude; each indicator once."""
    groups = [[3.0, 1.0, 1.0, 0.0], [5.0], [2.0] * 7, [0.0, 0.0], [1e-3, 1e6, 7.0]]
    once = {name: call for name, call in test_engines.CALLS.items() if name.endswith("_0")}
    test_engines.check(convert(spark), "observed", groups, once)


@NO_JAVA
@pytest.mark.slow
@tries.at_most(5, suppress_health_check=list(HealthCheck))
@given(drawn=test_engines.groups)
def test_every_indicator_agrees_with_the_oracle_on_any_groups(spark, drawn):
    test_engines.check(convert(spark), "observed", drawn)


TABLE = pd.DataFrame(
    {
        "year": [2021, 2021, 2021, 2023, 2023, 2023],
        "city": ["Dalian", "Dalian", "Shenyang"] * 2,
        "partner": ["Japan", "USA", "Japan"] * 2,
        "hs": ["0101", "0202", "0202"] * 2,
        "usd": [5.0, 3.0, 2.0, 6.0, 4.0, 1.0],
    }
)
ROLES = {"period": "year", "exporter": "city", "market": "partner", "product": "hs", "value": "usd"}
CALLS = {
    "share": (lambda f: xl.share(f, over="market", by="period"), ["year", "partner"]),
    "bloc_share": (lambda f: xl.bloc_share(f, "RCEP", by="period"), ["year"]),
    "contributions": (lambda f: xl.contributions(f, over="market", by="period", lag=2), ["year", "partner"]),
    "rca": (lambda f: xl.rca(f, zeros=True, by=["period", "exporter"]), ["year", "city", "hs"]),
    "rest": (lambda f: xl.rca(f, reference="rest", form="rsca", by=["exporter"]), ["city", "hs"]),
}


@NO_JAVA
@pytest.mark.parametrize("name", CALLS)
def test_two_way_indicators_agree_with_pandas(spark, name):
    call, keys = CALLS[name]
    here, there = (rows(call(xl.flows(t, **ROLES)), keys) for t in (TABLE, convert(spark)(TABLE)))
    assert len(here) == len(there) > 0
    for a, b in zip(here, there, strict=True):
        assert a.keys() == b.keys()
        for key in a:
            assert (
                b[key] == pytest.approx(a[key], rel=1e-12, nan_ok=True)
                if isinstance(a[key], float)
                else b[key] == a[key]
            )


@NO_JAVA
@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in catalogue_calls.ARGUMENTS if n != "survival"])
def test_every_other_indicator_agrees_too(spark, name):
    """The whole catalogue of pairs, changes and tables (survival is fitted on collected `spells`): some minutes."""
    table = catalogue_calls.world(years=(2021, 2022))
    here, there = (plain(catalogue_calls.call(name, table, c)) for c in (lambda t: t, convert(spark)))
    assert here
    assert agree(here, there)


@NO_JAVA
def test_the_plan_is_pure_catalyst_and_stays_lazy(spark):
    from pyspark.sql import DataFrame

    flows = xl.flows(convert(spark)(TABLE), **ROLES, validate="schema")
    for result in (
        xl.measure(flows, ["hhi", "theil", "gini"], over="market", universe=9),
        xl.rca(flows, by="exporter"),
    ):
        assert isinstance(result, DataFrame)
        plan = result._jdf.queryExecution().toString()
        assert "Python" not in plan
        assert "Window" in plan


@NO_JAVA
def test_bad_rows_are_refused_when_first_needed(spark):
    flows = xl.flows(convert(spark)(TABLE.assign(usd=[5.0, -3.0, 2.0, 6.0, 4.0, 1.0])), **ROLES)
    with pytest.raises(xl.errors.DataError, match="value 'usd' is negative in 1 row. First: year=2021"):
        xl.hhi(flows, over="market")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def cluster(tmp_path):
    """The address of a master with two workers, processes of their own on loopback, started and stopped here."""
    import pyspark

    home = Path(pyspark.__file__).parent
    port, launcher = free_port(), home / "bin" / "spark-class"
    env = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_HOME": str(home),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": f"{QUICK} -Dspark.worker.timeout={patience.SECONDS}",
    }
    url = f"spark://127.0.0.1:{port}"
    running = []

    def start(kind, log, text, *arguments):
        command = [str(launcher), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", *arguments]
        with log.open("w") as file:
            running.append(
                subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=env, cwd=tmp_path)
            )
        patience.wait_until(lambda: text in log.read_text(), running[-1], f"{text!r} in {log.name}")

    try:
        ports = ["--port", str(port), "--webui-port", str(free_port())]
        start("master.Master", tmp_path / "master.log", "Starting Spark master", *ports)
        for n in range(2):
            size = ["--cores", "1", "--memory", "600m", "--webui-port", str(free_port())]
            here = ["--work-dir", str(tmp_path / f"work{n}"), url]
            registered = "Successfully registered with master"
            start("worker.Worker", tmp_path / f"worker{n}.log", registered, *size, *here)
        yield url
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(patience.SECONDS)


@pytest.mark.whole
@NO_JAVA
def test_the_script_of_the_manual_on_a_cluster_of_two_workers(cluster, tmp_path):
    """By spark-submit, with nothing of ours on the workers; the same numbers as in pandas."""
    root = Path(__file__).parent.parent
    pages.parquet(tmp_path / "flows")
    said = [f"--conf={key}={value}" for key, value in SETTINGS.items()]
    said += ["--conf=spark.executor.memory=512m", "--conf=spark.cores.max=2"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("spark-submit")),
            *("--master", cluster, *said),
            *(str(root / "examples" / "spark_profile.py"), "flows", "profile"),
        ],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": str(root), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
        check=False,
        timeout=patience.SECONDS,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert all("Asked to launch executor" in (tmp_path / f"worker{n}.log").read_text() for n in range(2))
    keys = ["year", "i"]
    found = pd.read_parquet(tmp_path / "profile" / "structure").sort_values(keys, ignore_index=True)
    table = pd.read_parquet(tmp_path / "flows")
    flows = xl.flows(table, period="year", exporter="i", market="j", product="hs", value="usd")
    expected = xl.measure(flows, ["hhi", "number_active"], over="market", by=["period", "exporter"])
    expected = expected.reset_index(drop=True)
    pd.testing.assert_frame_equal(
        found[[*keys, "hhi", "number_active"]], expected, rtol=1e-12, check_dtype=False
    )
    advantage = pd.read_parquet(tmp_path / "profile" / "advantage")
    assert len(advantage) == (xl.rca(flows, by=["period", "exporter"])["rca"] > 1).sum()


@NO_JAVA
def test_periods_are_turned_as_in_pandas(spark):
    cells = [
        (f"2023-{m:02d}", c, f"{k:02d}", 1.0 + m + k)
        for m in range(1, 13)
        for c in ("Japan", "USA")
        for k in (1, 2)
    ]
    months = pd.DataFrame(cells, columns=["period", "market", "product", "value"])
    totals = months.assign(
        value=months.groupby(["market", "product"])["value"].cumsum(),
        period="2023-01/" + months["period"].str[5:],
    )
    numbers = months.assign(period=months["period"].str.replace("-", "").astype(int))
    for table, turn in (
        (months, lambda f: f.annual()),
        (numbers, lambda f: f.quarterly()),
        (totals, xl.decumulate),
    ):
        here, there = (turn(xl.flows(t)) for t in (table, convert(spark)(table)))
        assert there.lazy
        keys = ["period", "market", "product"]
        assert rows(there.table, keys) == [
            {**r, "value": pytest.approx(r["value"], rel=1e-12)} for r in rows(here.table, keys)
        ]
