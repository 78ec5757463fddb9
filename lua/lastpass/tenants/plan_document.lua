--- The file of a plan over companies: one plan file for each of them, what is limited over all, and who has no plan. Like
-- a plan file it is JSON that a person can read and nobody can change: its name is the SHA-256 of what it says and of
-- the names of the plans in it, and bytes that saving it again would not give are refused.
-- @module lastpass.tenants.plan_document
local digest = require "lastpass.digest"
local documents = require "lastpass.plan.document"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

-- Of the files this version writes and reads.
local VERSION = 1

local FORMAT = "lastpass.plans"

--- More companies than this are in no file.
M.MOST = 20000

--- One company of a plan over companies.
---@class lastpass.tenants.PlanEntry
---@field company string  name in the set
---@field cid integer
---@field tenant string   key of the journal
---@field name string     SHA-256 of its plan
---@field body table      its plan, as `lastpass.plan.document` has it

--- A company that has no plan.
---@class lastpass.tenants.Missing
---@field company string
---@field cid? integer
---@field code string
---@field message string

-- Keys whose values are lists, with what is in them.
local LISTS = { companies = "table", missing = "table", refusals = "table" }

local HEAD = {
  kind = { apply = true, undo = true },
  created = "number",
  expires = "number",
  companies_in_set = "number",
}

--- The beginning of a new plan over companies.
---@param kind "apply"|"undo"
---@return table body
function M.new(kind)
  local body = { format = FORMAT, version = VERSION, kind = kind }
  for key in pairs(LISTS) do
    body[key] = json.list {}
  end
  return body
end

local function entry_line(entry, text)
  local head = json.encode { company = entry.company, cid = entry.cid, tenant = entry.tenant }
  return ('%s,\n"file": %s}'):format(head:sub(1, -2), (text:gsub("\n$", "")))
end

-- What the name is made of: the plans in it by theirs.
local function canonical(body, names)
  local head = {}
  for key, value in pairs(body) do
    head[key] = value
  end
  head.companies = json.list {}
  for index, entry in ipairs(body.companies) do
    head.companies[index] = {
      company = entry.company,
      cid = entry.cid,
      tenant = entry.tenant,
      plan = names[index],
    }
  end
  return json.encode(head)
end

local function member(key, value)
  if key ~= "companies" and LISTS[key] and #value > 0 then
    local items = {}
    for index, item in ipairs(value) do
      items[index] = json.encode(item)
    end
    return "[\n      " .. table.concat(items, ",\n      ") .. "\n    ]"
  end
  return json.encode(value)
end

--- The bytes of a file, and its name. Entries get the names of their plans.
---@param body table
---@return string text
---@return string name 64 hexadecimal digits
function M.render(body)
  local texts, names = {}, {}
  for index, entry in ipairs(body.companies) do
    local text = documents.render(entry.body)
    names[index] = documents.name_in(text)
    entry.name = names[index]
    texts[index] = entry_line(entry, text)
  end
  local members = {}
  for index, key in ipairs(errors.names_of(body)) do
    local value
    if key == "companies" and #texts > 0 then
      value = "[\n" .. table.concat(texts, ",\n") .. "\n    ]"
    else
      value = member(key, body[key])
    end
    members[index] = ("    %s: %s"):format(json.encode(key), value)
  end
  local name = digest.hex(canonical(body, names))
  local form = '{\n  "name": "%s",\n  "plans": {\n%s\n  }\n}\n'
  return form:format(name, table.concat(members, ",\n")), name
end

local damaged, is_list_of = documents.damaged, documents.is_list_of

local function check_head(body, label)
  if body.format ~= FORMAT then
    return damaged(label, "is not a plan over companies")
  elseif body.version ~= VERSION then
    local text = "%s: has the version %s, this program reads %d"
    return errors.fail(
      "conflict",
      "plan_version",
      text:format(label, tostring(body.version), VERSION),
      { hint = "make the plan again with this version" }
    )
  end
  for key, kind in pairs(LISTS) do
    if not is_list_of(body[key], kind) then
      return damaged(label, ("has no list '%s'"):format(key))
    end
  end
  for key, expected in pairs(HEAD) do
    local value = body[key]
    local is_good = type(expected) == "table" and expected[value] or type(value) == expected
    if value == nil or not is_good then
      return damaged(label, ("has no '%s' of a form that is known"):format(key))
    end
  end
  if #body.companies > M.MOST then
    return damaged(label, ("has more than %d companies"):format(M.MOST))
  end
  return true
end

-- The entry of a company as its JSON says it.
local function read_entry(entry, label)
  local file = entry.file
  if
    type(entry.company) ~= "string"
    or type(entry.cid) ~= "number"
    or type(file) ~= "table"
    or type(file.plan) ~= "table"
  then
    return damaged(label, "has a company without a name, a number or a plan")
  end
  local where = ("%s: %s"):format(label, entry.company)
  local plan, message, err = documents.check(file.plan, where)
  if not plan then
    return nil, message, err
  elseif plan.tenant ~= entry.tenant then
    return damaged(where, "has the plan of another company")
  end
  return { company = entry.company, cid = entry.cid, tenant = entry.tenant, body = plan }
end

local function check_missing(list, seen, label)
  for _, entry in ipairs(list) do
    if
      type(entry.company) ~= "string"
      or type(entry.code) ~= "string"
      or type(entry.message) ~= "string"
    then
      return damaged(label, "lists a missing company in a form that is not known")
    elseif seen[entry.company] then
      return damaged(label, ("has %s twice"):format(entry.company))
    end
    seen[entry.company] = true
  end
  return true
end

local function read_companies(body, label)
  local entries, seen, tenants = json.list {}, {}, {}
  for index, raw in ipairs(body.companies) do
    local entry, message, err = read_entry(raw, label)
    if not entry then
      return nil, message, err
    elseif seen[entry.company] or tenants[entry.tenant] then
      return damaged(label, ("has %s twice"):format(entry.company))
    end
    seen[entry.company], tenants[entry.tenant], entries[index] = true, true, entry
  end
  local ok, message, err = check_missing(body.missing, seen, label)
  if not ok then
    return nil, message, err
  elseif #entries + #body.missing ~= body.companies_in_set then
    return damaged(label, "does not say of every company whether it has a plan")
  end
  body.companies = entries
  return body
end

--- Whether the beginning of a file says that it is a plan over companies; `parse` proves it.
---@param start string
---@return boolean
function M.is_named_so(start)
  return start:find '^%s*{%s*"name":%s*"%x+",%s*"plans":' ~= nil
end

--- Reads the bytes of a file.
---@param text string
---@param label string what the file is called, for messages
---@return table|nil body
---@return string? message
---@return lastpass.Error? err kind "conflict"; code "plan_changed" or "plan_version"
function M.parse(text, label)
  local outer, message = json.decode(text)
  if type(outer) ~= "table" or type(outer.plans) ~= "table" then
    local more = message and " (" .. message .. ")" or ""
    return damaged(label, "is not a plan over companies" .. more)
  end
  local ok, err
  ok, message, err = check_head(outer.plans, label)
  local body
  if ok then
    body, message, err = read_companies(outer.plans, label)
  end
  if not body then
    return nil, message, err
  end
  for key in pairs(LISTS) do
    json.list(body[key])
  end
  -- a file of another program may hold what cannot be written at all
  local is_whole, rendered = pcall(M.render, body)
  if not is_whole or rendered ~= text then
    return damaged(label, "has been changed since it was saved")
  end
  return body
end

--- The name that a file says. `parse` proves it.
---@param text string
---@return string|nil hex
function M.name_in(text)
  return documents.name_in(text)
end

return M
