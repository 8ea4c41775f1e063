-- The records of a bucket, as khabar/ledger/redis/record.py lays them out.
local byte, sub = string.byte, string.sub

local function bucket_key(number) return PREFIX .. 'seen:' .. string.format('%04x', number) end

local function record_size(bucket, at)
  local head = byte(bucket, at + 5)
  return 8 + 6 * (head % 64) + (math.floor(head / 64) % 2) * 9
end

-- Where a record begins and ends; nil where there is none.
local function locate(bucket, key)
  local hint, at = bucket:find(key, 1, true), 1
  while hint do
    while at < hint do at = at + record_size(bucket, at) end
    if at == hint then return at, at + record_size(bucket, at) - 1 end
    hint = bucket:find(key, hint + 1, true)  -- those bytes lay across two records
  end
end

local function record(bucket, key)
  local from, to = locate(bucket, key)
  return from and sub(bucket, from, to) or ''
end

local function with_record(bucket, key, after)
  local from, to = locate(bucket, key)
  if not from then return bucket .. after end
  return sub(bucket, 1, from - 1) .. after .. sub(bucket, to + 1)
end
