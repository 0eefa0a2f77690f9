"""The passes of bench/run: each runs cases under all allocators in turn and adds rows.

A row holds pass, case, allocator, round and the figures of one run, or `error`. Allocators take
turns within each round, and the order rotates from round to round, so that a drift of the machine
meets all of them alike.
"""

import concurrent.futures
import json
import shutil
import subprocess

from suite import cases, install, machine, measure, real

HELP = {
    "latency": "latency percentiles of each call, from the instrumented program",
    "curves": "resident size over time against live bytes",
    "settle": "resident size 10 s after everything is freed",
    "syscalls": "system calls of the allocator, counted by strace",
    "scaling": "throughput and CPU time per operation over thread counts",
    "growth": "CPU time per operation over the live heap, from 1 MiB up",
    "real": "real programs from Debian's packages",
}
SETTLE_S = 10
SETTLE_AT_A_TIME = 6
# Part of the memory that is free at the start which a heap of the growth pass may take.
GROWTH_SHARE = 0.6


class Runner:
    def __init__(self, options, allocators, directory, rows):
        self.options = options
        self.allocators = allocators
        self.directory = directory
        self.rows = rows
        self.notes = []
        self.log = open(directory / "runs.jsonl", "w")

    def note(self, text):
        self.notes.append(text)
        print(f"note: {text}", flush=True)

    def add(self, pass_name, case, allocator, turn, row, **extra):
        row = {"pass": pass_name, "case": case, "allocator": allocator.name, "round": turn,
               **extra, **row}
        self.rows.append(row)
        self.log.write(json.dumps(row) + "\n")
        self.log.flush()
        figure = row.get("error") or " ".join(
            f"{name}={row[name]:.4g}" for name in ("wall_s", "peak_kib") if name in row)
        print(f"{pass_name} {turn + 1}: {case} {allocator.name}: {figure}", flush=True)

    def turns(self, rounds):
        """(round, allocators in the order of that round)"""
        for turn in range(rounds):
            shift = turn % max(1, len(self.allocators))
            yield turn, self.allocators[shift:] + self.allocators[:shift]

    def launch(self, arguments, allocator, program="bench_allocator", **options):
        command = measure.workload_command(arguments, self.options.quick, program)
        launch = measure.Launch(command, allocator, cpus=self.options.cpus, **options)
        return measure.run_workload(launch)

    def selected(self, pass_name):
        return cases.select(self.options.cases, pass_name)

    def arguments(self, case):
        return case.arguments(self.options.processors, self.options.quick)

    def main(self):
        for turn, order in self.turns(self.options.rounds):
            for case in self.selected("main"):
                for allocator in order:
                    row = self.launch(self.arguments(case), allocator)
                    self.add("main", case.name, allocator, turn, row)

    def latency(self):
        for turn, order in self.turns(min(self.options.rounds, 3)):
            for case in self.selected("latency"):
                for allocator in order:
                    row = self.launch([*self.arguments(case), "latency=1"], allocator,
                                      "bench_probe", interval_ms=0)
                    self.add("latency", case.name, allocator, turn, row)

    def curves(self):
        folder = self.directory / "curves"
        folder.mkdir(exist_ok=True)
        for case in self.selected("curves"):
            for allocator in self.allocators:
                curve = folder / f"{case.name}.{allocator.name}.csv"
                row = self.launch([*self.arguments(case), "live=1"], allocator, "bench_probe",
                                  interval_ms=2, is_live=True, curve=curve)
                self.add("curves", case.name, allocator, 0, row, curve=str(curve.name))

    def settle(self):
        """The time is of no interest here, so several processes wait at the same time."""
        seconds = 1 if self.options.quick else SETTLE_S

        def one(case, allocator):
            return self.launch([*self.arguments(case), f"settle={seconds}"], allocator,
                               interval_ms=0)

        with concurrent.futures.ThreadPoolExecutor(SETTLE_AT_A_TIME) as pool:
            jobs = [(case, allocator, pool.submit(one, case, allocator))
                    for case in self.selected("settle") for allocator in self.allocators]
            for case, allocator, job in jobs:
                self.add("settle", case.name, allocator, 0, job.result())

    def syscalls(self):
        if not self.has_tool("strace"):
            return
        for case in self.selected("syscalls"):
            for allocator in self.allocators:
                command = measure.workload_command(self.arguments(case), self.options.quick)
                row = measure.run_strace(command, allocator)
                self.add("syscalls", case.name, allocator, 0, row)

    def has_tool(self, name):
        try:
            if not self.options.no_install:
                install.install([name])
        except install.CannotInstall as error:
            self.note(str(error).splitlines()[0])
        if not shutil.which(name):
            self.note(f"there is no {name}, so nothing was measured with it")
            return False
        return True

    def scaling(self):
        counts = self.options.thread_counts[:2 if self.options.quick else None]
        for turn, order in self.turns(min(self.options.rounds, 3)):
            for entry in cases.SCALING:
                for threads in counts:
                    arguments = entry.arguments(threads, self.options.processors,
                                                self.options.quick)
                    for allocator in order:
                        row = self.launch(arguments, allocator)
                        self.add("scaling", entry.workload, allocator, turn, row, threads=threads)

    def growth(self):
        free_mib = machine.memory_kib("MemAvailable") // 1024
        sizes = cases.GROWTH_QUICK_MIB if self.options.quick else cases.GROWTH_MIB
        for turn, order in self.turns(min(self.options.rounds, 3)):
            for size_mib in sizes:
                if size_mib > free_mib * GROWTH_SHARE:
                    if turn == 0:
                        self.note(f"a heap of {size_mib} MiB was left out: {free_mib} MiB are free")
                    continue
                for allocator in order:
                    row = self.launch(["live_heap", "threads=1", f"live={size_mib}M"], allocator)
                    notes = row.get("notes", {})
                    if notes:
                        row["churn_ns_per_op"] = notes["churn_ns"] / max(1, row["ops"])
                        row["fill_ns_per_block"] = notes["fill_ns"] / max(1, notes["live_blocks"])
                    self.add("growth", "live_heap", allocator, turn, row, live_mib=size_mib)

    def real(self):
        chosen, missing = real.prepare(real.select(self.options.programs),
                                       not self.options.no_install, self.options.quick)
        for name, cause in missing.items():
            self.note(f"{name} was left out: {cause}")
        outputs = {}
        for turn, order in self.turns(self.options.rounds):
            for program in chosen:
                for allocator in order:
                    row = real.run(program, allocator, self.options.quick, self.options.cpus)
                    output = row.get("output")
                    if output and outputs.setdefault(program.name, output) != output:
                        row["error"] = "the output differs from that of the first run"
                    self.add("real", program.name, allocator, turn, row)


def plots_draw(directory, may_install):
    """bench/plot runs in the system's Python, for which Debian packages the plotting library."""
    try:
        if may_install:
            install.install(["python3-matplotlib"])
    except install.CannotInstall as error:
        print(f"note: no plots: {str(error).splitlines()[0]}", flush=True)
        return
    done = subprocess.run([measure.ROOT / "bench" / "plot", str(directory)], text=True,
                          capture_output=True)
    if done.returncode != 0:
        print(f"note: no plots: {done.stderr.strip().splitlines()[-1]}", flush=True)
