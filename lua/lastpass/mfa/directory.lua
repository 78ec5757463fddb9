--- The users, groups and roles that LastPass MFA knows (mfa §2.3), with the mode "secured". What reads is tried again; what
-- writes is sent once, and when its answer is lost the error is `uncertain`.
-- @module lastpass.mfa.directory
local call = require "lastpass.mfa.call"
local characters = require "lastpass.text.characters"
local email = require "lastpass.email"
local errors = require "lastpass.error"
local lists = require "lastpass.mfa.directory.lists"
local members = require "lastpass.mfa.directory.members"
local signature = require "lastpass.signature"
local users = require "lastpass.mfa.directory.users"

---@class lastpass.mfa.Directory
local methods = {}
local directory_mt = { __name = "lastpass.mfa.Directory", __index = methods }

local M = { methods = methods }

function directory_mt.__tostring(directory)
  return ("lastpass.mfa.Directory (%s)"):format(directory._client:option "base_url")
end

--- The directory of a client.
---@param client lastpass.mfa.Client
---@return lastpass.mfa.Directory
function M.new(client)
  return setmetatable({ _client = client }, directory_mt)
end

local function request_of(self, name, inner)
  local path = self._client:option("endpoints").directory .. name
  return { path = path, inner = inner, secured = true }
end

-- Value of an answer that succeeded.
local function value_of(path, answer, message, err)
  if not answer then
    return nil, message, err
  elseif not answer.succeeded then
    return call.refused(path, answer)
  end
  return answer
end

local function read(self, name, inner)
  local request = request_of(self, name, inner)
  return value_of(request.path, call.ask(self._client, request))
end

local function write(self, name, inner)
  local request = request_of(self, name, inner)
  local answer, message, err = value_of(request.path, call.send(self._client, request))
  if err and (err.sent or err.kind == "protocol" or err.status and err.status >= 500) then
    err.uncertain = true
  end
  return answer, message, err
end

local function done(answer, message, err)
  if not answer then
    return nil, message, err
  end
  return true
end

local function guid_of(self, name, answer, message, err)
  if not answer then
    return nil, message, err
  elseif type(answer.value) ~= "string" or answer.value == "" or #answer.value > 64 then
    message = request_of(self, name).path .. ": the answer has no id"
    return errors.fail("protocol", "unexpected_shape", message, { uncertain = true })
  end
  return answer.value
end

-- A call that takes an address alone: it is the inner request, as a string.
local function with_address(address, send)
  local good, reason = email.check(address)
  if not good then
    return errors.fail("argument", "bad_user", "not an e-mail address: " .. reason)
  end
  return send(good)
end

local function with_text(what, text, send)
  if not characters.is_line(text, 1000) then
    return errors.fail("argument", "bad_name", what .. " must be one line of UTF-8, not empty")
  end
  return send(text)
end

local function with_optional_text(what, text, send)
  if text == nil then
    return send()
  end
  return with_text(what, text, send)
end

-- ---- our key ----

local PUBLIC_KEY = "^%s*%-%-%-%-%-BEGIN PUBLIC KEY%-%-%-%-%-"
  .. "(.-)%-%-%-%-%-END PUBLIC KEY%-%-%-%-%-%s*$"

--- Registers the public half of our key, the option `public_key`. It works once, and overwrites nothing.
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:register_key()
  local client = self._client
  local envelope, message, err = client:envelope()
  if not envelope then
    return nil, message, err
  end
  local pem = client:option "public_key" or ""
  local body = pem:match(PUBLIC_KEY)
  body = body and body:gsub("%s+", "")
  if not body or body == "" or body:find "[^%w+/=]" then
    message = "option public_key must be the PEM of a public key (BEGIN PUBLIC KEY)"
    return errors.fail("argument", "bad_key", message)
  end
  local request = request_of(self, "PKReg", body)
  request.as_it_is = true
  return done(value_of(request.path, call.send(client, request)))
end

-- ---- users ----

-- Whether the server says yes or no by its Value, or by success alone, is not known (mfa §2.3).
local function says_no(message)
  local words = (message or ""):lower()
  return words:find("not exist", 1, true) or words:find("not found", 1, true)
end

--- Whether there is a user.
---@param address string
---@return boolean|nil
---@return string? message
---@return lastpass.Error? err
function methods:exists(address)
  return with_address(address, function(good)
    local request = request_of(self, "IsUserExist", good)
    local answer, message, err = call.ask(self._client, request)
    if not answer then
      return nil, message, err
    elseif not answer.succeeded and says_no(answer.message) then
      return false
    elseif not answer.succeeded then
      return call.refused(request.path, answer)
    elseif answer.value == nil or type(answer.value) == "boolean" then
      return answer.value ~= false
    end
    message = request.path .. ": the answer is neither yes nor no"
    return errors.fail("protocol", "unexpected_shape", message)
  end)
end

--- All users. The list is complete or raises the error.
---@return fun(): lastpass.mfa.User|nil iterator
function methods:list()
  return lists.each(self._client, "GetUsers", users.read)
end

--- Adds a user, who gets an e-mail that leads to the app.
---@param user lastpass.mfa.User email, first_name, last_name and others
---@return true|nil
---@return string? message
---@return lastpass.Error? err `uncertain`: it may have happened
function methods:add(user)
  local wire, message, err = users.wire("directory:add", user, 3)
  if not wire then
    return nil, message, err
  end
  return done(write(self, "AddUser", wire))
end

--- Changes fields of a user.
---@param user lastpass.mfa.User email, which says who it is, first_name, last_name, and what changes
---@return true|nil
---@return string? message
---@return lastpass.Error? err
function methods:edit(user)
  local wire, message, err = users.wire("directory:edit", user, 3)
  if not wire then
    return nil, message, err
  end
  return done(write(self, "EditUser", wire))
end

local function write_address(name)
  return function(self, address)
    return with_address(address, function(good)
      return done(write(self, name, good))
    end)
  end
end

--- Deletes a user.
---@param address string
---@return true|nil
methods.delete = write_address "DeleteUser"

--- Suspends a user. No call lifts it again.
---@param address string
---@return true|nil
methods.suspend = write_address "SuspendUser"

--- Sends the e-mail that leads to the app again.
---@param address string
---@return true|nil
methods.resend_activation = write_address "ResendActivationEmail"

-- ---- groups ----

local function read_named(item)
  local name = item.Name
  if type(name) ~= "string" or name == "" then
    return nil
  end
  local id = type(item.Id) == "string" and item.Id or nil
  return { name = name, id = id, raw = item }, id or name
end

--- All groups. The list is complete or raises the error.
---@return fun(): table|nil iterator of {name, id, raw}
function methods:groups()
  return lists.each(self._client, "GetGroups", read_named)
end

--- Adds a group.
---@param name string
---@param organizational_unit? string
---@return string|nil id
---@return string? message
---@return lastpass.Error? err
function methods:add_group(name, organizational_unit)
  return with_text("the name of a group", name, function()
    return with_optional_text("the unit of a group", organizational_unit, function(unit)
      local inner = { Name = name, OrganizationalUnit = unit }
      return guid_of(self, "AddGroup", write(self, "AddGroup", inner))
    end)
  end)
end

--- Deletes a group.
---@param name string
---@return true|nil
function methods:delete_group(name)
  return with_text("the name of a group", name, function()
    return done(write(self, "DeleteGroup", name))
  end)
end

local function write_member(call_name)
  return function(self, group, address)
    return with_text("the name of a group", group, function()
      return with_address(address, function(good)
        return done(write(self, call_name, { GroupName = group, MemberName = good }))
      end)
    end)
  end
end

--- Puts a user into a group.
---@param group string its name
---@param address string
---@return true|nil
methods.add_member = write_member "AssignGroupMember"

--- Takes a user out of a group.
---@param group string
---@param address string
---@return true|nil
methods.remove_member = write_member "UnassignGroupMember"

-- ---- roles ----

local function read_role(item)
  local role, key = read_named(item)
  if role then
    role.order = type(item.Order) == "number" and item.Order or nil
  end
  return role, key
end

--- All roles. The list is complete or raises the error.
---@return fun(): table|nil iterator of {name, id, order, raw}
function methods:roles()
  return lists.each(self._client, "GetRoles", read_role)
end

--- Adds a role, or renames the one of an id.
---@param name string
---@param id? string
---@return string|nil id
---@return string? message
---@return lastpass.Error? err
function methods:put_role(name, id)
  return with_text("the name of a role", name, function()
    return with_optional_text("the id of a role", id, function()
      return guid_of(self, "PostRole", write(self, "PostRole", { Id = id, Name = name }))
    end)
  end)
end

--- Deletes a role.
---@param id string
---@return true|nil
function methods:delete_role(id)
  return with_text("the id of a role", id, function()
    return done(write(self, "DeleteRole", id))
  end)
end

--- Says who has a role: those, and nobody else.
---@param id string
---@param given table users (addresses), groups (names)
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "bad_user", "bad_name"
---@return string? message
---@return lastpass.Error? err
function methods:assign_role(id, given)
  local inner, message, err = members.wire("directory:assign_role", id, given, 3)
  if not inner then
    return nil, message, err
  end
  return with_text("the id of a role", id, function()
    return done(write(self, "AssignToRole", inner))
  end)
end

--- Who has a role.
---@param id string
---@return {users: string[], groups: string[]}|nil
---@return string? message
---@return lastpass.Error? err
function methods:role_members(id)
  return with_text("the id of a role", id, function()
    local answer, message, err = read(self, "GetAssignedToRole", id)
    if not answer then
      return nil, message, err
    end
    local found = members.read(answer.value)
    if not found then
      message = request_of(self, "GetAssignedToRole").path .. ": the answer has no members"
      return errors.fail("protocol", "unexpected_shape", message)
    end
    return found
  end)
end

signature.declare("directory:", methods, {
  register_key = "",
  exists = "address: string",
  list = "",
  add = "user: table",
  edit = "user: table",
  delete = "address: string",
  suspend = "address: string",
  resend_activation = "address: string",
  groups = "",
  add_group = "name: string, organizational_unit?: string",
  delete_group = "name: string",
  add_member = "group: string, address: string",
  remove_member = "group: string, address: string",
  roles = "",
  put_role = "name: string, id?: string",
  delete_role = "id: string",
  assign_role = "id: string, given: table",
  role_members = "id: string",
})

return M
