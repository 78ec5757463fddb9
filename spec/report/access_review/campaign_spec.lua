local campaign = require "lastpass.report.access_review.campaign"
local check = require "spec.support.check"
local planted = require "spec.support.planted"

describe("items", function()
  it("knows an item again, whatever the case of its address", function()
    local function key(more)
      local item = { kind = "folder", person = "Ann@acme.example", what = "Plans", folder_id = "1" }
      for name, value in pairs(more or {}) do
        item[name] = value
      end
      return campaign.key(item)
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
        local position = 0
        return function()
          position = position + 1
          return users[position]
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
    local kinds = { account = true, admin = true, group = true, folder = true }
    local seen = {}
    local disabled = campaign.each_item(reading, kinds, function(user, item)
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

describe("campaign", function()
  local made

  before_each(function()
    made = {}
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function report(managers)
    local rows = {}
    for position, manager in ipairs(managers) do
      rows[position] = {
        id = ("R%05d"):format(position),
        manager = manager or nil,
        person = "a@x.example",
        kind = "group",
        what = "A",
      }
    end
    return {
      rows = rows,
      statement = { query = {}, options = {}, read_at = 0, as_of = 0, complete = true },
    }
  end

  it("names files after managers, whatever their addresses", function()
    local folder = planted.path(made)
    local names = assert(campaign.write(
      report {
        "a@x.example",
        "../../etc/passwd@x",
        "o'neil@x.example",
        "o neil@x.example",
        "a@x.example",
        false,
      },
      folder
    ))
    assert.same({
      "a@x.example.csv",
      "_._.._etc_passwd@x.csv",
      "o_neil@x.example.csv",
      "o_neil@x.example-2.csv",
      "unassigned.csv",
    }, names)
    local back = assert(campaign.read(folder))
    assert.equal(6, #back.items)
    assert.equal("a@x.example.csv", back.items[2].file)
    assert.equal("1970-01-01T00:00:00Z", back.statement.read_at)
  end)

  it("refuses what is not its own", function()
    local folder = planted.path(made)
    assert(campaign.write(report { "a@x.example" }, folder))
    for _, text in ipairs {
      "",
      "[]",
      "{}",
      '{"format":"lastpass.access_review","version":2,"items":[]}',
    } do
      planted.write(folder .. "/campaign.json", text)
      check.failure("protocol", "not_a_campaign", campaign.read(folder))
    end
    local _, message, err = campaign.read(folder .. "/elsewhere")
    assert.matches("elsewhere/campaign.json", message, 1, true)
    assert.equal("is this the folder that the review was exported to?", err.hint)
  end)
end)

describe("decisions", function()
  local made, folder

  before_each(function()
    made = {}
    folder = planted.path(made)
    local rows = {}
    for position = 1, 4 do
      rows[position] = {
        id = "R" .. position,
        manager = "boss@x.example",
        person = "a@x.example",
        kind = "group",
        what = position == 4 and "=x" or "G" .. position,
        right = "member",
      }
    end
    local statement = { query = {}, options = {}, read_at = 0, as_of = 0, complete = true }
    assert(campaign.write({ rows = rows, statement = statement }, folder))
  end)

  after_each(function()
    planted.remove(made)
  end)

  local function fill(lines)
    local text = "id,person,fullname,kind,what,right,through,last_login,decision,comment\r\n"
    planted.write(folder .. "/boss@x.example.csv", text .. table.concat(lines, "\r\n") .. "\r\n")
    return assert(campaign.decisions(folder))
  end

  it("takes keep and remove as people write them", function()
    local one = fill {
      "R1,a@x.example,,group,G1,member,,,KEEP,",
      "R2,a@x.example,,group,G2,member,,, remove ,'=why",
      "R3,a@x.example,,group,G3,member,,,,later",
      "R4,a@x.example,,group,'=x,member,,,keep,",
    }
    assert.same({ keep = 2, remove = 1, undecided = 1 }, one.counts)
    assert.same({}, one.problems)
    assert.equal("=why", one.by_id.R2.comment)
    assert.equal("boss@x.example.csv:3", tostring(one.by_id.R2.origin))
    assert.is_true(campaign.is_decisions(one))
    assert.is_false(campaign.is_decisions {})
  end)

  it("counts a row that was deleted as undecided", function()
    local one = fill { "R1,a@x.example,,group,G1,member,,,keep," }
    assert.same({ keep = 1, remove = 0, undecided = 3 }, one.counts)
  end)

  it("does not take a row that was changed, or stands there twice", function()
    local one = fill {
      "R1,b@x.example,,group,G1,member,,,remove,",
      "R2,a@x.example,,group,G1,member,,,remove,",
      "R3,a@x.example,,group,G3,member,,,remove,",
      "R3,a@x.example,,group,G3,member,,,keep,",
    }
    assert.same({ keep = 0, remove = 1, undecided = 3 }, one.counts)
    assert.equal(3, #one.problems)
    assert.equal("R1: the column 'person' was changed", one.problems[1].reason)
    assert.equal("R2: the column 'what' was changed", one.problems[2].reason)
    assert.equal("boss@x.example.csv:5", one.problems[3].origin)
  end)
end)
