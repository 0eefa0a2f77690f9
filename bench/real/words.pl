# Words counted in hashes, split, sorted and joined.
use strict;
use warnings;

my ($count, $rounds) = @ARGV;
my $state = 1;

sub random_below {
    my ($bound) = @_;
    $state = ($state * 1103515245 + 12345) % 2147483648;
    return int($state / 65536) % $bound;
}

my $sum = 0;
for my $round (1 .. $rounds) {
    my @words = map { "word" . random_below(20000) . ("x" x random_below(12)) } 1 .. $count;
    my $text = join ' ', @words;
    my %seen;
    $seen{$_}++ for split / /, $text;
    my @order = sort { $seen{$b} <=> $seen{$a} || $a cmp $b } keys %seen;
    my %groups;
    push @{ $groups{length $_} }, $_ for @order;
    $sum += scalar(@order) + scalar(@{ $groups{ (sort keys %groups)[0] } });
}
print "$sum\n";
