-- Removes the buckets that an unfinished recount left behind.
for number = 0, given.buckets - 1 do call('DEL', PREFIX .. 'staged:' .. string.format('%04x', number)) end
