--- Playbooks run by nginx: the files of a folder, each at the times that it says itself. One worker of
-- all looks after a folder; what is slow happens in threads.
-- @module lastpass.nginx.playbooks
local book_room = require "lastpass.nginx.playbooks.book"
local folder_room = require "lastpass.nginx.playbooks.folder"
local leases = require "lastpass.nginx.lease"
local metrics = require "lastpass.nginx.metrics"
local runs = require "lastpass.nginx.playbooks.runs"
local threads = require "lastpass.nginx.threads"
local time = require "lastpass.time"

---@class lastpass.nginx.Playbooks
local methods = {}
local playbooks_mt = { __name = "lastpass.nginx.Playbooks", __index = methods }

local M = {}

-- Seconds that a playbook may compute; one that never ends would keep its thread for ever.
local TIME_LIMIT = 120

--- Makes what looks after a folder.
---@param options table directory, apply, pool (name of the thread_pool), tenant (lastpass.nginx.Tenant),
-- time_limit (seconds that a playbook may compute; default 120), look_every (seconds between calls of `tick`)
---@return lastpass.nginx.Playbooks
function M.new(options)
  pcall(require, "lfs") -- it sets a global, which is best done before there are requests
  return setmetatable({
    directory = options.directory:gsub("/+$", ""),
    tenant = options.tenant,
    _apply = options.apply or false,
    _time_limit = options.time_limit or TIME_LIMIT,
    _pool = options.pool,
    -- whoever looks after the folder renews its lease at each look
    _lasts = math.max(5, 2.5 * (options.look_every or 0)),
    _folder = folder_room.new(options.directory),
    _books = {},
    _zone = time.zone(options.tenant.timezone),
  }, playbooks_mt)
end

-- The worker that has the lock keeps it by coming again.
local function leads(self)
  if self._lock and self._lock:renew() then
    return true
  end
  self._lock = leases.take("playbooks " .. self.directory, self._lasts)
  if self._lock then
    self._books = {} -- another worker may have gone on with them
  end
  return self._lock ~= nil
end

--- Lets another worker look after the folder; for a worker that quits.
function methods:release()
  if self._lock then
    self._lock:release()
    self._lock = nil
  end
end

local function tell_broken(self, book, md5, answer)
  book.broken = {
    md5 = md5,
    message = answer.message,
    line = answer.line,
    at = math.floor(ngx.now()),
  }
  metrics.set("lastpass_playbook_broken", runs.labels(self, book), 1)
  ngx.log(
    ngx.ERR,
    "lastpass: playbook ",
    book.path,
    " does not load",
    book.good and ", its last good version stays: " or ": ",
    answer.message
  )
end

-- What is wrong with all of it is said once.
local function note_trouble(self, answer)
  local trouble = { message = answer.message, code = answer.code, hint = answer.hint }
  self._trouble = trouble
  if book_room.note_trouble(self.directory, trouble) then
    ngx.log(
      ngx.ERR,
      "lastpass: playbooks in ",
      self.directory,
      ": ",
      trouble.message,
      trouble.hint and " (" .. trouble.hint .. ")" or ""
    )
  end
end

-- A new version: it is tried in a thread, and takes the place of the one before when it loads.
local function load_version(self, book, text, md5)
  local answer = threads.order(self._pool, "playbooks", "load", {
    path = book.path,
    text = text,
    timezone = self.tenant.timezone,
    time_limit = self._time_limit,
  })
  if answer.code == "no_thread" then
    note_trouble(self, answer)
    return
  end
  book.seen = md5
  if answer.outcome ~= "loaded" then
    tell_broken(self, book, md5, answer)
  else
    if book.broken then
      ngx.log(ngx.NOTICE, "lastpass: playbook ", book.path, " loads again")
    end
    book.broken = nil
    book.good = { text = text, md5 = md5, schedule = answer.schedule }
    metrics.set("lastpass_playbook_broken", runs.labels(self, book), 0)
  end
  book:save_versions()
end

local function load_newest(self, book, text)
  local md5 = ngx.md5(text)
  if md5 ~= book.seen and not book._running then
    load_version(self, book, text, md5)
  end
end

local function look(self)
  local texts, message, err = self._folder:look()
  if not texts then
    return note_trouble(self, { message = message, code = err.code, hint = err.hint })
  end
  self._trouble = nil
  local names = {}
  for name in pairs(texts) do
    names[#names + 1] = name
    self._books[name] = self._books[name] or book_room.open(self.directory, name)
  end
  table.sort(names)
  for name, book in pairs(self._books) do
    if not texts[name] and not book._running then
      book:forget()
      self._books[name] = nil
    end
  end
  local listed = table.concat(names, "\n")
  if listed ~= self._listed then
    book_room.list(self.directory, names)
    self._listed = listed
  end
  for _, name in ipairs(names) do
    load_newest(self, self._books[name], texts[name])
    runs.start_when_due(self, self._books[name])
  end
  if not self._trouble then
    book_room.note_trouble(self.directory, nil)
  end
end

--- Looks after the folder when no other worker does. To be called in a timer, again and again.
function methods:tick()
  if self._ticking then
    return self._lock and self._lock:renew() -- a playbook is loading, and takes its time
  end
  self._ticking = true
  local ok, message = pcall(function()
    if leads(self) then
      look(self)
    end
  end)
  self._ticking = nil
  if not ok then
    ngx.log(ngx.ERR, "lastpass: playbooks in ", self.directory, ": ", tostring(message))
  end
end

--- How they are, for /healthz.
---@return table {directory, playbooks = list, looked_after, trouble}
function methods:report()
  return {
    directory = self.directory,
    apply = self._apply,
    looked_after = leases.is_taken("playbooks " .. self.directory),
    trouble = book_room.trouble(self.directory),
    playbooks = book_room.report(self.directory),
  }
end

return M
