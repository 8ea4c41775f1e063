-- Writes the format into an empty Redis; returns the one that is there.
call('SETNX', 'khabar:format', given.format)
return call('GET', 'khabar:format')
