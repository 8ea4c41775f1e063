-- Returns domain, place of its first claim, … of those that have one to fetch now.
wake(given.now)
local answer = {}
for _, domain in ipairs(call('SMEMBERS', domains)) do
  local claim = first(domain, 1, given.sources)[1]
  if claim then
    answer[#answer + 1] = domain
    answer[#answer + 1] = whole(claim[1])
  end
end
return answer
