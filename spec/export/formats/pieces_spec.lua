local pieces = require "lastpass.export.formats.pieces"

describe("lastpass.export.formats.pieces", function()
  it("join templates", function()
    assert.same({ "a", "b", "c" }, pieces.wrap({ "a" }, { "b" }, { "c" }))
    assert.same({ "a", "b" }, pieces.wrap({ "a" }, { "b" }))
  end)

  it("make lists of targets", function()
    assert.same(
      { "targets", { between = ",", after = "", user = "" }, "cef" },
      pieces.values("user", "cef", ",")
    )
    assert.equal("targets", pieces.json_targets()[1])
  end)
end)
