"""What Redis does for one lease: a token bucket that gives out as many tokens as it has, up to a wish."""

from __future__ import annotations

from typing import Final

LEND: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local limit, window, wish = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local each = window / limit
local full_at = math.min(tonumber(redis.call('GET', KEYS[1]) or now), now + window)
full_at = math.max(full_at, now)
local there = math.floor((now + window - full_at) / each + 1e-6)
local lent = math.max(0, math.min(there, wish))
if lent > 0 then
  full_at = full_at + lent * each
  redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil((full_at - now) / 1000))
end
local wait = 0
if lent < wish then
  wait = math.ceil(full_at + each - now - window)
end
return {lent, math.max(0, wait)}
"""
"""One key: the time, in microseconds of the server's clock, at which the bucket will be full (generic cell rate).

ARGV: limit, window in microseconds, wish. Returns how many tokens were lent and, when they were fewer than wished
for, the microseconds until there is another one. The key expires when the bucket is full, so nothing is left
behind. The script is one step of the server: two processes never get the same token.
"""
