--- Actions on the account as a whole: policies, lists of sites, provisioning (enterprise-api §8.3).
-- Each row: id, verb, severity, how its Data is read, names.
-- @module lastpass.audit.actions.settings
return {
  category = "configuration",
  { "policy_added", "create", "medium", "policy", "Add Policy" },
  { "policy_changed", "change", "medium", "policy", "Edit Policy", "ポリシーの編集" },
  { "policy_deleted", "delete", "medium", "policy", "Delete Policy" },
  { "policy_users_changed", "change", "medium", "policy", "Update Policy Users" },
  { "equivalent_domain_added", "create", "low", "site", "Add Global Equiv Domain" },
  { "equivalent_domain_removed", "delete", "low", "site", "Remove Global Equiv Domain" },
  { "never_urls_added", "create", "low", "site", "Add Global Never URLs" },
  { "never_urls_removed", "delete", "low", "site", "Remove Global Never URLs" },
  { "only_urls_added", "create", "low", "site", "Add Global Only URLs" },
  { "api_secret_regenerated", "change", "high", "none", "Enterprise API Secret regenerated" },
  {
    "provisioning_credential_changed",
    "change",
    "high",
    "none",
    "Provisioning credential changed",
    "SCIM Provisioning Hash Updated",
  },
  { "provisioning_service_added", "create", "medium", "none", "Provisioning service added" },
  { "provisioning_service_removed", "delete", "medium", "none", "Provisioning service removed" },
  { "provisioning_synchronised", "change", "info", "none", "Provisioning sync happened" },
}
