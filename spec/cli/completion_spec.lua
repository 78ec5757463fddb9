-- Runs once: the shells start the program, which is the same under every interpreter.
-- Completions, asked of the real shells where they are installed.
local cli = require "spec.support.cli"
local commands = require "lastpass.cli.commands"
local completion = require "lastpass.cli.completion"
local store = require "lastpass.store"

local place, folder, email, group

local function has(program)
  local pipe = assert(io.popen("command -v " .. program))
  local found = pipe:read "*l"
  pipe:close()
  return found ~= nil
end

local function write(name, text)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

setup(function()
  place = cli.start { users = 40 }
  place:run "snapshot --keep"
  local journal = assert(store.open { path = place.journal })
  assert(journal:save_scim_connection {
    name = "entra",
    tenant = store.tenant(place.box:client()),
    provider = "entra",
  })
  journal:close()
  email = place:json("users --fields email")[1].email
  group = place:json("groups --where u.name:find('%s')")[1].name
  folder = os.tmpname()
  os.remove(folder)
  os.execute("mkdir -p " .. folder)
  write(
    "lastpass",
    ('#!/bin/sh\n%s exec lua5.4 %s/bin/lastpass "$@"\n'):format(
      "export " .. place:environment() .. ";",
      io.popen("pwd"):read "*l"
    )
  )
  os.execute("chmod 755 " .. folder .. "/lastpass")
end)

teardown(function()
  os.execute("rm -rf " .. folder)
  place:stop()
end)

describe("in bash", function()
  local function complete(line)
    local script = write(
      "ask.bash",
      ([=[
PATH=%s:$PATH
source %s
COMP_LINE=%q; COMP_POINT=${#COMP_LINE}
COMP_WORDS=(${COMP_LINE//@/ @ }); [[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_lastpass_names
printf '%%s\n' "${COMPREPLY[@]}"
]=]):format(folder, write("lastpass.bash", completion.text "bash"), line)
    )
    return (cli.shell("bash " .. script))
  end

  it("commands, verbs, options and words are known", function()
    assert.truthy(complete("lastpass us"):find("users", 1, true))
    assert.truthy(complete("lastpass user re"):find("reset-mfa", 1, true))
    assert.truthy(complete("lastpass users --nd"):find("--ndjson", 1, true))
    assert.truthy(complete("lastpass users --status d"):find("disabled", 1, true))
    assert.truthy(complete("lastpass bulk dis"):find("disable", 1, true))
    assert.truthy(complete("lastpass call getuser"):find("getuserdata", 1, true))
    assert.truthy(complete("lastpass scim token re"):find("revoke", 1, true))
    assert.truthy(complete("lastpass scim held approve --re"):find("--reason", 1, true))
  end)

  it("connections are those that endpoints have reported", function()
    assert.equals("entra\n", complete "lastpass scim token new ")
    assert.equals("entra\n", complete "lastpass scim disconnect e")
  end)

  it("users and groups are those that were kept", function()
    assert.equals(email .. "\n", complete("lastpass user disable " .. email:sub(1, 8)))
    assert.truthy(complete("lastpass user disable x@y.zz " .. email:sub(1, 8)):find(email, 1, true))
    local escaped = group:gsub(" ", "\\ ")
    assert.truthy(complete("lastpass group show " .. group:sub(1, 3)):find(escaped, 1, true))
    assert.truthy(complete("lastpass group add Sales " .. email:sub(1, 8)):find(email, 1, true))
  end)

  it("what stands before an @ is not repeated", function()
    local at = email:find "@"
    assert.equals(
      email:sub(at + 1) .. "\n",
      complete("lastpass user show " .. email:sub(1, at + 2))
    )
  end)
end)

describe("of every shell", function()
  it("makes one parser of all commands", function()
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      local text = completion.text(shell)
      for _, name in ipairs(commands.names()) do
        assert.truthy(text:find(name:match "%S+$", 1, true), name)
      end
    end
  end)
end)

describe("in zsh", function()
  it("the file is one that zsh takes", function()
    if not has "zsh" then
      return pending "zsh is not installed"
    end
    local path = write("_lastpass", completion.text "zsh")
    local output, code = cli.shell(
      (
        "zsh -fc 'fpath=(%s $fpath); autoload -Uz compinit; compinit -u -D; whence -v _lastpass; "
        .. "source %s; whence -v _lastpass_users'"
      ):format(folder, path)
    )
    assert.equals(0, code, output)
    assert.truthy(output:find("_lastpass_users is a shell function", 1, true), output)
  end)

  it("users and groups are asked for where they belong", function()
    local text = completion.text "zsh"
    assert.truthy(text:find(":_lastpass_users", 1, true))
    assert.truthy(text:find(":_lastpass_groups", 1, true))
    assert.is_nil(text:find("__users__", 1, true))
  end)
end)

describe("in fish", function()
  it("everything is known", function()
    if not has "fish" then
      return pending "fish is not installed"
    end
    local path = write("lastpass.fish", completion.text "fish")
    local function complete(line)
      local ask = write("ask.fish", ("source %s\ncomplete -C '%s'\n"):format(path, line))
      return (cli.shell(("HOME=%s PATH=%s:$PATH fish --no-config %s"):format(folder, folder, ask)))
    end
    assert.truthy(complete("lastpass us"):find("users", 1, true))
    assert.truthy(complete("lastpass users --nd"):find("--ndjson", 1, true))
    local output = complete("lastpass user disable " .. email:sub(1, 8))
    assert.truthy(output:find(email, 1, true), output)
    output = complete "lastpass scim token new e"
    assert.truthy(output:find("entra", 1, true), output)
    output = complete "lastpass completion z"
    assert.truthy(output:find("zsh", 1, true), output)
  end)
end)

describe("names for completion", function()
  it("come of a directory of 50,000, without a request", function()
    local big = cli.start { users = 50000 }
    assert.equals(0, (big:run "snapshot --keep"))
    local session = require("lastpass.cli.session").new {
      url = big.box.url,
      cid = tostring(big.box.cid),
      provhash_file = big.hash,
      journal = big.journal,
    }
    local requests = #assert(big.box:journal())
    local names = completion.names(session, "users", "zar")
    assert.equals(requests, #assert(big.box:journal()))
    big:stop()
    assert.is_true(#names > 1)
  end)
end)
