--- A campaign of access reviews: the items that it asks about, its files (one for each manager, and
-- campaign.json, which knows what was asked), and the managers' decisions, read back: each row has to be
-- about what was asked.
-- @module lastpass.report.access_review.campaign
local email = require "lastpass.email"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local folder_report = require "lastpass.report.folders"
local is_utf8 = require("lastpass.text.characters").is_utf8
local json = require "lastpass.json"
local open_csv = require("lastpass.source.csv").open
local plain = require "lastpass.report.render.plain"

local M = {}

local FORMAT, VERSION = "lastpass.access_review", 1

--- The key of an item, by which it is also found again later.
---@param item table person, kind, what, folder_id, through
---@return string
function M.key(item)
  return table.concat({
    item.kind,
    email.fold(item.person),
    item.kind == "folder" and item.folder_id or item.what or "",
    item.through or "",
  }, "\0")
end

-- Calls for everything that people who are not disabled have.
local function each_of_users(reading, kinds, call)
  local people, disabled = {}, 0
  for user in reading:users() do
    if user.status == "disabled" then
      disabled = disabled + 1
    else
      people[email.fold(user.email)] = user
      if kinds.account then
        call(user, { kind = "account", what = "log in", right = user.status })
      end
      if kinds.admin and user.admin then
        call(user, { kind = "admin", what = "administer the company" })
      end
      for _, group in ipairs(kinds.group and user.groups or {}) do
        call(user, { kind = "group", what = group, right = "member" })
      end
    end
  end
  return people, disabled
end

local function each_of_folders(folders, people, call)
  for _, folder in ipairs(folders) do
    for _, entry in ipairs(folder.users) do
      local user = people[email.fold(entry.email)]
      -- a super admin's right comes with the role, and not from the folder
      if user and not folder.deleted and not entry.super_admin then
        call(user, {
          kind = "folder",
          what = folder.name,
          folder_id = folder.id,
          right = folder_report.right_of(entry),
          through = entry.group,
        })
      end
    end
  end
end

--- Everything that people have now.
---@param reading lastpass.report.Reading
---@param kinds table<string, any> which kinds
---@param call fun(user: lastpass.User, item: table)
---@return integer|nil disabled how many accounts were left out
---@return string? message
---@return lastpass.Error? err
function M.each_item(reading, kinds, call)
  local people, disabled = each_of_users(reading, kinds, call)
  if kinds.folder then
    local folders, message, err = reading:folders()
    if not folders then
      return nil, message, err
    end
    each_of_folders(folders, people, call)
  end
  return disabled
end

-- The columns of the managers' files; the last two are theirs.
local file_columns = {
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

local ITEM_FIELDS = { "id", "manager", "person", "kind", "what", "right", "through", "folder_id" }

local function item_of(row, file)
  local item = { file = file }
  for _, name in ipairs(ITEM_FIELDS) do
    item[name] = row[name]
  end
  return item
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
    local text = plain.write_csv(file_columns, one.rows, true)
    ok, message, err = files.write(folder .. "/" .. one.name, text)
    if not ok then
      return nil, message, err
    end
    names[#names + 1] = one.name
    for _, row in ipairs(one.rows) do
      items[#items + 1] = item_of(row, one.name)
    end
  end
  local text = json.encode {
    format = FORMAT,
    version = VERSION,
    statement = plain.json_statement(report.statement),
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
    or value.format ~= FORMAT
    or value.version ~= VERSION
    or type(value.items) ~= "table"
  then
    message = path .. ": is not the file of an access review"
    return errors.fail("protocol", "not_a_campaign", message, { file = path })
  end
  return value
end

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
function M.is_decisions(value)
  return type(value) == "table" and getmetatable(value) == decisions_mt
end

local function complain(self, origin, reason, ...)
  self.problems[#self.problems + 1] = { origin = tostring(origin), reason = reason:format(...) }
end

local words = { keep = "keep", remove = "remove", [""] = "undecided" }

-- What stands before the decision must be as it was written, or the decision is about something else.
local function changed_column(row, item)
  for _, name in ipairs { "person", "kind", "what", "right", "through" } do
    if (row[name] or "") ~= (item[name] or "") then
      return name
    end
  end
  return nil
end

local function add_decision(self, by_id, row, file)
  local item = by_id[row.id]
  if not item then
    return complain(self, row.origin, "item %s does not exist", row.id)
  elseif item.file ~= file then
    return complain(self, row.origin, "%s belongs to %s", row.id, item.file)
  end
  local changed = changed_column(row, item)
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

-- A file that is not UTF-8 and has no byte order mark is what spreadsheets of Windows write. Were it
-- another encoding, the names would not be those that were written.
local function encoding_of(path)
  local text = files.read(path)
  local has_mark = not text or text:find "^\255\254" or text:find "^\254\255"
  return not has_mark and not is_utf8(text) and "windows-1252" or nil
end

-- Opens a manager's file; the titles are our own, so they show the delimiter.
local function open_file(folder, name, given)
  local columns, path = {}, folder .. "/" .. name
  for _, column in ipairs(file_columns) do
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
    add_decision(self, by_id, row, name)
  end
  for _, problem in ipairs(source.problems) do
    complain(self, problem.origin, "%s", problem.reason)
  end
end

local function count_decisions(self)
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
function M.decisions(folder, given)
  given = errors.check_options("access_review.read", given, {
    delimiter = "string",
    encoding = "string",
  }, 3)
  local campaign, message, err = M.read(folder)
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
  count_decisions(self)
  return self
end

return M
