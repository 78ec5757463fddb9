-- What is read of a tree: one of each, no text among elements, times to the letter.
local check = require "spec.support.check"
local read = require "lastpass.saml.read"

local function element(name, more)
  local made = { ns = "n", name = name, attributes = {}, children = {}, text = "" }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

describe("saml.read", function()
  it("gives the only child of a name", function()
    local one = element("One", { text = "x" })
    local other = element("One", { ns = "m", text = "y" })
    local parent = element("Parent", { children = { other, one }, text = "\n  " })
    assert.equal(one, read.child(parent, "n", "One"))
    assert.equal("x", read.text_of(parent, "n", "One"))
    assert.same({ one }, read.children(parent, "n", "One"))
    assert.same({}, { read.child(parent, "n", "Two") })
    assert.same({}, { read.text_of(parent, "n", "Two") })
    assert.is_true(read.is(one, "n", "One"))
    assert.is_false(read.is(other, "n", "One"))
  end)

  it("refuses a second one", function()
    local parent = element("Parent", { children = { element "One", element "One" } })
    local err = check.failure("protocol", "repeated_element", read.child(parent, "n", "One"))
    assert.matches("One in Parent", err.message, 1, true)
    assert.equal(2, #read.children(parent, "n", "One"))
  end)

  it("refuses text among elements, and elements in a text", function()
    local mixed = element("Mixed", { children = { element "One" }, text = "evil" })
    check.failure("protocol", "text_among_elements", read.child(mixed, "n", "One"))
    check.failure("protocol", "text_among_elements", read.children(mixed, "n", "One"))
    check.failure("protocol", "text_among_elements", read.text(mixed))
    check.failure(
      "protocol",
      "text_among_elements",
      read.text_of(element("Parent", { children = { mixed } }), "n", "Mixed")
    )
  end)

  it("reads times in UTC, with a fraction", function()
    assert.equal(1796032800, read.utc "2026-11-30T10:00:00Z")
    assert.equal(1796032800.25, read.utc "2026-11-30T10:00:00.25Z")
    assert.equal(1796032800, read.utc "2026-11-30T10:00:00.000Z")
    for _, text in ipairs {
      "",
      "2026-11-30T10:00:00",
      "2026-11-30T10:00:00+00:00",
      "2026-11-30T10:00:00z",
      "2026-11-30 10:00:00Z",
      "2026-11-30T10:00:00.Z",
      "2026-11-3010:00:00Z",
      "2026-11-30T10:00:00Z ",
      " 2026-11-30T10:00:00Z",
      "2026-11-30T24:00:00Z",
      "2026-11-30T10:00:60Z",
      "2026-02-29T10:00:00Z",
      "-2026-11-30T10:00:00Z",
      "12026-11-30T10:00:00Z",
      "2026-11-30T10:00:000Z",
      "2026-11-30T10:00:00." .. ("1"):rep(60) .. "Z",
      "2026-11-30",
      "1796032800",
    } do
      assert.is_nil(read.utc(text), text)
    end
  end)

  it("says which time is malformed, or missing", function()
    local it_is = element("Conditions", { attributes = { NotBefore = "soon" } })
    local err = check.failure("refused", "bad_time", read.time(it_is, "NotBefore"))
    assert.matches("NotBefore of Conditions is 'soon'", err.message, 1, true)
    check.failure("refused", "bad_time", read.optional_time(it_is, "NotBefore"))
    check.failure("refused", "bad_time", read.time(it_is, "NotOnOrAfter"))
    assert.same({}, { read.optional_time(it_is, "NotOnOrAfter") })
  end)

  it("shows both times and the difference", function()
    local err = check.failure(
      "refused",
      "conditions_expired",
      read.refuse_time("conditions_expired", 1796032800, 1796032921.5, 60)
    )
    assert.equal(
      "the assertion is over: 2026-11-30T10:00:00Z, and it is 2026-11-30T10:02:01Z here: "
        .. "121 s apart, of which 60 s are allowed",
      err.message
    )
    assert.same({ 1796032800, 1796032921.5, 121 }, { err.at, err.now, err.difference })
  end)
end)
