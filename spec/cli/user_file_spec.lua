local core = require "lastpass.core"
local json = require "lastpass.json"
local user_file = require "lastpass.cli.user_file"

describe("the user's file", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  it("is written so that people can read it, and read back", function()
    local content =
      { default = "a", profiles = { a = { cid = 7, provhash = { file = "x" } } }, odd = { 1, 2 } }
    assert.is_true(user_file.write(path, content))
    assert.same(content, user_file.read(path))
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    assert.truthy(text:find('\n    "a": {\n      "cid": 7,\n', 1, true), text)
    assert.same(content, json.decode(text))
  end)

  it("is empty when there is none, and a failure when it is no object", function()
    assert.same({}, user_file.read "/nowhere/at/all")
    assert(core.write_file(path, " \n"))
    assert.same({}, user_file.read(path))
    for _, text in ipairs { "{", "[1]", "3" } do
      assert(core.write_file(path, text))
      local content, message, err = user_file.read(path)
      assert.is_nil(content, text)
      assert.equals("bad_config", err.code)
      assert.truthy(message:find(path, 1, true))
    end
    assert.is_nil((user_file.write("/proc/nowhere/config.json", {})))
  end)
end)
