-- Put what the stream holds up to a position into blocks instead, as one step, unless the history
-- has changed since it was read: then nothing is done.
-- KEYS  job, epochs, late, blocks
-- ARGV  position that was compacted to before ('' none), stream id, position that is compacted to
--       now, the first position that stays in the stream, manifest, epochs that were written to late
--       (JSON list), fields of blocks that are replaced (JSON list), then field, bytes, …
-- reply 1 done, 0 nothing done
local known = redis.call('HMGET', KEYS[1], 'compacted', 'stream', 'position', 'backs')
if (known[1] or '') ~= ARGV[1] or known[2] ~= ARGV[2] then return 0 end

local function is_after(one, other)
  local n, p = string.match(one, '^(%d+)-(%d+)$')
  local m, q = string.match(other, '^(%d+)-(%d+)$')
  if not n or not m then return false end
  n, p, m, q = tonumber(n), tonumber(p), tonumber(m), tonumber(q)
  return n > m or (n == m and p > q)
end

-- A store that came back with less lacks what is to be compacted: its writers bring it anew.
if not known[3] or is_after(ARGV[3], known[3]) then return 0 end

for i = 8, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[4], 'manifest', ARGV[5])
for _, field in ipairs(cjson.decode(ARGV[7])) do redis.call('HDEL', KEYS[4], field) end
redis.call('XTRIM', KEYS[2], 'MINID', '=', ARGV[4])
for _, epoch in ipairs(cjson.decode(ARGV[6])) do
  local kept = {}
  for id in string.gmatch(redis.call('HGET', KEYS[3], epoch) or '', '[%d-]+') do
    if is_after(id, ARGV[3]) then kept[#kept + 1] = id end
  end
  if #kept > 0 then redis.call('HSET', KEYS[3], epoch, table.concat(kept, ' '))
  else redis.call('HDEL', KEYS[3], epoch) end
end
local backs = {}
for back in string.gmatch(known[4] or '', '%S+') do
  if is_after(string.match(back, '^[%d-]+'), ARGV[3]) then backs[#backs + 1] = back end
end
if #backs > 0 then redis.call('HSET', KEYS[1], 'backs', table.concat(backs, ' '))
else redis.call('HDEL', KEYS[1], 'backs') end
redis.call('HSET', KEYS[1], 'compacted', ARGV[3])
return 1
