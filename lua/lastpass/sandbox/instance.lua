--- A running sandbox, from the outside: its address, clients for it, and its control API.
-- @module lastpass.sandbox.instance
local base64 = require "lastpass.text.base64"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local mfa = require "lastpass.sandbox.mfa.methods"
local percent = require "lastpass.text.percent"
local signature = require "lastpass.signature"
local tenants = require "lastpass.sandbox.tenants.methods"

local M = {}

local methods = {}
for _, more in ipairs { mfa.methods, tenants.methods } do
  for name, method in pairs(more) do
    methods[name] = method
  end
end

local instance_mt = { __name = "lastpass.sandbox", __index = methods }

function instance_mt.__tostring(self)
  return self.server and "lastpass.sandbox: " .. self.url or "lastpass.sandbox: stopped"
end

--- Wraps a server.
---@param server userdata of `lastpass.httpd`
---@param about table `scheme`, `cid`, `provhash`, `scim_token`, `timezone`, `certificate`, `ca_file`,
-- `transport`, `tenants`
---@return table sandbox `url`, `port`, `cid`, `scim_url`, `scim_token`, `rest_url`, `rest_key`, `saml_url` (the SSO apps),
-- `saml_sp_url` (a service provider), `mfa` (`url`, `phone_url`, `login_key`, `key`, `private_key`, `public_key`),
-- `certificate` and `ca_file` (with TLS)
function M.new(server, about)
  local host = server:address()
  host = host:find(":", 1, true) and "[" .. host .. "]" or host
  local origin = about.scheme .. "://" .. host .. ":" .. ("%d"):format(server:port())
  local box = setmetatable({
    server = server,
    port = server:port(),
    origin = origin,
    url = origin .. "/enterpriseapi.php",
    cid = about.cid,
    provhash = about.provhash,
    scim_url = ("%s/scimapi/%.0f"):format(origin, about.cid),
    scim_token = about.scim_token,
    rest_url = origin .. "/business",
    rest_key = about.rest_key,
    saml_url = origin .. "/saml/",
    saml_sp_url = origin .. "/saml/sp",
    timezone = about.timezone,
    certificate = about.certificate,
    ca_file = about.ca_file,
    transport = about.transport,
    tenant_settings = about.tenants,
  }, instance_mt)
  return mfa.attach(box)
end

--- Makes fault rules fit for JSON: any bytes may be served, and JSON carries text only.
---@param rules table[]
---@return table[] list
function M.encode_faults(rules)
  local list = json.list()
  for at, rule in ipairs(rules) do
    local copy = {}
    for name, value in pairs(rule) do
      copy[name] = value
    end
    if copy.body then
      copy.body_base64, copy.body = base64.encode(copy.body), nil
    end
    list[at] = copy
  end
  return list
end

--- A client bound to this sandbox.
---@param options? table options of `lastpass.new`; what is given goes before the sandbox's own
---@return table|nil client
---@return string? message
---@return lastpass.Error? err
function methods:client(options)
  local lastpass = require "lastpass"
  local merged = {
    url = self.url,
    cid = self.cid,
    ca_file = self.ca_file,
    timezone = self.timezone,
    journal = ":memory:", -- what is tried here does not belong among a company's runs
    -- "-24h" counts from the sandbox's clock
    now = function()
      return self:clock().now
    end,
  }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  if merged.provhash == nil then
    merged.provhash = lastpass.secret.value(self.provhash)
  end
  if merged.scim == nil and tonumber(merged.cid) == self.cid then
    merged.scim = { url = self.scim_url, token = lastpass.secret.value(self.scim_token) }
  end
  if merged.rest == nil and tonumber(merged.cid) == self.cid then
    merged.rest = { url = self.rest_url, key = lastpass.secret.value(self.rest_key) }
  end
  return lastpass.new(merged)
end

--- A client of SCIM bound to this sandbox.
---@param options? table options of `lastpass.scim.new`; what is given goes before the sandbox's own
---@return table|nil client
---@return string? message
---@return lastpass.Error? err
function methods:scim(options)
  local lastpass = require "lastpass"
  local merged = { url = self.scim_url, ca_file = self.ca_file }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  if merged.token == nil then
    merged.token = lastpass.secret.value(self.scim_token)
  end
  return lastpass.scim.new(merged)
end

--- A client of the REST API bound to this sandbox.
---@param options? table options of `lastpass.business.new`; what is given goes before the sandbox's own
---@return table|nil client
---@return string? message
---@return lastpass.Error? err
function methods:rest(options)
  local lastpass = require "lastpass"
  local merged = { url = self.rest_url, ca_file = self.ca_file }
  for name, value in pairs(options or {}) do
    merged[name] = value
  end
  if merged.key == nil then
    merged.key = lastpass.secret.value(self.rest_key)
  end
  return lastpass.business.new(merged)
end

-- One transport for each sandbox, which keeps its connection.
local function transport_of(self)
  if not self.transport then
    self.transport = require("lastpass.transport").open("curl", { ca_file = self.ca_file })
  end
  return self.transport
end

local function refused(response, decoded)
  local text = type(decoded) == "table" and decoded.error
    or ("the sandbox answered HTTP %d"):format(response.status)
  local kind = response.status == 400 and "argument" or "refused"
  return errors.fail(kind, "sandbox_refused", tostring(text), { status = response.status })
end

--- Sends a request to the control API.
---@param method string
---@param path string such as "state" or "/_sandbox/state?email=ann@example.com"
---@param body? table|string
---@return any|nil answer
---@return string? message
---@return lastpass.Error? err
function methods:control(method, path, body)
  if not self.server then
    return errors.fail("transport", "stopped", "the sandbox has been stopped")
  end
  local response, message, err = transport_of(self):send {
    method = method,
    url = self.origin .. (path:find "^/" and path or "/_sandbox/" .. path),
    headers = { ["Content-Type"] = "application/json" },
    body = type(body) == "table" and json.encode(body) or body,
    timeout = 60,
  }
  if not response then
    return nil, message, err
  end
  local decoded
  decoded, message, err = json.decode(response.body)
  if response.status ~= 200 then
    return refused(response, decoded)
  elseif decoded == nil then
    return nil, message, err
  end
  return decoded
end

--- Stops the server. Safe to call again.
function methods:stop()
  if self.server then
    self.server:stop()
    self.server = nil
  end
  if self.ca_file then
    os.remove(self.ca_file)
    self.ca_file = nil
  end
  tenants.remove_files(self)
end

-- Where tables have finalizers (5.2 on), a forgotten sandbox leaves no file behind; the server's own
-- finalizer works everywhere.
instance_mt.__gc = methods.stop

--- Makes another token for SCIM; the old one stops working at once.
---@param options? table `token`: default one that the sandbox makes; `cid`: of another company
---@return string|nil token
---@return string? message
---@return lastpass.Error? err
function methods:change_scim_token(options)
  errors.check_options("sandbox:change_scim_token", options, { token = "string", cid = "number" })
  local answer, message, err = self:control("POST", "scim_token", options or {})
  if not answer then
    return nil, message, err
  end
  if not options or not options.cid or options.cid == self.cid then
    self.scim_token = answer.token
  end
  return answer.token
end

--- Sets up an SSO app, as an admin of LastPass does for a service; one of the same entity ID is replaced.
---@param settings table `metadata` (of the service), or `entity_id`, `acs_url` and `slo_url`; `name`, `relay`, `role`;
-- `identifier` ("email", "secondary_email", "user_id", "groups", "roles", "custom" with `custom`); `step_up`;
-- `signature_method` ({"sha256"}); `sign_assertion` (true), `sign_response`, `sign_request`, `encrypt_assertion`,
-- `certificate` (the service's); `attributes` (name -> source or {custom = text}); `generation` ("current", "legacy");
-- `cid`: of another company
---@return table|nil app `id`, `addresses` (`entity_id`, `sso_url`, `slo_url`, `logout_url`, `launch_url`), `metadata_xml`,
-- `certificate_pem`, `page`
---@return string? message
---@return lastpass.Error? err
function methods:saml_app(settings)
  return self:control("POST", "saml_apps", settings)
end

--- Chooses whose responses the sandbox's service provider reads.
---@param settings? table `metadata` (of an identity provider; default the sandbox's own), `entity_id` (of several in it), `want`
-- ("either"), `allow_unsolicited`, `allow_sha1`, `allow_cbc`, `sign_requests`; without settings nothing is changed
---@return table|nil sp `entity_id`, `acs_url`, `login_url`, `page`, `metadata_xml`, `idp`
---@return string? message
---@return lastpass.Error? err
function methods:saml_sp(settings)
  return self:control(settings and "POST" or "GET", "saml_sp", settings)
end

--- Puts every company back to how it started; faults and journal are emptied.
function methods:reset()
  return self:control("POST", "reset")
end

--- Shows the clock, or changes it first.
---@param change? table `advance`: seconds or "3d"; `set`: a time; `freeze`: boolean
---@return table|nil clock `now`, `iso`, `account_time`, `frozen`, …
function methods:clock(change)
  return self:control(change and "POST" or "GET", "clock", change)
end

--- Lists the faults, or adds one or several.
---@param rule? table a rule (see `lastpass.sandbox.faults`) or a list of rules
---@return table|nil answer
function methods:faults(rule)
  if not rule then
    return self:control("GET", "faults")
  end
  return self:control("POST", "faults", M.encode_faults(#rule > 0 and rule or { rule }))
end

--- Takes faults away.
---@param id? integer one of them; default all
function methods:clear_faults(id)
  return self:control("DELETE", id and ("faults?id=%.0f"):format(id) or "faults")
end

local known_journal = { limit = "number", command = "string", cid = "number" }

--- The journal's entries, oldest first.
---@param options? table `limit`, `command`, `cid`: only this company's
---@return table[]|nil entries
---@return string? message
---@return lastpass.Error? err
function methods:journal(options)
  options = errors.check_options("sandbox:journal", options, known_journal)
  local query = {}
  for name, value in pairs(options) do
    query[#query + 1] = name .. "=" .. (type(value) == "number" and ("%.0f"):format(value) or value)
  end
  local answer, message, err = self:control("GET", "journal?" .. table.concat(query, "&"))
  if not answer then
    return nil, message, err
  end
  return answer.entries
end

--- A company in numbers, or one person.
---@param options? table `email`, `cid`, `mails` (true: the mails of everybody)
---@return table|nil state
---@return string? message
---@return lastpass.Error? err
function methods:state(options)
  options = errors.check_options("sandbox:state", options, {
    email = "string",
    cid = "number",
    mails = "boolean",
  })
  local query = {}
  if options.email then
    query[#query + 1] = "email=" .. percent.encode(options.email)
  end
  if options.cid then
    query[#query + 1] = ("cid=%.0f"):format(options.cid)
  end
  if options.mails then
    query[#query + 1] = "mails=1"
  end
  return self:control("GET", "state?" .. table.concat(query, "&"))
end

--- What people and admins do outside the API.
---@param change table `accept`: invited addresses, `login`: addresses, `settings`: assumptions
---@return table|nil state
function methods:act(change)
  errors.check_options("sandbox:act", change, {
    accept = "table",
    login = "table",
    settings = "table",
    cid = "number",
  })
  return self:control("POST", "state", change)
end

--- Puts users, invitations and groups into a company.
---@param data table `users`, `invited`, `groups`, `cid`
---@return table|nil counts
function methods:load(data)
  errors.check_options("sandbox:load", data, {
    users = "table",
    invited = "table",
    groups = "table",
    cid = "number",
  })
  return self:control("POST", "load", data)
end

--- All events, newest first, or writes some first.
---@param change? table `events`: list of `time` (seconds), `action`, `data`, `username`, `address`;
-- `burst`: `from`, `seconds`, `count`, `duplicates` (every so many-th comes twice)
---@return table[]|true|nil events with `microseconds` (text), `local_time` and the four texts
---@return string? message
---@return lastpass.Error? err
function methods:events(change)
  errors.check_options("sandbox:events", change, {
    events = "table",
    burst = "table",
    cid = "number",
  })
  local answer, message, err = self:control(change and "POST" or "GET", "events", change)
  if not answer then
    return nil, message, err
  end
  return answer.events or true
end

--- Adds a company.
---@param options table as the company options of `start`
---@return table|nil description
function methods:add_company(options)
  return self:control("POST", "companies", options)
end

local signatures = {
  client = "options?: table",
  scim = "options?: table",
  change_scim_token = "options?: table",
  rest = "options?: table",
  control = "method: string, path: string, body?: any",
  stop = "",
  saml_app = "settings: table",
  saml_sp = "settings?: table",
  reset = "",
  clock = "change?: table",
  faults = "rule?: table",
  clear_faults = "id?: integer",
  journal = "options?: table",
  state = "options?: table",
  act = "change: table",
  load = "data: table",
  events = "change?: table",
  add_company = "options: table",
}
for _, more in ipairs { mfa.signatures, tenants.signatures } do
  for name, text in pairs(more) do
    signatures[name] = text
  end
end
signature.declare("sandbox:", methods, signatures)

return M
