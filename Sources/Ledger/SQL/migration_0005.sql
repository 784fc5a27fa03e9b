-- What operators ask of a run that is on. Its coordinator looks here: a message alone stops nothing.

CREATE TABLE kugiri.instruction (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run         text NOT NULL,
    -- The coordinator that is asked. A later one was started by somebody who wants the run to go on.
    term        bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('cancel', 'drain')),
    -- The worker to be drained.
    worker      text,
    asked_by    text NOT NULL,
    reason      text,
    asked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- NULL: the coordinator has not seen it.
    answered_at timestamptz,
    CHECK ((kind = 'drain') = (worker IS NOT NULL))
);
CREATE INDEX instruction_open ON kugiri.instruction (run, term) WHERE answered_at IS NULL;
