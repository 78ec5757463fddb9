--- Runs over companies that workers do: put into the queue, done by processes of this machine, or by a worker that stays.
-- @module lastpass.cli.tenant_workers
local core = require "lastpass.core"
local exit = require "lastpass.cli.exit"
local failure = require "lastpass.cli.failure"
local files = require "lastpass.files"
local interrupt = require "lastpass.cli.interrupt"
local loop = require "lastpass.transport.loop"
local options_module = require "lastpass.cli.options"
local processes = require "lastpass.store.processes"
local queue = require "lastpass.tenants.queue"
local tenants = require "lastpass.cli.tenants"
local text = require "lastpass.text"
local values = require "lastpass.cli.values"
local workers = require "lastpass.tenants.worker"

local M = {}

local must = failure.must

--- The journal that the options name: its address, or that of the companies.
---@param session lastpass.cli.Session
---@return lastpass.store.Journal
function M.journal(session)
  local place = session.options.journal
  if place then
    return must(require("lastpass.store").of {
      option = function(_, name)
        return name == "journal" and place or nil
      end,
    })
  end
  return must(queue.journal(tenants.load(session)))
end

-- ------------------------------------------------------------------ a worker

local function line_of(event)
  local ends = { done = "done", failed = "not done", ready = "given back" }
  if event.what == "journal" then
    return ("waiting for the journal's database: %s"):format(event.message)
  elseif event.what == "said" then
    return ("%s: %s"):format(event.company, event.message)
  elseif not ends[event.what] then
    return nil
  end
  local why = event.message and ": " .. failure.in_commands(event.message) or ""
  return ("run %d, %s: %s%s"):format(event.run, event.company, ends[event.what], why)
end

local function kinds_of(words)
  if not words then
    return nil
  end
  local known, list = require("lastpass.tenants.kinds").list, {}
  for word in words:gmatch "[^,%s]+" do
    if not known[word] then
      local errors = require "lastpass.error"
      local near = errors.did_you_mean(word, errors.names_of(known))
      return values.usage(("--kinds: there is no kind of work '%s'%s"):format(word, near))
    end
    list[#list + 1] = word
  end
  return list
end

local function ended_by(session, totals)
  local _, signal = core.interrupts()
  if not session.options.quiet then
    local form = "%s: %d done, %d not done, %d given back"
    local why = interrupt.has_come() and signal or "ended"
    session:say(form, why, totals.done, totals.failed, totals.given_back)
  end
  if interrupt.has_come() then
    return signal == "SIGINT" and exit.interrupted or exit.done
  end
  return totals.failed > 0 and exit.partial or exit.done
end

local function worker_options(session)
  local options = session.options
  local lease = must(values.duration("lease", options.lease)) or workers.LEASE
  local timeout = options.timeout or math.min(workers.TIMEOUT, math.floor(lease / 3))
  if lease < 2 * timeout then
    return values.usage(
      ("--lease: a call may take %g s, and a lease has to last twice that"):format(timeout)
    )
  end
  local kinds, message, err = kinds_of(options.kinds)
  if message then
    return nil, message, err
  end
  return {
    in_flight = options.in_flight,
    time_limit = must(values.duration("time-limit", options.time_limit)),
    lease = lease,
    timeout = timeout,
    every = must(values.duration("every", options.every)),
    kinds = kinds,
    run = options.run,
    once = options.once,
    stop = interrupt.has_come,
    on_event = function(event)
      local line = line_of(event)
      if line and (not session.options.quiet or event.what == "failed") then
        session:say("%s", text.clean(line))
      end
    end,
  }
end

--- Works until a signal comes, or, with --once, until nothing is due.
---@param session lastpass.cli.Session
---@return integer|nil code
---@return string? message
---@return lastpass.Error? err
function M.work(session)
  local options = must(worker_options(session))
  local set = tenants.load(session, {
    connect = workers.connect(require("lastpass").new, {
      lease = options.lease,
      timeout = options.timeout,
    }),
  })
  if session.options.journal then
    options.journal = function()
      return M.journal(session)
    end
  else
    must(queue.journal(set)) -- one for all
  end
  local worker = workers.new(set, options)
  local totals, message, err = interrupt.gently(worker.work, worker)
  if not totals then
    return nil, message, err
  end
  return ended_by(session, totals)
end

-- ------------------------------------------------------------------ results

--- The command whose rows a kind of work has.
---@param kind string
---@return lastpass.cli.Command|nil
function M.command_of(kind)
  local commands = require "lastpass.cli.commands"
  for _, name in ipairs(commands.names()) do
    local command = commands.load(name)
    if command.tenants and command.tenants.kind == kind then
      return command
    end
  end
  return nil
end

-- What has no view of its own is shown as its rows are.
local function plain_view(kind)
  return { name = kind, key = "company", fields = {}, columns = {} }
end

--- Shows the results of a run as its command would have shown them.
---@param session lastpass.cli.Session
---@param command lastpass.cli.Command|nil
---@param run lastpass.tenants.StoredRun
---@return integer code
function M.show_results(session, command, run)
  local declared = command and command.tenants or {}
  local code
  if declared.show then
    code = declared.show(session, run)
  else
    local view = tenants.view_of(declared, session.options) or plain_view(run.run.kind)
    session:show(tenants.view(view, run:result()), run)
  end
  return code or tenants.finish(session, run:result())
end

-- ------------------------------------------------------------------ the queue

local function add(session, command, set)
  local declared = command.tenants
  if declared.kind == "export" then
    return values.usage "--queue and --processes: an export writes where it runs, so run it here"
  end
  local settings = declared.settings and declared.settings(session, session.options) or {}
  local expression = session.options.tenants or "all"
  return must(failure.call(queue.add, set, declared.kind, settings, { expression = expression }))
end

-- Says the number of the run.
local function put_into_queue(session, command, set)
  local id = must(add(session, command, set))
  session:print(("%d"):format(id))
  if not session.options.quiet then
    session:say("run %d waits for workers; lastpass tenants status %d", id, id)
  end
  return exit.done
end

-- ------------------------------------------------------------------ processes

local NOT_FOR_WORKERS = { queue = true, processes = true, in_flight = true, time_limit = true }

-- The options of this command line that a worker needs as well.
local function shared_words(options)
  local words = {}
  for _, list in ipairs { options_module.companies, options_module.connection } do
    for _, option in ipairs(list) do
      local flag = option[1]:match "%-%-%S+"
      local name = flag:sub(3):gsub("-", "_")
      local value = options[name]
      if value and option.value and not NOT_FOR_WORKERS[name] then
        words[#words + 1] = ("%s=%s"):format(flag, tostring(value))
      end
    end
  end
  return words
end

-- This program, as it was started.
local function program_words()
  local arguments = rawget(_G, "arg")
  local first = 0
  while arguments[first - 1] do
    first = first - 1
  end
  local words = {}
  for index = first, 0 do
    words[#words + 1] = arguments[index]
  end
  return words
end

local function start_worker(session, id, count)
  local options = session.options
  local words = program_words()
  local own = { "worker", "--once", "--quiet", ("--run=%d"):format(id) }
  if options.in_flight then
    own[#own + 1] = ("--in-flight=%d"):format(math.max(math.ceil(options.in_flight / count), 1))
  end
  if options.time_limit then
    own[#own + 1] = "--time-limit=" .. options.time_limit
  end
  for _, list in ipairs { own, shared_words(options) } do
    for _, word in ipairs(list) do
      words[#words + 1] = word
    end
  end
  for index, word in ipairs(words) do
    words[index] = files.shell_word(word)
  end
  local pipe = assert(io.popen("echo $$; exec " .. table.concat(words, " ") .. " </dev/null"))
  return { pipe = pipe, pid = tonumber(pipe:read "*l") }
end

local function any_alive(list)
  for _, one in ipairs(list) do
    if processes.is_running(one.pid) then
      return true
    end
  end
  return false
end

-- SIGTERM is passed on; Ctrl-C of a terminal comes to all of them by itself.
local function wait_for(list)
  local has_told = false
  while any_alive(list) do
    if interrupt.has_come() and not has_told then
      has_told = true
      for _, one in ipairs(list) do
        os.execute(("kill -TERM %d 2>/dev/null"):format(one.pid))
      end
    end
    loop.sleep(0.1)
  end
  for _, one in ipairs(list) do
    one.pipe:close()
  end
end

-- Waits for the processes, and shows what came of it.
local function run_processes(session, command, set)
  local count = session.options.processes
  if count > 64 then
    return values.usage "--processes: 64 at most"
  end
  local id = must(add(session, command, set))
  local journal = must(queue.journal(set))
  local list = {}
  for index = 1, count do
    list[index] = start_worker(session, id, count)
  end
  interrupt.gently(wait_for, list)
  local run = must(journal:tenant_runs { id = id })[1]
  if run.state ~= "finished" then
    session:say("run %d is not through; lastpass tenants status %d", id, id)
  end
  return M.show_results(session, command, must(queue.results(journal, id)))
end

--- Leaves a command over companies to workers (--queue), or to so many processes of its own (--processes).
---@param session lastpass.cli.Session
---@param command lastpass.cli.Command
---@return integer code
function M.run(session, command)
  local set = tenants.load(session)
  return (session.options.queue and put_into_queue or run_processes)(session, command, set)
end

return M
