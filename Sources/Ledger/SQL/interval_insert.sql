INSERT INTO kugiri.interval (run, revision, phase, low, high, claim, epoch, chunk_no, slice,
    partition, worker, started_at, staged, inserted, updated, deleted, closed, unchanged,
    converged, conflicts, late, rejected, sums, digest, changed_since, differing,
    restored, xid)
VALUES ($1, $2::integer, $3, $4, $5, $6::bigint, $7::bigint, $8::integer, $9::integer,
    $10::integer, $11, $12::timestamptz, $13::bigint, $14::bigint, $15::bigint, $16::bigint,
    $17::bigint, $18::bigint, $19::bigint, $20::bigint, $21::bigint, $22::bigint, $23::bigint[],
    $24::bigint, $25::bigint, $26::bigint, $27::bigint,
    CASE WHEN $28::boolean THEN pg_current_xact_id()::xid END)
