-- Note that a worker lives, by the store's clock, and forget those that were silent for a day.
-- KEYS  workers   ARGV  name
-- reply 1 first heard of, 0 known
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now_ms - 86400000))
return redis.call('ZADD', KEYS[1], string.format('%d', now_ms), ARGV[1])
