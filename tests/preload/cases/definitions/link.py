"""Other ways to build or run a program: static, with a sanitizer, a profiler, valgrind."""

import shutil
import subprocess
from functools import partial
from pathlib import Path

from harness.cases import CASES, CaseFailed, add_case

HELLO = {"hello.c": "hello 7\n", "hello.cc": "hello xxxxxxx\n"}


def static(source, flags, context):
    """With the library's archive; in the reference run with libc alone."""
    if context.library is None:
        program = context.build(source, *flags)
    else:
        archive = context.settings.archive
        if not archive:
            context.skip("no archive beside the library (see --archive)")
        where = trace_malloc(source, [*flags, archive], context)
        if Path(archive).name not in where:
            raise CaseFailed(f"malloc does not come from the archive: {where}")
        program = context.build(source, *flags, archive)
    for _ in range(3):
        context.expect_success([program], HELLO[source], preload=False)


def trace_malloc(source, flags, context):
    """The linker's own word on where malloc is defined."""
    compiler = "c++" if source.endswith(".cc") else "cc"
    command = [compiler, "-D_GNU_SOURCE", "-pthread", str(CASES / source), *flags,
               "-Wl,--trace-symbol=malloc", "-o", str(context.directory / "traced")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "definition of" in line]
    return " / ".join(lines)


def instrumented(flags, compiler, wrapper, context):
    """The program must work by itself, or there is nothing to say about the library."""
    try:
        program = context.build("hello.c", *flags, compiler=compiler)
    except CaseFailed:
        context.skip(f"{compiler} {' '.join(flags)} does not work here")
    if not context.run([*wrapper, program], preload=False).is_success():
        context.skip("the program does not run here by itself")
    context.expect_success([*wrapper, program], HELLO["hello.c"])


# sort and ls use reallocarray, which valgrind does not know.
VALGRIND_COMMANDS = [
    ["sort", "-r", "/etc/passwd"],
    ["ls", "-l", "/usr"],
    ["perl", "-e", "my %h = map { $_ => 1 } 1 .. 999; print scalar keys %h"],
]


def under_valgrind(tool, context):
    """valgrind's malloc stands in for the library's as it does for libc's."""
    if shutil.which("valgrind") is None:
        context.skip("there is no valgrind")
    valgrind = ["valgrind", "-q", f"--tool={tool}", "--error-exitcode=9", "--trace-children=no"]
    if tool == "massif":
        valgrind.append("--massif-out-file=/dev/null")
    hello = context.build("hello.cc")
    context.expect_success([*valgrind, hello], HELLO["hello.cc"])
    if tool == "memcheck":
        for command in VALGRIND_COMMANDS:
            context.expect_success([*valgrind, *command], stdout=None)


for each_source, each_language in (("hello.c", "c"), ("hello.cc", "c++")):
    add_case(f"static/{each_language}", "-static, with the archive",
             partial(static, each_source, ["-static"]))
    add_case(f"static-pie/{each_language}", "-static-pie, with the archive",
             partial(static, each_source, ["-static-pie"]))
    add_case(f"archive/{each_language}", "dynamic, with the archive",
             partial(static, each_source, []))
for each_compiler, each_flag in (("gcc", "-static-libasan"), ("clang", "-static-libsan")):
    add_case(f"sanitizer/address-{each_compiler}", "a program with the address sanitizer",
             partial(instrumented, ["-fsanitize=address", each_flag], each_compiler, []))
    add_case(f"sanitizer/thread-{each_compiler}", "a program with the thread sanitizer",
             partial(instrumented, ["-fsanitize=thread", each_flag.replace("asan", "tsan")],
                     each_compiler, ["setarch", "-R"]))
add_case("sanitizer/thread-gcc-shared", "the same with the sanitizer in a library",
         partial(instrumented, ["-fsanitize=thread"], "gcc", ["setarch", "-R"]),
         shortfall="a sanitizer in a library has to come before all others")
for each_tool in ("memcheck", "helgrind", "massif"):
    add_case(f"valgrind/{each_tool}", "programs under a tool of valgrind that replaces malloc",
             partial(under_valgrind, each_tool))
add_case("profiled", "a program built with -pg", partial(instrumented, ["-pg"], "gcc", []))
