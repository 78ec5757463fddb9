-- Runs once: starts the program, which is the same under every interpreter.
-- Keys of LastPass MFA, private keys and secrets of codes are nowhere where others could see them: not in ps, the
-- environment of children, the output of failures, nor the journal.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local planted = require "spec.support.planted"

describe("the program's secrets of second factors", function()
  local place, paths, key, pem, totp, secrets

  local function hide(name, text)
    paths[#paths + 1] = planted.path({})
    local path = paths[#paths] .. name
    paths[#paths] = path
    assert(core.write_file(path, text .. "\n"))
    return path
  end

  setup(function()
    paths = {}
    place = cli.start { users = 20, clock = "now", frozen = false }
    local code_secret = "QWERTZUIOPASDFGHJKLYXCVBNMQWERTZ"
    key = hide(".key", place.box.mfa.key)
    totp = hide(".totp", code_secret)
    pem = planted.path(paths)
    os.remove(pem)
    assert(core.save_secret(place.box.mfa.private_key, pem))
    local text = assert(require("lastpass.files").read(pem))
    secrets = {
      place.box.mfa.key,
      code_secret,
      text:match "\n([%w+/]+)\n",
      text:match "\n([%w+/]+)\n[^\n]+\n%-%-",
    }
    assert.equal(4, #secrets)
  end)

  teardown(function()
    planted.remove(paths)
    place:stop()
  end)

  local function no_secret(text, where)
    for position, one in ipairs(secrets) do
      assert.is_nil(text:find(one, 1, true), position .. ": " .. where)
      assert.is_nil(text:find(one:sub(1, 16), 1, true), position .. ": " .. where)
    end
  end

  it("are in no output, whatever goes wrong", function()
    local journal = planted.path(paths)
    local known = ("--key-file %s --private-key-file %s --journal %s"):format(key, pem, journal)
    local url = place.box.mfa.url
    for _, line in ipairs {
      ("lastpass mfa users --url http://127.0.0.1:1 %s --json"):format(known),
      ("lastpass mfa users --url %s/nowhere %s"):format(url, known),
      ("lastpass mfa users --url %s %s --print-lua"):format(url, known),
      ("lastpass mfa users --url %s %s --where 'u.email.x.y'"):format(url, known),
      ("lastpass mfa ask a@x.example --url %s %s --no-wait"):format(url, known),
      ("lastpass mfa ask a@x.example --url %s --key-file %s --json"):format(url, pem),
      ("lastpass mfa user add a@x.example --first-name A --last-name B --yes --url %s %s"):format(
        url,
        known
      ),
      ("lastpass mfa users --url %s --key-file %s --private-key-file %s"):format(url, pem, key),
      ("lastpass mfa code verify ann --secret-file %s --journal %s </dev/null"):format(
        totp,
        journal
      ),
      ("echo 123456 | lastpass mfa code verify ann --secret-file %s --journal %s --json"):format(
        totp,
        journal
      ),
      ("lastpass mfa code uri --secret-file %s"):format(totp),
      ("lastpass mfa code uri --secret-file %s --issuer a:b --account x"):format(totp),
      ("lastpass mfa code qr --secret-file %s --issuer a --account x -o /nowhere/x.svg"):format(
        totp
      ),
      ("lastpass mfa code uri --secret-file %s --print-lua"):format(totp),
      ("lastpass mfa code uri --secret-file %s --digits 9 --issuer a --account x"):format(totp),
    } do
      no_secret(cli.shell(line, "LASTPASS_TRACEBACK=1 "), line)
    end
    for _, ending in ipairs { "", "-wal" } do
      local file = io.open(journal .. ending, "rb")
      if file then
        no_secret(file:read "*a", "the journal")
        file:close()
      end
      os.remove(journal .. ending)
    end
    os.remove(journal .. "-shm")
  end)

  it("are not to be seen from outside while somebody is asked", function()
    local user = place:people()[1]
    assert(place.box:phone { email = user, state = "paired" })
    local line = ([[
      lastpass mfa ask %s --url %s --key-file %s --private-key-file %s --journal %s \
        >/dev/null 2>&1 & child=$!
      sleep 0.6
      tr '\0' '\n' < /proc/$child/cmdline; tr '\0' '\n' < /proc/$child/environ; ps -ef
      kill $child; wait $child 2>/dev/null
      true]]):format(user, place.box.mfa.url, key, pem, planted.path(paths))
    local output = cli.shell(line, "exec ")
    assert.truthy(output:find("--key-file", 1, true), output)
    no_secret(output, "ps")
  end)
end)
