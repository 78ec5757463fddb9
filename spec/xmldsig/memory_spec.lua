-- What is left in the memory of a program that had a private key, signed and decrypted with it, and closed it. Nothing of
-- the key may be in what a core file would have.
-- Runs once: OpenSSL and this C are the same under every interpreter.
local keys = require "spec.support.saml_keys"
local memory = require "spec.support.memory"
local shell = require "spec.support.store"

local PROGRAM = [[
  local secret, xmldsig = require "lastpass.secret", require "lastpass.xmldsig"
  local pem = assert(secret.file(arg[1]))
  local key = assert(xmldsig.private_key(pem))
  local certificate = assert(xmldsig.certificate(io.open(arg[2]):read "*a"))
  local uri = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
  local data = assert(xmldsig.encrypt("<a/>", { certificate = certificate }))
  for _ = 1, 3 do
    assert(xmldsig.sign_octets(key, "octets", uri))
    local document = assert(xmldsig.parse("<e>" .. data .. "</e>"))
    assert("<a/>" == document:decrypt { keys = { key } })
    assert(not xmldsig.decrypt_octets(key, ("\1"):rep(256)))
  end
  if arg[3] == "close" then
    key:close()
    pem:close()
  end
  print(io.open("/proc/self/stat"):read "*n")
  io.stdout:flush()
  io.read()
]]

local function write(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  os.execute("chmod 600 " .. path)
  return path
end

-- The private numbers of the key, as DER has them and as OpenSSL's big numbers have them (the other way round), and its
-- PEM: some bytes from the middle of each.
local function pieces(pem)
  local list = {}
  for _, name in ipairs { "d", "p", "q", "dmp1", "dmq1", "iqmp" } do
    local number = require("openssl.pkey").new(pem):getParameters()[name]
    local bytes = number:toBinary()
    list[name .. " in DER"] = bytes:sub(33, 56)
    list[name .. " as a number"] = bytes:reverse():sub(33, 56)
  end
  for line in pem:gmatch "[^\n]+" do
    if not line:find "^-" and #line == 64 then
      list["PEM " .. line:sub(1, 4)] = line:sub(20, 50)
    end
  end
  return list
end

-- What is found in the program's memory, by name.
local function found(how)
  local pair = keys.of "sp"
  local paths = { write(PROGRAM), write(pair.pem), write(pair.certificate) }
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute("mkfifo " .. fifo))
  local command = ("%s '%s' '%s' '%s' %s < '%s'"):format(
    shell.interpreter(),
    paths[1],
    paths[2],
    paths[3],
    how,
    fifo
  )
  local pipe = assert(io.popen(command))
  local writer = assert(io.open(fifo, "w"))
  local process = assert(pipe:read "*n")
  local names, holds = {}, pieces(pair.pem)
  for name, bytes in pairs(holds) do
    local places = memory.search(process, function(all)
      return all:find(bytes, 1, true) ~= nil
    end)
    if places[1] then
      names[#names + 1] = name
    end
  end
  writer:write "\n"
  writer:close()
  pipe:close()
  for _, path in ipairs { paths[1], paths[2], paths[3], fifo } do
    os.remove(path)
  end
  return names
end

describe("the memory of a program", function()
  it("has nothing of a private key that was used and closed", function()
    assert.same({}, found "close")
  end)

  it("has it while the key is open, in OpenSSL's numbers alone", function()
    local names = found "open"
    assert.is_true(#names > 0)
    for _, name in ipairs(names) do
      assert.matches("as a number$", name)
    end
  end)
end)
