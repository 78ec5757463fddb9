local fields = require "lastpass.source.fields"

local function of(...)
  local fingerprint = assert(fields.fingerprint())
  for _, person in ipairs { ... } do
    fingerprint:add(person)
  end
  return fingerprint:hex()
end

describe("a fingerprint", function()
  it("does not depend on the order of people", function()
    local ann, bob = { email = "ann@x", groups = { "A", "B" } }, { email = "bob@x" }
    assert.equal(64, #of(ann, bob))
    assert.equal(of(ann, bob), of(bob, ann))
    assert.not_equal(of(ann, bob), of(ann))
    assert.not_equal(of(ann, ann), of(ann))
  end)

  it("tells values apart that run together to the same bytes", function()
    local all = {
      of { a = "1", b = "2" },
      of { a = "1:b1:2" },
      of { a = "1" },
      of { a = { "1" } },
      of { a = { "1", "2" } },
      of { a = { "12" } },
      of { a = {}, b = "12" },
      of({ a = "1" }, { b = "2" }),
      of(),
      of {},
    }
    local seen = {}
    for _, hex in ipairs(all) do
      assert.is_nil(seen[hex])
      seen[hex] = true
    end
  end)
end)
