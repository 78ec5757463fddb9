-- Runs once: hostile_spec runs the same under every interpreter.
-- Single bits of signed responses flipped, in `make test` some of them, in the extended run each bit of each byte. What is
-- taken all the same must mean the same: the canonical form of what was signed, and the identity, are unchanged.
local extent = require "spec.support.extent"
local keys = require "spec.support.saml_keys"
local site = require "spec.support.saml_site"
local writer = require "spec.support.saml_writer"
local x = require "lastpass.xmldsig"

local STEP = extent(97, 31, 1) -- in bits

local fields = {
  "name_id",
  "format",
  "issuer",
  "session_index",
  "not_on_or_after",
  "assertion_id",
  "in_response_to",
  "signed",
}

local function picture(identity)
  local parts = {}
  for index, name in ipairs(fields) do
    parts[index] = tostring(identity[name])
  end
  for _, name in ipairs { "mail", "groups" } do
    parts[#parts + 1] = table.concat(identity.attributes[name] or {}, "\1")
  end
  return table.concat(parts, "\0")
end

-- What the signature is over: the assertion, or all.
local function signed_part(text, sign)
  if sign == "assertion" then
    text = text:match "<saml:Assertion.*</saml:Assertion>"
  end
  return text and x.canonical(text)
end

local function flipped(text, bit)
  local index, power = math.floor(bit / 8) + 1, 2 ^ (bit % 8)
  local byte = text:byte(index)
  local changed = byte % (2 * power) >= power and byte - power or byte + power
  return text:sub(1, index - 1) .. string.char(changed) .. text:sub(index + 1)
end

describe("a bit flipped in a response", function()
  for _, sign in ipairs { "assertion", "response", "both" } do
    it("with a signature of " .. sign .. " is seen", function()
      local provider = site.new { allow_unsolicited = true, want = sign }
      local parts = writer.parts(false, sign)
      local text = writer.build(parts)
      local expected = picture(assert(provider.sp:consume(writer.form(text), {})))
      local canonical = signed_part(text, sign)
      local tried, taken = 0, 0
      for bit = 0, #text * 8 - 1, STEP do
        tried = tried + 1
        provider.store.clear()
        local changed = flipped(text, bit)
        local identity = provider.sp:consume({ SAMLResponse = keys.base64(changed) }, {})
        if identity then
          taken = taken + 1
          local index = math.floor(bit / 8)
          local about = ("bit %d: %s"):format(bit, changed:sub(math.max(1, index - 20), index + 20))
          assert.equal(expected, picture(identity), about)
          assert.equal(canonical, signed_part(changed, sign), about)
        end
      end
      assert.is_true(tried > 200)
      if sign ~= "assertion" then
        assert.equal(0, taken) -- nothing stands outside of what is signed
      end
    end)
  end
end)
