--- The command that looks at the way to a second factor.
-- @module lastpass.cli.commands.mfa_doctor
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local mfa_radius = require "lastpass.cli.mfa_radius"
local values = require "lastpass.cli.values"

local must = failure.must

local function read_files(paths)
  local list = {}
  for position, path in ipairs(paths or {}) do
    list[position] = {
      name = path,
      text = must(require("lastpass.files").read(path, 16 * 1024 * 1024)),
    }
  end
  return list[1] and list
end

-- The client's own limits, and those that somebody names: "proxy=30".
local function limits_of(options)
  local list = {}
  local named = must(values.pairs("--limit", options.limit, "NAME=SECONDS", "^([^=]+)=([%d.]+)$"))
  for name, seconds in pairs(named or {}) do
    list[#list + 1] = { name = name, seconds = tonumber(seconds) }
  end
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list[1] and list
end

local function examine(session, options)
  local doctor = require("lastpass").mfa.doctor
  local view = require("lastpass.cli.views").mfa_doctor
  require("lastpass.cli.output").check(session, view)
  local rows = {}
  local function add(more)
    for _, row in ipairs(more) do
      rows[#rows + 1] = row
    end
  end
  local nginx, pam = read_files(options.nginx), read_files(options.pam_radius)
  local limits = limits_of(options)
  if not (nginx or pam or limits or options.server[1] or options.client) then
    must(values.usage("nothing to look at", "--nginx, --pam-radius, --limit, --server or --client"))
  end
  require("lastpass.cli.interrupt").watch()
  add(must(failure.call(doctor.times, {
    nginx = nginx,
    pam_radius = pam,
    limits = limits,
    needed = options.needed,
  })))
  if options.server[1] then
    add(must(failure.call(doctor.server, { servers = mfa_radius.servers(options) })))
  end
  if options.client then
    session:say "the command is run against a server here that lies; it takes some minutes"
    add(must(failure.call(doctor.client, {
      command = options.client,
      secret = mfa_radius.secret(options),
      port = options.port,
      seconds = options.late,
    })))
  end
  session:show(view, rows)
  session.streams:flush()
  local skipped = 0
  for _, row in ipairs(rows) do
    skipped = skipped + (row.state == "skipped" and 1 or 0)
  end
  if skipped > 0 then
    session:say("%d of %d checks could not be made", skipped, #rows)
  end
  if doctor.has_findings(rows) then
    return exit.findings
  elseif skipped > 0 then
    return exit.partial
  elseif not session:for_programs() then
    session:say "as far as it was looked at, nothing is too short for a person, or can be forged"
  end
  return exit.done
end

local SHOW_LUA =
  "for _, row in ipairs(rows) do print(row.state, row.check, row.place, row.problem) end"

local function doctor_lua(options)
  local lines = { 'local doctor, rows = require("lastpass").mfa.doctor, nil' }
  local times = { needed = options.needed, limits = limits_of(options) }
  for _, name in ipairs { "nginx", "pam_radius" } do
    local list = {}
    for position, path in ipairs(options[name] or {}) do
      local quoted = lua_text.value(path)
      list[position] = lua_text.raw(
        ('{ name = %s, text = assert(require("lastpass.files").read(%s)) }'):format(quoted, quoted)
      )
    end
    times[name] = list[1] and list or nil
  end
  lines[#lines + 1] = ("rows = assert(doctor.times%s)"):format(
    next(times) and " " .. lua_text.value(times) or " {}"
  )
  lines[#lines + 1] = SHOW_LUA
  if options.server[1] then
    lines[#lines + 1] = "rows = assert(doctor.server "
      .. lua_text.value { servers = mfa_radius.servers_lua(options) }
      .. ")\n"
      .. SHOW_LUA
  end
  if options.client then
    lines[#lines + 1] = "rows = assert(doctor.client "
      .. lua_text.value {
        command = options.client,
        secret = mfa_radius.secret_lua(options),
        port = options.port,
        seconds = options.late,
      }
      .. ")\n"
      .. SHOW_LUA
  end
  return table.concat(lines, "\n")
end

return {
  {
    name = "mfa doctor",
    summary = "Find what is too short for a person, or can be forged, before a second factor",
    description = "Time limits in nginx's configuration (best what nginx -T prints), in "
      .. "pam_radius's, and those that --limit names; a RADIUS server; with --client, a RADIUS "
      .. "client of yours, which is run against a server here that forges, leaves out and delays "
      .. "answers. No phone rings. Ends with 7 when something is unsafe or too short, "
      .. "with 3 when a check could not be made.",
    rows = true,
    options = values.join(
      {
        { "--nginx", "nginx's configuration", value = "FILE", many = true },
        { "--pam-radius", "pam_radius's configuration", value = "FILE", many = true },
        { "--limit", "another time limit on the way", value = "NAME=SECONDS", many = true },
        { "--needed", "seconds that a person needs; default 65", value = "SECONDS", number = true },
      },
      mfa_radius.options,
      {
        {
          "--client",
          "a command that logs in by RADIUS; {host} and {port} in it are replaced, 0 means let in",
          value = "COMMAND",
        },
        {
          "--port",
          "where the server that lies listens; default any",
          value = "NUMBER",
          number = "whole",
        },
        {
          "--late",
          "seconds after which a late answer comes; default 61",
          value = "SECONDS",
          number = true,
        },
      }
    ),
    examples = {
      { "nginx -T > all.conf; lastpass mfa doctor --nginx all.conf", "limits of nginx" },
      {
        "lastpass mfa doctor --server proxy.acme.com --secret-file radius.secret",
        "does it sign its answers?",
      },
      {
        "lastpass mfa doctor --client 'radtest -4 ann x {host}:{port} 0 secret' --secret-file s",
        "does the client check them?",
      },
    },
    topics = { "mfa", "exit-codes" },
    lua = doctor_lua,
    run = examine,
  },
}
