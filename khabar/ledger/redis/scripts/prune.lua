-- Forgets endpoints, leases and runs that are old, and what was sent and is over.
call('HSET', numbers, 'pruned', whole(given.now))
local old = '(' .. whole(given.old)
for _, url in ipairs(call('ZRANGEBYSCORE', PREFIX .. 'kept', '-inf', old)) do
  call('HDEL', PREFIX .. 'endpoints', url)
end
for _, name in ipairs(call('ZRANGEBYSCORE', leases, '-inf', old)) do call('DEL', PREFIX .. 'lease:' .. name) end
for _, shelf in ipairs({'kept', 'leases', 'runs'}) do call('ZREMRANGEBYSCORE', PREFIX .. shelf, '-inf', old) end
call('ZREMRANGEBYSCORE', PREFIX .. 'sent', '-inf', '(' .. whole(given.sent))
