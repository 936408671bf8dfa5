-- A trainer announces itself: the job is made, or goes on, and this trainer gets its attempt.
-- Said twice, done once: the attempt is remembered under the token of the trainer's log.
-- KEYS  job, gone, writers, epochs, notes, facts, late, names, predictions, blocks
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, token, attempt, claim, new stream id,
--       birth: fields of a job that is not here (JSON list of field, value, …)
-- claim: 'next' takes the job over as one attempt more than the last, and lets it run again;
--        'exact' is for a trainer whose attempt was given to it; 'bring' is for one that is dead:
--        as 'next', but nothing is taken from a job that is over, or whose trainer lives
-- reply {'OK', attempt, created 0|1, field, value, …} {'GONE'} {'STALE', attempt}
local job, writers, token, attempt = KEYS[1], KEYS[3], ARGV[4], tonumber(ARGV[5])
local created, event = 0, nil
local ALIVE_MS = 30000
local seconds, micros = unpack(redis.call('TIME'))
local now_ms = string.format('%d', tonumber(seconds) * 1000 + math.floor(tonumber(micros) / 1000))

local function may_take()
  local found = redis.call('HMGET', job, 'status', 'external', 'heartbeat_ms')
  if found[2] ~= '1' or (found[1] ~= 'running' and found[1] ~= 'pending') then return false end
  return tonumber(now_ms) - (tonumber(found[3] or '0') or 0) > ALIVE_MS
end

if redis.call('EXISTS', job) == 0 then
  if redis.call('EXISTS', KEYS[2]) == 1 then return {'GONE'} end
  redis.call('UNLINK', writers, KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10])
  redis.call('HSET', job, unpack(cjson.decode(ARGV[8])))
  redis.call('HSET', job, 'attempt', ARGV[5], 'stream', ARGV[7], 'heartbeat_ms', now_ms)
  created, event = 1, 'training:started'
else
  local known = tonumber(redis.call('HGET', job, 'attempt') or '0') or 0
  local mine = tonumber(redis.call('HGET', writers, 'attempt:' .. token) or '')
  if mine then
    attempt = mine
    if mine < known and ARGV[6] ~= 'bring' then return {'STALE', string.format('%d', known)} end
  elseif ARGV[6] == 'bring' and not may_take() then
    attempt = known - 1 -- of somebody who came before: adds what is missing, replaces nothing
  elseif ARGV[6] ~= 'exact' then
    attempt, event = known + 1, 'training:started'
    redis.call('HSET', job, 'attempt', string.format('%d', attempt), 'status', 'running', 'heartbeat_ms', now_ms)
    redis.call('HDEL', job, 'desired', 'completed_at', 'error_message', 'ended_because', 'last_ms')
  elseif attempt < known then
    return {'STALE', string.format('%d', known)}
  end
end
if attempt >= 0 then redis.call('HSET', writers, 'attempt:' .. token, string.format('%d', attempt)) end
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
