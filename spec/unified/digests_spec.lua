local digests = require "lastpass.unified.digests"

describe("digests", function()
  it("give what RFC 6234 and RFC 4231 give", function()
    assert.equal(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      digests.sha256_hex "abc"
    )
    assert.equal("ba7816bf", digests.sha256_hex("abc", 8))
    assert.equal(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      digests.hex(digests.hmac("Jefe", "what do ya want for nothing?"))
    )
    assert.equal("000aff", digests.hex "\0\n\255")
  end)

  it("compare whole texts", function()
    assert.is_true(digests.same("abc", "abc"))
    assert.is_true(digests.same("", ""))
    assert.is_false(digests.same("abc", "abd"))
    assert.is_false(digests.same("abc", "ab"))
    assert.is_false(digests.same("ac", "ca"))
  end)

  it("conceal a text from all who have another key", function()
    local bytes = digests.conceal("key", "ann@acme.com")
    assert.is_nil(bytes:find("ann", 1, true))
    assert.equal("ann@acme.com", digests.reveal("key", bytes))
    assert.is_nil(digests.reveal("other", bytes))
    assert.is_nil(digests.reveal("key", bytes:sub(1, -2) .. "x"))
    assert.is_nil(digests.reveal("key", "short"))
    assert.equal(bytes, digests.conceal("key", "ann@acme.com"))
  end)
end)
