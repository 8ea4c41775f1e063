-- Before every script: what it was given, and the few things that all of them do alike.
local PREFIX = KEYS[1]
local given = cmsgpack.unpack(ARGV[1])
local taken = 1
-- Bytes come beside the rest, in the order in which they are asked for: cmsgpack knows text only.
local function bytes() taken = taken + 1; return ARGV[taken] end
local LATER = 4503599627370496  -- 2^52: what back-fill adds to its place in a queue, and all sums stay exact
local DAY = 86400000000
local BLOCK = 64  -- days counted in one hash, few enough for Redis to keep it packed

local call = redis.call
local claims, numbers, waiting = PREFIX .. 'claims', PREFIX .. 'numbers', PREFIX .. 'waiting'
local domains, leases = PREFIX .. 'domains', PREFIX .. 'leases'

-- tostring() would round a moment in microseconds.
local function whole(number) return string.format('%.0f', number) end

-- A Redis that lost its last second gives a token twice: only with the holder does it say whose the lease is.
local function is_theirs(key)
  local held = call('HMGET', key, 'token', 'holder')
  return held[1] == whole(given.token) and held[2] == given.holder
end

local function count(source, day, claimed)
  local block = whole(math.floor(day / BLOCK)) .. ' ' .. source
  call('HINCRBY', PREFIX .. 'counts:' .. block, whole(day), claimed)
  call('SADD', PREFIX .. 'counted', block)
end

local function enqueue(domain, name, source, later)
  call('ZADD', PREFIX .. 'queue:' .. domain, whole(tonumber(name) + later * LATER), name .. ' ' .. source)
  call('SADD', domains, domain)
end

local function dequeue(domain, name, source)
  local queue = PREFIX .. 'queue:' .. domain
  call('ZREM', queue, name .. ' ' .. source)
  if call('EXISTS', queue) == 0 then call('SREM', domains, domain) end
end

-- What was postponed queues up again once its time has come.
local function wake(now)
  for _, member in ipairs(call('ZRANGEBYSCORE', waiting, '-inf', whole(now))) do
    local name, later, domain, source = member:match('^(%-?%d+) (%d) (%S+) (.*)$')
    enqueue(domain, name, source, tonumber(later))
    call('ZREM', waiting, member)
  end
end

local function drop(name, later, domain, source)
  call('HDEL', claims, name)
  call('HDEL', PREFIX .. 'postponed', name)
  call('ZREM', waiting, table.concat({name, later, domain, source}, ' '))
  dequeue(domain, name, source)
end

-- The first `limit` of a queue, of these sources or of all ({}), as {place, name} pairs.
local function first(domain, limit, sources)
  local wanted, found, at, step = {}, {}, 0, math.max(limit, 50)
  for _, source in ipairs(sources) do wanted[source] = true end
  repeat
    local page = call('ZRANGE', PREFIX .. 'queue:' .. domain, at, at + step - 1, 'WITHSCORES')
    for n = 1, #page, 2 do
      local name, source = page[n]:match('^(%S+) (.*)$')
      if #sources == 0 or wanted[source] then found[#found + 1] = {tonumber(page[n + 1]), name} end
      if #found == limit then return found end
    end
    at = at + step
  until #page == 0
  return found
end
