#!/usr/bin/env python3
"""The manual pages name every option and every public function, and nothing else; mandoc accepts them.

Options are those of src/core/options.def, in knoll(1); functions those that the C headers of
include/knoll declare, in any page of section 3. Without mandoc its part is left out, with a note.
"""

import re
import shutil
import subprocess

from common import Report, blank_comments, parse_root, project_files, read_text

OPTIONS = "src/core/options.def"
COMMAND_PAGE = "docs/man/knoll.1"
PAGES = re.compile(r"docs/man/[\w.]+\.[1-8]$")
OPTION = re.compile(r"^KN_OPTION\((\w+)", re.MULTILINE)
OPTION_SHOWN = re.compile(r"^\.It Ic (\w+) Ns", re.MULTILINE)
FUNCTION = re.compile(r"\bKNOLL_(?:API|INLINE)\b[^;({]*(?:\([^;()]*\)[^;({]*)*?\b(knoll_\w+)\s*\(")
FUNCTION_SHOWN = re.compile(r"^\.F[no] (knoll_\w+)", re.MULTILINE)
NAME_SHOWN = re.compile(r"^\.Nm (knoll_\w+)", re.MULTILINE)


def first_line(text, name):
    return next((number for number, line in enumerate(text.split("\n"), 1) if name in line), 1)


def compare(report, there, shown, page, text, what):
    """Both are sets of names; `there` says where each is declared."""
    for name in sorted(set(there) - shown):
        report.add(there[name], 1, f"{what} {name} is not in {page}")
    for name in sorted(shown - set(there)):
        report.add(page, first_line(text, name), f"there is no {what} {name}")


def lint(root, report, names):
    if not names:
        return
    if not shutil.which("mandoc"):
        print("note: the manual pages are not checked by mandoc: it is not installed")
        return
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *names], cwd=root,
                          capture_output=True, text=True)
    for line in done.stdout.splitlines():
        found = re.match(r"mandoc: ([^:]+):(\d+):\d+: (.*)", line)
        if found:
            report.add(found.group(1), int(found.group(2)), found.group(3))


def main():
    root = parse_root(__doc__)
    report = Report()
    names = project_files(root)
    pages = {name: read_text(root, name) for name in names if PAGES.match(name)}
    if OPTIONS in names:
        page = pages.get(COMMAND_PAGE, "")
        options = {name: OPTIONS for name in OPTION.findall(read_text(root, OPTIONS))}
        compare(report, options, set(OPTION_SHOWN.findall(page)), COMMAND_PAGE, page, "option")
    functions = {}
    for name in names:
        if name.startswith("include/knoll/") and name.endswith(".h"):
            for function in FUNCTION.findall(blank_comments(read_text(root, name))):
                functions[function] = name
    library_pages = {name: text for name, text in pages.items() if name.endswith(".3")}
    text = "\n".join(library_pages.values())
    where = ", ".join(library_pages) or "docs/man"
    compare(report, functions, set(FUNCTION_SHOWN.findall(text)), where, text, "function")
    compare(report, functions, set(NAME_SHOWN.findall(text)), where, text, "function")
    lint(root, report, list(pages))
    report.exit()


main()
