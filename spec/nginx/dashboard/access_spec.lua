local access_room = require "lastpass.nginx.dashboard.access"
local dashboard = require "spec.support.dashboard"
local planted = require "spec.support.planted"
local tenant = require "spec.support.tenant"

describe("access to shared folders", function()
  local box, one, view, access

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    one = tenant.of(box)
    view = one:directory()
    access = access_room.build(one, view, function() end)
  end)

  teardown(function()
    box:stop()
  end)

  it("has the figures of the report on folders, by name", function()
    assert.same({ dashboard.FOLDER, "Servers" }, planted.field(access.folders, "name"))
    assert.same({ "acme.example" }, access.domains)
    local report = require("lastpass.report").folders(one:client())
    local lines = {}
    for _, table_of in ipairs(report.tables) do
      if table_of.name == "folders" then
        lines = table_of.rows
      end
    end
    assert.equal(2, #lines)
    for _, line in ipairs(lines) do
      local mine = access:folder(line.folder_id)
      for _, field in ipairs { "read", "write", "administer", "external", "findings" } do
        assert.same(line[field], mine[field], line.folder .. " " .. field)
      end
    end
  end)

  it("says who can do what, through which group", function()
    local line, rows = access:folder(access.folders[2].folder_id)
    assert.equal("Servers", line.name)
    assert.same({ "ann@acme.example", "bob@acme.example" }, planted.field(rows, "email"))
    assert.same({ "administer", "write" }, planted.field(rows, "right"))
    assert.same({ "nil", dashboard.GROUP }, planted.field(rows, "group"))
    assert.is_nil(access:folder "none")
  end)

  it("says what somebody can do", function()
    local rows = access:rights_of "BOB@acme.example"
    assert.equal(1, #rows)
    assert.equal("Servers", rows[1].folder)
    assert.is_false(rows[1].sees_passwords)
    assert.same({}, access:rights_of "never@acme.example")
  end)

  it("takes the folders of the view when it has them", function()
    local before = #assert(box:journal { command = "getsfdata" })
    local folders = require("lastpass.directory.folders").read(one:client(), {})
    local with = { snapshot = view.snapshot, folders = folders }
    assert.equal(2, #access_room.build(one, with, function() end).folders)
    assert.equal(before + 1, #assert(box:journal { command = "getsfdata" }))
  end)

  it("gives the failure when they cannot be read", function()
    local broken = {
      client = function()
        return {
          getsfdata = function()
            return nil, "out of order", { kind = "transport" }
          end,
        }
      end,
    }
    local none, failure = access_room.build(broken, view, function() end)
    assert.is_nil(none)
    assert.equal("out of order", failure.message)
  end)
end)
