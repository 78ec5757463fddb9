-- What a source has to hold; whole files are in csv_spec, and other sources here.
local check = require "spec.support.check"
local columns = require "lastpass.source.columns"
local source = require "lastpass.source"

describe("the option `expect`", function()
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
    assert.is_true(columns.is_trailer("100%", "100%"))
    assert.is_true((columns.is_trailer("^T.(%d+)$", "T;12")))
    assert.equal("12", select(2, columns.is_trailer("^T.(%d+)$", "T;12")))
    assert.is_false((columns.is_trailer("^T", "x;T")))
    assert.is_false((columns.is_trailer("(x", "xyx"))) -- found to be none only here
  end)
end)

describe("options of sources", function()
  it("are the common ones and a kind's own", function()
    local all = columns.kind({ options = { path = "string" } }).options
    assert.equal("string", all.path)
    assert.equal("boolean", all.trim)
    assert.is_nil(columns.kind({ options = {} }).options.path)
  end)

  it("count from 1", function()
    local kind = columns.kind {
      source = "source.x",
      option = "columns",
      options = { most = "number", least = "number" },
      counts = { "most", "least" },
    }
    columns.plan({ most = 1 }, 1, kind)
    for _, wrong in ipairs { 0, -1, 2 ^ 31, 0 / 0 } do
      assert.equal(
        "source.x: option 'most' must be from 1 to 2^30",
        check.blamed(function()
          columns.plan({ most = wrong }, 1, kind)
        end)
      )
    end
  end)
end)
