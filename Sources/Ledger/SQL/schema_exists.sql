SELECT to_regclass('kugiri.migration') IS NOT NULL
