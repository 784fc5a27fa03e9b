-- Rows that `purge_rows.sql` would delete of these runs, and their bytes.
SELECT coalesce(sum(n), 0), coalesce(sum(b), 0) FROM (
    SELECT count(*) AS n, sum(pg_column_size(t.*)) AS b FROM kugiri.partition t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.slice t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.claim t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.interval t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.chunk t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.total t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.share t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.reject t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.conflict t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.absent t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.tenure t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.phase_time t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.crew t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.revision t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.backout_row t
        WHERE backout IN (SELECT backout FROM kugiri.backout WHERE run = ANY ($1::text[]))
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.backout t WHERE run = ANY ($1::text[])
    UNION ALL SELECT count(*), sum(pg_column_size(t.*)) FROM kugiri.instruction t WHERE run = ANY ($1::text[])) x
