-- doctor, config show|path|edit, profile list|add|use|remove, completion, version, help, sandbox.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"
local version = require "lastpass.version"

local place, home

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

-- The program with a home of its own and nothing else in the environment.
local function shell(line, more)
  return cli.shell(
    line,
    ('env -i PATH=$PATH LUA_PATH="$LUA_PATH" LUA_CPATH="$LUA_CPATH" HOME=%s %s '):format(
      home,
      more or ""
    )
  )
end

local function config()
  return home .. "/.config/lastpass/config.json"
end

setup(function()
  place = cli.start { users = 20 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  home = os.tmpname()
  os.remove(home)
  os.execute("mkdir -p " .. home)
end)

after_each(function()
  os.execute("rm -rf " .. home)
end)

local function add(more)
  return shell(
    ("lastpass profile add acme --cid %.0f --url %s --provhash-file %s %s"):format(
      place.box.cid,
      place.box.url,
      place.hash,
      more or ""
    )
  )
end

describe("lastpass profile", function()
  it("add writes a file that only its owner reads, and that works", function()
    local output, code = add()
    assert.equals(0, code, output)
    assert.truthy(output:find("added acme", 1, true), output)
    local pipe = assert(io.popen("stat -c %a " .. config()))
    assert.equals("600", pipe:read "*l")
    pipe:close()
    local content = assert(json.decode(read(config())))
    assert.equals("acme", content.default)
    assert.same({ file = place.hash }, content.profiles.acme.provhash)
    output, code = shell "lastpass users --fields email"
    assert.equals(0, code, output)
    output, code = shell "lastpass profile list --json"
    assert.equals(0, code)
    assert.equals(place.box.cid, json.decode(output)[1].cid)
    output = shell "lastpass profile list"
    assert.truthy(output:find("acme", 1, true), output)
  end)

  it("add keeps what it does not know of, and replaces only when told to", function()
    os.execute("mkdir -p " .. home .. "/.config/lastpass")
    assert(core.write_file(
      config(),
      [[
      {"default": "old",
       "profiles": {"old": {"cid": 5, "provhash": {"env": "X"}, "timezone": "UTC"}}}
    ]]
    ))
    assert.equals(0, select(2, add()))
    local content = assert(json.decode(read(config())))
    assert.equals("old", content.default)
    assert.equals("UTC", content.profiles.old.timezone)
    local output, code = add()
    assert.equals(64, code)
    assert.truthy(output:find("--replace", 1, true), output)
    assert.equals(0, select(2, add "--replace --default --timezone Europe/Berlin"))
    content = assert(json.decode(read(config())))
    assert.equals("acme", content.default)
    assert.equals("Europe/Berlin", content.profiles.acme.timezone)
  end)

  it("add takes the hash from where the flags say, never from the line", function()
    local output, code = shell "lastpass profile add a --cid 7 --provhash cafe0123cafe0123"
    assert.equals(64, code)
    assert.is_nil(output:find("cafe0123", 1, true), output)
    output, code = shell "lastpass profile add a --cid 7 --provhash-command 'pass show x'"
    assert.equals(0, code, output)
    assert.truthy(read(config()):find('{"command":"pass show x"}', 1, true))
    output, code = shell "lastpass profile add b --cid 7 --provhash-env HASH_OF_B"
    assert.equals(0, code, output)
    output, code = shell("lastpass profile add c --cid 7 --provhash-fd 3 3<" .. place.hash)
    assert.equals(0, code, output)
    local kept = home .. "/.config/lastpass/c.hash"
    assert.equals(read(place.hash), read(kept))
    local pipe = assert(io.popen("stat -c %a " .. kept))
    assert.equals("600", pipe:read "*l")
    pipe:close()
    output, code = shell "lastpass profile add d --cid 7 --no-input"
    assert.equals(4, code)
    assert.truthy(output:find("--provhash-file", 1, true), output)
  end)

  it("add makes the file that LASTPASS_CONFIG names", function()
    local file = home .. "/own/lastpass.json"
    local line = "lastpass profile add acme --cid 7 --provhash-env X"
    local output, code = shell(line, "LASTPASS_CONFIG=" .. file)
    assert.equals(0, code, output)
    assert.equals(7, json.decode(read(file)).profiles.acme.cid)
    output, code = shell("lastpass users", "LASTPASS_CONFIG=" .. home .. "/none.json")
    assert.equals(64, code)
    assert.equals(
      ("lastpass: %s/none.json: cannot be read: No such file or directory\n"):format(home),
      output
    )
  end)

  it("is what somebody without a configuration is told of", function()
    local output, code = shell "lastpass users"
    assert.equals(64, code)
    assert.matches("lastpass: there is no configuration: no profile, and no LASTPASS_CID\n", output)
    assert.truthy(
      output:find("  lastpass profile add NAME --cid NUMBER makes one", 1, true),
      output
    )
    assert.is_nil(output:find "write %S+config%.json")
    output = shell "lastpass doctor"
    assert.truthy(output:find("lastpass profile add NAME", 1, true), output)
  end)

  it("add minds what is missing or wrong", function()
    assert.equals(64, select(2, shell "lastpass profile add acme --provhash-env X"))
    assert.equals(64, select(2, shell "lastpass profile add acme --cid many --provhash-env X"))
    assert.equals(64, select(2, shell "lastpass profile add 'a b' --cid 7 --provhash-env X"))
    os.execute("mkdir -p " .. home .. "/.config/lastpass")
    assert(core.write_file(config(), "{ not json"))
    local output, code = shell "lastpass profile add acme --cid 7 --provhash-env X"
    assert.equals(64, code)
    assert.truthy(output:find("line 1, column", 1, true), output)
    assert.equals("{ not json", read(config()))
  end)

  it("use and remove change the default and the file", function()
    add()
    shell "lastpass profile add other --cid 9 --provhash-env X"
    assert.equals(0, select(2, shell "lastpass profile use other"))
    assert.equals("other", json.decode(read(config())).default)
    local output, code = shell "lastpass profile use othr"
    assert.equals(64, code)
    assert.truthy(output:find("did you mean 'other'", 1, true), output)
    assert.equals(4, select(2, shell "lastpass profile remove other </dev/null"))
    assert.equals(0, select(2, shell "lastpass profile remove other --dry-run"))
    assert.truthy(read(config()):find('"other"', 1, true))
    assert.equals(0, select(2, shell "lastpass profile remove other --yes"))
    local content = assert(json.decode(read(config())))
    assert.is_nil(content.profiles.other)
    assert.is_nil(content.default)
    assert.truthy(content.profiles.acme)
    assert.equals(64, select(2, shell "lastpass profile remove other --yes"))
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
    local seen = home .. "/seen"
    local editor = home .. "/editor"
    assert(core.write_file(editor, ("#!/bin/sh\nenv >%s\n"):format(seen)))
    os.execute("chmod 700 " .. editor)
    local hash = read(place.hash):match "%x+"
    os.execute("mkdir -p " .. home .. "/.config/lastpass")
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
    local trace = home .. "/ran"
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

describe("lastpass version, help, completion", function()
  it("print", function()
    assert.equals("lastpass " .. version .. "\n", shell "lastpass version")
    assert.equals("lastpass " .. version .. "\n", shell "lastpass --version")
    local output, code = shell "lastpass help"
    assert.equals(0, code)
    assert.truthy(output:find("^LastPass Business administration"), output)
    for _, name in ipairs { "bash", "zsh", "fish" } do
      output, code = shell("lastpass completion " .. name)
      assert.equals(0, code)
      assert.truthy(output:find("_lastpass", 1, true))
    end
  end)

  it("mind what they do not know", function()
    assert.equals(64, select(2, shell "lastpass version now"))
    assert.equals(64, select(2, shell "lastpass completion tcsh"))
    assert.equals(64, select(2, shell "lastpass help nothing"))
  end)
end)

describe("lastpass names", function()
  it("gives names of the directory that was kept last", function()
    local email = place:json("users --fields email")[1].email
    local _, out = place:run "names users"
    assert.equals("", out)
    place:run "snapshot --keep"
    _, out = place:run { "names", "users", email:sub(1, 4):upper() }
    assert.truthy(out:find(email, 1, true), out)
    local group = place:json("groups")[1].name
    _, out = place:run { "names", "groups", group:sub(1, 2) }
    assert.truthy(out:find(group, 1, true), out)
    add()
    assert.equals("acme\n", (shell "lastpass names profiles a"))
    assert.equals(64, (place:run "names cats"))
  end)
end)

describe("lastpass sandbox", function()
  it("says why it cannot start", function()
    local output, code = shell "lastpass sandbox --users 2000000 </dev/null"
    assert.equals(1, code, output)
    assert.truthy(output:find("users", 1, true), output)
    assert.equals(64, select(2, shell "lastpass sandbox --users many </dev/null"))
    assert.equals(64, select(2, shell "lastpass sandbox --user 3 </dev/null"))
  end)

  it("runs until its input ends", function()
    local output, code = shell ": | lastpass sandbox --users 5 --seed 4"
    assert.equals(0, code)
    assert.truthy(assert(json.decode(output)).url:find "^http://127")
  end)
end)
