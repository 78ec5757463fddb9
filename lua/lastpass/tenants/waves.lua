--- In which order companies are changed: a few first, then more, then the rest; and the error budget, which ends a run
-- over companies by itself when too many of them have failed.
-- @module lastpass.tenants.waves
local limits = require "lastpass.plan.limits"

local M = {}

--- One company, five in a hundred, all others.
M.DEFAULT = { 1, "5%", "rest" }

--- How many companies may fail: of those of the waves so far, rounded down. After a wave of one company that is none.
M.DEFAULT_BUDGET = "5%"

-- Beyond this many waves nobody looks at what one of them has shown.
local MOST = 50

local EXPECTED =
  'a list such as { 1, "5%", "rest" }: counts and percentages of all companies, "rest" last'

--- Whether a value is good for the option `waves`.
---@param value any
---@return boolean ok
---@return string expected
function M.check(value)
  if type(value) ~= "table" or #value == 0 or #value > MOST then
    return false, EXPECTED
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  if count ~= #value then
    return false, EXPECTED
  end
  for index, entry in ipairs(value) do
    local limit = limits.read(entry)
    local is_rest = entry == "rest" and index == #value
    if not is_rest and (not limit or (limit.count or limit.percent) == 0) then
      return false, EXPECTED
    end
  end
  return true, EXPECTED
end

--- Whether a value is good for the option `budget`.
---@param value any
---@return boolean ok
---@return string expected
function M.check_budget(value)
  return limits.read(value) ~= nil,
    'how many companies may fail: a count, or a percentage such as "5%"'
end

--- Reads waves as a command line has them: "1,5%,rest".
---@param text string
---@return table|nil waves
---@return string? expected
function M.parse(text)
  local waves = {}
  for entry in (text .. ","):gmatch "%s*(.-)%s*," do
    waves[#waves + 1] = tonumber(entry) or entry
  end
  local ok, expected = M.check(waves)
  if ok then
    return waves
  end
  return nil, expected
end

--- How many companies each wave has. What the waves leave over is a last wave of its own, also where nobody says "rest":
-- no company of a plan is left out.
---@param waves table as of `check`
---@param companies integer
---@return integer[] sizes each above 0; their sum is `companies`
function M.sizes(waves, companies)
  local sizes, left = {}, companies
  for _, entry in ipairs(waves) do
    local size = left
    if entry ~= "rest" then
      size = math.min(limits.allowed(limits.read(entry), companies, 1), left)
    end
    if size > 0 then
      sizes[#sizes + 1], left = size, left - size
    end
  end
  if left > 0 then
    sizes[#sizes + 1] = left
  end
  return sizes
end

--- The wave of each company, in the order of the list.
---@param sizes integer[]
---@return integer[] waves from 1 on
function M.numbers(sizes)
  local numbers = {}
  for wave, size in ipairs(sizes) do
    for _ = 1, size do
      numbers[#numbers + 1] = wave
    end
  end
  return numbers
end

--- How many companies may have failed up to and within a wave.
---@param budget string|number
---@param sizes integer[]
---@param wave integer
---@return integer
function M.allowed(budget, sizes, wave)
  local companies = 0
  for index = 1, math.min(wave, #sizes) do
    companies = companies + sizes[index]
  end
  return limits.allowed(limits.read(budget), companies, 0)
end

--- How many may have failed, for each wave; what a run over companies has in the journal.
---@param budget string|number
---@param sizes integer[]
---@return integer[]
function M.allowances(budget, sizes)
  local list = {}
  for wave in ipairs(sizes) do
    list[wave] = M.allowed(budget, sizes, wave)
  end
  return list
end

return M
