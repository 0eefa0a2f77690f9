"""Limits, foreign pointers, and what the functions promise."""

import shutil
from functools import partial

from harness.cases import CaseFailed, add_case

MIB = 1 << 20
SIGABRT = 6

LIMITED_COMMANDS = [
    (["true"], ""),
    (["sh", "-c", "echo a | cat"], "a\n"),
    (["perl", "-e", "my %h = map { $_ => 1 } 1 .. 9999; print scalar keys %h"], "9999"),
    (["/usr/bin/python3", "-S", "-c", "print(len([str(i) for i in range(99999)]))"], "99999\n"),
]


def limited_commands(kind, limit, context):
    for command, stdout in LIMITED_COMMANDS:
        context.expect_success(["prlimit", f"--{kind}={limit}", *command], stdout, label=command[0])
    threads = context.build("threads.c")
    # Six stacks of 8 MiB count as well.
    if limit >= 256 * MIB:
        context.expect_success(["prlimit", f"--{kind}={limit}", threads])


def limited_fill(kind, limit, share, context):
    fill = context.build("fill_memory.c")
    blocks = [256 * 1024, 1 * MIB] if limit >= 1024 * MIB else [0, 40000, 1 * MIB]
    for block in blocks:
        context.expect_success(["prlimit", f"--{kind}={limit}", fill, block, limit, share],
                               label=f"blocks of {block or 'mixed sizes'}")


FAMILY = """malloc calloc realloc free memalign aligned_alloc posix_memalign valloc pvalloc
    reallocarray malloc_usable_size malloc_trim malloc_stats malloc_info mallinfo mallinfo2
    mallopt""".split()
# new and delete: plain, arrays, nothrow, aligned, sized, in the names of the C++ ABI.
OPERATORS = """_Znwm _Znam _ZnwmRKSt9nothrow_t _ZnamRKSt9nothrow_t _ZnwmSt11align_val_t
    _ZnamSt11align_val_t _ZnwmSt11align_val_tRKSt9nothrow_t _ZnamSt11align_val_tRKSt9nothrow_t
    _ZdlPv _ZdaPv _ZdlPvm _ZdaPvm _ZdlPvRKSt9nothrow_t _ZdaPvRKSt9nothrow_t _ZdlPvSt11align_val_t
    _ZdaPvSt11align_val_t _ZdlPvmSt11align_val_t _ZdaPvmSt11align_val_t
    _ZdlPvSt11align_val_tRKSt9nothrow_t _ZdaPvSt11align_val_tRKSt9nothrow_t""".split()


def overridden(names, flags, context):
    program = context.build("override_names.c", *flags, "-ldl")
    lines = context.expect_success([program, *names], stdout=None).stdout.splitlines()
    providers = dict(line.split(" ", 1) for line in lines)
    if len(providers) != len(names) or "-" in providers.values():
        raise CaseFailed(f"no provider of {[n for n in names if providers.get(n, '-') == '-']}")
    if context.library:
        others = [name for name in names if providers[name] != context.library]
        if others:
            raise CaseFailed(f"not replaced: {' '.join(others)}")


LIBC_KINDS = ("libc", "libc-large")
FOREIGN_KINDS = ("stack", "data", "interior", "misaligned", "mapped", "unmapped", "non-canonical",
                 "freed-large")


def foreign(kind, context):
    """libc's own blocks have to work; any other is ignored or reported, but never a fault."""
    program = context.build("foreign.c")
    for call in ("free", "realloc", "malloc_usable_size"):
        output = context.run([program, call, kind])
        if output.is_success():
            continue
        if kind in LIBC_KINDS or output.measurement.signal != SIGABRT:
            raise CaseFailed(f"{call}: {output.summary()}")
        if not output.stderr.strip():
            raise CaseFailed(f"{call}: aborts without a word")


def simple(source, context):
    context.expect_success([context.build(source)])


for each_limit, each_name in ((64 * MIB, "64M"), (256 * MIB, "256M"), (1 << 30, "1G"), (1 << 32, "4G")):
    add_case(f"limit/address-space-{each_name}", f"commands under prlimit --as={each_name}",
             partial(limited_commands, "as", each_limit))
    add_case(f"limit/fill-address-space-{each_name}",
             "85 % of the limit can be had, then ENOMEM, and the same again",
             partial(limited_fill, "as", each_limit, 85))
for each_limit, each_name in ((64 * MIB, "64M"), (256 * MIB, "256M")):
    add_case(f"limit/data-{each_name}", f"commands under prlimit --data={each_name}",
             partial(limited_commands, "data", each_limit))
    add_case(f"limit/fill-data-{each_name}", "85 % of a limit on data can be had, then ENOMEM",
             partial(limited_fill, "data", each_limit, 85))
add_case("replaced/malloc-family", "no function of glibc's family is left to libc",
         partial(overridden, FAMILY, []))
if shutil.which("c++"):
    add_case("replaced/operators", "no operator new or delete is left to libstdc++",
             partial(overridden, OPERATORS, ["-Wl,--no-as-needed", "-lstdc++"]))
add_case("replaced/by-program", "a program with a malloc of its own keeps it",
         partial(simple, "own_malloc.c"))
for each_kind in LIBC_KINDS:
    add_case(f"foreign/{each_kind}", "a block of libc's own allocator is freed, grown, measured",
             partial(foreign, each_kind))
for each_kind in FOREIGN_KINDS:
    add_case(f"foreign/{each_kind}", "a pointer that is no block: ignored, or a report and abort",
             partial(foreign, each_kind), reference=False)
add_case("promises/family", "zero sizes, failures, alignment, errno as with glibc",
         partial(simple, "family.c"))
add_case("promises/operators", "all forms of new and delete, new-handler, bad_alloc",
         partial(simple, "operators.cc"))
add_case("promises/give-back", "malloc_trim from all threads' heaps; mallinfo2 close to the truth",
         partial(simple, "give_back.c"))
