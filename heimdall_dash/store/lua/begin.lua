-- A trainer announces itself: the job is made, or goes on, and this trainer gets its attempt.
-- Said twice, done once: the attempt is remembered under the token of the trainer's log.
-- KEYS  job, gone, writers, epochs, notes, facts, late, names
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, token, attempt, claim, new stream id,
--       birth: fields of a job that is not here (JSON list of field, value, …)
-- claim: 'next' takes the job over as one attempt more than the last, and lets it run again;
--        'exact' is for a trainer whose attempt was given to it
-- reply {'OK', attempt, created 0|1, field, value, …} {'GONE'} {'STALE', attempt}
local job, writers, token, attempt = KEYS[1], KEYS[3], ARGV[4], tonumber(ARGV[5])
local created, event = 0, nil
local seconds, micros = unpack(redis.call('TIME'))
local now_ms = string.format('%d', tonumber(seconds) * 1000 + math.floor(tonumber(micros) / 1000))
if redis.call('EXISTS', job) == 0 then
  if redis.call('EXISTS', KEYS[2]) == 1 then return {'GONE'} end
  redis.call('UNLINK', writers, KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8])
  redis.call('HSET', job, unpack(cjson.decode(ARGV[8])))
  redis.call('HSET', job, 'attempt', ARGV[5], 'stream', ARGV[7], 'heartbeat_ms', now_ms)
  created, event = 1, 'training:started'
else
  local known = tonumber(redis.call('HGET', job, 'attempt') or '0') or 0
  local mine = tonumber(redis.call('HGET', writers, 'attempt:' .. token) or '')
  if mine then
    attempt = mine
    if mine < known then return {'STALE', string.format('%d', known)} end
  elseif ARGV[6] == 'next' then
    attempt, event = known + 1, 'training:started'
    redis.call('HSET', job, 'attempt', string.format('%d', attempt), 'status', 'running', 'heartbeat_ms', now_ms)
    redis.call('HDEL', job, 'desired', 'completed_at', 'error_message', 'ended_because', 'last_ms')
  elseif attempt < known then
    return {'STALE', string.format('%d', known)}
  end
end
redis.call('HSET', writers, 'attempt:' .. token, string.format('%d', attempt))
redis.call('HSETNX', writers, token, '0')
if event then redis.call('HINCRBY', job, 'revision', 1) end
local flat, fields = redis.call('HGETALL', job), {}
if event then
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  local update = '{"event":"' .. event .. '","job":' .. cjson.encode(fields) .. '}'
  redis.call(ARGV[3], ARGV[1], update)
  redis.call('PUBLISH', ARGV[2], update)
end
local reply = {'OK', string.format('%d', attempt), created}
for i = 1, #flat do reply[i + 3] = flat[i] end
return reply
