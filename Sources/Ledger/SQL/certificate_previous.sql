-- The certificate of the run published last, of any job: the chain's newest link.
SELECT c.sha256 FROM kugiri.publication p JOIN kugiri.certificate c USING (run)
ORDER BY p.number DESC LIMIT 1
