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
    for position, query in ipairs(found.queries) do
      asked[position] = query.command .. " " .. query.file
      assert.equal(query.file, found.replies[position].path)
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
    for position = 1, 3 do
      count = count + json.decode(found.replies[position].text).count
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

describe("tables of a bundle", function()
  it("writes what was found, in an order of its own", function()
    local box = planted.start()
    planted.plant(box, {
      { "bob@x.example", { groups = { "B", "A" }, attribs = { pin = "1" } } },
      { "ann@x.example", { fullname = "=Ann", groups = { "A" } } },
    }, { "new@x.example" })
    local files = {}
    local counts = collect.add_tables(files, {
      snapshot = assert(box:client():snapshot()),
      folders = {
        {
          id = "7",
          name = "F",
          deleted = false,
          users = {
            { email = "b@x", can_write = true, can_administer = false },
            { email = "a@x", can_write = false, can_administer = true, group = "G" },
          },
        },
      },
      expired = { { id = 2, email = "b@x" }, { id = 1, email = "a@x", last_password_change = 0 } },
      queries = {},
    })
    box:stop()
    local texts = {}
    for _, file in ipairs(files) do
      texts[file.path] = file.text
    end
    assert.equal(
      "group,email\r\nA,ann@x.example\r\nA,bob@x.example\r\nB,bob@x.example\r\n",
      texts["tables/memberships.csv"]
    )
    assert.equal(
      "folder_id,folder,deleted,email,can_write,sees_passwords,can_administer,super_admin,group\r\n"
        .. "7,F,no,a@x,no,,yes,,G\r\n7,F,no,b@x,yes,,no,,\r\n",
      texts["tables/folder_rights.csv"]
    )
    assert.equal(
      "id,email,last_password_change\r\n1,a@x,1970-01-01T00:00:00Z\r\n2,b@x,\r\n",
      texts["tables/expired_passwords.csv"]
    )
    local names = {}
    for address, name in texts["tables/users.csv"]:gmatch "([^,\n]*@x%.example),([^,]*)," do
      names[#names + 1] = address .. " " .. name
    end
    assert.same({ "ann@x.example '=Ann", "bob@x.example Name of bob", "new@x.example " }, names)
    assert.is_nil(texts["tables/users.csv"]:find("pin", 1, true))
    assert.is_nil(texts["tables/events.csv"])
    assert.same({
      users = 2,
      invited = 1,
      memberships = 3,
      folders = 1,
      folder_rights = 2,
      expired_passwords = 2,
      queries = 0,
    }, counts)
  end)
end)
