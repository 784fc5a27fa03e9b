UPDATE kugiri.conflict SET state = 'applied', outcome = o.outcome::"char",
    settled_at = clock_timestamp()
FROM unnest($3::bigint[], $4::text[]) AS o(record, outcome)
WHERE conflict.run = $1 AND conflict.revision = $2::integer AND conflict.record = o.record
    AND conflict.state = 'open'
