#!lua
-- What is shared of a customer's consents: read, or kept if nobody came in between, in one atomic step.
--
--   KEYS[1]  a hash: "body"; "version", another one with each change; "life" and "until", the run of the server in which
--            the truth was put here, and when it is to be asked again [us]
--
-- read                                             returns the version, the body, and whether it is all, and fresh
-- keep OLD-VERSION VERSION BODY FOR-US KEEP-MS     returns whether it was kept; with FOR-US it is all, for so long
--
-- What another run of the server wrote is not all: a restart or a failover may have lost what came after it.

local key, what = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local life = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')

if what == 'read' then
  local kept = redis.call('HMGET', key, 'version', 'body', 'life', 'until')
  local whole = kept[3] == life and tonumber(kept[4] or 0) > now
  return {kept[1] or '', kept[2] or '', whole and 1 or 0}
end

local before = redis.call('HGET', key, 'version') or ''
if before ~= ARGV[2] then
  return 0
end
redis.call('HSET', key, 'version', ARGV[3], 'body', ARGV[4])
if ARGV[5] ~= '' then
  redis.call('HSET', key, 'life', life, 'until', string.format('%.0f', now + tonumber(ARGV[5])))
end
redis.call('PEXPIRE', key, ARGV[6])
return 1
