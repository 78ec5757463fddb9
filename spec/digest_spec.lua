local digest = require "lastpass.digest"

describe("digest", function()
  it("is SHA-256 (FIPS 180-2, appendix B)", function()
    local hash = assert(digest.new())
    hash:update "a"
    hash:update "bc"
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hash:hex())
    assert.equal(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      assert(digest.new()):hex()
    )
  end)

  it("give what RFC 6234 and RFC 4231 give", function()
    assert.equal(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      digest.hex "abc"
    )
    assert.equal("ba7816bf", digest.hex("abc", 8))
    assert.equal(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      digest.to_hex(digest.hmac("Jefe", "what do ya want for nothing?"))
    )
    assert.equal("000aff", digest.to_hex "\0\n\255")
  end)

  it("compare whole texts", function()
    assert.is_true(digest.same("abc", "abc"))
    assert.is_true(digest.same("", ""))
    assert.is_false(digest.same("abc", "abd"))
    assert.is_false(digest.same("abc", "ab"))
    assert.is_false(digest.same("ac", "ca"))
  end)

  it("conceal a text from all who have another key", function()
    local bytes = digest.conceal("key", "ann@acme.com")
    assert.is_nil(bytes:find("ann", 1, true))
    assert.equal("ann@acme.com", digest.reveal("key", bytes))
    assert.is_nil(digest.reveal("other", bytes))
    assert.is_nil(digest.reveal("key", bytes:sub(1, -2) .. "x"))
    assert.is_nil(digest.reveal("key", "short"))
    assert.equal(bytes, digest.conceal("key", "ann@acme.com"))
  end)

  it("seal and unseal, and notice every change", function()
    local key = ("k"):rep(32)
    for _, text in ipairs { "", "ann@acme.com", ("\0\255"):rep(1000) } do
      local bytes = digest.seal(key, text)
      assert.equal(#text + 28, #bytes)
      assert.not_equal(bytes, digest.seal(key, text))
      assert.equal(text, digest.unseal(key, bytes))
      assert.is_nil(digest.unseal(("l"):rep(32), bytes))
      for at = 1, math.min(#bytes, 60) do
        local byte = (bytes:byte(at) + 1) % 256
        local changed = bytes:sub(1, at - 1) .. string.char(byte) .. bytes:sub(at + 1)
        assert.is_nil(digest.unseal(key, changed))
      end
      assert.is_nil(digest.unseal(key, bytes:sub(1, -2)))
      assert.is_nil(digest.unseal(key, bytes .. "\0"))
    end
    assert.is_nil(digest.unseal(key, ""))
  end)
end)
