SELECT bool_and(atthasdef) FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attname IN ('kugiri_seq', 'kugiri_last', 'kugiri_state')
