-- Starts a real PostgreSQL on loopback and a socket, with its own data in a temporary folder.
-- Debian: postgresql (its programs are taken from /usr/lib/postgresql), lua-dbi-postgresql, lua-socket.
local DBI = require "DBI"
local socket = require "socket"

local M = {}

M.USER = "lastpass"
M.PASSWORD = "correct-horse:battery@staple"

local methods = {}
methods.__index = methods

local function output_of(command, ...)
  local pipe = assert(io.popen(command:format(...)))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function write_file(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read "*a"
  file:close()
  return text
end

-- A port that nobody has at this moment. PostgreSQL cannot be told to take any.
local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return tonumber(port)
end

-- PostgreSQL refuses to run as root.
local function as_user()
  if output_of "id -u" == "0\n" then
    return "setpriv --reuid=postgres --regid=postgres --clear-groups "
  end
  return ""
end

local function programs()
  local path = output_of "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"
  return assert(path:match "^(%S+)\n", "PostgreSQL is not installed")
end

local function initialise(self, encoding)
  write_file(self.folder .. "/password", M.PASSWORD .. "\n")
  if self.as_user ~= "" then
    output_of("chown -R postgres: %s", self.folder)
  end
  local answer = output_of(
    "cd %s && %s%s/initdb --no-sync --username=%s --pwfile=password --encoding=%s "
      .. "--locale=C --auth-local=trust --auth-host=scram-sha-256 data 2>&1",
    self.folder,
    self.as_user,
    self.programs,
    M.USER,
    encoding
  )
  assert(answer:find "Success", answer)
end

-- One try; another process may take the port first.
local function launch(self, port)
  self.port = port or free_port()
  self.socket_dsn = ("postgresql://%s@/postgres?host=%s&port=%d"):format(
    M.USER,
    self.folder,
    self.port
  )
  self.host_dsn = ("postgresql://%s@127.0.0.1:%d/postgres"):format(M.USER, self.port)
  local form = "cd %s && echo $$ && exec timeout -s KILL 600 env -u LD_PRELOAD "
    .. "%s%s/postgres -D data -k %s -c listen_addresses=127.0.0.1 -c port=%d "
    .. "-c max_connections=20 %s >log 2>&1"
  self.pipe = assert(
    io.popen(
      form:format(self.folder, self.as_user, self.programs, self.folder, self.port, self.settings)
    )
  )
  local watcher = self.pipe:read "*l"
  local ends_at = socket.gettime() + 120
  repeat
    socket.sleep(0.05)
    local status = read_file(self.folder .. "/data/postmaster.pid")
    if status and status:find "ready" then
      self.process = tonumber(status:match "^(%d+)")
      return true
    end
  until socket.gettime() > ends_at
  os.execute("kill " .. watcher) -- which ends the server too, if it runs at all
  self.pipe:close()
  self.pipe = nil
  return false
end

--- Starts one.
---@param options? table encoding: default "UTF8"; settings: further ones, "-c name=value"
---@return table server `folder`, `port`, `socket_dsn`, `host_dsn` (asks for a password)
function M.start(options)
  options = options or {}
  local self = setmetatable({
    folder = output_of("mktemp -d"):match "%S+",
    as_user = as_user(),
    programs = programs(),
    settings = options.settings or "",
    schemas = 0,
  }, methods)
  initialise(self, options.encoding or "UTF8")
  assert(launch(self) or launch(self), "PostgreSQL did not start")
  return self
end

--- Runs statements on a connection of its own.
---@return table|nil row the first one of the last statement, by column name
function methods:run(...)
  local connection = assert(DBI.Connect("PostgreSQL", self.socket_dsn))
  connection:autocommit(true)
  local row
  for index = 1, select("#", ...) do
    local statement = assert(connection:prepare((select(index, ...))))
    assert(statement:execute())
    row = statement:fetch(true)
    statement:close()
  end
  connection:close()
  return row
end

--- An empty schema of its own.
---@param base? string default `socket_dsn`
---@return string dsn
---@return string schema
function methods:fresh(base)
  self.schemas = self.schemas + 1
  local schema = ("s%d"):format(self.schemas)
  self:run("CREATE SCHEMA " .. schema)
  base = base or self.socket_dsn
  return base .. (base:find "?" and "&" or "?") .. "options=-csearch_path%3D" .. schema, schema
end

local EMPTY = [[DO $do$
  DECLARE name text;
  BEGIN
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'SCHEMA' AND tablename <> 'lastpass_schema' LOOP
      EXECUTE format('DELETE FROM SCHEMA.%I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'SCHEMA' LOOP
      PERFORM setval(format('SCHEMA.%I', name)::regclass, 1, false);
    END LOOP;
  END $do$]]

--- A schema with the journal's tables, which are empty, and count from 1: one for all who ask, one after the other. To make
-- the tables takes longer than most tests, so what changes the tables themselves has to take a fresh one.
---@return string dsn
function methods:emptied()
  if not self.shared then
    local dsn, schema = self:fresh()
    assert(require("lastpass.store").open({ dsn = dsn })):close()
    self.shared = { dsn = dsn, sql = EMPTY:gsub("SCHEMA", schema) }
    self.shared.connection = assert(DBI.Connect("PostgreSQL", self.socket_dsn))
    self.shared.connection:autocommit(true)
  end
  local statement = assert(self.shared.connection:prepare(self.shared.sql))
  assert(statement:execute())
  statement:close()
  return self.shared.dsn
end

--- Ends the server as a crash would.
function methods:kill()
  if self.pipe then
    os.execute(("kill -9 %d"):format(self.process))
    self.pipe:close()
    self.pipe = nil
    socket.sleep(0.2) -- its children notice
    os.remove(self.folder .. "/data/postmaster.pid")
  end
end

--- Starts it again, on the same data and, unless somebody has taken it, at the same port.
function methods:restart()
  assert(launch(self, self.port) or launch(self), "PostgreSQL did not start again")
end

--- Ends the server and removes its folder.
function methods:stop()
  if self.shared then
    self.shared.connection:close()
  end
  if self.pipe then
    os.execute(("kill -INT %d"):format(self.process)) -- fast shutdown
    self.pipe:close()
    self.pipe = nil
  end
  if self.folder then
    os.execute("rm -r " .. self.folder)
    self.folder = nil
  end
end

return M
