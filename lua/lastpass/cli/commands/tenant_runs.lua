--- Commands about runs over companies that workers do, and the worker itself.
-- @module lastpass.cli.commands.tenant_runs
local exit = require "lastpass.cli.exit"
local must = require("lastpass.cli.failure").must
local options_module = require "lastpass.cli.options"
local values = require "lastpass.cli.values"

local function work()
  return require "lastpass.cli.tenant_workers"
end

local function queue()
  return require "lastpass.tenants.queue"
end

local function company_options(names)
  local list = {}
  for _, option in ipairs(options_module.companies) do
    list[#list + 1] = names[option[1]] and option or nil
  end
  return list
end

local JOURNAL = { "--journal", "file or postgresql:// address of runs", value = "PLACE" }

-- Whose journal it is.
local where =
  values.join(company_options { ["--tenants-file"] = true, ["--tenants-of"] = true }, { JOURNAL })

local run_argument = { { "run", "its number", number = "whole" } }

local function list_runs(session)
  local rows = must(work().journal(session):tenant_runs { limit = session.options.limit or 20 })
  for _, run in ipairs(rows) do
    for state, count in pairs(run.counts) do
      run[state] = count
    end
    run.why = run.why or run.code
  end
  return rows
end

return {
  {
    name = "tenants status",
    summary = "Show how runs over companies stand: who works at what, where, since when",
    description = "Without a run the newest runs. With one a line for each company: the worker "
      .. "that is at it and since when, or what it waits for.",
    rows = true,
    ends_with_reader = true,
    arguments = { { "run", "the companies of this run", args = "?", number = "whole" } },
    options = values.join(where, {
      { "--limit", "so many runs; default 20", value = "COUNT", number = "whole" },
    }),
    examples = {
      { "lastpass tenants status", "the newest runs" },
      { "lastpass tenants status 12", "the companies of one" },
    },
    topics = { "tenants", "output" },
    run = function(session, options)
      local views = require "lastpass.cli.views"
      if not options.run then
        session:show(views.tenant_runs, list_runs(session))
        return exit.done
      elseif options.limit then
        return values.usage "--limit is about runs: leave RUN out"
      end
      local rows = must(queue().status(work().journal(session), options.run))
      session:show(views.tenant_jobs, rows)
      return exit.done
    end,
  },
  {
    name = "tenants stop",
    summary = "Stop a run over companies",
    description = "No further company is begun, and workers end what they are at within one call's "
      .. "time limit. `tenants resume` continues.",
    arguments = run_argument,
    options = values.join(where, { { "--reason", "shown by status", value = "TEXT" } }),
    examples = { { "lastpass tenants stop 12 --reason 'wrong playbook'", "at once" } },
    topics = { "tenants" },
    run = function(session, options)
      must(work().journal(session):stop_tenant_run(options.run, options.reason))
      session:say("run %d is stopped; lastpass tenants resume %d", options.run, options.run)
      return exit.done
    end,
  },
  {
    name = "tenants resume",
    summary = "Let a run over companies continue",
    description = "What was stopped, by a person or because too many companies failed, waits for "
      .. "workers again; companies that failed so far count no more.",
    arguments = run_argument,
    options = values.join(where, {
      { "--failed", "the companies that failed once more, too" },
    }),
    examples = { { "lastpass tenants resume 12 --failed", "the rest, and what failed" } },
    topics = { "tenants" },
    run = function(session, options)
      must(work().journal(session):resume_tenant_run(options.run, { retries = options.failed }))
      session:say("run %d continues; lastpass tenants status %d", options.run, options.run)
      return exit.done
    end,
  },
  {
    name = "tenants results",
    summary = "Show what a run over companies has brought so far",
    description = "The rows that its command would have shown, and which companies are missing. It "
      .. "ends with 3 when some are.",
    rows = true,
    arguments = run_argument,
    options = values.join(where, { { "-q --quiet", "no line that sums up" } }),
    examples = {
      { "lastpass tenants results 12", "as a table" },
      { "lastpass tenants results 12 --json", "for a program" },
    },
    topics = { "tenants", "output", "exit-codes" },
    run = function(session, options)
      local run = must(queue().results(work().journal(session), options.run))
      return work().show_results(session, work().command_of(run.run.kind), run)
    end,
  },
  {
    name = "worker",
    summary = "Work at runs over companies that are queued",
    description = "Any number of workers may run, on any number of machines, with one journal in "
      .. "PostgreSQL; each needs the hashes of the companies that it works for. A worker that is "
      .. "lost is replaced by another one when its lease is over. SIGTERM ends it after the calls "
      .. "that are under way, at most --timeout later, and gives back the rest.",
    connects = true,
    options = function()
      return values.join(
        company_options {
          ["--tenants"] = true,
          ["--tenants-file"] = true,
          ["--tenants-of"] = true,
          ["--in-flight"] = true,
          ["--time-limit"] = true,
        },
        {
          { "--kinds", "only such work: users,report", value = "LIST" },
          {
            "--lease",
            "how long a claim lasts without a sign of life; default 3m",
            value = "TIME",
          },
          { "--every", "pause between two looks; default 2s", value = "TIME" },
          { "--once", "end when nothing is due any more" },
          { "--run", "only companies of this run", value = "RUN", number = "whole" },
          { "-q --quiet", "only what did not go well" },
        }
      )
    end,
    examples = {
      { "lastpass worker", "as a service" },
      { "lastpass worker --tenants group:eu --in-flight 64", "for some companies, 64 at once" },
      { "lastpass worker --once -q", "from cron" },
    },
    topics = { "tenants", "exit-codes" },
    run = function(session)
      return work().work(session)
    end,
  },
}
