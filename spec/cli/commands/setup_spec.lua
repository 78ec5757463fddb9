local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"

local place, home

local function shell(line, more)
  return home.shell(line, more)
end

setup(function()
  place = cli.start { users = 20 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  home = cli.home()
end)

after_each(function()
  home.remove()
end)

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

local function config()
  return home.path .. "/.config/lastpass/config.json"
end

local function add(more)
  return place:add_profile(home, more)
end

describe("lastpass auth check", function()
  it("says which account it is", function()
    local one = place:json "auth check"
    assert.equals(place.box.cid, one.cid)
    assert.is_true(one.users > 0)
    local code, out = place:run "auth check"
    assert.equals(0, code)
    assert.truthy(out:find("^cid +%d+\n"), out)
  end)

  it("ends with 77 when LastPass says no", function()
    local failure, code = place:failure "auth check --cid 12"
    assert.equals(77, code)
    assert.equals("auth", failure.kind)
  end)
end)

describe("lastpass config", function()
  it("show says what holds, and who says so", function()
    add()
    local output, code =
      shell("lastpass config show --origin --json --retries 1", "LASTPASS_TIMEZONE=UTC")
    assert.equals(0, code, output)
    local by_key = {}
    for _, row in ipairs(assert(json.decode(output))) do
      by_key[row.key] = row
    end
    assert.equals("flags", by_key.retries.origin)
    assert.equals("--retries", by_key.retries.where)
    assert.equals("environment", by_key.timezone.origin)
    assert.equals("LASTPASS_TIMEZONE", by_key.timezone.where)
    assert.equals("user", by_key.cid.origin)
    assert.equals(config(), by_key.cid.where)
    assert.equals("file " .. place.hash, by_key.provhash.value)
    assert.is_nil(output:find(place.box.provhash, 1, true))
    output = shell "lastpass config show"
    assert.truthy(output:find("^key +value\n"), output)
    output = shell "lastpass config show --all --origin"
    assert.truthy(output:find("timeout +120 +default"), output)
  end)

  it("show minds a faulty file and an unknown profile", function()
    add()
    assert.equals(64, select(2, shell "lastpass config show --profile nobody"))
    assert(core.write_file(config(), '{"profiles": {"a": {"cdi": 3}}}'))
    local output, code = shell "lastpass config show --json"
    assert.equals(64, code)
    assert.equals("unknown_key", json.decode(output).error.code)
  end)

  it("path names the file", function()
    local output, code = shell "lastpass config path"
    assert.equals(0, code)
    assert.equals(config() .. "\n", output)
    output = shell("lastpass config path", "XDG_CONFIG_HOME=/elsewhere")
    assert.equals("/elsewhere/lastpass/config.json\n", output)
    assert.equals(64, select(2, shell("lastpass config path", "HOME=")))
  end)

  it("edit opens the editor, and checks what was written", function()
    local output, code = shell("lastpass config edit", "EDITOR=true")
    assert.equals(0, code, output)
    assert.equals('{\n  "profiles": {}\n}\n', read(config()))
    local editor = place:file('echo broken > "$1"\n', ".sh")
    output, code = shell("lastpass config edit", ("EDITOR='sh %s'"):format(editor))
    assert.equals(64, code, output)
    assert.equals("broken\n", read(config()))
    os.remove(config())
    -- without a terminal no editor is started by itself
    assert.equals(64, select(2, shell "lastpass config edit"))
    assert.equals(64, select(2, shell("lastpass config edit", "EDITOR=false")))
  end)
end)

describe("lastpass doctor", function()
  it("says ok, warn or fail of each", function()
    local rows, code = place:json "doctor"
    local by_check = {}
    for _, row in ipairs(rows) do
      by_check[row.check] = row
    end
    for _, check in ipairs {
      "versions",
      "configuration",
      "hash",
      "connection",
      "clock",
      "credentials",
      "replies",
      "journal",
    } do
      assert.equals("ok", by_check[check].state, check)
    end
    assert.is_true(code == 0 or code == 7)
    local _, out = place:run "doctor"
    assert.truthy(out:find("^state +check +what"), out)
  end)

  it("fails where LastPass says no, and says what to do", function()
    local rows, code = place:json "doctor --cid 99"
    assert.equals(7, code)
    local found
    for _, row in ipairs(rows) do
      if row.check == "credentials" then
        found = row
      end
    end
    assert.equals("fail", found.state)
    assert.truthy(found.advice:find("cid", 1, true), found.advice)
  end)

  it("fails where there is no way, no configuration, or a hash that others can read", function()
    local rows = place:json "doctor --url http://127.0.0.1:1/ --retries 0"
    local states = {}
    for _, row in ipairs(rows) do
      states[row.check] = row.state
    end
    assert.equals("fail", states.connection)
    assert.is_nil(states.credentials)
    local output, code = shell "lastpass doctor"
    assert.equals(7, code)
    assert.truthy(output:find("fail +configuration"), output)
    local path = place:file "cafe0123"
    os.execute("chmod 644 " .. path)
    output, code =
      shell(("lastpass doctor --cid 7 --provhash-file %s --url %s"):format(path, place.box.url))
    assert.equals(7, code)
    assert.truthy(output:find("chmod 600", 1, true), output)
  end)
end)

describe("a profile and what is left over in the environment", function()
  local LEFT_OVER = "LASTPASS_URL=http://127.0.0.1:1/x LASTPASS_CID=7 "
    .. "LASTPASS_PROXY=http://ann:canary7@proxy.example:3128 "

  it("are kept apart when it is named, and it is said", function()
    add()
    local output, code = shell("lastpass --profile acme users --fields email", LEFT_OVER)
    assert.equals(0, code, output)
    assert.truthy(
      output:find("note: LASTPASS_URL is not used: the profile acme was named", 1, true),
      output
    )
    output = shell("lastpass --profile acme config show --origin --csv", LEFT_OVER)
    assert.truthy(
      output:find(
        "url,http://127.0.0.1:1/x,not used,LASTPASS_URL: the profile acme was named",
        1,
        true
      ),
      output
    )
    assert.truthy(output:find("proxy,http://ann:***@proxy.example:3128,not used", 1, true), output)
    assert.is_nil(output:find("canary7", 1, true), output)
  end)

  it("are mixed for the default profile, and it is said", function()
    add()
    local output = shell("lastpass users --retries 0", "LASTPASS_URL=http://127.0.0.1:1/x ")
    local note = ("note: the hash is that of profile acme (%s), "):format(config())
      .. "but the address is that of LASTPASS_URL"
    assert.truthy(output:find(note, 1, true), output)
    output = shell "lastpass users --fields email"
    assert.is_nil(output:find("note:", 1, true), output)
  end)

  it("do not show a proxy's password", function()
    add()
    for _, form in ipairs { "", " --json", " --csv", " --origin" } do
      local given = " --proxy http://ann:canary7@proxy.example:3128 --url https://x.example/"
      local output, code = shell("lastpass config show" .. form .. given)
      assert.equals(0, code, output)
      assert.truthy(output:find("http://ann:***@proxy.example:3128", 1, true), output)
      assert.is_nil(output:find("canary7", 1, true), output)
    end
    local output, code = shell "lastpass users --proxy 'http://ann:canary@7#@proxy.example'"
    assert.equals(64, code)
    assert.truthy(output:find("--proxy has a character before its last @", 1, true), output)
    assert.is_nil(output:find("canary", 1, true), output)
    -- the sandbox is reached without TLS
    output, code = shell "lastpass users --proxy http://ann:canary7@proxy.example"
    assert.equals(64, code)
    assert.truthy(output:find("'proxy' cannot be used with http", 1, true), output)
    assert.is_nil(output:find("canary", 1, true), output)
  end)
end)

describe("a hash of the environment", function()
  it("is not handed on to an editor, nor to a command that prints another", function()
    local seen = home.path .. "/seen"
    local editor = home.path .. "/editor"
    assert(core.write_file(editor, ("#!/bin/sh\nenv >%s\n"):format(seen)))
    os.execute("chmod 700 " .. editor)
    local hash = read(place.hash):match "%x+"
    os.execute("mkdir -p " .. home.path .. "/.config/lastpass")
    local text = '{"profiles": {"acme": {"cid": 7, "provhash": {"env": "CANARY"}}}}'
    assert(core.write_file(config(), text))
    local given = ("EDITOR=%s OTHER=kept CANARY=%s "):format(editor, hash)
    assert.equals(0, select(2, shell("lastpass config edit", given)))
    assert.truthy(read(seen):find("OTHER=kept", 1, true))
    assert.is_nil(read(seen):find(hash, 1, true))
    -- and it works where it is meant
    local line = ("lastpass users --fields email --cid %.0f --url %s --provhash-env CANARY"):format(
      place.box.cid,
      place.box.url
    )
    local output, code = shell(line, given)
    assert.equals(0, code, output)
  end)
end)

describe("a configuration that others can change", function()
  it("is not used, and doctor says so", function()
    add()
    local trace = home.path .. "/ran"
    add(("--replace --provhash-command 'touch %s; cat %s'"):format(trace, place.hash))
    os.execute("chmod 666 " .. config())
    for _, command in ipairs { "users", "doctor", "--profile acme auth check", "config show" } do
      local output, code = shell("lastpass " .. command)
      assert.is_true(code == 64 or code == 7, output)
      assert.truthy(output:find("can be changed by others (mode 666)", 1, true), output)
      assert.truthy(output:find("chmod go-w", 1, true), output)
    end
    assert.is_nil(io.open(trace))
    os.execute("chmod 600 " .. config())
    assert.equals(0, select(2, shell "lastpass users --fields email"))
    local ran = assert(io.open(trace))
    ran:close()
  end)

  it("is made so that it can be used, whatever the umask", function()
    local output = shell(
      ("umask 000; lastpass profile add acme --cid %.0f --url %s --provhash-file %s; "):format(
        place.box.cid,
        place.box.url,
        place.hash
      ) .. "lastpass users --fields email"
    )
    assert.is_nil(output:find("can be changed", 1, true), output)
    assert.equals(0, select(2, shell "lastpass users --fields email"))
  end)
end)
