"""Nothing that lies beside the data is run, and no process outlives the one that started it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PLANTED = (
    "math_verify", "json", "pandas", "sympy", "numpy", "re", "ipython_config", "sitecustomize",
    "usercustomize", "ipython_kernel_config", "jupyter_config", "matplotlib", "antlr4", "ctypes",
    "pairjudge_lab_plugin",
)  # fmt: skip
ROW = {
    "problem_id": "p",
    "problem": "1/2?",
    "answer": "\\frac{1}{2}",
    "candidates": [{"text": "\\boxed{\\frac{2}{4}}"}, {"text": "\\boxed{\\frac{1}{3}}"}],
}


@pytest.fixture
def trap(tmp_path):
    """A folder of data in which every module that the lab might import has been planted."""
    for name in PLANTED:
        file = tmp_path / f"{name}.py"
        file.write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n")
    (tmp_path / "pools.jsonl").write_text(json.dumps(ROW) + "\n")
    return tmp_path


def command(*arguments):
    return [sys.executable, "-P", "-m", "pairjudge_lab", *arguments]


def run(trap, *arguments, **more):
    done = subprocess.run(
        command(*arguments), cwd=trap, capture_output=True, text=True, timeout=250, **more
    )
    ran = trap / "ran"
    assert not ran.exists(), f"planted modules ran: {ran.read_text()}"
    return done


def test_planted_modules_do_not_run_in_a_selection(trap):
    done = run(trap, "select", "pools.jsonl", "--judge", "simulated", "--n", "2", "--out", "out")
    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, (trap / "out" / "selections.jsonl").read_text().splitlines())
    assert row["correct"] == (row["candidate"] == 0), "math-verify decided, not a forgery"


def test_a_working_directory_named_in_pythonpath_is_left_out(trap):
    code = "from pairjudge_lab import answers; assert answers.same_answer('x+1', '1+x')"
    path = os.pathsep.join(["", ".", *sys.path[1:]])
    subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        cwd=trap,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert not (trap / "ran").exists()


def test_planted_templates_do_not_run_in_a_page(tmp_path, monkeypatch):
    """Templates of pages are programs, and nbconvert also looks for them where the user works."""
    import nbformat

    from pairjudge_lab.report.exporting import as_page

    for name in ("lab", "base", "classic", "basic"):
        folder = tmp_path / name
        folder.mkdir()
        told = {"base_template": "base", "mimetypes": {"text/html": True}}
        (folder / "conf.json").write_text(json.dumps(told))
        run = "cycler.__init__.__globals__.os.system('touch " + str(tmp_path / "ran") + "')"
        (folder / "index.html.j2").write_text("<html><head></head>{{ " + run + " }}planted</html>")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("A *word*.")])
    (tmp_path / "work").mkdir()
    nbformat.write(notebook, tmp_path / "work" / "page.ipynb")
    monkeypatch.chdir(tmp_path)
    page = as_page(tmp_path / "work" / "page.ipynb")
    assert not (tmp_path / "ran").exists()
    assert "planted" not in page
    assert "<em>word</em>" in page


@pytest.mark.slow
def test_planted_modules_do_not_run_in_a_report(trap):
    folder = trap / "a {strange} folder"
    folder.mkdir()
    done = run(
        trap, "report", "scaling", "--pools", "embedded", "--n", "2,4", "--out", "r.html",
        env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (trap / "r.html").stat().st_size > 10_000


@pytest.mark.slow
def test_planted_modules_do_not_run_in_a_replica(trap):
    pytest.importorskip("ray")
    code = (
        "from pairjudge_lab.engines.ray_engine import RayEngine\n"
        "engine = RayEngine('tiny', workers=1, cores=1)\n"
        "assert engine.identity\n"
        "engine.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=trap, capture_output=True, text=True, timeout=280
    )
    assert not (trap / "ran").exists(), (trap / "ran").read_text()
    assert done.returncode == 0, done.stderr[-2000:]


def test_no_configuration_of_a_library_is_read_beside_the_data(trap):
    """numba would run compiled code from the folder that its file names; matplotlib would ask LaTeX
    for every text, and here is none."""
    (trap / "matplotlibrc").write_text("text.usetex: True\nfigure.facecolor: red\n")
    done = run(trap, "curve", "pools.jsonl", "--n", "1,2", "--selectors", "pass", "--subsets", "2",
               "--out", "o")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "#ff0000" not in (trap / "o" / "curve.svg").read_text()
    (trap / ".numba_config.yaml").write_text("cache_dir: planted\n")
    done = run(trap, "curve", "embedded", "embedded", "--n", "2", "--selectors", "knockout",
               "--subsets", "2")  # fmt: skip
    assert done.returncode == 2
    assert ".numba_config.yaml" in done.stderr.splitlines()[-1]
    assert not (trap / "planted").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for the processes")
def test_the_answer_process_ends_with_its_parent_while_it_computes():
    code = (
        "from pairjudge_lab import answers\n"
        "answers.TIME_LIMIT = 60\n"
        "answers.same_answer('x', 'y')\n"
        "print('ready', flush=True)\n"
        "answers.same_answer('9^{9^{9^{9^{9}}}}', '2')\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "ready\n"
    time.sleep(0.5)
    family = descendants(parent.pid)
    assert len(family) == 2, "the process and the child that computes"
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 20
    while any(alive(pid) for pid in family) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in family if alive(pid)]


def descendants(pid):
    found = []
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    layer = {pid}
    while layer:
        layer = {child for child, parent in pairs if parent in layer}
        found += layer
    return found


def alive(pid):
    try:
        with Path(f"/proc/{pid}/stat").open() as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
