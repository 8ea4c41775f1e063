-- Returns the record of each key (bytes) in its bucket; empty where there is none.
local found, loaded = {}, {}
for n, number in ipairs(given.buckets) do
  loaded[number] = loaded[number] or call('GET', bucket_key(number)) or ''
  found[n] = record(loaded[number], bytes())
end
return found
