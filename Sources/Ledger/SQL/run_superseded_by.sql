-- The run in whose favour a run was given up, and who began that one; times in milliseconds.
SELECT n.run, n.coordinator, (extract(epoch FROM r.ended_at) * 1000)::bigint
FROM kugiri.run r JOIN kugiri.run n ON n.run = r.superseded_by WHERE r.run = $1
