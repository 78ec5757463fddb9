local zlib = require "lastpass.zlib"

describe("lastpass.zlib", function()
  it("loads lua-zlib without a global variable of its own", function()
    local before = rawget(_G, "zlib")
    local loaded = zlib.load()
    assert.is_function(loaded.inflate)
    assert.equal(before, rawget(_G, "zlib"))
  end)

  it("is nothing where lua-zlib is not installed", function()
    local loaded, preload = package.loaded.zlib, package.preload.zlib
    package.loaded.zlib = nil
    package.preload.zlib = function()
      error "not installed"
    end
    local found = zlib.load()
    package.loaded.zlib, package.preload.zlib = loaded, preload
    assert.is_nil(found)
  end)
end)
