"""Medians, spreads, ratios and means. A value of None stands for a run that failed."""

import math
import statistics


def median(values):
    return statistics.median(values)


def spread(values):
    """How far the middle half of the values reaches, relative to the median; of fewer than four
    values, how far all of them do."""
    middle = statistics.median(values)
    if len(values) < 2 or middle == 0:
        return 0.0
    if len(values) < 4:
        return (max(values) - min(values)) / middle
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (high - low) / middle


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def best_of(medians, references):
    """The least value among the references, and whose it is; (None, None) without any."""
    known = [(value, name) for name, value in medians.items()
             if name in references and value is not None]
    return min(known) if known else (None, None)


def ratios_to_best(medians, references):
    """Each allocator's value relative to the least of the references."""
    best, _ = best_of(medians, references)
    if not best:
        return {name: None for name in medians}
    return {name: None if value is None else value / best for name, value in medians.items()}
