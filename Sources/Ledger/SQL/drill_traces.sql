-- Claims that were taken under more than one epoch, coordinators that had the run, conflicts noted
-- and applied, deadlocks the server found.
SELECT (SELECT count(*) FROM kugiri.claim WHERE attempts > 1),
    (SELECT coalesce(max(term), 0) FROM kugiri.run),
    (SELECT count(*) FROM kugiri.conflict),
    (SELECT count(*) FROM kugiri.conflict WHERE state = 'applied'),
    (SELECT d.deadlocks FROM pg_stat_database d WHERE d.datname = current_database())
