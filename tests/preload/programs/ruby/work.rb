# Work for Ruby's heap and for malloc below it, in threads and forked processes.
require 'digest'
require 'json'
require 'set'
require 'zlib'

def digest(text)
  Digest::SHA256.hexdigest(text)[0, 16]
end

def strings
  text = +''
  60_000.times { |i| text << (97 + i % 26).chr * (i % 17) }
  words = text.scan(/a+|[m-q]+/)
  [text.size, words.size, digest(text.gsub(/[aeiou]+/) { |run| run.upcase.reverse })]
end

def tables
  table = Hash.new { |hash, key| hash[key] = [] }
  100_000.times { |i| table["key#{i * 7919 % 10_007}"] << i.to_s * (i % 5) }
  table.delete_if { |key, _| key.end_with?('3') }
  again = Marshal.load(Marshal.dump(table.to_a))
  [table.size, digest(again.sort.map { |key, list| key + list.join }.join), Set.new(table.keys).size]
end

def compacted
  kept = Array.new(50_000) { |i| { number: i, text: "text #{i}" * (i % 9) } }
  kept = kept.each_slice(3).map(&:first)
  3.times do
    GC.start
    GC.compact
  end
  [kept.sum { |item| item[:number] }, digest(kept.map { |item| item[:text] }.join)]
end

def threads
  queue = Queue.new
  25.times.map do |number|
    Thread.new do
      Thread.current[:local] = 'x' * 10_000
      200.times { |i| queue << Zlib.crc32("#{number}-#{i}" * (i % 100)) }
    end
  end.each(&:join)
  sum = 0
  sum += queue.pop until queue.empty?
  40.times { Array.new(20) { |i| Thread.new { Array.new(100) { 'y' * i } } }.each(&:join) }
  sum
end

# Automatic compaction in a child of a process with threads crashes Ruby 3.1 by itself at times.
def forked
  GC.auto_compact = false
  stop = false
  churn = Array.new(3) { Thread.new { Array.new(500) { |i| 'z' * i } until stop } }
  statuses = Array.new(15) do |number|
    pid = fork do
      GC.compact if number.odd?
      exit!(Array.new(20_000) { |i| "child #{i}" }.size % 251)
    end
    Process.wait2(pid)[1].exitstatus
  end
  stop = true
  churn.each(&:join)
  read, write = IO.pipe
  Process.wait(fork { write.puts JSON.generate((1..2000).map { |i| { i: i, s: 's' * (i % 20) } }) })
  write.close
  [statuses.uniq, digest(read.read)]
ensure
  GC.auto_compact = true
end

def fibers
  Array.new(500) { |i| Fiber.new { 10.times { |j| Fiber.yield(i * j) } } }
       .sum { |fiber| Array.new(10) { fiber.resume }.sum }
end

def ractors
  verbose, $VERBOSE = $VERBOSE, nil
  workers = Array.new(4) { |number| Ractor.new(number) { |n| Array.new(20_000) { |i| "#{n}#{i}" }.sum(&:size) } }
  workers.sum(&:take)
ensure
  $VERBOSE = verbose
end

$VERBOSE = nil
GC.auto_compact = true
%i[strings tables compacted threads forked fibers ractors].each do |work|
  puts "#{work} #{send(work).inspect}"
  $stdout.flush
end
