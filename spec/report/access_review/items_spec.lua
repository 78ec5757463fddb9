local items_room = require "lastpass.report.access_review.items"

describe("lastpass.report.access_review.items", function()
  it("knows an item again, whatever the case of its address", function()
    local function key(more)
      local item = { kind = "folder", person = "Ann@acme.example", what = "Plans", folder_id = "1" }
      for name, value in pairs(more or {}) do
        item[name] = value
      end
      return items_room.key(item)
    end
    assert.equal(key(), key { person = "ann@acme.example" })
    assert.equal(key(), key { what = "renamed" }) -- a folder keeps its id
    assert.equal(key(), key { right = "write" })
    assert.not_equal(key(), key { folder_id = "2" })
    assert.not_equal(key(), key { through = "Sales" })
    assert.not_equal(key { kind = "group" }, key { kind = "group", what = "Sales" })
  end)

  it("goes through everything of people who are not disabled", function()
    local users = {
      { email = "ann@x.example", status = "active", groups = { "A" }, admin = true },
      { email = "off@x.example", status = "disabled", groups = { "A" } },
      { email = "new@x.example", status = "invited", groups = {} },
    }
    local reading = {
      users = function()
        local place = 0
        return function()
          place = place + 1
          return users[place]
        end
      end,
      folders = function()
        return {
          { id = "1", name = "F", users = { { email = "Ann@x.example", can_write = true } } },
          { id = "2", name = "G", deleted = true, users = { { email = "ann@x.example" } } },
          {
            id = "3",
            name = "H",
            users = { { email = "off@x.example" }, { email = "out@y.example" } },
          },
        }
      end,
    }
    local seen = {}
    local disabled = items_room.each(reading, items_room.kinds, function(user, item)
      seen[#seen + 1] = ("%s %s %s %s"):format(user.email, item.kind, item.what, item.right or "-")
    end)
    assert.equal(1, disabled)
    assert.same({
      "ann@x.example account log in active",
      "ann@x.example admin administer the company -",
      "ann@x.example group A member",
      "new@x.example account log in invited",
      "ann@x.example folder F write",
    }, seen)
  end)
end)
