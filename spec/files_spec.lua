-- Small questions about files.
local files = require "lastpass.files"

describe("lastpass.files", function()
  it("knows whether a file can be read", function()
    local path = os.tmpname()
    assert.is_true(files.is_readable(path))
    os.remove(path)
    assert.is_false(files.is_readable(path))
    assert.is_false(files.is_readable(path .. "/below"))
  end)

  it("gives any text to a shell as one word", function()
    for _, text in ipairs {
      "plain",
      "two words",
      "it's",
      '$(id) `id` \\ "',
      "-n",
      "",
      "a\nb",
      "''",
    } do
      local pipe = assert(io.popen("printf '<%s>' " .. files.shell_word(text)))
      assert.equal("<" .. text .. ">", pipe:read "*a")
      pipe:close()
    end
  end)
end)
