--- The program `lastpass`: the grammar of its commands, and who carries each out.
-- @module lastpass.cli
local M = {}

-- Exit codes (sysexits where one fits).
local DONE, UNEXPECTED = 0, 1

local function build_parser()
  local argparse = require "argparse"
  local parser = argparse("lastpass", "LastPass Business administration.")
  parser:require_command(true)
  parser:command_target "command"
  parser:command("version", "Print the version.")
  local sandbox =
    parser:command("sandbox", "Run a LastPass on this machine, until standard input ends.")
  sandbox:option("--users", "People in the company.", "50"):convert(tonumber):argname "<n>"
  sandbox:option("--seed", "Same seed, same company.", "1"):convert(tonumber):argname "<n>"
  sandbox
    :option("--port", "Port to listen on; 0 for a free one.", "0")
    :convert(tonumber)
    :argname "<port>"
  sandbox:option("--cid", "Account number."):convert(tonumber):argname "<cid>"
  sandbox
    :option("--latency", "Seconds added to every answer.")
    :convert(tonumber)
    :argname "<seconds>"
  sandbox:flag("--tls", "Speak TLS with a certificate made for the occasion.")
  return parser
end

-- Each carries one command out and gives the exit code.
local commands = {}

commands["version"] = function()
  print("lastpass " .. require "lastpass.version")
  return DONE
end

commands["sandbox"] = function(arguments)
  local ok, message = require("lastpass.sandbox.main").run({
    users = arguments.users,
    seed = arguments.seed,
    port = arguments.port,
    cid = arguments.cid,
    latency = arguments.latency,
    tls = arguments.tls or nil,
  })
  if not ok then
    io.stderr:write("lastpass: ", message, "\n")
    return UNEXPECTED
  end
  return DONE
end

--- Runs the program.
---@param arguments string[] as of the global `arg`
---@return integer exit code
function M.main(arguments)
  local parsed = build_parser():parse(arguments)
  return commands[parsed.command](parsed)
end

return M
