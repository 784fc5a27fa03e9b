SELECT pg_advisory_xact_lock(1265986381, 0)
