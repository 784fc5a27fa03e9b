-- Revisions: a run done again, in whole or for a key range, and runs whose effect was taken back.

-- One row per revision after the first, from its opening on. A revision is complete by itself:
-- what it leaves alone is copied from the one before it.
CREATE TABLE kugiri.revision (
    run         text NOT NULL,
    revision    integer NOT NULL CHECK (revision > 1),
    -- What is done again, for people: 'partition 7', or a key range.
    scope       text NOT NULL,
    begins_at   text NOT NULL CHECK (begins_at IN ('start', 'validate', 'load')),
    reason      text NOT NULL,
    command     text NOT NULL,
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- NULL: nobody has agreed to what it would change; nothing is loaded before.
    approved_at timestamptz,
    -- The row of kugiri.run as it was: where a withdrawn revision goes back to.
    before      jsonb NOT NULL,
    PRIMARY KEY (run, revision)
);

-- A certificate and a publication per revision.
ALTER TABLE kugiri.certificate DROP CONSTRAINT certificate_pkey,
    ADD COLUMN revision integer NOT NULL DEFAULT 1, ADD PRIMARY KEY (run, revision);
ALTER TABLE kugiri.publication DROP CONSTRAINT publication_run_key,
    ADD COLUMN revision integer NOT NULL DEFAULT 1,
    -- The run was backed out: it is as if it had not been published.
    ADD COLUMN withdrawn_at timestamptz,
    ADD UNIQUE (run, revision);

-- A run done again keeps its place among the nights of its job.
CREATE OR REPLACE VIEW kugiri.current_run AS
    SELECT DISTINCT ON (job) job, business_date, run, certificate, published_at
    FROM (SELECT *, min(number) OVER (PARTITION BY run) AS first
          FROM kugiri.publication WHERE withdrawn_at IS NULL) p
    ORDER BY job, first DESC, number DESC;

ALTER TABLE kugiri.run DROP CONSTRAINT run_state_check, ADD CONSTRAINT run_state_check
    CHECK (state IN ('open', 'ended', 'published', 'superseded', 'backed_out'));

-- Taking a run back. Open while ended_at is NULL: then the same command goes on with it.
CREATE TABLE kugiri.backout (
    backout    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run        text NOT NULL,
    revision   integer NOT NULL,
    -- The partitions that are taken back; NULL: the whole run.
    partitions integer[],
    -- Their keys, in order; a NULL in highs: no upper bound.
    lows       text[] NOT NULL,
    highs      text[] NOT NULL,
    reason     text NOT NULL,
    command    text NOT NULL,
    -- Keys below are dealt with.
    done_to    text COLLATE "C" NOT NULL DEFAULT '',
    restored   bigint NOT NULL DEFAULT 0,
    removed    bigint NOT NULL DEFAULT 0,
    reopened   bigint NOT NULL DEFAULT 0,
    left_alone bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at   timestamptz,
    -- Who does it, and the database session that holds the target meanwhile; for people.
    host       text,
    os_user    text,
    process    integer,
    pid        integer,
    taken_at   timestamptz
);
CREATE UNIQUE INDEX backout_open ON kugiri.backout (run) WHERE ended_at IS NULL;

-- Rows that a backout left as they are.
CREATE TABLE kugiri.backout_row (
    backout bigint NOT NULL,
    -- The partition key's image, and the target's key columns in the plan's order.
    key     text COLLATE "C" NOT NULL,
    keys    text[] NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('changed', 'vanished', 'between', 'busy', 'refused')),
    detail  text,
    PRIMARY KEY (backout, key, keys)
);
