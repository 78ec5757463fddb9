-- Every public function and every word of playbooks, called with an argument too many and with one of
-- another type: each raises at the caller's line and names itself. What is public is asked of the
-- tables themselves and of the reference of the prompt, so that nothing new is passed over.
local check = require "spec.support.check"
local core = require "lastpass.core"
local lastpass = require "lastpass"
local playbook = require "lastpass.plan.playbook"
local signature = require "lastpass.signature"
local tenants = require "spec.support.tenants"
local time = require "lastpass.time"
local environment = require "lastpass.plan.environment"

local unpack = table.unpack or unpack

-- The value of a local name that a function uses.
local function upvalue(fn, wanted)
  for number = 1, 60 do
    local name, value = debug.getupvalue(fn, number)
    if name == wanted then
      return value
    end
  end
  error("no " .. wanted)
end

-- What fits a parameter, and what does not; nil when everything does.
local samples = {
  string = "x",
  number = 1.5,
  boolean = true,
  table = {},
  ["function"] = print,
  thread = coroutine.create(function() end),
  userdata = io.stdout,
}

local function fitting(param)
  if param.is_integer then
    return 1
  elseif param.classes[1] then
    return setmetatable({}, { __name = param.classes[1] })
  end
  for kind, value in pairs(samples) do
    if param.types[kind] then
      return value
    end
  end
  error(param.text)
end

local function unfitting(param)
  for _, kind in ipairs { "thread", "boolean", "table", "number" } do
    if not param.types[kind] then
      return samples[kind]
    end
  end
  return nil
end

local function arguments_of(params)
  local list = {}
  for place, param in ipairs(params) do
    list[place] = fitting(param)
  end
  return list, #params
end

-- Calls it wrong in every way that its signature knows.
local function call_wrong(name, fn)
  local declared = signature.of(fn)
  assert.is_truthy(declared, name .. ": a public function without signature")
  local params = declared.params
  local function raises(arguments, count)
    local message = check.blamed(function()
      fn(unpack(arguments, 1, count))
    end)
    assert.equal(declared.where .. ": ", message:sub(1, #declared.where + 2), name)
  end
  local arguments, count = arguments_of(params)
  if not params.rest then
    arguments[count + 1] = "surplus"
    raises(arguments, count + 1)
  end
  for place, param in ipairs(params) do
    local wrong = unfitting(param)
    arguments = arguments_of(params)
    if wrong ~= nil then
      arguments[place] = wrong
      raises(arguments, count)
    end
    if not param.types["nil"] then
      arguments[place] = nil
      raises(arguments, count)
    end
  end
  if params.rest then
    arguments = arguments_of(params)
    arguments[count + 1] = assert(unfitting(params.rest), name)
    raises(arguments, count + 1)
  end
end

-- Names of functions that are not for callers begin with "_".
local function walk(prefix, functions, seen)
  local names = {}
  for name, value in pairs(functions) do
    if type(value) == "function" and not name:find "^_" then
      names[#names + 1] = name
    end
  end
  assert.is_true(#names > 0, prefix)
  for _, name in ipairs(names) do
    call_wrong(prefix .. name, functions[name])
    seen[prefix .. name] = true
  end
end

local function index_of(object)
  local index = getmetatable(object).__index
  return type(index) == "table" and index or upvalue(index, "methods")
end

-- Loads what is loaded on first use.
local function load_lazy()
  local enterprise = require "lastpass.enterprise"
  for name in pairs(enterprise.extensions) do
    assert.is_function(enterprise.methods[name])
  end
  local scim = lastpass.scim
  local part_of = upvalue(getmetatable(scim.methods).__index, "part_of")
  for _, names in ipairs { part_of, scim.extensions } do
    for name in pairs(names) do
      assert.is_function(scim.methods[name])
    end
  end
  for _, kind in ipairs(lastpass.source.kinds) do
    assert.is_function(lastpass.source[kind.name])
  end
  for name in pairs(upvalue(getmetatable(lastpass.directory).__index, "parts")) do
    assert.is_truthy(lastpass.directory[name])
  end
  for name in pairs(upvalue(getmetatable(lastpass).__index, "packages")) do
    assert.is_truthy(lastpass[name])
  end
end

-- A report is called by the name of its module.
local function call_report_wrong(name, report)
  local where = "report." .. name .. ": "
  for _, arguments in ipairs { { {}, {}, "surplus" }, { 5 }, { {}, 5 }, {} } do
    local message = check.blamed(function()
      report(unpack(arguments, 1, 3))
    end)
    assert.equal(where, message:sub(1, #where))
  end
end

describe("public functions", function()
  local box, client
  local seen = {}

  setup(function()
    box = assert(lastpass.sandbox.start { users = 10, events = 20, seed = 1 })
    client = box:client()
    load_lazy()
  end)

  teardown(function()
    box:stop()
  end)

  it("of the module raise for wrong arguments", function()
    walk("lastpass.", lastpass, seen)
    for name in pairs(upvalue(getmetatable(lastpass).__index, "packages")) do
      if type(lastpass[name]) == "table" and name ~= "saml" then
        walk("lastpass." .. name .. ".", lastpass[name], seen)
      end
    end
    walk("lastpass.directory.record.", lastpass.directory.record, seen)
    walk("lastpass.transport.", require "lastpass.transport", seen)
    walk("lastpass.state.", require "lastpass.state", seen)
    walk("state:", require("lastpass.state").methods, seen)
    walk("lastpass.nginx.", require "lastpass.nginx", seen)
    for _, name in ipairs { "filter", "patch", "schema" } do
      walk("lastpass.scim." .. name .. ".", require("lastpass.scim." .. name), seen)
    end
    for name in pairs(upvalue(getmetatable(lastpass.saml).__index, "parts")) do
      if name ~= "names" then
        walk("lastpass.saml." .. name .. ".", lastpass.saml[name], seen)
      end
    end
    for name in pairs(upvalue(getmetatable(lastpass.mfa).__index, "parts")) do
      walk("lastpass.mfa." .. name .. ".", lastpass.mfa[name], seen)
    end
  end)

  it("of reports do", function()
    local report = lastpass.report
    for _, name in ipairs(report.names()) do
      call_report_wrong(name, report[name])
      seen["lastpass.report." .. name] = true
    end
    walk("lastpass.report.evidence.", report.evidence, seen)
    walk("lastpass.report.access_review.", getmetatable(report.access_review).__index, seen)
    call_wrong("report.check.rules", report.check.rules)
    seen["lastpass.report.check.rules"] = true
  end)

  it("of objects do", function()
    local snapshot = assert(client:snapshot())
    local plan = assert(client:plan(function() end))
    local tracked
    assert(playbook.run(function(p)
      tracked = p.source.table {}
    end, { zone = time.zone(), now = 0 }))
    local second_factor = assert(lastpass.mfa.new {
      mode = "plain",
      base_url = box.mfa.url,
      api_key = lastpass.secret.value(box.mfa.login_key),
    })
    local place = tenants.start(1)
    local set = assert(place:load())
    local one = set:company "c1"
    local task
    lastpass.parallel(1, function(spawn)
      task = spawn(print)
    end)
    for prefix, object in pairs {
      client = client,
      user = client:users()(),
      group = client:group "Sales",
      snapshot = snapshot,
      plan = plan,
      run = assert(client:apply(plan)),
      sandbox = box,
      scim = box:scim(),
      ["mfa client"] = second_factor,
      ["mfa directory"] = second_factor.directory,
      ["mfa handle"] = second_factor:challenge { user = "a@x.example", ip = "192.0.2.1" },
      people = lastpass.source.table {},
      tracked = tracked,
      task = task,
      set = set,
      company = one,
      tenants_run = assert(set:start "users"),
      outcome = assert(set:run "users").outcomes.c1,
      zone = time.zone(),
      record = assert(lastpass.directory.record.parse(lastpass.directory.record.text(snapshot), 0)),
      report = assert(lastpass.report.mfa(client)),
    } do
      walk(prefix .. ".", index_of(object), seen)
    end
    place:stop()
    local site = upvalue(signature.of(require("lastpass.nginx").setup).fn, "site_mt")
    walk("site.", site.__index, seen)
    for _, name in ipairs { "curl", "resty", "thread" } do
      local new = require("lastpass.transport." .. name).new
      call_wrong("transport." .. name .. ".new", new)
      walk(name .. ".", upvalue(signature.of(new).fn, "transport_mt").__index, seen)
    end
  end)

  it("of the API's commands check their data too", function()
    for _, command in ipairs(core.commands) do
      for _, data in ipairs { 5, false, print } do
        local message = check.blamed(function()
          client[command.name](client, data)
        end)
        assert.equal(command.name .. ": ", message:sub(1, #command.name + 2))
      end
    end
  end)

  it("of a secret do", function()
    local secret = assert(lastpass.secret.value "abc")
    for _, name in ipairs { "close", "is_plain", "starts_with", "redact", "number", "length" } do
      local message = check.blamed(function()
        secret[name](secret, "x", "surplus")
      end)
      assert.equal("secret:" .. name .. ": takes ", message:sub(1, #name + 15), message)
    end
    secret:close()
  end)

  it("are all that the reference knows", function()
    for _, name in ipairs(require("lastpass.cli.repl.reference").names()) do
      assert.is_true(seen[name], name .. " is public, and was not called")
    end
  end)
end)

describe("words of playbooks", function()
  -- Runs a function with the words and gives what it gave.
  local function with_words(fn)
    local result
    local _, message = playbook.run(function(p)
      result = fn(p)
    end, { zone = time.zone(), now = 0 })
    return assert(result, message)
  end

  local function blamed(where, mistake)
    local message = with_words(function(p)
      return check.blamed(mistake(p))
    end)
    assert.equal(where .. ": ", message:sub(1, #where + 2), message)
  end

  it("raise for wrong arguments, all of them", function()
    with_words(function(p)
      local names = {}
      for name, value in pairs(p) do
        -- what Lua has as well is Lua's, but for `require`
        if type(value) == "function" and (_G[name] == nil or name == "require") then
          names[#names + 1] = name
          if name ~= "user" then
            call_wrong(name, value)
          end
        end
      end
      assert.is_true(#names >= 15)
      for _, word in ipairs(environment.word_list) do
        assert.is_true(p[word.name] ~= nil)
      end
      return names
    end)
  end)

  it("that are followed by a second table do so there", function()
    blamed("user", function(p)
      return function()
        p.user("ann@acme.com", {})
      end
    end)
    blamed("user", function(p)
      return function()
        p.user(5)
      end
    end)
    blamed('user "bob@acme.com"', function(p)
      return function()
        p.user "bob@acme.com"({}, {})
      end
    end)
    blamed('group "A"', function(p)
      return function()
        p.group "A"({}, {})
      end
    end)
    blamed('group "A:B"', function(p)
      return function()
        p.group "A:B"(5)
      end
    end)
  end)

  it("of sources do", function()
    local kinds = with_words(function(p)
      local count = 0
      for _, kind in ipairs { "csv", "json", "ldap", "table" } do
        call_wrong("source." .. kind, p.source[kind])
        count = count + 1
      end
      return count
    end)
    assert.equal(4, kinds)
  end)
end)
