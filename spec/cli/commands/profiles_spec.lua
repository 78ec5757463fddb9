-- Runs once: starts the program, which is the same under every interpreter.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"
local terminals = require "spec.cli.repl.terminal"

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
    os.execute("mkdir -p " .. home.path .. "/.config/lastpass")
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

  it("add --replace says where a hash that it does not change comes from", function()
    add()
    local output, code = shell "lastpass profile add acme --replace --timezone UTC --no-input"
    assert.equals(0, code, output)
    assert.truthy(output:find("changed acme", 1, true), output)
    local kept = "note: the hash stays that of the file " .. place.hash
    assert.truthy(output:find(kept .. "; --provhash-prompt asks for another", 1, true), output)
    output = shell "lastpass profile add b --cid 7 --provhash-command 'echo cafe0123cafe0123'"
    assert.is_nil(output:find("note:", 1, true), output)
    output = shell "lastpass profile add b --replace --cid 8"
    assert.truthy(output:find("stays that of the profile's command", 1, true), output)
    assert.is_nil(output:find("cafe0123", 1, true), output)
    output = shell "lastpass profile add b --replace --provhash-env X"
    assert.is_nil(output:find("note:", 1, true), output)
    output = shell "lastpass profile add b --replace --default"
    assert.truthy(output:find("stays that of the variable X", 1, true), output)
  end)

  it("is named where its hash is refused, with the command that corrects it", function()
    add()
    local wrong = home.path .. "/wrong"
    assert(core.write_file(wrong, "cafe0123cafe0123\n"))
    os.execute("chmod 600 " .. wrong)
    local url = " --url " .. place.box.url
    local command = "lastpass profile add acme --replace --provhash-prompt corrects the hash"
    assert.equals(0, select(2, add("--replace --provhash-file " .. wrong)))
    for _, line in ipairs { "auth check", "users", "doctor" } do
      local output, code = shell("COLUMNS=400 lastpass " .. line .. " --json")
      assert.is_true(code ~= 0, output)
      assert.truthy(output:find(command, 1, true), output)
    end
    local flags = (" --cid %.0f --provhash-file %s"):format(place.box.cid, wrong)
    local output, code = shell("lastpass users" .. url .. flags)
    assert.equals(77, code)
    assert.is_nil(output:find(command, 1, true), output)
    assert.truthy(output:find("the hash came from --provhash-file", 1, true), output)
    output = shell "lastpass users --limit 0"
    assert.is_nil(output:find(command, 1, true), output)
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
    local kept = home.path .. "/.config/lastpass/c.hash"
    assert.equals(read(place.hash), read(kept))
    local pipe = assert(io.popen("stat -c %a " .. kept))
    assert.equals("600", pipe:read "*l")
    pipe:close()
    output, code = shell "lastpass profile add d --cid 7 --no-input"
    assert.equals(4, code)
    assert.truthy(output:find("--provhash-file", 1, true), output)
  end)

  it("add makes the file that LASTPASS_CONFIG names", function()
    local file = home.path .. "/own/lastpass.json"
    local line = "lastpass profile add acme --cid 7 --provhash-env X"
    local output, code = shell(line, "LASTPASS_CONFIG=" .. file)
    assert.equals(0, code, output)
    assert.equals(7, json.decode(read(file)).profiles.acme.cid)
    output, code = shell("lastpass users", "LASTPASS_CONFIG=" .. home.path .. "/none.json")
    assert.equals(64, code)
    assert.equals(
      ("lastpass: %s/none.json: cannot be read: No such file or directory\n"):format(home.path),
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

  it("add takes the company's SCIM endpoint, and keeps it", function()
    local scim = place.hash .. ".scim"
    assert(core.write_file(scim, place.box.scim_token))
    os.execute("chmod 600 " .. scim)
    add()
    local output, code = shell "lastpass scim users --no-input"
    assert.is_true(code ~= 0, output)
    local flags = (" --scim-token-file %s --scim-url %s"):format(scim, place.box.scim_url)
    output, code = shell("lastpass profile add acme --replace --no-input" .. flags)
    assert.equals(0, code, output)
    local profile = assert(json.decode(read(config()))).profiles.acme
    assert.same({ { file = scim }, place.box.scim_url }, { profile.scim_token, profile.scim_url })
    output, code = shell "lastpass scim users --no-input"
    assert.equals(0, code, output)
    shell "lastpass profile add acme --replace --no-input --timezone UTC"
    assert.equals(place.box.scim_url, json.decode(read(config())).profiles.acme.scim_url)
    output, code = shell("lastpass profile add acme --replace --scim-token-command x" .. flags)
    assert.equals(64, code)
    assert.truthy(output:find("do not go together", 1, true), output)
    output, code = shell "lastpass profile add acme --replace --scim-url ftp://x"
    assert.equals(64, code)
    assert.truthy(output:find("--scim-url", 1, true), output)
  end)

  it("add minds what is missing or wrong", function()
    assert.equals(64, select(2, shell "lastpass profile add acme --provhash-env X"))
    assert.equals(64, select(2, shell "lastpass profile add acme --cid many --provhash-env X"))
    assert.equals(64, select(2, shell "lastpass profile add 'a b' --cid 7 --provhash-env X"))
    os.execute("mkdir -p " .. home.path .. "/.config/lastpass")
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

describe("lastpass profile add in a terminal", function()
  local HASH = ("c0ffee42"):rep(8)
  local COMMAND = "lua5.4 bin/lastpass profile add acme --cid 8771312"
  local QUESTION = "Provisioning hash (Admin Console, Advanced):"

  local terminal

  local function mode(path)
    local pipe = assert(io.popen("stat -c %a '" .. path .. "'"))
    local text = pipe:read "*l"
    pipe:close()
    return text
  end

  local function no_hash(text, where)
    for _, part in ipairs { HASH:sub(1, 8), "c0ff", "42c0", "hunter" } do
      assert.is_nil(text:find(part, 1, true), where .. ": " .. text)
    end
  end

  -- Asked for the hash, with whatever more the line says. The question of the time before must be
  -- gone: what is typed too early ends up in the shell.
  local function asked(more)
    terminal:clear()
    terminal:enter(COMMAND .. " " .. (more or ""))
    terminal:wait_for(QUESTION)
  end

  -- All that was sent to the terminal.
  local function all_sent()
    terminal:enter "echo the en''d"
    return terminal:recorded "the end"
  end

  -- The terminal does again what a shell expects of it.
  local function is_sane()
    terminal:enter "clear; stty -a | tr -d ';' | tr ' ' '\\n' | grep -xE 'echo|icanon|isig|iexten'"
    terminal:wait_for "isig\nicanon\niexten\necho\n[0]$"
  end

  local function is_nothing_there()
    assert.is_nil(io.open(home.path .. "/.config/lastpass/config.json"))
    assert.is_nil(io.open(home.path .. "/.config/lastpass/acme.hash"))
    assert.is_nil(io.open(home.path .. "/.config/lastpass/acme.hash.new"))
  end

  before_each(function()
    terminal = terminals.start("bash --norc -i", {
      environment = {
        HOME = home.path,
        HISTFILE = "/dev/null",
        LASTPASS_CONFIG = "",
        PS1 = "[$?]$ ",
        XDG_CONFIG_HOME = "",
      },
    })
    terminal:wait_for "[0]$"
    terminal:record(home.path .. "/sent")
  end)

  after_each(function()
    terminal:close()
  end)

  it("asks for the hash; what is typed is never sent to the screen", function()
    asked()
    is_nothing_there()
    terminal:type(HASH:sub(1, 20))
    terminal:type "hunter"
    for _ = 1, 6 do
      terminal:press "BSpace"
    end
    terminal:type(HASH:sub(21))
    no_hash(terminal:screen(), "screen")
    terminal:press "Enter"
    terminal:wait_for "added acme"
    terminal:wait_for "\n[0]$"
    no_hash(terminal:everything(), "scrollback")
    local text = all_sent()
    no_hash(text, "what was sent to the terminal")
    assert.truthy(text:find("added acme", 1, true))
    local path = home.path .. "/.config/lastpass/acme.hash"
    assert.equals(HASH .. "\n", read(path))
    assert.equals("600", mode(path))
    assert.equals("700", mode(home.path .. "/.config/lastpass"))
    assert.is_nil(io.open(path .. ".new"))
    text = read(home.path .. "/.config/lastpass/config.json")
    no_hash(text, "configuration")
    assert.same({ file = path }, assert(json.decode(text)).profiles.acme.provhash)
    is_sane()
    terminal:enter "history"
    no_hash(terminal:wait_for "[0]$", "history")
  end)

  it("leaves nothing behind at Ctrl-C, and a terminal as it was", function()
    asked()
    terminal:type(HASH:sub(1, 20))
    terminal:press "C-c"
    terminal:wait_for "lastpass: the question was interrupted"
    terminal:wait_for "\n[130]$"
    no_hash(terminal:everything(), "scrollback")
    is_nothing_there()
    is_sane()
    no_hash(all_sent(), "what was sent to the terminal")
  end)

  it("does the same at a SIGTERM or SIGINT from elsewhere", function()
    for _, signal in ipairs { "TERM", "INT" } do
      asked()
      local pid = terminal:process "^lua5.4 bin/lastpass profile add acme"
      terminal:type_to(pid, HASH:sub(1, 20))
      os.execute(("kill -%s %s"):format(signal, pid))
      terminal:wait_for "lastpass: the question was interrupted"
      terminal:wait_for "\n[130]$"
      is_nothing_there()
      is_sane()
    end
    no_hash(all_sent(), "what was sent to the terminal")
  end)

  it("takes no empty answer, nor one with a key that is no character", function()
    asked()
    terminal:press "Enter"
    terminal:wait_for "the secret is empty"
    terminal:wait_for "\n[64]$"
    asked()
    terminal:press "Up"
    terminal:press "Enter"
    terminal:wait_for "\n[64]$"
    is_nothing_there()
    is_sane()
  end)

  it("puts another hash in its place only with --replace, and whole", function()
    asked()
    terminal:enter(HASH)
    terminal:wait_for "\n[0]$"
    local path = home.path .. "/.config/lastpass/acme.hash"
    terminal:clear()
    terminal:enter(COMMAND .. " --provhash-prompt")
    terminal:wait_for "--replace changes it"
    asked "--replace --provhash-prompt"
    terminal:press "C-c"
    terminal:wait_for "\n[130]$"
    assert.equals(HASH .. "\n", read(path))
    asked "--replace --provhash-prompt"
    terminal:enter(("beefbeef"):rep(8))
    terminal:wait_for "\n[0]$"
    assert.equals(("beefbeef"):rep(8) .. "\n", read(path))
    assert.equals("600", mode(path))
  end)

  it("asks again with --replace for a hash that was asked for; Enter keeps it", function()
    local again = "Enter keeps the old one"
    local path = home.path .. "/.config/lastpass/acme.hash"
    asked()
    terminal:enter(HASH)
    terminal:wait_for "\n[0]$"
    terminal:clear()
    terminal:enter(COMMAND .. " --replace")
    terminal:wait_for(again)
    terminal:press "Enter"
    terminal:wait_for "note: the hash stays that of the file"
    terminal:wait_for "\n[0]$"
    assert.equals(HASH .. "\n", read(path))
    terminal:clear()
    terminal:enter(COMMAND .. " --replace")
    terminal:wait_for(again)
    terminal:press "C-c"
    terminal:wait_for "\n[130]$"
    assert.equals(HASH .. "\n", read(path))
    terminal:clear()
    terminal:enter(COMMAND .. " --replace")
    terminal:wait_for(again)
    terminal:enter(("beefbeef"):rep(8))
    terminal:wait_for "changed acme"
    terminal:wait_for "\n[0]$"
    assert.equals(("beefbeef"):rep(8) .. "\n", read(path))
    assert.equals("600", mode(path))
    assert.is_nil(io.open(path .. ".new"))
  end)

  it("keeps no hash when the configuration cannot be written", function()
    asked()
    os.execute("mkdir -p '" .. home.path .. "/.config/lastpass/config.json'")
    terminal:enter(HASH)
    terminal:wait_for "\n[64]$"
    assert.is_nil(io.open(home.path .. "/.config/lastpass/acme.hash"))
    assert.is_nil(io.open(home.path .. "/.config/lastpass/acme.hash.new"))
  end)
end)
