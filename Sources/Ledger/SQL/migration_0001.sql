-- The ledger: what was asked, what is done, what came of it. One schema, `kugiri`; staging tables
-- live in `kugiri_stage`, before-images in `kugiri_history`.

CREATE SCHEMA kugiri;
CREATE SCHEMA kugiri_stage;
CREATE SCHEMA kugiri_history;

CREATE TABLE kugiri.migration (
    number     integer     PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Key images compare as bytes. A named multirange does the arithmetic of "planned minus done".
CREATE TYPE kugiri.keyrange AS RANGE (
    subtype = text,
    collation = "C",
    multirange_type_name = kugiri.keymultirange
);

CREATE TABLE kugiri.run (
    run            text        PRIMARY KEY CHECK (run ~ '^[a-z0-9-]{1,100}$'),
    number         bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    job            text        NOT NULL,
    program        text        NOT NULL,
    business_date  date,
    parameters     jsonb       NOT NULL,
    input_path     text        NOT NULL,
    input_bytes    bigint      NOT NULL,
    input_hash     text        NOT NULL,
    contract_hash  text        NOT NULL,
    settings_hash  text        NOT NULL,
    target         text        NOT NULL,
    target_id      oid         NOT NULL,
    -- The job, contract and directories as they were when the run began: a resume uses these.
    definition     jsonb       NOT NULL,
    -- The target as resolved against the catalog.
    plan           jsonb,
    envelope       jsonb,
    revision       integer     NOT NULL DEFAULT 1,
    term           bigint      NOT NULL DEFAULT 0,
    phase          text        NOT NULL DEFAULT 'split'
        CHECK (phase IN ('split', 'validate', 'load', 'certify', 'publish')),
    state          text        NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'ended', 'published', 'superseded')),
    coordinator    text        NOT NULL,
    tolerances     jsonb       NOT NULL DEFAULT '[]',
    started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at       timestamptz,
    result         text,
    exit_code      integer,
    summary        jsonb
) WITH (fillfactor = 50);
CREATE INDEX run_identity ON kugiri.run (job, input_hash);
CREATE INDEX run_target ON kugiri.run (target_id) WHERE state = 'open';

CREATE TABLE kugiri.partition (
    run      text NOT NULL,
    revision integer NOT NULL,
    number   integer NOT NULL,
    low      text COLLATE "C" NOT NULL,
    high     text COLLATE "C",
    PRIMARY KEY (run, revision, number),
    CHECK (high IS NULL OR low < high)
);

CREATE TABLE kugiri.slice (
    run      text NOT NULL,
    revision integer NOT NULL,
    slice    integer NOT NULL,
    low      text COLLATE "C" NOT NULL,
    high     text COLLATE "C",
    file     text NOT NULL,
    records  bigint NOT NULL CHECK (records >= 0),
    bytes    bigint NOT NULL CHECK (bytes >= 0),
    checksum bigint NOT NULL,
    staging  text NOT NULL,
    -- Known after validation; staging it again must give the same.
    staged   bigint,
    rejected bigint,
    digest   bigint,
    PRIMARY KEY (run, revision, slice),
    CHECK (high IS NULL OR low < high)
);

-- A worker's right to one interval in one phase. The epoch fences (PROTOCOL 9-15).
CREATE TABLE kugiri.claim (
    claim         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run           text NOT NULL,
    revision      integer NOT NULL,
    phase         text NOT NULL,
    slice         integer NOT NULL,
    partition     integer,
    low           text COLLATE "C" NOT NULL,
    high          text COLLATE "C",
    weight        bigint NOT NULL,
    epoch         bigint NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 0,
    worker        text,
    pid           integer,
    backend_start timestamptz,
    chunk_no      integer NOT NULL DEFAULT 0,
    done_to       text COLLATE "C" NOT NULL,
    processing    kugiri.keyrange,
    taken_at      timestamptz,
    finished_at   timestamptz,
    CHECK (high IS NULL OR low < high)
) WITH (fillfactor = 50);

-- The truth about what is done: a key range whose work in a phase is committed.
CREATE TABLE kugiri.interval (
    run         text NOT NULL,
    revision    integer NOT NULL,
    phase       text NOT NULL,
    low         text COLLATE "C" NOT NULL,
    high        text COLLATE "C",
    claim       bigint NOT NULL,
    epoch       bigint NOT NULL,
    chunk_no    integer NOT NULL,
    slice       integer NOT NULL,
    partition   integer,
    worker      text NOT NULL,
    staged      bigint NOT NULL DEFAULT 0,
    inserted    bigint NOT NULL DEFAULT 0,
    updated     bigint NOT NULL DEFAULT 0,
    deleted     bigint NOT NULL DEFAULT 0,
    closed      bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    converged   bigint NOT NULL DEFAULT 0,
    conflicts   bigint NOT NULL DEFAULT 0,
    late        bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0,
    sums        bigint[] NOT NULL DEFAULT '{}',
    digest      bigint NOT NULL DEFAULT 0,
    changed_since bigint NOT NULL DEFAULT 0,
    differing   bigint NOT NULL DEFAULT 0,
    -- Certify: rows loaded before their slice was staged anew; the load interval knows them.
    restored    bigint NOT NULL DEFAULT 0,
    started_at  timestamptz NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run, revision, phase, low),
    CHECK (high IS NULL OR low < high),
    CHECK (phase <> 'load'
        OR staged = inserted + updated + deleted + closed + unchanged + conflicts + late)
);

-- What validation promises of every load chunk.
CREATE TABLE kugiri.chunk (
    run      text NOT NULL,
    revision integer NOT NULL,
    slice    integer NOT NULL,
    low      text COLLATE "C" NOT NULL,
    high     text COLLATE "C",
    rows     bigint NOT NULL,
    digest   bigint NOT NULL,
    depth    integer NOT NULL,
    PRIMARY KEY (run, revision, low)
);

-- Control totals as validation found them, per slice and header group.
CREATE TABLE kugiri.total (
    run      text NOT NULL,
    revision integer NOT NULL,
    slice    integer NOT NULL,
    grouping integer NOT NULL,
    records  bigint NOT NULL,
    -- One figure per control total of the contract; NULL: a summed field could not be read.
    figures  bigint[] NOT NULL,
    PRIMARY KEY (run, revision, slice, grouping)
);

-- How a slice's records fall into the partitions; partition 0: outside every range.
CREATE TABLE kugiri.share (
    run       text NOT NULL,
    revision  integer NOT NULL,
    slice     integer NOT NULL,
    partition integer NOT NULL,
    records   bigint NOT NULL,
    rejected  bigint NOT NULL,
    PRIMARY KEY (run, revision, slice, partition),
    CHECK (rejected <= records)
);

CREATE TABLE kugiri.reject (
    run         text NOT NULL,
    revision    integer NOT NULL,
    slice       integer NOT NULL,
    partition   integer,
    record      bigint NOT NULL,
    byte_offset bigint NOT NULL,
    key         text COLLATE "C",
    field       text NOT NULL,
    rule        text NOT NULL,
    value       text NOT NULL,
    late        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (run, revision, record, field, rule)
);
CREATE INDEX reject_slice ON kugiri.reject (run, revision, slice);

CREATE TABLE kugiri.conflict (
    run        text NOT NULL,
    revision   integer NOT NULL,
    slice      integer NOT NULL,
    partition  integer,
    key        text COLLATE "C" NOT NULL,
    record     bigint NOT NULL,
    seq        smallint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('changed', 'vanished', 'appeared', 'busy')),
    seen       boolean NOT NULL,
    seen_at    timestamptz,
    seen_xmin  text,
    found_at   timestamptz,
    found_xmin text,
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'applied', 'skipped')),
    outcome    "char" CHECK (outcome IN ('I', 'U', 'N', 'R')),
    noted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    PRIMARY KEY (run, revision, record),
    CHECK ((state = 'applied') = (outcome IS NOT NULL))
);

CREATE TABLE kugiri.certificate (
    run         text PRIMARY KEY,
    sha256      text NOT NULL,
    previous    text,
    body        text NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE kugiri.publication (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job           text NOT NULL,
    business_date date,
    run           text NOT NULL UNIQUE,
    certificate   text NOT NULL,
    published_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE VIEW kugiri.current_run AS
    SELECT DISTINCT ON (job) job, business_date, run, certificate, published_at
    FROM kugiri.publication ORDER BY job, number DESC;

CREATE TABLE kugiri.audit (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    os_user     text NOT NULL,
    db_user     text NOT NULL DEFAULT session_user,
    host        text NOT NULL,
    command     text NOT NULL,
    run         text,
    reason      text,
    hash_before text,
    hash_after  text,
    version     text NOT NULL
);

-- What became of every record: staged rows with their indicator, and rejects. Processing shows
-- for the rows inside a live claim's chunk (PROTOCOL 27). Redefined per run in kugiri_stage.
CREATE TABLE kugiri.record_state_row (
    run       text,
    key       text COLLATE "C",
    record    bigint,
    partition integer,
    state     text,
    epoch     bigint,
    worker    text,
    since     timestamptz,
    reason    text
);

CREATE FUNCTION kugiri.record_state(wanted text) RETURNS SETOF kugiri.record_state_row
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
                CASE s.kugiri_outcome WHEN ''X'' THEN ''conflict'' WHEN ''R'' THEN ''late reject'' END
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
