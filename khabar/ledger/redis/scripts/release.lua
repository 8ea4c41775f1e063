-- Gives a lease back; done, it goes altogether, unless it keeps the time of a host's last request.
local key = PREFIX .. 'lease:' .. given.name
if not is_theirs(key) then return end
call('HSET', key, 'released', 1)
if not given.done then return end
call('HSET', key, 'tries', 0)
if call('HEXISTS', key, 'last_request') == 0 then
  call('DEL', key)
  call('ZREM', leases, given.name)
end
