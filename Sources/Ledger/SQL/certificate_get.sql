SELECT sha256, previous, body FROM kugiri.certificate WHERE run = $1
