-- Puts staged buckets and counts in the place of the old, and takes what was sealed out of the frontier.
-- Returns 0, and changes nothing, where a claim was made or ended since they were put together.
if (call('HGET', numbers, 'last_claim') or '') ~= given.last_claim then return 0 end
if call('HLEN', claims) ~= given.waiting then return 0 end
for number = 0, given.buckets - 1 do
  local staged = PREFIX .. 'staged:' .. string.format('%04x', number)
  if call('EXISTS', staged) == 1 then call('RENAME', staged, bucket_key(number))
  else call('DEL', bucket_key(number)) end
end
for _, block in ipairs(call('SMEMBERS', PREFIX .. 'counted')) do call('DEL', PREFIX .. 'counts:' .. block) end
call('DEL', PREFIX .. 'counted')
for _, each in ipairs(given.counts) do count(each[1], each[2], each[3]) end
for _, sealed in ipairs(given.sealed) do drop(unpack(sealed)) end
local last = math.max(tonumber(given.last_claim) or given.latest, given.latest)
call('HSET', numbers, 'last_claim', whole(last), 'recounted', whole(given.now))
return 1
