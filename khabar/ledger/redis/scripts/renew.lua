-- Extends a lease whose token is still the newest, even where it ran out and nobody took it.
local key = PREFIX .. 'lease:' .. given.name
if not is_theirs(key) or call('HGET', key, 'released') ~= '0' then return false end
call('HSET', key, 'until', whole(given['until']))
if given.last_request then call('HSET', key, 'last_request', whole(given.last_request)) end
call('ZADD', leases, whole(given['until']), given.name)
return call('HMGET', key, 'holder', 'token', 'until', 'last_request', 'tries')
