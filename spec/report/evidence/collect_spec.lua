local check = require "spec.support.check"
local collect = require "lastpass.report.evidence.collect"
local json = require "lastpass.json"
local planted = require "spec.support.planted"

describe("lastpass.report.evidence.collect", function()
  local box

  setup(function()
    box = planted.start { assumptions = { audit_reads = false } }
    local people = {}
    for number = 1, 7 do
      people[number] = { ("p%d@x.example"):format(number) }
    end
    planted.plant(box, people, { "new@x.example" })
  end)

  teardown(function()
    box:stop()
  end)

  it("keeps every reply with what was asked", function()
    local found = assert(collect.run(box:client { page_size = 3 }, { events = "-1h" }))
    local asked = {}
    for place, query in ipairs(found.queries) do
      asked[place] = query.command .. " " .. query.file
      assert.equal(query.file, found.replies[place].path)
    end
    assert.same({
      "getuserdata replies/getuserdata-0001.json",
      "getuserdata replies/getuserdata-0002.json",
      "getuserdata replies/getuserdata-0003.json",
      "getsfdata replies/getsfdata-0001.json",
      "expiredmasterpwlist replies/expiredmasterpwlist-0001.json",
      "reporting replies/reporting-0001.json",
    }, asked)
    assert.equal(7, found.snapshot:count())
    local count = 0
    for place = 1, 3 do
      count = count + json.decode(found.replies[place].text).count
    end
    assert.equal(7, count)
  end)

  it("reads again when somebody leaves in the middle", function()
    assert(box:faults { command = "getuserdata", nth = 2, page_shift = "vanish" })
    local found = assert(collect.run(box:client { page_size = 3 }, {}))
    assert.equal(6, found.snapshot:count())
    local pages = 0
    for _, reply in ipairs(found.replies) do
      pages = pages + (reply.path:find "getuserdata" and 1 or 0)
    end
    assert.equal(2, pages) -- those of the pass that held
    box:clear_faults()
  end)

  it("gives up on a directory that never holds still", function()
    local number = 0
    local client = box:client {
      page_size = 3,
      on_request = function(request)
        if request.command == "getuserdata" then
          number = number + 1
          assert(box:load { users = { planted.person(("more%d@x.example"):format(number)) } })
        end
      end,
    }
    local err = check.failure("conflict", "directory_changing", collect.run(client, {}))
    assert.equal("getuserdata", err.command)
  end)

  it("has no hash in it, should the server send it back", function()
    assert(box:faults {
      command = "getsfdata",
      count = 1,
      body = ('{"1":{"sharedfoldername":"%s","users":[]}}'):format(box.provhash),
    })
    local found = assert(collect.run(box:client(), {}))
    for _, reply in ipairs(found.replies) do
      assert.is_nil(reply.text:find(box.provhash, 1, true))
    end
    box:clear_faults()
  end)
end)
