--- Pages that say what is wrong, and what to do about it.
-- @module lastpass.nginx.dashboard.problems
local frame = require "lastpass.nginx.dashboard.frame"
local html = require "lastpass.nginx.dashboard.html"

local M = {}

local function steps_list(steps)
  local items = {}
  for place, step in ipairs(steps or {}) do
    items[place] = html.li(step)
  end
  return #items > 0 and html.ul(items)
end

--- Makes the page.
---@param prefix string
---@param problem table status, title, text, steps (list), ways (list of {address, title}), headers,
-- session, call, section
---@return table response
function M.page(prefix, problem)
  local ways = {}
  for place, way in ipairs(problem.ways or {}) do
    ways[place] = html.a({ class = "button", href = way[1] }, way[2])
  end
  return frame.page(prefix, {
    title = problem.title,
    status = problem.status,
    headers = problem.headers,
    session = problem.session,
    call = problem.call,
    section = problem.section,
    main = html.section(
      { class = "problem" },
      html.p({ class = "code" }, ("%d"):format(problem.status)),
      html.h1(problem.title),
      html.p({ class = "lead" }, problem.text),
      steps_list(problem.steps),
      #ways > 0 and html.p({ class = "go" }, ways)
    ),
  })
end

--- There is no such page.
---@param prefix string
---@param more table text, session, call, section
---@return table response
function M.missing(prefix, more)
  local home = more.call and more.call:url "" or prefix .. "/"
  return M.page(prefix, {
    status = 404,
    title = "This is not here",
    text = more.text or "There is no page with this address, or it is not for you to see.",
    session = more.session,
    call = more.call,
    section = more.section,
    ways = { { home, "To the overview" } },
  })
end

local advice = {
  auth = "Whoever runs this server should check the provisioning hash: LastPass refuses it.",
  throttled = "LastPass asks for fewer questions. Wait a little.",
  transport = "Whoever runs this server should check that it reaches LastPass.",
}

local function sentence(text)
  return (tostring(text):gsub("^%l", string.upper):gsub("%.?$", ".", 1))
end

--- What is to be shown could not be read from LastPass.
---@param prefix string
---@param failure table message, err
---@param more table session, call, section, retry (address of the page)
---@return table response
function M.unavailable(prefix, failure, more)
  local err = failure.err or {}
  local wait = math.max(1, math.ceil(err.retry_after or 10))
  return M.page(prefix, {
    status = 503,
    title = "LastPass has not answered yet",
    text = "What belongs on this page could not be read.",
    steps = {
      { "What was said: ", html.q(failure.message) },
      err.hint and sentence(err.hint)
        or advice[err.kind]
        or "Whoever runs this server finds more in its error log.",
      ("It is tried again in %d seconds at the latest."):format(wait),
    },
    headers = { ["retry-after"] = ("%d"):format(wait) },
    session = more.session,
    call = more.call,
    section = more.section,
    ways = { { more.retry, "Try again" } },
  })
end

--- The method is not one of this page's.
---@param prefix string
---@param allowed string
---@return table response
function M.wrong_method(prefix, allowed)
  return M.page(prefix, {
    status = 405,
    title = "That does not work here",
    text = "The dashboard is for reading: it changes nothing.",
    headers = { allow = allowed },
    ways = { { prefix .. "/", "To the dashboard" } },
  })
end

--- A mistake of this house; its log has the rest.
---@param prefix string
---@param id string of the request
---@return table response
function M.mistake(prefix, id)
  return M.page(prefix, {
    status = 500,
    title = "Something went wrong here",
    text = "That is a mistake of this server, not of yours.",
    steps = {
      "Try again; if it happens once more, tell whoever runs this server.",
      { "Its error log has the reason under the request ", html.code(id), "." },
    },
    ways = { { prefix .. "/", "To the dashboard" } },
  })
end

return M
