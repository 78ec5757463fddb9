-- The child process of spec/canary_spec.lua: knocks at every door with a hash that it has from a
-- file, prints whatever it gets to see, and waits to be looked at.
-- Arguments: file of the hash, file whose appearance lets it go on, then for each server its
-- address and the CA file ("-" for none).
local hash_file, go_file = arg[1], arg[2]
local lastpass = require "lastpass"
local loop = require "lastpass.transport.loop"

io.stdout:setvbuf "line"

-- Prints a value with everything in it, metatables and protected parts included.
local seen = {}
local function show(value, depth)
  depth = depth or 0
  print((" "):rep(depth) .. tostring(value))
  if depth > 12 then
    return
  end
  local metatable = debug.getmetatable(value)
  if type(metatable) == "table" and not seen[metatable] then
    seen[metatable] = true
    show(metatable, depth + 1)
  end
  -- What a module keeps beside an object while that lives, such as a first password until it is sent, is no
  -- part of the object; the hash is looked for in all memory anyway.
  local is_aside = type(metatable) == "table" and rawget(metatable, "__mode") == "k"
  if type(value) == "table" and not seen[value] and not is_aside then
    seen[value] = true
    for key, item in next, value do
      show(key, depth + 1)
      show(item, depth + 1)
    end
  elseif type(value) == "function" and not seen[value] then
    seen[value] = true
    for index = 1, 60 do
      local name, upvalue = debug.getupvalue(value, index)
      if not name then
        break
      end
      show(upvalue, depth + 1)
    end
  end
end

local function show_all(...)
  for index = 1, select("#", ...) do
    show((select(index, ...)))
  end
end

-- Shows what a function gives or raises, and the traceback of the latter.
local function try(fn, ...)
  show_all(xpcall(fn, function(message)
    show(message)
    return debug.traceback(tostring(message))
  end, ...))
end

local function hook(...)
  show_all("hook", ...)
end

local secret = assert(lastpass.secret.file(hash_file))
local clients = {}

local function new(url, ca_file, more)
  local options = {
    cid = 8771312,
    provhash = secret,
    url = url,
    ca_file = ca_file ~= "-" and ca_file or nil,
    retries = 1,
    timeout = 5,
    journal = ":memory:",
    on_request = hook,
    on_wait = hook,
    on_retry = hook,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return lastpass.new(options)
end

local function drain(iterator)
  local count = 0
  for item in iterator do
    count = count + 1
    if count < 4 then
      show(item)
    end
  end
end

-- plain Lua 5.1 has an xpcall without arguments
local function bind(fn, ...)
  local arguments, count = { ... }, select("#", ...)
  return function()
    return fn((table.unpack or unpack)(arguments, 1, count))
  end
end

local function attempt(fn, ...)
  try(bind(fn, ...))
end

local function knock(client)
  show(client)
  attempt(client.getuserdata, client, { pagesize = 2, pageindex = 0 })
  attempt(client.getsfdata, client, "all")
  attempt(client.getdetailedsfdata, client, { pagesize = 2, pageindex = 0 })
  attempt(client.reporting, client, { from = "2026-06-15 00:00:00" })
  attempt(client.expiredmasterpwlist, client)
  attempt(client.call, client, "getuserdata", { username = "nobody@x.example" })
  attempt(client.batchadd, client, { { username = "new@x.example" } })
  attempt(client.updateuser, client, { username = "new@x.example", fullname = "N" })
  attempt(client.disableuser, client, { "new@x.example" })
  attempt(client.enableuser, client, { "new@x.example" })
  attempt(client.batchchangegrp, client, { { username = "new@x.example", add = { "A" } } })
  attempt(client.deluser, client, { username = "nobody@x.example", deleteaction = 0 })
  attempt(client.deluser, client, { username = "x", deletaction = 0 })
  attempt(client.call, client, "no such command")
  attempt(client.user, client, "new@x.example")
  attempt(client.user, client, "nobody@x.example")
  attempt(function()
    drain(client:users())
    drain(client:users { stream = true })
    drain(client:groups())
    drain(client:folders())
    drain(client:folders { detailed = true })
    drain(client:events())
    drain(client:expired_passwords())
  end)
  attempt(client.snapshot, client)
  attempt(client.add_users, client, { { username = "two@x.example" }, { username = "bad" } })
  attempt(client.disable_users, client, { "new@x.example", "nobody@x.example" })
  attempt(client.plan, client, {
    create = { { username = "three@x.example", fullname = "Three", password = "Pass-Word-3" } },
    disable = { "new@x.example" },
  })
  attempt(client.snapshot, client, { named = { "new@x.example" } })
  attempt(function()
    local user = client:user "new@x.example"
    show_all(user:disable(), user:enable(), user:join "B", user:reload(), user:delete())
    return lastpass.strict(client):user "nobody@x.example"
  end)
  attempt(lastpass.parallel, 2, function(spawn)
    spawn(client.getsfdata, client)
    spawn(function()
      error(client)
    end)
  end)
end

local function new_scim(url, ca_file, more)
  local options = {
    url = url,
    token = secret,
    ca_file = ca_file ~= "-" and ca_file or nil,
    retries = 1,
    timeout = 5,
    on_request = hook,
    on_wait = hook,
    on_retry = hook,
    on_reply = hook,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return lastpass.scim.new(options)
end

local function knock_scim(client)
  show(client)
  attempt(client.discover, client)
  attempt(function()
    drain(client:list "User")
    drain(client:search("Group", { attributes = { "displayName" } }))
    drain(client:users())
  end)
  attempt(client.find, client, "User", "userName", "nobody@x.example")
  attempt(client.link, client, { userName = "scim@x.example", displayName = "S", active = true })
  attempt(client.link, client, { displayName = "Scim" }, { type = "Group" })
  attempt(client.create, client, "User", { userName = "scim@x.example" })
  attempt(client.replace, client, "User", "none", { userName = "none@x.example", active = true })
  attempt(client.patch, client, "User", "none", { { op = "remove", path = "title" } })
  attempt(client.patch, client, "User", "none", { { op = "remove" } })
  attempt(client.set_active, client, "none", false)
  attempt(client.add_members, client, "none", { "none" })
  attempt(client.bulk, client, { { method = "DELETE", type = "User", id = "none" } })
  attempt(client.delete, client, "Group", "none")
  attempt(client.user, client, "scim@x.example")
  attempt(function()
    local user = client:user "scim@x.example"
    show_all(user:disable(), user:enable(), user:join "Scim", user:delete())
    show_all(user:reinvite())
  end)
  attempt(lastpass.scim.doctor, client, { write = true, on_row = hook })
end

-- Plans over SCIM, and a SCIM server as a source of people.
local function knock_plans(client, base, ca_file)
  client = client:with { scim = { url = base, token = secret, retries = 0 } }
  attempt(client.scim, client)
  attempt(function()
    local actions = { create = { { username = "via@x.example", groups = { "Via" } } } }
    local plan = assert(client:plan(actions, { via = "scim", limit = { create = 9 } }))
    show_all(plan, plan:text(), client:apply(plan), client:undo(1))
    return client:disable_users({ "via@x.example", "nobody@x.example" }, { via = "scim" })
  end)
  for _, token in ipairs { secret, { file = hash_file } } do
    attempt(function()
      local people = assert(lastpass.source.scim {
        url = base,
        token = token,
        ca_file = ca_file ~= "-" and ca_file or nil,
        groups = { allow_empty = true },
        retries = 0,
      })
      return people, people:read()
    end)
  end
  attempt(lastpass.source.scim, { url = base, token = tostring(secret) })
  attempt(lastpass.source.scim, { url = secret, token = secret })
end

-- The REST API, alone and joined with the directory, and plans whose steps it carries.
local function knock_rest(url, ca_file)
  local base = url:match "^%a+://[^/]+" .. "/business"
  local rest = lastpass.business.new {
    url = base,
    key = secret,
    ca_file = ca_file ~= "-" and ca_file or nil,
    retries = 1,
    timeout = 5,
    on_request = hook,
    on_reply = hook,
  }
  show(rest)
  attempt(rest.request, rest, "GET", "/v1/users", { query = { ["max-results"] = "1" } })
  attempt(rest.create_user, rest, { email = "rest@x.example", action = "stage" })
  attempt(rest.managed_companies, rest)
  attempt(function()
    drain(rest:users())
    drain(rest:managed_companies())
  end)
  attempt(rest.with, rest, { key = secret })
  attempt(rest.with, rest, { timeout = secret })
  local client = new(url, ca_file, {
    rest = { url = base, key = secret, parent_key = secret, retries = 0 },
    retries = 0,
  })
  attempt(client.rest, client)
  attempt(client.accounts, client, { levels = true })
  attempt(client.accounts, client, { status = "staged" })
  attempt(function()
    local actions = { stage = { { username = "staged@x.example" } } }
    local plan = assert(client:plan(actions, { limit = { stage = 9 } }))
    show_all(plan, plan:text(), client:apply(plan))
    return client:plan { admin_level = { { username = "a@x.example", level = "Admin" } } }
  end)
  attempt(client.add_users, client, { { username = "seat@x.example" } })
  -- the program, whose key comes from the environment
  local cli = require "spec.support.cli"
  local values = { LASTPASS_REST_URL = base, LASTPASS_REST_KEY_FILE = hash_file }
  local getenv = os.getenv
  os.getenv = function(name) -- luacheck: ignore
    return values[name] or getenv(name)
  end
  for _, words in ipairs {
    { "rest", "call", "GET", "/v1/users", "--query", "max-results=1" },
    { "rest", "call", "POST", "/v1/users", '{"email":"call@x.example"}', "--yes" },
    { "rest", "call", "GET", "/v1/none" },
    { "company", "create", "Canary West", "--limit", "9", "--yes" },
    { "company", "update", "8771313", "--limit", "9", "--wait", "0", "--yes" },
    { "company", "detach", "8771313", "--confirm", "8771313" },
  } do
    for _, flag in ipairs {
      "--url=" .. url,
      "--cid=8771312",
      "--provhash-file=" .. hash_file,
      "--journal=:memory:",
      "--retries=0",
      "--timeout=5",
      ca_file ~= "-" and "--ca-file=" .. ca_file or nil,
    } do
      words[#words + 1] = flag
    end
    attempt(cli.run, words)
  end
  os.getenv = getenv -- luacheck: ignore
end

-- The endpoint that identity providers push to, over this client.
local function knock_inbound(client)
  local inbound, store = require "lastpass.inbound", require "lastpass.store"
  local journal = assert(store.open { path = ":memory:" })
  local view
  local options = {
    connection = { name = "canary", tenant = store.tenant(client) },
    client = client,
    carrier = require("lastpass.directory.carrier").of_enterprise(client),
    journal = journal,
    directory = function()
      local snapshot, message, err = client:snapshot()
      view = view or snapshot and { snapshot = snapshot, read_at = os.time() }
      return view, message, err
    end,
    deadline = 5,
  }
  local endpoint = inbound.new(options)
  local server = require("lastpass.scim.server").new(endpoint:backend {})
  local function send(method, path, body)
    attempt(server.handle, server, {
      method = method,
      path = path,
      headers = { ["content-type"] = "application/scim+json" },
      body = body and lastpass.json.encode(body) or "",
      base = "https://host/scim/canary",
    })
  end
  send("GET", "/Users")
  send("GET", "/Users/none")
  send("POST", "/Users", { userName = "inbound@x.example", displayName = "I", active = true })
  send("POST", "/Groups", { displayName = "Inbound" })
  send("PATCH", "/Users/none", { Operations = {} })
  attempt(endpoint.work, endpoint)
  show_all(
    endpoint,
    endpoint.connection,
    journal,
    journal:jobs {},
    journal:scim_objects { connection = "canary" }
  )
  options.worker = secret
  attempt(inbound.new, options)
  attempt(inbound.connection.check, "canary", { name = secret, tenant = "5", held_status = secret })
  journal:close()
end

-- LastPass MFA with the secret as its key, and where no secret belongs.
local function knock_mfa(url, ca_file, more)
  local options = {
    base_url = url:match "^%a+://[^/]+",
    mode = "plain",
    api_key = secret,
    ca_file = ca_file ~= "-" and ca_file or nil,
    request_timeout = 5,
    poll = { first = 0, every = 0.01, max = 3 },
    on_event = hook,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  local client = lastpass.mfa.new(options)
  show(client)
  local given = { user = "new@x.example", ip = "192.0.2.1" }
  attempt(client.ping, client)
  attempt(client.user, client, given.user)
  attempt(function()
    local handle = assert(client:challenge(given))
    show_all(handle, handle:poll(), handle:wait(), handle:cancel(), handle:export(secret))
    return client:import("text", secret), client:authenticate(given), client:counts()
  end)
  given.fail_open = { minutes = 1, people = 1 }
  attempt(client.authenticate, client, given)
  -- what is under way, sealed with the secret
  local limits = require "lastpass.mfa.limits"
  local record = { id = "1", user = "a@x.example", ends = os.time() + 60, token = "t" }
  local handle = require("lastpass.mfa.handle").new(client, record)
  local text = handle:export(secret)
  show_all(text, client:import(text, secret), handle:poll(), limits.read_record(text))
  for _, wrong in ipairs {
    { private_key = secret },
    { mode = "secured" },
    { mode = "secured", private_key = secret },
    { mode = secret },
    { base_url = secret },
    { api_kye = secret },
    { endpoints = { login = secret } },
    { limits = { [secret] = 1 } },
    { state = secret },
  } do
    for name, value in pairs(options) do
      wrong[name] = wrong[name] == nil and value or wrong[name]
    end
    attempt(lastpass.mfa.new, wrong)
  end
end

-- One-time codes with the secret as their key, and where no secret belongs.
local function knock_codes()
  local mfa, state = lastpass.mfa, require("lastpass.state").memory()
  local function given(more)
    local options = { user = "ann@x.example", secret = secret, code = "123456", state = state }
    for name, value in pairs(more) do
      options[name] = value
    end
    return options
  end
  attempt(mfa.totp.verify, given {})
  attempt(mfa.totp.verify, given { code = assert(mfa.totp.code { secret = secret }) })
  attempt(
    mfa.hotp.verify,
    given { counter = 0, code = mfa.hotp.code { secret = secret, counter = 5 } }
  )
  attempt(mfa.totp.use_up, { secret = secret, state = state })
  attempt(function()
    local set = assert(mfa.recovery.generate { user = "ann@x.example", key = secret })
    local options = given { key = secret, hashes = set.hashes, code = set.codes[1] }
    show_all(set, mfa.recovery.verify(options), mfa.recovery.verify(options), state)
    return mfa.lockout.begin { state = state, user = "ann@x.example" }
  end)
  for _, name in ipairs { "user", "code", "state", "digits", "window", "address", "limits" } do
    attempt(mfa.totp.verify, given { [name] = secret })
  end
  attempt(mfa.totp.verify, given { [secret] = 5 })
  attempt(mfa.uri.write, { secret = secret, issuer = "A", account = "a" })
  attempt(mfa.uri.read, secret)
  attempt(mfa.qr.svg, secret)
end

-- The secret as a private key, which it is none of, and where no secret belongs.
local function knock_saml()
  local saml = lastpass.saml
  local keys = require "spec.support.saml_keys"
  local certificate = keys.of("sp").certificate
  local idp = saml.lastpass.idp { certificates = certificate }
  attempt(require("lastpass.xmldsig").private_key, secret)
  local role = { acs = { { location = "https://a.example/acs" } }, certificates = {} }
  attempt(saml.metadata.write, {
    entity_id = "https://a.example",
    sp = role,
    sign = { key = secret, certificate = certificate },
  })
  attempt(saml.metadata.write, { entity_id = secret, sp = role })
  for _, name in ipairs { "entity_id", "pin", "role" } do
    attempt(saml.metadata.read, "<a/>", { [name] = secret })
  end
  attempt(saml.metadata.source, { path = secret })
  attempt(saml.metadata.refresh, { from = "/no/such/file", to = secret })
  attempt(saml.lastpass.idp, { certificates = secret })
  attempt(saml.rollover.watch, { store = secret })
  local given = { text = "<a/>", idp = idp, entity_id = "a", acs_url = "https://a.example/acs" }
  given.key, given.cert = secret, certificate
  attempt(saml.verify.run, given)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(certificate)
  file:close()
  local cli = require "spec.support.cli"
  show_all(cli.run {
    "saml",
    "metadata",
    "write",
    "--entity-id=https://a.example",
    "--acs=https://a.example/acs",
    "--sign-key=" .. hash_file,
    "--sign-cert=" .. path,
  })
  os.remove(path)
end

-- The secret as the one that is shared with a RADIUS server, and as a password: to a server that has it, and to nobody.
local function knock_radius()
  local challenges = require "lastpass.mfa.radius.challenge"
  local forger = require "lastpass.mfa.doctor.forger"
  local mfa = require "lastpass.mfa"
  local server = assert(forger.open(secret))
  local servers = { { host = "127.0.0.1", port = server.port, secret = secret } }
  local client = mfa.radius.new { servers = servers, timeout = 5, on_event = hook, limits = false }
  show(client)
  for _, how in ipairs { {}, { code = 3 }, { code = 11, state = true }, { unsigned = true } } do
    local is_over = false
    attempt(lastpass.parallel, 2, function(spawn)
      spawn(function()
        show(forger.serve(server, how, function()
          return is_over
        end))
      end)
      spawn(function()
        local given = { user = "ann", password = secret, method = "push", timeout = 0.5 }
        local result = client:authenticate(given)
        show(result)
        if result.challenge then
          show_all(result.challenge:export(secret), client:import("x", secret))
          show(client:answer(result.challenge, secret))
        end
        is_over = true
      end)
    end)
  end
  attempt(client.ping, client, 0.1)
  show_all(client:counters(), client:servers())
  forger.close(server)
  attempt(client.authenticate, client, { user = "ann", password = secret })
  attempt(client.authenticate, client, { user = secret, password = secret })
  attempt(client.authenticate, client, { user = "ann", pasword = secret })
  attempt(challenges.import, "x", secret)
  attempt(mfa.radius.new, { servers = { { host = secret, secret = secret } } })
  attempt(mfa.radius.new, { servers = servers, nas_identifier = secret })
  attempt(mfa.radius.new, { servers = servers, separator = secret })
  attempt(mfa.doctor.server, { servers = servers, seconds = 0.1 })
  attempt(mfa.doctor.client, { command = "exit 1", secret = secret, seconds = 0.1, patience = 1 })
end

local wrong = {
  { cid = secret },
  { provhash = "x" },
  { url = "http://lastpass.com/" },
  { time_out = secret },
  { retries = secret },
  { scim = { token = secret, url = secret } },
  { rest = { key = secret, url = secret } },
  { rest = { key = { file = secret }, parent_key = secret } },
  { scim = { token = { file = secret } } },
}

for position = 3, #arg, 2 do
  local url, ca_file = arg[position], arg[position + 1]
  local client = new(url, ca_file)
  clients[#clients + 1] = client
  knock(client)
  knock(new(url, ca_file, { cid = 5 }))
  knock(new(url, ca_file, { timeout = 0.001, retries = 0 }))
  for _, options in ipairs(wrong) do
    attempt(new, url, ca_file, options)
  end
  local body = require("lastpass.core").updateuser(client._options, { username = "a@x.example" })
  show_all(body, body:preview(), #body > 0)
  local transfer = client._transport:start { method = "POST", url = url, body = body }
  show_all(transfer, loop.pool())
  loop.wait(transfer)
  attempt(client._transport.result, client._transport, transfer)
  local header = { name = "Authorization", prefix = "Bearer ", secret = secret }
  local large = '"' .. ("x"):rep(2 ^ 21) .. '"'
  for method, text in pairs { GET = false, PATCH = "{}", DELETE = false, POST = large } do
    local request = { method = method, url = url, body = text or nil, secret_header = header }
    attempt(client._transport.send, client._transport, request)
  end
  show_all(require("lastpass.core").secret_header(header))
  local base = url:match "^%a+://[^/]+" .. "/scimapi/8771312"
  local scim = new_scim(base, ca_file)
  clients[#clients + 1] = scim
  knock_scim(scim)
  knock_scim(new_scim(base .. "9", ca_file))
  knock_scim(new_scim(base, ca_file, { timeout = 0.001, retries = 0 }))
  knock_plans(client, base, ca_file)
  knock_rest(url, ca_file)
  knock_mfa(url, ca_file)
  knock_mfa(url, ca_file, { request_timeout = 0.1, base_url = "https://127.0.0.1:1" })
  knock_inbound(client)
  knock_inbound(new(url, ca_file, { cid = 5 }))
  for _, options in ipairs { { url = secret }, { dialect = secret }, { tokn = secret } } do
    attempt(new_scim, base, ca_file, options)
  end
end
attempt(new, "https://127.0.0.1:1/", "-")
attempt(knock, new("https://127.0.0.1:1/", "-", { retries = 0 }))
knock_codes()
knock_saml()
knock_radius()
attempt(lastpass.json.encode, { secret })
attempt(lastpass.json.encode, clients)
show_all(secret, clients, package.loaded["lastpass.enterprise"], debug.getregistry())

for position in ipairs(clients) do
  clients[position] = nil
end
collectgarbage()
collectgarbage()
print "READY"

local function exists(path)
  local file = io.open(path)
  if file then
    file:close()
  end
  return file ~= nil
end

local gives_up_at = loop.now() + 60
while not exists(go_file) and loop.now() < gives_up_at do
  loop.sleep(0.02)
end

-- From here on the servers send the hash back with every answer.
for position = 3, #arg, 2 do
  local url, ca_file = arg[position], arg[position + 1]
  knock(new(url, ca_file, { retries = 0 }))
  local base = url:match "^%a+://[^/]+" .. "/scimapi/8771312"
  knock_scim(new_scim(base, ca_file, { retries = 0 }))
  knock_plans(new(url, ca_file, { retries = 0 }), base, ca_file)
  knock_rest(url, ca_file)
  knock_mfa(url, ca_file)
end
io.stderr:write "the end\n"
