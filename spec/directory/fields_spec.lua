local core = require "lastpass.core"
local fields = require "lastpass.directory.fields"

describe("lastpass.directory.fields", function()
  it("has every field of the core, but for those that hold secrets or repeat another", function()
    local left_out = { attributes = true, disabled = true, legacy_security_score = true }
    local listed = {}
    for _, field in ipairs(fields.list) do
      assert.is_nil(listed[field[1]], field[1])
      listed[field[1]] = true
      assert.truthy(core.user_fields[field[1]], field[1])
      assert.is_string(field[2])
    end
    for name in pairs(core.user_fields) do
      assert.equal(not left_out[name], listed[name] == true, name)
    end
  end)

  it("gives positions without gaps", function()
    local columns, evidence = {}, {}
    for _, field in ipairs(fields.list) do
      if field.column then
        columns[field.column.position] = field[1]
      end
      if field.evidence then
        evidence[field.evidence] = field[1]
      end
    end
    assert.same({ "email", "fullname", "status", "admin", "mfa", "groups", "last_login" }, columns)
    assert.equal(18, #evidence)
  end)
end)
