#!/usr/bin/env python3
"""What libknoll.so takes from other libraries and what it shows to them.

It may need libc alone, call only the functions of scripts/checks/imports.allow, and export only
its own knoll_ names, the replaced family of malloc, operator new and operator delete, and dlopen.
"""

import argparse
import pathlib
import re
import subprocess

from common import Report, read_text

NEEDED = re.compile(r"lib(?:c|pthread)\.so(\.\d+)?|ld-linux.*|ld-musl.*|libc\.musl.*")
# References that every shared object makes, through the compiler's start-up files.
ALWAYS = {"__cxa_finalize", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable",
          "__gmon_start__"}
EXPORTED = re.compile(
    r"knoll_\w+"
    r"|(?:__libc_)?(?:malloc|calloc|realloc|free|memalign|valloc|pvalloc|cfree)"
    r"|aligned_alloc|posix_memalign|reallocarray|recallocarray|free_sized|free_aligned_sized"
    r"|malloc_(?:usable_size|good_size|size|trim|info|stats|get_state|set_state)"
    r"|mallinfo2?|mallopt|__posix_memalign|freezero"
    r"|_Z(?:nw|na|dl|da)\w+"
    r"|dlopen")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols(library, which):
    """The names of the undefined or the defined dynamic symbols, without versions."""
    lines = output_of("nm", "-D", which, library).splitlines()
    kinds_and_names = [line.split()[-2:] for line in lines]
    return sorted({name.split("@")[0] for kind, name in kinds_and_names if kind != "A"})


def read_allowed(root):
    lines = read_text(root, "scripts/checks/imports.allow").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    default = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=pathlib.Path, default=default)
    parser.add_argument("library")
    arguments = parser.parse_args()
    library = arguments.library
    report = Report()
    for name in re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", library)):
        if not NEEDED.fullmatch(name):
            report.add(library, 0, f"needs {name}; it may need libc alone")
    allowed = read_allowed(arguments.root) | ALWAYS
    for name in dynamic_symbols(library, "--undefined-only"):
        if name not in allowed:
            report.add(library, 0, f"calls {name}, which is not in scripts/checks/imports.allow: "
                       "use a system call or own code, or list it there with the reason why it "
                       "is safe")
    for name in dynamic_symbols(library, "--defined-only"):
        if not EXPORTED.fullmatch(name):
            report.add(library, 0, f"exports {name}, which is neither a knoll_ name nor of the "
                       "malloc family: hide it")
    report.exit()


main()
