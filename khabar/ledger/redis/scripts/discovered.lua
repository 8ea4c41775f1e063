-- Returns source, day, claims, source, …
local answer = {}
for _, block in ipairs(call('SMEMBERS', PREFIX .. 'counted')) do
  local days = call('HGETALL', PREFIX .. 'counts:' .. block)
  for n = 1, #days, 2 do
    answer[#answer + 1] = block:match('^%S+ (.*)$')
    answer[#answer + 1] = days[n]
    answer[#answer + 1] = days[n + 1]
  end
end
return answer
