local planted = require "spec.support.planted"
local tables = require "lastpass.report.evidence.tables"

describe("lastpass.report.evidence.tables", function()
  it("writes what was found, in an order of its own", function()
    local box = planted.start()
    planted.plant(box, {
      { "bob@x.example", { groups = { "B", "A" }, attribs = { pin = "1" } } },
      { "ann@x.example", { fullname = "=Ann", groups = { "A" } } },
    }, { "new@x.example" })
    local files = {}
    local counts = tables.add(files, {
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
