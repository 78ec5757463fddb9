--- What the server does later: it answers 202 with an address that is asked for the result (business §1.4).
-- How that answer looks is documented nowhere; its body is handed over as it is.
-- @module lastpass.business.job
local address = require "lastpass.transport.address"
local call = require "lastpass.business.call"
local errors = require "lastpass.error"
local loop = require "lastpass.transport.scheduler"
local shape = require "lastpass.business.shape"
local signature = require "lastpass.signature"

local LONGEST_PAUSE = 15 -- seconds between two questions
local LONGEST_WAIT = 3600

---@class lastpass.business.Job
---@field id string   of the request, as digits
---@field url string  what is asked for the result
---@field command string
local methods = {}
local job_mt = { __index = methods, __name = "lastpass.business.Job" }

function job_mt.__tostring(job)
  return ("lastpass.business.Job (%s %s)"):format(job.command, job.id)
end

local M = { methods = methods }

-- The key goes to the API's own origin only, whatever a reply names (business §1.4).
local function own_url(client, url)
  local base = assert(address.parse(client._options.url))
  if url:sub(1, 1) == "/" and url:sub(2, 2) ~= "/" then
    url = base.scheme .. "://" .. base.authority .. url
  end
  local parsed = address.parse(url)
  if
    not parsed
    or parsed.scheme ~= base.scheme
    or parsed.host:lower() ~= base.host:lower()
    or parsed.port ~= base.port
  then
    return nil
  end
  return url, parsed.target:match "^[^?]*"
end

--- A job out of a 202.
---@param client lastpass.business.Client
---@param request lastpass.business.Request that was answered
---@param body table|nil
---@return lastpass.business.Job|nil
---@return string? message
---@return lastpass.Error? err `uncertain`: the work was accepted
function M.of_reply(client, request, body)
  local id, url = body and body.id, body and body.url
  if type(url) ~= "string" or (type(id) ~= "number" and type(id) ~= "string") then
    return call.fail_shape(client, request, "accepted, but without an id and a url to ask at")
  end
  return M.new(client, { id = shape.digits(id), url = url, command = request.command })
end

--- A job that was begun before, by this process or another.
---@param client lastpass.business.Client
---@param known table id, url, command
---@return lastpass.business.Job
function M.new(client, known)
  return setmetatable(
    { id = known.id, url = known.url, command = known.command, _client = client },
    job_mt
  )
end

--- Asks once whether the work is done.
---@return "pending"|table|nil state "pending"; or {status, body}: what the server says of the finished work, unread
---@return string? message
---@return lastpass.Error? err code "foreign_address": the url is not the API's own and was not asked; "gone": the result
-- is kept no longer, find out by listing; others as of any request
function methods:poll()
  local client = self._client
  local url, path = own_url(client, self.url)
  if not url then
    return errors.fail(
      "protocol",
      "foreign_address",
      (
        "%s: the result is said to be at an address that is not the API's own, and the key "
        .. "does not go there"
      ):format(self.command),
      { command = self.command, uncertain = true, hint = M.HINT }
    )
  end
  local reply, message, err = call.perform(client, {
    command = "poll_job",
    method = "GET",
    url = url:gsub("%?.*$", ""),
    query = url:match "%?(.*)$",
    path = path,
  })
  if not reply then
    if err.code == "not_found" then
      err.code = "gone"
    end
    if err.code == "gone" then
      err.hint = M.HINT
    end
    return nil, message, err
  elseif reply.status == 202 then
    self.retry_after = tonumber(reply.headers["retry-after"])
    return "pending"
  end
  return { status = reply.status, body = reply.body and shape.read(reply.body) }
end

--- Asks until the work is done: after 1, 2, 4, 8, then 15 seconds, or when the server says.
---@param options? table timeout: seconds in all (default 300)
---@return table|nil done {status, body}
---@return string? message
---@return lastpass.Error? err code "deadline": nobody knows; `uncertain`. List by name before anything is sent again
function methods:wait(options)
  options = errors.check_options("job:wait", options, {
    timeout = function(value)
      return type(value) == "number" and value > 0 and value <= LONGEST_WAIT,
        ("seconds, %d at most"):format(LONGEST_WAIT)
    end,
  })
  local ends, pause = loop.now() + (options.timeout or 300), 1
  while true do
    local state, message, err = self:poll()
    if state ~= "pending" then
      return state, message, err
    end
    local seconds = math.max(self.retry_after or pause, 0.1)
    if loop.now() + seconds > ends then
      return errors.fail(
        "transport",
        "deadline",
        ("%s: not done in time"):format(self.command),
        { command = self.command, uncertain = true, hint = M.HINT }
      )
    end
    loop.sleep(seconds)
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

--- What to do when it is not known what became of it.
M.HINT = "list the managed companies by name before asking for it again"

signature.declare("job:", methods, { poll = "", wait = "options?: table" })

return M
