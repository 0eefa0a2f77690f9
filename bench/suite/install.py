"""Debian packages that the suite needs and that are not there yet."""

import os
import shutil
import subprocess


class CannotInstall(Exception):
    pass


def is_installed(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], text=True,
                          capture_output=True)
    return done.returncode == 0 and done.stdout.endswith("ok installed")


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], text=True,
                          capture_output=True)
    return done.stdout if done.returncode == 0 else ""


def install(packages):
    """Installs what is missing of `packages`."""
    missing = sorted({package for package in packages if not is_installed(package)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise CannotInstall(f"there is no apt-get here; missing: {' '.join(missing)}")
    print(f"installing: {' '.join(missing)}", flush=True)
    root = [] if os.geteuid() == 0 else ["sudo"]
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q",
           "-o", "Acquire::Retries=3"]
    for command in ([*apt, "update"],
                    [*apt, "install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise CannotInstall(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr}")
