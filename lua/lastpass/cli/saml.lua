--- What the commands about SAML share: where a file, an address or standard input is read, certificates and keys.
-- @module lastpass.cli.saml
local errors = require "lastpass.error"
local failure = require "lastpass.cli.failure"
local files = require "lastpass.files"
local lua_text = require "lastpass.cli.lua_text"

local M = {}

--- The largest text that is read as a message or a certificate.
M.MOST = 4 * 1024 * 1024

local must = failure.must

--- How metadata is read: of every command that takes some.
---@type lastpass.cli.Option[]
M.reading_options = {
  {
    "--entity",
    "the entity ID to take out of the metadata of many",
    value = "ID",
  },
  {
    "--pin",
    "certificate by which the metadata must be signed; repeat it while one replaces another",
    value = "FILE",
    many = true,
  },
  { "--allow-http", "take http on loopback, for trying things out" },
}

--- How addresses are reached.
---@type lastpass.cli.Option[]
M.way_options = {
  { "--ca-file", "certificates to trust", value = "FILE" },
  { "--proxy", "proxy to go through", value = "URL" },
  { "--timeout", "seconds for one request", value = "SECONDS", number = true },
}

--- Whether a word is the address of something to be fetched, and no message itself.
---@param text string
---@return boolean
function M.is_address(text)
  return text:lower():find "^https?://" ~= nil and not text:find "[?&]SAMLRe%a+="
end

--- The certificates that files hold.
---@param paths string[]|nil
---@return userdata[]|nil
function M.certificates(paths)
  local list = {}
  for index, path in ipairs(paths or {}) do
    local text = must(files.read(path, M.MOST))
    local certificate, message, code = require("lastpass.xmldsig").certificate(text)
    if not certificate then
      local err = ("%s: %s"):format(path, message)
      must(errors.fail("argument", code or "bad_certificate", err, {
        hint = "a certificate is expected as PEM or DER, no private key",
      }))
    end
    list[index] = certificate
  end
  return list[1] and list
end

--- The private key of a file that nobody else may read.
---@param path string|nil
---@return userdata|nil key of lastpass.xmldsig
---@return userdata|nil secret
function M.private_key(path)
  if not path then
    return nil
  end
  local secret = must(require("lastpass.secret").file(path))
  local key, message, code = require("lastpass.xmldsig").private_key(secret)
  if not key then
    must(errors.fail("argument", code or "bad_key", ("%s: %s"):format(path, message), {
      hint = "a private key is expected as PEM, without a passphrase",
    }))
  end
  return key, secret
end

--- The options of `saml.metadata.read` that the command line has.
---@param options table
---@return table
function M.reading(options)
  return {
    entity_id = options.entity,
    pin = M.certificates(options.pin),
    allow_http = options.allow_http,
  }
end

-- Standard input to its end, or to the limit and one byte.
local function read_input(session)
  local text = session.streams.input:read(M.MOST + 1)
  if not text then
    must(errors.fail("argument", "cannot_read", "standard input: is empty"))
  end
  return text
end

local function fetch(session, url)
  local options = session.options
  require("lastpass.cli.interrupt").watch()
  local fetcher = must(failure.call(require("lastpass.saml.metadata.fetch").new, {
    url = url,
    allow_http = true,
    ca_file = options.ca_file,
    proxy = options.proxy,
    timeout = options.timeout,
  }))
  return must(failure.call(require("lastpass.saml.metadata.fetch").text, fetcher, M.MOST))
end

--- The text that a word of the command line leads to: a file, an address, "-" for standard input, or an address
-- with a message, which is the text itself.
---@param session lastpass.cli.Session
---@param word string
---@return string
function M.text(session, word)
  if word == "-" then
    return read_input(session)
  elseif M.is_address(word) then
    return fetch(session, word)
  elseif word:lower():find "^https?://" then
    return word
  end
  return must(files.read(word, M.MOST))
end

--- Reads metadata from the file that the command line names.
---@param path string
---@param options table
---@param more? table further options of reading
---@return lastpass.saml.Entity
function M.metadata(path, options, more)
  local reading = M.reading(options)
  for name, value in pairs(more or {}) do
    reading[name] = value
  end
  return must(failure.call(require("lastpass").saml.metadata.load, path, reading))
end

--- The Lua that reads metadata.
---@param path string
---@param options table
---@return string
function M.metadata_lua(path, options)
  local reading = { entity_id = options.entity, allow_http = options.allow_http }
  if options.pin and options.pin[1] then
    reading.pin = M.contents(options.pin)
  end
  return ("assert(saml.metadata.load(%s%s))"):format(
    lua_text.value(path),
    lua_text.further(reading)
  )
end

--- The Lua that reads files: a list of their contents.
---@param paths string[]
---@return table[]
function M.contents(paths)
  local list = {}
  for index, path in ipairs(paths) do
    list[index] =
      lua_text.raw(('assert(require("lastpass.files").read(%s))'):format(lua_text.value(path)))
  end
  return list
end

return M
