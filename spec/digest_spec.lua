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
end)
