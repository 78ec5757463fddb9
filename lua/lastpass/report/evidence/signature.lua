--- Ed25519 signatures by the program `openssl`: luaossl signs digests only, and Ed25519 takes the
-- message itself (luaossl issue 188). The private key stays in its file; no Lua string holds it.
-- @module lastpass.report.evidence.signature
local errors = require "lastpass.error"
local files = require "lastpass.files"

local M = {}

local function no_openssl(output)
  return output:find("openssl: not found", 1, true)
    or output:find("openssl: command not found", 1, true)
end

local function run(code, path, format, ...)
  local quoted = {}
  for place, argument in ipairs { ... } do
    quoted[place] = files.shell_word(argument)
  end
  local ok, output = files.run(format:format((table.unpack or unpack)(quoted)))
  if ok then
    return output
  elseif no_openssl(output) then
    return errors.fail("argument", "no_openssl", "signatures need the program openssl", {
      hint = "apt install openssl",
    })
  end
  local text = output:gsub("%s+$", ""):gsub("^find: [^\n]-: ", ""):match "[^\n]*"
  return errors.fail("argument", code, ("%s: %s"):format(path, text), { file = path })
end

-- A key that others can read signs nothing.
local function check_private(path)
  local output, message, err = run("bad_key", path, "find -L %s -prune -perm /066", path)
  if not output then
    return nil, message, err
  elseif output ~= "" then
    return errors.fail("argument", "unsafe_file", path .. ": others can read or write this key", {
      file = path,
      hint = "chmod 600 the file",
    })
  end
  return true
end

--- The public key of a private one.
---@param path string PEM, mode 600
---@return string|nil pem
---@return string? message
---@return lastpass.Error? err code "unsafe_file", "bad_key", "no_openssl"
function M.public_key(path)
  local ok, message, err = check_private(path)
  if not ok then
    return nil, message, err
  end
  local text
  text, message, err = run("bad_key", path, "openssl pkey -in %s -noout -text_pub", path)
  if not text then
    return nil, message, err
  elseif not text:find("ED25519", 1, true) then
    return errors.fail("argument", "bad_key", path .. ": is not an Ed25519 key", { file = path })
  end
  return run("bad_key", path, "openssl pkey -in %s -pubout", path)
end

--- Signs a file.
---@param key string path of the private key
---@param path string
---@param to string where the signature's 64 bytes go
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err
function M.sign(key, path, to)
  local output, message, err = run(
    "bad_key",
    key,
    "umask 077 && openssl pkeyutl -sign -rawin -inkey %s -in %s -out %s",
    key,
    path,
    to
  )
  if not output then
    return nil, message, err
  end
  return true
end

--- Checks a signature.
---@param key string path of the public key
---@param path string
---@param from string path of the signature
---@return boolean|nil good nil when the key cannot be used
---@return string? message
---@return lastpass.Error? err
function M.verify(key, path, from)
  local text, message, err = run("bad_key", key, "openssl pkey -pubin -in %s -noout -text_pub", key)
  if not text then
    return nil, message, err
  elseif not text:find("ED25519", 1, true) then
    return errors.fail("argument", "bad_key", key .. ": is not an Ed25519 key", { file = key })
  end
  local form = "openssl pkeyutl -verify -pubin -inkey %s -rawin -in %s -sigfile %s"
  return run("bad_signature", path, form, key, path, from) ~= nil
end

--- Makes a key pair.
---@param path string
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err code "key_exists"
function M.new_key(path)
  for _, one in ipairs { path, path .. ".pub" } do
    local file = io.open(one, "rb")
    if file then
      file:close()
      return errors.fail("argument", "key_exists", one .. ": is there already", { file = one })
    end
  end
  local form = "umask 077 && openssl genpkey -algorithm ed25519 -out %s"
    .. " && openssl pkey -in %s -pubout -out %s"
  local output, message, err = run("cannot_write", path, form, path, path, path .. ".pub")
  if not output then
    return nil, message, err
  end
  return true
end

return M
