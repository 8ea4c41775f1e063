-- Lets a lease run on until a time, held by nobody; without blame its try is not counted.
local key = PREFIX .. 'lease:' .. given.name
if not is_theirs(key) or call('HGET', key, 'released') ~= '0' then return end
call('HSET', key, 'holder', '', 'until', whole(given['until']))
if not given.blame then call('HINCRBY', key, 'tries', -1) end
call('ZADD', leases, whole(given['until']), given.name)
