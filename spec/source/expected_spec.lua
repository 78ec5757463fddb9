-- What a source has to hold; whole files are in csv_spec, and other sources here.
local check = require "spec.support.check"
local expected = require "lastpass.source.expected"
local source = require "lastpass.source"

describe("lastpass.source.expected", function()
  it("is asked of every source", function()
    local list = { { email = "ann@acme.com" }, { email = "bob@acme.com" } }
    local people = assert(source.table(list, { expect = { rows = { min = 3 } } }))
    local err = check.failure("protocol", "wrong_row_count", people:read())
    assert.equal("table: has 2 rows, and 3 were expected at least", err.message)
    assert.is_false(people.proof.complete)
    assert(assert(source.table(list, { expect = { rows = 2 } })):read())
    assert.equal(
      "source.table: 'expect': 'trailer' is for CSV files",
      check.blamed(function()
        source.table(list, { expect = { trailer = "x" } })
      end)
    )
  end)

  it("takes the trailer's text to the letter, or as a pattern", function()
    assert.is_true(expected.is_trailer("100%", "100%"))
    assert.is_true((expected.is_trailer("^T.(%d+)$", "T;12")))
    assert.equal("12", select(2, expected.is_trailer("^T.(%d+)$", "T;12")))
    assert.is_false((expected.is_trailer("^T", "x;T")))
    assert.is_false((expected.is_trailer("(x", "xyx"))) -- found to be none only here
  end)
end)
