-- Remembers when something was run or sent.
call('ZADD', PREFIX .. given.shelf, whole(given.now), given.name)
