-- QR codes: what the pictures are made of, and what is said without the library. That others can read them is in
-- spec/peers/mfa_codes_spec.lua.
local check = require "spec.support.check"
local qr = require("lastpass.mfa").qr

describe("mfa.qr", function()
  local loaded

  before_each(function()
    loaded = package.loaded["lastpass.qrcode"]
  end)

  after_each(function()
    package.loaded["lastpass.qrcode"] = loaded
  end)

  -- A code of three by three modules.
  local function with_small_code()
    package.loaded["lastpass.qrcode"] = {
      encode = function()
        return 3, "101" .. "010" .. "111"
      end,
    }
  end

  it("says what to install, when the library or the module is missing", function()
    package.loaded["lastpass.qrcode"] = {
      encode = function()
        return nil, "libqrencode is not installed", "unavailable"
      end,
    }
    for _, name in ipairs { "matrix", "terminal", "svg", "png" } do
      local err = check.failure("argument", "unavailable", qr[name] "x")
      assert.matches("install libqrencode", err.message)
    end
    package.loaded["lastpass.qrcode"] = nil
    local preload = package.preload["lastpass.qrcode"]
    package.preload["lastpass.qrcode"] = function()
      error "libdl.so: no such file"
    end
    check.failure("argument", "unavailable", qr.matrix "x")
    package.preload["lastpass.qrcode"] = preload
  end)

  it("draws on a terminal with two modules in a character", function()
    with_small_code()
    local space, upper, lower, full = " ", "\226\150\128", "\226\150\132", "\226\150\136"
    assert.equal(
      table.concat({
        full:rep(7),
        full:rep(2) .. lower .. upper .. lower .. full:rep(2),
        full:rep(2) .. lower:rep(3) .. full:rep(2),
        full:rep(7),
        "",
      }, "\n"),
      (qr.terminal("x"):gsub(space, space))
    )
    local lines = {}
    for line in qr.terminal("x", { ascii = true }):gmatch "[^\n]+" do
      lines[#lines + 1] = line
    end
    assert.same({
      ("#"):rep(14),
      ("#"):rep(14),
      "####  ##  ####",
      "######  ######",
      "####      ####",
      ("#"):rep(14),
      ("#"):rep(14),
    }, lines)
    assert.matches("^\27%[37;40m.*\27%[0m\n$", qr.terminal("x", { color = true }))
  end)

  it("draws SVG without styles and scripts", function()
    with_small_code()
    assert.equal(
      '<svg aria-label="QR code" height="44" role="img" shape-rendering="crispEdges" '
        .. 'viewBox="0 0 11 11" width="44" xmlns="http://www.w3.org/2000/svg">'
        .. '<path d="M0 0h11v11H0z" fill="#fff"></path><path d="M4 4h1v1h-1zM6 4h1v1h-1z'
        .. 'M5 5h1v1h-1zM4 6h3v1h-3z" fill="#000"></path></svg>',
      qr.svg "x"
    )
    assert.matches('height="22"', qr.svg("x", { scale = 2 }))
  end)

  it("draws PNG", function()
    with_small_code()
    local zlib = require("lastpass.zlib").load()
    if not zlib then
      return pending "lua-zlib is not installed"
    end
    local png = assert(qr.png("x", { scale = 2 }))
    assert.equal("\137PNG\r\n\26\n\0\0\0\13IHDR\0\0\0\22\0\0\0\22\1\0\0\0\0", png:sub(1, 29))
    local size, at = 0, png:find("IDAT", 1, true)
    for index = 4, 1, -1 do
      size = size * 256 + png:byte(at - index)
    end
    local pixels = zlib.inflate()(png:sub(at + 4, at + 3 + size))
    assert.equal(22 * (1 + 3), #pixels)
    assert.equal("\0\255\255\252", pixels:sub(1, 4))
    assert.equal("\0\255\51\252", pixels:sub(8 * 4 + 1, 9 * 4))
    local module = package.loaded["zlib"]
    local preload = package.preload["zlib"]
    package.loaded["zlib"], package.preload["zlib"] = nil, function()
      error "none"
    end
    check.failure("argument", "unavailable", qr.png "x")
    package.loaded["zlib"], package.preload["zlib"] = module, preload
  end)

  it("makes codes as large as they have to be", function()
    local small = qr.matrix "x"
    if not small then
      return pending "libqrencode is not installed"
    end
    assert.equal(21, small.width)
    assert.equal(21 * 21, #small.modules)
    assert.is_nil(small.modules:find "[^01]")
    assert.equal(177, qr.matrix(("x"):rep(2331)).width)
    assert.is_truthy(qr.matrix "\0\255")
    check.failure("argument", "too_long", qr.matrix "")
    check.failure("argument", "too_long", qr.matrix(("x"):rep(2332)))
  end)

  it("blames whoever asks for what it does not take", function()
    for _, scale in ipairs { 0, 33, 1.5, "2" } do
      check.blamed(function()
        qr.svg("x", { scale = scale })
      end)
      check.blamed(function()
        qr.png("x", { scale = scale })
      end)
    end
    check.blamed(function()
      qr.terminal("x", { colour = true })
    end)
  end)
end)
