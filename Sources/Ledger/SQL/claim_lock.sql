-- A worker's own claim, locked: nothing of an older transaction is under way any more.
SELECT epoch, finished_at IS NOT NULL, done_to FROM kugiri.claim WHERE claim = $1::bigint FOR UPDATE
