-- Put right what only the whole history tells, unless it has grown since it was read.
-- KEYS  job
-- ARGV  position that was read to, epochs that stand, newest of them, best epoch ('' none), best val_loss
-- reply 1 done, 0 it has grown
if redis.call('HGET', KEYS[1], 'position') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'epochs_stored', ARGV[2], 'current_epoch', ARGV[3])
redis.call('HDEL', KEYS[1], 'recount', 'best_epoch', 'best_val_loss')
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'best_epoch', ARGV[4], 'best_val_loss', ARGV[5]) end
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return 1
