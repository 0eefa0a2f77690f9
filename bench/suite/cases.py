"""What is measured: workloads with arguments. A new case is a line here."""

import dataclasses
import fnmatch


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    workload: str
    threads: str = "1"  # "1", or "n": as many as --threads says, or "4n"
    shape: tuple = ()   # arguments that make the case what it is
    amount: tuple = ()  # arguments that make it long enough; left out by --quick
    has_time: bool = True    # elapsed and CPU time are worth comparing
    has_memory: bool = True  # resident sizes are worth comparing
    passes: tuple = ("main", "settle", "curves", "syscalls")

    def arguments(self, processors, is_quick):
        threads = {"1": 1, "n": processors, "4n": 4 * processors}[self.threads]
        amount = () if is_quick else self.amount
        return [self.workload, f"threads={threads}", *self.shape, *amount]


LATENCY_TOO = ("main", "settle", "curves", "syscalls", "latency")

CASES = [
    Case("pingpong-16", "pingpong", "1", ("size=16",)),
    Case("pingpong-64", "pingpong", "1", ("size=64",), passes=LATENCY_TOO),
    Case("pingpong-256", "pingpong", "1", ("size=256",)),
    Case("pingpong-1K", "pingpong", "1", ("size=1024",)),
    Case("pingpong-4K", "pingpong", "1", ("size=4096",)),
    Case("pingpong-16K", "pingpong", "1", ("size=16384",), ("count=20M",)),
    Case("pingpong-64K", "pingpong", "1", ("size=65536",), ("count=5M",)),
    Case("pingpong-depth", "pingpong", "1", ("size=64", "depth=256")),
    Case("pingpong-sweep", "pingpong", "n", ("size=0",), ("count=20M",)),
    Case("pareto-1", "pareto", "1"),
    Case("pareto-n", "pareto", "n"),
    Case("burst-fifo", "burst", "1", ("order=fifo",)),
    Case("burst-lifo", "burst", "1", ("order=lifo",)),
    Case("burst-random", "burst", "1", ("order=random",), ("rounds=200",)),
    Case("burst-keep", "burst", "n", ("order=random", "keep=10"), ("rounds=200",)),
    Case("burst-remote", "burst", "n", ("order=remote",), passes=LATENCY_TOO),
    Case("server", "server", "n", passes=LATENCY_TOO),
    Case("prodcons", "prodcons", "n", passes=LATENCY_TOO),
    Case("prodcons-mixed", "prodcons", "n", ("size=0",)),
    Case("migrate", "migrate", "n", passes=LATENCY_TOO),
    Case("crossfree", "crossfree", "n", passes=LATENCY_TOO),
    Case("leave", "leave", "n"),
    Case("large", "large", "1", passes=LATENCY_TOO),
    Case("grow-step", "grow", "1", ("mode=step",)),
    Case("grow-factor", "grow", "1", ("mode=factor",), ("limit=64M", "count=8")),
    Case("grow-twin", "grow", "1", ("mode=twin",), ("limit=64M", "count=8")),
    Case("sharing-active", "sharing", "n", ("mode=active",)),
    Case("sharing-passive", "sharing", "n", ("mode=passive",)),
    Case("aligned", "aligned", "n"),
    Case("pins", "pins", "1"),
    Case("phases", "phases", "1"),
    Case("peak-idle", "peak_idle", "1", has_time=False),
    Case("idle-threads", "idle_threads", "1"),
    Case("forkheap", "forkheap", "1"),
    Case("zeroed", "zeroed", "1"),
    Case("trees", "trees", "1"),
    Case("dict", "dict", "1"),
    Case("startup", "startup", "1", passes=("main", "syscalls")),
    Case("live-heap", "live_heap", "1"),
    # Latency alone.
    Case("pareto-4n", "pareto", "4n", amount=("slots=50000", "count=2M"), passes=("latency",)),
    Case("server-4n", "server", "4n", amount=("generations=50",), passes=("latency",)),
    Case("trim-stall", "trim_stall", "n", passes=("latency",)),
]


@dataclasses.dataclass(frozen=True)
class Scaling:
    """A workload over thread counts; `amount` is per thread, and divided once there are more
    threads than processors, so that a run does not get longer."""
    workload: str
    amount_name: str
    amount: int
    shape: tuple = ()

    def arguments(self, threads, processors, is_quick):
        amount = max(1, int(self.amount / max(1.0, threads / processors)))
        quick = [] if is_quick else [f"{self.amount_name}={amount}"]
        return [self.workload, f"threads={threads}", *self.shape, *quick]


SCALING = [
    Scaling("pingpong", "count", 20_000_000),
    Scaling("pareto", "count", 4_000_000, ("slots=20000",)),
    Scaling("burst", "rounds", 100, ("order=remote", "blocks=20000")),
    Scaling("server", "generations", 64),
    Scaling("prodcons", "batches", 40_000),
    Scaling("migrate", "count", 100_000),
    Scaling("crossfree", "count", 800_000),
    Scaling("live_heap", "count", 1_000_000),
]

# Live bytes of the growth pass, in mebibytes.
GROWTH_MIB = [1, 4, 16, 64, 256, 1024, 4096, 16384]
GROWTH_QUICK_MIB = [1, 2]


def select(patterns, pass_name):
    return [case for case in CASES if pass_name in case.passes and
            (not patterns or any(fnmatch.fnmatch(case.name, pattern) for pattern in patterns))]
