local campaign = require "lastpass.report.access_review.campaign"
local decisions_room = require "lastpass.report.access_review.decisions"
local planted = require "spec.support.planted"

describe("lastpass.report.access_review.decisions", function()
  local made, folder

  before_each(function()
    made = {}
    folder = planted.path(made)
    local rows = {}
    for place = 1, 4 do
      rows[place] = {
        id = "R" .. place,
        manager = "boss@x.example",
        person = "a@x.example",
        kind = "group",
        what = place == 4 and "=x" or "G" .. place,
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
    return assert(decisions_room.read(folder))
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
    assert.is_true(decisions_room.is(one))
    assert.is_false(decisions_room.is {})
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
