-- Closing rows that the input lacks (PROTOCOL 26).

-- Known after validation, when the job closes absent rows: open rows of the target in the slice's
-- key range, and rejected records whose key cannot be trusted, so that they could be anybody's.
ALTER TABLE kugiri.slice ADD COLUMN open_rows bigint, ADD COLUMN nameless bigint;

-- Rows to be closed, per partition, beside the records.
ALTER TABLE kugiri.share ADD COLUMN absent bigint NOT NULL DEFAULT 0;

-- Rows to be closed, as validation saw them. Logged: staging that is lost is made again from here,
-- because by then some of the rows may be closed already. Record numbers are negative: these rows
-- stand in no file. They live as long as the run's staging.
CREATE TABLE kugiri.absent (
    run        text NOT NULL,
    revision   integer NOT NULL,
    slice      integer NOT NULL,
    record     bigint NOT NULL CHECK (record < 0),
    key        text COLLATE "C" NOT NULL,
    -- The target's key columns, in the plan's order.
    keys       text[] NOT NULL,
    seen_at    timestamptz,
    seen_xmin  text NOT NULL,
    seen_count bigint,
    digest     bigint NOT NULL,
    PRIMARY KEY (run, revision, slice, record)
);

ALTER TABLE kugiri.conflict DROP CONSTRAINT conflict_outcome_check,
    ADD CONSTRAINT conflict_outcome_check CHECK (outcome IN ('I', 'U', 'N', 'R', 'C'));

-- As before, and rows that were closed say so.
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
                CASE WHEN s.kugiri_state = ''D'' THEN ''done''
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
                ORDER BY k.claim DESC LIMIT 1) c ON true'
        USING wanted, latest, piece.slice;
    END LOOP;
    RETURN QUERY SELECT j.run, min(j.key COLLATE "C"), j.record, min(j.partition), 'rejected',
            NULL::bigint, NULL::text, NULL::timestamptz,
            string_agg(j.field || ': ' || j.rule, ', ' ORDER BY j.field, j.rule)
        FROM kugiri.reject j
        WHERE j.run = wanted AND j.revision = latest AND NOT j.late GROUP BY j.run, j.record;
END $$;
