-- Lets a lease run on until a time, held by nobody; without blame its try is not counted.
local key = PREFIX .. 'lease:' .. given.name
local held = call('HMGET', key, 'token', 'released')
if held[1] ~= whole(given.token) or held[2] ~= '0' then return end
call('HSET', key, 'holder', '', 'until', whole(given['until']))
if not given.blame then call('HINCRBY', key, 'tries', -1) end
call('ZADD', leases, whole(given['until']), given.name)
