-- The table is ours until this session ends (PROTOCOL 16). 1265986381 spells KugM.
SELECT pg_try_advisory_lock(1265986381, ($1::bigint - 2147483648)::integer)
