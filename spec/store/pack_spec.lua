local check = require "spec.support.check"
local pack = require "lastpass.store.pack"

describe("store.pack", function()
  setup(function()
    assert(pack.available())
  end)

  local all = {}
  for code = 0, 255 do
    all[#all + 1] = string.char(code)
  end
  all = table.concat(all)

  it("gives every byte back", function()
    local lines = ("\n"):rep(100000)
    for _, bytes in ipairs { "", "\0", "a", all, all:rep(1000), lines, all:reverse() } do
      local text = pack.pack(bytes)
      assert.is_nil(text:find "[^0-9a-f]")
      assert.is_true(pack.unpack(text) == bytes)
    end
  end)

  it("makes directories small", function()
    local text = ('{"email":"ann@acme.example","groups":["Finance","All"]}'):rep(2000)
    assert.is_true(#pack.pack(text) < #text / 20)
  end)

  it("knows what it did not make, and what was cut", function()
    local text = pack.pack(all:rep(50))
    for _, wrong in ipairs {
      "",
      "x",
      "0",
      "00",
      "zz",
      text:upper() .. "G",
      text:sub(1, -3),
      text:sub(3),
    } do
      assert.is_nil(pack.unpack(wrong), wrong)
    end
    assert.is_nil(pack.unpack(text:sub(1, 40) .. "ffff" .. text:sub(45)))
  end)

  it("says what to install when there is no zlib", function()
    local loaded, preload = package.loaded.zlib, package.preload.zlib
    package.loaded.zlib = nil
    package.preload.zlib = function()
      error "not here"
    end
    local ok, message, err = pack.available()
    package.loaded.zlib, package.preload.zlib = loaded, preload
    assert.matches("lua%-zlib", check.failure("argument", "no_zlib", ok, message, err).hint)
    assert.is_true(pack.available())
  end)
end)
