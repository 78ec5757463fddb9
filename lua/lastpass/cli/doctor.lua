--- The checks of `lastpass doctor`. Each says ok, warn or fail, and what to do.
-- @module lastpass.cli.doctor
local in_commands = require("lastpass.cli.failure").in_commands
local text = require "lastpass.text"

local M = {}

-- How many seconds clocks may differ.
local CLOCK_WARN, CLOCK_FAIL = 60, 300

local checks = {}

local function add(rows, check, state, what, advice)
  rows[#rows + 1] = { check = check, state = state, what = what, advice = advice }
  return state
end

local function has(module)
  return (pcall(require, module))
end

--- What this is, and what it runs in.
function checks.versions(rows)
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

--- The profile, and where its values come from.
function checks.configuration(rows, session)
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
function checks.hash(rows, session)
  local ok, client = pcall(session.client, session)
  if not ok then
    local err = type(client) == "table" and client or { message = tostring(client) }
    add(rows, "hash", "fail", err.message, err.hint)
    return nil
  end
  add(rows, "hash", "ok", "can be read, by you alone")
  return client
end

local months = {}
for name in ("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"):gmatch "%a+" do
  months[#months + 1], months[name] = name, #months + 1
end

-- An HTTP date, which is always GMT.
local function read_date(value)
  local day, month, year, clock = tostring(value):match "(%d+) (%a+) (%d%d%d%d) ([%d:]+)"
  if not months[month] then
    return nil
  end
  return (
    require("lastpass.time").parse(
      ("%s-%02d-%02d %s"):format(year, months[month], tonumber(day), clock),
      require("lastpass.time").zone "UTC"
    )
  )
end

local function check_clock(rows, response, client)
  local server = response and read_date(response.headers.date)
  if not server then
    return add(rows, "clock", "warn", "the server does not say what time it is")
  end
  local now = client:now()
  local difference = math.abs(server - now)
  local what = ("%s from the server's"):format(text.duration(difference))
  if difference > CLOCK_FAIL then
    return add(rows, "clock", "fail", what, "set this machine's clock (NTP)")
  end
  return add(rows, "clock", difference > CLOCK_WARN and "warn" or "ok", what)
end

-- Without the hash: can the server be reached, is its certificate good, what time is it there?
function checks.connection(rows, client)
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
  check_clock(rows, response, client)
  return true
end

--- Whether the account number and the hash are accepted.
function checks.credentials(rows, client)
  local started = os.time()
  local snapshot, message, err = client:snapshot()
  if not snapshot then
    local advice = err.hint or (err.kind == "auth" and "check the account number and the hash")
    add(rows, "credentials", "fail", message, advice or nil)
    return nil
  end
  add(
    rows,
    "credentials",
    "ok",
    ("accepted; %s, %s, read in %s"):format(
      text.plural(snapshot:count(), "user"),
      text.plural(snapshot:invited_count(), "invitation"),
      text.duration(os.time() - started)
    )
  )
  local odd = snapshot:odd_values()
  if odd > 0 then
    add(
      rows,
      "replies",
      "warn",
      ("%s in the directory not of the documented form"):format(text.plural(odd, "value")),
      "they are shown as empty; please report it"
    )
  else
    add(rows, "replies", "ok", "every value is of the documented form")
  end
  return snapshot
end

-- An event that has not happened yet means that its time was read in the wrong zone.
function checks.zone(rows, client)
  local zone = client:option "timezone"
  local ok, events = pcall(function()
    return require("lastpass.directory.events").read(client, { from = "-24h" })
  end)
  if not ok or not events then
    return add(rows, "zone", "warn", "events cannot be read, so the zone is not checked")
  elseif #events == 0 then
    return add(rows, "zone", "warn", ("no event within a day; %s is not checked"):format(zone))
  end
  local now = client:now()
  local newest = events[#events].time
  if newest and newest > now + CLOCK_FAIL then
    return add(
      rows,
      "zone",
      "fail",
      ("the newest event is %s ahead of now, read as %s"):format(text.duration(newest - now), zone),
      "set the timezone of the account: lastpass profile add … --timezone ZONE --replace"
    )
  end
  return add(
    rows,
    "zone",
    "ok",
    ("%s; the newest event is %s old"):format(
      zone,
      text.duration(math.max(0, now - (newest or now)))
    )
  )
end

--- Whether the journal can be written.
function checks.journal(rows, client)
  local stopped, message, err = client:runs { state = "stopped", limit = 5 }
  local running
  if stopped then
    running, message, err = client:runs { state = "running", limit = 5 }
  end
  if not running then
    return add(rows, "journal", "fail", message, err and err.hint)
  end
  local open = {}
  for _, list in ipairs { stopped, running } do
    for _, run in ipairs(list) do
      open[#open + 1] = tostring(run.id)
    end
  end
  if #open > 0 then
    return add(
      rows,
      "journal",
      "warn",
      ("runs that did not come to their end: %s"):format(table.concat(open, ", ")),
      ("lastpass run show %s"):format(open[1])
    )
  end
  return add(rows, "journal", "ok", "can be read; no run is open")
end

--- Makes all checks; those that need what failed are left out.
---@param session lastpass.cli.Session
---@return table[] rows {check, state, what, advice}
function M.check(session)
  local rows = {}
  checks.versions(rows)
  local client = checks.configuration(rows, session) and checks.hash(rows, session)
  if client then
    if checks.connection(rows, client) and checks.credentials(rows, client) then
      checks.zone(rows, client)
    end
    checks.journal(rows, client)
  end
  return rows
end

return M
