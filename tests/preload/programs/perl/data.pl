# Hashes built and torn down, strings that grow, nested data, sorts, formats, packed records.
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use List::Util qw(sum0);
use Storable qw(freeze thaw);

my %table;
for my $round (1 .. 3) {
    $table{"key-" . ($_ * 7919 % 200003)} = "value " x ($_ % 7) for 1 .. 60000;
    delete $table{"key-" . ($_ * 7919 % 200003)} for grep { $_ % 3 } 1 .. 60000;
    print "round $round: ", scalar(keys %table), ' ',
        md5_hex(join ',', map { "$_=$table{$_}" } sort keys %table), "\n";
}
%table = ();

my $text = '';
$text .= chr(32 + $_ % 90) x ($_ % 11) for 1 .. 60000;
my $count = () = $text =~ /([A-Z])([a-z]+)/g;
(my $changed = $text) =~ s/(\d+)/<$1>/g;
print length($text), " $count ", md5_hex($changed), "\n";

my @records = map { { id => $_, list => [1 .. $_ % 20], text => "x" x ($_ % 300) } } 1 .. 8000;
my $again = thaw(freeze(\@records));
print sum0(map { scalar @{$_->{list}} } @$again), ' ', length(freeze($again)), "\n";

my @sorted = sort { $a->{text} cmp $b->{text} || $b->{id} <=> $a->{id} } @$again;
print md5_hex(join ',', map { $_->{id} } @sorted), "\n";

my $packed = join '', map { pack 'NnC/a*', $_ * $_, $_ % 65536, "name$_" } 1 .. 5000;
print length($packed), ' ', md5_hex($packed), "\n";

# Cycles that are never freed, and objects destroyed at global destruction.
package Counted;
my $destroyed = 0;
sub new     { my ($class, $n) = @_; return bless { n => $n, pad => 'y' x $n }, $class }
sub DESTROY { $destroyed++ }

package main;
{
    my @objects = map { Counted->new($_) } 1 .. 5000;
}
print "destroyed $destroyed\n";
our @global = map { Counted->new($_) } 1 .. 100;
our $cycle = { };
$cycle->{self} = $cycle;
