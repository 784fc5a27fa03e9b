-- One purge at a time: the target locks' class with a number no table has.
SELECT pg_try_advisory_lock(1265986381, 1)
