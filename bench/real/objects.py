"""Objects of many kinds: instances with attributes, dictionaries, lists, tuples and strings."""

import random
import sys


class Item:
    def __init__(self, number, label):
        self.number = number
        self.label = label
        self.links = []


def build(count, rng):
    items = [Item(i, f"item {i:08d}") for i in range(count)]
    for item in items:
        item.links = [items[rng.randrange(count)] for _ in range(3)]
    return items


def digest(items):
    table = {}
    for item in items:
        key = item.label[-3:]
        table.setdefault(key, []).append((item.number, tuple(l.number for l in item.links)))
    return sum(len(v) * (i + 1) for i, (_, v) in enumerate(sorted(table.items())))


def main():
    count, rounds = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(1)
    total = 0
    for _ in range(rounds):
        total += digest(build(count, rng))
    print(total)


main()
