--- What plans add to a client: `client:plan`, `client:apply` and what comes after them.
-- @module lastpass.plan.client
local errors = require "lastpass.error"
local signature = require "lastpass.signature"

local M = {}

--- Creates users and invites them. Like all functions over lists it makes a plan, asks the guards, writes
-- a journal and reads back; `client:undo(result.run)` takes it back.
---@param list table[] rows as `batchadd` takes them
---@param options? lastpass.plan.DirectOptions
---@return lastpass.BatchResult|nil result true to the row; look at `result.ok`
---@return string? message when nothing could be tried
---@return lastpass.Error? err kind "guard" with the numbers and what would allow it
function M.add_users(client, list, options)
  return require("lastpass.plan.direct").run(client, "add_users", list, options)
end

--- Changes full names, Duo and SecurID names, one call a user.
---@param list table[] rows as `updateuser` takes them
---@param options? lastpass.plan.DirectOptions
---@return lastpass.BatchResult|nil
---@return string? message
---@return lastpass.Error? err
function M.update_users(client, list, options)
  return require("lastpass.plan.direct").run(client, "update_users", list, options)
end

--- Changes memberships.
---@param list table[] rows as `batchchangegrp` takes them: username, add, del
---@param options? lastpass.plan.DirectOptions
---@return lastpass.BatchResult|nil
---@return string? message
---@return lastpass.Error? err
function M.change_groups(client, list, options)
  return require("lastpass.plan.direct").run(client, "change_groups", list, options)
end

--- Disables users.
---@param list string[] e-mail addresses
---@param options? lastpass.plan.DirectOptions
---@return lastpass.BatchResult|nil
---@return string? message
---@return lastpass.Error? err
function M.disable_users(client, list, options)
  return require("lastpass.plan.direct").run(client, "disable_users", list, options)
end

--- Enables users.
---@param list string[] e-mail addresses
---@param options? lastpass.plan.DirectOptions
---@return lastpass.BatchResult|nil
---@return string? message
---@return lastpass.Error? err
function M.enable_users(client, list, options)
  return require("lastpass.plan.direct").run(client, "enable_users", list, options)
end

--- Makes a plan: runs a playbook, reads the directory, compares, asks the guards. Nothing is
-- written to LastPass.
---@param client lastpass.Client
---@param playbook string|function|table the path of a playbook; a function that is given the words
-- of playbooks as a table; or single actions, such as { reinvite = { "ann@acme.com" } }: create, update,
-- groups and rename take rows, the others addresses (`lastpass.plan.actions`)
---@param options? table limit (stronger than the playbook's), expires_in (seconds; default a day), via ("scim": what
-- SCIM can carry goes over the client's SCIM endpoint; default "enterprise"), time_limit (seconds that the playbook
-- may compute; default as long as it takes), company (what the playbook's word `company` says: name, cid, groups,
-- known_groups)
---@return lastpass.Plan|nil plan
---@return string? message
---@return lastpass.Error? err
function M.plan(client, playbook, options)
  return require("lastpass.plan").make(client, playbook, options)
end

--- Reads a plan that was saved.
---@param path string
---@return lastpass.Plan|nil plan
---@return string? message
---@return lastpass.Error? err code "plan_changed" when its bytes are not what was saved
function M.load_plan(_, path)
  return require("lastpass.plan").load(path)
end

--- Applies a plan, with a journal that survives crashes.
---@param plan lastpass.Plan
---@param options? table progress, chunk, in_flight, stop_after, confirm_final, refused_rows, cancel, via (what the
-- plan must have been made for)
---@return lastpass.Run|nil run
---@return string? message
---@return lastpass.Error? err kind "guard" or "conflict" when nothing was begun
function M.apply(client, plan, options)
  return require("lastpass.plan.apply").run(client, plan, options)
end

local function check_run(where, id)
  if id < 1 then
    errors.raise(3, "%s: needs the number of a run, as run.id", where)
  end
end

--- Resumes a run that broke off: finds out what became of what was under way, then does what is left.
---@param id integer
---@param options? table as of `apply`
---@return lastpass.Run|nil run
---@return string? message
---@return lastpass.Error? err
function M.resume(client, id, options)
  check_run("client:resume", id)
  return require("lastpass.plan.apply").resume(client, id, options)
end

--- Makes the plan that takes a run back; apply it like any other.
---@param id integer
---@param options? table expires_in (seconds; default a day), limit (as of `plan`; of a run that began within a
-- week nothing is limited unless it is given), via (default: what carried the run)
---@return lastpass.Plan|nil plan
---@return string? message
---@return lastpass.Error? err
function M.undo(client, id, options)
  check_run("client:undo", id)
  return require("lastpass.plan.undo").make(client, id, options)
end

--- A run as the journal has it.
---@param id integer
---@return lastpass.Run|nil run
---@return string? message
---@return lastpass.Error? err code "no_such_run"
function M.run(client, id)
  check_run("client:run", id)
  return require("lastpass.plan.run").of(client, id)
end

--- The runs of this company, newest first.
---@param options? table limit (default 20), state ("running", "finished", "stopped", "abandoned")
---@return table[]|nil runs
---@return string? message
---@return lastpass.Error? err
function M.runs(client, options)
  options = errors.check_options("client:runs", options, { limit = "number", state = "string" }, 2)
  local journals = require "lastpass.store"
  local journal, message, err = journals.of(client)
  if not journal then
    return nil, message, err
  end
  return journal:runs {
    tenant = journals.tenant(client),
    limit = options.limit or 20,
    state = options.state,
  }
end

--- What has changed since the last plan was applied, and the audit event that explains it where
-- there is one.
---@return lastpass.plan.Drift[]|nil
---@return string? message
---@return lastpass.Error? err code "no_plan_applied"
function M.drift(client)
  return require("lastpass.plan.history").drift(client)
end

--- Stores a read of the directory in the journal, compressed.
---@param snapshot? lastpass.Snapshot default: read now
---@return integer|nil id
---@return string? message
---@return lastpass.Error? err
function M.keep_snapshot(client, snapshot)
  return require("lastpass.plan.history").keep(client, snapshot)
end

--- The directory as it was stored last at or before a time; also `client:snapshot{ as_of = … }`.
---@param as_of string|number "2026-03-31" means the end of that day in the account's zone
---@return lastpass.directory.Record|nil
---@return string? message
---@return lastpass.Error? err code "no_snapshot"
function M.kept_snapshot(client, as_of)
  return require("lastpass.plan.history").at(client, as_of)
end

--- Which reads of the directory are stored, newest first.
---@param limit? integer default 20
---@return table[]|nil list of {id, read_at, users, sha256}
---@return string? message
---@return lastpass.Error? err
function M.kept_snapshots(client, limit)
  return require("lastpass.plan.history").list(client, limit or 20)
end

signature.declare("client:", M, {
  add_users = "list: table, options?: table",
  update_users = "list: table, options?: table",
  change_groups = "list: table, options?: table",
  disable_users = "list: table, options?: table",
  enable_users = "list: table, options?: table",
  plan = "playbook: string|function|table, options?: table",
  load_plan = "path: string",
  apply = "plan: lastpass.Plan, options?: table",
  resume = "id: integer, options?: table",
  undo = "id: integer, options?: table",
  run = "id: integer",
  runs = "options?: table",
  drift = "",
  keep_snapshot = "snapshot?: lastpass.Snapshot",
  kept_snapshot = "as_of: string|number",
  kept_snapshots = "limit?: integer",
})

return M
