# history.pl COMMITS: writes a history for git fast-import, the same one each time.
use strict;
use warnings;

my $commits = shift // 300;
my $state   = 12345;

sub random_below {
    my ($limit) = @_;
    $state = ($state * 1103515245 + 12345) & 0x7fffffff;
    return ($state >> 8) % $limit;
}

my %files;
for my $number (1 .. 40) {
    $files{"src/file$number.txt"} = [map { "line $_ of file $number\n" } 1 .. 120];
}

sub print_data {
    my ($text) = @_;
    print 'data ', length($text), "\n$text\n";
}

for my $commit (1 .. $commits) {
    my @changed = sort keys %files;
    if ($commit > 1) {
        @changed = map { $changed[random_below(scalar @changed)] } 1 .. 3;
        for my $name (@changed) {
            my $lines = $files{$name};
            my $at    = random_below(scalar @$lines);
            splice @$lines, $at, random_below(3), "changed by $commit at $at\n";
        }
    }
    print "commit refs/heads/main\nmark :$commit\n";
    my $time = 1_000_000_000 + 60 * $commit;
    print "committer author", $commit % 7, " <a\@example.org> $time +0000\n";
    print_data("Commit number $commit\n\nWhy it was made.\n");
    print 'from :', $commit - 1, "\n" if $commit > 1;
    my %seen;
    for my $name (grep { !$seen{$_}++ } @changed) {
        print "M 100644 inline $name\n";
        print_data(join '', @{$files{$name}});
    }
}
print "done\n";
