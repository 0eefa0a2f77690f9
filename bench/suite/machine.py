"""What the figures were measured on."""

import datetime
import os
import pathlib
import platform
import subprocess


def file_text(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def cpu_name():
    for line in file_text("/proc/cpuinfo").splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_kib(field):
    for line in file_text("/proc/meminfo").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0


def revision(root):
    done = subprocess.run(["git", "-C", str(root), "describe", "--always", "--dirty"], text=True,
                          capture_output=True)
    return done.stdout.strip()


def describe(root):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu_name(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_mib": memory_kib("MemTotal") // 1024,
        "swap_mib": memory_kib("SwapTotal") // 1024,
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "huge_pages": file_text("/sys/kernel/mm/transparent_hugepage/enabled"),
        "overcommit": file_text("/proc/sys/vm/overcommit_memory"),
        "governor": file_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "load_at_start": os.getloadavg()[0],
        "revision": revision(root),
    }
