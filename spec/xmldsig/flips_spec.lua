-- A signed document of which one bit is another one, or a byte is missing or twice: nothing is accepted that does not
-- say the same. LASTPASS_LONG tries all bits of all bytes and not only one of each.
local forge = require "spec.support.xmldsig"
local xmldsig = require "lastpass.xmldsig"

local ALL = os.getenv "LASTPASS_LONG" ~= nil
-- Runs once: what is tried is C.

local function flip(byte, bit)
  local value = math.floor(byte / 2 ^ bit) % 2
  return string.char(value == 1 and byte - 2 ^ bit or byte + 2 ^ bit)
end

describe("a changed document", function()
  local plain = forge.ELEMENT:format ""
  local certificates = { forge.pair("rsa").certificate }
  local tried, accepted, outside

  local function try(text, where)
    local document = xmldsig.parse(text)
    local octets = document and document:verify { certificates = certificates }
    tried = tried + 1
    if octets then
      accepted = accepted + 1
      assert.equal(plain, octets, where)
    end
    if document then
      document:close()
    end
  end

  before_each(function()
    tried, accepted = 0, 0
  end)

  it("is refused, or says the same", function()
    local text = forge.signed()
    for position = 1, #text do
      local before, byte, after =
        text:sub(1, position - 1), text:byte(position), text:sub(position + 1)
      local where = ("byte %d"):format(position)
      for bit = ALL and 0 or position % 8, ALL and 7 or position % 8 do
        try(before .. flip(byte, bit) .. after, where)
      end
      if ALL or position % 4 == 0 then
        try(before .. after, where)
        try(before .. string.char(byte, byte) .. after, where)
      end
    end
    assert.is_true(tried > #text)
    -- what may differ is the prefix of the signature's namespace and white space around values
    assert.is_true(accepted < tried / 100, accepted)
  end)

  it("may have anything in its KeyInfo, which nobody reads", function()
    outside = '<ds:KeyInfo Id="_k"><ds:KeyName>name of a key</ds:KeyName></ds:KeyInfo>'
    local text = forge.signed { key_info = outside }
    local from = text:find(outside, 1, true)
    for position = from, from + #outside - 1 do
      local byte = text:byte(position)
      try(text:sub(1, position - 1) .. flip(byte, position % 7) .. text:sub(position + 1), position)
    end
    assert.is_true(accepted > 10)
  end)
end)
