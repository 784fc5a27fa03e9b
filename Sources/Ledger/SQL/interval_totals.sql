-- What a phase did, in total.
SELECT coalesce(sum(staged), 0), coalesce(sum(inserted), 0), coalesce(sum(updated), 0),
    coalesce(sum(deleted), 0), coalesce(sum(closed), 0), coalesce(sum(unchanged), 0),
    coalesce(sum(converged), 0), coalesce(sum(conflicts), 0), coalesce(sum(late), 0),
    coalesce(sum(rejected), 0), coalesce(bit_xor(digest), 0), coalesce(sum(changed_since), 0),
    coalesce(sum(differing), 0), coalesce(sum(restored), 0)
FROM kugiri.interval WHERE run = $1 AND revision = $2::integer AND phase = $3
