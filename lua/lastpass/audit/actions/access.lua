--- Actions of coming in and going out (enterprise-api §8.3).
-- Each row: id, verb, severity, how its Data is read, names.
-- @module lastpass.audit.actions.access
return {
  category = "authentication",
  { "login", "login", "info", "login", "Log in", "Login", "LastPass Login" },
  { "login_failed", "login_failed", "medium", "site", "Failed Login Attempt" },
  { "saml_login", "login", "info", "site", "SAML Login" },
  { "console_login", "login", "low", "user", "Login to Admin Console" },
  { "login_verification_sent", "preauth", "info", "user", "Login Verification Email Sent" },
  { "sessions_destroyed", "logout", "low", "user", "Destroy All Sessions" },
}
