--- A connection to an LDAP server that is fit to read people from: TLS checked or not needed, bound.
-- @module lastpass.source.ldap_connection
local core = require "lastpass.core"
local errors = require "lastpass.error"
local ldap_errors = require "lastpass.source.ldap_errors"

local M = {}

local password_kinds = { file = true, env = true, command = true }

local function load_ldap()
  local found, ldap = pcall(require, "lastpass.ldap")
  if found then
    return ldap
  end
  return errors.fail("argument", "no_libldap", "source.ldap needs libldap: " .. tostring(ldap), {
    hint = "apt install libldap-2.5-0, or build the module lastpass.ldap",
  })
end

-- A secret, or how to come by one: {file = path}, {env = name}, {command = line}.
local function check_password(password, level)
  if password == nil or core.secret.is(password) then
    return
  end
  local kind, value = nil, nil
  if type(password) == "table" then
    kind, value = next(password)
  end
  if not password_kinds[kind] or type(value) ~= "string" or next(password, kind) ~= nil then
    errors.raise(
      level + 1,
      "source.ldap: option 'password' must be made by lastpass.secret, or be {file = …}, "
        .. "{env = …} or {command = …}; a string would stay in memory"
    )
  end
end

--- Raises for options that cannot go together.
---@param options table
---@param level integer
function M.check(options, level)
  level = level + 1
  check_password(options.password, level)
  local function raise(text)
    errors.raise(level + 1, "source.ldap: " .. text)
  end
  if not options.url then
    raise "option 'url' is missing"
  elseif (options.bind_dn == nil) ~= (options.password == nil) then
    raise "options 'bind_dn' and 'password' go together"
  elseif options.external and options.bind_dn then
    raise "options 'external' and 'bind_dn' exclude each other"
  elseif options.key_file and not options.certificate_file then
    raise "option 'key_file' needs 'certificate_file'"
  elseif options.plain and options.starttls then
    raise "options 'plain' and 'starttls' exclude each other"
  elseif options.plain and options.bind_dn then
    raise "option 'plain' is not for a bind: a password is never sent without TLS"
  elseif options.starttls and not options.url:find "^ldap://" then
    raise "option 'starttls' is for ldap:// only"
  end
end

-- The password goes from the secret's memory to the connection without being a Lua string.
local function carrier_of(secret)
  local carrier = core.carry(secret)
  if carrier then
    return carrier
  end
  return errors.fail("argument", "secret_closed", "source.ldap: the secret of 'password' is closed")
end

-- A secret made here is closed again once it has a carrier, which holds on to it.
local function carry_password(password)
  if type(password) ~= "table" then
    return carrier_of(password)
  end
  local kind, value = next(password)
  local secret, message, err = require("lastpass.secret")[kind](value)
  if not secret then
    return nil, message, err
  end
  local carrier
  carrier, message, err = carrier_of(secret)
  secret:close()
  return carrier, message, err
end

local function bind(connection, options)
  if options.external then
    return connection:bind_external()
  elseif not options.bind_dn then
    return connection:connect()
  end
  local carrier, message, err = carry_password(options.password)
  if not carrier then
    return nil, message, err
  end
  local ok, reason, code = connection:bind(options.bind_dn, carrier)
  carrier:close()
  return ok, reason, code
end

local function wants_starttls(connection, options)
  if connection:is_encrypted() or options.plain then
    return false
  elseif options.starttls ~= nil then
    return options.starttls
  end
  return not connection:is_local()
end

-- Begins TLS where it is wanted, and binds.
local function begin(connection, options, settings)
  if wants_starttls(connection, options) then
    local ok, message, code = connection:start_tls(settings)
    if not ok then
      return nil, message, code
    end
  elseif not connection:is_encrypted() and not connection:is_local() and not options.plain then
    local message = options.url .. ": another machine is read with TLS only"
    return errors.fail("argument", "tls_needed", message, {
      hint = "leave out starttls = false; plain = true reads without TLS, but as nobody",
    })
  end
  return bind(connection, options)
end

--- Connects. To another machine only with TLS, whose certificate is checked: ldaps:// from the first
-- byte, ldap:// by StartTLS, unless the option `plain` says otherwise.
---@param options table as checked by `check`
---@return userdata|nil connection
---@return function|string now a clock in seconds; or the message
---@return lastpass.Error? err
function M.open(options)
  local ldap, message, err = load_ldap()
  if not ldap then
    return nil, message, err
  end
  local settings = {
    url = options.url,
    ca_file = options.ca_file,
    certificate = options.certificate_file,
    key = options.key_file,
    connect_timeout = options.connect_timeout,
  }
  local connection, reason, code = ldap.open(settings)
  if not connection then
    return ldap_errors.fail(options.url, reason, code)
  end
  local ok
  ok, reason, code = begin(connection, options, settings)
  if ok then
    return connection, ldap.now
  end
  connection:close()
  if type(code) == "table" then -- a failure of ours already
    return nil, reason, code
  end
  if code == -1 and reason:find("(", 1, true) then
    code = -11 -- TLS that fails is a lost connection to libldap, but one that it has more to say of
  end
  return ldap_errors.fail(options.url, reason, code)
end

return M
