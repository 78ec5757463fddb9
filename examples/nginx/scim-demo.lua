-- What `make scim-demo` shows: an identity provider pushes to the SCIM endpoint in nginx, in front of a sandbox company
-- of 200 people. First a normal day, then a push that would disable forty people at once: what is beyond the limit is
-- held, an admin decides, and the endpoint executes what was approved. Everything is stopped and removed at the end.
local files = require "lastpass.files"
local json = require "lastpass.json"
local http = require "socket.http"
local lastpass = require "lastpass"
local ltn12 = require "ltn12"
local socket = require "socket"
local store = require "lastpass.store"
local tokens = require "lastpass.inbound.tokens"

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local running = dofile(here .. "/running.lua")

local PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
local USER = "urn:ietf:params:scim:schemas:core:2.0:User"
local GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

local box = assert(lastpass.sandbox.start { users = 200, seed = 1, clock = "now" })
local site = running.start(box, { ["site.lua"] = assert(files.read(here .. "/scim-site.lua")) })
local base = site.url .. "/scim/entra"
local token, journal
local failures = 0

-- ---- what Entra ID sends ----

local function request(method, path, body)
  local parts = {}
  local text = body and json.encode(body)
  local _, status, headers = http.request {
    url = base .. path:gsub(" ", "%%20"):gsub('"', "%%22"),
    method = method,
    headers = {
      Authorization = "Bearer " .. token,
      Accept = "application/scim+json",
      ["Content-Type"] = text and "application/scim+json",
      ["Content-Length"] = text and #text,
    },
    source = text and ltn12.source.string(text),
    sink = ltn12.sink.table(parts),
  }
  local answer = table.concat(parts)
  return status, answer ~= "" and json.decode(answer) or nil, headers
end

local function check(ok, what)
  if not ok then
    failures = failures + 1
    print("FAIL  " .. what)
  end
end

-- Sends a request and shows it.
local function push(expected, what, method, path, body)
  local status, answer = request(method, path, body)
  local detail = answer
    and (answer.detail or answer.totalResults and answer.totalResults .. " found")
  print(
    ("  %-34s %-6s %-30s %s%s"):format(
      what,
      method,
      #path > 30 and path:sub(1, 27) .. "..." or path,
      tostring(status),
      detail and "  " .. detail or ""
    )
  )
  check(status == expected, ("%s: %s instead of %d"):format(what, tostring(status), expected))
  return answer
end

local function find(address)
  local _, list = request("GET", ('/Users?filter=userName eq "%s"'):format(address))
  return list and list.Resources and list.Resources[1]
end

local function operations(...)
  return { schemas = { PATCH }, Operations = json.list { ... } }
end

local function active(value)
  return operations { op = "Replace", path = "active", value = value }
end

local function person(given, family)
  local address = ("%s.%s@acme.example"):format(given:lower(), family:lower())
  return {
    schemas = { USER },
    externalId = "entra-" .. given:lower(),
    userName = address,
    displayName = given .. " " .. family,
    name = { givenName = given, familyName = family, formatted = given .. " " .. family },
    emails = json.list { { value = address, type = "work", primary = true } },
    active = "True",
  }
end

-- ---- the day ----

local function normal_day()
  print "\nThe connection is tested, as Entra does it:\n"
  push(200, "somebody who does not exist", "GET", '/Users?filter=userName eq "6fc5b3e4"')
  push(200, "what the server can", "GET", "/ServiceProviderConfig")

  print "\nA normal day:\n"
  local ids = {}
  for position, name in ipairs { { "Ann", "Example" }, { "Ben", "Miller" }, { "Cleo", "Young" } } do
    local who = person(name[1], name[2])
    local made = push(201, "a joiner: " .. who.displayName, "POST", "/Users", who)
    ids[position] = made and made.id
  end
  local group = push(201, "a group", "POST", "/Groups", {
    schemas = { GROUP },
    externalId = "entra-group-1",
    displayName = "Design",
  })
  push(
    204,
    "its members",
    "PATCH",
    "/Groups/" .. group.id,
    operations {
      op = "Add",
      path = "members",
      value = json.list { { value = ids[1] }, { value = ids[2] } },
    }
  )
  push(
    200,
    "a marriage: another name",
    "PATCH",
    "/Users/" .. ids[2],
    operations(
      { op = "Replace", path = "name.familyName", value = "Young" },
      { op = "Replace", path = "displayName", value = "Ben Young" }
    )
  )
  push(200, "a leaver", "PATCH", "/Users/" .. ids[3], active "False")
end

-- ---- the accident ----

local MANY = 40

local function leavers(client)
  local list = {}
  for user in client:users() do
    if user.status == "active" and not user.admin and #list < MANY then
      list[#list + 1] = user.email
    end
  end
  return list
end

local function mass_leaver(addresses)
  print(("\nA filter in Entra is changed by mistake: %d people lose their licence.\n"):format(MANY))
  local counts, detail = {}, nil
  for _, address in ipairs(addresses) do
    local user = find(address)
    local status, answer = request("PATCH", "/Users/" .. user.id, active "False")
    counts[status] = (counts[status] or 0) + 1
    detail = status == 409 and answer.detail or detail
  end
  print(("  %3d were disabled (200)"):format(counts[200] or 0))
  print(("  %3d are held (409): %s"):format(counts[409] or 0, detail or "none"))
  check((counts[200] or 0) + (counts[409] or 0) == MANY, "each is disabled or held")
  check((counts[409] or 0) > 0, "some are held")
end

local function count_disabled(client, addresses)
  local count = 0
  for _, address in ipairs(addresses) do
    local user = assert(client:user(address))
    count = count + (user.status == "disabled" and 1 or 0)
  end
  return count
end

local function decide(client, addresses)
  local held = assert(journal:jobs { connection = "entra", states = { "held" } })
  local before = count_disabled(client, addresses)
  print(
    ("\nAn admin looks at the %d that are held (lastpass scim held), approves three, refuses the rest:\n"):format(
      #held
    )
  )
  for position, job in ipairs(held) do
    assert(journal:decide_job(job.id, position <= 3 and "approved" or "refused", { by = "admin" }))
  end
  local ends_at = socket.gettime() + 60
  repeat
    socket.sleep(0.2)
    local open = assert(journal:jobs { connection = "entra", open = true })
  until #open == 0 or socket.gettime() > ends_at
  for position = 1, 3 do
    local job = assert(journal:jobs { id = held[position].id })[1]
    print(("  job %d: %s, %s: %s"):format(job.id, job.kind, job.subject or "", job.state))
    check(job.state == "done", "an approved job is done")
  end
  local after = count_disabled(client, addresses)
  print(
    ("\n  LastPass has %d of the %d disabled: %d before the decision, and the three."):format(
      after,
      MANY,
      before
    )
  )
  check(after == before + 3, "three more are disabled")
end

local function show_log()
  print "\nThe last changes in its log (lastpass scim log), without addresses and values:\n"
  local shown = 0
  for _, row in ipairs(assert(journal:scim_requests { limit = 200 })) do
    if row.action ~= "list_users" and shown < 5 then
      shown = shown + 1
      print(
        ("  %-12s %d  %3d ms  %s%s"):format(
          row.action,
          row.status,
          row.milliseconds,
          row.target or "",
          row.job and "  job " .. ("%d"):format(row.job) or ""
        )
      )
    end
  end
end

local function play()
  print(("A company of 200 people, and its SCIM address %s\n"):format(base))
  journal = assert(store.open { path = site.folder .. "/journal.db" })
  local hash
  token, hash = tokens.new()
  assert(journal:add_scim_token { connection = "entra", hash = hash, label = "demo" })
  print "A token was made for it; the journal has only its hash (lastpass scim token new entra)."
  local client = assert(box:client())
  normal_day()
  local addresses = leavers(client)
  mass_leaver(addresses)
  decide(client, addresses)
  show_log()
end

if site:wait_until_ready() then
  local ok, message = xpcall(play, debug.traceback)
  if not ok then
    failures = failures + 1
    print(message)
  end
else
  failures = 1
  print("nginx does not serve:\n" .. site:logs())
end
if failures > 0 then
  print(site:logs())
end
if journal then
  journal:close()
end
site:stop()
box:stop()
print(failures == 0 and "\nEverything is stopped and removed." or "\nThe demo failed.")
os.exit(failures == 0 and 0 or 1, true)
