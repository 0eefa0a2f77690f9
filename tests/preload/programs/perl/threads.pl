# Interpreter threads: each one clones the whole interpreter, and frees it all when it is joined.
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;

my %data = map { $_ => 'v' x ($_ % 100) } 1 .. 3000;

for my $round (1 .. 3) {
    my @threads = map {
        my $number = $_;
        threads->create(sub {
            my %own = map { ("$number-$_" => $data{$_}) } 1 .. 3000;
            return length(join '', values %own);
        })
    } 1 .. 4;
    print "round $round: ", join(' ', map { $_->join } @threads), "\n";
}

my $queue  = Thread::Queue->new;
my $total :shared = 0;
my @consumers = map {
    threads->create(sub {
        while (defined(my $item = $queue->dequeue)) {
            lock $total;
            $total += length $item;
        }
    })
} 1 .. 3;
$queue->enqueue('z' x ($_ % 500)) for 1 .. 3000;
$queue->end;
$_->join for @consumers;
print "total $total\n";
threads->create(sub { my @items = map { 'w' x $_ } 1 .. 1000; })->detach for 1 .. 3;
select undef, undef, undef, 0.2;
