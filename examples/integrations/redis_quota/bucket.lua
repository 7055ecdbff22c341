-- Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
--
-- One token bucket on the clock of the Redis server: takes back, then grants what is there of what is asked for.
-- Redis runs a script as one step, so two hosts are never granted the same token.
--
-- KEYS[1]  the bucket
-- ARGV     tokens a second; burst; tokens asked for; tokens handed back
-- returns  tokens granted
--
-- Counted in millionths of a token, as the clock counts in microseconds: whole numbers, which a double holds up to 2^53,
-- so exact for a burst up to 9e9.
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local wanted, back = tonumber(ARGV[3]), tonumber(ARGV[4])
local full = burst * 1000000

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local kept = redis.call('HMGET', KEYS[1], 'level', 'at', 'born', 'granted')
local level = tonumber(kept[1]) or full
local at = tonumber(kept[2]) or now
local born = tonumber(kept[3]) or now
local granted = tonumber(kept[4]) or 0

level = math.min(full, level + math.max(0, now - at) * rate + back * 1000000)
local given = math.max(0, math.min(wanted, math.floor(level / 1000000)))
level = level - given * 1000000

redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at', string.format('%.0f', math.max(now, at)),
           'born', string.format('%.0f', born), 'granted', string.format('%.0f', granted + given - back))
-- A bucket that is full again is as good as none.
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 10000)
return given
