"""Runs one command, measured, with a clean environment and with or without a library preloaded."""

import json
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
DEFAULT_LIBRARY = REPOSITORY / "libknoll.so"

# What every program gets: nothing of the caller's environment leaks in, so that two runs, or two
# machines, differ by the allocator alone.
BASE_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "PAGER": "cat",
    "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SOURCE_DATE_EPOCH": "1000000000",
}


@dataclass
class Measurement:
    """What one run of a command left behind."""

    exit_status: int
    signal: int
    timed_out: bool
    killed: int
    wall_s: float
    user_s: float
    system_s: float
    max_resident_kib: int
    minor_faults: int

    def ending(self):
        """Says in words how the command ended."""
        if self.timed_out:
            return f"timed out after {self.wall_s:.0f} s"
        if self.signal:
            return f"killed by signal {self.signal}"
        return f"exit status {self.exit_status}"

    def is_success(self):
        return not self.timed_out and self.signal == 0 and self.exit_status == 0


class Stopped(Exception):
    """The whole script is being ended."""


class Runner:
    """Starts commands through the small measuring parent (measure.c), which it builds first."""

    def __init__(self, build_dir):
        self.lock = threading.Lock()
        self.running = set()
        self.is_stopped = False
        self.helper = Path(build_dir) / "measure"
        compiler = os.environ.get("CC", "cc")
        source = str(HERE / "measure.c")
        base = [compiler, "-O2", "-o", str(self.helper), source]
        static = subprocess.run(base + ["-static"], stderr=subprocess.DEVNULL, check=False)
        if static.returncode != 0:
            subprocess.run(base, check=True)

    def run(self, command, cwd, stdout, stderr, environment=None, variables=None, timeout_s=60):
        """Runs `command`; its output goes to the files `stdout` and `stderr`.

        `environment` replaces BASE_ENVIRONMENT; `variables` (LD_PRELOAD among them) are set for
        the command only, not for the measuring parent.
        """
        report = Path(str(stdout) + ".report")
        settings = [f"{key}={value}" for key, value in (variables or {}).items()]
        argv = [str(self.helper), str(report), str(timeout_s), *settings, "--"]
        with open(stdout, "wb") as out, open(stderr, "wb") as err:
            self._run_helper(
                argv + [str(word) for word in command],
                cwd=cwd,
                env=environment or BASE_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        fields = json.loads(report.read_text())
        report.unlink()
        return Measurement(**fields)

    def _run_helper(self, argv, **options):
        with self.lock:
            if self.is_stopped:
                raise Stopped
            helper = subprocess.Popen(argv, **options)
            self.running.add(helper)
        status = helper.wait()
        with self.lock:
            self.running.discard(helper)
        if self.is_stopped:
            raise Stopped
        if status != 0:
            raise subprocess.CalledProcessError(status, argv)

    def stop(self):
        """Ends all commands that run now, in whatever threads, and lets none start again."""
        with self.lock:
            self.is_stopped = True
            for helper in self.running:
                helper.terminate()


def check_library(runner, library, work_dir):
    """Returns why `library` cannot be preloaded, or None: a typo must not make all runs pass."""
    if not Path(library).is_file():
        return f"{library}: no such file (build it, or name another by --lib)"
    out, err = Path(work_dir) / "probe.out", Path(work_dir) / "probe.err"
    probe = runner.run(
        ["cat", "/proc/self/maps"], work_dir, out, err, variables={"LD_PRELOAD": str(library)}
    )
    if not probe.is_success():
        return f"{library}: cat under it: {probe.ending()}: {err.read_text().strip()}"
    if os.path.realpath(library) not in out.read_text():
        return f"{library}: not loaded by LD_PRELOAD: {err.read_text().strip()}"
    return None


def remove_tree(path):
    """Removes a directory that may hold read-only directories or files of another user."""
    for folder, _, _ in os.walk(path):
        if not os.access(folder, os.W_OK | os.X_OK):
            os.chmod(folder, 0o700)
    shutil.rmtree(path, ignore_errors=True)
