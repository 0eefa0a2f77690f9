"""Runs a program without and with the library and compares what it did."""

import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path

from harness import program as programs
from harness.process import BASE_ENVIRONMENT, HERE, REPOSITORY, Measurement, remove_tree

SHOWN_LINES = 20


@dataclass
class Result:
    """The outcome for one program: pass, FAIL (a difference), broken (fails by itself), skip."""

    name: str
    version: str
    outcome: str
    reason: str = ""
    details: list = field(default_factory=list)
    plain: Measurement = None
    preload: Measurement = None


class Matrix:
    """What all programs share: the runner, the library, the directory, the options."""

    def __init__(self, runner, library, work_dir, variables, repeat=1):
        self.runner = runner
        self.library = os.path.realpath(library)
        self.work_dir = Path(work_dir)
        self.variables = variables
        self.repeat = repeat

    def run(self, program):
        """Returns the Result of one program; never raises for what the program does."""
        version = programs.package_version(program.packages[0]) or "-"
        missing = programs.missing_packages(program)
        if missing:
            return Result(program.name, version, "skip", f"package {' '.join(missing)}")
        home = self.work_dir / program.name
        home.mkdir()
        # Some workloads run a server as an unprivileged user.
        home.chmod(0o755)
        result = Result(program.name, version, "pass")
        complaint = self._prepare(program, home)
        if complaint:
            result.outcome, result.reason = "broken", "prepare fails without the library"
            result.details = complaint
            return result
        result.plain = self._measure(program, home, "plain")
        if not result.plain.is_success():
            result.outcome = "broken"
            result.reason = f"fails without the library: {result.plain.ending()}"
            result.details = _tail(home / "plain")
            return result
        result.preload = self._measure(program, home, "preload")
        differences = _compare(program, result, home / "plain", home / "preload")
        if differences:
            result.outcome, result.reason = "FAIL", differences[0]
            result.details = differences[1:]
        return result

    def _environment(self, program, home):
        environment = dict(BASE_ENVIRONMENT)
        environment.update(
            HOME=str(home / "work" / "home"),
            TMPDIR=str(home / "work" / "tmp"),
            INPUT=str(home / "input"),
            OUT=str(home / "work" / "out"),
            DATA=str(program.data_dir()),
            PROGRAMS=str(programs.PROGRAMS),
            REPOSITORY=str(REPOSITORY),
        )
        return environment

    def _fresh_work(self, home):
        work = home / "work"
        if work.exists():
            remove_tree(work)
        for name in ("", "home", "tmp", "out", "run"):
            (work / name).mkdir()
        return work

    def _prepare(self, program, home):
        (home / "input").mkdir()
        self._fresh_work(home)
        done = self.runner.run(
            ["sh", HERE / "program.sh", program.path, "prepare"],
            home / "input",
            home / "stdout",
            home / "stderr",
            environment=self._environment(program, home),
            timeout_s=300,
        )
        return [] if done.is_success() else [done.ending(), *_tail(home)]

    def _measure(self, program, home, kind):
        """One kind of run, `repeat` times; the fastest is reported, the last one compared."""
        variables = {}
        if kind == "preload":
            variables = dict(self.variables, LD_PRELOAD=self.library, PRELOADED=self.library)
        best = None
        for _ in range(self.repeat):
            work = self._fresh_work(home)
            measured = self.runner.run(
                ["sh", HERE / "program.sh", program.path, "workload"],
                work / "run",
                work / "stdout",
                work / "stderr",
                environment=self._environment(program, home),
                variables=variables,
                timeout_s=program.timeout_s,
            )
            if not measured.is_success():
                best = measured
                break
            if best is None or measured.wall_s < best.wall_s:
                best = measured
        work.rename(home / kind)
        return best


def _tail(folder):
    lines = []
    for name in ("stdout", "stderr"):
        text = (folder / name).read_bytes().decode(errors="replace").splitlines()
        lines += [f"{name}: {line}" for line in text[-SHOWN_LINES:]]
    return lines


def _compare(program, result, plain, preload):
    """A list of lines: the first says what differs, the others show it. Empty if nothing does."""
    differences = []
    if result.preload.ending() != result.plain.ending():
        differences.append(f"{result.preload.ending()}, not {result.plain.ending()}")
    for name in ("stdout", "stderr"):
        before = program.normalise((plain / name).read_bytes())
        after = program.normalise((preload / name).read_bytes())
        if before != after:
            differences += [f"{name} differs", *_diff(before, after)]
    files = sorted(_files(plain / "out") | _files(preload / "out"))
    for name in files:
        before, after = plain / "out" / name, preload / "out" / name
        if not after.exists() or not before.exists():
            differences.append(f"out/{name} exists only {'without' if before.exists() else 'with'}")
        elif before.read_bytes() != after.read_bytes():
            differences += [f"out/{name} differs", *_diff(before.read_bytes(), after.read_bytes())]
    return differences


def _files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _diff(before, after):
    if b"\0" in before or b"\0" in after:
        return [f"    {len(before)} bytes without, {len(after)} bytes with (binary)"]
    lines = difflib.unified_diff(
        before.decode(errors="replace").splitlines(),
        after.decode(errors="replace").splitlines(),
        "without",
        "with",
        lineterm="",
        n=1,
    )
    return [f"    {line}" for _, line in zip(range(SHOWN_LINES), lines)]
