-- Moves a claim from its queue to those that wait for a time; returns how often that has been done.
if call('HEXISTS', claims, given.name) == 0 then return 0 end
local postponed = PREFIX .. 'postponed'
local times = tonumber((call('HGET', postponed, given.name) or '0'):match('^%d+')) + 1
call('HSET', postponed, given.name, times .. ' ' .. whole(given['until']) .. ' ' .. given.reason)
dequeue(given.domain, given.name, given.source)
local member = table.concat({given.name, given.later, given.domain, given.source}, ' ')
call('ZADD', waiting, whole(given['until']), member)
return times
