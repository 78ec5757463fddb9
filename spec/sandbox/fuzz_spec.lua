-- Random envelopes for every command, and random bodies and queries for the control API. Whatever is sent, the sandbox
-- answers as LastPass does: never an error of Lua (which the server would answer with 500), never a reply that
-- is not whole, never without an end. The numbers come from a fixed seed; LASTPASS_FUZZ_SEED names another one.
local enterprise = require "lastpass.sandbox.enterprise"
local support = require "spec.sandbox.support"

local json = support.json

local ROUNDS = 120 -- envelopes for each command and setting
local INSTRUCTIONS = 2e8 -- of Lua, for one request; 50 users need a thousandth of it

-- Park and Miller's generator: the same numbers under every Lua.
local function new_random(seed)
  local state = seed
  return function(n)
    state = state * 16807 % 2147483647
    return state % n + 1
  end
end

local names = {
  "username",
  "fullname",
  "groups",
  "add",
  "del",
  "password",
  "password_reset_required",
  "attribs",
  "duousername",
  "securidusername",
  "oldemail",
  "newemail",
  "deleteaction",
  "disabled",
  "admin",
  "pagesize",
  "pageindex",
  "data",
  "from",
  "to",
  "search",
  "user",
  "users",
  "next",
  "format",
  "limit",
  "continuation_token",
  "persistent",
  "usernametype",
  "fav",
  "url",
  "",
  "1",
  "__index",
  "\\u0000",
}

local scalars = {
  "null",
  "true",
  "false",
  "0",
  "1",
  "2",
  "3",
  "-1",
  "-0.0",
  "1.5",
  "1e308",
  "-1e308",
  "1e999",
  "9007199254740993",
  "18446744073709551616",
  '""',
  '"0"',
  '"1"',
  '"-1"',
  '"' .. ("9"):rep(400) .. '"',
  '"all"',
  '"allusers"',
  '"siem"',
  '"after-0"',
  '"after-' .. ("9"):rep(400) .. '"',
  '"2026-06-15 12:00:00"',
  '"2026-99-99 99:99:99"',
  '"0000-00-00T00:00:00Z"',
  '"%s %d %"',
  '"' .. ("9"):rep(20) .. '-01-01 00:00:00"',
  '"\\u0000"',
  '"\\ud83d\\ude00"',
  '"\255\254"',
  '"[a-"',
  '"' .. ("x"):rep(5000) .. '"',
  '"@"',
  '"a@b.example"',
  '"new.person@lumenor.example"',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  "[[[[]]]]",
  '[null,1,"x",{},[]]',
  '{"a":null}',
  '{"1":"x","2":"y"}',
  ("["):rep(200) .. ("]"):rep(200),
  ("["):rep(20000),
}

local function new_source(seed, mails, groups)
  local random = new_random(seed)
  local source = { random = random }

  local function one_of(list)
    return list[random(#list)]
  end

  local function quoted(list)
    return '"' .. one_of(list) .. '"'
  end

  function source.object(depth)
    local parts = {}
    for at = 1, random(5) - 1 do
      parts[at] = ('"%s":%s'):format(one_of(names), source.value(depth + 1))
    end
    return "{" .. table.concat(parts, ",") .. "}"
  end

  local function list(depth)
    local parts = {}
    for at = 1, random(4) - 1 do
      parts[at] = source.value(depth + 1)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end

  function source.value(depth)
    local kind = random(depth > 3 and 7 or 11)
    if kind <= 4 then
      return one_of(scalars)
    elseif kind <= 6 then
      return quoted(mails)
    elseif kind == 7 then
      return quoted(groups)
    elseif kind <= 9 then
      return source.object(depth)
    end
    return list(depth)
  end

  -- An object that a command might take, up to its values.
  local function row(required)
    local parts = {}
    for _, name in ipairs(required) do
      local is_mail = name ~= "deleteaction" and name ~= "pagesize" and random(4) > 1
      parts[#parts + 1] = ('"%s":%s'):format(name, is_mail and quoted(mails) or source.value(2))
    end
    for _, name in ipairs(required.optional or {}) do
      if random(4) == 1 then
        parts[#parts + 1] = ('"%s":%s'):format(name, source.value(2))
      end
    end
    local more = source.object(1):sub(2, -2)
    if more ~= "" and random(4) == 1 then
      parts[#parts + 1] = more
    end
    return "{" .. table.concat(parts, ",") .. "}"
  end

  local shapes = {
    batchadd = {
      "username",
      optional = { "fullname", "groups", "password", "password_reset_required", "attribs" },
      list = true,
    },
    batchchangegrp = { "username", optional = { "add", "del" }, list = true },
    updateuser = { "username", optional = { "fullname", "duousername", "securidusername" } },
    updateemail = { "oldemail", "newemail" },
    deluser = { "username", "deleteaction" },
    reinviteuser = { "username" },
    resetpassword = { "username" },
    requiremasterpasswordchange = { "username" },
    disablemultifactor = { "username" },
    getuserdata = { optional = { "username", "disabled", "admin", "pagesize", "pageindex" } },
    getdetailedsfdata = { "pagesize", optional = { "pageindex", "data" } },
    reporting = { optional = { "from", "to", "search", "user", "admin", "next", "format" } },
    expiredmasterpwlist = { optional = { "limit", "continuation_token" } },
    pushsitestousers = {
      "users",
      optional = { "persistent", "usernametype", "fav", "url" },
    },
  }

  function source.data(command)
    local shape = shapes[command]
    if not shape or random(4) == 1 then
      return source.value(0)
    elseif not shape.list then
      return row(shape)
    end
    local rows = {}
    for at = 1, random(3) do
      rows[at] = row(shape)
    end
    return "[" .. table.concat(rows, ",") .. "]"
  end

  -- One body, often cut or with a byte changed.
  function source.spoil(body)
    local kind = random(20)
    if kind == 1 then
      return body:sub(1, random(#body) - 1)
    elseif kind == 2 then
      local at = random(#body)
      return body:sub(1, at - 1) .. string.char(random(256) - 1) .. body:sub(at + 1)
    end
    return body
  end

  return source
end

-- A call that raises, or does not end, says which request it was.
local function ask(box, request)
  local shown = request.body:sub(1, 2000)
  local co = coroutine.create(function()
    return box:request(request)
  end)
  debug.sethook(co, function()
    error("no end", 0)
  end, "", INSTRUCTIONS)
  local ok, reply = coroutine.resume(co)
  debug.sethook(co)
  if not ok then
    error(("%s\nrequest: %s"):format(debug.traceback(co, tostring(reply)), shown), 0)
  end
  return reply, shown
end

describe("the sandbox, fed with anything", function()
  local seed = tonumber(os.getenv "LASTPASS_FUZZ_SEED") or 20261130

  local function fuzz(assumptions)
    local box = support.open { users = 50, folders = 4, assumptions = assumptions }
    local mails = box:addresses()
    mails[#mails + 1] = "nobody@lumenor.example"
    local _, all = box:user(mails[1])
    local groups = { "No such group", "" }
    for name in pairs(all.Groups) do
      groups[#groups + 1] = name
    end
    local source = new_source(seed, mails, groups)
    local list, classes = {}, {}
    for command in pairs(enterprise.commands) do
      list[#list + 1] = command
    end
    table.sort(list)
    assert.equal(17, #list)
    for _ = 1, ROUNDS do
      for _, command in ipairs(list) do
        local body = source.spoil(
          ('{"cid":%d,"provhash":"%s","cmd":"%s","data":%s}'):format(
            box.cid,
            box.provhash,
            command,
            source.data(command)
          )
        )
        local reply, shown = ask(box, { body = body })
        assert.is_true(reply.status == 200 or reply.status == 429, shown)
        classes[reply.class or "none"] = (classes[reply.class or "none"] or 0) + 1
        local value = json.decode(reply.body)
        if reply.class ~= "refused" then
          assert.equal("table", type(value), shown .. "\nreply: " .. reply.body:sub(1, 500))
        end
        assert.is_nil(reply.body:find("%.lua:%d"), shown)
      end
    end
    -- What the requests left behind can be read, whole.
    local everything = box:call("getuserdata", nil)
    assert.equal("table", type(everything.Users))
    local reading = { "reporting", "getsfdata", "getdetailedsfdata", "expiredmasterpwlist" }
    for _, command in ipairs(reading) do
      assert.equal("table", type((box:call(command, nil))), command)
    end
    for _, path in ipairs { "journal", "events", "state?mails=1", "health", "companies" } do
      local _, status = box:control("GET", path)
      assert.equal(200, status, path)
    end
    return classes
  end

  it("answers every command, when it is strict", function()
    local classes = fuzz(nil)
    assert.is_true(
      classes.OK > 50 and classes.FAIL > 50 and classes.data > 10,
      json.encode(classes)
    )
  end)

  it("counts no further than numbers go", function()
    local box = support.open { users = 50, folders = 4 }
    local digits = ("9"):rep(400)
    local function error_of(command, data)
      local reply = box:call(command, data)
      return reply.status .. ": " .. reply.error
    end
    local refusal = "FAIL: Wrong type of field: "
    assert.equal(refusal .. "pagesize", error_of("getdetailedsfdata", { pagesize = digits }))
    assert.equal(refusal .. "pageindex", error_of("getuserdata", { pageindex = 1e300 }))
    assert.equal("table", type((box:call("getuserdata", { pageindex = 1e12 })).Users))
    local _, reply = box:call("getdetailedsfdata", { pagesize = 1, pageindex = "9007199254740992" })
    assert.equal("[]", reply.body)
  end)

  it("takes a field of a wrong type as not sent, when it is not strict", function()
    local box = support.open { assumptions = { strict = false } }
    local row = { username = "x@acme.example", attribs = "a text", groups = 5, fullname = { 1 } }
    assert.equal("OK", box:call("batchadd", { row }).status)
    assert.equal("", box:user("x@acme.example").fullname)
  end)

  it("answers every command, when it takes what nobody documents", function()
    local classes = fuzz { strict = false, unknown_group = "create", batchadd_bad_row = "warn" }
    assert.is_true(
      classes.OK > 50 and classes.FAIL > 50 and classes.data > 10,
      json.encode(classes)
    )
  end)

  -- Names that the control API knows, by endpoint, beside those that it does not.
  local control_names = {
    clock = { "set", "advance", "freeze" },
    companies = {
      "cid",
      "provhash",
      "users",
      "seed",
      "name",
      "domain",
      "timezone",
      "invited",
      "folders",
      "events",
      "history_days",
      "assumptions",
    },
    events = {
      "events",
      "burst",
      "cid",
      "time",
      "action",
      "data",
      "username",
      "address",
      "from",
      "seconds",
      "count",
      "duplicates",
    },
    faults = {
      "command",
      "cid",
      "nth",
      "every",
      "probability",
      "seed",
      "count",
      "delay",
      "drop",
      "truncate",
      "content_length",
      "malformed",
      "status",
      "retry_after",
      "commit",
      "page_shift",
      "hash_rotated",
      "provhash",
      "body",
      "body_base64",
      "content_type",
      "headers",
      "big_body",
    },
    journal = { "limit", "command" },
    load = {
      "users",
      "invited",
      "groups",
      "cid",
      "username",
      "fullname",
      "last_login",
      "last_pw_change",
      "disabled",
      "sites",
      "attribs",
      "multifactor",
    },
    reset = { "cid" },
    state = { "accept", "login", "settings", "cid", "strict", "flag_type", "licences" },
  }

  local endpoint_names = {}
  for name in pairs(control_names) do
    endpoint_names[#endpoint_names + 1] = name
  end
  table.sort(endpoint_names)

  it("has its control API refuse what it cannot use with 400 and a message", function()
    local box = support.open { users = 20, folders = 4 }
    local mails = box:addresses()
    local source = new_source(seed, mails, { "Sales", "New" })
    local random, statuses = source.random, {}

    -- An object of this endpoint's names, nested ones too.
    local function object(known, depth)
      local parts = {}
      for at = 1, random(4) do
        local kind = random(6)
        local value
        if kind <= 2 and depth < 3 then
          value = object(known, depth + 1)
        elseif kind == 3 and depth < 3 then
          value = "[" .. object(known, depth + 1) .. "]"
        else
          value = source.value(depth)
        end
        parts[at] = ('"%s":%s'):format(known[random(#known)], value)
      end
      return "{" .. table.concat(parts, ",") .. "}"
    end

    local function check_readable()
      box:control("DELETE", "faults")
      for path in ("journal events state?mails=1 health companies clock"):gmatch "%S+" do
        local _, status = box:control("GET", path)
        assert.equal(200, status, path)
      end
      for _, command in ipairs { "getuserdata", "reporting", "getsfdata", "expiredmasterpwlist" } do
        assert.equal("table", type((box:call(command, nil))), command)
      end
    end

    for round = 1, ROUNDS * 10 do
      local name = endpoint_names[random(#endpoint_names)]
      local body = random(8) == 1 and source.value(0) or object(control_names[name], 0)
      local query = {}
      for _ = 1, random(3) - 1 do
        local key = ({ "cid", "id", "limit", "command", "email", "mails" })[random(6)]
        query[key] = ({ "1", "8771312", "x", "", "-1", "1e999", mails[1], "\255" })[random(8)]
      end
      local method = ({ "POST", "POST", "POST", "GET", "DELETE", "PUT" })[random(6)]
      local reply, shown = ask(box, {
        method = method,
        path = "/_sandbox/" .. name,
        query = query,
        headers = { host = "localhost" },
        body = source.spoil(body),
      })
      shown = name .. " " .. shown
      local known = { [200] = true, [400] = true, [404] = true, [405] = true }
      assert.is_true(known[reply.status], shown)
      statuses[reply.status] = (statuses[reply.status] or 0) + 1
      local value = json.decode(reply.body)
      assert.equal("table", type(value), shown)
      assert.is_nil(reply.body:find("%.lua:%d"), shown .. reply.body)
      assert.is_nil(reply.body:find("attempt to", 1, true), shown .. reply.body)
      assert.equal(reply.status ~= 200, type(value.error) == "string", shown .. reply.body)
      if round % 20 == 0 then
        check_readable()
        box:control("POST", "reset")
      end
    end
    local good, refused = statuses[200] or 0, statuses[400] or 0
    assert.is_true(good > 50 and refused > 200, ("%d good, %d refused"):format(good, refused))
  end)
end)
