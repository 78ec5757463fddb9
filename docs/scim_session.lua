-- Makes the output that docs/scim.md and README.md show: one sandbox, the endpoint in nginx before it, what two identity
-- providers push, and the program's commands, in the order of the page. Only addresses of the sandbox are replaced by
-- those that the page uses.
-- Usage: lua5.4 docs/scim_session.lua [--check]      (make docs-scim)
-- With --check nothing is written: the shape of what is there (all but times, ids and durations) must be that of this run.
local cli = require "lastpass.cli"
local files = require "lastpass.files"
local json = require "lastpass.json"
local lastpass = require "lastpass"
local socket = require "socket"

local check_only = arg[1] == "--check"

-- The demo's nginx looks for its files beside the program that runs.
local demo = "examples/nginx/scim-demo.lua"
rawset(arg, 0, demo)
local running = dofile "examples/nginx/running.lua"

local WIDTH = 100 -- of the terminal
-- Milliseconds of a busy machine have more digits, for which a column would go.
local LOG_WIDTH = 132
local HOST = "https://lastpass.acme.com"
local PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

-- ------------------------------------------------------------------ the company and its endpoint

local SITE = [[
local lastpass = require "lastpass"
local here = ngx.config.prefix()
return {
  tenants = {
    acme = {
      cid = 8771312,
      provhash = assert(lastpass.secret.file(here .. "acme.hash")),
      url = os.getenv "LASTPASS_URL",
      folders = false,
      journal = here .. "journal.db",
    },
  },
  scim = {
    connections = {
      entra = { tenant = "acme", provider = "entra", limits = { per_day = { disable = 5 } } },
      okta = { tenant = "acme", provider = "okta", mode = "shadow" },
    },
  },
}
]]

local box = assert(lastpass.sandbox.start { users = 200, seed = 1, clock = "now" })
local site = running.start(box, { ["site.lua"] = SITE })
assert(site:wait_until_ready(), "nginx does not serve")

-- What the profile of the page says.
local flags = {
  "--url=" .. box.url,
  ("--cid=%.0f"):format(box.cid),
  "--provhash-file=" .. site.folder .. "/acme.hash",
  "--journal=" .. site.folder .. "/journal.db",
}

-- A request of an identity provider; the status that it must have, and the answer.
local function push(expected, connection, token, method, path, body)
  local command = ("curl -X %s -H 'Authorization: Bearer %s' "):format(method, token)
    .. "-H 'Content-Type: application/scim+json' "
  if body then
    command = command .. "-d '" .. json.encode(body) .. "' "
  end
  local url = site.url .. "/scim/" .. connection .. path:gsub(" ", "%%20"):gsub('"', "%%22")
  local status, answer = running.ask(command .. "'" .. url .. "'")
  assert(status == expected, ("%s %s: %s %s"):format(method, path, tostring(status), answer))
  return answer ~= "" and json.decode(answer) or nil
end

local function id_of(connection, token, address)
  local path = ('/Users?filter=userName eq "%s"'):format(address)
  return push(200, connection, token, "GET", path).Resources[1].id
end

local function disable(expected, connection, token, address)
  push(expected, connection, token, "PATCH", "/Users/" .. id_of(connection, token, address), {
    schemas = { PATCH },
    Operations = json.list { { op = "Replace", path = "active", value = "False" } },
  })
end

-- ------------------------------------------------------------------ the program on a terminal

-- One file for both streams, as on a terminal; what is typed is shown as a terminal echoes it.
local function terminal(answers)
  local parts = {}
  local file = {}
  function file:write(...)
    for _, text in ipairs { ... } do
      parts[#parts + 1] = text
    end
    return self
  end
  function file.flush()
    return true
  end
  file.setvbuf = file.flush
  function file:read()
    local answer = table.remove(answers, 1)
    self:write(answer or "", "\n")
    return answer
  end
  return file, parts
end

local function words_of(line)
  local words = {}
  for quoted, plain in line:gmatch '"([^"]*)"()' do
    words[#words + 1] = { at = plain - #quoted - 2, text = quoted }
  end
  line = line:gsub('"[^"]*"', function(text)
    return (" "):rep(#text)
  end)
  for at, text in line:gmatch "()(%S+)" do
    words[#words + 1] = { at = at, text = text }
  end
  table.sort(words, function(a, b)
    return a.at < b.at
  end)
  local list = {}
  for position, word in ipairs(words) do
    list[position] = word.text
  end
  return list
end

local shown = {}

-- Runs a command line and keeps what a terminal shows of it.
local function run(name, line, expected, ...)
  local file, parts = terminal { ... }
  local words = words_of(line)
  assert(table.remove(words, 1) == "lastpass")
  local real = {}
  for position, flag in ipairs(words[2] == "doctor" and {} or flags) do
    real[position] = flag
  end
  for _, word in ipairs(words) do
    local path = word:match "^([%w.]+%.token)$" or word:match "^([%w.]+%.json)$"
    real[#real + 1] = path and site.folder .. "/" .. path or (word:gsub(HOST, site.url, 1))
  end
  real[#real + 1] = "--color=never"
  local code = cli.main(real, {
    out = file,
    err = file,
    input = file,
    width = name == "log" and LOG_WIDTH or WIDTH,
    out_is_terminal = true,
    err_is_terminal = true,
    input_is_terminal = true,
  })
  local text = table.concat(parts)
  assert(code == expected, ("%s: ended with %d:\n%s"):format(line, code, text))
  text = text:gsub(site.folder:gsub("%p", "%%%0") .. "/", "")
  text = text:gsub(box.url:gsub("%p", "%%%0"), "https://lastpass.com/enterpriseapi.php")
  text = text:gsub(box.url:match "//([^/]+)":gsub("%p", "%%%0"), "lastpass.com")
  text = text:gsub(" +\n", "\n")
  shown[name] = (shown[name] or "") .. "$ " .. line .. "\n" .. text
  return text
end

-- ------------------------------------------------------------------ the session

local function first_lines(name, count)
  local lines = {}
  for line in shown[name]:gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  local last = table.remove(lines)
  shown[name] = table.concat(lines, "\n", 1, count) .. "\n…\n" .. last .. "\n"
end

local function people()
  local list = {}
  for user in assert(box:client()):users() do
    if user.status == "active" and not user.admin and #list < 20 then
      list[#list + 1] = user.email
    end
  end
  return list
end

-- When a token was used last, and the log, are written many at a time.
local function wait_for(what, is_so)
  for _ = 1, 200 do
    if is_so() then
      return
    end
    socket.sleep(0.5)
  end
  error("waited too long for " .. what)
end

local function a_day_at_entra(journal, who)
  local first = run("token", "lastpass scim token new entra", 0):match "^(lps_%S+)"
  disable(200, "entra", first, who[1])
  run("rotation", "lastpass scim token new entra --label rotation -o entra.token", 0)
  local second = assert(files.read(site.folder .. "/entra.token")):match "%S+"
  socket.sleep(2.5) -- until every worker knows it
  for position = 2, 5 do
    disable(200, "entra", second, who[position])
  end
  for position = 6, 8 do
    disable(409, "entra", second, who[position])
  end
  wait_for("the last use of both tokens", function()
    local tokens = assert(journal:scim_tokens "entra")
    return tokens[1].last_used and tokens[2].last_used
  end)
  run("tokens", "lastpass scim token list entra", 0)
  run("tokens", "lastpass scim token revoke 1", 0, "y")
  run("log", "lastpass scim log --failed --limit 3", 0)
  run("held", "lastpass scim held list", 0)
  run("held", 'lastpass scim held approve --all --reason "the office in Oslo closed"', 0, "y")
  run("doctor", "lastpass scim doctor " .. HOST .. "/scim/entra/v2 --token-file entra.token", 7)
end

local function a_shadow_of_okta(who)
  local token = run("okta", "lastpass scim token new okta", 0):match "lps_%S+"
  socket.sleep(2.5)
  for position = 9, 14 do
    disable(200, "okta", token, who[position])
  end
  push(201, "okta", token, "POST", "/Users", {
    schemas = json.list { "urn:ietf:params:scim:schemas:core:2.0:User" },
    userName = "noa.berg@acme.com",
    displayName = "Noa Berg",
    active = true,
  })
  run("shadow", "lastpass scim shadow plan okta -o first.plan.json", 0)
  run("leaving", "lastpass scim disconnect okta", 0)
  first_lines("leaving", 6)
  run("leaving", "lastpass scim disconnect okta --objects keep", 0, "y")
end

-- ------------------------------------------------------------------ the documents

-- What differs from run to run.
local function shape(text)
  text = text:gsub("%d%d%d%d%-%d%d%-%d%d[T%d:Z]*", "TIME"):gsub("%x%x%x%x%x%x%x+", "ID")
  text = text:gsub("lps_[%w_-]+", "TOKEN"):gsub("127%.0%.0%.1:%d+", "ADDRESS"):gsub("%d+ ms", "MS")
  return (text:gsub("%-%-+", "--"):gsub("%d+\n", "N\n"):gsub(" +", " "))
end

local complaints = 0

local function fill(path)
  local text, count = assert(files.read(path)), 0
  local new = text:gsub(
    "(<!%-%- scim: (%w+) %-%->\n```\n)(.-)(```\n)",
    function(head, name, old, tail)
      count = count + 1
      local made = assert(shown[name], name)
      if check_only then
        if shape(old) ~= shape(made) then
          complaints = complaints + 1
          print(("%s: '%s' is not what comes:\n%s"):format(path, name, made))
        end
        return nil
      end
      return head .. made .. tail
    end
  )
  assert(count > 0, "no marks in " .. path)
  if new ~= text then
    assert(files.write(path, new))
    print("wrote " .. path)
  end
end

local journal = assert(require("lastpass.store").open { path = site.folder .. "/journal.db" })
local ok, message = xpcall(function()
  local who = people()
  a_day_at_entra(journal, who)
  a_shadow_of_okta(who)
end, debug.traceback)
journal:close()
site:stop()
box:stop()
assert(ok, message)
local pipe = assert(io.popen("lua5.4 " .. demo))
shown.demo = pipe:read "*a"
assert(pipe:close(), "the demo failed")
fill "docs/scim.md"
fill "README.md"
os.exit(complaints == 0 and 0 or 1, true)
