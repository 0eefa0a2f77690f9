"""The programs of the matrix: one shell file each in ../programs, with a header that describes it.

    # Program: git                          the name (that of the file)
    # About: status, log, gc ...            one line
    # Packages: git, perl                   Debian packages; the first one's version is reported
    # Tags: fast                            fast or slow, and any others
    # Timeout: 120                          seconds for one run
    # Normalise: [0-9.]+s -> Ts because ... a regular expression on stdout and stderr, and why

The file defines prepare (optional; makes input in $INPUT, never under the library) and workload
(the measured part; runs in an empty directory; what it leaves in $OUT is compared as well).
program.sh calls them.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
HEADER = re.compile(r"^# (Program|About|Packages|Tags|Timeout|Normalise): (.+)$", re.MULTILINE)
NORMALISE = re.compile(r"^(?P<pattern>.+) -> (?P<replacement>.*) because (?P<reason>.+)$")


class SpecError(Exception):
    """A program's header is wrong."""


@dataclass
class Normalisation:
    """A substitution for output that varies from run to run by its nature."""

    pattern: re.Pattern
    replacement: bytes
    reason: str

    @staticmethod
    def parse(text):
        match = NORMALISE.match(text)
        if match is None:
            raise SpecError(f"not 'PATTERN -> REPLACEMENT because REASON': {text}")
        pattern = re.compile(match["pattern"].encode(), re.MULTILINE)
        return Normalisation(pattern, match["replacement"].encode(), match["reason"])


@dataclass
class Program:
    """One real program and what it is made to do."""

    name: str
    path: Path
    about: str = ""
    packages: list = field(default_factory=list)
    tags: list = field(default_factory=list)
    timeout_s: int = 60
    normalisations: list = field(default_factory=list)

    @staticmethod
    def load(path):
        program = Program(path.stem, path)
        for key, value in HEADER.findall(path.read_text()):
            if key == "Program" and value != path.stem:
                raise SpecError(f"{path}: is named {value}")
            if key == "About":
                program.about = value
            elif key == "Packages":
                program.packages = [package.strip() for package in value.split(",")]
            elif key == "Tags":
                program.tags = [tag.strip() for tag in value.split(",")]
            elif key == "Timeout":
                program.timeout_s = int(value)
            elif key == "Normalise":
                program.normalisations.append(Normalisation.parse(value))
        if not program.about or not program.packages or not program.tags:
            raise SpecError(f"{path}: About, Packages and Tags are needed")
        return program

    def data_dir(self):
        return self.path.parent / self.name

    def normalise(self, output):
        for step in self.normalisations:
            output = step.pattern.sub(step.replacement, output)
        return output


def load_all():
    return [Program.load(path) for path in sorted(PROGRAMS.glob("*.sh"))]


def select(programs, words):
    """Programs that any of the words names, by name or by tag; 'all' names each."""
    known = {word for program in programs for word in [program.name, *program.tags]} | {"all"}
    unknown = [word for word in words if word not in known]
    if unknown:
        raise SpecError(f"no program or tag is called {', '.join(unknown)} (see --list)")
    return [
        program
        for program in programs
        if "all" in words or program.name in words or set(program.tags) & set(words)
    ]


def package_version(package):
    """The installed version of a Debian package, or None."""
    if shutil.which("dpkg-query") is None:
        return None
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package]
    result = subprocess.run(query, capture_output=True, text=True, check=False)
    status, _, version = result.stdout.partition(" ")
    return version if result.returncode == 0 and status == "installed" else None


def missing_packages(program):
    return [package for package in program.packages if package_version(package) is None]
