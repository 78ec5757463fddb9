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

-- A playbook is a program, and only a file that is named as one is run. Anything else is a plan, which is
-- data, or nothing.
local function is_playbook(path)
  return path:lower():find "%.lua$" ~= nil
end

-- What is no JSON was never a plan; one that was changed, or is of another program, is told by load_plan.
local function check_plan_file(path)
  local file, message = io.open(path, "rb")
  if not file then
    return errors.fail("argument", "cannot_read", message)
  end
  local start = file:read(64) or ""
  file:close()
  if not start:find "^%s*{" then
    return errors.fail(
      "argument",
      "not_a_plan",
      path .. ": is not a plan file, and nothing in it was run",
      { file = path, hint = "a playbook's name must end with .lua; lastpass plan -o writes plans" }
    )
  end
  return true
end

local function plan_of(session, given)
  local path = given.plan
  if not is_playbook(path) then
    if #given.limit > 0 then
      return errors.fail("argument", "usage", "--limit is for making a plan; this one is made")
    end
    local ok, message, err = check_plan_file(path)
    if not ok then
      return nil, message, err
    end
    return session:client():load_plan(path)
  end
  local client = session:client()
  local limits, message, err = applying.limits(given.limit)
  if message then
    return nil, message, err
  end
  return mistakes.call(client.plan, client, path, { limit = limits })
end

return {
  name = "apply",
  summary = "Carry a plan out, or make one of a playbook and carry it out",
  description = "The plan is shown, then it asks. Ctrl-C finishes what is under way, saves, and "
    .. "says how to go on; so does a crash. A plan file is data. A playbook is a program, which is "
    .. "run: with --dry-run as well.",
  connects = true,
  writes = true,
  rows = true,
  arguments = {
    { "plan", "plan file of `lastpass plan -o`, or a playbook, whose name ends with .lua" },
  },
  options = options,
  examples = {
    { "lastpass apply today.plan.json", "what was reviewed, and nothing else" },
    { "lastpass apply joiners.lua --yes", "from cron; the guards still decide" },
    { "lastpass apply leavers.plan.json --confirm-final 2", "two accounts are deleted" },
  },
  topics = { "playbooks", "safety", "exit-codes" },
  lua = function(given)
    local how = is_playbook(given.plan) and "plan" or "load_plan"
    local limits, message, err = applying.limits(given.limit)
    if message then
      return nil, message, err
    end
    local lines = {
      ("local plan = assert(client:%s(%s%s))"):format(
        how,
        lua_text.value(given.plan),
        limits and ", " .. lua_text.value { limit = limits } or ""
      ),
      given.dry_run and "print(plan)" or nil,
    }
    lines[#lines + 1] = applying.apply_lua(given)
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
