--- Can identity providers work with this server? The opening requests of Entra ID and Okta, and what the RFC says of
-- media types, filters, pages, errors and PATCH, one by one; the first deviation is what to fix first.
-- @module lastpass.scim.doctor
local call = require "lastpass.scim.call"
local digest = require "lastpass.digest"
local errors = require "lastpass.error"
local json = require "lastpass.json"
local loop = require "lastpass.transport.scheduler"
local signature = require "lastpass.signature"

local M = {}

local SHOWN = 300 -- bytes of a body
local MOST_UNANSWERED = 2 -- each may have taken the whole time limit

local made_by = { ["/Users"] = true, ["/Groups"] = true } -- a POST there makes one

---@class lastpass.scim.DoctorRow
---@field check string
---@field provider "entra"|"okta"|"rfc" whose request it is
---@field state "ok"|"deviation"|"note"|"skipped" a note is against the RFC, and providers live with it
---@field sent? string
---@field came? string
---@field expected string
---@field problem? string what is wrong, or why it was skipped

local function query_text(query, escape)
  local parts = {}
  for _, name in ipairs(errors.names_of(query or {})) do
    parts[#parts + 1] = name .. "=" .. escape(query[name])
  end
  return parts[1] and "?" .. table.concat(parts, "&") or ""
end

local function same(text)
  return text
end

local function shown(client, text)
  text = client:redact(text):gsub("%s+", " ")
  return #text > SHOWN and text:sub(1, SHOWN) .. "…" or text
end

local function describe_request(client, request)
  local text = ("%s %s%s%s"):format(
    request.method or "GET",
    request.path,
    request.id or "",
    query_text(request.query, same)
  )
  for _, name in ipairs(errors.names_of(request.headers or {})) do
    text = ("%s, %s: %s"):format(text, name, request.headers[name])
  end
  if request.token == false then
    text = text .. ", without the token"
  end
  return shown(client, request.body and text .. " " .. json.encode(request.body) or text)
end

local function describe_answer(client, answer)
  local media_type = answer.headers["content-type"]
  local text = ("HTTP %d"):format(answer.status) .. (media_type and ", " .. media_type or "")
  return shown(client, answer.text ~= "" and text .. ": " .. answer.text or text)
end

local function send(client, request)
  local path = request.path .. (request.id and call.escape(request.id) or "")
  local response, message = call.exchange(client, {
    command = "doctor",
    method = request.method or "GET",
    path = path,
    query = request.query and query_text(request.query, call.escape):sub(2),
    text = request.body and json.encode(request.body),
    headers = request.headers,
    anonymous = request.token == false,
  })
  if not response then
    return nil, message
  end
  local value = response.body ~= "" and json.decode(response.body) or nil
  return {
    status = response.status,
    headers = response.headers,
    text = response.body,
    value = type(value) == "table" and value or nil,
  }
end

local function request_of(context, made)
  return type(made) == "function" and made(context) or made
end

-- One request and its answer; puts into the row what is wrong.
local function try(client, context, row, made, classify)
  local request = request_of(context, made)
  row.sent = (row.sent and row.sent .. "; " or "") .. describe_request(client, request)
  if made_by[request.path] and request.method == "POST" then
    context.posted = true -- whatever is answered, it may be there from now on
  end
  local answer, message = send(client, request)
  if not answer then
    row.state, row.problem = "deviation", message
    context.unanswered = context.unanswered + 1
    context.stopped = context.stopped or context.unanswered >= MOST_UNANSWERED
    return false
  end
  row.came = (row.came and row.came .. "; " or "") .. describe_answer(client, answer)
  local problem, is_note = classify(context, answer)
  if problem then
    row.state, row.problem = is_note and "note" or "deviation", problem
  end
  return not problem or is_note
end

local function run_check(client, context, check)
  local row =
    { check = check.name, provider = check.provider, expected = check.expected, state = "ok" }
  local reason = context.stopped and "an earlier request failed"
    or check.needs and not context[check.needs] and ("there is no %s to try it on"):format(
      check.needs:match "^group" or "user"
    )
    or check.skips and check.skips(context)
  if reason then
    row.state, row.problem = "skipped", reason
  elseif try(client, context, row, check.request, check.classify) and check.then_request then
    try(client, context, row, check.then_request, check.then_classify)
  end
  if check.ends and row.state == "deviation" then
    context.stopped = true
  end
  return row
end

-- What was made without its id being known: the answer was lost, or said none.
local function find_made(client, context)
  local known, once = {}, client:with { retries = 0 }
  for _, made in ipairs(context.made) do
    known[made[1] .. made[2]] = true
  end
  for _, name in ipairs {
    { "User", "userName", context.address },
    { "User", "userName", context.address_2 },
    { "Group", "displayName", context.group_name },
    { "Group", "displayName", context.group_name .. " 2" },
  } do
    local found, _, err = once:find(name[1], name[2], name[3])
    local path = "/" .. name[1] .. "s/"
    if found and not known[path .. found.id] then
      table.insert(context.made, name[1] == "User" and 1 or #context.made + 1, { path, found.id })
    elseif err and err.code ~= "not_found" then
      context.unseen = true
      return
    end
  end
end

-- What was made and is still there.
local function clean_up(client, context)
  find_made(client, context)
  local left = {}
  for index = #context.made, 1, -1 do
    local path, id = context.made[index][1], context.made[index][2]
    local answer = send(client, { method = "DELETE", path = path, id = id })
    if not answer or answer.status >= 300 and answer.status ~= 404 then
      left[#left + 1] = path .. id
    end
  end
  if context.unseen then
    left[#left + 1] = "what else is called " .. context.address:match "^(.*)%-1@"
  end
  return left
end

local function clean_up_row(client, context)
  local left = clean_up(client, context)
  return {
    check = "clean up",
    provider = "rfc",
    expected = "the test users and the test group are gone",
    state = left[1] and "deviation" or "ok",
    problem = left[1]
        and "these are left and have to be removed by hand: " .. table.concat(left, ", ")
      or nil,
  }
end

local function is_late(check)
  return check.needs == "user" or check.needs == "first"
end

-- A server that had no users has one now: what could not be tried before is tried on it.
local function reads_of_made(client, context)
  local rows = {}
  for _, check in ipairs(require "lastpass.scim.doctor.reads") do
    if is_late(check) or check.finds then
      local row = run_check(client, context, check)
      rows[#rows + 1] = is_late(check) and row or nil
    end
  end
  return rows
end

local function new_context(domain)
  local name = "scim-doctor-" .. digest.hex(digest.random(16), 12)
  return {
    nobody = name .. "-nobody",
    address = name .. "-1@" .. domain,
    address_2 = name .. "-2@" .. domain,
    group_name = name .. "-group",
    made = {},
    unanswered = 0,
  }
end

local known_options = {
  write = "boolean",
  domain = function(value)
    return type(value) == "string" and value:find "^[%w.-]+$" ~= nil, "a domain, as acme.example"
  end,
  on_row = "function",
}

local function try_all(client, context, writes, add)
  for _, check in ipairs(require "lastpass.scim.doctor.reads") do
    local row = run_check(client, context, check)
    local comes_later = writes and is_late(check) and not context.user
    if not comes_later then
      add(row)
    end
  end
  for _, check in ipairs(writes and require "lastpass.scim.doctor.writes" or {}) do
    add(run_check(client, context, check))
    if check.opens and not context.user then
      for _, late in ipairs(reads_of_made(client, context)) do
        add(late)
      end
    end
  end
end

-- nginx has no Ctrl-C.
local function without_interrupts(fn)
  local interruptible = loop.interruptible
  local before = interruptible and interruptible(nil)
  local ok, failure = loop.protected_call(fn)
  if interruptible then
    interruptible(before)
  end
  if not ok then
    error(failure, 0)
  end
end

--- Asks a server what identity providers ask. Without `write` nothing is changed.
---@param client lastpass.scim.Client
---@param options? table write (true: a test user and a test group are created, changed and removed again), domain (of the
-- test users' addresses; default "scim-doctor.invalid", which gets no mail), on_row (called with each row as it comes)
---@return lastpass.scim.DoctorRow[] rows `rows.first`: the first deviation, if there is one
function M.run(client, options)
  options = errors.check_options("scim.doctor", options, known_options)
  local context, rows = new_context(options.domain or "scim-doctor.invalid"), {}
  local function add(row)
    rows[#rows + 1] = row
    rows.first = rows.first or row.state == "deviation" and row or nil
    if options.on_row then
      options.on_row(row)
    end
  end
  local ok, failure = loop.protected_call(try_all, client, context, options.write, add)
  if context.posted then -- also when a Ctrl-C has ended all other waits
    local row
    without_interrupts(function()
      row = clean_up_row(client, context)
    end)
    local is_told, reason = loop.protected_call(add, row)
    if ok then
      ok, failure = is_told, reason
    end
  end
  if not ok then
    error(failure, 0)
  end
  return rows
end

signature.declare("scim.doctor.", M, { run = "client: table, options?: table" })

return M
