--- batchchangegrp (enterprise-api §4.7).
-- @module lastpass.sandbox.commands.groups
local check = require "lastpass.sandbox.commands.check"
local people = require "lastpass.sandbox.person"
local replies = require "lastpass.sandbox.commands.replies"

local fields = {
  username = { "string", required = true },
  add = { "strings" },
  del = { "strings" },
}

local function check_rows(data, strict)
  local complaint = check.objects(fields, data, strict)
  if complaint then
    return complaint
  end
  for _, row in ipairs(data) do
    if row.add == nil and row.del == nil then
      return "Missing field: add or del"
    end
  end
  return nil
end

local function has_unknown_group(context, rows)
  for _, row in ipairs(rows) do
    for _, name in ipairs(row.add or {}) do
      if not context.state:has_group(name) then
        return name
      end
    end
  end
  return nil
end

local function join(context, person, name, complaints)
  local state = context.state
  if not state:has_group(name) then
    if context.settings.unknown_group ~= "create" then
      complaints[#complaints + 1] = "No such group: " .. name
      return
    end
    state:make_group(name)
    context:audit("create_group", "'" .. name .. "'")
  end
  if people.join(person, name) then
    context:audit("group_added", person.fields.username .. " - " .. name)
  end
end

local function change_row(context, row, complaints)
  local person = context.state:user(row.username)
  if not person then
    complaints[#complaints + 1] = row.username .. " does not exist"
    return
  end
  for _, name in ipairs(row.add or {}) do
    join(context, person, name, complaints)
  end
  for _, name in ipairs(row.del or {}) do
    if people.leave(person, name) then
      context:audit("group_removed", ("'%s' '%s'"):format(name, person.fields.username))
    end
  end
  context.state:keep(person)
end

local function unknown_people(context, rows)
  local complaints = {}
  for _, row in ipairs(rows) do
    if not context.state:user(row.username) then
      complaints[#complaints + 1] = row.username .. " does not exist"
    end
  end
  return complaints
end

local function batchchangegrp(context, rows)
  local settings = context.settings
  if settings.unknown_group == "fail" then
    local name = has_unknown_group(context, rows)
    if name then
      return replies.fail_errors({ "No such group: " .. name })
    end
  end
  if settings.group_unknown_user == "fail" then
    local complaints = unknown_people(context, rows)
    if #complaints > 0 then
      return replies.fail_errors(complaints)
    end
  end
  local complaints = {}
  for _, row in ipairs(rows) do
    change_row(context, row, complaints)
  end
  if #complaints > 0 then
    return replies.warn(complaints)
  end
  return replies.ok()
end

return { batchchangegrp = { check = check_rows, run = batchchangegrp, needs_data = true } }
