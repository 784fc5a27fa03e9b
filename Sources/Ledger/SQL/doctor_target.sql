-- A target's size with its indexes, whether autovacuum is off for it, and its dead rows.
SELECT pg_total_relation_size(c.oid),
    coalesce((SELECT option_value IN ('off', 'false', '0', 'no')
        FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_enabled'), false),
    coalesce(pg_stat_get_dead_tuples(c.oid), 0), coalesce(pg_stat_get_live_tuples(c.oid), 0)
FROM pg_class c WHERE c.oid = $1::oid
