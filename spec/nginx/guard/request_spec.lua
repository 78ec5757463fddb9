-- What guards take for the address of a request.
local requests = require "lastpass.nginx.guard.request"

describe("the address of a request", function()
  local real = rawget(_G, "ngx")

  after_each(function()
    rawset(_G, "ngx", real)
  end)

  local function address(bytes, more)
    local var = more or { remote_addr = "a" }
    var.binary_remote_addr = bytes
    rawset(_G, "ngx", { var = var })
    return requests.address(more ~= nil)
  end

  local ZEROS = ("\0"):rep(10)

  it("is of an IPv6 address its network", function()
    local one = ("\32\1\13\184abcd"):rep(1)
    assert.equal(address(one .. "12345678"), address(one .. "87654321"))
    assert.equal(one, address(one .. "12345678"))
  end)

  it("is of an IPv4 address all of it, also on a socket that takes both", function()
    assert.equal("\1\2\3\4", address "\1\2\3\4")
    assert.equal("\1\2\3\4", address(ZEROS .. "\255\255\1\2\3\4"))
    assert.equal(8, #address(ZEROS .. "\0\0\0\0\0\1")) -- ::1
  end)

  it("is not known behind a proxy that nginx does not believe", function()
    assert.is_nil(address("\1\2\3\4", { remote_addr = "p", realip_remote_addr = "p" }))
    local known = address("\1\2\3\4", { remote_addr = "c", realip_remote_addr = "p" })
    assert.equal("\1\2\3\4", known)
  end)
end)
