-- Returns {name, holder, token, until, last request, tries} of each running lease.
local answer = {}
for _, name in ipairs(call('ZRANGEBYSCORE', leases, whole(given.soonest), whole(given.latest))) do
  local key = PREFIX .. 'lease:' .. name
  if call('HGET', key, 'released') == '0' then
    local row = call('HMGET', key, 'holder', 'token', 'until', 'last_request', 'tries')
    table.insert(row, 1, name)
    answer[#answer + 1] = row
  end
end
return answer
