--- Pages of LastPass MFA in the sandbox: a phone that a person holds, and the page of the browser redirect (mfa §2.4).
-- @module lastpass.sandbox.mfa.pages
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local pages = require "lastpass.sandbox.pages"
local phones = require "lastpass.sandbox.mfa.phone"
local states = require "lastpass.sandbox.mfa.state"

local M = {}

local MOST_SHOWN = 50

local POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
  .. "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

-- The page is loaded again when another set of phones rings, not under the finger of who reads it.
local SCRIPT = [[
"use strict";
const shown = document.querySelector("[data-ringing]");
async function look() {
  try {
    const answer = await fetch(shown.dataset.address, { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== shown.dataset.ringing) location.reload();
  } catch (error) { /* the sandbox may be gone for a moment */ }
}
setInterval(look, 700);
]]

local function page(about)
  about.style = "/mfa/style.css"
  about.footer = { html.a({ href = "/mfa/phone" }, "All phones") }
  return pages.page(about)
end

--- What was refused.
function M.refused(title, message, status)
  return page {
    status = status or 400,
    class = "refused",
    title = title,
    main = pages.refusal(message),
  }
end

--- The script of the phones' page.
function M.script()
  return {
    status = 200,
    headers = {
      ["Content-Type"] = "text/javascript; charset=utf-8",
      ["Cache-Control"] = "no-store",
    },
    body = SCRIPT,
  }
end

-- ---- phones that ring ----

-- The newest requests of all companies, or of one person: what a phone would show first.
local function ringing(server, address)
  local list = {}
  for _, company in ipairs(server.made_list) do
    local key = address and states.key_of(company, address)
    states.each(states.of(company), function(challenge)
      if (not key or challenge.key == key) and not phones.outcome(challenge) then
        list[#list + 1] = challenge
      end
    end)
  end
  table.sort(list, function(a, b)
    return a.number > b.number
  end)
  return list
end

local function numbers(list)
  local parts = {}
  for at = 1, math.min(#list, MOST_SHOWN) do
    parts[at] = ("%d"):format(list[at].number)
  end
  return table.concat(parts, " ")
end

--- Which phones ring, for the script.
function M.ringing(server, request)
  return {
    status = 200,
    headers = { ["Content-Type"] = "text/plain", ["Cache-Control"] = "no-store" },
    body = numbers(ringing(server, request.query.email)),
  }
end

local function button(action, title, challenge, more)
  local attributes = {
    type = "submit",
    name = "action",
    value = action,
    ["aria-label"] = ("%s, request %d of %s"):format(title, challenge.number, challenge.email),
  }
  for name, value in pairs(more or {}) do
    attributes[name] = value
  end
  return html.button(attributes, title)
end

local function method_choice(challenge)
  local id = ("method-%d"):format(challenge.number)
  local options = {}
  for at, method in ipairs(phones.find(challenge.company, challenge.email).methods) do
    options[at] = html.option({ value = method }, method)
  end
  return html.label({ ["for"] = id }, "Unlock with "),
    html.select({ id = id, name = "method" }, options)
end

local function card(challenge, address)
  local clock = challenge.company.clock
  local left = math.max(0, math.ceil((challenge.ends - clock:microseconds()) / 1000000))
  local asked = challenge.methods and table.concat(challenge.methods, ", ") or ""
  local label, choice = method_choice(challenge)
  return components.section(
    ("ring-%d"):format(challenge.number),
    html.join("Is it you? ", components.email(challenge.email)),
    components.facts({
      { "Device", challenge.device },
      { "From", challenge.ip ~= "" and challenge.ip or nil },
      { "Asked for", asked ~= "" and asked or nil },
      { "Time left", ("%d s"):format(left) },
    }, true),
    html.form(
      { method = "post", action = "/mfa/phone" },
      pages.hidden("number", ("%d"):format(challenge.number)),
      address and pages.hidden("email", address),
      html.p(label, choice),
      html.p(
        button("approve", "Approve", challenge, { class = "main" }),
        " ",
        button("deny", "Deny", challenge),
        " ",
        button("alert", "Deny and report", challenge)
      )
    )
  )
end

local function poll_address(address)
  local percent = require "lastpass.text.percent"
  return "/mfa/ringing" .. (address and "?email=" .. percent.encode(address) or "")
end

local function show(server, address)
  local list, cards = ringing(server, address), {}
  for at = 1, math.min(#list, MOST_SHOWN) do
    cards[at] = card(list[at], address)
  end
  return page {
    title = "Phone",
    lead = address and ("What the phone of %s shows. Here you are its owner."):format(address)
      or "What the phones of all people show. Here you are their owners.",
    class = "phone",
    headers = { ["Content-Security-Policy"] = POLICY },
    head = html.join(
      html.script { src = "/mfa/phone.js", defer = true },
      html.noscript(html.meta { ["http-equiv"] = "refresh", content = "3" })
    ),
    main = html.div(
      { ["data-ringing"] = numbers(list), ["data-address"] = poll_address(address) },
      #cards > 0 and html.join(cards)
        or html.section(
          html.p({ role = "status" }, "Nothing rings. This page sees it when it does.")
        ),
      #list > #cards and html.p(("%d more ring."):format(#list - #cards))
    ),
  }
end

local function find_number(server, number)
  local _, found = states.find(server, function(state)
    return states.of_number(state, number)
  end)
  return found
end

local function is_one_of(list, value)
  for _, known in ipairs(list) do
    if known == value then
      return true
    end
  end
  return false
end

local function press(server, fields)
  local challenge = find_number(server, tonumber(fields.number))
  local action = fields.action
  if not challenge or phones.outcome(challenge) then
    return M.refused("Phone", "that request is over", 410)
  elseif not (action == "approve" or action == "deny" or action == "alert") then
    return M.refused("Phone", "press approve, deny or alert")
  end
  local method = is_one_of(phones.METHODS, fields.method) and fields.method or nil
  phones.press(challenge, { action = action, method = method })
  phones.outcome(challenge)
  server:wake(challenge.number)
  local percent = require "lastpass.text.percent"
  local back = fields.email and "?email=" .. percent.encode(fields.email) or ""
  local reply = pages.redirect("/mfa/phone" .. back)
  reply.class = action
  return reply
end

--- The page of the phones: GET shows what rings, POST presses a button.
function M.phone(server, request)
  if request.method ~= "POST" then
    return show(server, request.query.email)
  elseif not pages.is_own_form(request, server:origin(request)) then
    return M.refused("Phone", "the form is of another site", 403)
  end
  return press(server, pages.read_form(request))
end

-- ---- the page of the browser redirect ----

--- The page that waits for the phone.
---@param about table handle, email, number
function M.waiting(about)
  return page {
    title = "LastPass MFA",
    lead = ("A request was sent to the phone of %s."):format(about.email),
    class = "waiting",
    headers = { Refresh = "2" }, -- no form-action: what comes of the form leads to another site
    main = html.section(
      html.p(
        { role = "status" },
        "Approve it on the ",
        html.a({ href = "/mfa/phone" }, "phone"),
        "."
      ),
      html.form(
        { method = "post", action = "/mfa/web" },
        pages.hidden("login", about.handle),
        html.button({ type = "submit" }, "Cancel")
      )
    ),
  }
end

return M
