--- The manifest of a bundle: each file with its SHA-256; its Ed25519 signature; and the check of a
-- bundle against both. Signatures are made by the program `openssl`: luaossl signs digests only, and
-- Ed25519 takes the message itself (luaossl issue 188). The private key stays in its file; no Lua string
-- holds it.
-- @module lastpass.report.evidence.manifest
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"

local M = {}

M.NAME = "manifest.json"
M.SIGNATURE = "manifest.sig"

local FORMAT, VERSION = "lastpass.evidence", 1

local function no_openssl(output)
  return output:find("openssl: not found", 1, true)
    or output:find("openssl: command not found", 1, true)
end

local function run_openssl(code, path, format, ...)
  local quoted = {}
  for position, argument in ipairs { ... } do
    quoted[position] = files.shell_word(argument)
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
  local output, message, err = run_openssl("bad_key", path, "find -L %s -prune -perm /066", path)
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
  text, message, err = run_openssl("bad_key", path, "openssl pkey -in %s -noout -text_pub", path)
  if not text then
    return nil, message, err
  elseif not text:find("ED25519", 1, true) then
    return errors.fail("argument", "bad_key", path .. ": is not an Ed25519 key", { file = path })
  end
  return run_openssl("bad_key", path, "openssl pkey -in %s -pubout", path)
end

--- Signs a file.
---@param key string path of the private key
---@param path string
---@param to string where the signature's 64 bytes go
---@return true|nil ok
---@return string? message
---@return lastpass.Error? err
function M.sign(key, path, to)
  local output, message, err = run_openssl(
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

--- Checks the signature of a file.
---@param key string path of the public key
---@param path string
---@param from string path of the signature
---@return boolean|nil good nil when the key cannot be used
---@return string? message
---@return lastpass.Error? err
function M.is_signed(key, path, from)
  local text, message, err =
    run_openssl("bad_key", key, "openssl pkey -pubin -in %s -noout -text_pub", key)
  if not text then
    return nil, message, err
  elseif not text:find("ED25519", 1, true) then
    return errors.fail("argument", "bad_key", key .. ": is not an Ed25519 key", { file = key })
  end
  local form = "openssl pkeyutl -verify -pubin -inkey %s -rawin -in %s -sigfile %s"
  return run_openssl("bad_signature", path, form, key, path, from) ~= nil
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
      return errors.fail("argument", "key_exists", one .. ": exists already", { file = one })
    end
  end
  -- openssl does not notice a full disk
  local form = "umask 077 && openssl genpkey -algorithm ed25519 -out %s"
    .. " && { test -s %s || { echo the key could not be written; false; }; }"
    .. " && openssl pkey -in %s -pubout -out %s"
  local public = path .. ".pub"
  local output, message, err = run_openssl("cannot_write", path, form, path, path, path, public)
  if not output then -- half a pair would be in the way of the next try
    os.remove(path)
    os.remove(public)
    return nil, message, err
  end
  return true
end

--- A file as a manifest has it.
---@param path string
---@param text string
---@return table entry {path, bytes, sha256}
function M.entry(path, text)
  return { path = path, bytes = #text, sha256 = digest.hex(text) }
end

--- Makes a manifest.
---@param entries table[] as of `entry`; is sorted
---@param about table account, read_at, key (PEM); companies, done and missing of a bundle over companies
---@return table
function M.new(entries, about)
  table.sort(entries, function(a, b)
    return a.path < b.path
  end)
  return {
    format = FORMAT,
    version = VERSION,
    account = about.account,
    read_at = about.read_at,
    companies = about.companies,
    done = about.done,
    missing = about.missing,
    tool = "lastpass-lua " .. require "lastpass.version",
    key_sha256 = digest.hex(about.key),
    files = json.list(entries),
  }
end

--- The bytes of a manifest.
---@param body table
---@return string
function M.render(body)
  return json.encode(body) .. "\n"
end

local function changed_failure(text, fields)
  return errors.fail("conflict", "evidence_changed", text, fields)
end

local function read_manifest(folder, public_key)
  local path = folder .. "/" .. M.NAME
  local text, message, err = files.read(path)
  if not text then
    return nil, message, err
  end
  local good
  good, message, err = M.is_signed(public_key, path, folder .. "/" .. M.SIGNATURE)
  if good == nil then
    return nil, message, err
  elseif not good then
    return changed_failure(
      M.NAME .. " was changed, or it was signed with another key",
      { changed = { M.NAME }, file = path }
    )
  end
  local body = json.decode(text)
  if type(body) ~= "table" or body.format ~= FORMAT or body.version ~= VERSION then
    return errors.fail("protocol", "not_evidence", path .. ": is not the manifest of a bundle", {
      file = path,
    })
  end
  return body
end

local function compare_files(folder, body)
  local changed, missing, known = {}, {}, { [M.NAME] = true, [M.SIGNATURE] = true }
  for _, entry in ipairs(body.files) do
    known[entry.path] = true
    local text = files.read(folder .. "/" .. entry.path)
    if not text then
      missing[#missing + 1] = entry.path
    elseif #text ~= entry.bytes or digest.hex(text) ~= entry.sha256 then
      changed[#changed + 1] = entry.path
    end
  end
  local paths, message, err = files.list_folder(folder)
  if not paths then
    return nil, message, err
  end
  local added = {}
  for _, path in ipairs(paths) do
    added[#added + 1] = not known[path] and path or nil
  end
  return { changed = changed, missing = missing, added = added }
end

local function sentence(list, text)
  return #list > 0
      and ("%s %s %s"):format(table.concat(list, ", "), #list == 1 and "was" or "were", text)
    or nil
end

--- Checks a bundle.
---@param folder string
---@param public_key string path of a PEM file
---@return table|nil manifest
---@return string? message
---@return lastpass.Error? err code "evidence_changed"
function M.verify(folder, public_key)
  local body, message, err = read_manifest(folder, public_key)
  if not body then
    return nil, message, err
  end
  local found
  found, message, err = compare_files(folder, body)
  if not found then
    return nil, message, err
  end
  local parts = {}
  for _, one in ipairs {
    { found.changed, "changed" },
    { found.missing, "removed" },
    { found.added, "added" },
  } do
    parts[#parts + 1] = sentence(one[1], one[2])
  end
  if #parts > 0 then
    return changed_failure(table.concat(parts, "; "), found)
  end
  return body
end

return M
