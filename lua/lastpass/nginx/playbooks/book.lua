--- What is known of one playbook: its newest version, the last one that loads, when it ran and how that
-- went. It is kept in the `lua_shared_dict` named lastpass_playbooks, so that another worker can go on with
-- it and every worker can tell of it.
-- @module lastpass.nginx.playbooks.book
local dicts = require "lastpass.nginx.dicts"
local json = require "lastpass.json"

local M = {}

---@class lastpass.nginx.Book
---@field path string
---@field name string        of the file
---@field seen? string       MD5 of the newest version that was looked at
---@field good? table        {text, md5, schedule}: the last version that loads
---@field broken? table      {md5, message, line, at}: the newest version, when it does not load
---@field known_since number
---@field began? number      when it last ran
---@field last? table        what became of that
---@field failures integer   runs in a row that came to no good end
local methods = {}
local book_mt = { __name = "lastpass.nginx.Book", __index = methods }

local function shared()
  return dicts.get "lastpass_playbooks"
end

local function key_of(path)
  return "playbook " .. path
end

local function list_key(folder)
  return "playbooks " .. folder
end

local function trouble_key(folder)
  return "trouble with " .. folder
end

local function run_key_of(path)
  return "playbook run " .. path
end

local function take_fields(self, key)
  local text = shared():get(key)
  for name, value in pairs(text and json.decode(text) or {}) do
    self[name] = value
  end
end

--- The playbook of a file, as it was left by whoever had it before.
---@param folder string
---@param name string
---@return lastpass.nginx.Book
function M.open(folder, name)
  local path = folder .. "/" .. name
  local self = setmetatable({ known_since = ngx.now(), failures = 0 }, book_mt)
  self.path, self.name = path, name
  take_fields(self, key_of(path))
  take_fields(self, run_key_of(path))
  return self
end

local function save(self, key, names)
  local fields = {}
  for _, name in ipairs(names) do
    fields[name] = self[name]
  end
  if not dicts.set(shared(), key, json.encode(fields)) and not self._told then
    self._told = true
    ngx.log(ngx.WARN, "lastpass: lua_shared_dict lastpass_playbooks has no room for ", self.path)
  end
end

--- Keeps what is known of its versions; whoever looks after the folder writes this.
function methods:save_versions()
  save(self, key_of(self.path), { "known_since", "seen", "good", "broken" })
end

--- Keeps what is known of its runs; whoever runs it writes this, which after a reload may be a worker
-- that looks after nothing any more.
function methods:save_runs()
  save(self, run_key_of(self.path), { "began", "last", "failures" })
end

--- Takes over what another worker knows of its runs.
function methods:look_at_runs()
  take_fields(self, run_key_of(self.path))
end

--- Forgets a playbook whose file is gone.
function methods:forget()
  shared():delete(key_of(self.path))
  shared():delete(run_key_of(self.path))
end

--- Says which playbooks there are, for other workers.
---@param folder string
---@param names string[]
function M.list(folder, names)
  dicts.set(shared(), list_key(folder), json.encode(json.list(names)))
end

--- Says what is wrong with a folder as a whole.
---@param folder string
---@param trouble table|nil {message, code, hint}; nil when nothing is
---@return boolean is_new whether it was not known before
function M.note_trouble(folder, trouble)
  local dict, key = shared(), trouble_key(folder)
  local before, text = dict:get(key), trouble and json.encode(trouble)
  if text and text ~= before then
    dicts.set(dict, key, text)
  elseif before and not text then
    dict:delete(key)
  end
  return text ~= nil and text ~= before
end

--- What is wrong with a folder as a whole.
---@param folder string
---@return table|nil {message, code, hint}
function M.trouble(folder)
  local text = shared():get(trouble_key(folder))
  return text and json.decode(text) or nil
end

--- All that are known of a folder, for /healthz.
---@param folder string
---@return table[]
function M.report(folder)
  local dict = shared()
  local text = dict:get(list_key(folder))
  local list = json.list {}
  for _, name in ipairs(text and json.decode(text) or {}) do
    local book = M.open(folder, name)
    list[#list + 1] = {
      name = name,
      schedule = book.good and book.good.schedule and book.good.schedule.text,
      version = book.good and book.good.md5,
      broken = book.broken,
      began = book.began,
      last = book.last,
      failures = book.failures,
    }
  end
  return list
end

return M
