-- Keep a job's newest checkpoint, unless a newer attempt has taken the job over.
-- KEYS  job, checkpoint
-- ARGV  attempt, epoch, batches done, content
-- reply {'OK'} {'UNKNOWN'} {'STALE', attempt}
local attempt = redis.call('HGET', KEYS[1], 'attempt')
if not attempt then return {'UNKNOWN'} end
if tonumber(ARGV[1]) < tonumber(attempt) then return {'STALE', attempt} end
redis.call('HSET', KEYS[2], 'epoch', ARGV[2], 'batches_done', ARGV[3], 'content', ARGV[4])
return {'OK'}
