"""Extension modules and C libraries that allocate on their own."""

import array
import bz2
import collections
import csv
import ctypes
import datetime
import email.message
import hashlib
import io
import itertools
import lzma
import mmap
import pickle
import sqlite3
import ssl
import struct
import unicodedata
import xml.etree.ElementTree as ElementTree
import zlib


def through_ctypes():
    libc = ctypes.CDLL(None)
    for function in ("malloc", "calloc", "realloc", "strdup"):
        getattr(libc, function).restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.malloc_usable_size.argtypes = [ctypes.c_void_p]
    libc.malloc_usable_size.restype = ctypes.c_size_t
    libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    good = True
    for size in (1, 24, 100, 4000, 40000, 3000000):
        block = libc.malloc(ctypes.c_size_t(size))
        ctypes.memset(block, 0x5A, size)
        block = libc.realloc(block, size * 3)
        good = good and ctypes.string_at(block, size) == b"\x5a" * size
        good = good and libc.malloc_usable_size(block) >= size * 3
        libc.free(block)
    text = libc.strdup(b"duplicated")
    good = good and ctypes.string_at(text) == b"duplicated"
    libc.free(text)

    numbers = (ctypes.c_int * 1000)(*[(i * 7919) % 1009 for i in range(1000)])
    compare_type = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)
    )
    libc.qsort(numbers, 1000, 4, compare_type(lambda a, b: a[0] - b[0]))
    return good, list(numbers) == sorted(numbers)


def database():
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (a integer primary key, b text, c real)")
    rows = ((i, "text" * (i % 50), i / 3) for i in range(20000))
    connection.executemany("insert into t values (?, ?, ?)", rows)
    query = "select a % 10, count(*), sum(length(b)), round(avg(c), 3) from t group by 1 order by 1"
    return connection.execute(query).fetchall()[:3]


def compression():
    data = b"".join(struct.pack("<IH", i * i, i % 777) for i in range(30000))
    return [
        hashlib.sha1(function(data)).hexdigest()[:12]
        for function in (zlib.compress, bz2.compress, lzma.compress)
    ]


def trees():
    root = ElementTree.Element("root")
    for i in range(3000):
        item = ElementTree.SubElement(root, "item", number=str(i))
        item.text = "text " * (i % 20)
    text = ElementTree.tostring(root)
    again = ElementTree.fromstring(text)
    return len(text), len(again.findall("item")), hashlib.md5(text).hexdigest()


def containers():
    counter = collections.Counter(itertools.accumulate(range(2000), lambda a, b: (a * 31 + b) % 97))
    values = array.array("d", (i * 0.5 for i in range(50000)))
    stored = pickle.dumps((counter, values.tolist()[:5000], datetime.date(2000, 1, 1)))
    return counter.most_common(3), sum(values), pickle.loads(stored)[2].isoformat()


def texts():
    out = io.StringIO()
    writer = csv.writer(out)
    for i in range(5000):
        writer.writerow([i, "quoted, text", 'with "marks"', "\u00e9\u4e2d" * (i % 9)])
    folded = unicodedata.normalize("NFKD", out.getvalue())
    message = email.message.EmailMessage()
    message["Subject"] = "A subject"
    message.set_content("Body\n" * 1000)
    return len(folded), hashlib.md5(folded.encode()).hexdigest(), len(bytes(message))


def mapped():
    area = mmap.mmap(-1, 1 << 20)
    area[100:200] = b"y" * 100
    area.resize(1 << 21)
    return area.find(b"y"), len(area), ssl.RAND_bytes(100) != ssl.RAND_bytes(100)


for work in (through_ctypes, database, compression, trees, containers, texts, mapped):
    print(work.__name__, work())
