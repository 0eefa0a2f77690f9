"""Inputs of the real programs, made from fixed seeds: the same bytes on each machine."""

import pathlib
import random
import subprocess


def once(path, make):
    """Makes `path` by make(path), unless it is there already."""
    path = pathlib.Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".new")
        make(unfinished)
        unfinished.rename(path)
    return path


def sql(path, rows):
    """Tables filled, indexed, joined, updated and deleted from, in memory."""
    path.write_text(f"""
PRAGMA temp_store = MEMORY;
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, city TEXT, born INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER, item TEXT, price REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
  INSERT INTO people SELECT i, 'name ' || (i * 7919 % 100003), 'city ' || (i * 31 % 997),
    1900 + i % 120 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows * 3})
  INSERT INTO orders SELECT i, i * 6151 % {rows} + 1, 'item ' || (i % 5003),
    (i * 37 % 10000) / 100.0 FROM n;
CREATE INDEX people_city ON people (city, born);
CREATE INDEX orders_person ON orders (person);
SELECT city, count(*), round(sum(price), 2) FROM people JOIN orders ON person = people.id
  GROUP BY city ORDER BY 3 DESC, 1 LIMIT 20;
SELECT group_concat(name, ',') FROM (SELECT DISTINCT name FROM people ORDER BY name LIMIT 1000);
UPDATE people SET name = name || ' of ' || city WHERE id % 3 = 0;
DELETE FROM orders WHERE id % 4 = 0;
SELECT count(*), max(length(name)) FROM people WHERE name LIKE '%of city 1%';
SELECT item, count(*) FROM orders GROUP BY item ORDER BY 2 DESC, 1 LIMIT 10;
""")


C_FUNCTION = """
struct s{i} {{ int a, b; struct s{i} *next; char name[{width}]; }};
static int f{i}(struct s{i} *p, int n)
{{
    int sum = {i};
    for (int k = 0; k < n; k++) {{
        switch ((k + p->a) % 5) {{
        case 0: sum += p->b * k; break;
        case 1: sum ^= p->name[k % {width}]; break;
        case 2: sum -= {other}(k) << (k & 3); break;
        case 3: if (p->next) sum += p->next->a; break;
        default: sum = sum * 31 + k;
        }}
    }}
    return sum;
}}
int g{i}(int n)
{{
    struct s{i} local = {{n, {i}, 0, "text {i}"}};
    return f{i}(&local, n) + f{i}(&local, n / 2 + {width});
}}
"""


def c_source(path, functions):
    rng = random.Random(1)
    parts = ["int g(int n) { return n * 3; }"]
    for i in range(functions):
        other = f"g{rng.randrange(i)}" if i else "g"
        parts.append(C_FUNCTION.format(i=i, width=rng.randrange(8, 64), other=other))
    path.write_text("\n".join(parts))


CXX_UNIT = """
struct key{i} {{ int a; std::string b; bool operator<(const key{i} &o) const
    {{ return std::tie(a, b) < std::tie(o.a, o.b); }} }};
template <class T> struct box{i} {{ std::vector<T> items; std::map<key{i}, T> index;
    void add(key{i} k, T t) {{ items.push_back(t); index.emplace(std::move(k), std::move(t)); }}
    auto sorted() const {{ auto copy = items;
        std::sort(copy.begin(), copy.end(), [](auto &x, auto &y) {{ return y < x; }});
        return copy; }} }};
long use{i}() {{ box{i}<int> a; box{i}<std::string> b; box{i}<std::shared_ptr<int>> c;
    a.add({{1, "x"}}, {i}); b.add({{2, "y"}}, "z"); c.add({{3, "w"}}, std::make_shared<int>({i}));
    std::variant<int, std::string, key{i}> v = key{i}{{{i}, "v"}};
    return a.sorted().size() + b.sorted().size() + c.items.size() + v.index(); }}
"""


def cxx_source(path, units):
    headers = ("algorithm", "functional", "map", "memory", "regex", "string", "tuple",
               "unordered_map", "variant", "vector")
    text = "".join(f"#include <{header}>\n" for header in headers)
    path.write_text(text + "".join(CXX_UNIT.format(i=i) for i in range(units)))


def words(rng, count):
    return " ".join("".join(rng.choice("etaoinshrdlu") for _ in range(rng.randrange(2, 10)))
                    for _ in range(count))


def git_repository(path, commits, files):
    """A bare repository whose commits change lines of text files."""
    rng = random.Random(1)
    contents = {f"dir{i % 20}/file{i}.txt": [words(rng, 8) for _ in range(100)]
                for i in range(files)}
    stream = []
    for commit in range(commits):
        changed = list(contents) if commit == 0 else rng.sample(list(contents), min(5, files))
        text = f"change {commit}\n"
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {10**9 + commit * 60} "
                      f"+0000\ndata {len(text)}\n{text}\n")
        for name in changed:
            lines = contents[name]
            for _ in range(4):
                lines[rng.randrange(len(lines))] = words(rng, 8)
            body = "\n".join(lines) + "\n"
            stream.append(f"M 100644 inline {name}\ndata {len(body)}\n{body}\n")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", path], check=True)
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], check=True, text=True,
                   input="".join(stream))


def postscript(path, pages):
    rng = random.Random(1)
    out = ["%!PS-Adobe-3.0"]
    for page in range(pages):
        out.append("/Helvetica findfont 9 scalefont setfont")
        for line in range(70):
            out.append(f"40 {780 - line * 10} moveto ({words(rng, 12)}) show")
        for _ in range(150):
            x, y = rng.randrange(500), rng.randrange(700)
            out.append(f"newpath {x} {y} moveto {x + 40} {y + 9} {x - 30} {y + 50} {x + 20} "
                       f"{y + 70} curveto closepath {rng.random():.2f} {rng.random():.2f} 0.5 "
                       "setrgbcolor fill")
        out.append("0 setgray showpage")
    path.write_text("\n".join(out) + "\n")


def smt_problem(rng, variables, clauses):
    """Sums and differences of bounded integers under random clauses."""
    out = [f"(declare-const x{i} Int)(assert (and (<= 0 x{i}) (<= x{i} 50)))"
           for i in range(variables)]

    def atom():
        a, b, c = (rng.randrange(variables) for _ in range(3))
        factor, offset = rng.choice((-2, -1, 1, 2)), rng.randrange(-9, 10)
        return f"(<= (+ x{a} (* {factor} x{b})) (+ x{c} {offset}))"

    for _ in range(clauses):
        out.append(f"(assert (or {atom()} {atom()} {atom()}))")
        if rng.random() < 0.1:
            names = " ".join(f"x{i}" for i in rng.sample(range(variables), 3))
            out.append(f"(assert (distinct {names}))")
    return out


def smt(path, problems, variables, clauses):
    rng = random.Random(1)
    out = []
    for _ in range(problems):
        out += ["(reset)(set-logic QF_LIA)", *smt_problem(rng, variables, clauses), "(check-sat)"]
    path.write_text("\n".join(out) + "\n")


def redis(path, entries):
    """Commands that set, replace and delete strings, hashes and lists of many lengths."""
    rng = random.Random(1)
    with open(path, "w") as out:
        for _ in range(entries):
            key = rng.randrange(entries // 2 + 1)
            value = "v" * min(int(rng.paretovariate(0.8) * 16), 20000)
            kind = rng.randrange(4)
            out.write((f"SET string:{key} {value}", f"HSET hash:{key % 1000} {key} {value}",
                       f"RPUSH list:{key % 500} {value}", f"DEL string:{key}")[kind] + "\n")


def text_file(path, mebibytes):
    rng = random.Random(1)
    lines = [words(rng, 12) for _ in range(20000)]
    with open(path, "w") as out:
        while out.tell() < mebibytes << 20:
            out.write(f"{rng.randrange(10**6)} {rng.choice(lines)}\n")
