-- Create a job unless it is there, and publish it.
-- KEYS  job, gone   ARGV  jobs channel, fields (JSON list of field, value, …)
-- reply 1 created, 0 it was there or had been deleted
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(cjson.decode(ARGV[2])))
local flat, fields = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
redis.call('PUBLISH', ARGV[1], '{"event":"training:created","job":' .. cjson.encode(fields) .. '}')
return 1
