"""Runs one program with one allocator by bench/launcher and returns a row of figures."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"

# System calls that allocators make, by group; a question mark: where strace knows it.
SYSCALL_GROUPS = {
    "memory": ["mmap", "munmap", "mremap", "madvise", "?process_madvise", "brk", "mprotect"],
    "waiting": ["futex", "sched_yield", "nanosleep", "clock_nanosleep"],
    "other": ["?membarrier", "?getcpu", "?rseq"],
}


class Launch:
    """How the launcher is called for one program."""

    def __init__(self, command, allocator, *, cpus=None, interval_ms=5, is_tree=False,
                 is_live=False, curve=None, timeout_s=600, stdin="/dev/null",
                 user=None, environment=None, directory=None):
        self.command = [str(part) for part in command]
        self.stdin = stdin
        self.directory = directory
        variables = (environment or {}) | allocator.variables()
        self.options = ["--interval", str(interval_ms), "--timeout", str(timeout_s)]
        for name, value in variables.items():
            self.options += ["--env", f"{name}={value}"]
        for flag, value in (("--cpus", cpus), ("--curve", curve), ("--user", user)):
            if value:
                self.options += [flag, str(value)]
        self.options += ["--tree"] * is_tree + ["--live"] * is_live

    def start(self, files):
        """Starts it; `files` names where results and the program's outputs go."""
        command = [str(BUILD / "launcher"), *self.options, "--result", files["result"],
                   "--stdin", self.stdin, "--stdout", files["stdout"], "--stderr", files["stderr"],
                   "--", *self.command]
        return subprocess.Popen(command, cwd=self.directory)


def scratch_files(directory):
    return {name: os.path.join(directory, name) for name in ("result", "stdout", "stderr")}


def outcome_read(files):
    """The launcher's figures, with `error` if the program failed."""
    try:
        with open(files["result"]) as result:
            row = json.load(result)
    except (OSError, ValueError):
        return {"error": "the launcher failed"}
    row["cpu_s"] = row["user_s"] + row["sys_s"]
    # Neither figure is exact: the kernel counts pages in batches, and readings miss short peaks.
    row["peak_kib"] = max(row["peak_kib"], row["sampled_peak_kib"])
    if row["exit"] != 0:
        with open(files["stderr"], errors="replace") as stderr:
            said = stderr.read().strip().splitlines()
        cause = (f"signal {row['signal']}" if row["signal"] else f"exit status {row['exit']}")
        cause = "time limit" if row["timeout"] else cause
        row["error"] = f"{cause}: {said[-1][:200] if said else ''}"
    return row


def run_program(launch, keep_output=False):
    """A row for any program; with keep_output also a digest of what it wrote."""
    with tempfile.TemporaryDirectory() as directory:
        files = scratch_files(directory)
        os.chmod(directory, 0o755)
        launch.start(files).wait()
        row = outcome_read(files)
        if keep_output and os.path.exists(files["stdout"]):
            with open(files["stdout"], "rb") as stdout:
                row["output"] = hashlib.sha256(stdout.read()).hexdigest()[:16]
    return row


def workload_command(arguments, is_quick, program="bench_allocator"):
    return [BUILD / program, *(["--quick"] if is_quick else []), *arguments]


def run_workload(launch):
    """A row for a workload, with the figures of the line that it writes."""
    with tempfile.TemporaryDirectory() as directory:
        files = scratch_files(directory)
        launch.start(files).wait()
        row = outcome_read(files)
        if "error" in row:
            return row
        with open(files["stdout"]) as stdout:
            report = json.load(stdout)
    for name in ("ops", "elapsed_ns", "rss_start_kib", "rss_freed_kib", "rss_settled_kib",
                 "rss_touched_kib", "latency", "latency_overhead_ns", "notes"):
        if name in report:
            row[name] = report[name]
    if row["ops"]:
        row["ns_per_op"] = row["elapsed_ns"] / row["ops"]
        row["cpu_ns_per_op"] = row["cpu_s"] * 1e9 / row["ops"]
    return row


def strace_parse(text):
    """Calls by name, from the table that strace -c prints."""
    calls = {}
    for line in text.splitlines():
        match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
        if match and match.group(2) != "total":
            calls[match.group(2)] = int(match.group(1))
    return calls


def run_strace(command, allocator):
    """Counts the allocator's system calls; the figures of time mean nothing here."""
    names = [name for group in SYSCALL_GROUPS.values() for name in group]
    with tempfile.TemporaryDirectory() as directory:
        table = os.path.join(directory, "table")
        strace = ["strace", "-f", "-qq", "-c", "-o", table, "-e", "trace=" + ",".join(names)]
        for name, value in allocator.variables().items():
            strace += ["-E", f"{name}={value}"]
        done = subprocess.run([*strace, *map(str, command)], text=True, capture_output=True)
        if done.returncode != 0:
            return {"error": f"exit status {done.returncode}: {done.stderr.strip()[-200:]}"}
        with open(table) as text:
            calls = strace_parse(text.read())
    row = {"syscalls": calls}
    for group, members in SYSCALL_GROUPS.items():
        row[f"syscalls_{group}"] = sum(calls.get(name.lstrip("?"), 0) for name in members)
    row["syscalls_all"] = sum(calls.values())
    return row
