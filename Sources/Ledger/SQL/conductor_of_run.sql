-- Who conducted a run last; times in milliseconds.
SELECT t.term, t.host, t.os_user, t.process, (extract(epoch FROM t.started_at) * 1000)::bigint,
    (extract(epoch FROM t.ended_at) * 1000)::bigint, t.exit_code
FROM kugiri.tenure t WHERE t.run = $1 ORDER BY t.term DESC LIMIT 1
