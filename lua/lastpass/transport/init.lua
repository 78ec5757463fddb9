--- How requests leave the program. A transport is anything with a method `send`:
--
--     transport:send(request) -> response | nil, message, err
--
-- It returns, it does not raise; it may yield. It verifies TLS, follows no redirect, and never
-- sends a request twice that is not `repeatable`. When it fails after the server may have got the
-- whole request, `err.sent` is true; when it may have got some of the body, `err.begun`.
-- spec/transport/contract.lua checks any transport.
-- @module lastpass.transport
local errors = require "lastpass.error"
local scheduler = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

---@class lastpass.Request
---@field method string       "GET", "POST", …
---@field url string          https, or http to this machine
---@field headers? table      name -> text
---@field body? string|userdata a string, or a `lastpass.body` of the core
---@field secret_header? table|userdata `{ name, prefix?, secret }`, or what core.secret_header made of it
---@field repeatable? boolean may be sent a second time (reads)
---@field timeout? number     seconds for the whole call
---@field deadline? number    the same as a moment of `loop.now()`
---@field max_bytes? integer  of the reply, after decompression
---@field sink? userdata      takes the body of a reply with status 200 while it arrives

---@class lastpass.Response
---@field status integer
---@field headers table       names in lower case
---@field body string         "" when a sink took it

---@class lastpass.Transport
---@field send fun(self: lastpass.Transport, request: lastpass.Request): lastpass.Response|nil, string?, lastpass.Error?

local M = {}

local known = {
  curl = "lastpass.transport.curl",
  resty = "lastpass.transport.resty",
  thread = "lastpass.transport.thread",
}

--- The transport when nobody names one: libcurl; inside nginx lua-resty-http when it is installed and can
-- do what is asked for, else libcurl in threads of nginx.
---@param options? table as for `open`
---@return "curl"|"resty"|"thread"
function M.choose(options)
  if not scheduler.phase() then
    return "curl"
  end
  local resty = require "lastpass.transport.resty"
  return resty.is_installed() and resty.can(options or {}) and "resty" or "thread"
end

--- Opens a transport by its name, or takes an object that is one.
---@param which string|table|nil "curl", "resty", "thread", or an object with `send`; default `choose`
---@param options? table as of the transport's `new`
---@return lastpass.Transport
function M.open(which, options)
  if type(which) == "table" then
    if type(which.send) ~= "function" then
      errors.raise(3, "transport: the object has no method 'send'")
    end
    return which
  end
  local module = known[which or M.choose(options)]
  if not module then
    local names = table.concat(errors.names_of(known), ", ")
    errors.raise(3, "transport: unknown transport '%s' (known are: %s)", tostring(which), names)
  end
  return require(module).new(options)
end

signature.declare("transport.", M, {
  choose = "options?: table",
  open = "which?: string|table, options?: table",
})

return M
