--- The table, and bench.json.
-- @module bench.report
local json = require "lastpass.json"
local text = require "lastpass.text"

local M = {}

local function amount(value, unit)
  if not value then
    return "–"
  elseif unit == "MB" then
    return ("%.1f MB"):format(value)
  elseif value >= 1 then
    return ("%.2f s"):format(value)
  end
  return ("%.1f ms"):format(value * 1000)
end

local function limit_of(row)
  local unit = (row.absolute or not row.rival) and " " .. row.unit or " ×"
  return row.at_least and (">= %g%s"):format(row.at_least, unit)
    or ("<= %g%s"):format(row.at_most, unit)
end

local columns = {
  { title = "job", field = "job" },
  {
    title = "ours",
    align = "right",
    field = function(row)
      return amount(row.ours, row.unit)
    end,
  },
  {
    title = "rival",
    field = function(row)
      return row.rival or "–"
    end,
  },
  {
    title = "needs",
    align = "right",
    field = function(row)
      return amount(row.theirs, row.unit)
    end,
  },
  {
    title = "ratio",
    align = "right",
    field = function(row)
      return row.rival and ("%.2f"):format(row.ratio) or "–"
    end,
  },
  { title = "must", align = "right", field = limit_of },
  {
    title = "ok",
    field = function(row)
      return row.ok and "yes" or "NO"
    end,
  },
}

--- Prints all results as one table.
---@param results table list
function M.print(results)
  print(text.table(results, columns))
end

--- Writes what a program reads.
---@param name string file
---@param results table list
function M.write(name, results)
  local list = {}
  for position, row in ipairs(results) do
    list[position] = {
      job = row.job,
      rival = row.rival or json.null,
      ratio = row.reached,
      at_least = row.at_least,
      at_most = row.at_most,
      unit = (row.absolute or not row.rival) and row.unit or nil,
      ok = row.ok,
    }
  end
  local file = assert(io.open(name, "w"))
  assert(file:write(json.encode(json.list(list)), "\n"))
  assert(file:close())
end

return M
