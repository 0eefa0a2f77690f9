#!/usr/bin/env python3
"""Size budgets: no file over FILE_LINES lines, no function over FUNCTION_LINES.

Exceptions stand in scripts/checks/sizes.allow, one a line: the file, or file:function, a space,
the limit granted, a space, and the reason. An exception that is no longer needed is a finding too.
"""

import re

from common import Report, blank_comments, parse_root, project_files, read_text

FILE_LINES = 600
FUNCTION_LINES = 60
CODE = (".c", ".h", ".cpp", ".hpp", ".def")
SOURCES = CODE + (".py", ".sh", ".mk", "Makefile")

# The text between the last statement and a brace tells what the brace opens.
SCOPE = re.compile(r"\b(namespace|extern|struct|class|union|enum)\b[^()=]*$|=\s*$|^\s*$")
NAME = re.compile(r"(~?\w+|operator\s*[^\s(]+(?:\(\))?)\s*\(")
TEST = re.compile(r"^KN_[A-Z_]+$")


def blank_directives(code):
    """Preprocessor lines, with their continuations, turned into empty lines. Of the branches of a
    condition the first is kept, so that braces balance."""
    out = []
    hidden = []
    continued = False
    for line in code.split("\n"):
        directive = re.match(r"\s*#\s*(\w+)", line)
        if continued or directive:
            continued_line = line.rstrip().endswith("\\")
            if directive and not continued:
                word = directive.group(1)
                if word in ("if", "ifdef", "ifndef"):
                    hidden.append(False)
                elif word in ("else", "elif") and hidden:
                    hidden[-1] = True
                elif word == "endif" and hidden:
                    hidden.pop()
            continued = continued_line
            out.append("")
        else:
            out.append("" if any(hidden) else line)
    return "\n".join(out)


def function_name(head):
    match = NAME.search(head)
    if not match:
        return None
    name = match.group(1)
    if TEST.match(name):
        inside = head[match.end():].split(")")[0]
        return "/".join(part.strip() for part in inside.split(",")[:2]) or name
    names = [m.group(1) for m in NAME.finditer(head) if m.group(1) not in
             ("__attribute__", "__declspec", "alignas", "noexcept", "decltype")]
    names = [n for n in names if not TEST.match(n)] or names
    return names[0] if names else None


def functions(code):
    """Yields (name, first line, last line) of each function body; name None and first line for a
    brace that does not match."""
    head_start = 0
    head_line = line = 1
    stack = []
    for i, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char in ";{}" and not any(kind == "function" for kind, _, _ in stack):
            head = code[head_start:i]
            head_line = line - head.lstrip().count("\n")
            head_start = i + 1
            if char == "{":
                name = None if SCOPE.search(head) else function_name(head)
                stack.append(("function" if name else "scope", name, head_line))
            elif char == "}":
                if not stack:
                    yield None, line, line
                    return
                stack.pop()
        elif char == "{":
            stack.append(("inner", None, line))
        elif char == "}":
            kind, name, first = stack.pop()
            if kind == "function":
                yield name, first, line
                head_start = i + 1
    if stack:
        yield None, stack[-1][2], line


def read_exceptions(root, report):
    granted = {}
    name = "scripts/checks/sizes.allow"
    if (root / name).exists():
        for number, line in enumerate(read_text(root, name).splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.split(None, 2)
            if len(parts) < 3 or not parts[1].isdigit():
                report.add(name, number, "want: file[:function] limit reason")
                continue
            granted[parts[0]] = [int(parts[1]), number, False]
    return granted


def check(report, granted, key, name, line, what, size, limit):
    if size <= limit:
        return
    if key in granted:
        granted[key][2] = True
        limit = granted[key][0]
    if size > limit:
        report.add(name, line, f"{what} has {size} lines, of {limit} at most: split it")


def main():
    root = parse_root(__doc__)
    report = Report()
    granted = read_exceptions(root, report)
    for name in project_files(root):
        if not name.endswith(SOURCES):
            continue
        text = read_text(root, name)
        check(report, granted, name, name, 1, "the file", len(text.splitlines()), FILE_LINES)
        if not name.endswith(CODE) or name.endswith(".def"):
            continue
        for function, first, last in functions(blank_directives(blank_comments(text))):
            if function is None:
                report.add(name, first, "braces do not balance here, so functions cannot be "
                           "measured; keep each brace outside #else branches")
                continue
            check(report, granted, f"{name}:{function}", name, first, f"function {function}",
                  last - first + 1, FUNCTION_LINES)
    for key, (_, number, used) in granted.items():
        if not used:
            report.add("scripts/checks/sizes.allow", number, f"{key} is within the budget: "
                       "remove the line")
    report.exit()


main()
