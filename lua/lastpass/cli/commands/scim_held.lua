--- The commands about writes of identity providers that wait for a decision.
-- @module lastpass.cli.commands.scim_held
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local lua_text = require "lastpass.cli.lua_text"
local values = require "lastpass.cli.values"

local must = failure.must

local function held()
  return require "lastpass.cli.held"
end

local function connections()
  return require "lastpass.cli.connections"
end

local STATES = { "held", "ready", "running", "done", "failed", "refused", "superseded" }

local function list_filter(options)
  return {
    connection = options.connection,
    states = not options.all and { options.state or "held" } or nil,
    newest = options.all or options.state ~= nil or nil,
    limit = options.limit or 1000,
  }
end

local job_arguments = { { "job", "their numbers", args = "*", number = "whole" } }

local which_options = {
  { "--all", "all that wait, of --connection and with --code" },
  { "--connection", "with --all: only of this connection", value = "NAME" },
  { "--code", "with --all: only what this guard has held: limit, look_alike", value = "CODE" },
}

local why_options = {
  { "--reason", "why; it is kept in the journal", value = "TEXT" },
  { "--by", "who decides, where it is not who is logged in here", value = "NAME" },
}

-- The Lua that writes a decision about named jobs; the endpoint, or a worker, then does what was approved.
local function decision_lua(decision)
  return function(options)
    local how = { by = options.by or lua_text.raw 'os.getenv "USER"', reason = options.reason }
    return ([[
local journal = assert(require("lastpass.store").of(client))
for _, id in ipairs { %s } do
  assert(journal:decide_job(id, "%s", %s))
end]]):format(table.concat(options.job, ", "), decision, lua_text.value(how))
  end
end

return {
  {
    name = "scim held list",
    summary = "List writes that wait for a decision",
    description = "A guard has held them: they were answered with an error that the identity "
      .. "provider understands, and are done here once they are approved.",
    connects = true,
    rows = true,
    ends_with_reader = true,
    options = {
      { "--connection", "only of this connection", value = "NAME" },
      { "--state", "those in another state", value = "STATE", choices = STATES },
      { "--all", "in any state" },
      { "--limit", "how many; default 1000", value = "COUNT", number = "whole" },
    },
    examples = {
      { "lastpass scim held list", "what waits" },
      {
        "lastpass scim held list --all --where 'u.decided_by' --csv",
        "what was decided, and by whom",
      },
    },
    topics = { "output" },
    lua = function(options)
      local filter = list_filter(options)
      filter.kinds = { require("lastpass.inbound.held").HELD }
      filter.tenant = lua_text.raw "tenant"
      return connections().lua(
        ("journal:jobs%s"):format(lua_text.options(filter)),
        "one.id, one.subject, one.state, one.reason"
      )
    end,
    view = "scim_held",
    list = function(session, options)
      if options.all and options.state then
        return values.usage "--all and --state do not go together"
      end
      return held().list(session, list_filter(options))
    end,
  },
  {
    name = "scim held show",
    summary = "Show one held write, whole",
    connects = true,
    rows = true,
    arguments = { { "job", "its number", number = "whole" } },
    examples = { { "lastpass scim held show 12", "who and what, and why it is held" } },
    topics = { "output" },
    lua = function(options)
      return connections().lua(
        ("journal:jobs { id = %d }"):format(options.job),
        "one.id, one.subject, one.state, one.reason"
      )
    end,
    run = function(session, options)
      local job = must(held().one(session, options.job))
      session:show_one(require("lastpass.cli.views").scim_held, job)
      return exit.done
    end,
  },
  {
    name = "scim held approve",
    summary = "Approve held writes, and do them at once",
    description = "The identity provider need not send them again. What cannot be done from here "
      .. "is done by the endpoint or by `scim worker`. Protected accounts and the last admin stay "
      .. "as they are, whoever approves.",
    connects = true,
    writes = true,
    harm = "type",
    rows = true,
    arguments = job_arguments,
    options = values.join(which_options, why_options, {
      { "--later", "do not do them from here" },
      { "-q --quiet", "no line that sums up" },
    }),
    examples = {
      { "lastpass scim held approve 12 --reason 'left on Friday'", "one" },
      {
        "lastpass scim held approve --all --connection entra --reason 'office closed'",
        "all that wait",
      },
    },
    topics = { "safety", "exit-codes" },
    lua = decision_lua "approved",
    run = function(session)
      return held().approve(session)
    end,
  },
  {
    name = "scim held refuse",
    summary = "Refuse held writes: they will not be done",
    description = "When the identity provider sends the same again, it is held again.",
    connects = true,
    writes = true,
    harm = "ask",
    rows = true,
    arguments = job_arguments,
    options = values.join(which_options, why_options, { { "-q --quiet", "no line that sums up" } }),
    examples = {
      { "lastpass scim held refuse 12 --reason 'wrong scope in Entra'", "one" },
    },
    topics = { "safety", "exit-codes" },
    lua = decision_lua "refused",
    run = function(session)
      return held().refuse(session)
    end,
  },
  {
    name = "scim shadow plan",
    summary = "Make a plan of what a shadow was asked for",
    description = "A connection in shadow mode answers as if everything were done, and changes "
      .. "nothing. The plan has what would have been changed, with the guards of plans and the "
      .. "connection's own limits; `lastpass apply` does it.",
    connects = true,
    rows = true,
    arguments = { { "connection", "one in shadow mode", names = "connections" } },
    options = function()
      local options_of = require "lastpass.cli.options"
      return {
        options_of.save_plan,
        { "--detailed-exitcode", "end with 2 when there is something to change" },
        options_of.limit,
        {
          "--expires-in",
          "seconds the plan is good for; default a day",
          value = "SECONDS",
          number = "whole",
        },
      }
    end,
    examples = {
      { "lastpass scim shadow plan entra", "what the first cycle would do" },
      { "lastpass scim shadow plan entra -o first.plan.json", "to be reviewed, then applied" },
    },
    topics = { "safety", "exit-codes" },
    run = function(session, options)
      local applying = require "lastpass.cli.applying"
      local settings = {
        limit = must(applying.limits(options.limit)),
        expires_in = options.expires_in,
      }
      local work = require "lastpass.cli.scim_work"
      local plan = work.shadow_plan(session, options.connection, settings)
      return applying.hand_over(session, plan)
    end,
  },
  {
    name = "scim worker",
    summary = "Do what the SCIM endpoint has left for later",
    description = "Approved writes, deletions whose grace period is over, answers that were lost. "
      .. "The endpoint in nginx does this itself; this is for machines without one. Any number of "
      .. "workers may run. SIGTERM ends it after the write that is under way.",
    connects = true,
    arguments = {
      { "connection", "only of these connections", args = "*", names = "connections" },
    },
    options = {
      { "--once", "end when nothing is due any more" },
      { "--every", "pause between two looks: 5s, 1m; default 5s", value = "TIME" },
      { "-q --quiet", "only what did not go well" },
    },
    examples = {
      { "lastpass scim worker", "as a service" },
      { "lastpass scim worker --once -q", "from cron" },
    },
    topics = { "exit-codes" },
    run = function(session, options)
      if options.once and options.every then
        return values.usage "--every and --once do not go together"
      end
      local every = must(values.duration("every", options.every)) or 5
      if every < 1 then
        return values.usage "--every: a second at least"
      end
      return require("lastpass.cli.scim_work").work(session, every)
    end,
  },
  {
    name = "scim disconnect",
    summary = "Leave an identity provider",
    description = "Without --objects it lists what the connection has linked, and changes nothing. "
      .. "keep: the journal keeps the ids, for a return; unlink: it forgets them; disable: a plan "
      .. "disables the accounts, under the guards, and then the connection is closed. Closing "
      .. "revokes its tokens. Stop provisioning at the identity provider first.",
    connects = true,
    writes = true,
    harm = "ask",
    rows = true,
    arguments = { { "connection", "name of the connection", names = "connections" } },
    options = function()
      local options_of = require "lastpass.cli.options"
      return {
        {
          "--objects",
          "what becomes of users and groups",
          value = "WHAT",
          choices = { "keep", "unlink", "disable" },
        },
        {
          "--except",
          "what becomes of this one instead: WHO is an address, a group or an id",
          value = "WHO=WHAT",
          many = true,
        },
        { "-o --output", "with disable: save the plan and do nothing else", value = "FILE" },
        { "--protect", "with disable: never touch this account", value = "EMAIL", many = true },
        options_of.limit,
        options_of.approver,
        options_of.stop_after,
        { "-q --quiet", "no progress" },
      }
    end,
    examples = {
      { "lastpass scim disconnect entra", "what is linked" },
      { "lastpass scim disconnect entra --objects disable -o leave.plan.json", "to be reviewed" },
      { "lastpass scim disconnect entra --objects keep", "the accounts stay as they are" },
      {
        "lastpass scim disconnect entra --objects keep --except bob@acme.com=disable",
        "object by object",
      },
    },
    topics = { "safety", "exit-codes" },
    run = function(session)
      return require("lastpass.cli.disconnecting").run(session)
    end,
  },
}
