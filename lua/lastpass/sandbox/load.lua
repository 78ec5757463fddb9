--- Changes of a company through the control door: what LastPass would get from its own pages or
-- from people, not from this API.
-- @module lastpass.sandbox.load
local errors = require "lastpass.error"
local json = require "lastpass.json"
local people = require "lastpass.sandbox.person"
local time = require "lastpass.time"

local M = {}

local function refuse(format, ...)
  return errors.fail("argument", "bad_load", format:format(...))
end

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
  sites = "number",
  notes = "number",
  formfills = "number",
  applications = "number",
  attachments = "number",
  groups = "table",
  attribs = "table",
}

local function user_complaint(user)
  if type(user) ~= "table" or type(user.username) ~= "string" then
    return "a user needs a username"
  end
  for name, value in pairs(user) do
    if not user_keys[name] then
      return ("a user has no field '%s'"):format(tostring(name))
    elseif value ~= json.null and type(value) ~= user_keys[name] then
      return ("field '%s' of a user must be a %s"):format(name, user_keys[name])
    end
  end
  return nil
end

local function new_fields(context, user)
  local fields = people.fresh(user.username, context:account_time())
  if (user.last_login or "") ~= "" then
    fields.neverloggedin = false
    for name, value in pairs(used_defaults) do
      fields[name] = value
    end
  end
  return fields
end

local function make_groups(state, names)
  for _, name in ipairs(names or {}) do
    if not state:has_group(name) then
      state:make_group(name)
    end
  end
end

local function load_user(context, user)
  local state = context.state
  local person = state:user(user.username)
  if not person then
    local invited = state:person(user.username)
    if invited then
      state:remove(invited)
    end
    person = state:add(new_fields(context, user))
  end
  for name, value in pairs(user) do
    if name ~= "username" then
      person.fields[name] = value
    end
  end
  if user.last_login and user.neverloggedin == nil then
    person.fields.neverloggedin = user.last_login == ""
  end
  make_groups(state, user.groups)
  state:keep(person)
end

--- Puts people, invitations and groups into a company; a known user's given fields are changed.
---@param context table of lastpass.sandbox.tenant
---@param data table `users`: list of users as getuserdata writes them, `invited`: list of
-- addresses, `groups`: list of names
---@return table|nil result how many of each
---@return string? message
---@return lastpass.Error? err
function M.load(context, data)
  local users, invited, groups = data.users or {}, data.invited or {}, data.groups or {}
  for _, user in ipairs(users) do
    local complaint = user_complaint(user)
    if complaint then
      return refuse("%s", complaint)
    end
  end
  for _, list in ipairs({ invited, groups }) do
    for _, item in ipairs(list) do
      if type(item) ~= "string" then
        return refuse("invited and groups are lists of strings")
      end
    end
  end
  make_groups(context.state, groups)
  for _, user in ipairs(users) do
    load_user(context, user)
  end
  for _, mail in ipairs(invited) do
    if not context.state:person(mail) then
      context.state:add({ username = mail, fullname = "" }, true)
    end
  end
  return { users = #users, invited = #invited, groups = #groups }
end

-- An invited person becomes a user.
local function accept(context, mail)
  local state = context.state
  local person = state:person(mail)
  if not person or not person.invited then
    return refuse("nobody with the address %s is invited", mail)
  end
  state:remove(person)
  local fields = people.fresh(person.fields.username, context:account_time())
  for name, value in pairs(person.fields) do
    fields[name] = value
  end
  state:add(fields)
  return true
end

-- Somebody logs in: this is when a change of address is finished (enterprise-api §4.3).
local function log_in(context, mail)
  local state = context.state
  local person = state:user(mail)
  if not person then
    return refuse("no user has the address %s", mail)
  elseif person.fields.disabled then
    return refuse("%s is disabled", mail)
  end
  local fields = person.fields
  fields.last_login, fields.neverloggedin = context:account_time(), false
  for _, name in ipairs({ "sites", "notes", "formfills", "applications", "attachments" }) do
    if fields[name] == json.null then
      fields[name] = 0
    end
  end
  local address = person.pending or fields.username
  person.pending = nil
  if address ~= fields.username then
    state:rename(person, address)
  else
    state:keep(person)
  end
  local now = context.clock:microseconds()
  context.events:append(now, "log_in", "LastPass via Website", fields.username, "203.0.113.7")
  return true
end

local function each(context, mails, act)
  for _, mail in ipairs(mails or {}) do
    local ok, message, err = act(context, mail)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- What people do: `accept` invitations, `login`; and `settings`: assumptions to change.
---@param context table
---@param data table
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err
function M.act(context, data)
  for name, value in pairs(data.settings or {}) do
    local ok, message = context.tenant:assume(name, value)
    if not ok then
      return refuse("%s", message)
    end
  end
  local ok, message, err = each(context, data.accept, accept)
  if ok then
    ok, message, err = each(context, data.login, log_in)
  end
  return ok, message, err
end

--- One person as the control door shows them.
---@param context table
---@param mail string
---@return table
function M.person(context, mail)
  local person = context.state:person(mail)
  local mails = context.state.mails[mail:lower()] or {}
  if not person then
    return { found = false, mails = mails }
  end
  return {
    found = true,
    invited = person.invited,
    id = person.id,
    pending_email = person.pending,
    fields = person.fields,
    mails = mails,
  }
end

--- Reads an instant: epoch seconds, or as `lastpass.time.parse` reads it in the account's zone.
---@param value any
---@param zone table
---@return integer|nil utc
---@return string? message
---@return lastpass.Error? err
function M.instant(value, zone)
  if type(value) ~= "number" and type(value) ~= "string" then
    return refuse("a time is a number of seconds or a text")
  end
  local utc, message, err = time.parse(value, zone)
  if not utc then
    return nil, message, err
  end
  return utc
end

return M
