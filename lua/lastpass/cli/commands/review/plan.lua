--- `lastpass review plan`.
-- @module lastpass.cli.commands.review.plan
local applying = require "lastpass.cli.applying"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"
local reporting = require "lastpass.cli.reporting"
local reviewing = require "lastpass.cli.reviewing"

return {
  name = "review plan",
  summary = "Make the plan that carries the decisions out",
  description = "Memberships end and accounts are disabled; `lastpass apply` does it. What the API "
    .. "cannot do is listed by `review tasks`.",
  connects = true,
  rows = true,
  arguments = { reviewing.argument },
  options = reviewing.options {
    { "-o --output", "save the plan, for `lastpass apply`", value = "FILE" },
    { "--protect", "never touch this account", value = "EMAIL", many = true },
    applying.limit_option,
  },
  examples = {
    { "lastpass review plan review-2026-q2 -o q2.plan.json", "then lastpass apply q2.plan.json" },
  },
  topics = { "playbooks", "safety", "exit-codes" },
  lua = function(options)
    local settings = {
      protect = reporting.list(options.protect),
      limit = applying.limits(options.limit),
    }
    local made = ("review.plan(client, decisions%s)"):format(
      next(settings) and ", " .. lua_text.value(settings) or ""
    )
    local lines = applying.lua(made, options)
    table.insert(lines, 1, reviewing.lua(options))
    return table.concat(lines, "\n")
  end,
  run = function(session, options)
    local limits, message, err = applying.limits(options.limit)
    if message then
      return nil, message, err
    end
    local decisions, plan
    -- a failure lists the rows itself
    decisions, message, err = reviewing.decisions(options)
    if decisions then
      plan, message, err = mistakes.call(reviewing.room().plan, session:client(), decisions, {
        protect = reporting.list(options.protect),
        limit = limits,
      })
    end
    if not plan then
      return nil, message, err
    end
    return applying.hand_over(session, plan)
  end,
}
