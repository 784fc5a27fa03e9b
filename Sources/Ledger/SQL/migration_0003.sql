-- Who conducted a run, how long its phases took, who was in its fleet: for reports that span
-- several coordinators, and for `kugiri status` from any machine.

-- One coordinator's time with a run.
CREATE TABLE kugiri.tenure (
    run           text NOT NULL,
    term          bigint NOT NULL,
    host          text NOT NULL,
    process       integer NOT NULL,
    -- Its database session; it holds the target while it lives.
    pid           integer NOT NULL DEFAULT pg_backend_pid(),
    -- Where its events are; NULL: it publishes none.
    events        text,
    started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- NULL: it is on, or was killed.
    ended_at      timestamptz,
    exit_code     integer,
    PRIMARY KEY (run, term)
);

CREATE TABLE kugiri.phase_time (
    run        text NOT NULL,
    term       bigint NOT NULL,
    phase      text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- NULL: it is under way, or its coordinator ended in it.
    ended_at   timestamptz,
    PRIMARY KEY (run, term, phase)
);

-- Workers under a term; for people, never for decisions.
CREATE TABLE kugiri.crew (
    run       text NOT NULL,
    term      bigint NOT NULL,
    worker    text NOT NULL,
    host      text NOT NULL,
    process   integer NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    left_at   timestamptz,
    PRIMARY KEY (run, term, worker)
);

-- A run's claims are read again and again; the ledger keeps those of all nights.
CREATE INDEX claim_run ON kugiri.claim (run, revision, phase);
