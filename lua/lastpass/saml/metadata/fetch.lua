--- Metadata by HTTPS: certificates of the server are verified, redirects are not followed, the size is bounded, and
-- a version that is known is not sent again where the server can say so (ETag).
-- @module lastpass.saml.metadata.fetch
local errors = require "lastpass.error"
local load = require "lastpass.saml.metadata.load"
local transport = require "lastpass.transport"

local M = {}

local ACCEPT = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"

local TIMEOUT = 60

local redirects = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

--- Prepares requests. Nothing is sent.
---@param options table url, transport, ca_file, proxy, timeout
---@return table fetcher
function M.new(options)
  local parsed, message =
    require("lastpass.transport.address").parse((options.url:gsub("[?#].*$", "")))
  if not parsed then
    errors.raise(4, "saml.metadata.source: option 'url': %s", message)
  elseif parsed.scheme == "http" and not options.allow_http then
    errors.raise(
      4,
      "saml.metadata.source: option 'url': http needs the option allow_http, and loopback"
    )
  end
  return { url = options.url, timeout = options.timeout or TIMEOUT, options = options }
end

-- Opened late: inside nginx the phase decides which transport it is.
local function transport_of(fetcher)
  fetcher.transport = fetcher.transport
    or transport.open(fetcher.options.transport, {
      ca_file = fetcher.options.ca_file,
      proxy = fetcher.options.proxy,
    })
  return fetcher.transport
end

local function send(fetcher, etag, most)
  local response, message, err = transport_of(fetcher):send {
    method = "GET",
    url = fetcher.url,
    headers = { Accept = ACCEPT, ["If-None-Match"] = etag },
    repeatable = true,
    timeout = fetcher.timeout,
    max_bytes = most,
  }
  if response then
    return response
  elseif err.code == "timeout" then
    err.hint = "raise the option timeout when the answer may take longer"
  elseif err.code == "reply_too_large" then
    err.hint = ("an answer has at most %d bytes: save it in a file"):format(most)
  end
  err.message = ("%s: %s"):format(fetcher.url, message)
  return nil, err.message, err
end

local function refused(fetcher, response)
  local hint
  if redirects[response.status] then
    hint = "redirects are not followed: give the address that it leads to"
  end
  local message = ("%s: the server answered %d"):format(fetcher.url, response.status)
  return errors.fail(
    "transport",
    "metadata_status",
    message,
    { status = response.status, hint = hint }
  )
end

--- Asks for whatever text is there.
---@param fetcher table of `new`
---@param most integer bytes
---@return string|nil text
---@return string? message
---@return lastpass.Error? err
function M.text(fetcher, most)
  local response, message, err = send(fetcher, nil, most)
  if not response then
    return nil, message, err
  elseif response.status ~= 200 then
    return refused(fetcher, response)
  end
  return response.body
end

--- Asks for the metadata.
---@param fetcher table of `new`
---@param options table of reading
---@param known_sha256? string
---@return table|nil version as of `load.file`
---@return string? message
---@return lastpass.Error? err
function M.version(fetcher, options, known_sha256)
  local response, message, err =
    send(fetcher, known_sha256 and fetcher.etag or nil, load.MAX_SIGNED)
  if not response then
    return nil, message, err
  elseif response.status == 304 and known_sha256 then
    return { sha256 = known_sha256 }
  elseif response.status ~= 200 then
    return refused(fetcher, response)
  end
  local version
  version, message, err = load.text(response.body, options, known_sha256)
  if version then
    fetcher.etag = response.headers.etag
  end
  return version, message, err
end

return M
