-- Delete a job that is not running, leave a tombstone, and publish that it is gone.
-- KEYS  job, epochs, facts, notes, checkpoint, gone
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, job id, allowed statuses (JSON list), tombstone in s
-- reply {'OK'} {'UNKNOWN'} {'STATUS', status}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {'UNKNOWN'} end
local legal = false
for _, allowed in ipairs(cjson.decode(ARGV[5])) do legal = legal or allowed == status end
if not legal then return {'STATUS', status} end
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('SET', KEYS[6], '1', 'EX', ARGV[6])
local update = '{"event":"training:deleted","job_id":"' .. ARGV[4] .. '"}'
redis.call(ARGV[3], ARGV[1], update)
redis.call('PUBLISH', ARGV[2], update)
return {'OK'}
