-- Whether archiving of write-ahead log failed since it last succeeded.
SELECT failed_count > 0 AND coalesce(last_failed_time > last_archived_time, true)
FROM pg_stat_archiver
