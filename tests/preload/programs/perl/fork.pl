# fork from a program whose other threads allocate all the time.
use strict;
use warnings;
use threads;
use threads::shared;

my $stop :shared = 0;
my @churners = map {
    threads->create(sub {
        my $count = 0;
        until ($stop) {
            my %hash = map { ($_ => 'x' x $_) } 1 .. 200;
            $count++;
        }
        return $count > 0;
    })
} 1 .. 3;

my %statuses;
for my $number (1 .. 30) {
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        my %own = map { ($_ => [1 .. 10]) } 1 .. 2000;
        require POSIX;
        POSIX::_exit(scalar(keys %own) == 2000 ? 7 : 1);
    }
    waitpid $pid, 0;
    $statuses{$?}++;
}
$stop = 1;
print 'churned ', scalar(grep { $_->join } @churners), "\n";
print "status $_: $statuses{$_}\n" for sort keys %statuses;

# A tree of plain forks, with pipes.
sub tree {
    my ($depth) = @_;
    return 1 if $depth == 0;
    my $sum = 1;
    for (1 .. 2) {
        my $pid = open(my $pipe, '-|') // die "fork: $!";
        if ($pid == 0) {
            print tree($depth - 1);
            exit 0;
        }
        $sum += <$pipe>;
        close $pipe;
    }
    return $sum;
}
print 'nodes ', tree(4), "\n";
