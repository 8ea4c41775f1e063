-- Drops from some buckets the records that were listed before a day and do not wait; returns how many.
local dropped = 0
for number = given.first, given.last do
  local bucket = call('GET', bucket_key(number)) or ''
  local kept, at = {}, 1
  while at <= #bucket do
    local size = record_size(bucket, at)
    local head, high, low = byte(bucket, at + 5, at + 7)
    if head < 128 and high * 256 + low < given.day then
      dropped = dropped + 1
    else
      kept[#kept + 1] = sub(bucket, at, at + size - 1)
    end
    at = at + size
  end
  local left = table.concat(kept)
  if left == '' then call('DEL', bucket_key(number))
  elseif #left < #bucket then call('SET', bucket_key(number), left) end
end
return dropped
