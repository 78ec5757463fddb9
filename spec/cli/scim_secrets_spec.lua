-- Runs once: starts the program, which is the same under every interpreter.
-- Tokens of SCIM are nowhere where others could see them: not in ps, /proc/*/cmdline, the environment of children, the
-- output of failures, nor the journal. Who shows one once is `scim token new`, on standard output alone.
local cli = require "spec.support.cli"
local connection = require "lastpass.inbound.connection"
local planted = require "spec.support.planted"
local store = require "lastpass.store"
local worlds = require "spec.support.inbound"

local TOKEN = planted.secret()

local place, url
local paths = {}

setup(function()
  place = cli.start { users = 20, scim_token = TOKEN }
  url = place.box.scim_url
  place.token = planted.path(paths)
  planted.write(place.token, TOKEN .. "\n")
  os.execute("chmod 600 " .. place.token)
end)

teardown(function()
  planted.remove(paths)
  place:stop()
end)

local function no_token(text, where, token)
  token = token or TOKEN
  assert.is_nil(text:find(token, 1, true), where)
  assert.is_nil(text:find(token:sub(1, 16), 1, true), where)
end

-- While the program waits for an answer, what others see of it and of its children.
local function looked_at(arguments, environment)
  return cli.shell(
    ([[
    lastpass scim users --url %s %s >/dev/null 2>&1 & child=$!
    sleep 0.4
    for one in $child $(ps -o pid= --ppid $child); do
      echo "pid $one"; tr '\0' '\n' < /proc/$one/cmdline
      [ $one = $child ] || tr '\0' '\n' < /proc/$one/environ
    done
    ps -ef
    kill $child; wait $child 2>/dev/null
    true
  ]]):format(url, arguments),
    (environment or "") .. "exec "
  )
end

describe("the token of a SCIM server", function()
  it("is not to be seen from outside, wherever it comes from", function()
    place.box:faults { command = "scim:list_users", delay = 3, count = 8 }
    for _, source in ipairs {
      "--token-file " .. place.token,
      "--token-fd 3 3<" .. place.token,
      ("--token-command 'cat %s'"):format(place.token),
    } do
      local output = looked_at(source)
      assert.truthy(output:find(source:match "%S+", 1, true), output)
      no_token(output, source)
    end
    place.box:clear_faults()
  end)

  it("is in no output, whatever goes wrong", function()
    local known = "--token-file " .. place.token
    for _, line in ipairs {
      "lastpass scim users --url http://127.0.0.1:1/x --retries 0 --json " .. known,
      ("lastpass scim users --url %s/nowhere %s"):format(url, known),
      ("lastpass scim users --url %s %s --where 'u.userName.x.y'"):format(url, known),
      ("lastpass scim users --url %s --token=%s"):format(url, TOKEN),
      ("lastpass scim users --url %s --token %s --json"):format(url, TOKEN),
      ("lastpass scim user nobody@x.example --url %s %s"):format(url, known),
      ("lastpass scim users --print-lua --url %s %s"):format(url, known),
      ("lastpass scim doctor %s %s"):format(url, known),
      ("lastpass scim doctor %sx %s --json"):format(url, known),
    } do
      no_token(cli.shell(line, "LASTPASS_TRACEBACK=1 "), line)
    end
    local script = place:file(
      ("local scim = lastpass.scim.new { url = %q, token = lastpass.secret.file %q }\n"):format(
        url,
        place.token
      ) .. "print(scim, scim._options.token) error(scim)",
      ".lua"
    )
    no_token((cli.shell("lastpass run " .. script, place:environment())), "script")
  end)
end)

describe("a token of the endpoint", function()
  it("is shown once, and is in neither journal, lists, log nor answers", function()
    local journal = assert(store.open { path = place.journal })
    local world = worlds.world(place.box, {}, { journal = journal })
    assert(journal:save_scim_connection(connection.row(world.endpoint.connection)))
    local code, out, err = place:run "scim token new entra --label canary"
    assert.equals(0, code, err)
    local text = assert(out:match "^(lps_%S+)\n$")
    no_token(err, "standard error", text)
    assert(world:find(place:people()[1]))
    for _, words in ipairs {
      "scim token list --json",
      "scim token list",
      "scim connections --json",
      "scim log --json",
      "scim token revoke 1 --dry-run",
      "scim token new entra --dry-run",
    } do
      local _, more, said = place:run(words)
      no_token(more .. said, words, text)
    end
    journal:close()
    local files = planted.read(place.journal)
    local log = io.open(place.journal .. "-wal", "rb")
    if log then
      files = files .. log:read "*a"
      log:close()
    end
    no_token(files, "journal", text)
    assert.truthy(files:find("canary", 1, true))
  end)
end)
