# Writes commands that fill a database with every kind of value, in the protocol of redis-cli --pipe.
use strict;
use warnings;

sub command {
    print '*', scalar(@_), "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @_;
}

for my $i (1 .. 20_000) {
    command('set', "string:$i", "v$i" x ($i % 200));
    command('expire', "string:$i", 100_000) if $i % 50 == 0;
}
for my $i (1 .. 500) {
    command('rpush', "list:$i", map { "item $_ of $i" } 1 .. 1 + $i % 150);
    command('hset', "hash:$i", map { ("field$_", 'h' x ($_ + $i % 90)) } 1 .. 1 + $i % 140);
    command('sadd', "set:$i", map { $_ * $i } 1 .. 1 + $i % 600);
    command('zadd', "sorted:$i", map { ($_ * 1.5, "member$_") } 1 .. 1 + $i % 160);
    command('setbit', "bits:$i", $i * 1000, 1);
    command('xadd', "stream:$i", "$_-1", 'field', 's' x $_) for 1 .. $i % 20;
}
command('append', 'growing', 'g' x ($_ % 700)) for 1 .. 3000;
command('del', map { "string:$_" } grep { $_ % 3 == 0 } 1 .. 5000);
command('pfadd', 'counted', map { "word$_" } 1 .. 4000);
