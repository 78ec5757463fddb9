-- The door: what it offers, and what it loads when.
local check = require "spec.support.check"
local lastpass = require "lastpass"

local interpreter = rawget(_G, "jit") and "luajit" or _VERSION == "Lua 5.1" and "lua5.1" or "lua5.4"

-- Runs a program in a fresh process; `before` stands in front of the command.
local function run_in(before, program)
  local directory = os.tmpname()
  os.remove(directory)
  os.execute("mkdir -m 700 " .. directory)
  local script = directory .. "/script.lua"
  local file = assert(io.open(script, "w"))
  file:write(program)
  file:close()
  local pipe = assert(io.popen(("%s %s %s 2>&1"):format(before, interpreter, script)))
  local output = pipe:read "*a"
  pipe:close()
  os.execute("rm -rf " .. directory)
  return output
end

local function run(program)
  return run_in("", program)
end

describe("lastpass", function()
  it("has a name and a version", function()
    assert.equal("lastpass", lastpass._NAME)
    assert.matches("^%d+%.%d+%.%d+$", lastpass._VERSION)
    assert.equal(require "lastpass.version", lastpass._VERSION)
  end)

  it("opens its rooms on first use", function()
    for name, room in pairs {
      secret = "lastpass.secret",
      sandbox = "lastpass.sandbox",
      source = "lastpass.source",
      parallel = "lastpass.parallel",
      strict = "lastpass.strict",
      text = "lastpass.text",
      time = "lastpass.time",
      json = "lastpass.json",
    } do
      assert.equal(require(room), lastpass[name])
      assert.equal(require(room), rawget(lastpass, name))
    end
    assert.is_nil(lastpass.no_such_room)
  end)

  it("loads neither libcurl nor a server nor JSON before they are needed", function()
    local output = run [[
      require "lastpass"
      for name in pairs(package.loaded) do print(name) end
    ]]
    assert.matches("lastpass\n", output, 1, true)
    for _, name in ipairs {
      "lastpass.curl",
      "lastpass.httpd",
      "lastpass.csv",
      "lastpass.sandbox",
      "lastpass.time",
      "lastpass.enterprise",
    } do
      assert.is_nil(("\n" .. output):find("\n" .. name .. "\n", 1, true), name)
    end
    output = run [[
      local lastpass = require "lastpass"
      lastpass.new { cid = 1, provhash = lastpass.secret.value "x" }
      print(package.loaded["lastpass.curl"] == nil and "later" or "at once")
    ]]
    assert.equal("later\n", output)
  end)

  it("is thin for a script that lists users and disables one", function()
    local box = lastpass.sandbox.start { users = 6 }
    local hash_file = os.tmpname()
    local file = assert(io.open(hash_file, "w"))
    file:write(box.provhash)
    file:close()
    os.execute("chmod 600 " .. hash_file)
    local command = "%s bench/thin.lua %s %s %s 2>&1"
    local pipe = assert(io.popen(command:format(interpreter, box.cid, box.url, hash_file)))
    local output = pipe:read "*a"
    pipe:close()
    os.remove(hash_file)
    local disabled = box:state().disabled
    box:stop()
    local files, lines = output:match "^(%d+)%s+(%d+)%s*$"
    assert.is_truthy(files, output)
    assert.is_true(disabled > 0)
    assert.is_true(tonumber(files) > 10 and tonumber(files) <= 25, files)
    assert.is_true(tonumber(lines) > 1000 and tonumber(lines) <= 3500, lines)
  end)

  it("sets no global variable", function()
    local output = run [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      local lastpass = require "lastpass"
      local box = lastpass.sandbox.start { users = 5 }
      local client = box:client()
      for user in client:users() do user.created = nil break end
      client:disable_users { "nobody@x.example" }
      lastpass.parallel(2, function(spawn) spawn(client.getsfdata, client) end)
      lastpass.strict(client)
      for event in client:events() do print(event ~= nil and "" or "?") break end
      box:stop()
      for name in pairs(_G) do if not before[name] then print("global: " .. name) end end
      print "done"
    ]]
    assert.is_nil(output:find("global: ", 1, true), output)
    assert.matches("done", output)
  end)

  it("runs on every Lua that it is built for, in a process of its own", function()
    local output = run [[
      local lastpass = require "lastpass"
      local box = assert(lastpass.sandbox.start { users = 12, seed = 3 })
      local client = box:client()
      local count = 0
      for user in client:users { status = "active" } do count = count + #user.email * 0 + 1 end
      print(count > 5, client:user "nobody@x.example")
      box:stop()
    ]]
    assert.equal(1, output:find("true\tnil\tthere is no user nobody@x.example\t", 1, true), output)
  end)

  describe("connect", function()
    local directory

    setup(function()
      directory = os.tmpname()
      os.remove(directory)
      os.execute("mkdir -m 700 " .. directory)
    end)

    teardown(function()
      os.execute("rm -rf " .. directory)
    end)

    -- Runs a line in a process with a configuration of its own.
    local function run_with(configuration, line)
      local file = assert(io.open(directory .. "/config.json", "w"))
      file:write(configuration)
      file:close()
      os.execute(("chmod 600 %s/config.json"):format(directory))
      return run_in(
        ("cd %s && env LASTPASS_CONFIG=%s/config.json SPEC_HASH=0123456789"):format(
          directory,
          directory
        ),
        'local lastpass = require "lastpass" ' .. line
      )
    end

    it("makes a client of a profile, options go before it", function()
      local profiles = [[{"default": "acme", "profiles": {
        "acme": {"cid": 42, "provhash": {"env": "SPEC_HASH"}, "url": "https://lastpass.eu/x.php"},
        "other": {"cid": 43, "provhash": {"file": "/no/such/file"}}}}]]
      assert.equal(
        "lastpass.Client (42 at https://lastpass.eu/x.php)\n",
        run_with(profiles, [[print(lastpass.connect "acme")]])
      )
      assert.equal(
        "lastpass.Client (42 at https://lastpass.eu/x.php)\n",
        run_with(profiles, "print(lastpass.connect())")
      )
      assert.equal(
        "lastpass.Client (7 at https://lastpass.eu/x.php)\n",
        run_with(profiles, [[print(lastpass.connect("acme", { cid = 7 }))]])
      )
      assert.matches(
        "^nil\tcannot open .*unreadable\n$",
        run_with(profiles, [[local c, m, e = lastpass.connect "other" print(c, m, e.code)]])
      )
      assert.matches(
        "script.lua:1: lastpass.new: unknown option 'tiemout' (did you mean 'timeout'?)",
        run_with(
          profiles,
          [[print(pcall(function() lastpass.connect("acme", { tiemout = 1 }) end))]]
        ),
        1,
        true
      )
    end)

    it("gives a failure for a profile that is not there", function()
      check.failure("argument", nil, lastpass.connect "no-such-profile-anywhere")
    end)
  end)
end)
