"""The allocators that are compared."""

import dataclasses
import glob
import os
import pathlib
import subprocess

from suite import install


@dataclasses.dataclass
class Allocator:
    name: str
    library: str | None = None  # None: nothing is preloaded
    package: str = ""
    environment: dict = dataclasses.field(default_factory=dict)
    # Whether it sets the mark for memory: the fast ones that are lean. See docs of --lean.
    is_lean: bool = True
    is_subject: bool = False
    version: str = ""

    def variables(self):
        """What a process needs in its environment to run with this allocator."""
        preload = {"LD_PRELOAD": self.library} if self.library else {}
        return preload | self.environment

    def describe(self):
        return dataclasses.asdict(self)


# Name, Debian package, library, whether it sets the mark for memory. The C library is preloaded
# too: some programs, such as Debian's redis-server, are linked with another allocator.
DEBIAN = [
    ("glibc", "libc6", "libc.so.6", True),
    ("jemalloc", "libjemalloc2", "libjemalloc.so.2", True),
    ("mimalloc", "libmimalloc2.0", "libmimalloc.so.2", True),
    ("tcmalloc", "libtcmalloc-minimal4", "libtcmalloc_minimal.so.4", True),
    ("tbb", "libtbbmalloc2", "libtbbmalloc_proxy.so.2", False),
]


class NoSuchLibrary(Exception):
    pass


def library_find(soname):
    for directory in ("/usr/lib/*-linux-gnu*", "/usr/lib64", "/usr/lib", "/usr/local/lib"):
        for path in sorted(glob.glob(os.path.join(directory, soname))):
            return path
    raise NoSuchLibrary(f"{soname} is not installed")


def from_debian(names, may_install):
    """The peers of DEBIAN with these names (None: all), in that order."""
    chosen = [row for row in DEBIAN if names is None or row[0] in names]
    unknown = set(names or ()) - {row[0] for row in DEBIAN}
    if unknown:
        raise NoSuchLibrary(f"no peer is called {', '.join(sorted(unknown))}; there are "
                            f"{', '.join(row[0] for row in DEBIAN)}; others go by --peer name=path")
    if may_install:
        install.install([row[1] for row in chosen])
    return [Allocator(name, library_find(soname), package, is_lean=is_lean,
                      version=install.version(package))
            for name, package, soname, is_lean in chosen]


def from_text(text, is_subject=False):
    """name=path[,VARIABLE=VALUE...]; without a path nothing is preloaded."""
    name, equals, rest = text.partition("=")
    path, *variables = rest.split(",")
    if not equals or not name:
        raise NoSuchLibrary(f"'{text}' is not of the form name=path[,VARIABLE=VALUE...]")
    if path:
        path = str(pathlib.Path(path).resolve())
        if not os.path.exists(path):
            raise NoSuchLibrary(f"there is no {path}")
    return Allocator(name, path or None, environment=dict(v.split("=", 1) for v in variables),
                     is_subject=is_subject)


def preload_check(allocator, program):
    """Raises unless the program's malloc comes from the allocator: ld.so ignores a library that it
    cannot load, and the C library would be measured instead."""
    done = subprocess.run([program, "--which"], text=True, capture_output=True,
                          env=os.environ | allocator.variables())
    found = done.stdout.strip()
    if done.returncode != 0:
        raise NoSuchLibrary(f"{allocator.name} does not run: {done.stderr.strip()}")
    is_right = (os.path.realpath(found) == os.path.realpath(allocator.library)
                if allocator.library else os.path.basename(found).startswith("libc.so"))
    if not is_right:
        raise NoSuchLibrary(f"{allocator.name}: malloc comes from {found} instead of "
                            f"{allocator.library}: {done.stderr.strip()}")
