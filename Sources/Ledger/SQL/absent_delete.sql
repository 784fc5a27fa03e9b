DELETE FROM kugiri.absent a USING kugiri.run r WHERE r.number = $1::bigint AND a.run = r.run
