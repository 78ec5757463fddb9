local origin = require "lastpass.source.origin"
local problem = require "lastpass.source.problem"

describe("a problem", function()
  it("has its origin's fields and counts as refused", function()
    local self = { proof = { refused = 2 }, problems = {} }
    local place = origin.of_file("hr.json", 3, 17)
    local column = { name = "fullname", label = "name" }
    local person, refused = problem.refuse(self, place, "missing_value", "'name' is empty", {
      column = column,
      value = ("x"):rep(2000),
      key = "ann@acme.com",
    })
    assert.is_nil(person)
    assert.equal(3, self.proof.refused)
    assert.equal(refused, self.problems[1])
    assert.same({
      file = "hr.json",
      row = 3,
      line = 17,
      origin = place,
      code = "missing_value",
      reason = "'name' is empty",
      field = "fullname",
      column = "name",
      value = ("x"):rep(1000),
      key = "ann@acme.com",
    }, refused)
    assert.equal("hr.json:17: 'name' is empty", tostring(refused))
  end)

  it("shows values short, on one line and without what a terminal would act on", function()
    assert.equal("'a?[2Jb??c'", problem.shown "a\27[2Jb\n\0c")
    -- The last character may have been cut in two, so it goes.
    assert.equal("'" .. ("\195\188"):rep(29) .. "…'", problem.shown(("\195\188"):rep(100)))
    assert.equal("'" .. ("x"):rep(60) .. "…'", problem.shown(("x"):rep(61)))
    assert.equal("'" .. ("x"):rep(60) .. "'", problem.shown(("x"):rep(60)))
  end)
end)
