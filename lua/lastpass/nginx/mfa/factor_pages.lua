--- The pages on which people add and remove their factors. What is secret is shown once, and kept by no cache.
-- @module lastpass.nginx.mfa.factor_pages
local base64 = require "lastpass.text.base64"
local html = require "lastpass.html"
local mfa_pages = require "lastpass.nginx.mfa.pages"
local pages = require "lastpass.nginx.guard.pages"

local M = {}

local function button_form(action, token, title, fields)
  local hidden = {}
  for position, field in ipairs(fields or {}) do
    hidden[position] = html.input { type = "hidden", name = field[1], value = field[2] }
  end
  return html.form(
    { method = "post", action = action },
    mfa_pages.hidden { token = token },
    hidden,
    html.button({ type = "submit" }, title)
  )
end

local function app_item(settings, token, factor)
  return html.li(
    html.bdi(factor.label),
    button_form(settings.routes.remove, token, "Remove " .. factor.label, { { "id", factor.id } })
  )
end

--- The person's factors.
---@param settings table
---@param page table factors, token, message
---@return table response
function M.list(settings, page)
  local apps, codes = {}, 0
  for _, factor in ipairs(page.factors) do
    if factor.kind == "totp" then
      apps[#apps + 1] = app_item(settings, page.token, factor)
    else
      codes = codes + 1
    end
  end
  local routes = settings.routes
  return pages.document {
    status = 200,
    title = "Your factors",
    main = {
      html.h1 "Your factors",
      page.message and html.p({ class = "warning", role = "alert" }, page.message),
      html.h2 "Apps that show codes",
      apps[1] and html.ul(apps) or html.p "None.",
      html.form(
        { method = "post", action = routes.add },
        mfa_pages.hidden { token = page.token },
        html.label({ ["for"] = "label" }, "Name of the app or phone"),
        html.input { id = "label", name = "label", maxlength = "40", autocomplete = "off" },
        html.button({ type = "submit" }, "Add an app")
      ),
      settings.by.recovery and html.join(
        html.h2 "Recovery codes",
        html.p(("You have %d left. Each of them works once."):format(codes)),
        button_form(routes.recovery, page.token, "Make new recovery codes")
      ),
      html.h2 "Where you are confirmed",
      button_form(routes.forget, page.token, "Forget this device", { { "what", "device" } }),
      button_form(routes.forget, page.token, "Forget all devices", { { "what", "all" } }),
    },
  }
end

--- The secret of a new app, as an image and as text.
---@param settings table
---@param page table uri, image (SVG, or nil), token, sealed, complaint
---@return table response
function M.new_app(settings, page)
  local secret = page.uri:match "[?&]secret=([%w]+)"
  return pages.document {
    status = page.complaint and 403 or 200,
    title = "Add an app",
    images = page.image ~= nil,
    main = {
      html.h1 "Add an app",
      page.complaint
        and html.p({ class = "warning", id = "complaint", role = "alert" }, page.complaint),
      html.p "Scan this with the app, or type the key into it. It is shown only now.",
      page.image and html.p(html.img {
        src = "data:image/svg+xml;base64," .. base64.encode(page.image),
        alt = "QR code with the key below",
        width = "240",
        height = "240",
      }),
      html.p("Key: ", html.code({ id = "secret" }, (secret:gsub("....", "%0 ")))),
      html.form(
        { method = "post", action = settings.routes.confirm },
        mfa_pages.hidden { token = page.token },
        html.input { type = "hidden", name = "sealed", value = page.sealed },
        html.label({ ["for"] = "code" }, "The code that the app shows now"),
        html.input {
          id = "code",
          name = "code",
          required = true,
          maxlength = "64",
          autocomplete = "one-time-code",
          inputmode = "numeric",
        },
        html.button({ class = "main", type = "submit" }, "Confirm")
      ),
    },
  }
end

--- New recovery codes.
---@param settings table
---@param codes string[]
---@return table response
function M.codes(settings, codes)
  local items = {}
  for position, code in ipairs(codes) do
    items[position] = html.li(html.code(code))
  end
  return pages.document {
    status = 200,
    title = "Your recovery codes",
    main = {
      html.h1 "Your recovery codes",
      html.p(
        "Each of them works once, for when your phone is lost. They are shown only now: print "
          .. "them, or keep them where you keep passwords. Those of before work no more."
      ),
      html.ol({ id = "codes" }, items),
      pages.link(settings.routes.factors, "I have kept them"),
    },
  }
end

--- After a factor was removed.
function M.removed(settings)
  return pages.page(
    200,
    "The factor is removed",
    "Everything that was confirmed before has ended, on all devices.",
    pages.link(settings.landing, "Go on")
  )
end

--- After devices were forgotten.
function M.forgotten(settings, what)
  return pages.page(
    200,
    what == "all" and "All devices are forgotten" or "This device is forgotten",
    "The next page that asks for a second factor asks for it anew.",
    pages.link(settings.landing, "Go on")
  )
end

return M
