-- Takes a lease and counts the try; the same holder may take its own again, and gets a new token.
local key = PREFIX .. 'lease:' .. given.name
local held = call('HMGET', key, 'holder', 'until', 'released')
local ends = tonumber(held[2] or 0)
local running = held[3] == '0' and ends >= given.soonest and ends <= given.latest
if running and held[1] ~= given.holder then return false end
-- One number for all names, so that a lease may be forgotten and its name's next token still be higher.
local token = call('HINCRBY', numbers, 'last_token', 1)
call('HSET', key, 'holder', given.holder, 'token', token, 'until', whole(given['until']), 'released', 0)
call('HINCRBY', key, 'tries', 1)
call('ZADD', leases, whole(given['until']), given.name)
return call('HMGET', key, 'holder', 'token', 'until', 'last_request', 'tries')
