-- Work whose memory is all tables, strings and closures, under either mode of the collector.
collectgarbage(arg[1])

local state = 1
local function random_below(limit)
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return (state >> 8) % limit
end

local function tables()
    local kept = {}
    for i = 1, 300000 do
        kept[random_below(5000)] = { i, text = "text" .. i % 1000, { i, i + 1 } }
    end
    local count, sum = 0, 0
    for key, value in pairs(kept) do
        count, sum = count + 1, sum + value[1] + value[2][2] + key
    end
    return count, sum
end

local function strings()
    local parts, hash = {}, 0
    for i = 1, 60000 do
        parts[#parts + 1] = string.format("%d:%s;", i, ("x"):rep(i % 37))
    end
    local text = table.concat(parts)
    for number, run in text:gmatch("(%d+):(x+)") do
        hash = (hash * 31 + number + #run) & 0xffffffff
    end
    local growing = ""
    for i = 1, 3000 do
        growing = growing .. string.char(97 + i % 26)
    end
    return #text, hash, #text:gsub("x+", string.upper), #growing
end

local function coroutines()
    local function walk(tree)
        if tree then
            walk(tree.left)
            coroutine.yield(tree.key)
            walk(tree.right)
        end
    end
    local root
    local function insert(node, key)
        if not node then
            return { key = key }
        end
        local side = key < node.key and "left" or "right"
        node[side] = insert(node[side], key)
        return node
    end
    for _ = 1, 3000 do
        root = insert(root, random_below(1000000))
    end
    local last, ordered, count = -1, true, 0
    for key in coroutine.wrap(function() walk(root) end) do
        ordered, last, count = ordered and key >= last, key, count + 1
    end
    for _ = 1, 5000 do
        coroutine.wrap(function(...) coroutine.yield(...) end)(1, 2, 3)
    end
    return ordered, count
end

local function collected()
    local weak = setmetatable({}, { __mode = "k" })
    local finalised = 0
    for _ = 1, 20000 do
        weak[setmetatable({}, { __gc = function() finalised = finalised + 1 end })] = true
    end
    collectgarbage()
    collectgarbage()
    return next(weak) == nil, finalised
end

for _, work in ipairs { tables, strings, coroutines, collected } do
    print(work())
end
local ok, message = pcall(error, { code = 7 })
print(ok, type(message), select("#", table.unpack({}, 1, 200000)))
