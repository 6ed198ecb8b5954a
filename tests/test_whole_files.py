"""Files appear whole or not at all, whoever stops the writer and whatever the disk says."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread

import pandas as pd
import patience
import pytest
from test_leaving import page

from exportlab import cli
from exportlab.cli import commands, terminal
from exportlab.errors import OptionError
from exportlab.frames import engine_speaks
from exportlab.tables.export import write
from exportlab.tables.writing import as_text, atomic

ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


# A shell that runs the tests in the background has its children ignore Ctrl-C, and these inherit it.
HEARING = """
import signal
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
"""


def python(code: str, folder: Path, **options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-B", "-c", HEARING + code], cwd=folder, env=ENV, **options)


# ---- under a name of its own -----------------------------------------------------------------------------


def test_no_half_file_is_left(tmp_path):
    def fails(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    (tmp_path / "x.csv").write_text("whole")
    with pytest.raises(OSError, match="No space left"):
        atomic(tmp_path / "x.csv", fails)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("x.csv", "whole")]


@pytest.mark.parametrize("suffix", [".csv", "." + "字" * 40])
def test_a_name_as_long_as_the_system_allows(tmp_path, suffix):
    name = "省" * ((255 - len(suffix.encode())) // 3) + suffix
    assert atomic(tmp_path / name, as_text("a")).read_text() == "a"
    assert [p.name for p in tmp_path.iterdir()] == [name]
    with pytest.raises(OSError, match="too long") as told:
        atomic(tmp_path / f"省省{name}", as_text("a"))
    assert told.value.filename == str(tmp_path / f"省省{name}")


@pytest.mark.parametrize("where", ["open", "write", "move"])
def test_what_the_disk_says_is_said_of_the_target(tmp_path, monkeypatch, where):
    def fails(path, *_, **__):
        raise OSError(errno.EROFS, "another library's words", str(path))

    if where != "write":
        monkeypatch.setattr(Path, {"open": "open", "move": "replace"}[where], fails)
    save = (lambda file: fails(file.name)) if where == "write" else as_text("a")
    with pytest.raises(OSError, match=r"Read-only file system: .*a\.csv'") as told:
        atomic(tmp_path / "a.csv", save)
    assert (told.value.errno, told.value.filename) == (errno.EROFS, str(tmp_path / "a.csv"))
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_errors_of_other_files_keep_their_names(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"elsewhere\.csv"):
        atomic(tmp_path / "a.csv", lambda _: Path("elsewhere.csv").read_text())


def test_a_half_file_that_a_kill_left_is_no_data(tmp_path):
    from exportlab.errors import DataError
    from exportlab.files.paths import find

    seen = []
    atomic(tmp_path / "a.csv", lambda file: seen.append(Path(file.name).name))
    (tmp_path / seen[0]).write_text("m,v\nJap")
    assert re.fullmatch(r"\.a\.csv\.[0-9a-f]{16}\.part", seen[0])
    with pytest.raises(DataError, match="holds 1 unfinished download. First: .a.csv"):
        find(tmp_path, [".csv"])


# ---- a full disk -----------------------------------------------------------------------------------------


def test_a_full_disk_is_told_once_by_every_writer(tmp_path):
    """No library complains of its own half archive a second time."""
    pytest.importorskip("resource", reason="needs limits on the size of files")
    kinds = [k for k in terminal.KINDS if k != ".docx" or __import__("importlib.util").util.find_spec("docx")]
    pd.DataFrame({"m": [f"market {i}" for i in range(200)], "v": 1.5}).to_parquet(tmp_path / "my.parquet")
    code = f"""
import contextlib, gc, resource, signal, sys
from exportlab import cli
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
for kind in {kinds}:
    sys.argv = ["exportlab", "measure", "my.parquet", "--market", "m", "--value", "v", "--over", "market",
                "--out", "o" + kind]
    with contextlib.suppress(SystemExit):
        cli.main()
    gc.collect()
"""
    with python(code, tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        printed, said = run.communicate()
    assert said.splitlines() == [f"exportlab: file too large: o{kind}" for kind in kinds]
    assert printed == ""
    assert [p.name for p in tmp_path.iterdir()] == ["my.parquet"]


def test_a_folder_that_may_not_be_written(tmp_path):
    """Root may write anywhere, and is nobody here while it tries."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs the permissions of POSIX")
    write(page(), tmp_path / "before")  # loads what is loaded on the way
    folder, me = Path(tempfile.mkdtemp()), os.geteuid()
    folder.chmod(0o755)
    (folder / "out").mkdir(mode=0o555)
    try:
        if me == 0:
            os.seteuid(65534)
        with pytest.raises(PermissionError, match=re.escape(str(folder / "out"))):
            write(page(), folder / "out")
    finally:
        os.seteuid(me)
        shutil.rmtree(folder)


# ---- stopped ---------------------------------------------------------------------------------------------

SIGNALS = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("told", ["as it is", "as a fault", "as a refusal", "by an exit code"])
def test_who_stops_it_is_told_so(tmp_path, monkeypatch, capsys, name, told):
    """Ctrl-C, a shutdown, a closed terminal; an engine or a library may make something else of it."""

    def stopped(file):
        file.write(b"half")
        try:
            os.kill(os.getpid(), getattr(signal, name))
        except KeyboardInterrupt:
            if told == "as a fault":
                raise RuntimeError("Query interrupted") from None
            if told == "as a refusal":
                raise OptionError("The engine stopped.") from None
            raise

    def typed(**_):
        with contextlib.suppress(*[KeyboardInterrupt] * (told == "by an exit code")):
            atomic(tmp_path / "a.csv", stopped)
        return 130

    before = signal.getsignal(getattr(signal, name))
    if before is signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as in what a shell starts in the background")
    monkeypatch.setattr(commands, "app", typed)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 128 + getattr(signal, name)
    assert capsys.readouterr().err == "exportlab: stopped; no half file is left.\n"
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(getattr(signal, name)) == before


def test_what_was_done_before_it_was_stopped_is_done(monkeypatch, capsys):
    def typed(**_):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        return 0

    monkeypatch.setattr(commands, "app", typed)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().err) == (0, "")


def test_a_fault_is_not_taken_for_a_stop(monkeypatch):
    monkeypatch.setattr(commands, "app", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.slow  # an engine looks for signals when it likes: seconds on one machine, minutes on another
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("kind", [".csv", ".parquet"])
def test_a_query_without_end_is_stopped(tmp_path, name, kind):
    """In the middle of DuckDB's work, which tells of it in its own way."""
    pytest.importorskip("duckdb", reason="needs duckdb")
    code = f"""
from pathlib import Path
import duckdb
from exportlab import cli
from exportlab.cli import commands, terminal
from exportlab.errors import OptionError
endless = duckdb.sql(
    "SELECT a.range % 9 AS g, sum(a.range * b.range) AS s FROM range(10000000) a, range(10000000) b GROUP BY g")
commands.app = lambda **_: terminal.write(endless, Path("a{kind}"))
cli.main()
"""
    with python(code, tmp_path, stderr=subprocess.PIPE, text=True) as run:
        patience.wait_until(lambda: any(tmp_path.glob(".a.*.part")), run, "the file in the making")
        run.send_signal(getattr(signal, name))
        _, said = run.communicate()
    assert (run.returncode, said) == (
        128 + getattr(signal, name),
        "exportlab: stopped; no half file is left.\n",
    )
    assert [p for p in tmp_path.iterdir() if p.is_file()] == []


def test_ctrl_c_in_an_engine_is_ctrl_c():
    with pytest.raises(KeyboardInterrupt), engine_speaks():
        raise RuntimeError("Query interrupted")


# ---- beside others ---------------------------------------------------------------------------------------


def test_a_link_beside_the_target_is_not_followed(tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("whole")
    (tmp_path / "a.csv").symlink_to(outside)
    atomic(tmp_path / "a.csv", lambda file: file.write(b"new"))
    assert outside.read_text() == "whole"
    assert (tmp_path / "a.csv").read_text() == "new"


def test_many_writers_of_one_file(tmp_path):
    texts = [str(i) * 200_000 for i in range(8)]
    writers = [
        Thread(target=atomic, args=(tmp_path / "a.txt", lambda file, t=t: file.write(t.encode())))
        for t in texts
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "a.txt").read_text() in texts
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("seconds", [1.5, 2.5, 3.5, 4.5, 5.5, 6.5])
def test_a_report_killed_halfway_leaves_whole_files(tmp_path, seconds):
    """The page of the run before stays, or the new one is whole; so with every table beside it."""
    report = [sys.executable, "-m", "exportlab", "report", "--out", str(tmp_path)]
    page = tmp_path / "index.html"
    page.write_text("the page before", encoding="utf-8")
    with subprocess.Popen(report, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.wait(seconds)
        run.kill()
    text = page.read_text(encoding="utf-8")
    assert text == "the page before" or text.rstrip().endswith("</html>")
    for file in tmp_path.rglob("[!.]*.csv"):
        assert file.read_bytes().endswith(b"\r\n"), file


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_halfway_a_whole_file_stays(tmp_path):
    code = (
        "import sys; from pathlib import Path; from exportlab.tables.writing import atomic\n"
        "def save(f):\n    f.write(b'half'); f.flush(); print('half', flush=True); sys.stdin.read()\n"
        "atomic(Path('a.csv'), save)"
    )
    (tmp_path / "a.csv").write_text("whole")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=pipe, stdout=pipe, env=env
    ) as run:
        assert run.stdout.readline().strip() == b"half"
        run.kill()
    assert (tmp_path / "a.csv").read_text() == "whole"
