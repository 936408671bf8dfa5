-- Change a job's fields when its status and attempt allow it, and publish the change.
-- KEYS  job, notes, checkpoint
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, event ('' publishes nothing), least attempt ('' any),
--       exact attempt ('' any), allowed statuses (JSON list; '[]' any), fields to set (JSON list of
--       field, value, …), fields to remove (JSON list), note to append (JSON; '' none)
-- reply {'OK', field, value, …} {'UNKNOWN'} {'STALE', attempt} {'STATUS', status}
local job = KEYS[1]
local known = redis.call('HMGET', job, 'status', 'attempt')
if not known[1] then return {'UNKNOWN'} end
local attempt = tonumber(known[2] or '0')
if ARGV[5] ~= '' and tonumber(ARGV[5]) < attempt then return {'STALE', known[2]} end
if ARGV[6] ~= '' and tonumber(ARGV[6]) ~= attempt then return {'STALE', known[2]} end
local allowed = cjson.decode(ARGV[7])
local legal = #allowed == 0
for _, status in ipairs(allowed) do legal = legal or status == known[1] end
if not legal then return {'STATUS', known[1]} end

local set, remove = cjson.decode(ARGV[8]), cjson.decode(ARGV[9])
if #set > 0 then redis.call('HSET', job, unpack(set)) end
for i = 1, #set, 2 do
  if set[i] == 'status' and set[i + 1] ~= known[1] then
    redis.call('HDEL', job, 'last_ms') -- a pause is no epoch's duration
    if set[i + 1] == 'running' then -- its clock begins anew, and it is the store's
      local seconds, micros = unpack(redis.call('TIME'))
      redis.call('HSET', job, 'heartbeat_ms',
        string.format('%d', tonumber(seconds) * 1000 + math.floor(tonumber(micros) / 1000)))
    end
  end
end
if #remove > 0 then redis.call('HDEL', job, unpack(remove)) end
if ARGV[10] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[10])
  redis.call('LTRIM', KEYS[2], -200, -1)
  redis.call('HINCRBY', job, 'notes_revision', 1)
end
redis.call('HINCRBY', job, 'revision', 1)
local flat, fields = redis.call('HGETALL', job), {}
for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
local final = {completed = true, failed = true, cancelled = true}
if final[fields.status] and not final[known[1]] then redis.call('UNLINK', KEYS[3]) end
if ARGV[4] ~= '' then
  local note = ARGV[10] ~= '' and (',"note":' .. ARGV[10]) or ''
  local update = '{"event":"' .. ARGV[4] .. '","job":' .. cjson.encode(fields) .. note .. '}'
  redis.call(ARGV[3], ARGV[1], update)
  redis.call('PUBLISH', ARGV[2], update)
end
table.insert(flat, 1, 'OK')
return flat
