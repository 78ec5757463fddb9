--- The checks of `lastpass doctor`. Each says ok, warn or fail, and what to do.
-- @module lastpass.cli.doctor
local in_commands = require("lastpass.cli.failure").in_commands
local text = require "lastpass.text"

local M = {}

-- How many seconds clocks may differ.
local CLOCK_WARN, CLOCK_FAIL = 60, 300

local function add(rows, check, state, what, advice)
  rows[#rows + 1] = { check = check, state = state, what = what, advice = advice }
  return state
end

local function has(module)
  return (pcall(require, module))
end

-- What this is, and what it runs in.
local function check_versions(rows)
  local version = require "lastpass.version"
  local runtime = rawget(_G, "jit") and _G.jit.version or _VERSION
  add(rows, "versions", "ok", ("lastpass %s, %s"):format(version, runtime))
  for _, module in ipairs {
    { "pl.template", "--template", "lua-penlight" },
    { "openssl.digest", "plans", "lua-luaossl" },
    { "DBI", "the journal", "lua-dbi-sqlite3" },
    { "zlib", "stored snapshots", "lua-zlib" },
  } do
    if not has(module[1]) then
      add(
        rows,
        "modules",
        "warn",
        ("%s is not installed; %s needs it"):format(module[3], module[2]),
        "apt install " .. module[3]
      )
    end
  end
end

-- The profile, and where its values come from.
local function check_configuration(rows, session)
  local configuration, message, err = session:configuration()
  if not configuration then
    add(rows, "configuration", "fail", message, err.hint or "lastpass config edit")
    return false
  end
  for _, unsafe in ipairs(configuration:unsafe_files()) do
    add(rows, "configuration", "warn", ("%s: %s"):format(unsafe.file, unsafe.reason), unsafe.hint)
  end
  local settings
  settings, message, err = configuration:profile()
  if not settings then
    add(rows, "configuration", "fail", message, err.hint and in_commands(err.hint))
    return false
  end
  local name = configuration.default
  add(
    rows,
    "configuration",
    "ok",
    ("%s, account %.0f"):format(name and "profile " .. name or "no profile", settings.cid)
  )
  return true
end

-- Making the client reads the hash, which refuses files that others can read.
local function check_hash(rows, session)
  local ok, client = pcall(session.client, session)
  if not ok then
    local err = type(client) == "table" and client or { message = tostring(client) }
    add(rows, "hash", "fail", err.message, session:correction(err) or err.hint)
    return nil
  end
  add(rows, "hash", "ok", "can be read, by you alone")
  return client
end

local function check_clock(response, client)
  local date = response.headers.date
  local server = date and require("lastpass.curl").date(date)
  if not server then
    return "warn", "the server does not say what time it is"
  end
  local difference = math.abs(server - client:now())
  local what = ("%s from the server's"):format(text.duration(difference))
  if difference > CLOCK_FAIL then
    return "fail", what, "set this machine's clock (NTP)"
  end
  return difference > CLOCK_WARN and "warn" or "ok", what
end

-- Without the hash: can the server be reached, is its certificate good, what time is it there?
local function check_connection(rows, client)
  local url = client:option "url"
  local response, message, err = client:transport():send {
    method = "GET",
    url = url,
    timeout = math.min(client:option "timeout", 20),
    repeatable = true,
  }
  if not response then
    add(rows, "connection", "fail", message, err.hint or "check --url, --proxy and --ca-file")
    return false
  end
  local tls = url:find "^https:" and "the certificate is good" or "without TLS, on this machine"
  add(rows, "connection", "ok", ("%s answers; %s"):format(url, tls))
  add(rows, "clock", check_clock(response, client))
  return true
end

local function check_values(snapshot)
  local odd = snapshot:odd_values()
  if odd == 0 then
    return "ok", "every value is of the documented form"
  end
  local what = ("%s in the directory not of the documented form"):format(text.plural(odd, "value"))
  return "warn", what, "they are shown as empty; please report it"
end

-- Whether the account number and the hash are accepted.
local function check_credentials(rows, client, session)
  local started = os.time()
  local snapshot, message, err = client:snapshot()
  if not snapshot then
    local advice = session:correction(err)
      or err.hint
      or err.kind == "auth" and "check the account number and the hash"
    add(rows, "credentials", "fail", message, advice or nil)
    return false
  end
  local what = ("accepted; %s, %s, read in %s"):format(
    text.plural(snapshot:count(), "user"),
    text.plural(snapshot:invited_count(), "invitation"),
    text.duration(os.time() - started)
  )
  add(rows, "credentials", "ok", what)
  add(rows, "replies", check_values(snapshot))
  return true
end

-- Whether the key of the REST API is accepted; without one there is nothing to check.
local function check_rest(rows, client)
  if not client:option "rest" then
    return
  end
  local rest, message, err = client:rest()
  local answer
  if rest then
    answer, message, err = rest:request("GET", "/v1/users", { query = { ["max-results"] = "1" } })
  end
  if not answer then
    return add(rows, "REST API", "fail", message, err.hint and in_commands(err.hint))
  end
  add(rows, "REST API", "ok", ("%s accepts the key"):format(rest:option "url"))
end

-- An event that has not happened yet means that its time was read in the wrong zone.
local function check_zone(client)
  local zone = client:option "timezone"
  local ok, events = pcall(function()
    return require("lastpass.directory.events").read(client, { from = "-24h" })
  end)
  if not ok or not events then
    return "warn", "events cannot be read, so the zone is not checked"
  elseif #events == 0 then
    return "warn", ("no event within a day; %s is not checked"):format(zone)
  end
  local now = client:now()
  local newest = events[#events].time or now
  local age = text.duration(math.abs(now - newest))
  if newest > now + CLOCK_FAIL then
    return "fail",
      ("the newest event is %s ahead of now, read as %s"):format(age, zone),
      "set the timezone of the account: lastpass profile add … --timezone ZONE --replace"
  end
  age = newest > now and text.duration(0) or age
  return "ok", ("%s; the newest event is %s old"):format(zone, age)
end

-- Whether the journal can be read, and whether runs are open in it.
local function check_journal(client)
  local open = {}
  for _, state in ipairs { "stopped", "running" } do
    local runs, message, err = client:runs { state = state, limit = 5 }
    if not runs then
      return "fail", message, err and err.hint
    end
    for _, run in ipairs(runs) do
      open[#open + 1] = tostring(run.id)
    end
  end
  if #open > 0 then
    return "warn",
      ("runs that did not come to their end: %s"):format(table.concat(open, ", ")),
      ("lastpass run show %s"):format(open[1])
  end
  return "ok", "can be read; no run is open"
end

--- Makes all checks; those that need what failed are left out.
---@param session lastpass.cli.Session
---@return table[] rows {check, state, what, advice}
function M.check(session)
  local rows = {}
  check_versions(rows)
  local client = check_configuration(rows, session) and check_hash(rows, session)
  if client then
    if check_connection(rows, client) and check_credentials(rows, client, session) then
      add(rows, "zone", check_zone(client))
    end
    check_rest(rows, client)
    add(rows, "journal", check_journal(client))
  end
  return rows
end

return M
