--- `lastpass.nginx` in a real nginx over a sandbox, for specs.
local json = require "lastpass.json"
local lastpass = require "lastpass"
local nginx = require "spec.support.nginx"
local wait = require "spec.support.wait"

local M = {}

local methods = {}
local site_mt = { __index = methods }

local HTTP = [[
  lua_shared_dict lastpass_directory %s;
  %s
  init_by_lua_block {
    local lastpass = require "lastpass"
    site = require("lastpass.nginx").setup {
      tenants = {
        acme = {
          cid = %s,
          url = %q,
          provhash = assert(lastpass.secret.value %q),
          %s
        },
      },
      %s
    }
  }
  init_worker_by_lua_block { %s }
]]

local SERVER = [[
  location = /healthz { content_by_lua_block { site:health() } }
  location = /metrics { content_by_lua_block { site:metrics() } }
  location = /plain { return 200 "plain\n"; }
  location = /directory {
    content_by_lua_block {
      local json = require "lastpass.json"
      local view, message, err = site.tenants.acme:directory()
      if not view then
        ngx.status = 503
        ngx.header["Retry-After"] = math.ceil(err.retry_after or 1)
        return ngx.print(json.encode { message = message, code = err.code, hint = err.hint })
      end
      ngx.header["Age"] = math.floor(view.age)
      ngx.print(json.encode {
        version = view.version, age = view.age, stale = view.stale, read_at = view.read_at,
        users = view.snapshot:count(), folders = view.folders and #view.folders,
        worker = ngx.worker.pid(), view = tostring(view),
      })
    }
  }
  %s
]]

local dicts =
  { "limits", "locks", "counters", "idempotency", "sessions", "playbooks", "scim", "metrics" }

--- The dicts beside the directory's.
---@param sizes? table<string, string> by name without "lastpass_"; default 1m
---@return string text of nginx.conf
function M.dicts(sizes)
  local lines = {}
  for place, name in ipairs(dicts) do
    lines[place] = ("lua_shared_dict lastpass_%s %s;"):format(name, sizes and sizes[name] or "1m")
  end
  return table.concat(lines, "\n  ")
end

--- Starts it.
---@param box table the sandbox
---@param options? table workers, directory (size of the dict), dicts (sizes of others), tenant and setup (text of Lua), server
-- (text), files, start (what init_worker does), http, main, port
function M.start(box, options)
  options = options or {}
  local server = nginx.start {
    workers = options.workers or 2,
    main = options.main or "thread_pool lastpass threads=8;",
    http = HTTP:format(
      options.directory or "32m",
      M.dicts(options.dicts),
      tostring(box.cid or lastpass.sandbox.CID),
      options.url or box.url,
      lastpass.sandbox.PROVHASH,
      options.tenant or "",
      options.setup or "",
      options.start or "site:start()"
    ) .. (options.http or ""),
    server = SERVER:format(options.server or ""),
    files = options.files,
    env = options.env,
    port = options.port,
  }
  return setmetatable({ server = server }, site_mt)
end

--- The answer to a GET: status, what the JSON says (or the text), headers.
function methods:get(path, options)
  local status, body, headers = self.server:get(path, options)
  local ok, value = pcall(json.decode, body)
  return status, ok and value or body, headers
end

--- The directory, once every worker has one that fits.
function methods:directory(fits, seconds)
  return wait("the directory", function()
    local status, value = self:get "/directory"
    return status == 200 and (not fits or fits(value)) and value
  end, seconds)
end

--- The lines of the error log with a text.
function methods:lines_in_log(text)
  local lines = {}
  for line in self.server:log():gmatch "[^\n]+" do
    if line:find(text, 1, true) then
      lines[#lines + 1] = line
    end
  end
  return lines
end

--- How often a text is in the error log.
function methods:count_in_log(text)
  return #self:lines_in_log(text)
end

--- One number of /metrics, by the start of its line.
function methods:metric(start)
  local _, text = self.server:get "/metrics"
  for line in text:gmatch "[^\n]+" do
    if line:sub(1, #start) == start then
      return tonumber(line:match " (%S+)$")
    end
  end
end

function methods:stop()
  self.server:stop()
end

return M
