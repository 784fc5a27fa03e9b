UPDATE kugiri.instruction SET answered_at = clock_timestamp() WHERE number = $1::bigint
