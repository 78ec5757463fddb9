--- Whole-number arithmetic that gives the same in every Lua: nothing here leaves the numbers that
-- a double holds exactly.
-- @module lastpass.sandbox.seed.arithmetic
local M = {}

local floor = math.floor

--- Products of a smaller number with the multipliers used here stay below 2^53.
M.PRIME = 2147483647

local PRIME = M.PRIME

--- The greatest common divisor.
function M.greatest_common_divisor(a, b)
  while b ~= 0 do
    a, b = b, a % b
  end
  return a
end

--- a^-1 modulo m, coprime to a, by the extended Euclidean algorithm.
function M.inverse_modulo(a, m)
  local t, next_t, r, next_r = 0, 1, m, a % m
  while next_r ~= 0 do
    local quotient = floor(r / next_r)
    t, next_t = next_t, t - quotient * next_t
    r, next_r = next_r, r - quotient * next_r
  end
  return t % m
end

--- Numbers that look random: Park and Miller's generator, the same in every Lua.
---@return fun(n: integer): integer next from 0 to n - 1
function M.random(seed)
  local state = (seed % PRIME * 16807 + 12345) % PRIME
  if state == 0 then
    state = 1
  end
  for _ = 1, 3 do
    state = state * 48271 % PRIME
  end
  return function(n)
    state = state * 48271 % PRIME
    return floor(state / 7) % n
  end
end

--- Two numbers that depend on a person's number and nothing else, below `PRIME`.
function M.hash(salt, index)
  local one = (index * 69621 + salt) % PRIME
  return one, (one * 39373 + 11) % PRIME
end

return M
