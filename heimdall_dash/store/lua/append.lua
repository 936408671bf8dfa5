-- Append epochs, bring the job up to date and publish both, as one step: what was published is kept.
-- KEYS  job, epochs, gone, facts
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, attempt, now, new stream id,
--       birth (JSON list of field, value, … to create a missing job with; '' refuses to),
--       facts (JSON; '' leaves them), newest metrics (JSON),
--       the last epoch that the writer knows to be stored ('' unknown), then per epoch: epoch, row (JSON), val_loss ('' unknown), time in ms
-- reply {'OK', accepted, duplicates, last epoch, stream id, created 0|1}
--       {'UNKNOWN'} {'GONE'} {'STALE', attempt} {'FINAL', status} {'LATE', epoch, last epoch}
--       {'BEHIND', last epoch}: the store has less than the writer knows it once had
local job, epochs = KEYS[1], KEYS[2]
local channel, jobs_channel, publish, attempt, now = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local FIRST, STEP = 11, 4

local created = 0
if redis.call('EXISTS', job) == 0 then
  if redis.call('EXISTS', KEYS[3]) == 1 then return {'GONE'} end
  if ARGV[7] == '' then return {'UNKNOWN'} end
  if ARGV[10] ~= '' and ARGV[10] ~= '-1' then return {'BEHIND', '-1'} end
  redis.call('DEL', epochs)
  redis.call('HSET', job, unpack(cjson.decode(ARGV[7])))
  redis.call('HSET', job, 'attempt', ARGV[4], 'stream', ARGV[6], 'last_epoch', '-1', 'current_epoch', '0')
  created = 1
end
if ARGV[8] ~= '' and redis.call('GET', KEYS[4]) ~= ARGV[8] then
  redis.call('SET', KEYS[4], ARGV[8])
  redis.call('HINCRBY', job, 'notes_revision', 1)
end

local known = redis.call('HMGET', job, 'attempt', 'status', 'last_epoch', 'best_val_loss', 'last_ms',
  'intervals', 'external', 'stream')
if attempt < tonumber(known[1] or '0') then return {'STALE', known[1]} end
local status, last = known[2], tonumber(known[3] or '-1')
local external = known[7] == '1'
if ARGV[10] ~= '' and last < tonumber(ARGV[10]) then return {'BEHIND', known[3] or '-1'} end
if status == 'completed' or status == 'failed' or status == 'cancelled' then return {'FINAL', status} end

for i = FIRST, #ARGV, STEP do
  local epoch = tonumber(ARGV[i])
  if epoch <= last and #redis.call('XRANGE', epochs, ARGV[i] .. '-1', ARGV[i] .. '-1') == 0 then
    return {'LATE', ARGV[i], known[3]}
  end
end

local after, best, best_epoch = known[3] or '-1', tonumber(known[4] or ''), nil
local last_ms, intervals = tonumber(known[5] or ''), {}
for number in string.gmatch(known[6] or '', '%d+') do intervals[#intervals + 1] = number end
local rows, duplicates, best_text = {}, 0, nil
for i = FIRST, #ARGV, STEP do
  local epoch = tonumber(ARGV[i])
  if epoch <= last then
    duplicates = duplicates + 1
  else
    redis.call('XADD', epochs, ARGV[i] .. '-1', 'row', ARGV[i + 1])
    rows[#rows + 1] = ARGV[i + 1]
    last = epoch
    redis.call('HSET', job, 'last_epoch', ARGV[i], 'current_epoch', ARGV[i])
    local loss = tonumber(ARGV[i + 2])
    if loss and (not best or loss < best) then
      best, best_text, best_epoch = loss, ARGV[i + 2], ARGV[i]
    end
    local ms = tonumber(ARGV[i + 3])
    if last_ms and ms > last_ms then intervals[#intervals + 1] = string.format('%d', ms - last_ms) end
    last_ms = ms
  end
end

if #rows > 0 or created == 1 then
  local first = math.max(1, #intervals - 20)
  redis.call('HSET', job, 'attempt', ARGV[4], 'last_metric_at', now, 'heartbeat_at', now,
    'epochs_stored', redis.call('XLEN', epochs),
    'last_ms', string.format('%d', last_ms or 0), 'intervals', table.concat(intervals, ' ', first))
  if #rows > 0 then redis.call('HSET', job, 'last_metrics', ARGV[9]) end
  if best_epoch then redis.call('HSET', job, 'best_epoch', best_epoch, 'best_val_loss', best_text) end
  local started = external and status == 'pending'
  if started then
    redis.call('HSET', job, 'status', 'running')
    redis.call('HSETNX', job, 'started_at', now)
  end
  redis.call('HINCRBY', job, 'revision', 1)
  local flat, fields = redis.call('HGETALL', job), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  local as_json = cjson.encode(fields)
  if started then
    local start = '{"event":"training:started","job":' .. as_json .. '}'
    redis.call(publish, channel, start)
    redis.call('PUBLISH', jobs_channel, start)
  end
  local update = '{"event":"training:progress","job":' .. as_json
  redis.call(publish, channel, update .. ',"after":' .. after .. ',"rows":[' .. table.concat(rows, ',') .. ']}')
  redis.call('PUBLISH', jobs_channel, update .. '}')
end
return {'OK', #rows, duplicates, string.format('%d', last), redis.call('HGET', job, 'stream'), created}
