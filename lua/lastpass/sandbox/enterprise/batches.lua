--- Commands that take rows: batchadd (enterprise-api §4.1) and batchchangegrp (§4.7).
-- @module lastpass.sandbox.enterprise.batches
local email = require "lastpass.email"
local people = require "lastpass.sandbox.company.people"
local replies = require "lastpass.sandbox.enterprise.replies"
local schema = require "lastpass.sandbox.schema"

local M = {}

-- Joins the groups that exist or may be made; adds complaints about the others.
local function join_groups(call, person, names, complaints)
  local company = call.company
  for _, name in ipairs(names or {}) do
    local known = company:has_group(name)
    if not known and company.settings.unknown_group == "create" then
      company:make_group(name)
      call:audit("create_group", "'" .. name .. "'")
      known = true
    end
    if not known then
      complaints[#complaints + 1] = "No such group: " .. name
    elseif people.join(person, name) then
      call:audit("group_added", person.fields.username .. " - " .. name)
    end
  end
end

-- With unknown_group "fail": the first group that does not exist.
local function unknown_group(company, names)
  if company.settings.unknown_group == "fail" then
    for _, name in ipairs(names or {}) do
      if not company:has_group(name) then
        return "No such group: " .. name
      end
    end
  end
  return nil
end

-- ---- batchadd ----

local function set_fields(person, row)
  local fields = person.fields
  fields.fullname = row.fullname or fields.fullname
  fields.duousername = row.duousername or fields.duousername
  fields.securidusername = row.securidusername or fields.securidusername
  if row.password then
    fields.password_reset_required = row.password_reset_required ~= false
  end
  for name, value in pairs(row.attribs or {}) do
    fields.attribs = fields.attribs or {}
    fields.attribs[name] = value
  end
end

local function add_row(company, row, created)
  local person = company:person(row.username)
  if not person then
    local fields = people.new_fields(row.username, company:account_time())
    person = company:add(fields, company.settings.batchadd_makes == "invited")
    created[#created + 1] = row.username
    company:count_mail(row.username, row.password and "temporary_password" or "invitation")
  end
  set_fields(person, row)
  -- Saved at once: the same person may come again in a later row.
  company:save(person)
  return person
end

local function count_new_people(company, rows)
  local count, seen = 0, {}
  for _, row in ipairs(rows) do
    local key = email.fold(row.username)
    if not seen[key] and not company:person(key) then
      count = count + 1
    end
    seen[key] = true
  end
  return count
end

local function exceeds_licences(company, rows)
  local limit = company.settings.licences
  return limit ~= 0 and company:seats() + count_new_people(company, rows) > limit
end

local function refuse_batch(company, text)
  return replies[company.settings.batchadd_error == "string" and "fail" or "fail_list"](text)
end

M.batchadd = {
  form = "objects",
  fields = {
    username = { "string", required = true },
    fullname = { "string" },
    groups = { "strings" },
    duousername = { "string" },
    securidusername = { "string" },
    password = { "string" },
    password_reset_required = { "boolean" },
    attribs = { "map" },
  },
  run = function(call, rows)
    local company = call.company
    local settings = company.settings
    local good, complaints = {}, {}
    for _, row in ipairs(rows) do
      local complaint = not schema.is_mail(row.username)
          and row.username .. " is not a valid email address"
        or unknown_group(company, row.groups)
      if not complaint then
        good[#good + 1] = row
      elseif settings.batchadd_bad_row == "warn" then
        complaints[#complaints + 1] = complaint
      else
        -- Which row it is remains unsaid: a client has to find out by halving.
        return refuse_batch(company, "One or more users could not be added.")
      end
    end
    if exceeds_licences(company, good) then
      return refuse_batch(company, "Not enough licenses.")
    end
    local created, persons = {}, {}
    for at, row in ipairs(good) do
      persons[at] = add_row(company, row, created)
    end
    if #created > 0 then
      local event = settings.batchadd_makes == "invited" and "invited" or "account_created"
      call:audit(event, table.concat(created, ","))
    end
    for at, row in ipairs(good) do
      join_groups(call, persons[at], row.groups, complaints)
      company:save(persons[at])
    end
    local over = settings.batchadd_message_over
    if #complaints > 0 then
      return replies.warn(complaints)
    elseif over > 0 and #rows > over then
      return replies.of("OK", "status", "OK", "message", "Please use smaller batches.")
    end
  end,
}

-- ---- batchchangegrp ----

local function does_not_exist(row)
  return row.username .. " does not exist"
end

local function change_groups(call, row, complaints)
  local person = call.company:user(row.username)
  if not person then
    complaints[#complaints + 1] = does_not_exist(row)
    return
  end
  join_groups(call, person, row.add, complaints)
  for _, name in ipairs(row.del or {}) do
    if people.leave(person, name) then
      call:audit("group_removed", ("'%s' '%s'"):format(name, person.fields.username))
    end
  end
  call.company:save(person)
end

local function unknown_people(company, rows)
  local complaints = {}
  for _, row in ipairs(rows) do
    if not company:user(row.username) then
      complaints[#complaints + 1] = does_not_exist(row)
    end
  end
  return complaints
end

M.batchchangegrp = {
  form = "objects",
  fields = {
    username = { "string", required = true },
    add = { "strings" },
    del = { "strings" },
  },
  check = function(rows)
    for _, row in ipairs(rows) do
      if row.add == nil and row.del == nil then
        return "Missing field: add or del"
      end
    end
    return nil
  end,
  run = function(call, rows)
    local company = call.company
    for _, row in ipairs(rows) do
      local complaint = unknown_group(company, row.add)
      if complaint then
        return replies.fail_errors { complaint }
      end
    end
    if company.settings.group_unknown_user == "fail" then
      local complaints = unknown_people(company, rows)
      if #complaints > 0 then
        return replies.fail_errors(complaints)
      end
    end
    local complaints = {}
    for _, row in ipairs(rows) do
      change_groups(call, row, complaints)
    end
    if #complaints > 0 then
      return replies.warn(complaints)
    end
  end,
}

return M
