--- Sinks: where events go. A sink is an object with
--
--     sink:begin(state, header) -> true | nil, message, err    before the first event; `state` is what
--                                                               `confirm` gave when the cursor was saved
--     sink:write(text, count)   -> true | nil, message, err    events, oldest first
--     sink:confirm()            -> state | nil, message, err   all written so far is safe; the cursor
--                                                               moves only after it
--     sink:finish()             -> true | nil, message, err    the end of the export
--     sink:close()                                             also after failures; safe to call again
--
-- and, when it wants them, `batch` (`events`, `bytes`: the most in one write), `frame` (templates
-- `before` and `after` each event), `confirmed` (when it is true after a write, all written so far is safe, and
-- the cursor moves at once; false: not decided yet), `refused` and `dead_letters` (how many events were
-- put aside, and where). With a cursor `confirm` is called once before the first write too:
-- what it gives then is where the sink begins.
-- @module lastpass.export.sinks
local errors = require "lastpass.error"

local M = {}

local function check_whole(least)
  return function(value)
    local is_whole = type(value) == "number" and value >= least and value == math.floor(value)
    return is_whole, ("an integer from %d on"):format(least)
  end
end

local function check_positive(value)
  return type(value) == "number" and value > 0, "a number above 0"
end

local function check_seconds(value)
  return type(value) == "number" and value >= 0, "a number of seconds"
end

local CA_FILE = { "ca_file", "string", "certificates to trust; default the system's" }

--- All kinds of sinks: what they are called, what they are, and their options as {name, type, help}. Each is a module
-- `lastpass.export.sinks.<name>` with a function `open(options, about, level)`. The documents have their list
-- from here.
---@type {name: string, help: string, options: table[]}[]
M.list = {
  {
    name = "file",
    help = "a file; with a cursor it grows, and holds every event once",
    options = {
      { "path", "string", "the file" },
      { "rotate", check_whole(1), "bytes at which a new file is begun; needs a cursor" },
      { "keep", check_whole(1), "how many old files stay, `path.1`, `path.2`, …; default all" },
    },
  },
  {
    name = "syslog",
    help = "a syslog server: over TLS (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426)",
    options = {
      { "host", "string", "the server" },
      { "port", check_positive, "default 6514 for TLS, 514 else" },
      { "protocol", "string", "`tls` (default), `tcp`, `udp`" },
      { "framing", "string", "`octets` (default) or `newline`: RFC 6587; not over UDP" },
      {
        "confirm_after",
        check_seconds,
        "seconds for the server to end the connection, before it is enough that its system has "
          .. "taken all; default 10",
      },
      CA_FILE,
      { "certificate", "string", "file with our certificate, for a server that asks for one" },
      { "key", "string", "file with its key" },
      { "timeout", check_positive, "seconds without progress; default 30" },
      { "retries", check_seconds, "how often sending is tried again; default 5" },
    },
  },
  {
    name = "webhook",
    help = "an address that takes batches over HTTPS",
    options = {
      { "url", "string", "the address, https://…" },
      { "style", "string", "what listens there: `splunk`, `elastic` or `generic` (default)" },
      { "headers", "table", "further headers, name = value" },
      { "token_file", "string", "file with the token, mode 600" },
      { "token_env", "string", "environment variable with the token" },
      CA_FILE,
      { "proxy", "string", "address of a proxy" },
      { "timeout", "number", "seconds for one request; default 60" },
      { "retries", "number", "how often a request is tried again; default 8" },
      { "events", check_whole(1), "most events of one request; default 5000" },
      { "bytes", check_whole(1), "most bytes of one request; default 1048576" },
      { "host", "string", "`splunk`: whose events these are; default lastpass.com" },
      {
        "receipt",
        "table",
        "`generic`: what an answer must have: `status`, `body` (a text in it), `json` (member = "
          .. "value)",
      },
      {
        "dead_letters",
        "string",
        "file for events that the receiver refuses; default beside the journal",
      },
      {
        "most_refused",
        check_whole(0),
        "events refused in a row before the export stops; default 20",
      },
      { "transport", "table", "as of a client" },
      { "on_retry", "function", "is given message, code, attempt, seconds before each retry" },
      { "on_refused", "function", "is given message, path, count of each event that is put aside" },
    },
  },
  { name = "stdout", help = "standard output", options = {} },
}

local names, by_name = {}, {}
for position, sink in ipairs(M.list) do
  names[position], by_name[sink.name], sink.known = sink.name, sink, {}
  for _, option in ipairs(sink.options) do
    sink.known[option[1]] = option[2]
  end
end

-- A function, or an object with `write` and `confirm`, is a sink as well: what it lacks does nothing.
local custom = {}
custom.__index = custom

--- Nothing to prepare.
function custom.begin()
  return true
end

--- Calls the function.
function custom:write(text, count)
  return self.call(text, count)
end

--- What the function has taken is taken.
function custom.confirm()
  return {}
end

--- Nothing to complete.
function custom.finish()
  return true
end

--- Nothing to close.
function custom.close() end

-- Standard output. Whoever reads it may still lose it; to us it is written.
local stdout = {}
local stdout_mt = { __name = "lastpass.export.sinks.stdout", __index = stdout }

local function check_output(ok, message)
  if ok then
    return true
  end
  return errors.fail("transport", "output_closed", "the output cannot be written: " .. message)
end

--- Writes the header.
function stdout:begin(_, header)
  return not header or self:write(header)
end

--- Writes.
function stdout:write(text)
  return check_output(self.file:write(text))
end

--- Flushes.
function stdout:confirm()
  local ok, message, err = check_output(self.file:flush())
  if not ok then
    return nil, message, err
  end
  return {}
end

stdout.finish, stdout.close = custom.finish, custom.close

--- Opens a sink. Nothing is sent or written yet.
---@param given string|table|function|nil "-" (default) for stdout; a path; a table of `kind` and its
-- options; an object that is a sink; a function that is given text and count
---@param about table `durable` (there is a cursor), `cursor` (its name), `format`, `media_type`, `dead_letters`
-- (gives the path where they go unless the sink has one), `level` (whose line is blamed)
---@return table sink
function M.open(given, about)
  local level = (about.level or 1) + 1
  if type(given) == "function" then
    return setmetatable({ call = given }, custom)
  elseif type(given) == "string" and given ~= "-" then
    given = { kind = "file", path = given }
  elseif type(given) ~= "table" then
    given = { kind = "stdout" }
  elseif type(given.write) == "function" and type(given.confirm) == "function" then
    return setmetatable(given, getmetatable(given) or custom)
  end
  local sink = by_name[given.kind]
  if not sink then
    local name = tostring(given.kind)
    local hint = errors.did_you_mean(name, names)
    errors.raise(level, "client:export: unknown kind of sink '%s'%s", name, hint)
  end
  local options = {}
  for name, value in pairs(given) do
    options[name] = name ~= "kind" and value or nil
  end
  errors.check_options(("client:export: sink '%s'"):format(sink.name), options, sink.known, level)
  if sink.name == "stdout" then
    return setmetatable({ file = io.stdout }, stdout_mt)
  end
  return require("lastpass.export.sinks." .. sink.name).open(options, about, level)
end

return M
