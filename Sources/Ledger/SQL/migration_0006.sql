-- Who conducts a run and whether it still does: so that whoever cannot go on is told why, and another
-- coordinator can take over from one that is gone or silent.

ALTER TABLE kugiri.tenure
    -- Whose process it is; NULL: of a binary that did not say.
    ADD COLUMN os_user text,
    -- When it last said that it is alive, by the database's clock; NULL: of a binary that did not.
    ADD COLUMN beat_at timestamptz,
    -- A standby took over from a coordinator that was gone; nobody gave the command.
    ADD COLUMN takeover boolean NOT NULL DEFAULT false,
    -- Beats touch no index: with free space in the page they leave nothing behind.
    SET (fillfactor = 50);

-- The run in whose favour one that had loaded nothing was given up.
ALTER TABLE kugiri.run ADD COLUMN superseded_by text;
