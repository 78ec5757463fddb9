--- Reads metadata from files. Of a federation's file, which can have 100 MB, one entity is taken out while the file
-- streams by, once for each version of the file: a version is known by its SHA-256.
-- @module lastpass.saml.metadata.load
local checks = require "lastpass.saml.checks"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local hints = require "lastpass.saml.metadata.hints"
local read = require "lastpass.saml.metadata.read"
local reading = require "lastpass.saml.read"

local M = {}

--- What is read as a whole; larger files are streamed.
M.STREAM_FROM = 256 * 1024

--- The largest file, and the largest of which a signature is verified: for that the document is in memory.
M.MAX_FILE = 512 * 1024 * 1024
M.MAX_SIGNED = 128 * 1024 * 1024

local CHUNK = 1024 * 1024

local TOO_LARGE = "take the entity out of it with another program first, or ask for a smaller file"

-- ------------------------------------------------------------------ bytes

-- What a text is that cannot be metadata, before a parser says it in its own words.
local function not_metadata(start, where)
  local detail
  if start == "" then
    detail = "is empty"
  elseif
    start:find "^\255\254"
    or start:find "^\254\255"
    or start:find "^<%z"
    or start:find "^%z<"
  then
    detail = "is UTF-16: save it as UTF-8"
  elseif start:find "^%-%-%-%-%-BEGIN" then
    detail = "is a key or certificate in PEM, no metadata"
  elseif not start:find "^\239?\187?\191?%s*<" then
    detail = start:find "^[%w%p%s]*$" and "does not begin as XML" or "is a binary file, no XML"
  end
  if detail then
    return checks.fail("metadata_kind", { detail = ("%s %s"):format(where, detail) })
  end
  return nil
end

local function without_mark(text)
  return (text:gsub("^\239\187\191", ""))
end

-- The size of a file, its digest, and its text where it is small: a pipe can be read once, and a file that is exchanged
-- meanwhile must not be checked by the digest of the other. A large one is never in memory.
local function measure(path, shown)
  local file = io.open(path, "rb")
  if not file then
    return files.read(path) -- which says why it cannot
  end
  local hash, message, err = digest.new()
  local size, first, parts = 0, nil, {}
  while hash do
    local part
    part, message = file:read(CHUNK)
    if not part then
      break
    end
    first = first or part:sub(1, 512)
    size = size + #part
    parts[#parts + 1] = size <= M.STREAM_FROM and part or nil
    if size > M.MAX_FILE then
      file:close()
      return checks.fail("message_too_large", {
        detail = ("%s has more than %d bytes"):format(shown, M.MAX_FILE),
        hint = TOO_LARGE,
      })
    end
    hash:update(part)
  end
  local is_pipe = size > M.STREAM_FROM and not file:seek("set", 0)
  file:close()
  if not hash then
    return nil, message, err
  elseif is_pipe then
    message = ("%s: has more than %d bytes, and is not a file"):format(path, M.STREAM_FROM)
    return errors.fail("argument", "cannot_read", message, { hint = "save it in a file first" })
  elseif message then -- a folder opens, and does not read
    return errors.fail("argument", "cannot_read", ("%s: %s"):format(path, message), { file = path })
  end
  local _
  _, message, err = not_metadata(first or "", shown)
  if message then
    return nil, message, err
  end
  local text = size <= M.STREAM_FROM and table.concat(parts) or nil
  return { size = size, sha256 = hash:hex(), text = text }
end

-- ------------------------------------------------------------------ one entity out of many

-- validUntil of the elements around it, as times.
local function times_of(texts)
  local list = {}
  for _, text in ipairs(texts) do
    local utc = reading.utc(text)
    if not utc then
      return checks.fail(
        "bad_time",
        { detail = ('validUntil="%s" of EntitiesDescriptor'):format(text) }
      )
    end
    list[#list + 1] = utc
  end
  return list
end

local function streamed(path, options, shown)
  local xmldsig = require "lastpass.xmldsig"
  if not options.entity_id then
    return checks.fail(
      "metadata_ambiguous",
      { detail = shown .. " is large, as those of many are" }
    )
  end
  local text, outer, code = xmldsig.entity(path, options.entity_id, { bytes = M.MAX_FILE })
  if text then
    local list, message, err = times_of(outer.valid_until)
    return list and text, list or message, err
  end
  local detail = ("%s: %s"):format(shown, outer)
  if code == "unreadable" then
    return errors.fail("argument", "cannot_read", detail)
  end
  local _, message, err = checks.fail_xml(code, detail)
  err.hint = hints[err.code] or err.hint
  return nil, message, err
end

-- The verified octets of a large document go through a file, so that they need not be in memory twice.
local function from_signed(path, options, size, shown)
  if size > M.MAX_SIGNED then
    return checks.fail("message_too_large", {
      detail = ("%s has %d bytes, more than the %d of which a signature is verified"):format(
        shown,
        size,
        M.MAX_SIGNED
      ),
      hint = TOO_LARGE,
    })
  end
  local text, message, err = files.read(path, size)
  if not text then
    return nil, message, err
  end
  local pinned
  pinned, message, err = read.pinned(options.pin)
  if not pinned then
    return nil, message, err
  end
  local octets
  octets, message, err = read.verified(without_mark(text), pinned, { max_bytes = M.MAX_SIGNED })
  text = nil -- luacheck: ignore 311 (it has 100 MB)
  if not octets then
    return nil, message, err
  end
  local name = os.tmpname()
  local ok
  ok, message, err = files.write(name, octets)
  octets = nil -- luacheck: ignore 311
  if not ok then
    return nil, message, err
  end
  local entity, outer
  entity, outer, err = streamed(name, options, shown)
  os.remove(name)
  return entity, outer, err
end

-- ------------------------------------------------------------------ files

-- The text of the entity, and what was around it.
local function text_of(path, options, measured, shown)
  local is_large = not measured.text
  if is_large and options.pin then
    return from_signed(path, options, measured.size, shown)
  elseif is_large and (options.entity_id or measured.size > read.MAX_BYTES) then
    return streamed(path, options, shown)
  end
  local text, message, err = measured.text, nil, nil
  if is_large then
    text, message, err = files.read(path, measured.size)
  end
  return text and without_mark(text), message, err
end

local function copy_without(options, name)
  local copy = {}
  for key, value in pairs(options) do
    copy[key] = key ~= name and value or nil
  end
  return copy
end

--- Reads one entity out of a file, with what is needed to do so again without the file.
---@param path string
---@param options table as of `read`, checked
---@param known_sha256? string of the version that is known: when the file is the same, it is not parsed
---@param shown? string what it is called in messages; default its path
---@return table|nil version {sha256, entity, xml, extracted: its signature is verified and gone}; only sha256 when
-- it is the known one
---@return string? message
---@return lastpass.Error? err
function M.file(path, options, known_sha256, shown)
  shown = shown or path
  local measured, message, err = measure(path, shown)
  if not measured then
    return nil, message, err
  elseif measured.sha256 == known_sha256 then
    return { sha256 = known_sha256 }
  end
  local xml, outer
  xml, outer, err = text_of(path, options, measured, shown)
  if not xml then
    return nil, outer, err
  end
  -- what was verified as part of a large document has no signature of its own any more
  local was_signed = options.pin ~= nil and measured.size > M.STREAM_FROM
  local entity
  entity, message, err =
    read.entity(xml, was_signed and copy_without(options, "pin") or options, outer)
  if not entity then
    return nil, message, err
  end
  entity.signed = options.pin ~= nil
  return { sha256 = measured.sha256, entity = entity, xml = xml, extracted = was_signed }
end

--- Reads one entity out of a text that came by network.
---@param text string
---@param options table as of `read`, checked
---@param known_sha256? string
---@return table|nil version as of `file`
---@return string? message
---@return lastpass.Error? err
function M.text(text, options, known_sha256)
  local _, message, err = not_metadata(text:sub(1, 512), "the answer")
  if message then
    return nil, message, err
  end
  local sha256 = digest.hex(text)
  if sha256 == known_sha256 then
    return { sha256 = sha256 }
  elseif #text > M.STREAM_FROM then
    local name = os.tmpname()
    local ok
    ok, message, err = files.write(name, text)
    if not ok then
      return nil, message, err
    end
    local version
    version, message, err = M.file(name, options, nil, "the answer")
    os.remove(name)
    return version, message, err
  end
  local entity
  text = without_mark(text)
  entity, message, err = read.entity(text, options)
  if not entity then
    return nil, message, err
  end
  return { sha256 = sha256, entity = entity, xml = text }
end

return M
