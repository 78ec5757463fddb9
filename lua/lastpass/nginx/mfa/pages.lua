--- The pages of the second-factor guard: the one that asks, the one that waits for a phone, and the one that says that
-- something does not work. All of them work without script.
-- @module lastpass.nginx.mfa.pages
local html = require "lastpass.html"
local outcomes = require "lastpass.mfa.outcomes"
local pages = require "lastpass.nginx.guard.pages"

local M = {}

local REFRESH = 4 -- seconds, for browsers without script

--- Hidden fields of all forms: where to go then, and what that page asks for.
---@param hints table target, age, by, methods
---@return table[]
function M.hidden(hints)
  local list = {}
  for _, name in ipairs { "target", "age", "by", "methods", "token" } do
    if hints[name] then
      list[#list + 1] = html.input { type = "hidden", name = name, value = tostring(hints[name]) }
    end
  end
  return list
end

local function phone_form(settings, hints, is_main)
  return html.form(
    { method = "post", action = settings.routes.push },
    M.hidden(hints),
    html.button(
      { class = is_main and "main" or false, type = "submit" },
      "Send a request to my phone"
    )
  )
end

-- An app that shows codes, when the person has several.
local function app_field(factors)
  local options = {}
  for _, factor in ipairs(factors or {}) do
    if factor.kind == "totp" then
      options[#options + 1] = html.option({ value = factor.id }, factor.label)
    end
  end
  if #options < 2 then
    return nil
  end
  return html.join(
    html.label({ ["for"] = "factor" }, "App"),
    html.select({ id = "factor", name = "factor" }, options)
  )
end

--- The form for a code.
---@param settings table
---@param hints table
---@param page table is_main, factors, complaint
function M.code_form(settings, hints, page)
  return html.form(
    { method = "post", action = settings.routes.code },
    M.hidden(hints),
    app_field(page.factors),
    html.label({ ["for"] = "code" }, "Code of your app, or a recovery code"),
    html.input {
      id = "code",
      name = "code",
      required = true,
      maxlength = "64",
      autocomplete = "one-time-code",
      autocapitalize = "none",
      spellcheck = "false",
      autofocus = page.is_main or nil,
      ["aria-invalid"] = page.complaint and "true",
      ["aria-describedby"] = page.complaint and "complaint",
    },
    html.button({ class = page.is_main and "main" or false, type = "submit" }, "Use the code")
  )
end

local function complaint_of(text)
  return text and html.p({ class = "warning", id = "complaint", role = "alert" }, text)
end

--- The page that asks for a second factor.
---@param settings table
---@param hints table
---@param page table offers (set: push, code), preferred, factors, complaint, status, account
---@return table response
function M.ask(settings, hints, page)
  local push = page.offers.push and phone_form(settings, hints, page.preferred == "push")
  local code = page.offers.code
    and M.code_form(settings, hints, {
      is_main = page.preferred == "code",
      factors = page.factors,
      complaint = page.complaint,
    })
  local first, second = push, code
  if page.preferred == "code" then
    first, second = code, push
  end
  return pages.document {
    status = page.status or 200,
    title = "Confirm that it is you",
    main = {
      html.h1 "Confirm that it is you",
      html.p({ class = "note" }, "You are signed in as ", html.bdi(page.account), "."),
      complaint_of(page.complaint),
      first,
      second,
      not (push or code)
        and html.p "This page asks for a second factor, and none is set up for you that it takes.",
      page.may_add
        and html.p({ class = "note" }, html.a({ href = settings.routes.factors }, "Your factors")),
    },
  }
end

-- Asks for the state of the request until it is over, with pauses that grow: the server holds its answer back.
-- Whoever types a code is not disturbed, unless the phone has said yes.
local SCRIPT = [[
(function () {
  "use strict";
  var box = document.getElementById("wait"), code = document.getElementById("code"), failed = 0;
  var pause = 0.5;
  var form = document.getElementById("by-code"), link = document.getElementById("to-code");
  if (form) { form.hidden = false; link.hidden = true; }
  function later(seconds) { setTimeout(ask, seconds * 1000); }
  function ask() {
    fetch(box.dataset.poll, { headers: { "X-Requested-With": "fetch" }, cache: "no-store" })
      .then(function (answer) { return answer.json(); })
      .then(function (answer) {
        failed = 0;
        if (answer.state === "pending") { pause = Math.min(pause * 2, 5); later(pause); return; }
        if (answer.state !== "approved" && code && code.value) { return; }
        location.replace(box.dataset.next);
      })
      .catch(function () { failed += 1; later(Math.min(2 * failed, 20)); });
  }
  later(0.5);
})();
]]

--- The page that waits for a phone.
---@param settings table
---@param hints table
---@param page table here (address of this page), poll, ask (addresses), has_code, factors
---@return table response
function M.wait(settings, hints, page)
  return pages.document {
    status = 200,
    title = "Look at your phone",
    refresh = ("%d; url=%s"):format(REFRESH, page.here),
    script = SCRIPT,
    main = {
      html.h1 "Look at your phone",
      html.p(
        { id = "wait", role = "status", ["data-poll"] = page.poll, ["data-next"] = page.here },
        outcomes.for_user "pending",
        " Approve it only if it was you who asked."
      ),
      page.has_code and html.p(
        { id = "to-code" },
        html.a({ class = "button", href = page.ask }, "Use a code")
      ) or html.p(html.a({ class = "button", href = page.ask }, "Try another way")),
      page.has_code and html.div(
        { id = "by-code", hidden = true },
        M.code_form(settings, hints, { factors = page.factors })
      ),
      html.noscript(
        html.p(
          { class = "note" },
          html.a({ href = page.here }, "Check again"),
          " (the page does so by itself every few seconds)"
        )
      ),
    },
  }
end

--- A page for when nothing else can be shown.
---@param status integer
---@param title string
---@param text string
---@param link? table {path, title}
---@return table response
function M.trouble(status, title, text, link)
  return pages.page(
    status,
    title,
    text,
    link and pages.link(link[1], link[2]) or "",
    "Number of this attempt: " .. ngx.var.request_id
  )
end

return M
