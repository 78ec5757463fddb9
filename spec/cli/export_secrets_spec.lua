-- Runs once: starts the program, which is the same under every interpreter.
-- The token of a webhook, the key of pseudonyms and the key that signs evidence are nowhere where
-- others could see them: not in ps, /proc/*/cmdline, the environment of children, the output of
-- failures, the journal, what was exported, nor the folder for the auditor.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local planted = require "spec.support.planted"
local server = require "spec.support.server"

local TOKEN = planted.secret()
local KEY = planted.secret()

local place, token, key, signing, private, paths

setup(function()
  place = cli.start { users = 10, events = 50 }
  paths = {}
  token, key = place:file("", ".token"), place:file("", ".key")
  assert(core.write_file(token, TOKEN .. "\n"))
  assert(core.write_file(key, KEY .. "\n"))
  signing = planted.path(paths)
  assert.equals(0, (cli.run { "evidence", "key", signing }))
  private = planted.read(signing):match "\n([^\n]+)\n"
end)

teardown(function()
  planted.remove(paths)
  place:stop()
end)

local function no_secret(text, where)
  for _, secret in ipairs { TOKEN, KEY, private } do
    assert.is_nil(text:find(secret, 1, true), where)
    assert.is_nil(text:find(secret:sub(1, 16), 1, true), where)
  end
end

-- While the program runs, what others see of it, of its children, and of all processes; once a process
-- is there whose command line matches `child`.
local function looked_at(line, more, child)
  return cli.shell(
    ([[
    %s >/dev/null 2>&1 & child=$!
    sleep 0.5; tries=0
    until ps -ef | grep -q '%s' || [ $tries = 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    cat /proc/$child/cmdline | tr '\0' ' '
    for one in $(ps -o pid= --ppid $child); do
      tr '\0' '\n' < /proc/$one/cmdline; tr '\0' '\n' < /proc/$one/environ
    done
    ps -ef
    kill $child; wait $child 2>/dev/null
    true
  ]]):format(line, child or "^"),
    place:environment() .. (more or "") .. "exec "
  )
end

describe("the secrets of events and reports", function()
  it("are not to be seen from outside", function()
    local slow = server.start [[
      return function(client)
        tools.read_request(client)
        tools.socket.sleep(3)
        tools.reply(client, "{}")
      end
    ]]
    local words = "lastpass export --from 2000-01-01 --webhook %s --pseudonymise-key-file %s "
    words = words:format(slow.url, key)
    local output = looked_at(words .. "--token-file " .. token)
    assert.truthy(output:find("--token-file", 1, true), output)
    no_secret(output, "--token-file")
    slow:stop()
  end)

  it("are not to be seen while evidence is signed", function()
    -- openssl takes its time, so that there is something to look at
    local slow = planted.path(paths)
    os.execute(("mkdir '%s'"):format(slow))
    planted.write(slow .. "/openssl", '#!/bin/sh\nsleep 5\nexec /usr/bin/openssl "$@"\n')
    os.execute(("chmod 700 '%s/openssl'"):format(slow))
    local folder = planted.path(paths)
    local words = "lastpass evidence write %s --key-file %s --events 2000-01-01"
    local environment = ("PATH=%s:$PATH "):format(slow)
    local output = looked_at(words:format(folder, signing), environment, "[/]openssl pkey -in")
    assert.truthy(output:find(slow .. "/openssl pkey -in " .. signing, 1, true), output)
    no_secret(output, "evidence write")
    assert.equals(0, (place:run(("evidence write %s --key-file %s"):format(folder, signing))))
    local pipe = assert(io.popen(("cat $(find '%s' -type f)"):format(folder)))
    no_secret(pipe:read "*a", folder)
    pipe:close()
  end)

  it("are in nothing that is printed or kept, whatever goes wrong", function()
    local closed = "--webhook http://127.0.0.1:1/ --sink-retries 0 --from 2000-01-01 "
    local refusing = server.start(([[
      return function(client)
        tools.read_request(client)
        client:send "HTTP/1.1 400 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
      end
    ]]):format(#TOKEN, TOKEN))
    local environment = place:environment() .. "LASTPASS_TRACEBACK=1 TOKEN=" .. TOKEN .. " "
    for _, line in ipairs {
      "lastpass export --json " .. closed .. "--token-file " .. token,
      "lastpass export " .. closed .. "--token-env TOKEN",
      "lastpass export " .. closed .. "--format syslog --token-file " .. token,
      "lastpass export --from 2000-01-01 --token-file " .. token .. " --webhook " .. refusing.url,
      "lastpass export --json --from 2000-01-01 --token-file "
        .. token
        .. " --webhook "
        .. refusing.url,
      "lastpass export --from 2000-01-01 --pseudonymise-key-file " .. key,
      "lastpass export --cursor c --from 2000-01-01 --pseudonymise-key-file " .. key,
      "lastpass export --print-lua --webhook https://x --pseudonymise-key-file "
        .. key
        .. " --token-file "
        .. token,
      "lastpass export --token=" .. TOKEN,
      "lastpass export --token " .. TOKEN,
      "lastpass export --pseudonymise-key " .. KEY,
      "lastpass export --tokn=" .. TOKEN,
      "lastpass evidence write /proc/nowhere --key-file " .. signing,
      "lastpass evidence write /proc/nowhere --print-lua --key-file " .. signing,
      "lastpass config show --origin --all",
      "lastpass doctor",
    } do
      no_secret((cli.shell(line, environment)), line)
    end
    refusing:stop()
    no_secret(planted.read(place.journal), "journal")
  end)
end)
