# generate.pl LIBRARIES FILES DIRECTORY: a tree of small C files with one makefile for all.
use strict;
use warnings;

my ($libraries, $files, $directory) = @ARGV;
chdir $directory or die "$directory: $!";

sub write_file {
    my ($name, $text) = @_;
    open my $out, '>', $name or die "$name: $!";
    print $out $text;
    close $out or die "$name: $!";
}

for my $library (1 .. $libraries) {
    mkdir "lib$library" or die "lib$library: $!";
    for my $file (1 .. $files) {
        my $next = $file < $files ? "lib${library}_" . ($file + 1) . "(x + $file)" : 'x';
        my $declaration = $file < $files ? "int lib${library}_" . ($file + 1) . "(int);\n" : '';
        write_file("lib$library/file$file.c", <<"END");
#include <stdlib.h>
$declaration
int lib${library}_$file(int x)
{
    return abs(x) % ($file + 100) + $next;
}
END
    }
}

my $declarations = join '', map { "int lib${_}_1(int);\n" } 1 .. $libraries;
my $calls = join '', map { "    printf(\"%d\\n\", lib${_}_1($_));\n" } 1 .. $libraries;
write_file('main.c', "#include <stdio.h>\n$declarations\nint main(void)\n{\n$calls    return 0;\n}\n");
write_file('Makefile', <<"END");
LIBRARIES := \$(foreach n,$libraries,\$(shell seq \$(n)))
ARCHIVES := \$(foreach n,\$(LIBRARIES),lib\$(n)/lib\$(n).a)
SOURCES := \$(wildcard lib*/*.c)
OBJECTS := \$(SOURCES:.c=.o)

all: program
program: main.o \$(ARCHIVES)
\tgcc -o \$\@ main.o \$(ARCHIVES)

define archive_rule
lib\$(1)/lib\$(1).a: \$(filter lib\$(1)/%,\$(OBJECTS))
\tar rcD \$\$\@ \$\$(sort \$\$^)
endef
\$(foreach n,\$(LIBRARIES),\$(eval \$(call archive_rule,\$(n))))

%.o: %.c
\tgcc -O1 -c -o \$\@ \$<
clean:
\trm -f program main.o \$(ARCHIVES) \$(OBJECTS)
.PHONY: all clean
END
