-- Events handed on: events with --follow, --cursor and --format; export; cursors.
local cli = require "spec.support.cli"
local core = require "lastpass.core"
local json = require "lastpass.json"
local server = require "spec.support.server"

local place

setup(function()
  place = cli.start { users = 20, events = 300 }
end)

teardown(function()
  place:stop()
end)

before_each(function()
  place:reset()
  assert(place.box:act { settings = { audit_reads = false } })
end)

local function lines_of(text)
  local list = {}
  for line in text:gmatch "([^\n]*)\n" do
    list[#list + 1] = line
  end
  return list
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local FROM = " --from 2000-01-01"

-- A name for a file that is not there.
local function new_path()
  local path = place:file("", ".out")
  os.remove(path)
  return path
end

describe("lastpass events", function()
  it("shows them, oldest first", function()
    local events = place:json "events --from 2026-01-01"
    assert.is_true(#events > 1)
    assert.is_true(events[1].time <= events[#events].time)
    local code, out = place:run { "events", "--from", "-30d" }
    assert.equals(0, code)
    assert.truthy(out:find("^time %(UTC%) +user +from +action +data\n"), out)
    local user = events[1].username
    for _, event in ipairs(place:json { "events", "--from=2026-01-01", "--user", user }) do
      assert.equals(user, event.username)
    end
  end)

  it("minds a time that is none", function()
    local failure, code = place:failure "events --from yesteryear"
    assert.equals(64, code)
    assert.equals("argument", failure.kind)
    place:fails_when_unreachable "events"
  end)
end)

describe("lastpass events --format", function()
  it("is an export to standard output", function()
    local rows = place:json("events" .. FROM)
    local code, out, err = place:run("events --format ndjson" .. FROM)
    assert.equals(0, code, err)
    assert.equals("", err)
    local lines = lines_of(out)
    assert.equals(#rows, #lines)
    local first = json.decode(lines[1])
    assert.equals(rows[1].username, first.actor)
    assert.equals(rows[1].action, first.label)
    local _, exported = place:run("export" .. FROM)
    assert.equals(out, exported)
  end)

  it("has lines for people, safe to show, in a terminal as well", function()
    assert(place.box:events {
      events = {
        { time = place.box:clock().now - 5, action = "Log in", data = "\194\155 31m evil" },
      },
    })
    local code, out = place:run("events --format text" .. FROM, { terminal = true })
    assert.equals(0, code)
    local lines = lines_of(out)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT[%d:]+Z  %S+  %S+  .", lines[1])
    assert.truthy(lines[#lines]:find("Log in: \\u{9b} 31m evil", 1, true), lines[#lines])
  end)

  it("has the header of CSV", function()
    local _, out = place:run("events --format csv" .. FROM)
    assert.equals("time,local_time,ambiguous", out:sub(1, 25))
  end)

  it("does not take the options of rows", function()
    for option, hint in pairs {
      ["--ndjson"] = "--format ndjson",
      ["--csv"] = "--format csv",
      ["--where u.x"] = "--search",
      ["--sort time"] = "order of time",
      ["--fields time"] = "--format csv",
      ["--template x"] = "--format text",
    } do
      local failure, code = place:failure("events --follow " .. option)
      assert.equals(64, code)
      assert.matches("is for rows and does not go with %-%-follow", failure.message)
      assert.truthy(failure.hint:find(hint, 1, true), failure.hint)
    end
  end)

  it("replaces people with --pseudonymise-key-file, which nobody else may read", function()
    local key = place:file("a key", ".key")
    os.execute("chmod 644 " .. key)
    local failure, code = place:failure("events --pseudonymise-key-file " .. key .. FROM)
    assert.equals(64, code)
    assert.equals("unsafe_file", failure.code)
    os.execute("chmod 600 " .. key)
    local _, out = place:run("events --pseudonymise-key-file " .. key .. FROM)
    assert.truthy(out:find("@pseudonym.invalid", 1, true))
    assert.is_nil(out:find("lumenor.example", 1, true))
  end)

  it("fails as everything does", function()
    local failure, code = place:failure "events --format ecs --url=http://127.0.0.1:1/ --retries=0"
    assert.equals(69, code)
    assert.equals("transport", failure.kind)
  end)
end)

describe("lastpass export", function()
  it("writes a file, whole, and says how many", function()
    local path = new_path()
    local code, out, err = place:run("export --format csv --file " .. path .. FROM)
    assert.equals(0, code, err)
    assert.equals("", out)
    local count = tonumber((err:match "^([%d,]+) events\n$":gsub(",", "")))
    assert.equals(count + 1, #lines_of(read(path)))
    local result = place:json("export --format csv --file " .. path .. FROM)
    assert.same({ events = count, duplicates = 0, refused = 0, unknown = {} }, result)
  end)

  it("counts names of actions that nobody knows", function()
    assert(place.box:events { events = { { time = 1767258000, action = "Frobnicated" } } })
    local _, _, err = place:run("export --file " .. new_path() .. FROM)
    assert.truthy(err:find("actions with unknown names: Frobnicated (1)", 1, true), err)
  end)

  it("goes on where it was, with a cursor that is listed and forgotten", function()
    local path = new_path()
    local words = "export --cursor siem --file " .. path
    local code, _, err = place:run(words .. FROM)
    assert.equals(0, code, err)
    assert.matches("; 0 seen before and left out; cursor siem: %d", err)
    local before = read(path)
    _, _, err = place:run(words)
    assert.matches("^0 events; %d+ seen before", err)
    assert(place.box:events { events = { { time = place.box:clock().now, action = "Log in" } } })
    place:run(words)
    local after = read(path)
    assert.equals(before, after:sub(1, #before))
    assert.equals(#lines_of(before) + 1, #lines_of(after))
    local list = place:json "cursors"
    assert.equals("siem", list[1].name)
    assert.matches("^%d%d%d%d%-.*Z$", list[1].position)
    local _, out = place:run "cursors"
    assert.truthy(out:find("^name +newest event +saved at\n"), out)
    local failure
    failure, code = place:failure "cursors --forget sien"
    assert.equals(1, code)
    assert.matches("did you mean 'siem'", failure.message)
    code, out, err = place:run "cursors --forget siem"
    assert.equals(0, code)
    assert.equals("forgot the cursor siem\n", out .. err)
    assert.same({}, place:json "cursors")
  end)

  it("says what is wrong with cursor and file, in sentences", function()
    local path = new_path()
    local words = "export --cursor odd --file " .. path
    assert.equals(0, (place:run(words .. FROM)))
    local failure, code = place:failure(words .. " --user a@b.example")
    assert.same({ "other_query", 4 }, { failure.code, code })
    assert.matches("belongs to another choice of events", failure.message)
    local whole = read(path)
    place:file("", "")
    local file = assert(io.open(path, "wb"))
    file:write(whole:sub(1, 100))
    file:close()
    failure, code = place:failure(words)
    assert.same({ "file_changed", 4 }, { failure.code, code })
    assert.matches("has become shorter", failure.message)
    local log = assert(core.open_log(path))
    local _, out, err = place:run "cursors --forget odd"
    assert.equals("forgot the cursor odd\n", out .. err)
    failure, code = place:failure(words)
    log:close()
    assert.same({ "file_in_use", 1 }, { failure.code, code })
    assert.matches("another exporter is writing it", failure.message)
    failure, code = place:failure("export --file /nowhere/at/all" .. FROM)
    assert.equals(64, code)
    assert.equals("make the folder first", failure.hint)
  end)

  it("begins new files as they grow", function()
    local path = new_path()
    for number = 1, 3 do
      assert(place.box:events {
        events = { { time = place.box:clock().now - 10 + number, action = "Log in" } },
      })
      local words = "export --cursor rotating --rotate 1K --keep 1 --file "
      assert.equals(0, (place:run(words .. path .. FROM)))
    end
    assert.truthy(#read(path) > 0)
    local rest = {}
    for generation = 1, 3 do
      local file = io.open(("%s.%d"):format(path, generation))
      if file then
        rest[#rest + 1] = generation
        file:close()
        os.remove(("%s.%d"):format(path, generation))
      end
    end
    assert.equals(1, #rest)
  end)

  it("refuses what makes no sense for the place, without the words of the library", function()
    for words, text in pairs {
      ["export --syslog tls://x --format ecs"] = "lastpass: the format ecs does not go to syslog",
      ["export --webhook http://siem.acme.com/"] = "needs a url that begins with https://",
      ["export --from nonsense"] = "lastpass: --from: cannot read the time",
      ["export --every 5m"] = "--every needs --follow",
      ["export --format ecx"] = "'--format' must be one of 'ndjson'",
    } do
      local code, _, err = place:run(words)
      assert.equals(64, code, words)
      assert.truthy(err:find(text, 1, true), err)
      assert.is_nil(err:find("client:export", 1, true))
    end
  end)

  it("says that nobody listens, and ends with 69", function()
    for _, words in ipairs {
      "export --syslog tcp://127.0.0.1:1 --sink-retries 0",
      "export --webhook http://127.0.0.1:1/ --sink-retries 0",
    } do
      local failure, code = place:failure(words .. FROM)
      assert.equals(69, code, words)
      assert.equals("transport", failure.kind)
    end
  end)

  it("posts to a webhook with a token from a file or the environment", function()
    local token = place:file("hec-token\n", ".token")
    os.execute("chmod 600 " .. token)
    for status, expected in pairs { ["200 OK"] = 0, ["403 Forbidden"] = 77 } do
      local listener = server.start(([[
        return function(client)
          local request = tools.read_request(client)
          tools.log(request.head:match "[Aa]uthorization: ([^\r\n]*)")
          local rest = "Content-Length: 10\r\nConnection: close\r\n\r\n" .. '{"code":0}'
          client:send("HTTP/1.1 %s\r\n" .. rest)
        end
      ]]):format(status))
      local words = "export --kind splunk --webhook %s --token-file %s" .. FROM
      local code, out, err = place:run(words:format(listener.url, token))
      assert.equals(expected, code, err)
      assert.equals("Splunk hec-token", listener:log()[1])
      assert.is_nil((out .. err):find("hec-token", 1, true))
      listener:stop()
    end
    local failure, code =
      place:failure("export --webhook http://127.0.0.1:1/ --token-env NO_SUCH_VARIABLE" .. FROM)
    assert.equals(64, code)
    assert.equals("no_token", failure.code)
  end)

  it("puts aside what a webhook refuses, says so, and ends with 3", function()
    local listener = server.start [[
      return function(client)
        local request = tools.read_request(client)
        local body = '{"text":"Invalid data format","code":6}'
        local head = "HTTP/1.1 200 OK\r\n"
        if request.body:find("Failed", 1, true) then
          head = "HTTP/1.1 400 Bad Request\r\n"
        end
        client:send(head .. "Content-Length: " .. #body .. "\r\nConnection: close\r\n\r\n" .. body)
      end
    ]]
    local letters = new_path()
    local words = "export --webhook %s --batch 4 --dead-letters %s"
    local code, _, err = place:run(words:format(listener.url, letters) .. FROM)
    assert.equals(3, code, err)
    assert.truthy(err:find("an event was refused and put into " .. letters, 1, true), err)
    assert.truthy(err:find("HTTP 400: Invalid data format (code 6)", 1, true), err)
    assert.matches("%d+ events? refused by the receiver: ", err)
    local count = 0
    for line in io.lines(letters) do
      assert.truthy(line:find("Failed", 1, true))
      count = count + 1
    end
    assert.is_true(count > 0)
    listener:stop()
  end)

  it("takes no secret from the command line", function()
    for _, words in ipairs { "export --token=S3CRET", "export --token S3CRET" } do
      local code, out, err = place:run(words)
      assert.equals(64, code)
      assert.is_nil((out .. err):find("S3CRET", 1, true))
      assert.truthy(err:find("use --token-file or --token-env", 1, true), err)
    end
  end)

  it("shows the Lua that does the same", function()
    local _, out = place:run "export --cursor siem --file x --rotate 1K --print-lua"
    assert.truthy(out:find('cursor = "siem"', 1, true), out)
    assert.truthy(out:find('sink = { kind = "file", path = "x", rotate = 1024 }', 1, true), out)
    _, out = place:run "events --follow --print-lua"
    assert.truthy(out:find('follow = true, format = "text"', 1, true), out)
    _, out = place:run "cursors --forget siem --print-lua"
    assert.truthy(out:find('client:forget_cursor("siem")', 1, true), out)
  end)
end)

describe("following", function()
  -- The program in the background, until something is so; then Ctrl-C.
  local function follow(words, condition)
    return cli.shell(
      ([[
      lastpass %s & child=$!
      tries=0
      until %s || [ $tries = 100 ]; do sleep 0.1; tries=$((tries + 1)); done
      kill -INT $child; wait $child; exit $?]]):format(words, condition):gsub(
        "exit %$%?$",
        "(exit $?)"
      ),
      place:environment() .. "exec "
    )
  end

  it("ends with 130 when it is interrupted, and goes on from there", function()
    local path = new_path()
    local words = ("export --follow --every 1s --cursor live --file %s"):format(path)
    local _, all = place:run("export" .. FROM)
    local whole = ("[ -s %s ] && [ $(wc -l <%s) -ge %d ]"):format(path, path, #lines_of(all))
    local output, code = follow(words .. FROM, whole)
    assert.equals(130, code, output)
    assert.matches("%d+ events; 0 seen before and left out; cursor live: %d", output)
    assert.truthy(output:find("interrupted; the same command continues from there", 1, true))
    local count = #lines_of(read(path))
    local _, _, err = place:run("export --cursor live --file " .. path)
    assert.matches("^0 events", err)
    assert.equals(count, #lines_of(read(path)))
  end)

  it("without a cursor shows lines until Ctrl-C", function()
    local path = new_path()
    local output, code = follow("events --follow" .. FROM .. " >" .. path, "[ -s " .. path .. " ]")
    assert.equals(130, code, output)
    assert.equals("", output)
    assert.matches("^%d%d%d%d%-", read(path))
  end)

  it("ends quietly when nobody reads any more", function()
    local output, code =
      cli.shell("lastpass export --from 2000-01-01 | head -1 | wc -l", place:environment())
    assert.equals(0, code)
    assert.equals("1", output:match "%d+")
    assert.is_nil(output:find("lastpass:", 1, true))
  end)
end)
