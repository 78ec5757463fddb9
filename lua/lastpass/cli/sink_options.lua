--- Where `lastpass export` hands events on: its options, and the sink that they describe.
-- @module lastpass.cli.sink_options
local amounts = require "lastpass.cli.amounts"
local errors = require "lastpass.error"

local M = {}

--- The options.
---@type lastpass.cli.Option[]
M.list = {
  {
    "--file",
    "into this file; with --cursor it grows, and holds every event once",
    value = "PATH",
  },
  { "--rotate", "begin a new file at this size: 100M; needs --cursor", value = "SIZE" },
  { "--keep", "how many old files stay; default all", value = "COUNT", number = true },
  {
    "--syslog",
    "to a syslog server: tls://siem.acme.com:6514, tcp://…, udp://…",
    value = "ADDRESS",
  },
  {
    "--framing",
    "how messages over tcp and tls are set apart; default octets",
    value = "KIND",
    choices = { "octets", "newline" },
  },
  {
    "--confirm-after",
    "seconds for the syslog server to end the connection; default 10",
    value = "SECONDS",
    number = true,
  },
  { "--webhook", "in batches to this address, https://…", value = "URL" },
  {
    "--kind",
    "what listens at the webhook; default generic",
    value = "KIND",
    choices = { "generic", "splunk", "elastic" },
  },
  { "--token-file", "file with the webhook's token, mode 600", value = "FILE" },
  { "--token-env", "environment variable with the webhook's token", value = "NAME" },
  { "--batch", "most events of one request; default 5000", value = "COUNT", number = true },
  { "--receipt-status", "generic: only these answers are receipts: 200,202", value = "CODES" },
  {
    "--receipt-json",
    "generic: a receipt has this member: ok=true",
    value = "NAME=VALUE",
    many = true,
  },
  { "--receipt-body", "generic: a receipt has this text in it", value = "TEXT" },
  { "--dead-letters", "file for events that the receiver refuses", value = "PATH" },
  {
    "--most-refused",
    "events refused in a row before it stops; default 20",
    value = "COUNT",
    number = true,
  },
  { "--sink-ca-file", "certificates to trust where events go", value = "FILE" },
  { "--sink-certificate", "our certificate for the syslog server", value = "FILE" },
  { "--sink-key", "file with its key", value = "FILE" },
  { "--sink-proxy", "proxy on the way to the webhook", value = "URL" },
  { "--sink-timeout", "seconds to wait for where events go", value = "SECONDS", number = true },
  { "--sink-retries", "how often sending is tried again", value = "COUNT", number = true },
}

local function usage(text, hint)
  return errors.fail("argument", "usage", text, { hint = hint })
end

local needs = {
  file = { "rotate", "keep" },
  syslog = { "framing", "confirm_after", "sink_certificate", "sink_key" },
  webhook = {
    "kind",
    "token_file",
    "token_env",
    "batch",
    "receipt_status",
    "receipt_json",
    "receipt_body",
    "dead_letters",
    "most_refused",
    "sink_proxy",
  },
}
local shared = { "sink_ca_file", "sink_timeout", "sink_retries" }

-- An option that may be repeated is an empty list when it is not there.
local function is_given(value)
  return value ~= nil and value ~= false and not (type(value) == "table" and #value == 0)
end

local function flag(name)
  return "--" .. name:gsub("_", "-")
end

-- One sink, and no option of another.
local function check(options)
  local chosen
  for _, kind in ipairs { "file", "syslog", "webhook" } do
    if options[kind] and chosen then
      return usage(
        ("--%s and --%s: events go to one place"):format(chosen, kind),
        "run it twice, each with a --cursor of its own"
      )
    end
    chosen = options[kind] and kind or chosen
  end
  for kind, names in pairs(needs) do
    for _, name in ipairs(names) do
      if is_given(options[name]) and chosen ~= kind then
        return usage(("%s needs --%s"):format(flag(name), kind))
      end
    end
  end
  for _, name in ipairs(shared) do
    if options[name] and chosen ~= "syslog" and chosen ~= "webhook" then
      return usage(("%s needs --syslog or --webhook"):format(flag(name)))
    end
  end
  return true, chosen
end

local function file_sink(options)
  if options.rotate and not options.cursor then
    return usage("--rotate needs --cursor: without one the file is made anew each time")
  elseif options.keep and not options.rotate then
    return usage "--keep needs --rotate"
  elseif options.follow and not options.cursor then
    return usage("--follow into a file needs --cursor, to go on where it was", "--cursor NAME")
  end
  local rotate, message, err = amounts.size("rotate", options.rotate)
  if message then
    return nil, message, err
  end
  return { kind = "file", path = options.file, rotate = rotate, keep = options.keep }
end

local function syslog_sink(options)
  local protocol, rest = options.syslog:match "^(%a+)://([^/]+)/?$"
  local host, port = (rest or ""):match "^%[(.+)%]:?(%d*)$"
  if not host then
    host, port = (rest or ""):match "^([^:]+):?(%d*)$"
  end
  if not host or protocol ~= "tls" and protocol ~= "tcp" and protocol ~= "udp" then
    return usage(
      ("--syslog: '%s' is no address of a syslog server"):format(options.syslog),
      "write tls://siem.acme.com:6514, tcp://… or udp://…"
    )
  end
  if protocol == "udp" and (options.framing or options.confirm_after) then
    return usage "--framing and --confirm-after are for tcp and tls: over udp nothing is confirmed"
  end
  return {
    kind = "syslog",
    protocol = protocol,
    host = host,
    port = tonumber(port),
    framing = options.framing,
    confirm_after = options.confirm_after,
    ca_file = options.sink_ca_file,
    certificate = options.sink_certificate,
    key = options.sink_key,
    timeout = options.sink_timeout,
    retries = options.sink_retries,
  }
end

local function statuses(text)
  local list = {}
  for word in (text .. ","):gmatch "([^,]*)," do
    local status = tonumber((word:match "^ *(%d%d%d) *$"))
    if not status then
      return usage(("--receipt-status: '%s' is no status of HTTP"):format(word), "200,202")
    end
    list[#list + 1] = status
  end
  return list
end

-- What an answer must have to be a receipt; nil when nothing is asked for.
local function receipt_of(options)
  local receipt, members = { body = options.receipt_body }, nil
  if options.receipt_status then
    local message, err
    receipt.status, message, err = statuses(options.receipt_status)
    if not receipt.status then
      return nil, message, err
    end
  end
  for _, word in ipairs(options.receipt_json or {}) do
    local name, value = word:match "^([^=]+)=(.*)$"
    if not name then
      return usage(("--receipt-json: '%s' is no NAME=VALUE"):format(word), "--receipt-json ok=true")
    end
    members = members or {}
    members[name] = value
  end
  receipt.json = members
  if next(receipt) == nil then
    return nil
  elseif options.kind and options.kind ~= "generic" then
    return usage(
      ("--receipt-… is for --kind generic: %s has receipts of its own"):format(options.kind)
    )
  end
  return receipt
end

local function webhook_sink(options)
  local authority = options.webhook:match "^%a+://([^/?#]*)" or ""
  if authority:find("@", 1, true) then
    return usage(
      "--webhook: no password in the address, where other users and the history see it",
      "use --token-file or --token-env"
    )
  elseif options.token_file and options.token_env then
    return usage "--token-file and --token-env do not go together"
  end
  local receipt, message, err = receipt_of(options)
  if message then
    return nil, message, err
  end
  return {
    kind = "webhook",
    receipt = receipt,
    dead_letters = options.dead_letters,
    most_refused = options.most_refused,
    url = options.webhook,
    style = options.kind,
    token_file = options.token_file,
    token_env = options.token_env,
    events = options.batch,
    ca_file = options.sink_ca_file,
    proxy = options.sink_proxy,
    timeout = options.sink_timeout,
    retries = options.sink_retries,
  }
end

local makers = { file = file_sink, syslog = syslog_sink, webhook = webhook_sink }

--- The sink that the options describe.
---@param options table of the command line
---@return table|false|nil sink as `client:export` takes it; false for standard output
---@return string? message
---@return lastpass.Error? err
function M.sink(options)
  local ok, chosen, err = check(options)
  if not ok then
    return nil, chosen, err
  elseif not chosen then
    return false
  end
  return makers[chosen](options)
end

return M
