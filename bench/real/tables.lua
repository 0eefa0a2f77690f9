-- Tables that grow, closures, and strings built and taken apart.
local count, rounds = tonumber(arg[1]), tonumber(arg[2])
local state = 1

local function random_below(bound)
  state = (state * 1103515245 + 12345) % 2147483648
  return (state // 65536) % bound
end

local function build()
  local nodes = {}
  for i = 1, count do
    nodes[i] = { number = i, name = "node" .. random_below(1000), next = nodes[i - 1],
                 value = function() return i end }
  end
  return nodes
end

local sum = 0
for _ = 1, rounds do
  local nodes, names = build(), {}
  for _, node in ipairs(nodes) do
    names[node.name] = (names[node.name] or 0) + node.value()
  end
  local parts = {}
  for name, total in pairs(names) do
    parts[#parts + 1] = name .. "=" .. total
  end
  table.sort(parts)
  for number in table.concat(parts, ","):gmatch("=(%d+)") do
    sum = (sum + tonumber(number)) % 1000000007
  end
end
print(sum)
