local check = require "spec.support.check"
local manifest = require "lastpass.report.evidence.manifest"
local planted = require "spec.support.planted"
local signature = require "lastpass.report.evidence.signature"

describe("lastpass.report.evidence.manifest", function()
  it("lists files by name, with the SHA-256 of FIPS 180", function()
    local body = manifest.new({
      { path = "b", text = "abc" },
      { path = "a", text = "" },
    }, { account = "x", read_at = "2026-06-15T13:00:00Z", key = "abc" })
    assert.same({
      {
        path = "a",
        bytes = 0,
        sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      },
      {
        path = "b",
        bytes = 3,
        sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      },
    }, body.files)
    assert.equal(body.files[2].sha256, body.key_sha256)
    assert.equal(manifest.render(body), manifest.render(body))
    assert.truthy(manifest.render(manifest.new({}, { key = "" })):find('"files":[]', 1, true))
  end)

  it("refuses what is signed and yet no manifest", function()
    local made = {}
    local folder, key = planted.path(made), planted.path(made)
    os.execute("mkdir " .. folder)
    assert(signature.new_key(key))
    check.failure("argument", "cannot_read", manifest.verify(folder, key .. ".pub"))
    planted.write(folder .. "/manifest.json", '{"format":"other"}')
    assert(signature.sign(key, folder .. "/manifest.json", folder .. "/manifest.sig"))
    check.failure("protocol", "not_evidence", manifest.verify(folder, key .. ".pub"))
    planted.remove(made)
  end)
end)
