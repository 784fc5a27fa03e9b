-- What an old run leaves behind may be removed; its row stays, so that its id, its content and its
-- business date are known for ever (PROTOCOL 29).

-- From `purge_began_at` on nothing but this row, the certificate and the publication is to be relied
-- upon; at `purged_at` the rest is gone.
ALTER TABLE kugiri.run ADD COLUMN purge_began_at timestamptz, ADD COLUMN purged_at timestamptz,
    ADD CONSTRAINT run_purged_is_closed CHECK (purge_began_at IS NULL OR state <> 'open'),
    ADD CONSTRAINT run_purge_order CHECK (purged_at IS NULL OR purge_began_at IS NOT NULL);

-- Who proved a slice's rules, when its content, contract, parameters and partitions were those of an
-- earlier slice (validation cache). NULL: this run itself.
ALTER TABLE kugiri.slice ADD COLUMN proved_run text, ADD COLUMN proved_slice integer,
    ADD CONSTRAINT slice_proved_by_both CHECK ((proved_run IS NULL) = (proved_slice IS NULL));
