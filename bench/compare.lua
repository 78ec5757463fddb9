--- Measures two sides in turn, in the same run: A B A B …, so that a machine that slows down slows
-- both.
-- @module bench.compare
local M = {}

local PAIRS = 5

local function median(list)
  local sorted = {}
  for position, value in ipairs(list) do
    sorted[position] = value
  end
  table.sort(sorted)
  local middle = math.floor((#sorted + 1) / 2)
  return #sorted % 2 == 1 and sorted[middle] or (sorted[middle] + sorted[middle + 1]) / 2
end

M.median = median

-- One number of all samples of one side.
local function pick(samples, name)
  local numbers = {}
  for position, sample in ipairs(samples) do
    numbers[position] = assert(sample[name], "the job does not measure " .. name)
  end
  return numbers
end

local function judge(row, ours, theirs)
  local result = { job = row.job, rival = row.rival, of = row.of, unit = row.unit }
  result.at_least, result.at_most, result.absolute = row.at_least, row.at_most, row.absolute
  local mine = pick(ours, row.of)
  result.ours = median(mine)
  if row.rival then
    local other, ratios = pick(theirs, row.of), {}
    for position, value in ipairs(mine) do
      -- "at least n times faster" asks for the rival's share of ours, "at most" for the other
      ratios[position] = row.at_least and other[position] / value or value / other[position]
    end
    result.theirs, result.ratio = median(other), median(ratios)
  end
  local reached = result.ratio
  if row.absolute or not row.rival then
    reached = result.ours * (row.unit == "ms" and 1000 or 1)
    result.ratio = result.ratio or reached
  end
  result.reached = reached
  result.ok = reached == reached
    and (not row.at_least or reached >= row.at_least)
    and (not row.at_most or reached <= row.at_most)
  return result
end

--- Measures a job.
---@param job table `ours(bench)`, `theirs(bench)`: a sample (name -> number) each; `pairs`; `start` and
-- `stop`, before and after all of them; `rows`:
-- list of {job, rival, of = name in the sample, at_least | at_most, unit, absolute}. A row without
-- a rival, or an `absolute` one, limits the number itself. `unit` is "MB", or "ms" for the seconds of
-- a sample; without it the numbers are seconds.
---@param bench table handed on
---@return table results one for each row
function M.run(job, bench)
  local ours, theirs = {}, {}
  for pair = 0, job.pairs or PAIRS do
    local mine, other = job.ours(bench), job.theirs and job.theirs(bench)
    if other and mine.users ~= other.users and other.users then
      error(("ours read %d users, the rival %d"):format(mine.users, other.users), 0)
    end
    -- the first pair only warms caches
    if pair > 0 then
      ours[pair], theirs[pair] = mine, other
    end
  end
  local results = {}
  for position, row in ipairs(job.rows) do
    results[position] = judge(row, ours, theirs)
  end
  return results
end

return M
