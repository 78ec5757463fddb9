-- What the fuzzers of sources draw from: numbers that a seed repeats, and texts in pieces.
-- Arguments of a fuzzer: [SECONDS [LEAST [SEED]]]: so long, and at least so many rounds
local files = require "spec.source.files"

local M = {}

M.seconds = tonumber(arg[1]) or 5
M.least = tonumber(arg[2]) or 100
M.seed = tonumber(arg[3]) or os.time() % 2147483646 + 1

local state = M.seed

--- A number from 1 to the limit.
function M.number(limit)
  state = (state * 16807) % 2147483647
  return 1 + state % limit
end

--- One of a list.
function M.pick(list)
  return list[M.number(#list)]
end

--- A handle that gives a text in pieces of one size, or of any.
function M.stream(text, size)
  return files.stream(text, size or function()
    return M.number(9)
  end)
end

return M
