-- The cheaper indicator (PROTOCOL 27): rows of an interval need not carry their state.

-- The transaction that loaded the interval's rows, none of which carries a state of its own: all are
-- done. NULL: each row carries its state.
ALTER TABLE kugiri.interval ADD COLUMN xid xid,
    ADD CONSTRAINT interval_xid_is_of_load CHECK (xid IS NULL OR phase = 'load');

-- As before, and rows whose interval speaks for them are done.
CREATE OR REPLACE FUNCTION kugiri.record_state(wanted text) RETURNS SETOF kugiri.record_state_row
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    latest integer;
    piece  record;
BEGIN
    SELECT r.revision INTO latest FROM kugiri.run r WHERE r.run = wanted;
    FOR piece IN
        SELECT s.slice, s.staging FROM kugiri.slice s
        WHERE s.run = wanted AND s.revision = latest
            AND to_regclass(s.staging) IS NOT NULL ORDER BY s.slice
    LOOP
        RETURN QUERY EXECUTE
            'SELECT $1, s.kugiri_key, s.kugiri_record, c.partition,
                CASE WHEN s.kugiri_state = ''D'' OR s.kugiri_state = ''U'' AND i.done THEN ''done''
                     WHEN s.kugiri_state = ''E'' THEN ''error''
                     WHEN c.live AND c.processing @> s.kugiri_key THEN ''processing''
                     ELSE ''unprocessed'' END,
                c.epoch, c.worker, c.taken_at,
                CASE s.kugiri_outcome WHEN ''X'' THEN ''conflict'' WHEN ''R'' THEN ''late reject''
                     WHEN ''C'' THEN ''closed: not in the input'' END
            FROM ' || piece.staging || ' s LEFT JOIN LATERAL (
                SELECT k.*, EXISTS (SELECT FROM pg_stat_activity a
                        WHERE a.pid = k.pid AND a.backend_start = k.backend_start) AS live
                FROM kugiri.claim k
                WHERE k.run = $1 AND k.revision = $2 AND k.phase = ''load'' AND k.slice = $3
                    AND s.kugiri_key >= k.low AND (k.high IS NULL OR s.kugiri_key < k.high)
                ORDER BY k.claim DESC LIMIT 1) c ON true
            LEFT JOIN LATERAL (
                SELECT i.xid IS NOT NULL AND (i.high IS NULL OR s.kugiri_key < i.high) AS done
                FROM kugiri.interval i
                WHERE i.run = $1 AND i.revision = $2 AND i.phase = ''load''
                    AND i.low <= s.kugiri_key
                ORDER BY i.low DESC LIMIT 1) i ON true'
        USING wanted, latest, piece.slice;
    END LOOP;
    RETURN QUERY SELECT j.run, min(j.key COLLATE "C"), j.record, min(j.partition), 'rejected',
            NULL::bigint, NULL::text, NULL::timestamptz,
            string_agg(j.field || ': ' || j.rule, ', ' ORDER BY j.field, j.rule)
        FROM kugiri.reject j
        WHERE j.run = wanted AND j.revision = latest AND NOT j.late GROUP BY j.run, j.record;
END $$;
