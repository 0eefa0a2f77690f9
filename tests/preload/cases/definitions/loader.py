"""What happens before main, after it, and while libraries come and go."""

import shutil
from functools import partial

from harness.cases import CaseFailed, add_case

PLACES = {
    "preinit": "PLACE_PREINIT",
    "ifunc": "PLACE_IFUNC",
    "constructor": "PLACE_CONSTRUCTOR",
    "main": "PLACE_MAIN",
}
CALLS = """free malloc_usable_size realloc-0 realloc-8 calloc memalign posix_memalign aligned_alloc
    valloc malloc_trim mallinfo2 malloc_info mallopt malloc reallocarray malloc-large malloc-huge
    calloc-overflow""".split()


def first_call(place, context):
    program = context.build("first_call.c", f"-DPLACE={PLACES[place]}")
    for call in CALLS:
        context.expect_success([program, call], label=call)


def first_call_in_library(order, context):
    library = context.build("first_call.c", "-DPLACE=PLACE_LIBRARY", shared=True)
    program = context.build("first_call.c", "-DPLACE=PLACE_MAIN")
    for call in CALLS:
        context.expect_success([program, call], label=call, **{order: [library]})


def exit_order(way, context):
    plugin = context.build("exit_order_plugin.cc", shared=True)
    program = context.build("exit_order.cc", "-ldl")
    for order in ({}, {"before": [plugin]}, {"after": [plugin]}):
        for _ in range(5 * context.settings.scale):
            context.expect_success([program, plugin, way], label=f"{way} {order}", **order)


WRAPPED_COMMANDS = [
    (["true"], ""),
    (["sh", "-c", "echo a | cat; echo b"], "a\nb\n"),
    (["/usr/bin/python3", "-c", "import json, threading; print(json.dumps({}))"], "{}\n"),
    (["perl", "-e", "print join ',', map { $_ * 2 } 1 .. 3"], "2,4,6"),
    (["redis-server", "--version"], None),
]


def wrapped(flags, order, context):
    wrappers = context.build("wrappers.c", *flags, "-ldl", shared=True)
    threads = context.build("threads.c")
    # redis-server brings an allocator of its own, which hangs by itself under such wrappers.
    commands = [word for word in WRAPPED_COMMANDS if not flags or word[0][0] != "redis-server"]
    for command, stdout in [([threads], ""), *commands]:
        if shutil.which(str(command[0]), path="/usr/bin:/bin:/usr/sbin:/"):
            context.expect_success(command, stdout, **{order: [wrappers]})


def deepbind(function, context):
    plugin = context.build("deepbind_plugin.c", shared=True)
    program = context.build("deepbind.c", "-ldl")
    context.expect_success([program, plugin, function])


def small_tls_libraries(context, count):
    library = context.build("small_tls.c", shared=True)
    copies = []
    for number in range(count):
        copies.append(context.directory / f"small{number}.so")
        shutil.copy(library, copies[-1])
    return copies


def dlopen_after_tls(context):
    program = context.build("dlopen_allocator.c", "-ldl")
    libraries = small_tls_libraries(context, 20)
    context.expect_success([program, *libraries, context.library], preload=False,
                           label="dlopen_allocator")


def two_copies(context):
    program = context.build("dlopen_allocator.c", "-ldl")
    copy = context.directory / "copy.so"
    shutil.copy(context.library, copy)
    context.expect_success([program, copy])


def dlclose_loop(context):
    program = context.build("dlclose_loop.cc", "-ldl")
    plugin = context.build("exit_order_plugin.cc", shared=True)
    copies = [context.directory / f"plugin{number}.so" for number in range(10)]
    for copy in copies:
        shutil.copy(plugin, copy)
    context.expect_success([program, *copies], label="dlclose_loop")


def thread_storage_is_small(context):
    readelf = context.run(["readelf", "-lW", context.library], preload=False)
    sizes = [line.split()[5] for line in readelf.stdout.splitlines() if line.split()[:1] == ["TLS"]]
    if sizes and int(sizes[0], 16) > 96:
        raise CaseFailed(f"{int(sizes[0], 16)} bytes of thread storage, more than 96")


for each_place in PLACES:
    add_case(f"first-call/{each_place}", "18 calls, each as the first of a process",
             partial(first_call, each_place))
for each_order in ("before", "after"):
    add_case(f"first-call/library-{each_order}",
             f"18 calls from the constructor of a library preloaded {each_order} ours",
             partial(first_call_in_library, each_order))
    add_case(f"wrapped-calls/{each_order}",
             f"open, mmap, getenv and others wrapped by a library {each_order} ours",
             partial(wrapped, [], each_order))
    add_case(f"wrapped-calls/allocating-{each_order}",
             "the same, where each wrapper calls malloc",
             partial(wrapped, ["-DALLOCATES"], each_order))
for each_way in ("return", "exit", "quick_exit", "_exit", "thread"):
    add_case(f"exit-order/{each_way}",
             "static objects, atexit, detached threads that allocate until the end",
             partial(exit_order, each_way))
for each_function in ("asprintf", "strdup", "getline", "getcwd", "memstream", "scandir", "realloc",
                      "usable_size"):
    add_case(f"deepbind/{each_function}", "a plugin opened with RTLD_DEEPBIND frees libc's result",
             partial(deepbind, f"plugin_{each_function}"))
for each_function in ("free-here", "free-there"):
    add_case(f"deepbind/{each_function}", "a block crosses the border of such a plugin",
             partial(deepbind, each_function))
add_case("dlopen/after-small-tls", "the library opened after 20 others with thread storage",
         dlopen_after_tls, reference=False)
add_case("dlopen/two-copies", "a second copy of the library opened by a program under the first",
         two_copies, reference=False)
add_case("dlopen/loop", "dlopen and dlclose beside exceptions and allocation", dlclose_loop)
add_case("dlopen/thread-storage", "at most 96 bytes of initial-exec thread storage",
         thread_storage_is_small, reference=False)
