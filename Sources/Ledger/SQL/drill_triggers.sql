-- A table's triggers: names, and whether one is the kind that moves a lock column (as in
-- target_trigger.sql).
SELECT g.tgname, g.tgtype & 19 = 19 AND g.tgenabled IN ('O', 'A') AND g.tgqual IS NOT NULL
FROM pg_trigger g WHERE g.tgrelid = $1::oid AND NOT g.tgisinternal ORDER BY g.tgname
