"""What the static checks share: the files of the project, and how a finding is reported.

Each check is a program: it prints one line per finding, "file:line: what is wrong", and its exit
status is 1 if there was any. --root names another tree, for the tests of the checks themselves.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

SKIPPED_DIRECTORIES = {".git", "build"}
# What the programs under test read and compile, some of it wrong on purpose: not ours to check.
DATA = re.compile(r"tests/preload/programs/[^/]+/")


class Report:
    def __init__(self):
        self.findings = 0

    def add(self, path, line, text):
        self.findings += 1
        print(f"{path}:{line}: {text}")

    def exit(self):
        sys.exit(1 if self.findings else 0)


def parse_root(description):
    parser = argparse.ArgumentParser(description=description)
    default = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=pathlib.Path, default=default, help="the tree to check")
    return parser.parse_args().root


def project_files(root):
    """Relative paths of the files git knows or would add; of all files outside a repository."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        names = [name for name in names.split("\0") if name]
    else:
        names = []
        for directory, children, files in os.walk(root):
            children[:] = [child for child in children if child not in SKIPPED_DIRECTORIES]
            names += [os.path.relpath(os.path.join(directory, file), root) for file in files]
    return sorted(name for name in set(names)
                  if not DATA.match(name) and (root / name).is_file())


def read_text(root, name):
    """The text of a file, or None if it is not text."""
    data = (root / name).read_bytes()
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace")


def blank_comments(text):
    """C text with comments and the insides of string and character literals turned into spaces, so
    that lines and columns stay."""
    out = []
    i = 0
    state = "code"
    while i < len(text):
        char, pair = text[i], text[i:i + 2]
        step = 1
        if state == "code":
            if pair in ("/*", "//"):
                state = "block" if pair == "/*" else "line"
                out.append("  ")
                step = 2
            else:
                if char == '"' or (char == "'" and not (i and text[i - 1].isalnum())):
                    state = char
                out.append(char)
        elif state == "block":
            if pair == "*/":
                state = "code"
                step = 2
            out.append("  " if step == 2 else ("\n" if char == "\n" else " "))
        elif state == "line":
            if char == "\n":
                state = "code"
            out.append("\n" if char == "\n" else " ")
        elif char == "\\" and len(pair) == 2:
            out.append(" \n" if pair[1] == "\n" else "  ")
            step = 2
        elif char == state or char == "\n":
            state = "code"
            out.append(char)
        else:
            out.append(" ")
        i += step
    return "".join(out)
