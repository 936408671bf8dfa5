-- Add writes to a job's record, bring the job up to date, and publish both, as one step: what was
-- published is kept. Sent twice, stored once: a writer's place in its own log is remembered here.
-- KEYS  job, epochs, notes, facts, late, writers, names, checkpoint
-- ARGV  channel, jobs channel, PUBLISH|SPUBLISH, attempt, mode, now (ISO 8601, of notes made here),
--       token of the writer's log ('' none), place in that log where this batch begins,
--       metric names that may be new (JSON list), most names, newest values (JSON list of name, text),
--       what compacted epochs have (JSON: position, rows: epoch → [row, nf], or []; '' not read),
--       channel of the ids of jobs to which epochs came,
--       then per write: kind, its end in the log, epoch, text, extra, time in ms, val_loss
--         row    text: JSON; extra: which metrics were not finite (JSON, '' none)
--         back   every epoch behind `epoch` is taken back
--         note   text: JSON        facts  text: JSON
--         config text: JSON
--         end    text: JSON list of field, value, …; extra: the status
-- modes: write (the job's trainer), rest (rows without a log), bring (what a dead trainer left:
--       it takes nothing over, and replaces nothing that a later trainer wrote)
-- reply {'OK', accepted, duplicates, position, stream, place, recount 0|1}
--       {'UNKNOWN'} {'STALE', attempt} {'FINAL', status} {'NAMES', how many}
--       {'BEHIND', place}: the store has less of this log than its writer was told
--       {'NEED', epoch, …}: nothing is done before it is said what these have in the blocks
local job, epochs, notes, late, writers = KEYS[1], KEYS[2], KEYS[3], KEYS[5], KEYS[6]
local channel, jobs_channel, publish, attempt = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local mode, now, token = ARGV[5], ARGV[6], ARGV[7]
local FIRST, STEP, MOST_NEEDED = 14, 7, 2000
local PUBLISHED_WRITES, PUBLISHED_BYTES, NEAR = 256, 262144, 63
local LARGE = 32768 -- bytes of a field
local FINAL = {completed = true, failed = true, cancelled = true}

local flat, fields = redis.call('HGETALL', job), {}
if #flat == 0 then return {'UNKNOWN'} end
for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
local current_attempt = tonumber(fields.attempt or '0') or 0
if mode ~= 'bring' and attempt < current_attempt then return {'STALE', fields.attempt} end
if mode == 'rest' and FINAL[fields.status] then return {'FINAL', fields.status} end
local place = 0
if token ~= '' then
  place = tonumber(redis.call('HGET', writers, token) or '0')
  if tonumber(ARGV[8]) > place then return {'BEHIND', string.format('%d', place)} end
end

-- What is compacted no script can read: whoever sends says what such epochs have there.
local compacted, in_blocks = fields.compacted or '', {}
if compacted ~= '' then
  local said = ARGV[12] ~= '' and cjson.decode(ARGV[12]) or {}
  if said.position == compacted then in_blocks = said.rows end
  local upto, newest_so_far = tonumber(string.match(compacted, '^%d+')), nil
  newest_so_far = tonumber(string.match(fields.position or '', '^%d+')) or -1
  local needed, is_needed = {'NEED'}, {}
  for i = FIRST, #ARGV, STEP do
    if ARGV[i] == 'row' and not (token ~= '' and tonumber(ARGV[i + 1]) <= place) then
      local epoch, name = tonumber(ARGV[i + 2]), ARGV[i + 2]
      if epoch > newest_so_far then newest_so_far = epoch
      elseif epoch <= upto and not in_blocks[name] and not is_needed[name] then
        needed[#needed + 1], is_needed[name] = name, true
      end
    end
    if #needed > MOST_NEEDED then break end
  end
  if #needed > 1 then return needed end
end

local names = cjson.decode(ARGV[9])
if mode == 'rest' and #names > 0 then
  local count = redis.call('SCARD', KEYS[7])
  for _, name in ipairs(names) do count = count + 1 - redis.call('SISMEMBER', KEYS[7], name) end
  if count > tonumber(ARGV[10]) then return {'NAMES', count} end
end
for _, name in ipairs(names) do redis.call('SADD', KEYS[7], name) end

-- ---------------------------------------------------------------- what an epoch has already

local newest, part = string.match(fields.position or '', '^(%d+)-(%d+)$')
if not newest then -- data of the format before positions
  newest, part = fields.last_epoch or '-1', '1'
  if newest == '-1' then newest, part = '0', '0' end
end
newest, part = tonumber(newest), tonumber(part)
local after = string.format('%d-%d', newest, part)
local has_any = part > 0
local backs = {} -- {newest, part, last epoch that stays}
for n, p, stays in string.gmatch(fields.backs or '', '(%d+)-(%d+):(-?%d+)') do
  backs[#backs + 1] = {tonumber(n), tonumber(p), tonumber(stays)}
end

local function is_gone(id, epoch)
  local n, p = string.match(id, '^(%d+)-(%d+)$')
  n, p = tonumber(n), tonumber(p)
  for _, back in ipairs(backs) do
    if epoch > back[3] and (n < back[1] or (n == back[1] and p < back[2])) then return true end
  end
  return false
end

local function cells_of(text, nf)
  local fine, row = pcall(cjson.decode, text)
  if not fine or type(row) ~= 'table' then return nil end
  local marks = {}
  if nf and nf ~= '' then
    local readable, found = pcall(cjson.decode, nf)
    if readable and type(found) == 'table' then marks = found end
  end
  for name, value in pairs(row) do
    if value == cjson.null then row[name] = marks[name] end
  end
  return row
end

local function join(has, entries, epoch)
  for _, entry in ipairs(entries) do
    local found = {}
    for i = 1, #entry[2], 2 do found[entry[2][i]] = entry[2][i + 1] end
    local row = found.row and not is_gone(entry[1], epoch) and cells_of(found.row, found.nf)
    if row and row.epoch == epoch then
      has = has or {}
      for name, value in pairs(row) do has[name] = value end
    end
  end
  return has
end

local function epoch_has(epoch)
  local near = string.format('%d-', epoch)
  local has, block_row = nil, in_blocks[string.format('%d', epoch)]
  if block_row and block_row[1] and not is_gone(compacted, epoch) then
    has = cells_of(block_row[1], block_row[2])
  end
  has = join(has, redis.call('XRANGE', epochs, near .. '1', near .. NEAR), epoch)
  for id in string.gmatch(redis.call('HGET', late, string.format('%d', epoch)) or '', '[%d-]+') do
    has = join(has, redis.call('XRANGE', epochs, id, id), epoch)
  end
  return has
end

local function is_same(one, other)
  if type(one) ~= 'table' or type(other) ~= 'table' then return one == other end
  if #one ~= #other then return false end
  for i = 1, #one do if not is_same(one[i], other[i]) then return false end end
  return true
end

-- {is new, name of a cell that had another value}
local function compared(has, text, nf)
  local is_new, replaced = false, nil
  for name, value in pairs(cells_of(text, nf) or {}) do
    if name ~= 'epoch' and name ~= 'timestamp' then
      if has[name] == nil then is_new = true
      elseif not is_same(has[name], value) then
        is_new = true
        if not replaced or name < replaced then replaced = name end
      end
    end
  end
  return is_new, replaced
end

-- ---------------------------------------------------------------- the writes, one by one

local set, removed = {}, {} -- of the job's hash
local function put(name, value) set[#set + 1] = name; set[#set + 1] = value end
local published, published_bytes, told = {}, 0, {} -- writes; events behind them
local accepted, duplicates, entries = 0, 0, 0
local stored = tonumber(fields.epochs_stored or '0') or 0
local current = has_any and (tonumber(fields.current_epoch or '0') or 0) or -1
local least = tonumber(fields.least_epoch or '')
if has_any and not least then -- the format before positions had its first epoch first
  local first = redis.call('XRANGE', epochs, '-', '+', 'COUNT', 1)[1]
  least = first and tonumber(string.match(first[1], '^%d+'))
end
local best, best_epoch, best_text = tonumber(fields.best_val_loss or ''), tonumber(fields.best_epoch or ''), fields.best_val_loss
local recount = fields.recount == '1'
local last_ms, intervals = tonumber(fields.last_ms or ''), {}
if last_ms == 0 then last_ms = nil end
for one in string.gmatch(fields.intervals or '', '%S+') do intervals[#intervals + 1] = one end
local replaced_cell, replaced_epoch, is_of_newest = nil, nil, false

local function take(id, as_json, ...)
  redis.call('XADD', epochs, id, ...)
  entries = entries + 1
  published_bytes = published_bytes + #as_json
  if entries <= PUBLISHED_WRITES then published[entries] = '["' .. id .. '",' .. as_json .. ']' end
end

local function note(text)
  redis.call('RPUSH', notes, text)
  redis.call('LTRIM', notes, -200, -1)
  redis.call('HINCRBY', job, 'notes_revision', 1)
  told[#told + 1] = {'training:warning', ',"note":' .. text}
end

local function take_loss(epoch, text)
  local loss = tonumber(text)
  if not loss then return end
  if epoch == best_epoch and loss > best then recount = true end -- the best is another epoch now
  if not best or loss < best or epoch == best_epoch then best, best_epoch, best_text = loss, epoch, text end
end

local function take_row(epoch, text, nf, ms, loss)
  local is_newest = epoch > newest or not has_any
  local has = not is_newest and epoch_has(epoch) or nil
  if has then
    local is_new, replaced = compared(has, text, nf)
    if not is_new or (replaced and mode == 'bring' and attempt < current_attempt) then
      duplicates = duplicates + 1
      return
    end
    if replaced and not replaced_cell then replaced_cell, replaced_epoch = replaced, epoch end
  end
  if is_newest then newest, part, has_any = epoch, 1, true else part = part + 1 end
  local id = string.format('%d-%d', newest, part)
  if epoch ~= newest or part > NEAR then
    local known = redis.call('HGET', late, string.format('%d', epoch))
    redis.call('HSET', late, string.format('%d', epoch), (known and known .. ' ' or '') .. id)
  end
  if nf == '' then take(id, text, 'row', text) else take(id, text .. ',' .. nf, 'row', text, 'nf', nf) end
  accepted = accepted + 1
  if not has then stored = stored + 1 end
  least = math.min(least or epoch, epoch)
  if epoch > current then
    if last_ms and ms and ms > last_ms and current >= 0 then
      intervals[#intervals + 1] = string.format('%d/%d', ms - last_ms, epoch - current)
    end
    current, last_ms = epoch, ms or last_ms
  end
  is_of_newest = is_of_newest or epoch == current
  take_loss(epoch, loss)
end

local function take_back(stays)
  if not has_any or current <= stays then return end -- nothing stands behind it
  part = part + 1
  local id = string.format('%d-%d', newest, part)
  backs[#backs + 1] = {newest, part, stays}
  put('backs', (fields.backs and fields.backs .. ' ' or '') .. id .. ':' .. string.format('%d', stays))
  fields.backs = set[#set]
  take(id, 'null,' .. string.format('%d', stays), 'back', string.format('%d', stays))
  local was_whole = least and stored == current - least + 1
  if was_whole then
    stored = math.max(0, stays - least + 1)
    current = stored > 0 and stays or -1
  else
    recount, current = true, stays
  end
  if best_epoch and best_epoch > stays then
    best, best_epoch, best_text, recount = nil, nil, nil, recount or stored > 0
  end
  last_ms = nil
end

for i = FIRST, #ARGV, STEP do
  local kind, stop = ARGV[i], tonumber(ARGV[i + 1])
  if token ~= '' and stop <= place then
    if kind == 'row' then duplicates = duplicates + 1 end
  else
    if kind == 'row' then
      take_row(tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4], tonumber(ARGV[i + 5]), ARGV[i + 6])
    elseif kind == 'back' then
      take_back(tonumber(ARGV[i + 2]))
    elseif kind == 'note' then
      note(ARGV[i + 3])
    elseif kind == 'facts' then
      if redis.call('GET', KEYS[4]) ~= ARGV[i + 3] then
        redis.call('SET', KEYS[4], ARGV[i + 3])
        redis.call('HINCRBY', job, 'notes_revision', 1)
      end
    elseif kind == 'config' and not (mode == 'bring' and attempt < current_attempt) then
      put('config', ARGV[i + 3])
      told[#told + 1] = {'training:progress', ''}
    elseif kind == 'end' and not FINAL[fields.status] and not (mode == 'bring' and attempt < current_attempt) then
      local change = cjson.decode(ARGV[i + 3])
      for k = 1, #change do set[#set + 1] = change[k] end
      put('status', ARGV[i + 4])
      fields.status = ARGV[i + 4]
      removed = {'desired'}
      if FINAL[fields.status] then redis.call('UNLINK', KEYS[8]) end
      told[#told + 1] = {'training:' .. fields.status, ''}
    end
    if token ~= '' then place = stop end
  end
end
if token ~= '' then redis.call('HSET', writers, token, string.format('%d', place)) end

-- ---------------------------------------------------------------- the job, and who hears of it

local seconds, micros = unpack(redis.call('TIME'))
local now_ms = string.format('%d', tonumber(seconds) * 1000 + math.floor(tonumber(micros) / 1000))
if mode ~= 'bring' then put('heartbeat_ms', now_ms) end
local started = false
if entries > 0 then
  local position = string.format('%d-%d', newest, part)
  put('position', position)
  put('last_epoch', string.format('%d', newest))
  put('current_epoch', string.format('%d', math.max(current, 0)))
  put('epochs_stored', string.format('%d', stored))
  put('last_metric_ms', now_ms)
  put('intervals', table.concat(intervals, ' ', math.max(1, #intervals - 20)))
  if least then put('least_epoch', string.format('%d', least)) end
  if last_ms then put('last_ms', string.format('%d', last_ms)) else removed[#removed + 1] = 'last_ms' end
  if best_epoch and not recount then
    put('best_epoch', string.format('%d', best_epoch))
    put('best_val_loss', best_text)
  else
    removed[#removed + 1] = 'best_epoch'
    removed[#removed + 1] = 'best_val_loss'
  end
  if recount then put('recount', '1') end
  if is_of_newest then
    for _, one in ipairs(cjson.decode(ARGV[11])) do set[#set + 1] = one end
  end
  if replaced_cell then
    put('replaced', string.format('%d', (tonumber(fields.replaced or '0') or 0) + 1))
    if fields.replaced_in ~= ARGV[4] then -- one note per attempt, not one per cell
      put('replaced_in', ARGV[4])
      note('{"kind":"replaced","epoch":' .. string.format('%d', replaced_epoch) .. ',"message":' .. cjson.encode(
        'epoch ' .. string.format('%d', replaced_epoch) .. ': ' .. replaced_cell ..
        ' has another value than before; the newest counts, here and in what follows') ..
        ',"timestamp":"' .. now .. '"}')
    end
  end
  started = fields.external == '1' and fields.status == 'pending'
  if started then
    put('status', 'running')
    if not fields.started_at then put('started_at', now) end
  end
end
if #removed > 0 then redis.call('HDEL', job, unpack(removed)) end
if #set > 0 then redis.call('HSET', job, unpack(set)) end
local recount_flag = recount and 1 or 0
if entries > 0 or #told > 0 or #set > 2 then
  redis.call('HINCRBY', job, 'revision', 1)
  flat, fields = redis.call('HGETALL', job), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  local as_json = ',"job":' .. cjson.encode(fields)
  local kept = {} -- texts that no write changes: they need not travel with every epoch
  for _, name in ipairs({'config', 'charts', 'notes_text'}) do
    if fields[name] and #fields[name] > LARGE then
      kept[#kept + 1] = '"' .. name .. '"'
      fields[name] = nil
    end
  end
  local light = as_json
  if #kept > 0 then
    light = ',"kept":[' .. table.concat(kept, ',') .. '],"job":' .. cjson.encode(fields)
  end
  local function tell(event, more)
    local update = '{"event":"' .. event .. '"' .. as_json .. more .. '}'
    redis.call(publish, channel, update)
    redis.call('PUBLISH', jobs_channel, update)
  end
  if started then tell('training:started', '') end
  if entries > 0 then
    local more = ',"after":"' .. after .. '","cursor":"' .. fields.position .. '"'
    if entries <= PUBLISHED_WRITES and published_bytes <= PUBLISHED_BYTES then
      more = more .. ',"writes":[' .. table.concat(published, ',') .. ']'
    end
    redis.call(publish, channel, '{"event":"training:progress"' .. light .. more .. '}')
    -- whoever lists jobs hears of each epoch of all: no more than the id, to look when it wants
    redis.call('PUBLISH', ARGV[13], fields.id)
  end
  for _, event in ipairs(told) do tell(event[1], event[2]) end
end
return {'OK', accepted, duplicates, fields.position or after, fields.stream or '', string.format('%d', place), recount_flag}
