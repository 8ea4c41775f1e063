-- Counts {source, day, claims} of an import segment the first time it is called for it.
if call('SADD', PREFIX .. 'imports', given.segment) == 1 then
  for _, each in ipairs(given.counts) do count(each[1], each[2], each[3]) end
end
