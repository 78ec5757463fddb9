--- Pages of the sandbox's identity provider and service provider.
-- @module lastpass.sandbox.saml.pages
local components = require "lastpass.html.components"
local html = require "lastpass.html"
local pages = require "lastpass.sandbox.pages"
local text = require "lastpass.text"
local time = require "lastpass.time"

local M = {}

M.headers, M.style = pages.headers, pages.style

--- A page.
---@param page table as of lastpass.sandbox.pages
---@return table reply as `server:answer` takes it, with `headers`
function M.page(page)
  page.style = "/saml/style.css"
  page.footer = {
    html.a({ href = "/saml/" }, "SSO apps"),
    ", ",
    html.a({ href = "/saml/sp" }, "try an identity provider"),
  }
  return pages.page(page)
end

--- A page that sends itself on: what `binding.form` made.
---@param sent table `form`, `policy`; or `url`
---@param more? table headers
function M.send(sent, more)
  if sent.url and not sent.form then
    return pages.redirect(sent.url, more)
  end
  local all = M.headers(more)
  all["Content-Security-Policy"] = sent.policy or require("lastpass.saml.binding").policy()
  return { status = 200, headers = all, body = sent.form }
end

M.redirect = pages.redirect

--- What was refused, with the code and the next step, as an admin has to see it here.
---@param title string
---@param message string
---@param err? lastpass.Error
---@param status? integer
function M.refused(title, message, err, status)
  return M.page {
    status = status or 403,
    class = err and err.code or "refused",
    title = title,
    main = pages.refusal(message, err),
  }
end

-- ---- the identity provider ----

local hidden = pages.hidden

local function search(handle, query)
  return html.form(
    { method = "get", action = "/saml/sign-on", class = "search", role = "search" },
    hidden("request", handle),
    html.label({ ["for"] = "q" }, "Somebody else, by e-mail address"),
    html.input { id = "q", name = "q", type = "search", value = query or "", autocomplete = "off" },
    html.button({ type = "submit" }, "Find")
  )
end

local function person_row(handle, person)
  local state = person.disabled and "disabled" or person.admin and "admin" or ""
  local button = html.form(
    { method = "post", action = "/saml/sign-on" },
    hidden("request", handle),
    hidden("email", person.email),
    html.button({ type = "submit", ["aria-label"] = "Sign on as " .. person.email }, "Sign on")
  )
  return { components.email(person.email), person.fullname or "", state, button }
end

--- The page that lists whom one can sign on as.
---@param about table app, handle, people, total, query, expected (the only NameID asked for)
function M.people(about)
  local rows = {}
  for position, person in ipairs(about.people) do
    rows[position] = person_row(about.handle, person)
  end
  local columns = {
    { title = "E-mail address" },
    { title = "Name" },
    { title = "State" },
    { title = "Sign on" },
  }
  local caption = ("%s of %s"):format(
    text.count(#about.people),
    text.plural(about.total, "person", "people")
  )
  return M.page {
    title = "Sign on to " .. about.app.name,
    lead = ("As whom? These are the people of %s."):format(about.company_name),
    class = "people",
    main = html.section(
      search(about.handle, about.query),
      #rows > 0 and components.table("people", caption, columns, rows)
        or html.p("Nobody in this company has that address.")
    ),
  }
end

--- The step that LastPass MFA is.
---@param about table handle, person
function M.mfa(about)
  local function choice(decision, title)
    return html.button({ type = "submit", name = "decision", value = decision }, title)
  end
  return M.page {
    title = "LastPass MFA",
    lead = ("A push was sent to the telephone of %s. Here you are the telephone."):format(
      about.person.email
    ),
    class = "mfa",
    main = html.section(
      html.form(
        { method = "post", action = "/saml/mfa" },
        hidden("request", about.handle),
        choice("approve", "Approve"),
        " ",
        choice("deny", "Deny")
      )
    ),
  }
end

--- The end of a session.
---@param partial? boolean some services did not take part
function M.signed_out(partial, more)
  return M.page {
    title = "Signed out",
    lead = "The session at the identity provider has ended.",
    headers = more,
    class = "signed_out",
    main = html.section(
      partial
          and components.warning(
            "Not everywhere:",
            "some services did not take part; sessions there may go on."
          )
        or html.p("There is nothing more to do.")
    ),
  }
end

-- ---- the admin's view ----

local function link(address, title)
  return html.a({ href = address }, title or address)
end

local function yes(value)
  return value and "yes" or "no"
end

--- The page on which an admin sets an app up.
---@param shown table of `apps.describe`
---@param certificate table fields
function M.app(shown, certificate)
  local addresses = shown.addresses
  local custom = {}
  for name, source in pairs(shown.attributes or {}) do
    local from = type(source) == "table" and '"' .. source.custom .. '"' or source
    custom[#custom + 1] = name .. ": " .. from
  end
  table.sort(custom)
  return M.page {
    title = shown.name,
    lead = "Set up app",
    class = "app",
    main = html.join(
      components.section(
        "give",
        "For the service",
        components.facts({
          { "Entity ID", html.code(addresses.entity_id) },
          { "SSO endpoint", html.code(addresses.sso_url) },
          { "Logout URL", html.code(addresses.logout_url) },
          { "Logout messages", addresses.slo_url and html.code(addresses.slo_url) or "none" },
          { "Start the app", link(addresses.launch_url) },
          { "Metadata", link(shown.metadata_url, "Download the metadata") },
          {
            "Certificate",
            html.join(
              link(shown.certificate_url, "PEM"),
              ", until ",
              components.time(certificate.not_after, time.iso(certificate.not_after))
            ),
          },
          { "SHA-1 fingerprint", html.code(certificate.sha1) },
          { "SHA-256 fingerprint", html.code(certificate.sha256) },
        }, true)
      ),
      components.section(
        "take",
        "About the service",
        components.facts({
          { "ACS", components.list(shown.acs_urls) },
          { "Entity ID", html.code(shown.entity_id) },
          { "Nickname", shown.name },
          { "Role", shown.role },
          { "Relay state", shown.relay },
          {
            "Identifier",
            shown.identifier == "custom" and '"' .. shown.custom .. '"' or shown.identifier,
          },
          { "Step-up (LastPass MFA)", yes(shown.step_up) },
          { "SAML signature method", table.concat(shown.signature_method, ", ") },
          { "Sign assertion", yes(shown.sign_assertion) },
          { "Encrypt assertion", yes(shown.encrypt_assertion) },
          { "Sign request", yes(shown.sign_request) },
          { "Sign response", yes(shown.sign_response) },
          { "Custom attributes", components.list(custom) },
        }, true)
      )
    ),
  }
end

--- The list of apps.
---@param companies table[] {name, apps (of `apps.describe`)}
function M.overview(companies)
  local sections = {}
  for position, company in ipairs(companies) do
    local rows = {}
    for at, app in ipairs(company.apps) do
      rows[at] = {
        link(app.page, app.name),
        html.code(app.entity_id),
        app.generation,
        link(app.addresses.launch_url, "start"),
      }
    end
    local id = "company-" .. position
    sections[position] = components.section(
      id,
      company.name,
      #rows > 0
          and components.table("apps-" .. position, "SSO apps", {
            { title = "App" },
            { title = "Entity ID of the service" },
            { title = "Generation" },
            { title = "Start" },
          }, rows, { quiet = true })
        or html.p("There are no SSO apps yet.")
    )
  end
  return M.page {
    title = "SSO apps",
    lead = "An app is added by POST /_sandbox/saml_apps with the service's metadata, or with "
      .. "entity_id and acs_url; in Lua by sandbox:saml_app{ … }.",
    class = "apps",
    main = html.join(sections),
  }
end

return M
