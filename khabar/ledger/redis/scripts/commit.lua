-- Writes what was decided, if what it was decided on is still so: all of it or nothing.
-- Returns {0} where somebody wrote in between; else {1, whether the day's forgetting is due, names of the claims}.
local loaded = {}
local changes = {}
for n, number in ipairs(given.buckets) do
  local key, before, after = bytes(), bytes(), bytes()
  changes[n] = {number, key, after}
  loaded[number] = loaded[number] or call('GET', bucket_key(number)) or ''
  if record(loaded[number], key) ~= before then return {0} end
end
for _, ended in ipairs(given.ended) do
  if call('HEXISTS', claims, ended[1]) == 0 then return {0} end
end

for _, change in ipairs(changes) do
  loaded[change[1]] = with_record(loaded[change[1]], change[2], change[3])
end
for number, bucket in pairs(loaded) do call('SET', bucket_key(number), bucket) end

local answer = {1, 0}
local last = tonumber(call('HGET', numbers, 'last_claim') or nil)
for _, claim in ipairs(given.claims) do
  local domain, source, later = unpack(claim)
  local at = given.now
  if last and last >= at and last - at < given.clock_back then at = last + 1 end
  while call('HEXISTS', claims, whole(at)) == 1 do at = at + 1 end
  last = at
  call('HSET', claims, whole(at), bytes())
  enqueue(domain, whole(at), source, later)
  -- The day of the claim, which a bump may have moved past midnight: outcomes count on it.
  count(source, math.floor(at / DAY), 1)
  answer[#answer + 1] = whole(at)
end
if #given.claims > 0 then call('HSET', numbers, 'last_claim', whole(last)) end

for _, ended in ipairs(given.ended) do drop(unpack(ended)) end
if #given.endpoint > 0 then
  call('HSET', PREFIX .. 'endpoints', given.endpoint[1], given.endpoint[2])
  call('ZADD', PREFIX .. 'kept', whole(given.now), given.endpoint[1])
  local pruned = tonumber(call('HGET', numbers, 'pruned') or nil)
  if not pruned or given.now - pruned >= DAY then answer[2] = 1 end
end
return answer
