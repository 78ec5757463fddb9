local dashboard = require "spec.support.dashboard"
local folders = require "lastpass.nginx.dashboard.folders"
local planted = require "spec.support.planted"
local tenant = require "spec.support.tenant"

describe("pages of folders", function()
  local box, user

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    user = dashboard.of(box)
    user:sign_in()
  end)

  teardown(function()
    box:stop()
  end)

  it("show what each may be used for, and what is wrong", function()
    local body = user:page "folders"
    assert.same({
      {
        "Keys&lt;/h1&gt;&lt;script&gt;alert(3)&lt;/script&gt;",
        "1",
        "1",
        "0",
        "1",
        "external access no active admin",
      },
      { "Servers", "0", "1", "1", "0", "none" },
    }, dashboard.rows(body))
    assert.is_nil(body:find("<script>", 1, true))
    assert.truthy(body:find("addresses outside of acme.example", 1, true))
  end)

  it("are sorted and searched", function()
    assert.equal("Servers", dashboard.names(user:page "folders?sort=administer")[1])
    assert.same({ "Servers" }, dashboard.names(user:page "folders?q=SERV"))
    assert.truthy(user:page("folders?q=zzz"):find("No folder matches", 1, true))
  end)

  it("show who can do what, through which group", function()
    local id = user:page("folders?q=serv"):match "folder%?id=(%w+)"
    local body = user:page("folder?id=" .. id)
    assert.truthy(body:find("<h1><bdi>Servers</bdi></h1>", 1, true))
    assert.truthy(
      body:find(
        "ann@<wbr>acme<wbr>.example</bdi></a></th><td>administer</td><td>directly</td>",
        1,
        true
      )
    )
    assert.truthy(body:find("people?group=%3Ci%3ESales", 1, true))
    assert.truthy(
      body:find(
        '<td class="minor">no</td><td class="minor">active</td><td class="minor">none</td>',
        1,
        true
      )
    )
  end)

  it("say who is from outside", function()
    local id = user:page("folders?q=keys"):match "folder%?id=(%w+)"
    local body = user:page("folder?id=" .. id)
    assert.truthy(body:find('<span class="mark bad">external</span>', 1, true))
    assert.truthy(body:find("not of this company", 1, true))
    assert.is_nil(body:find("<script>", 1, true))
    assert.is_nil(body:find("person?email=out", 1, true))
  end)

  it("are not there for an unknown one", function()
    assert.equal(404, user:get("/dashboard/acme/folder?id=none").status)
    assert.equal(404, user:get("/dashboard/acme/folder").status)
  end)

  it("say it when LastPass does not answer", function()
    local other = dashboard.of(box)
    other:sign_in()
    other.tenant:directory()
    function other.tenant.client()
      return {
        getsfdata = function()
          return nil, "out of <order>", { kind = "transport", retry_after = 7 }
        end,
      }
    end
    for _, page in ipairs { "folders", "folder?id=7001" } do
      local response = other:get("/dashboard/acme/" .. page)
      assert.equal(503, response.status)
      assert.equal("7", response.headers["retry-after"])
      assert.truthy(response.body:find("out of &lt;order&gt;", 1, true))
      assert.truthy(response.body:find('href="/dashboard/acme/' .. page .. '">Try again', 1, true))
    end
    local body = other:page "person?email=ann%40acme.example"
    assert.truthy(body:find("Shared folders could not be read: out of &lt;order&gt;.", 1, true))
  end)
end)

describe("access to shared folders", function()
  local box, one, view, access

  setup(function()
    box = planted.start()
    dashboard.plant(box)
    one = tenant.of(box)
    view = one:directory()
    access = folders.build(one, view, function() end)
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
    local list = require("lastpass.directory.folders").read(one:client(), {})
    local with = { snapshot = view.snapshot, folders = list }
    assert.equal(2, #folders.build(one, with, function() end).folders)
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
    local none, failure = folders.build(broken, view, function() end)
    assert.is_nil(none)
    assert.equal("out of order", failure.message)
  end)
end)
