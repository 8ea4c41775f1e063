-- Takes claims out of the frontier and puts others in, under the times that they have. One that waits already stays
-- where it is.
for _, dropped in ipairs(given.dropped) do drop(unpack(dropped)) end
local last = tonumber(call('HGET', numbers, 'last_claim') or nil) or 0
for _, claim in ipairs(given.claims) do
  local name, later, domain, source = unpack(claim)
  if call('HSET', claims, name, bytes()) == 1 then enqueue(domain, name, source, tonumber(later)) end
  last = math.max(last, tonumber(name))
end
if #given.claims > 0 then call('HSET', numbers, 'last_claim', whole(last)) end
