-- Runs once: hostile_spec runs the same under every interpreter.
-- Each check of a service provider taken out, one after the other: without it some message of spec/saml/hostile gets
-- another verdict. A check that nothing needs, or that nothing tries, fails here.
local hostile = require "spec.saml.hostile"
local response = require "lastpass.saml.response"
local site = require "spec.support.saml_site"

-- Steps that no message shows, and why.
local without_case = {
  octets = "the octets that were digested are the message, unless libxmlsec1 is wrong",
}

-- Where no message is refused by a step itself, what comes after it misses what it did.
local after = {}
for _, case in ipairs(hostile.cases) do
  if case.name == "a good response" or case.name == "a request that was answered before" then
    after[#after + 1] = case
  end
end

local function verdict_of(case)
  local ok, identity, _, err = pcall(site.try, case)
  if not ok then
    return "raises" -- what it would have found is not there
  end
  return identity and "accepted" or err and err.code or "nothing"
end

local function all_steps()
  local list = {}
  for _, steps in ipairs { response.steps, response.confirmation_steps } do
    for _, step in ipairs(steps) do
      list[#list + 1] = step
    end
  end
  return list
end

describe("without one of its checks, a service provider", function()
  local cases_of = {} -- by step: the cases that it refuses

  setup(function()
    local last
    local before = {}
    for _, step in ipairs(all_steps()) do
      before[step] = step.run
      step.run = function(...)
        local ok, message, err = before[step](...)
        if not ok and not last then
          last = step
        end
        return ok, message, err
      end
    end
    for _, case in ipairs(hostile.cases) do
      last = nil
      if verdict_of(case) ~= "accepted" and last then
        cases_of[last] = cases_of[last] or {}
        table.insert(cases_of[last], case)
      end
    end
    for step, run in pairs(before) do
      step.run = run
    end
  end)

  for _, step in ipairs(all_steps()) do
    it(("%s (saml §3.%d) answers otherwise"):format(step.name, step.check), function()
      local cases = cases_of[step]
      if without_case[step.name] then
        return assert.is_nil(cases)
      end
      cases = cases or after
      local run, is_seen = step.run, false
      step.run = function()
        return true
      end
      local ok, err = pcall(function()
        for _, case in ipairs(cases) do
          is_seen = is_seen or verdict_of(case) ~= case.code
        end
      end)
      step.run = run
      assert.is_true(ok, err)
      assert.is_true(is_seen, "nothing changes without " .. step.name)
    end)
  end
end)
