"""Real programs from Debian's packages. A new one is an entry of PROGRAMS."""

import dataclasses
import fnmatch
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import typing

from suite import inputs, install, measure

SCRIPTS = measure.ROOT / "bench" / "real"
INPUTS = measure.BUILD / "inputs"


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    packages: tuple
    # command(directory of inputs, is_quick) makes what inputs are missing; returns the arguments.
    command: typing.Callable
    environment: dict = dataclasses.field(default_factory=dict)
    is_output_fixed: bool = True  # the same bytes on standard output with each allocator


def script(interpreter, name, amount, quick_amount):
    def command(_, is_quick):
        return [interpreter, SCRIPTS / name, *map(str, quick_amount if is_quick else amount)]
    return command


def sqlite(directory, is_quick):
    rows = 500 if is_quick else 120_000
    path = inputs.once(directory / f"people-{rows}.sql", lambda new: inputs.sql(new, rows))
    return ["sqlite3", "-batch", ":memory:", f".read {path}"]


def compiler(language, make, amount, quick_amount, extra):
    def command(directory, is_quick):
        count = quick_amount if is_quick else amount
        suffix = {"cc1": "i", "cc1plus": "cc"}[language]
        path = inputs.once(directory / f"source-{count}.{suffix}", lambda new: make(new, count))
        driver = "gcc" if language == "cc1" else "g++"
        found = subprocess.run([driver, f"-print-prog-name={language}"], check=True, text=True,
                               capture_output=True).stdout.strip()
        return [found, "-quiet", "-O2", *extra, path, "-o", "/dev/null"]
    return command


def git(arguments):
    def command(directory, is_quick):
        commits, files = (5, 5) if is_quick else (1500, 300)
        path = inputs.once(directory / f"repository-{commits}",
                           lambda new: inputs.git_repository(new, commits, files))
        return ["git", "-c", "safe.directory=*", "-C", path, *arguments]
    return command


def ghostscript(directory, is_quick):
    pages = 2 if is_quick else 250
    path = inputs.once(directory / f"pages-{pages}.ps", lambda new: inputs.postscript(new, pages))
    return ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-o", "/dev/null",
            path]


def z3(directory, is_quick):
    size = (1, 10, 10) if is_quick else (2, 60, 140)
    path = inputs.once(directory / f"sums-{size[0]}.smt2", lambda new: inputs.smt(new, *size))
    return ["z3", "-T:300", path]


def packer(arguments, mebibytes):
    def command(directory, is_quick):
        size = 1 if is_quick else mebibytes
        path = inputs.once(directory / f"text-{size}", lambda new: inputs.text_file(new, size))
        return [*arguments, path]
    return command


PROGRAMS = [
    Program("sqlite3", ("sqlite3",), sqlite),
    Program("python-objects", ("python3",), script("/usr/bin/python3", "objects.py", (60000, 3),
                                                   (100, 1)), {"PYTHONMALLOC": "malloc"}),
    Program("python-json", ("python3",), script("/usr/bin/python3", "documents.py", (20000, 6),
                                                (20, 1)), {"PYTHONMALLOC": "malloc"}),
    Program("perl", ("perl",), script("perl", "words.pl", (150000, 2), (100, 1))),
    Program("ruby", ("ruby",), script("ruby", "records.rb", (150000, 6), (100, 1))),
    Program("lua", ("lua5.4",), script("lua5.4", "tables.lua", (200000, 10), (100, 1))),
    Program("node", ("nodejs",), script("node", "buffers.js", (30000, 8), (100, 1))),
    Program("cc1", ("gcc",), compiler("cc1", inputs.c_source, 250, 5, ["-fpreprocessed"]),
            is_output_fixed=False),
    Program("cc1plus", ("g++",), compiler("cc1plus", inputs.cxx_source, 4, 1,
                                          ["-std=c++17", "-D_GNU_SOURCE"]), is_output_fixed=False),
    Program("git-pack", ("git",), git(["pack-objects", "--all", "--stdout", "-q", "--threads=2",
                                       "--no-reuse-object", "--window=50"]),
            is_output_fixed=False),
    Program("git-log", ("git",), git(["--no-pager", "log", "-p", "-M", "--stat"])),
    Program("ghostscript", ("ghostscript",), ghostscript),
    Program("z3", ("z3",), z3),
    Program("xz", ("xz-utils",), packer(["xz", "-k", "-c", "-1", "-T2", "--block-size=1MiB"], 10)),
    Program("zstd", ("zstd",), packer(["zstd", "-q", "-c", "-12", "-T2"], 32)),
]


class Server:
    """A program that serves requests: the allocator is the server's, the time is the client's, and
    CPU time and memory are again the server's."""

    name = ""
    packages = ()
    is_tree = False
    user = None

    def prepare(self, is_quick):
        """What must be there once."""

    def command(self, directory):
        """The server's arguments; it works in `directory`, which is new for each run."""
        raise NotImplementedError

    def is_ready(self, directory):
        raise NotImplementedError

    def clients(self, directory, is_quick):
        """The clients' commands, run one after the other."""
        raise NotImplementedError

    def stop(self, directory):
        raise NotImplementedError


class Redis(Server):
    name = "redis"
    packages = ("redis-server", "redis-tools")

    def command(self, directory):
        return ["redis-server", "--port", "0", "--unixsocket", f"{directory}/socket", "--save", "",
                "--appendonly", "no", "--daemonize", "no", "--dir", str(directory)]

    def is_ready(self, directory):
        return quiet("redis-cli", "-s", f"{directory}/socket", "ping")

    def clients(self, directory, is_quick):
        """A fixed load, then the benchmark program, whose keys are random in each run."""
        amount, entries = (100, 100) if is_quick else (100_000, 150_000)
        load = inputs.once(INPUTS / f"redis-{entries}", lambda new: inputs.redis(new, entries))
        base = ["redis-benchmark", "-s", f"{directory}/socket", "-q", "-P", "16", "-r", "100000",
                "-n", str(amount)]
        return [["sh", "-c", f"redis-cli -s {directory}/socket --pipe < {load}"],
                [*base, "-d", "100", "-t", "set,get,incr,lpush,rpop,sadd,hset,zadd"],
                [*base, "-d", "1000", "-t", "set,get"]]

    def stop(self, directory):
        quiet("redis-cli", "-s", f"{directory}/socket", "shutdown", "nosave")


class PostgreSql(Server):
    name = "postgresql"
    packages = ("postgresql", "postgresql-contrib")
    is_tree = True
    SQL = """
CREATE TABLE t AS SELECT i, (i::bigint * 7919 % 10007)::int AS k, 'text ' || i AS s
  FROM generate_series(1, {rows}) AS i;
CREATE INDEX ON t (k);
SELECT k % 100, count(*), sum(length(s)) FROM t GROUP BY 1 ORDER BY 1 LIMIT 5;
SELECT count(*) FROM t a JOIN t b ON a.k = b.k WHERE a.i < {rows} / 20;
SELECT length(string_agg(s, ',' ORDER BY i)) FROM t;
SELECT length(jsonb_agg(to_jsonb(t))::text) FROM t WHERE i % 4 = 0;
DO $$ DECLARE x text := ''; BEGIN FOR n IN 1..{rows} / 10 LOOP
  x := substr(x || n, 1, 500); END LOOP; END $$;
"""

    def tool(self, name):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return str(found[-1])

    def account(self):
        import pwd
        return pwd.getpwnam("postgres")

    @property
    def user(self):
        return f"{self.account().pw_uid}:{self.account().pw_gid}" if os.geteuid() == 0 else None

    def prepare(self, is_quick):
        self.rows = 1000 if is_quick else 300_000

    def command(self, directory):
        data = f"{directory}/data"
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        identity = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        subprocess.run([self.tool("initdb"), "-D", data, "-A", "trust", "-U", "bench", "-N"],
                       check=True, capture_output=True, cwd=directory, **identity)
        return [self.tool("postgres"), "-D", data, "-k", str(directory), "-c",
                "listen_addresses=", "-c", "fsync=off", "-c", "max_parallel_workers=0", "-c",
                "autovacuum=off", "-c", "work_mem=64MB"]

    def is_ready(self, directory):
        return quiet(self.tool("pg_isready"), "-q", "-h", str(directory))

    def clients(self, directory, is_quick):
        path = directory / "workload.sql"
        path.write_text(self.SQL.format(rows=self.rows))
        return [[self.tool("psql"), "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", str(directory), "-U",
                 "bench", "-d", "postgres", "-o", "/dev/null", "-f", str(path)]]

    def stop(self, directory):
        identity = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        subprocess.run([self.tool("pg_ctl"), "-D", f"{directory}/data", "-m", "fast", "-w", "stop"],
                       capture_output=True, cwd=directory, **identity)


SERVERS = [Redis(), PostgreSql()]


def quiet(*command):
    return subprocess.run(command, capture_output=True).returncode == 0


def select(patterns):
    return [one for one in [*PROGRAMS, *SERVERS] if not patterns or
            any(fnmatch.fnmatch(one.name, pattern) for pattern in patterns)]


def prepare(programs, may_install, is_quick):
    """Installs packages and makes inputs; returns the programs that can run, and why others not."""
    missing = {}
    INPUTS.mkdir(parents=True, exist_ok=True)
    for one in programs:
        try:
            if may_install:
                # Node is often there from elsewhere, in packages of other names.
                wanted = [] if one.name == "node" and shutil.which("node") else one.packages
                install.install(wanted)
            if isinstance(one, Server):
                one.prepare(is_quick)
            elif not shutil.which(str(one.command(INPUTS, is_quick)[0])):
                missing[one.name] = f"needs {' '.join(one.packages)}"
        except (install.CannotInstall, subprocess.CalledProcessError, OSError) as error:
            missing[one.name] = str(error).splitlines()[0]
    return [one for one in programs if one.name not in missing], missing


def run_program(program, allocator, is_quick, cpus):
    launch = measure.Launch(program.command(INPUTS, is_quick), allocator, cpus=cpus,
                            environment=program.environment)
    row = measure.run_program(launch, keep_output=program.is_output_fixed)
    row.pop("output", None) if "error" in row else None
    return row


def serve(server, directory, is_quick):
    """Waits for the server, runs the clients; returns their elapsed time and an error or None."""
    for _ in range(200):
        if server.is_ready(directory):
            break
        time.sleep(0.05)
    else:
        return 0.0, "the server does not answer"
    start = time.monotonic()
    for client in server.clients(directory, is_quick):
        done = subprocess.run(client, text=True, capture_output=True)
        if done.returncode != 0:
            return 0.0, f"a client failed: {done.stderr.strip()[-200:]}"
    return time.monotonic() - start, None


def run_server(server, allocator, is_quick, cpus):
    # A short path that other accounts can reach: for sockets, and for servers that refuse root.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    directory.chmod(0o755)
    launch = measure.Launch(server.command(directory), allocator, cpus=cpus,
                            is_tree=server.is_tree, user=server.user,
                            interval_ms=25 if server.is_tree else 5, directory=directory)
    files = measure.scratch_files(directory)
    process = launch.start(files)
    elapsed_s, error = serve(server, directory, is_quick)
    server.stop(directory)
    process.wait()
    row = measure.outcome_read(files)
    row["wall_s"] = elapsed_s
    if server.is_tree and "error" not in row:
        row["peak_kib"] = row["sampled_peak_kib"]
    if error and "error" not in row:
        row["error"] = error
    shutil.rmtree(directory, ignore_errors=True)
    return row


def run(one, allocator, is_quick, cpus):
    if isinstance(one, Server):
        return run_server(one, allocator, is_quick, cpus)
    return run_program(one, allocator, is_quick, cpus)
