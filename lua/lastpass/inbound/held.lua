--- Changes that wait for a decision: what is written down of them, how the identity provider is answered, and which of them
-- a later request has overtaken.
-- @module lastpass.inbound.held
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"

local M = {}

--- Kinds of the endpoint's jobs.
M.HELD = "scim.held" -- waits for a decision, then it is executed
M.FINISH = "scim.finish" -- a call whose outcome is not known, or that could not be made
M.DELETE = "scim.delete" -- the end of a grace period
M.RENAME = "scim.rename" -- an address that changes with the next log-in

--- All of them.
M.KINDS = { M.HELD, M.FINISH, M.DELETE, M.RENAME }

-- Which side of a user a kind of change is about: of two requests about the same side the later one counts.
local aspects = {
  create = "access",
  enable = "access",
  disable = "access",
  uninvite = "access",
  delete = "access",
  remove = "access",
  name = "name",
  rename = "address",
  groups = "groups",
}

--- The side of a user that a kind of change is about.
---@param kind string
---@return string
function M.aspect(kind)
  return aspects[kind] or kind
end

--- Changes as they are written into a job: without what was read.
---@param changes table[]
---@return table[]
function M.plain(changes)
  local list = json.list {}
  for index, change in ipairs(changes) do
    list[index] = { kind = change.kind, subject = change.subject, after = change.after }
  end
  return list
end

--- What is asked for, as one text: the same request finds its job.
---@param connection string
---@param kind string of the job
---@param changes table[]
---@return string
function M.fingerprint(connection, kind, changes)
  local text = json.encode(M.plain(changes))
  return digest.hex(table.concat({ connection, kind, text }, "\0"), 32)
end

--- The answer to a request that waits for a decision.
---@param endpoint lastpass.inbound.Endpoint
---@param job integer|nil
---@param why string
---@return nil
---@return string message
---@return lastpass.Error err
function M.answer(endpoint, job, why)
  local connection = endpoint.connection
  local number = job and (" as job %d"):format(job) or ""
  local message = ("held%s, and done once it is approved: %s"):format(number, why)
  return errors.fail("guard", "held", message, {
    status = connection.held_status,
    retry_after = (connection.held_status == 429 or connection.held_status == 503)
        and connection.held_retry
      or nil,
    job = job,
    hint = job and ("lastpass scim held approve %d"):format(job),
  })
end

--- The open jobs that a request overtakes: those about a side that it says something of, but for the one that asks for the
-- same. What was sent already is not overtaken but found out.
---@param jobs lastpass.store.Job[] of the object
---@param touched table<string, boolean> sides
---@param except? string fingerprint
---@return table[] supersede {id, reason}
function M.overtaken(jobs, touched, except)
  local list = {}
  for _, job in ipairs(jobs) do
    local payload = job.payload or {}
    local is_waiting = (job.state == "held" or job.state == "ready") and not payload.sent
    if is_waiting and (except == nil or job.fingerprint ~= except) then
      for _, change in ipairs(payload.changes or {}) do
        if touched[M.aspect(change.kind)] then
          local reason = "the identity provider has asked for something else since"
          list[#list + 1] = { id = job.id, reason = reason }
          break
        end
      end
    end
  end
  return list
end

local function held_job(endpoint, write, code, reason)
  return {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    kind = M.HELD,
    state = "held",
    subject = write.changes[1].subject,
    object = write.object.id,
    fingerprint = M.fingerprint(endpoint.store_name, M.HELD, write.changes),
    code = code,
    reason = reason,
    payload = {
      changes = M.plain(write.changes),
      final = write.final,
      is_new = write.is_new,
    },
  }
end

--- Writes down what waits for a decision, unless it does already; a job that is executed goes back to wait.
---@param endpoint lastpass.inbound.Endpoint
---@param context lastpass.inbound.Context
---@param write lastpass.inbound.Write
---@param code string of the guard
---@param reason string
---@return nil
---@return string message
---@return lastpass.Error err code "held"
function M.hold(endpoint, context, write, code, reason)
  if write.proof then
    return M.answer(endpoint, write.proof.id, reason)
  end
  local job = held_job(endpoint, write, code, reason)
  local jobs = write.entry and write.entry.jobs or {}
  local written, message, err = endpoint:call_journal("scim_record", {
    tenant = endpoint.tenant,
    connection = endpoint.store_name,
    objects = not write.is_stored and { write.object } or nil,
    add_jobs = { job },
    supersede = M.overtaken(jobs, write.touched, job.fingerprint),
  })
  if not written then
    return nil, message, err
  end
  context.job = written.jobs[1]
  return M.answer(endpoint, written.jobs[1], reason)
end

return M
