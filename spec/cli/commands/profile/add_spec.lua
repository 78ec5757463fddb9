-- The question for the hash, in a real terminal; the rest of `profile add` is in setup_spec.lua.
local json = require "lastpass.json"
local terminals = require "spec.cli.repl.terminal"

local HASH = ("c0ffee42"):rep(8)
local COMMAND = "lua5.4 bin/lastpass profile add acme --cid 8771312"
local QUESTION = "Provisioning hash (Admin Console, Advanced):"

local home, terminal

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then
    file:close()
  end
  return text
end

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
  assert.is_nil(io.open(home .. "/.config/lastpass/config.json"))
  assert.is_nil(io.open(home .. "/.config/lastpass/acme.hash"))
  assert.is_nil(io.open(home .. "/.config/lastpass/acme.hash.new"))
end

describe("lastpass profile add in a terminal", function()
  before_each(function()
    home = os.tmpname()
    os.remove(home)
    os.execute("mkdir " .. home)
    terminal = terminals.start("bash --norc -i", {
      environment = {
        HOME = home,
        HISTFILE = "/dev/null",
        LASTPASS_CONFIG = "",
        PS1 = "[$?]$ ",
        XDG_CONFIG_HOME = "",
      },
    })
    terminal:wait_for "[0]$"
    terminal:record(home .. "/sent")
  end)

  after_each(function()
    terminal:close()
    os.execute("rm -rf '" .. home .. "'")
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
    local path = home .. "/.config/lastpass/acme.hash"
    assert.equals(HASH .. "\n", read(path))
    assert.equals("600", mode(path))
    assert.equals("700", mode(home .. "/.config/lastpass"))
    assert.is_nil(io.open(path .. ".new"))
    text = read(home .. "/.config/lastpass/config.json")
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
    local path = home .. "/.config/lastpass/acme.hash"
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

  it("keeps no hash when the configuration cannot be written", function()
    asked()
    os.execute("mkdir -p '" .. home .. "/.config/lastpass/config.json'")
    terminal:enter(HASH)
    terminal:wait_for "\n[64]$"
    assert.is_nil(io.open(home .. "/.config/lastpass/acme.hash"))
    assert.is_nil(io.open(home .. "/.config/lastpass/acme.hash.new"))
  end)
end)
