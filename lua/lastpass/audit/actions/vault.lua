--- Actions on what is in vaults: sites, notes, passwords (enterprise-api §8.3).
-- Each row: id, verb, severity, how its Data is read, names.
-- @module lastpass.audit.actions.vault
return {
  category = "vault",
  { "site_added", "create", "info", "sites", "Site Added" },
  { "site_changed", "change", "info", "sites", "Site Changed" },
  { "site_deleted", "delete", "low", "sites", "Site deleted", "Deleted Sites" },
  { "site_password_changed", "change", "info", "sites", "Password Changed" },
  { "site_username_changed", "change", "info", "sites", "Username Changed" },
  { "site_password_reused", "change", "low", "sites", "Password Reuse" },
  { "form_filled", "read", "info", "sites", "Form Filled" },
  { "note_added", "create", "info", "note", "Add Secure Note" },
  { "note_changed", "change", "info", "note", "Edit Secure Note" },
  { "note_opened", "read", "info", "note", "Open Secure Note" },
  { "personal_share", "grant", "low", "item", "Personal Share" },
  { "data_exported", "export", "high", "none", "Data export" },
  { "data_imported", "create", "low", "none", "Data import" },
  { "data_printed", "export", "high", "none", "Data printed" },
}
