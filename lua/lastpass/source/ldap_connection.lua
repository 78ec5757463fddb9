--- A connection to an LDAP server that is fit to read people from: TLS checked or not needed, bound.
-- @module lastpass.source.ldap_connection
local core = require "lastpass.core"
local errors = require "lastpass.error"
local secrets = require "lastpass.secret"

local M = {}

local LIMIT_HINT = "the server lets this account read only so much: lift its limit (OpenLDAP: "
  .. "limits … size=unlimited), or read by pages (option 'page_size')"

local TLS_HINT = "give the authority's certificate with the option 'ca_file'; the address must "
  .. "have the name that the server's own certificate is for"

local TLS_FAILED =
  "TLS failed: its certificate is not trusted or of another name, or there is no TLS (%s)"

local ADDRESS_HINT = "one of ldaps://host, ldap://host:port, ldapi://%2Fpath; nothing after it"
local FILES_HINT = "can the files of 'ca_file' and 'certificate_file' be read?"
local STARTTLS_HINT = "the server wants TLS (option 'starttls', or ldaps://)"

-- code -> kind, name, hint
local meanings = {
  [-11] = { "transport", "tls_failed", TLS_HINT },
  [-9] = { "argument", "bad_address", ADDRESS_HINT },
  [-7] = { "argument", "bad_filter" },
  [-5] = { "transport", "timeout" },
  [-4] = { "protocol", "bad_answer" },
  [-2] = { "argument", "bad_certificates", FILES_HINT },
  [-1] = { "transport", "no_connection" },
  [1] = { "refused", "operations_error", "some servers want a bind first (option 'bind_dn')" },
  [2] = { "protocol", "protocol_error" },
  [3] = { "refused", "time_limit", LIMIT_HINT },
  [4] = { "refused", "size_limit", LIMIT_HINT },
  [7] = { "auth", "no_such_mechanism" },
  [8] = { "auth", "stronger_bind_needed", STARTTLS_HINT },
  [10] = { "refused", "referral" },
  [11] = { "refused", "admin_limit", LIMIT_HINT },
  [12] = { "refused", "no_paging", "see the option 'page_size'" },
  [13] = { "auth", "tls_needed", STARTTLS_HINT },
  [17] = { "argument", "no_such_attribute" },
  [18] = { "argument", "bad_filter" },
  [32] = { "argument", "no_such_base" },
  [34] = { "argument", "bad_name" },
  [48] = { "auth", "wrong_credentials" },
  [49] = { "auth", "wrong_credentials" },
  [50] = { "auth", "no_permission" },
  [51] = { "transport", "busy" },
  [52] = { "transport", "unavailable" },
  [53] = { "refused", "unwilling" },
}

--- The failure that a code of libldap or of a server (RFC 4511 Appendix A) means.
---@param where string what the message begins with
---@param message string
---@param code integer of libldap (below 0) or the server
---@param fields? table further fields of the error
---@return nil
---@return string message
---@return lastpass.Error err with `ldap_code`
function M.fail(where, message, code, fields)
  local meaning = meanings[code] or { "protocol", "ldap_" .. tostring(code) }
  local all = { hint = meaning[3], ldap_code = code }
  if meaning == meanings[-11] then
    message = TLS_FAILED:format(message)
  end
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  return errors.fail(meaning[1], meaning[2], where .. ": " .. message, all)
end

local function load_ldap()
  local found, ldap = pcall(require, "lastpass.ldap")
  if found then
    return ldap
  end
  return errors.fail("argument", "no_libldap", "source.ldap needs libldap: " .. tostring(ldap), {
    hint = "apt install libldap-2.5-0, or build the module lastpass.ldap",
  })
end

-- The password goes from the secret's memory to the connection without being a Lua string.
local function carrier_of(secret)
  local carrier = core.secret_body(secret)
  if carrier then
    return carrier
  end
  return errors.fail("argument", "secret_closed", "source.ldap: the secret of 'password' is closed")
end

-- A secret made here is closed again once it has a carrier, which holds on to it.
local function open_carrier(password)
  local secret, message, err = secrets.open(password)
  if not secret then
    return nil, message, err
  end
  local carrier
  carrier, message, err = carrier_of(secret)
  if secret ~= password then
    secret:close()
  end
  return carrier, message, err
end

local function bind(connection, options)
  if options.external then
    return connection:bind_external()
  elseif not options.bind_dn then
    return connection:connect()
  end
  local carrier, message, err = open_carrier(options.password)
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
local function begin_session(connection, options, settings)
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
---@param options table as `source.ldap` has checked them
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
    return M.fail(options.url, reason, code)
  end
  local ok
  ok, reason, code = begin_session(connection, options, settings)
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
  return M.fail(options.url, reason, code)
end

-- A secret, or how to come by one.
local function check_password(password, level)
  if password ~= nil and not secrets.is_known(password) then
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

return M
