local columns = require "lastpass.source.columns"

-- The bound columns as readable strings: "name=position,position flags".
local function bound(options, header)
  local list, key = columns.bind(columns.plan(options, 1), header)
  local flat = {}
  for index, column in ipairs(assert(list, key)) do
    flat[index] = column.name
      .. "="
      .. table.concat(column.positions, ",")
      .. (column.email and " email" or "")
      .. (column.required and " required" or "")
      .. (column == key and " key" or "")
  end
  return flat
end

describe("columns", function()
  it("are in the order of the file, single ones before joined ones", function()
    local options = { columns = { z = "A", all = { "A", "C" }, b = "A", email = "D" } }
    assert.same(
      { "b=1", "z=1", "all=1,3", "email=4 email required key" },
      bound(options, { "A", "B", "C", "D" })
    )
  end)

  it("follow the header when none are named", function()
    assert.same(
      { "first_name=1", "email=2 email required key", "no=4", "größe_cm=5" },
      bound({}, { "First Name", "E-Mail", "", "No.", "Größe (cm)" })
    )
  end)

  it("have the key that is asked for, or none", function()
    assert.same({ "id=1 required key", "email=2 email" }, bound({ key = "id" }, { "Id", "Email" }))
    assert.same({ "id=1", "email=2 email" }, bound({ key = false }, { "Id", "Email" }))
    assert.same({ "id=1" }, bound({}, { "Id" }))
  end)

  it("do not mark columns of an earlier file", function()
    local plan = columns.plan({ columns = { a = "A" }, required = { "a" } }, 1)
    assert.is_true(columns.bind(plan, { "A" })[1].required)
    assert.is_nil(plan.columns.a.required)
    assert.same({ 2 }, columns.bind(plan, { "B", "A" })[1].positions)
  end)

  it("may be optional, but not when they are the key", function()
    local options = { columns = { id = { "Id", optional = true }, name = "Name" } }
    assert.same({ "name=1" }, bound(options, { "Name" }))
    options.key = "id"
    local list, message, err = columns.bind(columns.plan(options, 1), { "Name" })
    assert.is_nil(list)
    assert.equal(
      "no column 'Id' (for the field 'id'); the header is the one column 'Name'",
      message
    )
    assert.equal("missing_column", err.code)
  end)

  it("may be filled by the first of several that is not empty", function()
    local options = { columns = { email = { first = { "mail", "upn" } } } }
    assert.same({ "email=2,1 email required key" }, bound(options, { "upn", "mail" }))
    for _, case in ipairs {
      { { first = {} }, "source.csv: column 'email' names no header" },
      {
        { "x", first = { "y" } },
        "source.csv: column 'email': 'first' stands in the place of other",
      },
      { { first = { "y" }, join = "" }, "source.csv: column 'email': 'first' and 'join' exclude" },
      { { first = { 7 } }, "source.csv: column 'email': a header must be a string, not number" },
      { { first = "y" }, "source.csv: column 'email': option 'first' must be table" },
    } do
      local _, message = pcall(columns.plan, { columns = { email = case[1] } }, 1)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)
end)
