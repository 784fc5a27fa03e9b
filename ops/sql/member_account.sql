-- The target table of the job `debit-result`: one row per member, as the online side knows it.
CREATE TABLE IF NOT EXISTS member_account (
    customer_number  text        PRIMARY KEY,
    name             text,
    last_debit_date  date,
    last_amount      bigint      CHECK (last_amount >= 0),
    last_result_code text,
    business_date    date,
    failures_before  integer,
    failures         integer     NOT NULL DEFAULT 0,
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    update_count     bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
