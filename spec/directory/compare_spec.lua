-- What has changed between two reads of a directory.
local companies = require "spec.support.companies"
local directory = require "lastpass.directory"

local function read(users)
  return companies.client({ users = users }):snapshot()
end

local function told(before, after)
  local list = {}
  for place, one in ipairs(directory.diff(read(before), read(after))) do
    list[place] = tostring(one)
  end
  return list
end

describe("lastpass.directory.compare", function()
  it("finds nothing between two reads of the same", function()
    local users = companies.people(3)
    assert.same({}, told(users, { users[3], users[2], users[1] }))
  end)

  it("tells people whose addresses differ by case apart", function()
    local twins = { { email = "Eve@x", groups = { "A" } }, { email = "eve@x", groups = { "B" } } }
    assert.same({}, told(twins, { twins[2], twins[1] }))
    assert.same({ "Eve@x gone" }, told(twins, { twins[2] }))
    assert.same({ "eve@x gone" }, told(twins, { twins[1] }))
    assert.same({ "eve@x appeared" }, told({ twins[1] }, twins))
  end)

  it("takes an address in another case for the same", function()
    assert.same(
      { "ANN@x joined B" },
      told({ { email = "ann@x" } }, { { email = "ANN@x", groups = { "B" } } })
    )
  end)

  it("says yes and no", function()
    assert.same(
      { "a@x admin: yes -> no" },
      told({ { email = "a@x", admin = true } }, { { email = "a@x" } })
    )
  end)
end)
