# generate.pl FILES FUNCTIONS DIRECTORY: C sources whose functions call each other.
use strict;
use warnings;

my ($files, $functions, $directory) = @ARGV;

sub function_text {
    my ($file, $number) = @_;
    my $step = 1 + ($number * 7) % 13;
    my $callee = $number > 0 ? 'f' . $file . '_' . ($number - 1) . '(x / 2, table)' : 'x';
    return <<"END";
static const struct record records${file}_$number\[] = {
    {"name $number a", $number, $step * 1.5}, {"name $number b", $file, $step / 3.0},
};

int f${file}_$number(int x, int *table)
{
    int sum = 0;
    for (int i = 0; i < 16; i += $step % 3 + 1) {
        switch ((x + i) % 5) {
        case 0: sum += table[i & 7] * $step; break;
        case 1: sum ^= (int)strlen(records${file}_$number\[i & 1].name); break;
        case 2: sum -= records${file}_$number\[i & 1].number << ($step & 3); break;
        case 3: table[i & 7] += sum >> 1; break;
        default: sum += (int)records${file}_$number\[0].value;
        }
    }
    return x > $step ? sum + $callee : sum;
}

END
}

for my $file (0 .. $files - 1) {
    open my $out, '>', "$directory/part$file.c" or die "part$file.c: $!";
    print $out "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n",
        "#include <math.h>\n#include <pthread.h>\n#include <sys/socket.h>\n\n",
        "struct record {\n    const char *name;\n    int number;\n    double value;\n};\n\n";
    print $out function_text($file, $_) for 0 .. $functions - 1;
    close $out or die "part$file.c: $!";
}

open my $main, '>', "$directory/main.c" or die "main.c: $!";
print $main "#include <stdio.h>\n";
my $last = $functions - 1;
print $main "int f${_}_$last(int, int *);\n" for 0 .. $files - 1;
print $main "int main(void)\n{\n    int table[8] = {1, 2, 3, 4, 5, 6, 7, 8};\n";
print $main "    printf(\"%d\\n\", f${_}_$last(10007, table));\n" for 0 .. $files - 1;
print $main "    return 0;\n}\n";
close $main or die "main.c: $!";
