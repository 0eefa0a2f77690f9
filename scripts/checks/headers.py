#!/usr/bin/env python3
"""Each header compiles alone, and twice, with each compiler; public ones as strict C11 and as C++.

A compiler that is not installed is left out, with a note.
"""

import concurrent.futures
import os
import shutil
import subprocess

from common import Report, parse_root, project_files

WARNINGS = ["-Wall", "-Wextra", "-Wundef", "-Wconversion", "-Wshadow", "-Werror"]
DEFINES = ["-DKN_DEBUG=0", "-DKN_FAULTS=0"]
INCLUDES = ["-Iinclude", "-Isrc", "-Itests/support", "-Ibench"]
SUFFIXES = (".h", ".hpp")
DIRECTORIES = ("include/", "src/", "cli/", "tests/", "bench/")


def languages(name):
    """(C or C++, standard and extra flags) pairs under which a header must compile."""
    is_public = name.startswith("include/")
    if name.endswith(".hpp"):
        return [("c++", ["-std=c++17"]), ("c++", ["-std=c++20"])]
    pairs = [("c", ["-std=gnu11", "-Wstrict-prototypes"])]
    if is_public:
        pairs += [("c", ["-std=c11", "-pedantic", "-Wstrict-prototypes"]),
                  ("c++", ["-std=c++17", "-pedantic"])]
    return pairs


def compile_header(root, compiler, language, flags, name):
    source = f'#include "{name}"\n#include "{name}"\n'
    command = [compiler, "-x", language, "-fsyntax-only", *flags, *WARNINGS, *DEFINES, *INCLUDES,
               "-I.", "-"]
    done = subprocess.run(command, input=source, cwd=root, capture_output=True, text=True)
    return done.returncode, done.stderr


def main():
    root = parse_root(__doc__)
    report = Report()
    compilers = {"c": ["gcc", "clang"], "c++": ["g++", "clang++"]}
    for language, commands in compilers.items():
        missing = [command for command in commands if not shutil.which(command)]
        compilers[language] = [command for command in commands if command not in missing]
        if missing:
            print(f"note: headers are not compiled with {', '.join(missing)}: not installed")
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name in project_files(root):
            if not name.startswith(DIRECTORIES) or not name.endswith(SUFFIXES):
                continue
            for language, flags in languages(name):
                for compiler in compilers[language]:
                    future = pool.submit(compile_header, root, compiler, language, flags, name)
                    jobs.append((name, compiler, flags[0], future))
    for name, compiler, standard, future in jobs:
        status, errors = future.result()
        if status != 0:
            report.add(name, 1, f"does not compile alone with {compiler} {standard}:\n{errors}")
    report.exit()


main()
