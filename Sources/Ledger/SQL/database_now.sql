SELECT to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS.USOF')
