-- Which spellings of an address are one account: Lua, the core's index and its joins say the same.
local core = require "lastpass.core"
local email = require "lastpass.email"
local fuzz = require "spec.support.fuzz"
local json = require "lastpass.json"
local rows = require "spec.support.rows"
local unicode = require "lastpass.unicode"

-- Pieces of addresses that a careless comparison takes for others, or does not take for the same.
local pieces = {
  "a",
  "A",
  "ss",
  "SS",
  "\195\159", -- the sharp s, small and capital
  "\225\186\158",
  "i",
  "I",
  "\196\176", -- capital I with a dot, small i without
  "\196\177",
  "\204\135", -- combining dot above, acute, dot below, ypogegrammeni
  "\204\129",
  "\204\163",
  "\205\133",
  "e\204\129",
  "\195\169",
  "\195\137",
  "\239\188\161", -- fullwidth A, a
  "\239\189\129",
  "k",
  "\226\132\170", -- the sign for kelvin
  "\195\165",
  "\226\132\171", -- the sign for angstrom
  "\206\163", -- sigma: capital, small, final
  "\207\131",
  "\207\130",
  "\206\144", -- iota with dialytika and tonos
  "\225\132\146\225\133\161", -- a Hangul syllable in its parts, and as one
  "\237\149\152",
  "\240\144\144\128", -- Deseret: capital and small
  "\240\144\144\168",
}

local function generate(random)
  local parts = {}
  for index = 1, random:upto(3) do
    parts[index] = random:of(pieces)
  end
  return table.concat(parts) .. "@x"
end

local function directory_of(addresses)
  local users = {}
  for index, address in ipairs(addresses) do
    users[tostring(index)] = { username = address }
  end
  return rows.feed(json.encode { Users = users })
end

describe("the key of an account", function()
  local addresses = {}
  local random = fuzz.random(20)
  for index = 1, 400 do
    addresses[index] = generate(random)
  end

  it("is what finds a user in the directory", function()
    local snapshot = directory_of(addresses)
    local first, repeated = {}, {}
    for row = 1, #snapshot do
      local key = email.fold(core.user_value(snapshot, row, core.user_fields.email))
      first[key] = first[key] or row
      repeated[key] = (repeated[key] or 0) + 1
    end
    local duplicates = 0
    for _, count in pairs(repeated) do
      duplicates = duplicates + (count > 1 and count or 0)
    end
    assert.is_true(duplicates > 50)
    assert.equal(duplicates, #snapshot:duplicates())
    for _ = 1, 2000 do
      local address = generate(random)
      assert.equal(first[email.fold(address)], snapshot:find(address), address)
    end
  end)

  it("is what repeats among the people that ought to be there", function()
    local desired, first = core.desired(), {}
    for _, address in ipairs(addresses) do
      local key = email.fold(address)
      local row, code, other = desired:add(address, nil, nil, nil, 1, 1, true)
      if first[key] then
        assert.is_nil(row)
        assert.equal("repeated", code)
        assert.equal(first[key], other)
      else
        first[key] = assert(row, code)
      end
      assert.equal(first[key], desired:find(address))
    end
  end)

  it("joins the people that ought to be there with the directory", function()
    local snapshot = directory_of(addresses)
    local joined = 0
    for _ = 1, 400 do
      local desired = core.desired()
      local address = generate(random)
      desired:add(address, "A new name", nil, nil, 1, 1, true)
      local user = snapshot:find(address)
      local changes = core.diff(desired, snapshot)
      local found = false
      for index = 1, #changes do
        local row, of_user = changes:at(index)
        if row == 1 then
          found = of_user or nil
        end
      end
      -- of duplicates, the one that is written alike
      assert.equal(user == nil, found == nil)
      if found then
        local name = core.user_value(snapshot, found, core.user_fields.email)
        assert.equal(email.fold(address), email.fold(name))
        joined = joined + 1
      end
    end
    assert.is_true(joined > 50)
  end)

  it("does not depend on the form of the text, and is its own key", function()
    for _, address in ipairs(addresses) do
      local key = email.fold(address)
      assert.equal(key, email.fold("\194\160 " .. address .. "\r\n"))
      assert.equal(key, email.fold(unicode.compose(address)), address)
      assert.equal(key, email.fold(key), address)
    end
    for code = 0x80, 0x1FFFF do
      if code < 0xD800 or code > 0xDFFF then
        local bytes
        if code < 0x800 then
          bytes = string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
        elseif code < 0x10000 then
          bytes = string.char(
            0xE0 + math.floor(code / 4096),
            0x80 + math.floor(code / 64) % 64,
            0x80 + code % 64
          )
        else
          bytes = string.char(
            0xF0,
            0x80 + math.floor(code / 4096) % 64,
            0x80 + math.floor(code / 64) % 64,
            0x80 + code % 64
          )
        end
        local key = email.fold(bytes)
        if key ~= email.fold(key) or key ~= email.fold((unicode.compose(bytes))) then
          error(("U+%04X"):format(code))
        end
      end
    end
  end)

  it("makes no two accounts one by a rule of some language", function()
    for _, pair in ipairs {
      { "\195\159", "ss" },
      { "\196\176", "i" },
      { "\196\177", "i" },
      { "\207\130", "\207\131" },
      { "\239\189\129", "a" },
      { "e", "\195\169" },
    } do
      assert.not_equal(email.fold(pair[1]), email.fold(pair[2]))
    end
    assert.equal(email.fold "\195\159", email.fold "\225\186\158")
    assert.equal(email.fold "\207\131", email.fold "\206\163")
    assert.equal(email.fold "\239\189\129", email.fold "\239\188\161")
    assert.equal(email.fold "I\204\135", email.fold "\196\176")
  end)

  it(
    "takes the case of ASCII letters alone from what is not UTF-8 or too long for an address",
    function()
      assert.equal("a\255\195b", email.fold " A\255\195B ")
      local long = ("\195\137"):rep(300)
      assert.equal(long .. "a", email.fold(long .. "A"))
      assert.equal(("a"):rep(1000), email.fold(("A"):rep(1000)))
      local longest = ("\206\144"):rep(256) -- 512 bytes, three characters each when decomposed
      assert.equal(longest, email.fold(longest))
    end
  )
end)
