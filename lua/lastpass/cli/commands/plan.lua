--- `lastpass plan`.
-- @module lastpass.cli.commands.plan
local applying = require "lastpass.cli.applying"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"

return {
  name = "plan",
  summary = "Make a plan of what a playbook would change",
  description = "Nothing is written to LastPass. The plan says who would be changed, why, and what "
    .. "the guards think of it.",
  connects = true,
  rows = true,
  arguments = { { "playbook", "Lua file that declares how the company ought to be" } },
  options = {
    { "-o --output", "save the plan, for `lastpass apply`", value = "FILE" },
    { "--detailed-exitcode", "end with 2 when there is something to change" },
    applying.limit_option,
    {
      "--expires-in",
      "seconds the plan is good for; default a day",
      value = "SECONDS",
      number = true,
    },
  },
  examples = {
    { "lastpass plan joiners.lua -o today.plan.json", "to be reviewed, then applied" },
    { "lastpass plan joiners.lua --limit disable=40", "allow more leavers than usual, this once" },
    { "lastpass plan joiners.lua --json | jq .plan.counts", "for a program" },
  },
  topics = { "playbooks", "safety", "exit-codes" },
  lua = function(options)
    local limits = applying.limits(options.limit)
    local more = { limit = limits, expires_in = options.expires_in }
    local made = ("client:plan(%s%s)"):format(
      lua_text.value(options.playbook),
      next(more) and ", " .. lua_text.value(more) or ""
    )
    return table.concat(applying.lua(made, options), "\n")
  end,
  run = function(session, options)
    local limits, message, err = applying.limits(options.limit)
    if message then
      return nil, message, err
    end
    local client = session:client()
    local plan
    plan, message, err = mistakes.call(client.plan, client, options.playbook, {
      limit = limits,
      expires_in = options.expires_in,
    })
    if not plan then
      return nil, message, err
    end
    return applying.hand_over(session, plan)
  end,
}
