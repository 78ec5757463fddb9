--- Users of one unpaged reply, handed out while it arrives: memory stays bounded whatever the size
-- of the company. The download waits when the program is slower than the network.
-- @module lastpass.directory.stream
local call = require "lastpass.enterprise.call"
local core = require "lastpass.core"
local loop = require "lastpass.transport.loop"
local reply = require "lastpass.enterprise.reply"
local user_object = require "lastpass.directory.user"

local ROWS_AT_ONCE = 500

local M = {}

local function fail(client, err, message)
  err.command = "getuserdata"
  err.message = client:redact(message)
  error(err, 0)
end

-- The reply has ended: was it a directory, and all of it?
local function check_end(client, request, transfer, sink)
  local response, message, err = client:transport():result(transfer)
  if response then
    response, message, err = reply.sink_reader(sink, "a directory")(request, response)
  else
    response, message, err = reply.explain_sink(sink, message, err)
  end
  if not response then
    fail(client, err, message)
  end
end

--- An iterator over the users of one reply. Raises the error when the reply breaks off: the users
-- given out before are right, but they are not all.
---@param client table its transport must be able to start a request (curl)
---@param filter table fields of getuserdata
---@return fun(): lastpass.User|nil
function M.users(client, filter)
  local sink = core.snapshot(ROWS_AT_ONCE)
  local request = call.prepare(client, "getuserdata", next(filter) and filter or nil, 3)
  local transfer, start_message, start_err = call.start(client, request, sink)
  if not transfer then
    fail(client, start_err, start_message)
  end
  local batch, row, ended = nil, 0, false

  local function next_batch()
    while not ended do
      loop.wait(transfer, true)
      ended = transfer:is_done()
      batch, row = sink:take(), 0
      if ended then
        check_end(client, request, transfer, sink)
      else
        transfer:resume()
      end
      if batch and #batch > 0 then
        return true
      end
    end
    return false
  end

  local invited, invited_at
  return function()
    if (not batch or row >= #batch) and not loop.call_without_yield(next_batch) then
      invited = invited or sink:invited()
      invited_at = (invited_at or 0) + 1
      return invited[invited_at] and user_object.of_invitation(client, invited[invited_at])
    end
    row = row + 1
    return user_object.of_row(client, batch, row)
  end
end

return M
