--- Whom a request is of, as whatever stands before the guard says: the SAML guard, a function of the application, or a
-- header of a proxy that is trusted by its address. The guard itself asks nobody who they are.
-- @module lastpass.nginx.mfa.person
local email = require "lastpass.email"
local errors = require "lastpass.error"
local requests = require "lastpass.nginx.guard.request"

---@class lastpass.nginx.mfa.Person
---@field account string         the address, in lower case
---@field session string|nil     what names the session at whoever has signed the person in
---@field auth_time number|nil   when the person was authenticated there

local M = {}

local of_header = { header = "string", from = "table" }

-- The value of a header that is there once. A proxy that sets it removes neither a second one of another spelling
-- (X_User, where underscores_in_headers is on) nor, when it appends, one of the client's: then it names nobody.
local function only_header(name)
  local value, is_doubtful = nil, false
  for one, given in pairs(ngx.req.get_headers(0, true)) do
    if one:lower():gsub("[^%w]", "-") == name then
      is_doubtful = is_doubtful or value ~= nil or one:lower() ~= name or type(given) ~= "string"
      value = given
    end
  end
  if is_doubtful then
    local text = "lastpass mfa: the header %s is there twice, or in another spelling: it names "
      .. "nobody; request %s"
    ngx.log(ngx.WARN, text:format(name, ngx.var.request_id))
    return nil
  end
  return value
end

local function read_header(given, level)
  errors.check_options("mfa: account", given, of_header, level + 1)
  if not given.header or not given.header:find "^%a[%w-]*$" then
    errors.raise(level + 1, "mfa: account: 'header' must be the name of a header")
  elseif not given.from or #given.from == 0 then
    errors.raise(
      level + 1,
      "mfa: account: 'from' must list the addresses of the proxies whose header counts"
    )
  end
  for _, address in ipairs(given.from) do
    if type(address) ~= "string" or not (address:find "^[%x.:]+$" or address == "unix:") then
      errors.raise(level + 1, "mfa: account: from: '%s' is no address", tostring(address))
    end
  end
  local trusted = errors.set_of(given.from)
  local name = given.header:lower()
  return function()
    -- the address of the connection, not what another header has put in its place
    if not trusted[ngx.var.realip_remote_addr or ngx.var.remote_addr] then
      return nil
    end
    return only_header(name)
  end
end

-- What the SAML guard has noted of this request.
local function of_saml()
  local session = requests.session()
  if not session then
    return nil
  end
  return session.account, { session = session.id, auth_time = session.auth_time }
end

--- Reads the option `account`; errors raise.
---@param given "saml"|function|table
---@param level integer
---@return fun(): string|nil, table|nil
function M.read(given, level)
  if given == "saml" then
    requests.want_session()
    return of_saml
  elseif type(given) == "table" then
    return read_header(given, level + 1)
  elseif type(given) == "function" then
    return given
  end
  errors.raise(
    level + 1,
    "mfa: 'account' must be \"saml\", a function, or { header = NAME, from = ADDRESSES }"
  )
end

--- The person of the current request.
---@param read fun(): string|nil, table|nil
---@return lastpass.nginx.mfa.Person|nil
---@return string? code "no_account", "account_no_address"
function M.of(read)
  local account, details = read()
  if type(account) ~= "string" or account == "" then
    return nil, "no_account"
  elseif not email.check(account) then
    return nil, "account_no_address"
  end
  details = details or {}
  return {
    account = email.fold(account),
    session = details.session,
    auth_time = details.auth_time,
  }
end

return M
