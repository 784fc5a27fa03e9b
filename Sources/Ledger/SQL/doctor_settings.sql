-- Settings in effect for this role and database; the last one as a session begins with it.
SELECT name, setting, unit, reset_val FROM pg_settings WHERE name = ANY($1::text[])
