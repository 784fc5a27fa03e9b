SELECT coalesce((SELECT relispartition FROM pg_class WHERE oid = to_regclass($1)), false)
