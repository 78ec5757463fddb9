--- What is read through the Enterprise API or the console (enterprise-api §8.3).
-- Each row: id, verb, severity, how its Data is read, names.
-- @module lastpass.audit.actions.reports
return {
  category = "reporting",
  { "events_read", "read", "info", "none", "Reporting" },
  { "users_read", "read", "info", "none", "Get User Data" },
  { "folders_read", "read", "info", "none", "Get Shared Folder Data" },
}
