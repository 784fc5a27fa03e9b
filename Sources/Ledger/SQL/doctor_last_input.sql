-- The newest input of a job, or of any job.
SELECT input_path, input_bytes, run FROM kugiri.run WHERE $1::text IS NULL OR job = $1
ORDER BY number DESC LIMIT 1
