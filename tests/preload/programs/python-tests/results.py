"""results.py FILE: one sorted line for each test of a JUnit report: its name and its outcome."""

import sys
import xml.etree.ElementTree as ElementTree

lines = []
for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
    outcomes = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
    lines.append(f"{case.get('name')} {' '.join(outcomes) or case.get('result')}")
print("\n".join(sorted(lines)))
