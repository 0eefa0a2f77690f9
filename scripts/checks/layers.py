#!/usr/bin/env python3
"""Includes point only downwards, and the library's layers use only the system headers of their rank.

The tables below are the architecture: what a directory may include, by directory or by file.
"""

import re

from common import Report, blank_comments, parse_root, project_files, read_text

PUBLIC = "knoll"
MAY_INCLUDE = {
    "src/base": {"base"},
    "src/ds": {"base", "ds"},
    "src/os": {"base", "ds", "os"},
    "src/core": {"base", "ds", "os", "core", PUBLIC},
    "src/special": {"base", "ds", "os/source.h", "os/lock.h", "os/robust_lock.h", "special", PUBLIC},
    "src/debug": {"base", "ds", "os", "core", "debug", PUBLIC},
    "src/profile": {"base", "ds", "os", "core", "profile", PUBLIC},
    "src/api": {"base", "ds", "os", "core", "special", "debug", "profile", "api", PUBLIC},
    "src/override": {"api", "override", PUBLIC},
    "include/knoll": {PUBLIC},
    "cli": {"base", "ds", "os", "core", "api", "cli", PUBLIC},
    "examples": {PUBLIC},
}
# The specialised allocators reach the operating system through sources alone, but for the end of a
# misused program.
MAY_INCLUDE_BY_FILE = {"src/special/misuse.c": {"os/os.h"}}
INTERNAL = ("base", "ds", "os", "core", "special", "debug", "profile", "api", "override", "cli")

# Headers without functions that could allocate, lock or be replaced by the program.
PURE = {"errno.h", "float.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h",
        "stdbool.h", "stddef.h", "stdint.h", "stdnoreturn.h", "string.h"}
SYSTEM_ONLY = {
    "src/base": PURE,
    "src/ds": PURE,
    "src/core": PURE | {"pthread.h", "signal.h"},
    "src/special": PURE,
}
# A failed assertion may strike anywhere, so base says its last words by itself.
SYSTEM_BY_FILE = {"src/base/assert.c": {"stdlib.h", "sys/syscall.h", "unistd.h"}}
SYSTEM_NEVER = {"malloc.h", "stdio.h", "stdlib.h"}
SYSTEM_FREE = ("include/knoll", "cli", "examples", "src/override")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed(target, permitted):
    return target.split("/")[0] in permitted or target in permitted


def check_include(report, name, line, quote, target):
    directory = next(d for d in MAY_INCLUDE if name.startswith(d + "/"))
    top = target.split("/")[0]
    if quote == "<" and top != PUBLIC:
        if target in SYSTEM_BY_FILE.get(name, ()):
            return
        rank = SYSTEM_ONLY.get(directory)
        if rank is not None and target not in rank:
            report.add(name, line, f"<{target}> is not for {directory}: it may use only system "
                       "headers without allocation, locks and streams; the operating system is "
                       "reached through src/os")
        elif target in SYSTEM_NEVER and directory not in SYSTEM_FREE:
            report.add(name, line, f"<{target}> is not for the library: its functions may "
                       "allocate or be replaced by the program")
        return
    if top not in INTERNAL and top != PUBLIC:
        report.add(name, line, f'"{target}": write the path from src/, such as "base/bits.h"')
    elif not allowed(target, MAY_INCLUDE[directory] | MAY_INCLUDE_BY_FILE.get(name, set())):
        permitted = ", ".join(sorted(MAY_INCLUDE[directory]))
        report.add(name, line, f"{directory} may not include {target}; it may include: {permitted}")


def main():
    root = parse_root(__doc__)
    report = Report()
    for name in project_files(root):
        if not name.endswith((".c", ".h", ".cpp", ".hpp", ".def")):
            continue
        if not any(name.startswith(directory + "/") for directory in MAY_INCLUDE):
            continue
        text = read_text(root, name)
        blanked = blank_comments(text).splitlines()
        for number, (line, code) in enumerate(zip(text.splitlines(), blanked), 1):
            match = INCLUDE.match(line)
            if match and code.lstrip().startswith("#"):
                check_include(report, name, number, match.group(1), match.group(2))
    report.exit()


main()
