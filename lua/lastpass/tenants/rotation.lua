--- Another hash for companies, when the old one has been replaced in LastPass: who else uses it, runs that have to pause, and
-- the file that a profile names. The old file stays until the new hash has been read back from the disk and LastPass has
-- accepted it; then the new one takes its place in one step. Whoever is killed before that has the old file, and beside it one
-- with the end ".new", which the next rotation tries first.
-- @module lastpass.tenants.rotation
local core = require "lastpass.core"
local errors = require "lastpass.error"
local files = require "lastpass.files"
local scheduler = require "lastpass.transport.scheduler"
local secrets = require "lastpass.secret"
local store = require "lastpass.store"

local M = {}

--- Why runs over companies were stopped: the next rotation resumes those that one left behind.
M.WHY = "auth rotate"

local WAIT = 180 -- seconds for workers to end what they do
local PAUSE = 0.5
local MOST_RUNS = 1000

-- ---- what there is ----

-- The new file is ours: whom the old one, or its folder, belongs to, such as a service, could not read it any more.
local function check_owner(path)
  local name, what, owner = core.changeable(path)
  if what == "owner" then
    local form = "%s belongs to another user (number %s), who could not read the new hash"
    return errors.fail("argument", "foreign_file", form:format(name, owner), {
      hint = "run it as that user",
    })
  end
  return path
end

--- The file with the hash of a company.
---@param company lastpass.tenants.Company
---@return string|nil path
---@return string? message
---@return lastpass.Error? err codes "not_a_file", "foreign_file"
function M.file_of(company)
  local message, err = company:problem()
  if message then
    return nil, message, err
  end
  local source = company:hash_source()
  if source.kind ~= "file" then
    message = ("the hash comes from %s, where nothing can be written"):format(
      source.kind == "env" and "the variable " .. source.value or "a command"
    )
    return errors.fail("argument", "not_a_file", message, {
      hint = "put the new hash there, then: lastpass auth check",
    })
  end
  -- a link stays one
  local ok, found = files.run("readlink -f -- " .. files.shell_word(source.value))
  return check_owner(ok and found:gsub("\n$", "") or source.value)
end

--- The file of a company's new hash.
---@param pattern string "~/new/{cid}.hash"; {name} is the company's name
---@param company lastpass.tenants.Company
---@return string
function M.file_name(pattern, company)
  local words = { cid = ("%.0f"):format(company.cid or 0), name = company.name }
  return (pattern:gsub("{(%w+)}", words))
end

-- Calls of the API (enterprise-api §4.11): the Username is API, or a user's with this Data.
local function is_call(event)
  return event.username == "API" or event.data == "Initiated by API"
end

--- Who used the API of a company lately: programs that need the new hash, too.
---@param client lastpass.Client
---@param days number
---@return table[]|nil consumers {username, address, calls, last}, those that called last first
---@return string? message
---@return lastpass.Error? err
function M.consumers(client, days)
  local found, list = {}, {}
  local function add(event)
    if is_call(event) then
      local key = event.username .. "\n" .. event.ip_address
      local one = found[key]
      if not one then
        one = { username = event.username, address = event.ip_address, calls = 0, last = 0 }
        found[key], list[#list + 1] = one, one
      end
      one.calls, one.last = one.calls + 1, math.max(one.last, event.time or 0)
    end
  end
  local ok, thrown = scheduler.protected_call(function()
    for event in client:events { from = ("-%dd"):format(days) } do
      add(event)
    end
  end)
  if not ok and type(thrown) == "table" then
    return nil, thrown.message, thrown
  elseif not ok then
    error(thrown, 0)
  end
  table.sort(list, function(a, b)
    if a.last ~= b.last then
      return a.last > b.last
    end
    return a.username .. a.address < b.username .. b.address
  end)
  return list
end

-- ---- runs over companies ----

local function concerns(journal, run, tenants)
  for _, job in ipairs(journal:tenant_jobs(run.id) or {}) do
    if tenants[job.tenant] then
      return true
    end
  end
  return false
end

-- Each journal of the companies once, and the companies it has.
local function journals_of(companies)
  local list, by_journal = {}, {}
  for _, company in ipairs(companies) do
    local tenant, message, err = company:tenant()
    local journal
    if tenant then
      journal, message, err = store.of(company)
    end
    if not journal then
      return nil, message, err
    elseif not by_journal[journal] then
      by_journal[journal] = { journal = journal, tenants = {} }
      list[#list + 1] = by_journal[journal]
    end
    by_journal[journal].tenants[tenant] = company
  end
  return list
end

local function wait_for_workers(one)
  local ends = scheduler.now() + WAIT
  while true do
    local at_work, message, err = one.journal:tenants_at_work()
    local busy
    for tenant in pairs(at_work or {}) do
      busy = busy or one.tenants[tenant]
    end
    if not at_work then
      return nil, message, err
    elseif not busy then
      return true
    elseif scheduler.now() > ends then
      message = ("%s: a worker is still at work"):format(busy.name)
      return errors.fail("conflict", "at_work", message, { hint = "lastpass tenants status" })
    end
    scheduler.sleep(PAUSE)
  end
end

-- Stops those of one journal; what a rotation that was killed has left stopped counts as stopped by this one.
local function stop_runs(one, say)
  local journal = one.journal
  one.runs = {}
  local left, message, err = journal:tenant_runs { state = "stopped", limit = MOST_RUNS }
  local running
  if left then
    running, message, err = journal:tenant_runs { state = "running", limit = MOST_RUNS }
  end
  if not running then
    return nil, message, err
  end
  for _, run in ipairs(left) do
    one.runs[#one.runs + 1] = run.why == M.WHY and run.id or nil
  end
  for _, run in ipairs(running) do
    if concerns(journal, run, one.tenants) and journal:stop_tenant_run(run.id, M.WHY) then
      one.runs[#one.runs + 1] = run.id
      say(("run %d over companies is paused"):format(run.id))
    end
  end
  return true
end

--- Stops the runs over companies that are under way for some of these, and waits until workers have ended what they do.
---@param companies lastpass.tenants.Company[]
---@param say fun(text: string)
---@return table|nil paused for `resume`
---@return string? message
---@return lastpass.Error? err
function M.pause(companies, say)
  local list, message, err = journals_of(companies)
  for _, one in ipairs(list or {}) do
    local ok
    ok, message, err = stop_runs(one, say)
    if ok then
      ok, message, err = wait_for_workers(one)
    end
    if not ok then
      M.resume(list, say)
      return nil, message, err
    end
  end
  return list, message, err
end

--- Lets them continue.
---@param paused table of `pause`
---@param say fun(text: string)
function M.resume(paused, say)
  for _, one in ipairs(paused) do
    for _, id in ipairs(one.runs or {}) do
      local ok, message = one.journal:resume_tenant_run(id)
      say(
        ok and ("run %d over companies continues"):format(id)
          or ("run %d over companies stays paused: %s"):format(id, message)
      )
    end
  end
end

-- ---- the hash ----

-- Whether LastPass accepts the hash that is in a file.
local function try(company, path)
  local hash, message, err = secrets.file(path)
  if not hash then
    return nil, message, err
  end
  local client, total
  client, message, err = company:client_with(hash)
  if client then
    total, message, err = client:getuserdata { pagesize = 1, pageindex = 0 }
  end
  hash:close()
  return total and true or nil, message, err
end

local function take_place(from, path)
  local ok, reason = os.rename(from, path)
  if not ok then
    return errors.fail("argument", "cannot_write", tostring(reason))
  end
  return true
end

-- What a rotation that was killed has left: true when LastPass accepts it, and it stands in its place now. One that was
-- killed before it wrote has left an empty file.
local function finish_left(company, path, left)
  if not files.is_readable(left) then
    return false
  end
  local ok, message, err = try(company, left)
  if ok then
    return take_place(left, path)
  elseif err.kind ~= "auth" and err.code ~= "empty_secret" then
    return nil, message, err -- nobody knows yet
  end
  os.remove(left)
  return false
end

local function save(company, path, left, read_secret)
  local hash, message, err = read_secret(company)
  if not hash then
    return nil, message, err
  end
  local ok, reason = core.save_secret(hash, left)
  hash:close()
  if not ok then
    os.remove(left)
    return errors.fail("argument", "cannot_write", ("%s: %s"):format(left, tostring(reason)))
  end
  ok, message, err = try(company, left)
  if not ok then
    os.remove(left)
    return nil, message, err
  end
  return take_place(left, path)
end

--- Puts a company's new hash into its file, under the company's lock: no run writes meanwhile.
---@param company lastpass.tenants.Company
---@param read_secret fun(company: lastpass.tenants.Company): userdata|nil, string?, lastpass.Error?
---@return "rotated"|"finished"|nil outcome "finished": what a rotation that was interrupted had left
---@return string? message
---@return lastpass.Error? err
function M.rotate(company, read_secret)
  local path, message, err = M.file_of(company)
  local journal, lock
  if path then
    journal, message, err = store.of(company)
  end
  if journal then
    lock, message, err = journal:lock((company:tenant()))
  end
  if not lock then
    return nil, message, err
  end
  local left = path .. ".new"
  local done
  done, message, err = finish_left(company, path, left)
  local outcome = done and "finished" or nil
  if done == false then
    done, message, err = save(company, path, left, read_secret)
    outcome = done and "rotated" or nil
  end
  lock:release()
  company:release()
  return outcome, message, err
end

return M
