--- `lastpass sandbox`.
-- @module lastpass.cli.commands.sandbox
local lua_text = require "lastpass.cli.lua_text"

local function settings_of(options)
  return {
    users = options.users or 50,
    seed = options.seed or 1,
    port = options.port or 0,
    cid = options.cid,
    latency = options.latency,
    tls = options.tls or nil,
  }
end

return {
  name = "sandbox",
  summary = "Run a LastPass on this machine, until Ctrl-C or Ctrl-D",
  description = "It prints one line of JSON: where it is, its account number, and the file with "
    .. "its hash. Every command works with it when LASTPASS_URL, LASTPASS_CID and "
    .. "LASTPASS_PROVHASH_FILE say so. It runs until Ctrl-C, SIGTERM or the end of its terminal, "
    .. "and where standard input is a pipe or the terminal, until that ends. With /dev/null or a "
    .. "file as standard input, as in the background of a script, a signal ends it.",
  options = {
    { "--users", "people in the company; default 50", value = "NUMBER", number = true },
    { "--seed", "same seed, same company; default 1", value = "NUMBER", number = true },
    { "--port", "port to listen on; default a free one", value = "PORT", number = true },
    { "--cid", "account number", value = "NUMBER", number = true },
    { "--latency", "seconds added to every answer", value = "SECONDS", number = true },
    { "--tls", "speak TLS with a certificate made for the occasion" },
  },
  examples = {
    { "lastpass sandbox --users 200", "a company of 200 people, until Ctrl-C" },
    { "lastpass sandbox </dev/null >where.json &", "in the background, until kill $!" },
  },
  lua = function(options)
    return ('local box = assert(require("lastpass").sandbox.start%s)'):format(
      lua_text.options(settings_of(options))
    )
  end,
  run = function(_, options)
    local ok, message, err = require("lastpass.sandbox.main").run(settings_of(options))
    if not ok then
      return nil, message, err
    end
    return 0
  end,
}
