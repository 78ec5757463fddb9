local box_room = require "spec.support.box"
local core = require "lastpass.core"
local json = require "lastpass.json"
local formats = require "lastpass.cli.output.formats"
local view = require "lastpass.cli.views.users"

local function each_line(text)
  return text:gmatch "[^\n]+"
end

local function snapshot_of(reply)
  local rows = core.snapshot()
  assert(rows:feed(reply))
  assert(rows:finish())
  return rows
end

local function utc(civil)
  return civil
end

describe("core.user_lines", function()
  local box

  teardown(function()
    if box then
      box:stop()
    end
  end)

  it("says of every user what the user's own fields say", function()
    for _, zone in ipairs { "America/New_York", "Europe/Berlin", "UTC", "Asia/Kolkata" } do
      box = box_room.start { users = 1500, seed = 7, timezone = zone }
      local client = box:client { timezone = zone }
      local snapshot = assert(client:snapshot())
      local write = core.user_lines(view.fields, function(civil)
        return (client:zone():to_utc(civil))
      end)
      local lines, row = each_line(write(snapshot._rows, 1, #snapshot._rows)), 0
      for user in snapshot:users() do
        if user.id then
          row = row + 1
          assert.equals(formats.json.object(view, view.fields, user), lines(), zone)
        end
      end
      assert.equals(#snapshot._rows, row)
      assert.is_nil(lines())
      box:stop()
    end
  end)

  it("escapes what JSON does not take as it is", function()
    local name = 'a "quoted" \\ back\\slash, tab\tand\nnewline, ünï, \127 end of it'
    local rows = snapshot_of(json.encode {
      Users = { ["1"] = { username = "x@acme.com", fullname = name, groups = json.list { name } } },
    })
    local line = core.user_lines({ "fullname", "groups", "mfa" }, utc)(rows, 1, 1)
    assert.is_nil(line:find "%c", line)
    local user = assert(json.decode(line))
    assert.equals(name, user.fullname)
    assert.same({ name }, user.groups)
    assert.equals(json.null, user.mfa)
  end)

  it("escapes wherever in a text it stands", function()
    for place = 1, 20 do
      for _, odd in ipairs { '"', "\\", "\1", "\31", "\127" } do
        local name = ("x"):rep(place - 1) .. odd .. ("y"):rep(20 - place)
        local rows = snapshot_of(json.encode {
          Users = { ["1"] = { username = "x@acme.com", fullname = name } },
        })
        local line = core.user_lines({ "fullname" }, utc)(rows, 1, 1)
        assert.equals(name, json.decode(line).fullname)
      end
    end
  end)

  it("writes times as ISO 8601, asking the zone where a day is not even", function()
    local asked = 0
    local rows = snapshot_of(json.encode {
      Users = {
        ["1"] = { username = "a@acme.com", created = "1970-01-01 00:00:00" },
        ["2"] = { username = "b@acme.com", created = "2024-02-29 23:59:59" },
        ["3"] = { username = "c@acme.com", created = "2100-03-01 12:00:00" },
      },
    })
    local zone = require("lastpass.time").zone "America/New_York"
    local write = core.user_lines({ "created" }, function(civil)
      asked = asked + 1
      return (zone:to_utc(civil))
    end)
    local found = {}
    for line in each_line(write(rows, 1, 3)) do
      found[#found + 1] = json.decode(line).created
    end
    table.sort(found)
    assert.same({ "1970-01-01T05:00:00Z", "2024-03-01T04:59:59Z", "2100-03-01T17:00:00Z" }, found)
    local before = asked
    write(rows, 1, 3)
    assert.equals(before, asked, "even days are asked for once")
  end)

  it("puts a separator between rows, and nothing for none", function()
    local rows = snapshot_of('{"Users":{"1":{"username":"a@b.cc"},"2":{"username":"d@e.ff"}}}')
    local write = core.user_lines({ "email" }, utc)
    assert.equals('{"email":"a@b.cc"},{"email":"d@e.ff"}', write(rows, 1, 2, ","))
    assert.equals("", write(rows, 2, 1))
  end)

  it("minds wrong arguments", function()
    local rows = snapshot_of '{"Users":{"1":{"username":"a@b.cc"}}}'
    local write = core.user_lines({ "email" }, utc)
    assert.has_error(function()
      write(rows, 0, 1)
    end)
    assert.has_error(function()
      write(rows, 1, 2)
    end)
    assert.has_error(function()
      core.user_lines({ "emial" }, utc)
    end, nil)
    assert.has_error(function()
      core.user_lines({}, utc)
    end)
    assert.has_error(function()
      core.user_lines({ "attributes" }, utc) -- may hold secrets
    end)
    assert.has_error(function()
      core.user_lines({ "email" }, "UTC")
    end)
  end)

  it("passes on what the zone raises, and can be used again", function()
    local rows = snapshot_of '{"Users":{"1":{"username":"a@b.cc","created":"2024-02-29 23:59:59"}}}'
    local bad = true
    local write = core.user_lines({ "created" }, function(civil)
      if bad then
        error "no zone"
      end
      return civil
    end)
    assert.has_error(function()
      write(rows, 1, 1)
    end)
    bad = false
    assert.equals('{"created":"2024-02-29T23:59:59Z"}', write(rows, 1, 1))
  end)
end)
