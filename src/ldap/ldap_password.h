#ifndef LP_LDAP_PASSWORD_H
#define LP_LDAP_PASSWORD_H

#include <ldap.h>

#include "body.h"

/*
** Binds over an open connection with a password that libldap does not get to see: the secret
** that a body holds. Gives the code of libldap or of the server.
*/
int lp_ldap_bind_password (LDAP *handle, const char *dn, const lp_body *carrier);

#endif
