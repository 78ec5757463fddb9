--- The people whose steps did not go through, as a CSV file that can be fed back as a source.
-- @module lastpass.plan.refused_rows
local csv = require "lastpass.text.csv"
local email = require "lastpass.email"
local files = require "lastpass.files"
local image = require "lastpass.plan.image"

local M = {}

--- The columns; groups are separated by ";". `active` is empty where the plan did not say.
M.columns = { "email", "fullname", "groups", "active", "state", "reason", "origin" }

local through = { done = true, unchanged = true }

local function line_of(values)
  local texts = {}
  for place, name in ipairs(M.columns) do
    texts[place] = values[name] or ""
  end
  return csv.line(texts)
end

local function join(list, value)
  for _, present in ipairs(list) do
    if present == value then
      return
    end
  end
  list[#list + 1] = value
end

local active_after = {
  create = "true",
  enable = "true",
  disable = "false",
  uninvite = "false",
  remove = "false",
  delete = "false",
}

-- A person stands in the file once, with all that is wanted of them, or the file would be refused
-- as a source that names somebody twice.
local function add(people, order, step, row, objects)
  local key = email.fold(step.subject)
  local person = people[key]
  if not person then
    person = {
      email = step.subject,
      wanted = objects[step.subject],
      states = {},
      reasons = {},
      origins = {},
    }
    people[key] = person
    order[#order + 1] = person
  end
  local wanted = image.after(person.wanted, step)
  person.wanted = wanted.status == "absent" and person.wanted or wanted
  person.active = active_after[step.kind] or person.active
  join(person.states, row.state)
  join(person.reasons, row.reason)
  join(person.origins, step.origin)
end

--- The text of the file: the header, and a line for each person.
---@param body table of the plan
---@param run lastpass.Run
---@return string
function M.text(body, run)
  local people, order = {}, {}
  for row in run:steps() do
    if not through[row.state] then
      add(people, order, body.steps[row.number], row, body.objects)
    end
  end
  local header = {}
  for _, name in ipairs(M.columns) do
    header[name] = name
  end
  local lines = { line_of(header) }
  for _, person in ipairs(order) do
    lines[#lines + 1] = line_of {
      email = person.email,
      fullname = person.wanted.fullname,
      groups = table.concat(person.wanted.groups or {}, ";"),
      active = person.active,
      state = table.concat(person.states, "; "),
      reason = table.concat(person.reasons, "; "),
      origin = table.concat(person.origins, "; "),
    }
  end
  return table.concat(lines)
end

--- Whether the file can be written: asked before anything is done, beside what stands there.
---@param path string
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.prepare(path)
  local trial = path .. ".new"
  local ok, message, err = files.write(trial, "")
  if not ok then
    return nil, message, err
  end
  os.remove(trial)
  return true
end

--- Writes the file, whole or not at all.
---@param path string
---@param body table of the plan
---@param run lastpass.Run
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "cannot_write"
function M.write(path, body, run)
  return files.write(path, M.text(body, run))
end

return M
