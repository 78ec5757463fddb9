--- The managers' decisions, read back: each row has to be about what was asked.
-- @module lastpass.report.access_review.decisions
local campaign_room = require "lastpass.report.access_review.campaign"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local is_utf8 = require("lastpass.source.values").is_utf8
local open_csv = require("lastpass.source.csv").open

local M = {}

---@class lastpass.report.Decisions
---@field campaign table              statement, items
---@field by_id table<string, table>  {decision, comment, origin}
---@field counts table                keep, remove, undecided: they come to the number of items
---@field problems table[]            {origin, reason}: rows that could not be understood
local decisions_mt = { __name = "lastpass.report.Decisions" }

function decisions_mt.__tostring(self)
  local counts = self.counts
  return ("access review: %d to keep, %d to remove, %d undecided, %d rows not understood"):format(
    counts.keep,
    counts.remove,
    counts.undecided,
    #self.problems
  )
end

--- Whether a value is decisions.
---@param value any
---@return boolean
function M.is(value)
  return type(value) == "table" and getmetatable(value) == decisions_mt
end

local function complain(self, origin, reason, ...)
  self.problems[#self.problems + 1] = { origin = tostring(origin), reason = reason:format(...) }
end

local words = { keep = "keep", remove = "remove", [""] = "undecided" }

-- What stands before the decision must be as it was written, or the decision is about something else.
local function same(row, item)
  for _, name in ipairs { "person", "kind", "what", "right", "through" } do
    if (row[name] or "") ~= (item[name] or "") then
      return name
    end
  end
  return nil
end

local function take(self, by_id, row, file)
  local item = by_id[row.id]
  if not item then
    return complain(self, row.origin, "there is no item %s", row.id)
  elseif item.file ~= file then
    return complain(self, row.origin, "%s belongs to %s", row.id, item.file)
  end
  local changed = same(row, item)
  if changed then
    return complain(self, row.origin, "%s: the column '%s' was changed", row.id, changed)
  end
  local text = email.trim(row.decision or "")
  local decision = words[text:lower()]
  if not decision then
    return complain(self, row.origin, "%s: the decision is keep or remove, not '%s'", row.id, text)
  end
  self.by_id[row.id] = { decision = decision, comment = row.comment or "", origin = row.origin }
end

-- Spreadsheets outside the US save with semicolons, "Unicode text" with tabs.
local DELIMITERS = { ",", ";", "\t" }

-- Without a mark at its beginning a text that is not UTF-8 is what spreadsheets of Windows write. Were it
-- another encoding, the names would not be those that were written.
local function encoding_of(path)
  local text = files.read(path)
  local has_mark = not text or text:find "^\255\254" or text:find "^\254\255"
  return not has_mark and not is_utf8(text) and "windows-1252" or nil
end

-- Opens a manager's file; the titles are our own, so they tell the delimiter.
local function open_file(folder, name, given)
  local columns, path = {}, folder .. "/" .. name
  for _, column in ipairs(campaign_room.columns) do
    if column.name ~= "last_login" and column.name ~= "fullname" then
      columns[column.name] = column.name
    end
  end
  local source, message, err
  for _, delimiter in ipairs(given.delimiter and { given.delimiter } or DELIMITERS) do
    local one, reason, failure = open_csv(path, {
      columns = columns,
      key = "id",
      trim = false,
      name = name,
      delimiter = delimiter,
      encoding = given.encoding or encoding_of(path),
    })
    source = one
    if not message then
      message, err = reason, failure -- what is wrong with the file as it was written counts
    end
    if source or failure.code ~= "missing_column" then
      break
    end
  end
  if source then
    return source
  end
  return nil, message, err
end

local function read_file(self, by_id, folder, name, given)
  local source, message, err = open_file(folder, name, given)
  local rows
  if source then
    rows, message, err = source:read()
  end
  if not rows then
    -- the other files count all the same
    message = message:sub(1, #name + 2) == name .. ": " and message:sub(#name + 3) or message
    return complain(self, name, "%s%s", message, err.hint and "; " .. err.hint or "")
  end
  for _, row in ipairs(rows) do
    take(self, by_id, row, name)
  end
  for _, problem in ipairs(source.problems) do
    complain(self, problem.origin, "%s", problem.reason)
  end
end

local function count(self)
  for _, item in ipairs(self.campaign.items) do
    local one = self.by_id[item.id]
    local decision = one and one.decision or "undecided"
    self.counts[decision] = self.counts[decision] + 1
  end
end

--- Reads all files of a campaign. One that cannot be read is among the problems.
---@param folder string
---@param given? table delimiter, encoding: of all files; default what each of them shows
---@return lastpass.report.Decisions|nil
---@return string? message
---@return lastpass.Error? err
function M.read(folder, given)
  given = errors.check_options("access_review.read", given, {
    delimiter = "string",
    encoding = "string",
  }, 3)
  local campaign, message, err = campaign_room.read(folder)
  if not campaign then
    return nil, message, err
  end
  local self = setmetatable({
    campaign = campaign,
    by_id = {},
    problems = {},
    counts = { keep = 0, remove = 0, undecided = 0 },
  }, decisions_mt)
  local by_id, seen = {}, {}
  for _, item in ipairs(campaign.items) do
    by_id[item.id] = item
  end
  for _, item in ipairs(campaign.items) do
    if not seen[item.file] then
      seen[item.file] = true
      read_file(self, by_id, folder, item.file, given)
    end
  end
  count(self)
  return self
end

return M
