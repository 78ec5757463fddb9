--- The files of a campaign: one for each manager, and campaign.json, which knows what was asked.
-- @module lastpass.report.access_review.campaign
local csv = require "lastpass.report.render.csv"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"
local json_report = require "lastpass.report.render.json"

local M = {}

M.FORMAT = "lastpass.access_review"
local VERSION = 1

--- The columns of the managers' files; the last two are theirs.
M.columns = {
  { name = "id" },
  { name = "person" },
  { name = "fullname" },
  { name = "kind" },
  { name = "what" },
  { name = "right" },
  { name = "through" },
  { name = "last_login", kind = "time" },
  { name = "decision" },
  { name = "comment" },
}

-- Every address makes a good file name; two that differ in odd characters alone get a number.
local function namer()
  local taken = {}
  return function(manager)
    local base = manager and manager:gsub("[^%w@._+-]", "_"):gsub("^%.", "_") or "unassigned"
    local name, number = base, 1
    while taken[name] do
      number = number + 1
      name = base .. "-" .. number
    end
    taken[name] = true
    return name .. ".csv"
  end
end

local function item_of(row)
  return {
    id = row.id,
    manager = row.manager,
    person = row.person,
    kind = row.kind,
    what = row.what,
    right = row.right,
    through = row.through,
    folder_id = row.folder_id,
  }
end

local function by_manager(report)
  local order, found, name_of = {}, {}, namer()
  for _, row in ipairs(report.rows) do
    local key = row.manager or ""
    if not found[key] then
      found[key] = { name = name_of(row.manager), rows = {} }
      order[#order + 1] = found[key]
    end
    table.insert(found[key].rows, row)
  end
  return order
end

--- Writes the campaign.
---@param report lastpass.Report
---@param folder string
---@return string[]|nil names
---@return string? message
---@return lastpass.Error? err
function M.write(report, folder)
  local ok, message, err = files.begin_folder(folder, "decisions there would be lost")
  if not ok then
    return nil, message, err
  end
  local names, items = {}, json.list {}
  for _, one in ipairs(by_manager(report)) do
    local text = csv.write(M.columns, one.rows, true)
    ok, message, err = files.write(folder .. "/" .. one.name, text)
    if not ok then
      return nil, message, err
    end
    names[#names + 1] = one.name
    for _, row in ipairs(one.rows) do
      local item = item_of(row)
      item.file = one.name
      items[#items + 1] = item
    end
  end
  local text = json.encode {
    format = M.FORMAT,
    version = VERSION,
    statement = json_report.statement(report.statement),
    items = items,
  }
  ok, message, err = files.write(folder .. "/campaign.json", text .. "\n")
  if not ok then
    return nil, message, err
  end
  return names
end

--- Reads what was asked.
---@param folder string
---@return table|nil campaign statement, items
---@return string? message
---@return lastpass.Error? err code "not_a_campaign"
function M.read(folder)
  local path = folder .. "/campaign.json"
  local text, message, err = files.read(path)
  if not text then
    err.hint = err.hint or "is this the folder that the review was exported to?"
    return nil, message, err
  end
  local value = json.decode(text)
  if
    type(value) ~= "table"
    or value.format ~= M.FORMAT
    or value.version ~= VERSION
    or type(value.items) ~= "table"
  then
    message = path .. ": is not the file of an access review"
    return errors.fail("protocol", "not_a_campaign", message, { file = path })
  end
  return value
end

return M
