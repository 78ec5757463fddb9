--- A LastPass on loopback: seeded companies, state, faults on demand; no account, no network.
--
--    local sandbox = assert(lastpass.sandbox.start { users = 50, seed = 1 })
--    local client = sandbox:client()
--    …
--    sandbox:stop()
-- @module lastpass.sandbox
local assumptions = require "lastpass.sandbox.assumptions"
local business = require "lastpass.sandbox.business"
local clocks = require "lastpass.sandbox.clock"
local companies = require "lastpass.sandbox.company"
local errors = require "lastpass.error"
local httpd = require "lastpass.httpd"
local instances = require "lastpass.sandbox.instance"
local json = require "lastpass.json"
local signature = require "lastpass.signature"
local tenants = require "lastpass.sandbox.tenants"
local time = require "lastpass.time"

local M = {}

--- The account number of a sandbox without another.
M.CID = 8771312

--- Its provisioning hash. Well known: it opens nothing but sandboxes.
M.PROVHASH = ("5a9db0c5"):rep(8)

--- Its token for SCIM, well known as well.
M.SCIM_TOKEN = ("5c1700c5"):rep(5)

local known_options = {
  companies = "table",
  page_groups = "string",
  address = "string",
  port = "number",
  open_to_network = "boolean",
  tls = { "boolean", "table" },
  clock = { "number", "string" },
  frozen = "boolean",
  latency = "number",
  faults = "table",
  journal_size = "number",
  saml_keys = "string",
  phones = "table",
  transport = "table",
}
for _, known in ipairs { companies.known_options, tenants.known_options } do
  for name, expected in pairs(known) do
    known_options[name] = expected
  end
end

local function first_company(options)
  local company = {}
  for name in pairs(companies.known_options) do
    company[name] = options[name]
  end
  company.cid = company.cid or M.CID
  company.seed = company.seed or 1
  company.users = company.users or 50
  company.provhash = company.provhash or M.PROVHASH
  company.scim_token = company.scim_token or M.SCIM_TOKEN
  if options.page_groups then
    company.assumptions = { page_groups = options.page_groups }
    for name, value in pairs(options.assumptions or {}) do
      company.assumptions[name] = value
    end
  end
  return company
end

local function check_assumptions(company)
  for name, value in pairs(company.assumptions or {}) do
    local ok, message = assumptions.check(name, value)
    if not ok then
      local nearest = errors.nearest(name, assumptions.names())
      local hint = nearest and nearest ~= name and (" (did you mean '%s'?)"):format(nearest) or ""
      errors.raise(4, "sandbox.start: %s", message .. hint)
    end
  end
end

-- The companies: the one that the options describe, and the list's.
local function companies_of(options)
  local list = json.list({ first_company(options) })
  for at, company in ipairs(options.companies or {}) do
    local where = ("sandbox.start: company %d"):format(at)
    errors.check_options(where, company, companies.known_options, 3)
    list[#list + 1] = company
  end
  for _, company in ipairs(list) do
    check_assumptions(company)
  end
  return list
end

-- "now" is the machine's time; otherwise a fixed instant, so that runs can be repeated.
local function clock_of(options)
  local start = options.clock
  if start == nil then
    return { start = clocks.START, frozen = options.frozen }
  end
  local utc, message, err = time.parse(start, time.zone(options.timezone))
  if not utc then
    return nil, message, err
  end
  return { start = utc, frozen = options.frozen }
end

-- For programs that want a path. os.tmpname makes the file for its owner alone, as a file with a hash has
-- to be.
local function write_temporary(text, code)
  local path = os.tmpname()
  local file, message = io.open(path, "w")
  if not file then
    return errors.fail("transport", code, message)
  end
  file:write(text)
  file:close()
  return path
end

local function start_tls(options, server_options)
  if not options.tls then
    return true
  end
  local certificates = require "lastpass.sandbox.certificate"
  local given = type(options.tls) == "table" and options.tls or nil
  local pair, message, err = certificates.make(given)
  if not pair then
    return nil, message, err
  end
  server_options.certificate, server_options.key = pair.certificate, pair.key
  return true
end

-- What lastpass.sandbox.tenants needs to know; nil without them.
local function tenant_settings(options, first)
  if not options.tenants then
    return nil
  end
  local settings = { cid = first.cid, seed = first.seed, users = options.users }
  for name in pairs(tenants.known_options) do
    settings[name] = options[name]
  end
  settings.timezone, settings.assumptions = first.timezone, first.assumptions
  return settings
end

local function settings_of(options, list, clock)
  return json.encode({
    scheme = options.tls and "https" or "http",
    companies = list,
    tenants = tenant_settings(options, list[1]),
    clock = clock,
    faults = instances.encode_faults(options.faults or {}),
    latency = options.latency,
    journal_size = options.journal_size,
    saml_keys = options.saml_keys,
  })
end

--- Starts a sandbox.
---@param options? table
-- company: `users` (50; up to 1,000,000), `seed` (1), `cid` (8771312), `provhash`, `scim_token`, `rest_key`,
-- `name`, `staged`, `parent`, `company_type`, `license_limit`, `addons`, `domain`,
-- `timezone`, `invited`, `folders`, `events`, `history_days`, `assumptions` (see
-- `M.assumptions`); `companies`: a list of further ones; `page_groups`: that assumption;
-- many companies, which the first one manages: `tenants` (how many; each with `users` people, default 5 to 40), `slow` and
-- `broken` (how many of them hang, or answer 500, nothing, a web page, a refusal by turns), `delay` (seconds that each of
-- their answers takes), `large` (one of them has so many people): see `sandbox:companies`;
-- server: `address` ("127.0.0.1"), `port` (0: the system chooses), `open_to_network` (false),
-- `tls` (false; true or options of `lastpass.sandbox.certificate`), `latency` (seconds added to
-- every answer), `clock` (default 2026-06-15 13:00 UTC; "now" or any time), `frozen`, `faults`
-- (a list of rules), `journal_size` (10,000), `saml_keys` (a folder: the keys of SAML are kept there, so that
-- whoever has their certificates need not take new ones after a restart), `phones` (what phones of LastPass MFA do by
-- themselves: see `sandbox:phone_auto`), `transport` (for the control API)
---@return table|nil sandbox
---@return string? message
---@return lastpass.Error? err
function M.start(options)
  options = errors.check_options("sandbox.start", options, known_options)
  tenants.check(options, 2)
  local list = companies_of(options)
  local clock, message, err = clock_of(options)
  if not clock then
    return nil, message, err
  end
  local ok
  if options.saml_keys then
    ok, message, err = require("lastpass.files").make_folder(options.saml_keys)
    if not ok then
      return nil, message, err
    end
  end
  local server_options = {
    address = options.address,
    port = options.port,
    open_to_network = options.open_to_network,
    settings = settings_of(options, list, clock),
  }
  ok, message, err = start_tls(options, server_options)
  if not ok then
    return nil, message, err
  end
  local server
  server, message = httpd.start(server_options)
  if not server then
    return errors.fail("transport", "cannot_start", message)
  end
  local ca_file
  if server_options.certificate then
    ca_file, message, err = write_temporary(server_options.certificate, "no_certificate_file")
    if not ca_file then
      server:stop()
      return nil, message, err
    end
  end
  local first = list[1]
  local sandbox = instances.new(server, {
    scheme = options.tls and "https" or "http",
    cid = first.cid,
    provhash = first.provhash,
    scim_token = first.scim_token,
    rest_key = business.key(first),
    timezone = first.timezone,
    certificate = server_options.certificate,
    ca_file = ca_file,
    transport = options.transport,
    tenants = tenant_settings(options, first),
  })
  if options.phones then
    ok, message, err = sandbox:phone_auto(options.phones)
    if not ok then
      sandbox:stop()
      return nil, message, err
    end
  end
  return sandbox
end

-- ---- as a program ----

-- The keys that programs want as files: the field of the line, and the text.
local function texts_for(sandbox)
  local texts = {
    provhash_file = sandbox.provhash,
    scim_token_file = sandbox.scim_token,
    rest_key_file = sandbox.rest_key,
    mfa_login_key_file = sandbox.mfa.login_key,
    mfa_key_file = sandbox.mfa.key,
  }
  local pair = sandbox:control("POST", "mfa_keys", {}) -- none without luaossl
  texts.mfa_private_key_file = pair and pair.private_key
  return texts
end

local function remove_files(files)
  for _, path in pairs(files) do
    os.remove(path)
  end
end

local function write_files(texts)
  local files = {}
  for field, content in pairs(texts) do
    local path, message, err = write_temporary(content:gsub("\n$", "") .. "\n", "no_" .. field)
    if not path then
      remove_files(files)
      return nil, message, err
    end
    files[field] = path
  end
  return files
end

--- A sandbox as a program: starts one, reports where it is in one JSON line on standard output,
-- and waits until SIGINT, SIGTERM or SIGHUP, or until standard input ends where that is a pipe or the terminal in front of
-- it. /dev/null and files are no input that could end.
---@param options? table of `sandbox.start`; `clock` is the machine's time unless given
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err
function M.run(options)
  local given = { clock = "now" }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  local sandbox, message, err = M.start(given)
  if not sandbox then
    return nil, message, err
  end
  local files
  files, message, err = write_files(texts_for(sandbox))
  if not files then
    sandbox:stop()
    return nil, message, err
  end
  local companies_file
  if given.tenants then
    companies_file, message, err = sandbox:write_companies()
    if not companies_file then
      sandbox:stop()
      remove_files(files)
      return nil, message, err
    end
  end
  local line = {
    port = sandbox.port,
    url = sandbox.url,
    scim_url = sandbox.scim_url,
    rest_url = sandbox.rest_url,
    tenants_file = companies_file,
    tenants_config = companies_file and companies_file:match "^(.*/)" .. "parent.json" or nil,
    saml_url = sandbox.saml_url,
    saml_sp_url = sandbox.saml_sp_url,
    cid = sandbox.cid,
    pid = httpd.pid(),
    ca_file = sandbox.ca_file,
    mfa_url = sandbox.mfa.url,
    mfa_phone_url = sandbox.mfa.phone_url,
  }
  for field, path in pairs(files) do
    line[field] = path
  end
  io.stdout:write(json.encode(line), "\n")
  io.stdout:flush()
  httpd.wait()
  sandbox:stop()
  remove_files(files)
  return true
end

--- What the sandbox had to invent, each with what, why and the section of enterprise-api.md.
---@return lastpass.sandbox.Assumption[]
function M.assumptions()
  return assumptions.list
end

signature.declare("sandbox.", M, {
  start = "options?: table",
  run = "options?: table",
  assumptions = "",
})

return M
