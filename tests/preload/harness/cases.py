"""Loader cases: small programs that are run by themselves and under the library.

A case is a function of a Context; it builds what it needs and raises CaseFailed or CaseSkipped. Each
one has to pass with libc's own allocator too, or it says (reference=False) why there is nothing to
compare with.
"""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from harness.process import BASE_ENVIRONMENT

CASES = Path(__file__).resolve().parents[1] / "cases"
COMMON_FLAGS = ["-g", "-O1", "-pthread", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-fno-builtin-malloc"]
SHOWN_BYTES = 400


class CaseFailed(Exception):
    """Says in one line what was not as it should be."""


class CaseSkipped(Exception):
    """Says what this machine lacks."""


@dataclass
class Case:
    """One entry of the list: a name 'group/detail', a line about it, and its function."""

    name: str
    about: str
    function: object
    reference: bool
    shortfall: str


REGISTRY = []


def add_case(name, about, function, reference=True, shortfall=""):
    """Registers a case; reference=False if it means nothing without the library.

    `shortfall` is the reason for which the case is known to fail under knoll.
    """
    REGISTRY.append(Case(name, about, function, reference, shortfall))


class Builder:
    """Compiles each thing once, whoever asks first, for all cases and both kinds of run."""

    def __init__(self, build_dir):
        self.build_dir = Path(build_dir)
        self.lock = threading.Lock()
        self.made = {}

    def build(self, source, flags=(), shared=False, compiler=None):
        """Returns the path of the program or library made from `source`, or raises CaseFailed."""
        key = (source, tuple(map(str, flags)), shared, compiler)
        with self.lock:
            if key not in self.made:
                number = len(self.made)
                suffix = ".so" if shared else ""
                output = self.build_dir / f"{number}-{Path(source).stem}{suffix}"
                self.made[key] = (output, self._compile(key, output))
        output, complaint = self.made[key]
        if complaint:
            raise CaseFailed(complaint)
        return output

    @staticmethod
    def _compile(key, output):
        source, flags, shared, compiler = key
        is_cxx = source.endswith(".cc")
        default = os.environ.get("CXX", "c++") if is_cxx else os.environ.get("CC", "cc")
        command = [compiler or default, *COMMON_FLAGS, "-std=gnu++17" if is_cxx else "-std=gnu11"]
        if shared:
            command += ["-shared", "-fPIC"]
        # Libraries among the flags have to follow what uses them.
        command += ["-o", str(output), str(CASES / source), *flags]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None
        return f"does not build: {' '.join(command)}: {done.stderr[-SHOWN_BYTES:].strip()}"


@dataclass
class Output:
    """How a command ended and what it printed."""

    measurement: object
    stdout: str
    stderr: str

    def is_success(self):
        return self.measurement.is_success()

    def summary(self):
        text = " / ".join(self.stderr.strip().splitlines()[-3:])[-SHOWN_BYTES:]
        return self.measurement.ending() + (f": {text}" if text else "")


class Context:
    """What a case gets: a way to build, to run, and the library, which is None for libc's own."""

    def __init__(self, settings, library, directory):
        self.settings = settings
        self.library = library
        self.directory = directory
        self.runs = 0

    def build(self, source, *flags, shared=False, compiler=None):
        return self.settings.builder.build(source, flags, shared, compiler)

    def run(self, command, before=(), after=(), env=None, timeout_s=60, preload=True):
        """Runs a command; `before` and `after` are preloaded around the library."""
        libraries = [*before, *([self.library] if self.library and preload else []), *after]
        variables = dict(env or {}, CASE_SCALE=str(self.settings.scale))
        if libraries:
            variables["LD_PRELOAD"] = ":".join(str(path) for path in libraries)
        if self.library:
            variables.update(self.settings.variables)
        self.runs += 1
        stem = self.directory / f"run{self.runs}"
        out, err = Path(f"{stem}.stdout"), Path(f"{stem}.stderr")
        measured = self.settings.runner.run(
            command, self.directory, out, err, BASE_ENVIRONMENT, variables,
            timeout_s * max(1, self.settings.scale),
        )
        texts = [path.read_bytes().decode(errors="replace") for path in (out, err)]
        return Output(measured, *texts)

    def expect_success(self, command, stdout="", label=None, **options):
        """Runs a command that must end with status 0, print `stdout` (any, if None) and no more."""
        output = self.run(command, **options)
        label = label or " ".join(Path(str(word)).name for word in command)[:80]
        if not output.is_success():
            raise CaseFailed(f"{label}: {output.summary()}")
        if stdout is not None and output.stdout != stdout:
            raise CaseFailed(f"{label}: printed {output.stdout[:SHOWN_BYTES]!r}")
        if output.stderr:
            raise CaseFailed(f"{label}: complained {output.stderr[:SHOWN_BYTES]!r}")
        return output

    def skip(self, reason):
        raise CaseSkipped(reason)


@dataclass
class Settings:
    """What all cases share."""

    runner: object
    builder: Builder
    library: str
    archive: str
    variables: dict
    scale: int
    work_dir: Path


def run_case(case, settings, library):
    """Runs one case in one way: (outcome, reason, seconds)."""
    way = "library" if library else "libc"
    directory = settings.work_dir / way / case.name.replace("/", "-")
    directory.mkdir(parents=True)
    directory.chmod(0o755)
    start = time.monotonic()
    outcome, reason = "pass", ""
    try:
        case.function(Context(settings, library, directory))
    except CaseFailed as failure:
        outcome, reason = "FAIL", str(failure)
    except CaseSkipped as skipped:
        outcome, reason = "skip", str(skipped)
    return outcome, reason, time.monotonic() - start
