--- The manifest of a bundle: each file with its SHA-256; and the check of a bundle against it.
-- @module lastpass.report.evidence.manifest
local digest = require "lastpass.source.digest"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local json = require "lastpass.json"
local signature = require "lastpass.report.evidence.signature"

local M = {}

M.NAME = "manifest.json"
M.SIGNATURE = "manifest.sig"

local FORMAT, VERSION = "lastpass.evidence", 1

--- Makes a manifest.
---@param list table[] {path, text}
---@param about table account, read_at, key (PEM)
---@return table
function M.new(list, about)
  local entries = json.list {}
  for place, file in ipairs(list) do
    entries[place] = { path = file.path, bytes = #file.text, sha256 = digest.hex(file.text) }
  end
  table.sort(entries, function(a, b)
    return a.path < b.path
  end)
  return {
    format = FORMAT,
    version = VERSION,
    account = about.account,
    read_at = about.read_at,
    tool = "lastpass-lua " .. require "lastpass.version",
    key_sha256 = digest.hex(about.key),
    files = entries,
  }
end

--- The bytes of a manifest.
---@param body table
---@return string
function M.render(body)
  return json.encode(body) .. "\n"
end

local function fail(text, fields)
  return errors.fail("conflict", "evidence_changed", text, fields)
end

local function read_manifest(folder, public_key)
  local path = folder .. "/" .. M.NAME
  local text, message, err = files.read(path)
  if not text then
    return nil, message, err
  end
  local good
  good, message, err = signature.verify(public_key, path, folder .. "/" .. M.SIGNATURE)
  if good == nil then
    return nil, message, err
  elseif not good then
    return fail(
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

local function compare(folder, body)
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
  local there, message, err = files.list_folder(folder)
  if not there then
    return nil, message, err
  end
  local added = {}
  for _, path in ipairs(there) do
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
  found, message, err = compare(folder, body)
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
    return fail(table.concat(parts, "; "), found)
  end
  return body
end

return M
