--- People through the control API: put into a company, accepting invitations, logging in, described.
-- @module lastpass.sandbox.control.people
local json = require "lastpass.json"
local people = require "lastpass.sandbox.company.people"
local schema = require "lastpass.sandbox.schema"
local scim = require "lastpass.sandbox.scim"

local M = {}

local function is_list(value)
  return schema.is_list(value), "a list"
end

local function is_whole(value)
  return schema.is_whole(value), "a whole number"
end

local function is_strings(value)
  return schema.is_strings(value), "a list of strings"
end

-- ---- users, invitations and groups put into a company ----

-- What somebody has who has logged in, unless the request says otherwise.
local used_defaults = {
  mpstrength = "60",
  totalscore = "50.0",
  legacytotalscore = "50.0",
  hasSharingKeys = true,
  sites = 10,
  notes = 1,
  formfills = 0,
  applications = 0,
  attachments = 0,
}

-- Fields that LastPass writes as null until somebody logs in.
local counters = { "sites", "notes", "formfills", "applications", "attachments" }
local nullable = { totalscore = true, duousername = true }

local user_keys = {
  username = "string",
  fullname = "string",
  mpstrength = "string",
  created = "string",
  last_pw_change = "string",
  last_login = "string",
  neverloggedin = "boolean",
  disabled = "boolean",
  admin = "boolean",
  password_reset_required = "boolean",
  totalscore = "string",
  legacytotalscore = "string",
  hasSharingKeys = "boolean",
  duousername = "string",
  multifactor = "string",
  linked = "string",
  groups = is_strings,
  attribs = "table",
}
for _, name in ipairs(counters) do
  user_keys[name] = is_whole
  nullable[name] = true
end

local function read_user(given)
  local user, message = schema.options("user", given, user_keys)
  if not user then
    return nil, message
  elseif (user.username or "") == "" then
    return nil, "a user needs a username"
  end
  for name in pairs(nullable) do
    user[name] = given[name] -- null as well
  end
  return user
end

local function new_fields(company, user)
  local fields = people.new_fields(user.username, company:account_time())
  if (user.last_login or "") ~= "" then
    fields.neverloggedin = false
    for name, value in pairs(used_defaults) do
      fields[name] = value
    end
  end
  return fields
end

local function make_groups(company, names)
  for _, name in ipairs(names or {}) do
    if not company:has_group(name) then
      company:make_group(name)
    end
  end
end

local function load_user(company, user)
  local person = company:user(user.username)
  if not person then
    local invited = company:person(user.username)
    if invited then
      company:remove(invited)
    end
    person = company:add(new_fields(company, user))
  end
  for name, value in pairs(user) do
    if name ~= "username" then
      person.fields[name] = value
    end
  end
  if user.last_login and user.neverloggedin == nil then
    person.fields.neverloggedin = user.last_login == ""
  end
  make_groups(company, user.groups)
  company:save(person)
end

local known_people = { users = is_list, invited = is_strings, groups = is_strings, cid = "number" }

--- Puts people, invitations and groups into a company, all or nothing; a known user's given fields are
-- changed.
---@param company table
---@param given table `users`: list of users as getuserdata writes them, `invited`: list of addresses,
-- `groups`: list of names
function M.load(company, given)
  local data, message = schema.options("load", given, known_people)
  if not data then
    return nil, message
  end
  local users, invited, groups = {}, data.invited or {}, data.groups or {}
  for at, user in ipairs(data.users or {}) do
    users[at], message = read_user(user)
    if not users[at] then
      return nil, message
    end
  end
  make_groups(company, groups)
  for _, user in ipairs(users) do
    load_user(company, user)
  end
  for _, mail in ipairs(invited) do
    if not company:person(mail) then
      company:add({ username = mail, fullname = "" }, true)
    end
  end
  return { users = #users, invited = #invited, groups = #groups }
end

-- ---- what people do ----

local actions = {}

-- An invited person becomes a user.
function actions.accept(company, mail)
  local person = company:person(mail)
  if not person or not person.invited then
    return nil, ("nobody with the address %s is invited"):format(mail)
  end
  company:remove(person)
  local fields = people.new_fields(person.fields.username, company:account_time())
  for name, value in pairs(person.fields) do
    fields[name] = value
  end
  company:add(fields)
  return true
end

-- Somebody logs in: this is when a change of address is finished (enterprise-api §4.3).
function actions.login(company, mail)
  local person = company:user(mail)
  if not person then
    return nil, ("no user has the address %s"):format(mail)
  end
  local fields = person.fields
  if fields.disabled then
    return nil, ("%s is disabled"):format(mail)
  end
  fields.last_login, fields.neverloggedin = company:account_time(), false
  for _, name in ipairs(counters) do
    if fields[name] == json.null then
      fields[name] = 0
    end
  end
  local address = person.pending or fields.username
  person.pending = nil
  if address ~= fields.username then
    company:rename(person, address)
  else
    company:save(person)
  end
  local now = company.clock:microseconds()
  company.events:append(now, "log_in", "LastPass via Website", fields.username, "203.0.113.7")
  return true
end

--- What people do: `accept` invitations, `login`; and `settings`: assumptions to change.
function M.act(company, given)
  local change, message = schema.options("state", given, {
    accept = is_strings,
    login = is_strings,
    settings = "table",
    cid = "number",
  })
  if not change then
    return nil, message
  end
  local ok
  for name, value in pairs(change.settings or {}) do
    ok, message = company:assume(name, value)
    if not ok then
      return nil, message
    end
  end
  for _, name in ipairs { "accept", "login" } do
    for _, mail in ipairs(change[name] or {}) do
      ok, message = actions[name](company, mail)
      if not ok then
        return nil, message
      end
    end
  end
  return true
end

--- One person with what the APIs do not show.
function M.describe(company, mail)
  local person, mails = company:person(mail), company:mails_to(mail)
  if not person then
    return { found = false, mails = mails }
  end
  return {
    found = true,
    invited = person.invited,
    id = person.id,
    pending_email = person.pending,
    fields = person.fields,
    scim = not person.invited and scim.describe(person) or nil,
    mails = mails,
  }
end

return M
