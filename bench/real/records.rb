# Records in arrays and hashes, strings built and scanned.
Record = Struct.new(:number, :name, :values)

def build(count, random)
  Array.new(count) do |i|
    Record.new(i, "record #{i} #{'y' * random.rand(40)}", Array.new(random.rand(8)) { random.rand })
  end
end

count, rounds = ARGV.map(&:to_i)
random = Random.new(1)
total = 0
rounds.times do
  records = build(count, random)
  groups = records.group_by { |record| record.name.length }
  text = records.map(&:name).join("\n")
  total += groups.size + text.scan(/record \d+5 /).size
  total += records.sum { |record| record.values.size }
end
puts total
