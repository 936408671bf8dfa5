-- Delete a job that is not running, leave a tombstone, and publish that it is gone.
-- KEYS  gone, job, and every other key of the job
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, job id, statuses that forbid it (JSON list), tombstone in s
-- reply {'OK'} {'UNKNOWN'} {'STATUS', status}
local status = redis.call('HGET', KEYS[2], 'status')
if not status then return {'UNKNOWN'} end
for _, forbidden in ipairs(cjson.decode(ARGV[5])) do
  if forbidden == status then return {'STATUS', status} end
end
redis.call('UNLINK', unpack(KEYS, 2))
redis.call('SET', KEYS[1], '1', 'EX', ARGV[6])
local update = '{"event":"training:deleted","job_id":"' .. ARGV[4] .. '"}'
redis.call(ARGV[3], ARGV[1], update)
redis.call('PUBLISH', ARGV[2], update)
return {'OK'}
