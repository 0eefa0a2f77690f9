"""Tables from rows: summary.csv, runs.csv and report.md."""

import csv
import dataclasses

from suite import cases, stats, tables

# Times below are too short for the kernel's accounting to tell allocators apart.
LEAST_CPU_S = 0.05


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    title: str
    unit: str
    scale: float       # of the figure in the rows, for display
    pass_name: str
    of_memory: bool    # the lean allocators set the mark, else all peers do
    worst_ratio: float | None = None  # what is aimed at: on each workload
    mean_ratio: float | None = None   # and in the geometric mean
    least: float = 0.0  # cases whose best is below have no ratio
    is_count: bool = False


METRICS = [
    Metric("wall_s", "Elapsed time", "s", 1, "main", False, 1.03, 0.97),
    Metric("user_s", "User CPU time", "s", 1, "main", False, 1.03, 0.97, LEAST_CPU_S),
    Metric("cpu_s", "User and system CPU time", "s", 1, "main", False, None, None, LEAST_CPU_S),
    Metric("peak_kib", "Peak resident size", "MiB", 1 / 1024, "main", True, 1.10, 1.00),
    Metric("mean_kib", "Mean resident size", "MiB", 1 / 1024, "main", True, 1.10, 1.00),
    Metric("rss_settled_kib", "Resident size 10 s after all is freed", "MiB", 1 / 1024, "settle",
           True, 1.10, 1.00),
]
REAL_METRICS = [dataclasses.replace(metric, pass_name="real") for metric in METRICS[:5]]
COUNTS = [
    Metric("minor_faults", "Page faults", "", 1, "main", False, is_count=True),
    Metric("sys_s", "System CPU time", "s", 1, "main", False),
    Metric("voluntary_switches", "Voluntary context switches", "", 1, "main", False, is_count=True),
    Metric("involuntary_switches", "Involuntary context switches", "", 1, "main", False,
           is_count=True),
    Metric("syscalls_memory", "System calls: memory", "", 1, "syscalls", False, is_count=True),
    Metric("syscalls_waiting", "System calls: waiting", "", 1, "syscalls", False, is_count=True),
]


class Results:
    """The rows, by pass, case and allocator."""

    def __init__(self, results):
        self.raw = results
        self.names = [one["name"] for one in results["allocators"]]
        self.subject = next((one["name"] for one in results["allocators"] if one["is_subject"]),
                            None)
        self.peers = {name for name in self.names if name != self.subject}
        self.lean = {one["name"] for one in results["allocators"] if one["is_lean"]} & self.peers
        self.groups = {}
        for row in results["rows"]:
            self.groups.setdefault((row["pass"], row["case"]), {}) \
                .setdefault(row["allocator"], []).append(row)

    def case_names(self, pass_name):
        return [case for name, case in self.groups if name == pass_name]

    def values(self, pass_name, case, allocator, metric):
        """The figures of all rounds; empty if any of them failed."""
        rows = self.groups.get((pass_name, case), {}).get(allocator, [])
        if any("error" in row or metric not in row for row in rows):
            return []
        return [row[metric] for row in rows]

    def medians(self, metric, case):
        found = {}
        for name in self.names:
            values = self.values(metric.pass_name, case, name, metric.name)
            found[name] = stats.median(values) if values else None
        return found

    def references(self, metric):
        return self.lean if metric.of_memory else self.peers

    def ratios(self, metric, case):
        medians = self.medians(metric, case)
        references = self.references(metric)
        best, _ = stats.best_of(medians, references)
        if best is None or best < metric.least:
            return {name: None for name in medians}
        return stats.ratios_to_best(medians, references)

    def is_compared(self, metric, case):
        for known in cases.CASES:
            if known.name == case and metric.pass_name != "real":
                return known.has_memory if metric.of_memory else known.has_time
        return True

    def compared_cases(self, metric):
        return [case for case in self.case_names(metric.pass_name)
                if self.is_compared(metric, case)]

    def mean_ratios(self, metric):
        """Geometric mean of each allocator's ratios, and over how many cases."""
        found = {}
        for name in self.names:
            ratios = [self.ratios(metric, case)[name] for case in self.compared_cases(metric)]
            ratios = [ratio for ratio in ratios if ratio]
            found[name] = (stats.geometric_mean(ratios), len(ratios)) if ratios else (None, 0)
        return found

    def is_wide(self, metric, case, name):
        values = self.values(metric.pass_name, case, name, metric.name)
        return bool(values) and stats.spread(values) > self.raw["max_spread"]

    def failures(self):
        """(pass, case, allocator, what happened), once for each."""
        found = {}
        for (pass_name, case), allocators in self.groups.items():
            for name, rows in allocators.items():
                for row in rows:
                    if "error" in row:
                        found.setdefault((pass_name, case, name), row["error"])
        return [(*key, error) for key, error in found.items()]


def subject_failures(raw):
    results = Results(raw)
    return [failure for failure in results.failures() if failure[2] == results.subject]


def runs_write(directory, raw):
    columns = []
    for row in raw["rows"]:
        columns += [name for name, value in row.items()
                    if name not in columns and not isinstance(value, dict)]
    with open(directory / "runs.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(raw["rows"])


def summary_write(directory, results):
    with open(directory / "summary.csv", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["pass", "case", "allocator", "metric", "rounds", "median", "spread",
                         "ratio_to_best", "spread_is_wide"])
        for metric in [*METRICS, *REAL_METRICS, *COUNTS]:
            for case in results.case_names(metric.pass_name):
                ratios = results.ratios(metric, case)
                for name in results.names:
                    values = results.values(metric.pass_name, case, name, metric.name)
                    if values:
                        writer.writerow([metric.pass_name, case, name, metric.name, len(values),
                                         stats.median(values), round(stats.spread(values), 4),
                                         ratios[name] and round(ratios[name], 4),
                                         int(results.is_wide(metric, case, name))])


def write_all(directory, raw):
    """Returns the part of the report that sums it up."""
    results = Results(raw)
    runs_write(directory, raw)
    summary_write(directory, results)
    summary = [tables.machine(results), tables.failures(results),
               tables.targets(results, METRICS, "Workloads"),
               tables.targets(results, REAL_METRICS, "Real programs")]
    parts = list(summary)
    parts += [tables.ratios(results, metric) for metric in [*METRICS, *REAL_METRICS]]
    parts += [tables.counts(results, metric) for metric in COUNTS]
    parts += [tables.latency(results), tables.over(results, "scaling", "threads", "threads"),
              tables.over(results, "growth", "live_mib", "MiB live"), tables.curves(results)]
    (directory / "report.md").write_text("\n".join(part for part in parts if part))
    return "\n".join(part for part in summary if part)
