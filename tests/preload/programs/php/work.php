<?php
// Arrays, strings, objects with cycles, generators, serialising, regular expressions, processes.
mt_srand(1);

function digest(string $text): string
{
    return substr(hash('sha256', $text), 0, 16);
}

class Node
{
    public array $edges = [];

    public function __construct(public int $id, public string $payload)
    {
    }
}

function tables(): array
{
    $table = [];
    for ($i = 0; $i < 200000; $i++) {
        $table['key' . ($i * 7919 % 20011)][] = $i % 100;
    }
    ksort($table);
    $filtered = array_filter($table, fn ($list) => count($list) % 2 == 0);
    return [count($table), count($filtered), digest(json_encode($filtered))];
}

function cycles(): array
{
    for ($round = 0; $round < 20; $round++) {
        $nodes = [];
        for ($i = 0; $i < 500; $i++) {
            $nodes[] = new Node($i, str_repeat('p', $i));
        }
        foreach ($nodes as $node) {
            $node->edges = [$nodes[mt_rand(0, 499)], $nodes[mt_rand(0, 499)]];
        }
        unset($nodes, $node);
    }
    return [gc_collect_cycles() >= 0];
}

function strings(): array
{
    $text = '';
    for ($i = 0; $i < 100000; $i++) {
        $text .= chr(97 + $i % 26) . ($i % 10 == 0 ? ' ' : '');
    }
    preg_match_all('/\b([a-m]+)([n-z]+)/', $text, $matches);
    $changed = preg_replace_callback('/[aeiou]+/', fn ($m) => strtoupper($m[0]), $text);
    return [count($matches[0]), digest($changed), digest(gzcompress($text, 9)), count(explode(' ', $text))];
}

function generated(): array
{
    $source = (function () {
        for ($i = 0; $i < 100000; $i++) {
            yield $i => str_repeat('g', $i % 50);
        }
    })();
    $sum = 0;
    foreach ($source as $key => $value) {
        $sum += $key * strlen($value);
    }
    return [$sum, strlen(serialize(unserialize(serialize(range(1, 50000)))))];
}

function extensions(): array
{
    $heap = new SplMinHeap();
    for ($i = 0; $i < 30000; $i++) {
        $heap->insert(($i * 7919) % 30011);
    }
    $first = [$heap->extract(), $heap->extract()];
    $fixed = SplFixedArray::fromArray(range(0, 30000));
    $fixed->setSize(60000);
    $date = new DateTimeImmutable('@1000000000');
    $days = new DatePeriod($date, new DateInterval('P1D'), 300);
    return [$first, $fixed->getSize(), iterator_count($days), digest(openssl_digest('x', 'sha512'))];
}

function processes(): array
{
    $statuses = [];
    for ($i = 0; $i < 5; $i++) {
        $pid = pcntl_fork();
        if ($pid == 0) {
            $own = array_map(fn ($n) => str_repeat('c', $n % 100), range(0, 20000));
            exit(count($own) % 200);
        }
        pcntl_waitpid($pid, $status);
        $statuses[] = pcntl_wexitstatus($status);
    }
    return [$statuses, trim(shell_exec('echo from a shell'))];
}

foreach (['tables', 'cycles', 'strings', 'generated', 'extensions', 'processes'] as $work) {
    echo $work, ' ', json_encode($work()), "\n";
}
