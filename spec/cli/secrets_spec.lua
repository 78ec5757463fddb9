-- Runs once: starts the program, which is the same under every interpreter.
-- The hash is nowhere where others could see it: not in ps, /proc/*/cmdline, the environment of
-- children, the output of failures, the journal, nor the plan file.
local cli = require "spec.support.cli"
local memory = require "spec.support.memory"
local planted = require "spec.support.planted"

local HASH = planted.secret()

local place

setup(function()
  place = cli.start { users = 30, provhash = HASH }
end)

teardown(function()
  place:stop()
end)

local function no_hash(text, where)
  assert.is_nil(text:find(HASH, 1, true), where)
  assert.is_nil(text:find(HASH:sub(1, 16), 1, true), where)
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

-- While the program waits for an answer, what others see of it and of its children.
local function looked_at(arguments, environment)
  return cli.shell([[
    lastpass users ]] .. arguments .. [[ >/dev/null 2>&1 & child=$!
    sleep 0.4
    cat /proc/$child/cmdline /proc/$child/comm | tr '\0' ' '
    for one in $child $(ps -o pid= --ppid $child); do
      echo "pid $one"; tr '\0' '\n' < /proc/$one/cmdline
      [ $one = $child ] || tr '\0' '\n' < /proc/$one/environ
    done
    ps -ef
    kill $child; wait $child 2>/dev/null
    true
  ]], environment .. "exec ")
end

describe("the hash", function()
  local flags

  setup(function()
    flags = ("LASTPASS_URL=%s LASTPASS_CID=%.0f LASTPASS_JOURNAL=%s "):format(
      place.box.url,
      place.box.cid,
      place.journal
    )
  end)

  before_each(function()
    place.box:faults { command = "getuserdata", delay = 3 }
  end)

  after_each(function()
    place.box:clear_faults()
  end)

  it("is not to be seen from outside, wherever it comes from", function()
    for _, source in ipairs {
      "--provhash-file " .. place.hash,
      "--provhash-fd 3 3<" .. place.hash,
      ("--provhash-command 'cat %s'"):format(place.hash),
    } do
      local output = looked_at(source, flags)
      assert.truthy(output:find("lua5.4", 1, true), output)
      no_hash(output, source)
    end
  end)

  it("is not to be seen in the children of a command that gives it", function()
    local output = looked_at(("--provhash-command 'sleep 2; cat %s'"):format(place.hash), flags)
    no_hash(output, "command")
  end)
end)

describe("what the program prints and keeps", function()
  it("has no hash in it, whatever goes wrong", function()
    local environment = place:environment() .. "LASTPASS_TRACEBACK=1 "
    for _, line in ipairs {
      "lastpass users --where 'u.email.x.y'",
      "lastpass users --url http://127.0.0.1:1/ --retries 0 --json",
      "lastpass users --cid 5",
      "lastpass users --provhash=" .. HASH .. " --json",
      "lastpass users --provhash " .. HASH,
      "lastpass config show --origin --all",
      "lastpass doctor",
      "lastpass call getuserdata '{\"username\": 5}'",
      "lastpass users --timezone Nowhere/Land",
    } do
      local output = cli.shell(line, environment)
      no_hash(output, line)
    end
    local script = place:file("client._options.provhash.x = 1", ".lua")
    no_hash((cli.shell("lastpass run " .. script, environment)), "script")
    script = place:file("print(client._options.provhash, client) error(client)", ".lua")
    no_hash((cli.shell("lastpass run " .. script, environment)), "script")
  end)

  it("has no hash in it when LastPass sends it back", function()
    place.box:faults {
      command = "getuserdata",
      body = ('{"status":"FAIL","errors":["hash %s is odd"]}'):format(HASH),
      count = 2,
    }
    local output, code = cli.shell("lastpass users --json", place:environment())
    assert.equals(1, code, output)
    no_hash(output, "reply")
    place.box:clear_faults()
  end)

  it("has no hash in journal and plan", function()
    local email = place:json("users --fields email")[5].email
    local playbook = place:file(('user "%s" { fullname = "Other" }'):format(email), ".lua")
    local plan = os.tmpname()
    assert.equals(0, (place:run { "plan", playbook, "-o", plan }))
    assert.equals(0, (place:run { "apply", plan, "--yes", "-q" }))
    no_hash(read(plan), "plan")
    no_hash(read(place.journal), "journal")
    os.remove(plan)
  end)
end)

-- A call is under way, its body is on the way through libcurl and TLS.
describe("what a crash leaves", function()
  for _, tls in ipairs { false, true } do
    it("has no hash in it, " .. (tls and "with TLS" or "without TLS"), function()
      local other = cli.start { users = 30, provhash = HASH, tls = tls }
      other.box:faults { command = "getuserdata", delay = 20 }
      local pipe = assert(
        io.popen(
          ([[
        exec 2>/dev/null; folder=$(mktemp -d); echo $folder
        ln -s "$PWD/bin" "$PWD/lua" "$PWD/build" $folder/
        cd $folder; ulimit -c unlimited
        %s %s lua5.4 bin/lastpass users >out 2>&1 & child=$!
        echo $child
        wait $child; cat out core* 2>/dev/null; cd /; rm -r $folder
      ]]):format(
            other:environment(),
            tls and "LASTPASS_CA_FILE=" .. other.box.ca_file or ""
          )
        )
      )
      local folder, process = pipe:read "*l", pipe:read "*l"
      for _ = 1, 100 do
        if #other.box:journal() > 0 then
          break
        end
        os.execute "sleep 0.05"
      end
      local places, locked, undumped, size = memory.search(process, function(bytes)
        return bytes:find(HASH:sub(1, 16), 1, true) ~= nil
      end)
      os.execute("kill -SEGV " .. process)
      local output = pipe:read "*a"
      pipe:close()
      other:stop()
      assert.is_nil(io.open(folder))
      assert.same({}, places)
      assert.equals(1, locked)
      assert.truthy(undumped >= locked)
      assert.truthy(size > 1024 * 1024)
      -- where the kernel writes core files to the working directory, it is one; registers and all
      no_hash(output, "core")
    end)
  end
end)
