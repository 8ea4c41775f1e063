-- Returns name, claim, name, claim … of what may be fetched now: live ones first, then back-fill, oldest first.
wake(given.now)
local found, answer = {}, {}
for _, domain in ipairs(given.domains) do
  for _, claim in ipairs(first(domain, given.limit, given.sources)) do found[#found + 1] = claim end
end
table.sort(found, function(one, other) return one[1] < other[1] end)
for n = 1, math.min(#found, given.limit) do
  answer[#answer + 1] = found[n][2]
  answer[#answer + 1] = call('HGET', claims, found[n][2])
end
return answer
