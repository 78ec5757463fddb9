--- How time and memory grow with the company.
-- @module bench.growth
local compare = require "bench.compare"
local text = require "lastpass.text"

local M = {}

-- The largest is read once only: by then nothing is left to chance.
local companies = { { 10000, 3 }, { 100000, 3 }, { 1000000, 1 } }

local function read(bench, way, users, times)
  local seconds, peaks = {}, {}
  for position = 1, times do
    local sample = bench.measure {
      bench.lua,
      "bench/work/read.lua",
      way,
      bench.url(users),
      bench.ca_file,
    }
    if sample.users ~= users then
      error(("%s: %d users were read, not %d"):format(way, sample.users, users), 0)
    end
    seconds[position], peaks[position] = sample.seconds, sample.peak
  end
  return ("%.0f ms"):format(compare.median(seconds) * 1000),
    ("%.1f MB"):format(compare.median(peaks))
end

--- Prints a line for each size.
---@param bench table
function M.print(bench)
  local rows = {}
  for _, company in ipairs(companies) do
    local users, times = company[1], company[2]
    local row = { text.plural(users, "user") }
    for _, way in ipairs { "stream", "pages" } do
      local seconds, peak = read(bench, way, users, times)
      row[#row + 1], row[#row + 2] = seconds, peak
    end
    rows[#rows + 1] = row
  end
  print(text.table(rows, {
    { title = "growth, over TLS", field = 1 },
    { title = "one by one", field = 2, align = "right" },
    { title = "peak", field = 3, align = "right" },
    { title = "snapshot", field = 4, align = "right" },
    { title = "peak", field = 5, align = "right" },
  }))
end

return M
