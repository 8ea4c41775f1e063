-- Extends a lease whose token is still the newest, even where it ran out and nobody took it.
local key = PREFIX .. 'lease:' .. given.name
local held = call('HMGET', key, 'token', 'released')
if held[1] ~= whole(given.token) or held[2] ~= '0' then return false end
call('HSET', key, 'until', whole(given['until']))
if given.last_request then call('HSET', key, 'last_request', whole(given.last_request)) end
call('ZADD', leases, whole(given['until']), given.name)
return call('HMGET', key, 'holder', 'token', 'until', 'last_request', 'tries')
