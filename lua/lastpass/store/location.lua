--- Where the journal is: a file that only its user reads, or a PostgreSQL server
-- ("postgresql://user@host:5432/db"), whose address is checked and completed for libpq.
-- @module lastpass.store.location
local errors = require "lastpass.error"
local files = require "lastpass.files"

local M = {}

-- ---- a file ----

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The file that serves unless another one is named (XDG Base Directory Specification).
---@return string|nil path
---@return string? message
---@return lastpass.Error? err code "no_home"
function M.default_path()
  local folder = variable "XDG_STATE_HOME"
  -- The specification has relative paths ignored.
  if folder and folder:sub(1, 1) == "/" then
    return folder .. "/lastpass/journal.db"
  end
  local home = variable "HOME"
  if not home then
    return errors.fail("argument", "no_home", "the journal's path is not known: HOME is not set", {
      hint = "set HOME or XDG_STATE_HOME, or give the option 'path'",
    })
  end
  return home .. "/.local/state/lastpass/journal.db"
end

--- A path with "~" made the home folder.
function M.expand(path)
  local home = variable "HOME"
  if home and path:sub(1, 2) == "~/" then
    return home .. path:sub(2)
  end
  return path
end

--- Makes the file, and its folders, unless it is there. Lua and SQLite know nothing of modes, so a
-- shell does it, once: folders 0700, the file 0600 from its first moment on; SQLite gives its
-- companions (-wal, -shm) the same.
---@return true|nil
---@return string? message
---@return lastpass.Error? err code "store_unopened"
function M.prepare(path)
  if path == ":memory:" or files.is_readable(path) then -- SQLite's name for a database without a file
    return true
  end
  local folder = path:match "^(.*)/[^/]*$" or "."
  -- ">>" leaves alone what another process made meanwhile.
  local command = ("(umask 077 && mkdir -p -- %s && : >> %s) 2>&1 && echo made"):format(
    files.shell_word(folder == "" and "/" or folder),
    files.shell_word(path)
  )
  local pipe, reason = io.popen(command)
  if pipe then
    reason = files.read_pipe(pipe)
  end
  if reason == "made\n" or files.is_readable(path) then
    return true
  end
  local message = ("journal %s: it cannot be made: %s"):format(
    path,
    tostring(reason):gsub("%s+", " "):gsub(" $", ""):gsub("^sh: %d+: ", "")
  )
  return errors.fail("argument", "store_unopened", message, {
    hint = "give this user the right to write there, or name another path (option 'path')",
  })
end

-- ---- a server ----

local EXAMPLE = "postgresql://user@host:5432/database"
local SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- A failure must not show what may be a password.
local function fail(code, message, hint)
  return errors.fail("argument", code, message, { hint = hint })
end

local function parameters_of(query)
  local parameters = {}
  for pair in query:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=(.*)$"
    if name then
      parameters[decode(name)] = decode(value)
    end
  end
  return parameters
end

local function is_local(host)
  return host == ""
    or host:find "^[/@]" ~= nil
    or host == "localhost"
    or host == "::1"
    or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

local function host_of(part)
  return decode(part:match "^%[(.*)%]" or part:match "^[^:]*")
end

-- libpq goes to another machine also by its environment and its service file.
local function all_local(authority, parameters)
  if parameters.service or os.getenv "PGSERVICE" then
    return false
  end
  local hosts = {}
  for part in (authority .. ","):gmatch "([^,]*)," do
    hosts[#hosts + 1] = host_of(part)
  end
  for _, name in ipairs { "host", "hostaddr" } do
    for part in ((parameters[name] or "") .. ","):gmatch "([^,]*)," do
      hosts[#hosts + 1] = part
    end
  end
  if authority == "" and not parameters.host then
    hosts[#hosts + 1] = os.getenv "PGHOST" or ""
  end
  hosts[#hosts + 1] = os.getenv "PGHOSTADDR" or ""
  for _, host in ipairs(hosts) do
    if not is_local(host) then
      return false
    end
  end
  return true
end

-- To another machine only with TLS whose certificate is checked, as everywhere in this library.
local function demand_tls(parameters, added, label)
  local mode = parameters.sslmode or "verify-full"
  if mode ~= "verify-full" and mode ~= "verify-ca" then
    return fail(
      "tls_needed",
      ('journal %s: "sslmode=%s" would not know the server'):format(label, mode:gsub("%c", "?")),
      "leave sslmode out, and name the server's authority: ?sslrootcert=FILE; or go through a "
        .. "tunnel to 127.0.0.1"
    )
  end
  added.sslmode = "verify-full"
  local own = (os.getenv "HOME" or "") .. "/.postgresql/root.crt"
  if
    not os.getenv "PGSSLROOTCERT"
    and not files.is_readable(own)
    and files.is_readable(SYSTEM_AUTHORITIES)
  then
    added.sslrootcert = SYSTEM_AUTHORITIES
  end
  return true
end

local function append(dsn, query, parameters, added)
  local parts = { query ~= "" and query or nil }
  local names = {}
  for name in pairs(added) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    if parameters[name] == nil then
      parts[#parts + 1] = name .. "=" .. added[name]
    end
  end
  return dsn:match "^[^?]*" .. "?" .. table.concat(parts, "&")
end

--- Reads the address of a server.
---@return table|nil address label: for messages; conninfo: for libpq
---@return string? message
---@return lastpass.Error? err code "bad_dsn", "password_in_dsn", "tls_needed"
function M.parse_dsn(dsn)
  local rest = dsn:match "^postgres://(.*)$" or dsn:match "^postgresql://(.*)$"
  if not rest or dsn:find "[%c#%s]" then
    return fail(
      "bad_dsn",
      "the journal's DSN is not of the form " .. EXAMPLE,
      "options go behind a ?"
    )
  end
  local front, query = rest:match "^([^?]*)%??(.*)$"
  local authority = front:match "^[^/]*"
  local user, hosts = authority:match "^(.*)@(.-)$"
  local parameters = parameters_of(query)
  local mode = parameters.pool_mode
  if mode and mode ~= "transaction" and mode ~= "session" then
    return fail(
      "bad_dsn",
      ("the journal's DSN says pool_mode=%s"):format(mode:gsub("%c", "?")),
      "transaction or session, as the pooler's own setting"
    )
  end
  -- libpq does not know it
  query = ("&" .. query):gsub("&pool_mode=[^&]*", ""):gsub("^&", "")
  if user and user:find ":" or parameters.password or parameters.sslpassword then
    return fail(
      "password_in_dsn",
      "the journal's DSN has a password, which process lists, shells and logs would show",
      "keep it in ~/.pgpass, or in a file that only you can read and name it: ?passfile=…"
    )
  end
  local label = dsn:match "^[^?]*"
  local added = {
    application_name = "lastpass",
    client_encoding = "UTF8",
    connect_timeout = "10",
    -- A server that is gone without a word is noticed within a minute or so.
    keepalives_idle = "30",
    keepalives_interval = "10",
    keepalives_count = "3",
    tcp_user_timeout = "60000",
  }
  if not all_local(hosts or authority, parameters) then
    local ok, message, err = demand_tls(parameters, added, label)
    if not ok then
      return nil, message, err
    end
  end
  return {
    label = label,
    conninfo = append(dsn, query, parameters, added),
    is_pooled = mode == "transaction",
  }
end

return M
