-- The target of job bank-branches: banks and their branches, closed ones with the day.
CREATE TABLE IF NOT EXISTS bank_branch (
    bank_code    text COLLATE "C" NOT NULL CHECK (bank_code ~ '^[0-9]{4}$'),
    branch_code  text COLLATE "C" NOT NULL CHECK (branch_code ~ '^[0-9]{3}$'),
    bank_name    text NOT NULL,
    bank_kana    text NOT NULL,
    bank_hira    text,
    bank_roma    text,
    branch_name  text NOT NULL,
    branch_kana  text NOT NULL,
    branch_hira  text,
    branch_roma  text,
    -- The first business date whose file lacked the branch; NULL: open.
    closed_on    date,
    update_count integer NOT NULL DEFAULT 0,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Begins with the partition key, in byte order: a key range is read without the rest.
    PRIMARY KEY (bank_code, branch_code)
) WITH (fillfactor = 80);
