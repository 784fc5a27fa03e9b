-- The database's clock (milliseconds), and what a coordinator is asked and has not seen.
SELECT n.now, i.number, i.kind, i.worker, i.asked_by, i.reason
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now) n
LEFT JOIN kugiri.instruction i
    ON i.run = $1 AND i.term = $2::bigint AND i.answered_at IS NULL
ORDER BY i.number
