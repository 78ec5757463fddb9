--- `lastpass apply`.
-- @module lastpass.cli.commands.apply
local applying = require "lastpass.cli.applying"
local errors = require "lastpass.error"
local lua_text = require "lastpass.cli.lua_text"
local mistakes = require "lastpass.cli.mistakes"

local options = {}
for place, option in ipairs(applying.options) do
  options[place] = option
end
options[#options + 1] = applying.limit_option

-- A plan file is JSON, a playbook is Lua.
local function is_plan_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  local start = file:read(64) or ""
  file:close()
  return start:find "^%s*{" ~= nil
end

local function plan_of(session, given)
  local path = given.plan
  local is_plan, message = is_plan_file(path)
  if is_plan == nil then
    return errors.fail("argument", "cannot_read", message)
  end
  local client = session:client()
  if is_plan then
    if #given.limit > 0 then
      return errors.fail("argument", "usage", "--limit is for making a plan; this one is made")
    end
    return client:load_plan(path)
  end
  local limits, err
  limits, message, err = applying.limits(given.limit)
  if message then
    return nil, message, err
  end
  return mistakes.call(client.plan, client, path, { limit = limits })
end

return {
  name = "apply",
  summary = "Carry a plan out, or make one of a playbook and carry it out",
  description = "The plan is shown, then it asks. Ctrl-C finishes what is under way, saves, and "
    .. "says how to go on; so does a crash.",
  connects = true,
  writes = true,
  rows = true,
  arguments = { { "plan", "plan file of `lastpass plan -o`, or a playbook" } },
  options = options,
  examples = {
    { "lastpass apply today.plan.json", "what was reviewed, and nothing else" },
    { "lastpass apply joiners.lua --yes", "from cron; the guards still decide" },
    { "lastpass apply leavers.plan.json --confirm-final 2", "two accounts are deleted" },
  },
  topics = { "playbooks", "safety", "exit-codes" },
  lua = function(given)
    local how = is_plan_file(given.plan) and "load_plan" or "plan"
    local lines = {
      ("local plan = assert(client:%s(%s))"):format(how, lua_text.value(given.plan)),
      "print(assert(client:apply(plan, { progress = true })))",
    }
    return table.concat(lines, "\n")
  end,
  run = function(session, given)
    local plan, message, err = plan_of(session, given)
    if not plan then
      return nil, message, err
    end
    return applying.apply(session, plan)
  end,
}
