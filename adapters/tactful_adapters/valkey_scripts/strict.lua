#!lua
-- The centre of strict caps, in one atomic step, by the server's clock. Each part is {prefix}:strict or begins so:
--
--   {prefix}:strict            a sorted set: when each room is over [us]; and, with scores at or below nought,
--                              "begun" (the generation), "serial" (of the newest change), "lost" if something was
--   {prefix}:strict:GEN:ROOM   a sorted set: until when each unit counts [us]; r… is reserved, c… is confirmed
--
-- A room is in the first exactly while its key is there. Where they disagree, or an edge has seen a later change than
-- the newest one here, the server has lost something: from then on it promises nothing, until it is begun anew.
--
-- KEYS[1]  {prefix}:strict
-- ARGV     what to do; the generation and the serial that the caller has seen; what it is about, in JSON; the call's name
-- Returns  the state ("well", "lost", "nothing"), the generation, the serial, the answer, and the call's name

local roster, what, about, call = KEYS[1], ARGV[1], ARGV[4], ARGV[5]
local seen_generation, seen_serial = tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function whole(number)
  return string.format('%.0f', number)
end

local function mark(name)
  local score = redis.call('ZSCORE', roster, name)
  return score and -tonumber(score)
end

local generation, serial = mark('begun'), mark('serial') or 0

if what == 'begin' then
  if generation and not mark('lost') then
    return {'well', whole(generation), whole(serial), 0, call}
  end
  redis.call('DEL', roster)
  generation = math.max(now, seen_generation + 1)
  redis.call('ZADD', roster, whole(-generation), 'begun')
  return {'well', whole(generation), '0', 1, call}
end

if not generation then
  return {'nothing', '0', '0', 0, call}
end

if what == 'look' then
  return {mark('lost') and 'lost' or 'well', whole(generation), whole(serial), 0, call}
end

if seen_generation > generation or (seen_generation == generation and seen_serial > serial) then
  redis.call('ZADD', roster, -1, 'lost')
end

local function key_of(room)
  return roster .. ':' .. whole(generation) .. ':' .. room
end

local function leave_if_empty(room)
  if redis.call('EXISTS', key_of(room)) == 0 then
    redis.call('ZREM', roster, room)
  end
end

-- What is over goes; a room and its key come and go together.
local function tidy(room)
  local due, key = redis.call('ZSCORE', roster, room), key_of(room)
  if due and tonumber(due) <= now then
    redis.call('DEL', key)
    redis.call('ZREM', roster, room)
  elseif (due and 1 or 0) ~= redis.call('EXISTS', key) then
    redis.call('ZADD', roster, -1, 'lost')
  else
    redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now))
    leave_if_empty(room)
  end
end

local function keep(room, unit, ends)
  local key = key_of(room)
  local due = math.max(ends, tonumber(redis.call('ZSCORE', roster, room) or 0))
  redis.call('ZADD', key, whole(ends), unit)
  redis.call('ZADD', roster, whole(due), room)
  -- Should nobody come again, it goes by itself, an hour after the room is over.
  redis.call('PEXPIREAT', key, whole(due / 1000 + 3600000))
end

local function given(ask)
  local inside = 0
  for _, room in ipairs(ask.rooms) do
    tidy(room)
    inside = inside + redis.call('ZCARD', key_of(room))
  end
  local room, units = ask.rooms[1], {}
  if mark('lost') then
    return units
  end
  for number = 1, ask.wanted do
    local unit = ask.nonce .. string.format('%x', number)
    local ends = redis.call('ZSCORE', key_of(room), 'r' .. unit)
    if not ends and inside < ask.count then
      ends = now + ask.hold
      keep(room, 'r' .. unit, ends)
      inside = inside + 1
    end
    if ends then
      local reserved = tonumber(ends) - ask.hold
      units[#units + 1] = table.concat({room, unit, whole(reserved), whole(reserved + ask.counts)}, '.')
    end
  end
  return units
end

-- A unit that lapsed is known by its name for as long as its exposure would have counted.
local function confirmed(unit)
  local key = key_of(unit.room)
  tidy(unit.room)
  if redis.call('ZSCORE', key, 'c' .. unit.name) then
    return 1
  end
  local held = redis.call('ZSCORE', key, 'r' .. unit.name)
  if not held and now >= unit.leaves then
    return 0
  end
  redis.call('ZREM', key, 'r' .. unit.name)
  local ends = unit.leaves + math.max(0, now - unit.reserved)
  keep(unit.room, 'c' .. unit.name, math.max(ends, tonumber(held or 0)))
  return 1
end

local function released(unit)
  tidy(unit.room)
  local gone = redis.call('ZREM', key_of(unit.room), 'r' .. unit.name)
  leave_if_empty(unit.room)
  return gone
end

local doing = {reserve = given, confirm = confirmed, release = released}
local answer = {}
for place, one in ipairs(cjson.decode(about)) do
  answer[place] = doing[what](one)
end

for _, room in ipairs(redis.call('ZRANGEBYSCORE', roster, 1, whole(now), 'LIMIT', 0, 16)) do
  redis.call('DEL', key_of(room))
  redis.call('ZREM', roster, room)
end

serial = serial + 1
redis.call('ZADD', roster, whole(-serial), 'serial')
return {mark('lost') and 'lost' or 'well', whole(generation), whole(serial), answer, call}
