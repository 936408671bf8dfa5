-- Keep predictions of some epochs, thin them where there are too many, and publish that there are
-- others. Sent twice, kept once: an epoch has one sample, and what a log has told before is skipped.
-- KEYS  job, predictions, writers
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, attempt, mode, token of the writer's log ('' none),
--       most epochs, then per step: kind, its end in the log, epoch, text
--         keep   text: the sample as JSON        back   every epoch behind `epoch` is taken back
-- modes: write (the job's trainer), rest (without a log), bring (what a dead trainer left: it
--       replaces nothing that a later trainer wrote)
-- reply {'OK'} {'UNKNOWN'} {'STALE', attempt} {'FINAL', status}
local job, kept, writers = KEYS[1], KEYS[2], KEYS[3]
local attempt, mode, token, most = tonumber(ARGV[4]), ARGV[5], ARGV[6], tonumber(ARGV[7])
local FIRST, STEP = 8, 4
local known = redis.call('HMGET', job, 'status', 'attempt')
if not known[1] then return {'UNKNOWN'} end
local current_attempt = tonumber(known[2] or '0') or 0
local is_older = attempt < current_attempt
if mode ~= 'bring' and is_older then return {'STALE', known[2]} end
local final = {completed = true, failed = true, cancelled = true}
if mode == 'rest' and final[known[1]] then return {'FINAL', known[1]} end
local place = token ~= '' and tonumber(redis.call('HGET', writers, token) or '0') or 0
local changed = false

local function epochs()
  local found = {}
  for _, name in ipairs(redis.call('HKEYS', kept)) do found[#found + 1] = tonumber(name) end
  table.sort(found)
  return found
end

-- Of those between the first and the newest, the one whose neighbours are closest goes: what stays
-- is spread evenly over the run.
local function thin()
  local found = epochs()
  while #found > most do
    local place_of, least = nil, math.huge
    for i = 2, #found - 1 do
      local gap = found[i + 1] - found[i - 1]
      if gap < least then place_of, least = i, gap end
    end
    redis.call('HDEL', kept, string.format('%d', found[place_of]))
    table.remove(found, place_of)
  end
end

for i = FIRST, #ARGV, STEP do
  local kind, stop, epoch = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  if token == '' or stop > place then
    if kind == 'keep' then
      local before = redis.call('HGET', kept, epoch)
      if before ~= ARGV[i + 3] and not (before and is_older) then
        redis.call('HSET', kept, epoch, ARGV[i + 3])
        changed = true
      end
    elseif not is_older then
      for _, one in ipairs(epochs()) do
        if one > tonumber(epoch) then
          redis.call('HDEL', kept, string.format('%d', one))
          changed = true
        end
      end
    end
  end
end
if not changed then return {'OK'} end
thin()
redis.call('HINCRBY', job, 'predictions_revision', 1)
redis.call('HINCRBY', job, 'revision', 1)
local flat, fields = redis.call('HGETALL', job), {}
for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
local update = '{"event":"training:progress","job":' .. cjson.encode(fields) .. '}'
redis.call(ARGV[3], ARGV[1], update)
redis.call('PUBLISH', ARGV[2], update)
return {'OK'}
