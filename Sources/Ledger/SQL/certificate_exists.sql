SELECT EXISTS (SELECT FROM kugiri.certificate WHERE sha256 = $1)
