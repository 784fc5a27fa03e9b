-- The certificate published last, of any job: the chain's newest link.
SELECT certificate FROM kugiri.publication ORDER BY number DESC LIMIT 1
