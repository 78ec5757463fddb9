--- A user: fields are read from the snapshot's row when they are asked for, methods act.
-- @module lastpass.directory.user
local core = require "lastpass.core"
local addresses = require "lastpass.email"
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

---@class lastpass.User
---@field email string
---@field fullname string|nil
---@field status "active"|"disabled"|"invited"
---@field groups string[]
---@field admin boolean
---@field disabled boolean
---@field mfa string|nil                 kind of multifactor, nil for none
---@field id integer|nil                 nil for one who is only invited
---@field created number|nil             UTC, seconds since 1970
---@field last_login number|nil          UTC, seconds since 1970; nil for never
---@field last_password_change number|nil UTC, seconds since 1970
---@field never_logged_in boolean
---@field password_reset_required boolean
---@field password_strength integer|nil  0 to 100, of the master password
---@field security_score number|nil
---@field legacy_security_score number|nil
---@field has_sharing_keys boolean|nil
---@field duo_username string|nil
---@field linked_account string|nil
---@field sites integer|nil
---@field notes integer|nil
---@field form_fills integer|nil
---@field applications integer|nil
---@field attachments integer|nil
---@field attributes table|nil           as batchadd stored them; may hold secrets
local methods = {}

local value_of, number_of = core.user_value, core.user_fields

-- What the row keeps in the wire's form and Lua should not see like that.
local function utc(user, civil)
  return civil and user._client:zone():to_utc(civil)
end

-- An empty name counts as none: "if user.mfa" must not be true for it.
local function name_or_nil(_, text)
  return text ~= "" and text or nil
end

local convert = {
  mfa = name_or_nil,
  linked_account = name_or_nil,
  duo_username = name_or_nil,
  created = utc,
  last_login = utc,
  last_password_change = utc,
  attributes = function(_, text)
    return text and require("lastpass.json").decode(text)
  end,
}

local function read_field(user, name)
  local number = number_of[name]
  if not number then
    local names = {}
    for _, list in ipairs { number_of, methods } do
      for known in pairs(list) do
        names[#names + 1] = known
      end
    end
    table.sort(names)
    return errors.raise(
      3,
      "a user has no field or method '%s'%s",
      tostring(name),
      errors.did_you_mean(name, names)
    )
  end
  local snapshot = rawget(user, "_snapshot")
  if not snapshot then
    return nil -- only invited: all that is known are the fields of the table itself
  end
  local value = value_of(snapshot, user._row, number)
  if convert[name] then
    return (convert[name](user, value))
  end
  return value
end

local user_mt = { __name = "lastpass.User" }

function user_mt.__index(user, name)
  local method = methods[name]
  if method then
    return method
  end
  return read_field(user, name)
end

function user_mt.__tostring(user)
  return require("lastpass.text").clean(("%s (%s)"):format(user.email, user.status))
end

local M = { fields = number_of }

--- A user of a snapshot.
function M.of_row(client, snapshot, row)
  return setmetatable({ _client = client, _snapshot = snapshot, _row = row }, user_mt)
end

--- The row that a user is read from.
---@param user lastpass.User
---@return userdata|nil rows of the core; nil for one who is only invited
---@return integer? row
function M.row_of(user)
  local rows = rawget(user, "_snapshot")
  return rows, rows and user._row
end

--- Somebody of whom only the invitation is known, and the groups that name them as a member.
function M.of_invitation(client, email, groups)
  return setmetatable({
    _client = client,
    email = email,
    status = "invited",
    groups = groups or {},
    admin = false,
    disabled = false,
    never_logged_in = true,
    password_reset_required = false,
  }, user_mt)
end

-- Methods are one person and one command on the wire: no plan and no journal. Two guards are asked all the
-- same. The configuration's `protect` costs nothing; whether another admin is left is asked of the server,
-- and only for somebody who is an admin, so that nobody reads a whole directory to disable one user.
local function check_protected(self, what)
  local key = addresses.fold(self.email)
  for _, address in ipairs(self._client:option "protect" or {}) do
    if addresses.fold(address) == key then
      return errors.fail(
        "guard",
        "protected",
        ("%s is protected by the configuration: %s is refused"):format(self.email, what),
        { hint = "take the address out of the option 'protect'" }
      )
    end
  end
  return true
end

local function check_last_admin(self)
  if not self.admin or self.status ~= "active" then
    return true
  end
  local admins, message, err = self._client:snapshot { admin = true }
  if not admins then
    return nil, message, err
  end
  local others = false
  for user in admins:users() do
    local is_other = addresses.fold(user.email) ~= addresses.fold(self.email)
    others = others or is_other and user.admin and user.status == "active"
  end
  if not others then
    return errors.fail(
      "guard",
      "last_admin",
      ("%s is the last admin who can log in"):format(self.email),
      { hint = "make another user an admin first" }
    )
  end
  return true
end

-- What takes access or weakens an account is not done to everybody.
local weakens, removes = { check_protected }, { check_protected, check_last_admin }

local function send_guarded(self, method, checks, command, data)
  for _, check in ipairs(checks) do
    local ok, message, err = check(self, method)
    if not ok then
      return nil, message, err
    end
  end
  return self._client[command](self._client, data)
end

--- Disables the account: the user cannot log in; vault, groups and licence stay.
-- https://support.lastpass.com/help/disable-users-via-lastpass-api
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err kind "guard", code "protected" or "last_admin", when it is refused
function methods:disable()
  return send_guarded(self, "user:disable", removes, "disableuser", { self.email })
end

--- Lets a disabled user log in again.
-- https://support.lastpass.com/help/enable-users-via-lastpass-api
function methods:enable()
  return self._client:enableuser { self.email }
end

local function send_deletion(self, method, action)
  local data = { username = self.email, deleteaction = action }
  return send_guarded(self, method, removes, "deluser", data)
end

--- Removes the user from the company; the account lives on as a personal one.
-- https://support.lastpass.com/help/delete-users-via-lastpass-api
function methods:remove()
  return send_deletion(self, "user:remove", 1)
end

--- Deletes the account and everything in it, for good.
-- https://support.lastpass.com/help/delete-users-via-lastpass-api
---@param options table confirm: the user's e-mail address, once more
---@return table|nil reply
---@return string? message
---@return lastpass.Error? err kind "guard" without the right confirmation
function methods:delete(options)
  errors.check_options("user:delete", options, { confirm = "string" })
  local confirm = options and options.confirm
  if not confirm or addresses.fold(confirm) ~= addresses.fold(self.email) then
    return errors.fail(
      "guard",
      "not_confirmed",
      ("deleting %s cannot be undone; confirm it with its address"):format(self.email),
      { hint = ('user:delete{ confirm = "%s" }'):format(self.email) }
    )
  end
  return send_deletion(self, "user:delete", 2)
end

--- Withdraws an invitation that was not accepted yet.
-- https://support.lastpass.com/help/delete-users-via-lastpass-api
function methods:uninvite()
  return send_deletion(self, "user:uninvite", 3)
end

--- Whether the user is a member of a group.
---@param name string exact
---@return boolean
function methods:is_in(name)
  for _, group in ipairs(self.groups) do
    if group == name then
      return true
    end
  end
  return false
end

-- Names and lists of names; nil for none: what the server makes of an empty list is not documented.
local function names(...)
  local list = {}
  for index = 1, select("#", ...) do
    local given = select(index, ...)
    for _, name in ipairs(type(given) == "table" and given or { given }) do
      list[#list + 1] = name
    end
  end
  return list[1] and list or nil
end

--- Adds the user to groups.
---@param ... string|string[] names of groups
function methods:join(...)
  return self._client:batchchangegrp { { username = self.email, add = names(...) } }
end

--- Takes the user out of groups.
---@param ... string|string[] names of groups
function methods:leave(...)
  local data = { { username = self.email, del = names(...) } }
  return send_guarded(self, "user:leave", weakens, "batchchangegrp", data)
end

--- Changes the full name, Duo or SecurID name.
-- https://support.lastpass.com/help/update-users-via-lastpass-api
---@param fields table fullname, duousername, securidusername
function methods:update(fields)
  local data = { username = self.email }
  for name, value in pairs(fields) do
    if name == "username" then
      errors.raise(2, "user:update: the address cannot be given; user:rename changes it")
    end
    data[name] = value
  end
  return self._client:updateuser(data)
end

--- Starts a change of address; it is done when the user logs in with the old one.
-- https://support.lastpass.com/help/update-user-email-via-lastpass-api
---@param email string the new address
function methods:rename(email)
  local data = { oldemail = self.email, newemail = email }
  return send_guarded(self, "user:rename", weakens, "updateemail", data)
end

--- Sends the invitation again.
function methods:reinvite()
  return self._client:reinviteuser { username = self.email }
end

--- Sends an e-mail for resetting the master password; the password stays as it is.
function methods:reset_password()
  local data = { username = self.email }
  return send_guarded(self, "user:reset_password", weakens, "resetpassword", data)
end

--- Asks for a new master password at the next log-in.
function methods:require_password_change()
  local data = { username = self.email }
  return send_guarded(
    self,
    "user:require_password_change",
    weakens,
    "requiremasterpasswordchange",
    data
  )
end

--- Switches multifactor authentication off, for somebody who lost the device.
function methods:disable_mfa()
  local data = { username = self.email }
  return send_guarded(self, "user:disable_mfa", weakens, "disablemultifactor", data)
end

--- Reads the user again.
---@return lastpass.User|nil user a new object
function methods:reload()
  return self._client:user(self.email)
end

signature.declare("user:", methods, {
  disable = "",
  enable = "",
  remove = "",
  delete = "options?: table",
  uninvite = "",
  is_in = "name: string",
  join = "...: string|table",
  leave = "...: string|table",
  update = "fields: table",
  rename = "email: string",
  reinvite = "",
  reset_password = "",
  require_password_change = "",
  disable_mfa = "",
  reload = "",
})

M.methods = methods

return M
