--- The body of a reply while it arrives in pieces: unpacked, counted against a limit, and handed to a sink
-- where there is one.
-- @module lastpass.transport.reply_body
local errors = require "lastpass.error"
local zlib = require "lastpass.zlib"

---@class lastpass.ReplyBody
local methods = {}
local body_mt = { __name = "lastpass.transport.ReplyBody", __index = methods }

local M = {}

local SLICE = 4096 -- packed bytes unpacked at once: at most some 4 MB of text

--- What may be answered: the value of the header Accept-Encoding. Nothing compressed where it cannot be
-- unpacked.
---@return string|nil
function M.accepted()
  return zlib.load() and "gzip" or nil
end

local function fail(kind, code, message)
  return errors.fail(kind, code, message, { sent = true, begun = true })
end

local function bad_reply(message)
  return fail("protocol", "bad_reply", message)
end

--- Starts a body.
---@param options table encoding (of the header Content-Encoding), max_bytes, sink
---@return lastpass.ReplyBody|nil
---@return string? message
---@return lastpass.Error? err
function M.new(options)
  local encoding = (options.encoding or "identity"):lower()
  local inflate
  if encoding == "gzip" or encoding == "x-gzip" or encoding == "deflate" then
    local loaded = zlib.load()
    inflate = loaded and loaded.inflate()
  end
  if encoding ~= "identity" and encoding ~= "" and not inflate then
    return bad_reply "the reply is packed in a way that is not known here"
  end
  return setmetatable({
    _inflate = inflate,
    _max_bytes = options.max_bytes,
    _sink = options.sink,
    _pieces = {},
    _size = 0,
  }, body_mt)
end

local function take(self, text)
  self._size = self._size + #text
  if self._max_bytes and self._size > self._max_bytes then
    return fail(
      "transport",
      "reply_too_large",
      ("the reply has more than %d bytes"):format(self._max_bytes)
    )
  elseif not self._sink then
    self._pieces[#self._pieces + 1] = text
  elseif not self._sink:feed(text) then
    return bad_reply "the reply is not acceptable"
  end
  return true
end

--- Takes a piece.
---@param piece string
---@return boolean|nil ok
---@return string? message
---@return lastpass.Error? err "reply_too_large", or "bad_reply"
function methods:feed(piece)
  if not self._inflate then
    return take(self, piece)
  end
  for from = 1, #piece, SLICE do
    local good, text, ended = pcall(self._inflate, piece:sub(from, from + SLICE - 1))
    if not good then
      return bad_reply "the reply cannot be unpacked"
    end
    self._ended = ended
    local ok, message, err = take(self, text)
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- Ends the body.
---@return string|nil text what no sink took
---@return string? message
---@return lastpass.Error? err "reply_cut"
function methods:finish()
  if self._inflate and not self._ended then
    return fail("transport", "reply_cut", "the packed reply breaks off")
  end
  return table.concat(self._pieces)
end

return M
