-- BEFORE (2) UPDATE (16) for each ROW (1), enabled, with a WHEN clause.
SELECT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = $1::oid AND NOT g.tgisinternal
    AND g.tgtype & 19 = 19 AND g.tgenabled IN ('O', 'A') AND g.tgqual IS NOT NULL)
