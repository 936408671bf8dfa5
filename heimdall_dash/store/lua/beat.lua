-- A trainer shows that it lives, and hears what is wanted of it. The time is the store's.
-- KEYS  job, writers   ARGV  token, attempt
-- reply {'OK', place of the token's log, field, value, …} {'UNKNOWN'} {'STALE', attempt}
local known = redis.call('HGET', KEYS[1], 'attempt')
if not known then return {'UNKNOWN'} end
if tonumber(ARGV[2]) < tonumber(known) then return {'STALE', known} end
local seconds, micros = unpack(redis.call('TIME'))
redis.call('HSET', KEYS[1], 'beats', '1', 'heartbeat_ms',
  string.format('%d', tonumber(seconds) * 1000 + math.floor(tonumber(micros) / 1000)))
local reply = {'OK', redis.call('HGET', KEYS[2], ARGV[1]) or '0'}
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat do reply[i + 2] = flat[i] end
return reply
