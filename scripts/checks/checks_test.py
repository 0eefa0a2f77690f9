#!/usr/bin/env python3
"""The static checks find what they are for: each runs on a small tree with one planted fault."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_check(self, check):
        command = [sys.executable, str(HERE / check), "--root", str(self.root)]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def assert_found(self, check, *texts):
        status, output = self.run_check(check)
        self.assertEqual(status, 1, output)
        for text in texts:
            self.assertIn(text, output)

    def assert_clean(self, check):
        status, output = self.run_check(check)
        self.assertEqual((status, output), (0, ""))


class LayersTest(CheckTest):
    def test_passes_when_includes_point_down(self):
        self.plant("src/core/heap.c", '#include "os/os.h"\n#include <knoll/stats.h>\n')
        self.plant("src/special/pool.c", '#include "os/source.h"\n#include <string.h>\n')
        self.assert_clean("layers.py")

    def test_fails_when_an_include_points_up(self):
        self.plant("src/ds/ring.c", '#include "base/bits.h"\n#include "os/os.h"\n')
        self.assert_found("layers.py", "src/ds/ring.c:2: src/ds may not include os/os.h")

    def test_fails_when_a_specialised_allocator_takes_more_of_os_than_sources(self):
        self.plant("src/special/pool.c", '#include "os/os.h"\n')
        self.assert_found("layers.py", "src/special may not include os/os.h")

    def test_fails_when_the_path_is_relative(self):
        self.plant("src/ds/ring.c", '#include "ring.h"\n')
        self.assert_found("layers.py", "write the path from src/")

    def test_fails_when_the_library_uses_streams(self):
        self.plant("src/ds/ring.c", "#include <stdio.h>\n")
        self.plant("src/api/malloc.c", "#include <stdlib.h>\n")
        self.assert_found("layers.py", "src/ds/ring.c:1", "src/api/malloc.c:1")

    def test_passes_when_the_include_is_commented_out(self):
        self.plant("src/ds/ring.c", '/*\n#include "os/os.h"\n*/\n')
        self.assert_clean("layers.py")


class SizesTest(CheckTest):
    LONG = "int f(int x)\n{\n" + "    x++;\n" * 60 + "    return x;\n}\n"

    def test_passes_when_small(self):
        self.plant("src/a.c", "int f(void)\n{\n    return '}' + \"{\"[0];\n}\n" * 100)
        self.assert_clean("sizes.py")

    def test_fails_when_a_file_is_long(self):
        self.plant("src/a.c", "int x;\n" * 601)
        self.assert_found("sizes.py", "src/a.c:1: the file has 601 lines")

    def test_fails_when_a_function_is_long(self):
        self.plant("src/a.c", 'struct s {\n    int a;\n};\nextern "C" {\n' + self.LONG + "}\n")
        self.assert_found("sizes.py", "src/a.c:5: function f has 64 lines")

    def test_fails_when_a_test_is_long(self):
        body = "{\n" + "    x++;\n" * 60 + "}\n"
        self.plant("tests/a.c", "KN_TEST(ring, wraps_when_full)\n" + body)
        self.assert_found("sizes.py", "function ring/wraps_when_full has 63 lines")

    def test_measures_one_branch_when_a_condition_splits_a_function(self):
        self.plant("src/a.c", "#if A\nint f(int x) {\n#else\nint f(long x) {\n#endif\nreturn 0;\n}\n")
        self.assert_clean("sizes.py")

    def test_fails_when_braces_do_not_balance(self):
        self.plant("src/a.c", "int f(void)\n{\n")
        self.assert_found("sizes.py", "braces do not balance")

    def test_passes_when_an_exception_is_granted(self):
        self.plant("src/a.c", self.LONG)
        self.plant("scripts/checks/sizes.allow", "src/a.c:f 70 a table in code\n")
        self.assert_clean("sizes.py")

    def test_fails_when_an_exception_is_not_needed(self):
        self.plant("src/a.c", "int x;\n")
        self.plant("scripts/checks/sizes.allow", "src/a.c:f 70 a table in code\n")
        self.assert_found("sizes.py", "within the budget")


class HeadersTest(CheckTest):
    def test_passes_when_a_header_stands_alone(self):
        self.plant("src/base/a.h", "#ifndef A\n#define A\n#include <stddef.h>\n"
                   "struct a {\n    size_t n;\n};\n#endif\n")
        self.assert_clean("headers.py")

    def test_fails_when_an_include_is_missing(self):
        self.plant("src/base/a.h", "#ifndef A\n#define A\nextern size_t n;\n#endif\n")
        self.assert_found("headers.py", "src/base/a.h:1: does not compile alone")

    def test_fails_when_the_guard_is_missing(self):
        self.plant("src/base/a.h", "struct a {\n    int n;\n};\n")
        self.assert_found("headers.py", "src/base/a.h:1: does not compile alone")

    def test_fails_when_a_public_header_is_not_cxx(self):
        self.plant("include/knoll/a.h", "#ifndef A\n#define A\nextern int class;\n#endif\n")
        self.assert_found("headers.py", "-std=c++17")


class WordsTest(CheckTest):
    def test_passes_when_nothing_is_left(self):
        self.plant("a.sh", "mktemp /tmp/knoll.XXXXXX\ncd $HOME/work/x\n")
        self.assert_clean("words.py")

    def test_fails_on_each_kind(self):
        self.plant("a.c", "/* TODO: more */\n")
        self.plant("b.md", "see /work/notes\n")
        self.plant("c.md", "end of space \n")
        self.plant("d.md", "no newline")
        self.plant("e.c", "\tint x;\n")
        self.assert_found("words.py", "a.c:1", "b.md:1", "c.md:1", "d.md:1", "e.c:1")


class LinksTest(CheckTest):
    def test_passes_when_the_target_exists(self):
        self.plant("docs/b.md", "# One Part\n")
        self.plant("a.md", "[b](docs/b.md) [part](docs/b.md#one-part) [web](https://example.org/)\n")
        self.assert_clean("links.py")

    def test_fails_when_a_target_is_missing(self):
        self.plant("docs/b.md", "# One\n")
        self.plant("a.md", "[b](docs/c.md)\n\n[d](docs/b.md#two)\n")
        self.assert_found("links.py", "a.md:1", "a.md:3")


class ManualsTest(CheckTest):
    HEADER = "KNOLL_API KNOLL_NODISCARD void *knoll_get(size_t bytes) KNOLL_SIZE(1);\n"
    PAGE = (".Dd May 1, 2025\n.Dt A {0}\n.Os\n.Sh NAME\n.Nm knoll_get\n.Nd gets\n"
            ".Sh SYNOPSIS\n.Fn knoll_get\n{1}")

    def plant_all(self):
        self.plant("src/core/options.def", 'KN_OPTION(on_error, CHOICE, 0, 0, 2, "a|b", "c")\n')
        self.plant("include/knoll/a.h", self.HEADER)
        self.plant("docs/man/knoll.1", ".Dd May 1, 2025\n.Dt A 1\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n"
                   ".Sh A\n.Bl -tag -width Ds\n.It Ic on_error Ns = Ns Ar b\nText.\n.El\n")
        self.plant("docs/man/a.3", self.PAGE.format(3, ""))

    def test_passes_when_everything_is_named(self):
        self.plant_all()
        self.assert_clean("manuals.py")

    def test_fails_when_an_option_or_a_function_is_missing(self):
        self.plant_all()
        self.plant("src/core/options.def", "KN_OPTION(on_error, X)\nKN_OPTION(other, X)\n")
        self.plant("include/knoll/b.h", "KNOLL_API int knoll_put(int (*visit)(int a), int b);\n")
        self.assert_found("manuals.py", "option other is not in docs/man/knoll.1",
                          "include/knoll/b.h:1: function knoll_put is not in docs/man/a.3")

    def test_fails_when_a_page_names_what_is_not_there(self):
        self.plant_all()
        self.plant("docs/man/a.3", self.PAGE.format(3, ".Fn knoll_drop\n"))
        self.assert_found("manuals.py", "docs/man/a.3:9: there is no function knoll_drop")

    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_fails_when_mandoc_warns(self):
        self.plant_all()
        self.plant("docs/man/a.3", self.PAGE.format(3, ".Xx\n"))
        self.assert_found("manuals.py", "docs/man/a.3:9: ERROR: skipping unknown macro")


class ConditionsTest(CheckTest):
    def test_passes_when_base_asks_for_the_platform(self):
        self.plant("src/base/a.h", "#if defined(__x86_64__)\n#endif\n")
        self.assert_clean("conditions.py")

    def test_fails_when_core_asks_for_the_platform(self):
        self.plant("src/core/a.c", "int x;\n#ifdef __linux__\n#endif\n")
        self.assert_found("conditions.py", "src/core/a.c:2")


class SymbolsTest(CheckTest):
    def build(self, source, *flags):
        self.plant("a.c", source)
        library = str(self.root / "liba.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, str(self.root / "a.c"), *flags],
                       check=True)
        return library

    def run_symbols(self, library):
        command = [sys.executable, str(HERE / "symbols.py"), "--root", str(self.root), library]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_passes_when_the_library_keeps_to_the_lists(self):
        self.plant("scripts/checks/imports.allow", "memset clears blocks\n")
        source = ("#include <string.h>\nvoid knoll_clear(void *p, size_t n);\n"
                  "void knoll_clear(void *p, size_t n) { memset(p, 0, n); }\n")
        self.assertEqual(self.run_symbols(self.build(source)), (0, ""))

    def test_fails_when_a_function_is_not_listed(self):
        self.plant("scripts/checks/imports.allow", "")
        source = "#include <stdio.h>\nvoid knoll_say(void) { puts(\"x\"); }\n"
        status, output = self.run_symbols(self.build(source))
        self.assertEqual(status, 1)
        self.assertIn("calls puts", output)

    def test_fails_when_an_internal_name_is_exported(self):
        self.plant("scripts/checks/imports.allow", "")
        status, output = self.run_symbols(self.build("int kn_x = 1;\n"))
        self.assertEqual(status, 1)
        self.assertIn("exports kn_x", output)

    def test_fails_when_another_library_is_needed(self):
        self.plant("scripts/checks/imports.allow", "")
        library = self.build("int knoll_x = 1;\n", "-Wl,--no-as-needed", "-lm")
        status, output = self.run_symbols(library)
        self.assertEqual(status, 1)
        self.assertIn("needs libm.so.6", output)


if __name__ == "__main__":
    unittest.main()
