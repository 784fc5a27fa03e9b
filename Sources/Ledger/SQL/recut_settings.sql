SELECT settings_hash FROM kugiri.run WHERE run = $1
