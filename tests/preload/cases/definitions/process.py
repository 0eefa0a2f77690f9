"""Threads, forks, files, privileges and sandboxes around the allocator."""

import os
import re
import shutil
from functools import partial

from harness.cases import CaseFailed, add_case

# Not asked for by anybody sane, but they must not end up in a file of the program.
WRONG_OPTIONS = {
    "KNOLL_OPTIONS": "no_such_option=1",
    "MALLOC_CONF": "no_such_option:1",
}


def program(source, *arguments, label=None, **options):
    """A case that is a program alone."""
    return lambda context: context.expect_success(
        [context.build(source, *options.get("flags", ())), *arguments], label=label
    )


def atfork(order, context):
    library = context.build("atfork_library.c", shared=True)
    storm = context.build("fork_storm.c")
    context.expect_success([storm, 40], timeout_s=90, **{order: [library]})


def fork_in_constructor(order, context):
    library = context.build("atfork_library.c", "-DFORK_IN_CONSTRUCTOR", shared=True)
    threads = context.build("threads.c")
    for _ in range(3 * context.settings.scale):
        context.expect_success([threads], **{order: [library]})


def files_closed_by_program(context):
    context.expect_success([context.build("closed_files.c"), "data", "close"])


def files_closed_by_caller(variables, context):
    """The shell that closes the files is not under the library: it has an open place to complain."""
    closed = context.build("closed_files.c")
    preload = f"LD_PRELOAD={context.library}" if context.library else ""
    command = f"{preload} exec {closed} data <&- >&- 2>&-"
    context.expect_success(["sh", "-c", command], env=variables, preload=False, label="closed_files")


def seccomp(mode, context):
    context.expect_success([context.build("seccomp.c"), mode])


def restartable_sequences(setting, context):
    variables = {"GLIBC_TUNABLES": f"glibc.pthread.rseq={setting}"}
    context.expect_success([context.build("threads.c")], env=variables)


def locked(context):
    output = context.run([context.build("locked.c")])
    if output.measurement.exit_status == 9:
        context.skip("locking memory is not allowed")
    if not output.is_success() or output.stderr:
        raise CaseFailed(output.summary())


def soname(context):
    """The name under which the loader will look for the library."""
    dynamic = context.run(["readelf", "-dW", context.library], preload=False).stdout
    match = re.search(r"soname: \[(.+)\]", dynamic)
    return match.group(1) if match else "library.so"


def secure(context):
    if os.geteuid() != 0:
        context.skip("needs root, to make a program set-user-ID")
    directory = context.directory
    library = directory / soname(context)
    shutil.copy(context.library, library)
    library.chmod(0o755)
    built = context.build("secure.c", library, f"-Wl,-rpath,{directory}")
    copy = directory / "secure"
    shutil.copy(built, copy)
    os.chown(copy, 65534, 65534)
    copy.chmod(0o4755)
    variables = dict(WRONG_OPTIONS, MALLOC_CONF="stats_print:true", MIMALLOC_SHOW_STATS="1",
                     KNOLL_OPTIONS="stats=1,no_such_option=1")
    output = context.run([copy], env=variables, preload=False)
    if output.measurement.exit_status == 9:
        context.skip("this file system ignores the set-user-ID bit")
    if not output.is_success() or output.stdout or output.stderr:
        raise CaseFailed(f"under set-user-ID: {output.summary()} {output.stdout[:200]!r}")


add_case("threads/first-call", "9 calls, each as the first of a thread, on a block of another",
         program("thread_first_call.c"))
add_case("threads/exit", "key destructors that allocate and set themselves again; flat memory",
         program("thread_exit.c"))
add_case("threads/thread-local", "C++ objects with thread storage, exceptions, name look-ups",
         program("thread_local.cc"))
for each_setting in (0, 1):
    add_case(f"threads/rseq-{each_setting}", f"glibc's restartable sequences set to {each_setting}",
             partial(restartable_sequences, each_setting))
add_case("fork/storm", "60 forks with 8 threads that allocate and free across",
         program("fork_storm.c", "60"))
add_case("fork/own-handlers", "fork handlers of the program that allocate",
         program("fork_storm.c", "30", "handlers"))
for each_order in ("before", "after"):
    add_case(f"fork/handlers-{each_order}",
             f"fork handlers of a library preloaded {each_order} ours, which allocate and sleep",
             partial(atfork, each_order))
    add_case(f"fork/constructor-{each_order}",
             "a library's constructor starts a thread that forks while the program starts",
             partial(fork_in_constructor, each_order))
add_case("closed-files/by-program", "0 to 2 closed; a file of data gets their numbers",
         files_closed_by_program)
add_case("closed-files/by-caller", "0 to 2 closed before the program starts",
         partial(files_closed_by_caller, {}))
add_case("closed-files/wrong-option", "the same with an option that deserves a complaint",
         partial(files_closed_by_caller, WRONG_OPTIONS))
for each_mode in ("kill", "no-advice", "no-remap"):
    add_case(f"seccomp/{each_mode}", "only the calls that memory and threads need are allowed",
             partial(seccomp, each_mode))
add_case("locked-memory", "mlockall, present and future", locked)
add_case("secure-process", "a set-user-ID program linked with the library; its options are ignored",
         secure, reference=False)
