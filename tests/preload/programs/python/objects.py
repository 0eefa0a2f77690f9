"""Many objects of many sizes, cycles for the collector, growing strings, lists and bytearrays."""

import gc
import hashlib
import json
import random
import re
import sys
import weakref
from decimal import Decimal, getcontext
from fractions import Fraction

RANDOM = random.Random(1)
sys.set_int_max_str_digits(0)


def digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


class Node:
    def __init__(self, name):
        self.name = name
        self.edges = []
        self.payload = bytearray(RANDOM.randrange(1, 2000))


def cycles():
    gc.disable()
    dead = []
    for round_number in range(20):
        nodes = [Node(i) for i in range(300)]
        for node in nodes:
            node.edges = RANDOM.sample(nodes, 5)
        dead.append(weakref.ref(nodes[0]))
        del nodes, node
    found = gc.collect()
    gc.enable()
    return found > 0, all(reference() is None for reference in dead)


def growing():
    text = ""
    for i in range(30000):
        text += chr(97 + i % 26)
    array = bytearray()
    for i in range(2000):
        array += bytes([i % 256]) * (i % 300)
    items = []
    for i in range(200000):
        items.append(i)
        if i % 3 == 0:
            items.pop(RANDOM.randrange(len(items)) // 1000)
    return hashlib.md5(text.encode()).hexdigest(), hashlib.md5(array).hexdigest(), sum(items)


def tables():
    table = {}
    for i in range(100000):
        table[f"key-{i * 7919 % 100003}"] = (i, str(i))
    for i in range(0, 100000, 3):
        del table[f"key-{i * 7919 % 100003}"]
    groups = {}
    for key, (number, _) in table.items():
        groups.setdefault(number % 97, set()).add(key)
    return len(table), digest(sorted((k, len(v)) for k, v in groups.items()))


def documents():
    document = {"list": [{"id": i, "text": "x" * (i % 500), "f": i / 7} for i in range(3000)]}
    text = json.dumps(document, sort_keys=True, indent=1)
    again = json.loads(text)
    words = re.findall(r"[a-z]+|\d+", text)
    return document == again, len(words), digest(text)


def numbers():
    getcontext().prec = 300
    root = Decimal(2).sqrt()
    total = sum((Fraction(1, n) for n in range(1, 400)), Fraction(0))
    return digest(root), digest(total), digest(3**8000), digest(2**16000 // 7**1000)


for work in (cycles, growing, tables, documents, numbers):
    print(work.__name__, work())
