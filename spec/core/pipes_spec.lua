local core = require "lastpass.core"

describe("core.ignore_broken_pipes", function()
  it("makes writing where nobody reads a failure", function()
    core.ignore_broken_pipes()
    local pipe = assert(io.popen("exec true", "w"))
    pipe:setvbuf "no"
    local ok, message, number
    for _ = 1, 200 do
      ok, message, number = pipe:write(("x"):rep(65536))
      if not ok then
        break
      end
    end
    pipe:close()
    assert.is_nil(ok)
    assert.truthy(message:find "roken pipe", message)
    assert.equals(32, number)
  end)
end)
