-- A playbook for many companies: each has an account for its security contact. `lastpass plan` runs it once for each
-- company, with `company` being that one.
user("security@" .. company.name .. ".example") { fullname = "Security Contact" }
