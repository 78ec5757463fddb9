-- One-time codes, otpauth addresses and QR codes beside programs that nobody here wrote: oathtool (Debian), otplib and
-- jsqr (npm), on what is drawn at random.
-- Runs once: what differs between interpreters is tried by the vectors of spec/mfa.
local extent = require "spec.support.extent"
local fuzz = require "spec.support.fuzz"
local node = require "spec.peers.node"
local base32 = require "lastpass.text.base32"
local digest = require "lastpass.digest"
local mfa = require "lastpass.mfa"

local CASES = extent(40, 200, 2000)
local QR_CODES = extent(4, 12, 100)

local random = fuzz.random(20261130)

local function oathtool_is_missing()
  local pipe = assert(io.popen "command -v oathtool")
  local line = pipe:read "*l"
  pipe:close()
  return not line
end

local function bytes(count)
  local list = {}
  for at = 1, count do
    list[at] = string.char(random:upto(256) - 1)
  end
  return table.concat(list)
end

local TIMES = { 0, 59, 2 ^ 31 - 1, 2 ^ 31, 2 ^ 32, 20000000000, 253402300799 }
local COUNTERS = { 0, 9, 2 ^ 31 - 1, 2 ^ 31, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 53 - 1001 }

-- What a key, a code and an address are made of.
local function draw_case()
  local one = {
    secret = bytes(random:of { 16, 20, 32, 64, 16 + random:upto(49) - 1 }),
    type = random:of { "totp", "totp", "hotp" },
    digits = 6 + random:upto(3) - 1,
    algorithm = random:of { "SHA1", "SHA256", "SHA512" },
    issuer = random:of { "Acme", "Acme Ltd", "B\195\188cher & Co", "a+b%c/d?e#f=g" },
    account = random:of { "ann@acme.example", "\195\164nn+x@b", "a b" },
  }
  if one.type == "totp" then
    one.period = random:of { 30, 30, 60, 15 }
    one.time = random:once_in(3) and random:of(TIMES) or random:upto(2 ^ 31 - 2)
  else
    one.counter = random:once_in(3) and random:of(COUNTERS) or random:upto(2 ^ 31 - 2)
  end
  return one
end

local function our_code(one)
  if one.type == "totp" then
    return assert(mfa.totp.code {
      secret = one.secret,
      time = one.time,
      digits = one.digits,
      period = one.period,
      algorithm = one.algorithm,
    })
  end
  return assert(mfa.hotp.code {
    secret = one.secret,
    counter = one.counter,
    digits = one.digits,
    algorithm = one.algorithm,
  })
end

local function our_uri(one)
  return assert(mfa.uri.write {
    secret = one.secret,
    type = one.type,
    issuer = one.issuer,
    account = one.account,
    digits = one.digits,
    period = one.period,
    counter = one.counter,
    algorithm = one.algorithm,
  })
end

local cases = {}
for index = 1, CASES do
  cases[index] = draw_case()
end

local function for_node(one)
  local copy = { key = digest.to_hex(one.secret) }
  for name, value in pairs(one) do
    copy[name] = name ~= "secret" and value or nil
  end
  return copy
end

describe("one-time codes", function()
  local packages = { "otplib", "@otplib/uri", "jsqr", "pngjs" }
  local missing = node.missing(packages)

  local function with_node(name, fn)
    it(name, missing and function()
      pending(missing)
    end or fn)
  end

  -- Asks for each case, and gives what came back.
  local function ask(make)
    local requests, values = {}, {}
    for index, one in ipairs(cases) do
      requests[index] = make(one)
    end
    for index, reply in ipairs(node.ask("mfa_codes.cjs", requests)) do
      assert.is_nil(reply.error)
      values[index] = reply.value
    end
    return values
  end

  it("are those of oathtool", function()
    if oathtool_is_missing() then
      return pending "oathtool is not installed"
    end
    local lines = {}
    for index, one in ipairs(cases) do
      -- its HOTP knows SHA1 alone
      local algorithm = one.type == "totp" and one.algorithm or "SHA1"
      one.algorithm = algorithm
      lines[index] = one.type == "totp"
          and ("oathtool --totp=%s -d %d -s %ds -N @%.0f - <<'E'\n%s\nE\n"):format(
            algorithm,
            one.digits,
            one.period,
            one.time,
            digest.to_hex(one.secret)
          )
        or ("oathtool --hotp -d %d -c %.0f - <<'E'\n%s\nE\n"):format(
          one.digits,
          one.counter,
          digest.to_hex(one.secret)
        )
    end
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(table.concat(lines))
    file:close()
    local pipe = assert(io.popen(("TZ=UTC timeout 300 sh '%s'"):format(path)))
    local index = 0
    for line in pipe:lines() do
      index = index + 1
      assert.equal(our_code(cases[index]), line)
    end
    pipe:close()
    os.remove(path)
    assert.equal(#cases, index)
  end)

  with_node("are those of otplib", function()
    local codes = ask(function(one)
      return { code = for_node(one) }
    end)
    for index, one in ipairs(cases) do
      assert.equal(our_code(one), codes[index])
    end
  end)

  with_node("have addresses that otplib reads, and read those of otplib", function()
    local read = ask(function(one)
      return { read = our_uri(one) }
    end)
    local written = ask(function(one)
      return { write = for_node(one) }
    end)
    for index, one in ipairs(cases) do
      local params = read[index].params
      assert.equal(one.type, read[index].type)
      assert.equal(one.issuer .. ":" .. one.account, read[index].label)
      assert.equal(one.issuer, params.issuer)
      assert.equal(one.secret, base32.decode(params.secret))
      assert.equal(one.digits, params.digits or 6)
      assert.equal(one.algorithm, (params.algorithm or "sha1"):upper())
      assert.equal(
        one.type == "totp" and one.period or nil,
        one.type == "totp" and (params.period or 30) or nil
      )
      assert.equal(one.counter, params.counter)
      local ours = assert(mfa.uri.read(written[index]))
      for _, name in ipairs {
        "type",
        "secret",
        "issuer",
        "account",
        "digits",
        "algorithm",
        "counter",
        "period",
      } do
        assert.equal(one[name], ours[name], name)
      end
    end
  end)

  -- The rows of a picture that is drawn in characters.
  local function rows_of_terminal(text)
    local halves =
      { ["\226\150\136"] = "00", ["\226\150\132"] = "10", ["\226\150\128"] = "01", [" "] = "11" }
    local rows = {}
    for line in text:gmatch "[^\n]+" do
      local upper, lower = {}, {}
      for character in line:gmatch "[%z\1-\127\194-\244][\128-\191]*" do
        local pair = assert(halves[character])
        upper[#upper + 1], lower[#lower + 1] = pair:sub(1, 1), pair:sub(2)
      end
      rows[#rows + 1], rows[#rows + 2] = table.concat(upper), table.concat(lower)
    end
    while #rows > #rows[1] do
      rows[#rows] = nil
    end
    return rows
  end

  local function rows_of_ascii(text)
    local rows = {}
    for line in text:gmatch "[^\n]+" do
      rows[#rows + 1] = line:gsub("..", { ["##"] = "0", ["  "] = "1" })
    end
    return rows
  end

  local function rows_of_svg(svg)
    local side = tonumber(svg:match 'viewBox="0 0 (%d+) ')
    local rows = {}
    for y = 1, side do
      rows[y] = {}
      for x = 1, side do
        rows[y][x] = "0"
      end
    end
    local path = svg:match 'd="([^"]*)" fill="#000"'
    for x, y, length, back in path:gmatch "M(%d+) (%d+)h(%d+)v1h%-(%d+)z" do
      assert(length == back)
      for at = x + 1, x + length do
        rows[y + 1][at] = "1"
      end
    end
    for y = 1, side do
      rows[y] = table.concat(rows[y])
    end
    return rows
  end

  with_node("have QR codes that jsqr reads back", function()
    if not mfa.qr.matrix "x" then
      return pending "libqrencode is not installed"
    end
    local texts = { "x", ("x"):rep(400), "\195\188ber " .. bytes(0) }
    for index = 1, QR_CODES do
      texts[#texts + 1] = our_uri(cases[index])
    end
    local requests, expected = {}, {}
    for _, text in ipairs(texts) do
      for _, request in ipairs {
        { png = digest.to_hex(assert(mfa.qr.png(text))) },
        { png = digest.to_hex(assert(mfa.qr.png(text, { scale = 3 }))) },
        { rows = rows_of_svg(assert(mfa.qr.svg(text))) },
        { rows = rows_of_terminal(assert(mfa.qr.terminal(text))) },
        { rows = rows_of_ascii(assert(mfa.qr.terminal(text, { ascii = true }))) },
      } do
        requests[#requests + 1], expected[#expected + 1] = request, text
      end
    end
    for index, reply in ipairs(node.ask("mfa_codes.cjs", requests)) do
      assert.equal(expected[index], reply.value, index .. ": " .. tostring(reply.error))
    end
  end)
end)
