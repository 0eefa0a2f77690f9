"""The Markdown tables of report.md. Each function returns "" when there is nothing to show."""

from suite import stats


def table(header, lines, text_columns=1):
    rules = [" --- "] * text_columns + [" ---: "] * (len(header) - text_columns)
    out = ["| " + " | ".join(header) + " |", "|" + "|".join(rules) + "|"]
    out += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(out) + "\n"


def number(value):
    """Three or four digits that count, for figures between 0.001 and millions."""
    if value is None:
        return "–"
    if abs(value) >= 100 or isinstance(value, int):
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def machine(results):
    facts = results.raw["machine"]
    lines = ["# Benchmark results", ""]
    lines.append(f"{facts['date']}, revision {facts['revision'] or 'unknown'}. {facts['cpu']}, "
                 f"{facts['processors']} processors, {facts['memory_mib']:,} MiB; Linux "
                 f"{facts['kernel']}, {facts['libc']}; huge pages {facts['huge_pages']}; load at "
                 f"the start {facts['load_at_start']:.2f}. {results.raw['rounds']} rounds, "
                 f"{results.raw['threads']} threads in threaded workloads.")
    if results.raw["quick"]:
        lines += ["", "**Run with --quick: the sizes are tiny and the figures mean nothing.**"]
    lines += ["", "Allocators: " + "; ".join(
        f"{one['name']} {one['version']}".strip() for one in results.raw["allocators"]) + "."]
    lines += [f"\nWarning: {text}." for text in facts.get("warnings", [])]
    lines += [f"\nNote: {text}." for text in facts.get("notes", [])]
    lines += ["", "Ratios are medians relative to the best peer of the workload"
              + (f" ({results.subject} is no peer)" if results.subject else "")
              + "; for memory, to the leanest of " + ", ".join(sorted(results.lean)) + ". "
              f"A ~ marks figures whose spread is above {results.raw['max_spread']:.0%}.", ""]
    return "\n".join(lines)


def failures(results):
    lines = [[pass_name, case, name, error.replace("|", "/")]
             for pass_name, case, name, error in results.failures()]
    if not lines:
        return ""
    return ("## Failures\n\nA run that failed has no figures, here and below.\n\n"
            + table(["pass", "workload", "allocator", "what happened"], lines, 4))


def beyond(results, metric):
    """Cases in which the subject's ratio is above what is aimed at, worst first."""
    found = [(results.ratios(metric, case)[results.subject], case)
             for case in results.compared_cases(metric)]
    return sorted(((ratio, case) for ratio, case in found if ratio and ratio > metric.worst_ratio),
                  reverse=True)


def targets(results, metrics, title):
    metrics = [metric for metric in metrics if results.case_names(metric.pass_name)]
    if not metrics:
        return ""
    means = {metric: results.mean_ratios(metric) for metric in metrics}
    lines = []
    for metric in metrics:
        cells = [number(means[metric][name][0]) for name in results.names]
        lines.append([metric.title, *cells])
    out = [f"## {title}: geometric means of the ratios", "",
           table(["metric", *results.names], lines)]
    if results.subject:
        for metric in metrics:
            mean, count = means[metric][results.subject]
            if metric.worst_ratio is None or mean is None:
                continue
            over = beyond(results, metric)
            worst = ", ".join(f"{case} {ratio:.2f}" for ratio, case in over[:8]) or "none"
            verdict = "met" if mean <= metric.mean_ratio else "not met"
            out.append(f"- {metric.title}: mean {number(mean)} over {count} (aim: at most "
                       f"{metric.mean_ratio:.2f}, {verdict}); above {metric.worst_ratio:.2f} in "
                       f"{len(over)}: {worst}")
    return "\n".join(out) + "\n"


def ratios(results, metric):
    """A line per case: the best peer with its figure, and each allocator's ratio to it."""
    lines = []
    for case in results.compared_cases(metric):
        medians = results.medians(metric, case)
        best, best_name = stats.best_of(medians, results.references(metric))
        if best is None:
            continue
        found = results.ratios(metric, case)
        cells = [number(found[name]) + ("~" if results.is_wide(metric, case, name) else "")
                 for name in results.names]
        lines.append([case, f"{best_name} {number(best * metric.scale)}", *cells])
    if not lines:
        return ""
    kind = " (real programs)" if metric.pass_name == "real" else ""
    return (f"## {metric.title}{kind}\n\n"
            + table(["workload", f"best peer, {metric.unit}", *results.names], lines, 2))


def counts(results, metric):
    lines = []
    for case in results.case_names(metric.pass_name):
        medians = results.medians(metric, case)
        if metric.is_count:
            medians = {name: value and round(value) for name, value in medians.items()}
        if any(medians.values()):
            lines.append([case, *[number(medians[name]) for name in results.names]])
    if not lines:
        return ""
    unit = f", {metric.unit}" if metric.unit else ""
    return f"## {metric.title}{unit}\n\n" + table(["workload", *results.names], lines)


PERCENTILES = ("p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "p99.99_ns", "max_ns")


def latency_of(results, case, name, call):
    """Medians over the rounds of each percentile, the maximum of the maxima; None without calls."""
    rows = results.groups[("latency", case)].get(name, [])
    found = [row["latency"][call] for row in rows
             if "error" not in row and call in row.get("latency", {})]
    if not found:
        return None
    figures = {key: stats.median([one[key] for one in found]) for key in PERCENTILES}
    figures["max_ns"] = max(one["max_ns"] for one in found)
    return figures


def latency(results):
    lines = []
    for case in results.case_names("latency"):
        for call in ("malloc", "free", "realloc"):
            for name in results.names:
                figures = latency_of(results, case, name, call)
                if figures:
                    lines.append([case, call, name, *[number(figures[key]) for key in PERCENTILES]])
    if not lines:
        return ""
    header = ["workload", "call", "allocator", *[key.removesuffix("_ns") for key in PERCENTILES]]
    return "## Latency of calls, ns\n\n" + table(header, lines, 3)


def over(results, pass_name, key, unit):
    """CPU nanoseconds per operation and operations per second over threads or live bytes."""
    out = []
    cost = "churn_ns_per_op" if pass_name == "growth" else "cpu_ns_per_op"
    for case in results.case_names(pass_name):
        lines = []
        steps = sorted({row[key] for rows in results.groups[(pass_name, case)].values()
                        for row in rows})
        for step in steps:
            cells = []
            for name in results.names:
                rows = [row for row in results.groups[(pass_name, case)].get(name, [])
                        if row[key] == step]
                values = [row[cost] for row in rows if "error" not in row]
                cells.append(number(stats.median(values)) if values else "–")
            lines.append([f"{step:,}", *cells])
        what = "elapsed" if pass_name == "growth" else "CPU"
        out.append(f"## {case}: {what} ns per operation by {unit}\n\n"
                   + table([unit, *results.names], lines))
    return "\n".join(out)


def curves(results):
    """Mean resident size relative to mean live bytes."""
    lines = []
    for case in results.case_names("curves"):
        cells = []
        for name in results.names:
            rows = results.groups[("curves", case)].get(name, [{"error": ""}])
            row = rows[0]
            has_figures = "error" not in row and row["live_mean_bytes"] > 1 << 20
            cells.append(number(row["mean_kib"] * 1024 / row["live_mean_bytes"])
                         if has_figures else "–")
        if any(cell != "–" for cell in cells):
            lines.append([case, *cells])
    if not lines:
        return ""
    return ("## Mean resident size relative to mean live bytes\n\nWorkloads that hold a mebibyte "
            "or more.\n\n" + table(["workload", *results.names], lines))
