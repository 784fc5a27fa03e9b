SELECT run FROM kugiri.run ORDER BY number DESC LIMIT 1
