--- Where `lastpass export` sends events: its options, and the sink that they describe.
-- @module lastpass.cli.sinks
local values = require "lastpass.cli.values"

local M = {}

local usage = values.usage

-- The options of each sink; "network" is for syslog and webhook. `as` is what the sink calls one, where it
-- is not the same name; false: it is read below.
local OPTIONS = {
  file = {
    {
      "--file",
      "into this file; with --cursor it grows, and holds every event once",
      value = "PATH",
      as = "path",
    },
    {
      "--rotate",
      "begin a new file at this size: 100M; needs --cursor",
      value = "SIZE",
      as = false,
    },
    { "--keep", "how many old files stay; default all", value = "COUNT", number = true },
  },
  syslog = {
    {
      "--syslog",
      "to a syslog server: tls://siem.acme.com:6514, tcp://…, udp://…",
      value = "ADDRESS",
      as = false,
    },
    {
      "--framing",
      "how messages over tcp and tls are separated; default octets",
      value = "KIND",
      choices = { "octets", "newline" },
    },
    {
      "--confirm-after",
      "seconds for the syslog server to end the connection; default 10",
      value = "SECONDS",
      number = true,
    },
    { "--sink-certificate", "our certificate for the syslog server", value = "FILE" },
    { "--sink-key", "file with its key", value = "FILE" },
  },
  webhook = {
    { "--webhook", "in batches to this address, https://…", value = "URL", as = "url" },
    {
      "--kind",
      "what listens at the webhook; default generic",
      value = "KIND",
      choices = { "generic", "splunk", "elastic" },
      as = "style",
    },
    { "--token-file", "file with the webhook's token, mode 600", value = "FILE" },
    { "--token-env", "environment variable with the webhook's token", value = "NAME" },
    {
      "--batch",
      "most events of one request; default 5000",
      value = "COUNT",
      number = true,
      as = "events",
    },
    {
      "--receipt-status",
      "generic: only these answers are receipts: 200,202",
      value = "CODES",
      as = false,
    },
    {
      "--receipt-json",
      "generic: a receipt has this member: ok=true",
      value = "NAME=VALUE",
      many = true,
      as = false,
    },
    { "--receipt-body", "generic: a receipt has this text in it", value = "TEXT", as = false },
    { "--dead-letters", "file for events that the receiver refuses", value = "PATH" },
    {
      "--most-refused",
      "events refused in a row before it stops; default 20",
      value = "COUNT",
      number = true,
    },
    { "--sink-proxy", "proxy on the way to the webhook", value = "URL" },
  },
  network = {
    { "--sink-ca-file", "certificates to trust where events are sent", value = "FILE" },
    {
      "--sink-timeout",
      "seconds to wait for the receiver of events",
      value = "SECONDS",
      number = true,
    },
    { "--sink-retries", "how often sending is tried again", value = "COUNT", number = true },
  },
}

--- All of them.
---@type lastpass.cli.Option[]
M.options = values.join(OPTIONS.file, OPTIONS.syslog, OPTIONS.webhook, OPTIONS.network)

local KINDS = { "file", "syslog", "webhook" }

-- An option that may be given several times is an empty list when it was not given.
local function is_given(value)
  return value ~= nil and value ~= false and not (type(value) == "table" and #value == 0)
end

-- The options of a sink that is named.
local function options_of(kind)
  return values.join(
    OPTIONS[kind] or {},
    (kind == "syslog" or kind == "webhook") and OPTIONS.network or {}
  )
end

-- Refuses what was given of a group of options whose sink is not named.
local function refuse(options, group, needed)
  for _, option in ipairs(OPTIONS[group]) do
    if is_given(options[values.key(option[1])]) then
      return usage(("%s needs %s"):format(option[1], needed))
    end
  end
  return true
end

-- The one sink that is named; false when there is none. It takes no option of another.
local function choose(options)
  local chosen = false
  for _, kind in ipairs(KINDS) do
    if options[kind] and chosen then
      return usage(
        ("--%s and --%s: events go to one sink"):format(chosen, kind),
        "run it twice, each with a --cursor of its own"
      )
    end
    chosen = options[kind] and kind or chosen
  end
  local ok, message, err = true, nil, nil
  for _, kind in ipairs(KINDS) do
    if ok and kind ~= chosen then
      ok, message, err = refuse(options, kind, "--" .. kind)
    end
  end
  if ok and chosen ~= "syslog" and chosen ~= "webhook" then
    ok, message, err = refuse(options, "network", "--syslog or --webhook")
  end
  if not ok then
    return nil, message, err
  end
  return chosen
end

local builders = {}

--- A file, which may grow and rotate.
function builders.file(options, sink)
  if options.rotate and not options.cursor then
    return usage "--rotate needs --cursor: without one the file is made anew each time"
  elseif options.keep and not options.rotate then
    return usage "--keep needs --rotate"
  elseif options.follow and not options.cursor then
    return usage("--follow into a file needs --cursor, to continue where it was", "--cursor NAME")
  end
  local message, err
  sink.rotate, message, err = values.size("rotate", options.rotate)
  if message then
    return nil, message, err
  end
  return sink
end

--- The protocol, host and port of a syslog server.
function builders.syslog(options, sink)
  local protocol, rest = options.syslog:match "^(%a+)://([^/]+)/?$"
  local host, port = (rest or ""):match "^%[(.+)%]:?(%d*)$"
  if not host then
    host, port = (rest or ""):match "^([^:]+):?(%d*)$"
  end
  if not host or protocol ~= "tls" and protocol ~= "tcp" and protocol ~= "udp" then
    return usage(
      ("--syslog: '%s' is not the address of a syslog server"):format(options.syslog),
      "write tls://siem.acme.com:6514, tcp://… or udp://…"
    )
  elseif protocol == "udp" and (options.framing or options.confirm_after) then
    return usage "--framing and --confirm-after are for tcp and tls: over udp nothing is confirmed"
  end
  sink.protocol, sink.host, sink.port = protocol, host, tonumber(port)
  return sink
end

local function read_statuses(text)
  local list = {}
  for word in (text .. ","):gmatch "([^,]*)," do
    local status = tonumber((word:match "^ *(%d%d%d) *$"))
    if not status then
      return usage(("--receipt-status: '%s' is not an HTTP status"):format(word), "200,202")
    end
    list[#list + 1] = status
  end
  return list
end

-- What an answer must have to be a receipt; nil when nothing is asked for.
local function read_receipt(options)
  local receipt, message, err = { body = options.receipt_body }, nil, nil
  if options.receipt_status then
    receipt.status, message, err = read_statuses(options.receipt_status)
  end
  if not err then
    local pattern = "^([^=]+)=(.*)$"
    receipt.json, message, err =
      values.pairs("--receipt-json", options.receipt_json, "NAME=VALUE", pattern)
  end
  if err then
    return nil, message, err
  elseif next(receipt) == nil then
    return nil
  elseif options.kind and options.kind ~= "generic" then
    return usage(
      ("--receipt-… is for --kind generic: %s has receipts of its own"):format(options.kind)
    )
  end
  return receipt
end

--- A webhook, and what a receipt is.
function builders.webhook(options, sink)
  local authority = options.webhook:match "^%a+://([^/?#]*)" or ""
  if authority:find("@", 1, true) then
    return usage(
      "--webhook: no password in the address, where other users and the history see it",
      "use --token-file or --token-env"
    )
  elseif options.token_file and options.token_env then
    return usage "--token-file and --token-env do not go together"
  end
  local message, err
  sink.receipt, message, err = read_receipt(options)
  if message then
    return nil, message, err
  end
  return sink
end

--- The sink that the options describe.
---@param options table of the command line
---@return table|false|nil sink as `client:export` takes it; false for standard output
---@return string? message
---@return lastpass.Error? err
function M.sink(options)
  local kind, message, err = choose(options)
  if not kind then
    return kind, message, err
  end
  local sink = { kind = kind }
  for _, option in ipairs(options_of(kind)) do
    local name = values.key(option[1])
    if option.as ~= false then
      sink[option.as or name:gsub("^sink_", "")] = options[name]
    end
  end
  return builders[kind](options, sink)
end

return M
